"""Where tasks are kept: `Backend`, and `SQLiteBackend`."""

import threading
from abc import ABC, abstractmethod
from os import PathLike, fspath
from types import TracebackType
from typing import Any, Self

from holdall import _holdall as engine
from holdall.errors import ConfigurationError, ValidationError

__all__ = ["Backend", "SQLiteBackend"]

SCHEMES = ("sqlite+aiosqlite://", "sqlite://")
MEMORY = ":memory:"
DURABILITIES = ("normal", "full")


class Backend(ABC):
    """A place for tasks that queues and workers share.

    It is open while someone uses it: the last user that closes, closes it. After that it may be used
    again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: engine.Jobs | None = None
        self._users = 0

    @abstractmethod
    def _open(self) -> engine.Jobs:
        """Open the place."""

    def _acquire(self) -> engine.Jobs:
        """Use it, and open it if nobody else does."""
        with self._lock:
            if self._jobs is None:
                self._jobs = self._open()
            self._users += 1
            return self._jobs

    def _release(self) -> None:
        """Use it no longer."""
        with self._lock:
            self._users -= 1
            if self._users > 0 or self._jobs is None or self._stays():
                return
            jobs, self._jobs = self._jobs, None
        jobs.close()

    def _stays(self) -> bool:
        """Whether it is kept open without users."""
        return False

    async def connect(self) -> None:
        """Open it, to find out early that it cannot be opened. Each call is one user, as a queue is."""
        import asyncio

        await asyncio.to_thread(self._acquire)

    async def close(self) -> None:
        """Undo one `connect`."""
        import asyncio

        if self._users > 0:
            await asyncio.to_thread(self._release)

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()


class SQLiteBackend(Backend):
    """Tasks in one SQLite database on a local disk, shared by any number of processes.

    path: a file, or "sqlite:///tasks.db" (in the working directory), "sqlite:////srv/tasks.db"; made
        if it is not there. ":memory:" keeps tasks in this object and so in one process.
    durability: "full" (default) survives a power cut with every enqueue that returned; "normal"
        survives the death of any process, and is many times faster.
    busy_timeout: seconds to wait for other writers.
    """

    def __init__(
        self,
        path: str | PathLike[str] = "holdall.db",
        *,
        durability: str = "full",
        busy_timeout: float = 60.0,
    ) -> None:
        super().__init__()
        self.path = place_of(path)
        if durability not in DURABILITIES:
            raise ConfigurationError(
                f"durability={durability!r} is neither 'normal' nor 'full'",
                parameter="durability",
                value=durability,
                valid_options=DURABILITIES,
            )
        self.durability = durability
        self.busy_timeout = busy_timeout

    def _open(self) -> engine.Jobs:
        if self.path == MEMORY:
            return engine.Jobs.memory()
        return engine.Jobs.sqlite(
            self.path, durability=self.durability, busy_timeout=self.busy_timeout
        )

    def _stays(self) -> bool:
        # To close it would be to lose what is in it.
        return self.path == MEMORY

    def __repr__(self) -> str:
        return f"SQLiteBackend({self.path!r}, durability={self.durability!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        if self.path == MEMORY:
            raise TypeError(
                "SQLiteBackend(':memory:') lives in this process alone; give it a file to share it"
            )
        return reopen, (self.path, self.durability, self.busy_timeout)


def reopen(path: str, durability: str, busy_timeout: float) -> SQLiteBackend:
    """Make a pickled backend again."""
    return SQLiteBackend(path, durability=durability, busy_timeout=busy_timeout)


def place_of(path: str | PathLike[str]) -> str:
    """Return the file that a path or a URI means."""
    try:
        text = fspath(path)
    except TypeError:
        text = None
    if not isinstance(text, str) or not text:
        raise ValidationError(
            f"path={path!r} is no path of a database; give a file, a sqlite:/// URI or ':memory:'",
            parameter="path",
            value=path,
        )
    for scheme in SCHEMES:
        if text.startswith(scheme):
            # As everywhere with SQLite: the third slash parts, the fourth begins an absolute path.
            text = text.removeprefix(scheme).removeprefix("/") or MEMORY
    if "://" in text:
        raise ValidationError(
            f"path={path!r} is no SQLite database; the scheme is sqlite:/// or none",
            parameter="path",
            value=path,
        )
    return text
