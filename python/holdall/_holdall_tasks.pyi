"""The part of the engine that is about tasks: its classes are those of `holdall._holdall`."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from os import PathLike
from typing import Any, Self, TypeAlias, final

from holdall._holdall_flow import Results

__all__ = ["Agent", "Job", "Jobs", "Mailbox", "Outcome", "Queue", "Terms"]

_Parent: TypeAlias = tuple[str, int, list[bytes]]

@final
class Job:
    """A claimed task, to be run once."""

    @property
    def ticket(self) -> int:
        """The number that its agent gave it."""

    @property
    def id(self) -> str:
        """The task's id."""

    @property
    def start(self) -> int:
        """Which start of the task this is."""

    @property
    def name(self) -> str:
        """The name of its function, to be shown."""

    @property
    def timeout(self) -> float | None:
        """How long it may run, in seconds."""

    @property
    def size(self) -> int:
        """How many bytes its message has."""

    @staticmethod
    def of_pieces(id: str, start: int, name: str, pieces: list[bytes], keyset: str | None) -> Job:
        """Make a task of what `pieces` gave in another process."""

    def pieces(self) -> list[bytes]:
        """Return the message in pieces, for another process to open."""

    def let_go(self) -> None:
        """Let go of the message, which may be large."""

    def function(self) -> Callable[..., Any]:
        """Return the function that is to be called; the rest of the message stays closed.

        Raises what `open` raises.
        """

    def open(
        self, serializer: Any = None
    ) -> tuple[Callable[..., Any], list[Any], dict[str, Any], list[str]]:
        """Return function, arguments and the ids of the tasks it comes after. Once only.

        Raises UntrustedPayloadError and UnknownKey, having opened nothing, unless the message was signed for
        this task; SerializationError for a function that cannot be imported.
        """

    def result(self, value: Any, serializer: Any = None) -> bytes:
        """Return the frame of what the task gave.

        Raises SerializationError for what cannot be written.
        """

    def open_parent(self, parent: _Parent, serializer: Any = None) -> Any:
        """Return the value of one of what `Agent.parents` gave.

        Raises UntrustedPayloadError unless it was signed as that task's result.
        """

@final
class Agent:
    """What claims tasks, keeps their leases alive and settles them, in a thread that never waits for Python.

    `fileno()` can be read from when there are orders. Every `Job` among them ends by one call of `complete`,
    `complete_frame`, `fail`, `end`, `abandon` or by `parents`; they say whether that counted.
    """

    def __new__(
        cls,
        jobs: Jobs,
        *,
        worker: str,
        queues: list[str],
        slots: int,
        processes: bool,
        lease: float,
        poll: float,
        keyset: Any = None,
        results: Results | None = None,
    ) -> Self:
        """Begin to claim."""

    def fileno(self) -> int:
        """Return what an event loop watches for reading."""

    def orders(self, *, rung: bool = True) -> list[tuple[Any, ...]]:
        """Return the orders since the last call, as tuples that begin with what is to be done.

        rung: whether the caller was called for them, and does not look without.
        """

    def job(self) -> Job | None:
        """Return a task that was not among the orders yet, if there is one."""

    def complete(self, job: Job, value: Any, serializer: Any = None) -> bool:
        """Say what a task gave.

        Raises SerializationError for what cannot be written; then the task has not ended.
        """

    def complete_frame(self, job: Job, frame: bytes, serializer: Any = None) -> bool:
        """Say what a task gave in another process, where `Job.result` made a frame of it."""

    def fail(
        self,
        job: Job,
        kind: str,
        message: str,
        traceback: str,
        bases: list[str],
        *,
        fatal: bool = False,
        frame: bytes | None = None,
    ) -> bool:
        """Say that a task failed: with an exception as text, and its arguments as a frame if they are kept."""

    def end(self, job: Job, how: str, *, busy: bool = False) -> bool:
        """Say that a task ended otherwise: "timeout", "lost", "returned" or "cancelled".

        busy: what runs it goes on, and keeps its slot until `free`.
        """

    def parents(self, job: Job, ids: list[str]) -> list[_Parent] | None:
        """Return the results of tasks; or None, having ended this one, where one did not complete."""

    def admit(self) -> None:
        """Say that one more process can run tasks: before that nothing is claimed."""

    def place(self, job: Job, process: bool) -> None:
        """Say where a task runs."""

    def free(self, job: Job) -> None:
        """Say that what ran a task is free again."""

    def abandon(self, job: Job) -> None:
        """Let a task go without a word: its lease runs out."""

    def flush(self) -> None:
        """Have what ended settled and more claimed, at once where that is quickly done, else soon.

        There may be orders then for which nobody is called.
        """

    def flush_soon(self) -> None:
        """Have what ended settled and more claimed by the engine's own thread."""

    def flush_here(self) -> None:
        """Have what ended settled and more claimed in this thread, for which nobody else waits.

        There may be orders then for which nobody is called before `ring`.
        """

    def tally(self) -> tuple[int, int, int]:
        """Return how many tasks run, have completed and have failed."""

    def ring(self) -> None:
        """Have the loop called if there are orders."""

    def drain(self) -> None:
        """Claim no more, and end when the rest is settled."""

    def close(self, *, wait: bool = True) -> None:
        """End at once."""

@final
class Jobs:
    """A place for tasks, as the engine holds it; `holdall.SQLiteBackend` opens and closes it."""

    @staticmethod
    def sqlite(
        path: str | PathLike[str],
        *,
        durability: str = "full",
        busy_timeout: float | timedelta | None = None,
    ) -> Jobs:
        """Open the tasks in a SQLite database, and make it if it is not there."""

    @staticmethod
    def memory() -> Jobs:
        """Make a place for tasks in this process, gone with the object."""

    @property
    def name(self) -> str:
        """Where they are kept."""

    def close(self) -> None:
        """Let go of files and memory; later calls raise ValidationError."""

@final
class Mailbox:
    """Where an asyncio loop finds the answers to what it asked for by number."""

    def __new__(cls) -> Self: ...
    def fileno(self) -> int:
        """Return what the loop watches for reading."""

    def hear(self) -> list[tuple[int, Any]]:
        """Return what has arrived: numbers with ids, an Outcome, a count, None or an exception."""

@final
class Outcome:
    """An ended task with its result, if it has one."""

    def about(self) -> dict[str, Any]:
        """Return what is known of the task, as `Queue.task` does."""

    def frame(self) -> bytes | None:
        """Return the whole frame of the result, or None without one."""

@final
class Terms:
    """Under what terms tasks are taken in; `holdall.options` makes them. Times are milliseconds."""

    def __new__(
        cls,
        queue: str,
        *,
        priority: int = 0,
        policy: str | None = None,
        unique: str | None = None,
        unique_call: bool = False,
        expires_in: int | None = None,
        expires_at: int | None = None,
        after: list[str] = ...,
        ids: list[str] | None = None,
        due: int | None = None,
    ) -> Self: ...

@final
class Queue:
    """A backend with keys and a serializer: what `TaskQueue` and `SyncTaskQueue` are made of.

    With a mailbox a call that would have to wait returns the number of its answer there.
    """

    def __new__(
        cls, jobs: Jobs, *, serializer: Any = None, keyset: str | PathLike[str] | None = None
    ) -> Self: ...
    def enqueue(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        terms: Terms,
        due: int | None = None,
        mailbox: Mailbox | None = None,
    ) -> str | int:
        """Take one call in, and return its id, or the number of the answer in the mailbox."""

    def enqueue_many(
        self,
        calls: Iterable[Any],
        terms: Terms,
        mailbox: Mailbox | None = None,
        chain: bool = False,
    ) -> list[str] | int:
        """Take many calls in, all or none; in a chain each comes after the one before it."""

    def outcome(self, id: str, timeout: float | None = None, mailbox: Mailbox | None = None) -> Any:
        """Wait for the end of a task: an Outcome, or None when the time is over.

        With a mailbox: the number of the answer there, and that of the wait.
        """

    def unfinished(
        self,
        ids: list[str] | None,
        than: int,
        timeout: float | None = None,
        mailbox: Mailbox | None = None,
    ) -> Any:
        """Wait until fewer than so many of these tasks, or of all, have not ended: how many, or None.

        With a mailbox: as `outcome`.
        """

    def forget(self, number: int) -> None:
        """Give up a wait whose answer was to come to a mailbox."""

    def open(self, outcome: Outcome, keep: bool = True) -> Any:
        """Return the value of an outcome, verified; to keep it is to be able to open it again."""

    def open_frame(self, frame: bytes, id: str, start: int) -> Any:
        """Return the value in the whole frame of a task's result at one of its starts, verified."""

    def cancel(self, id: str) -> bool:
        """Cancel a task, and say whether there was something to cancel."""

    def retry(self, id: str) -> bool:
        """Run a task again, and say whether it is one that ended without a result."""

    def task(self, id: str) -> dict[str, Any] | None:
        """Return what is known of a task, or None."""

    def tasks(self, states: list[str], queue: str | None, limit: int) -> list[dict[str, Any]]:
        """Return what is known of tasks, the newest first."""

    def counts(self) -> list[tuple[str, str, int]]:
        """Return how many tasks of each queue are in each state."""

    def purge(self, states: list[str], older_than: float) -> int:
        """Remove ended tasks, and return how many."""

    def pause(self, queue: str, paused: bool) -> None:
        """Stop or resume the claims of a queue."""

    def queues(self) -> list[tuple[str, bool]]:
        """Return the queues that were ever named, and whether each is paused."""

    def set_cron(
        self,
        expression: str,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        terms: Terms,
        name: str | None = None,
        zone: str | None = None,
    ) -> tuple[str, int]:
        """Write a schedule; return its name and its next time."""

    def remove_cron(self, name: str) -> bool:
        """Remove a schedule, and say whether there was one."""

    def crons(self) -> list[tuple[str, str, int, str, str]]:
        """Return all schedules: name, expression, next time, function and queue of each."""
