"""What queues have in common: a backend in use, and what is done with its tasks and not waited for."""

import threading
from collections.abc import Callable, Iterable
from datetime import timedelta
from os import PathLike
from typing import Any

from holdall import _holdall as engine
from holdall import options as checks
from holdall.backend import Backend
from holdall.errors import (
    BackendError,
    DoesNotExist,
    TaskNotFoundError,
    TaskQueueError,
    ValidationError,
)
from holdall.result import Result
from holdall.serializers._registry import Registry
from holdall.task import Cron, Task

ENDED = ("completed", "failed", "dead", "cancelled", "expired")
STATES = ("waiting", "scheduled", "available", "running", "retryable", *ENDED)
# What a result calls them.
GROUPS = {"pending": STATES[:5], "success": ("completed",)}


class Opened:
    """A backend in use by a queue, from the first call on until it is closed."""

    def __init__(
        self,
        backend: Backend,
        serializer: Any = None,
        *,
        keyset: str | PathLike[str] | None = None,
    ) -> None:
        check_parts(backend, serializer)
        self.backend = backend
        self.serializer = serializer
        self.keyset = keyset
        self._engine: engine.Queue | None = None
        self._jobs: engine.Jobs | None = None
        self._registry = Registry()
        self._closed = False
        self._opening = threading.Lock()

    def _open(self) -> engine.Queue:
        """Begin to use the backend."""
        with self._opening:
            if self._closed:
                raise self._is_closed()
            if self._engine is None:
                jobs = self.backend._acquire()  # noqa: SLF001 - what a backend is to its users
                try:
                    self._engine = self._over(jobs)
                    self._jobs = jobs
                except BaseException:
                    self.backend._release()  # noqa: SLF001
                    raise
            return self._engine

    def _over(self, jobs: engine.Jobs) -> engine.Queue:
        serializer = engine.Results(jobs, self._registry) if self._registry else self.serializer
        return engine.Queue(jobs, serializer=serializer, keyset=self.keyset)

    def register_persistent_serializers(self, *serializers: Any) -> None:
        """Read results with objects of some types that workers kept beside them; see `holdall.serializers`.

        The workers register the same. What is beside a result goes with its task.
        Raises ValidationError for what is no serializer, and for a queue with a `serializer=`, which writes
        results in its own way.
        """
        register(self._registry, serializers, self.serializer)
        with self._opening:
            if self._engine is not None and self._jobs is not None:
                self._engine = self._over(self._jobs)

    def _close(self) -> None:
        """Use the backend no longer."""
        with self._opening:
            self._closed = True
            opened, self._engine, self._jobs = self._engine, None, None
        if opened is not None:
            self.backend._release()  # noqa: SLF001

    def _is_closed(self) -> Exception:
        return TaskQueueError("this queue is closed; make another")

    def _failed(self, operation: str, error: Exception, task_id: str | None = None) -> Exception:
        """Return what a failure of the backend is raised as."""
        if isinstance(error, DoesNotExist):
            return TaskNotFoundError(str(error), task_id=task_id)
        failed = TaskQueueError(f"{operation}: {error}", task_id=task_id)
        # The same call may succeed later, if the backend's may.
        failed.retryable = getattr(error, "retryable", False)  # type: ignore[misc]
        return failed

    def _do(self, operation: str, call: Callable[[engine.Queue], Any], task: str | None) -> Any:
        """Do something with the backend, here and now."""
        try:
            return call(self._engine or self._open())
        except (BackendError, DoesNotExist) as error:
            raise self._failed(operation, error, task) from error

    def _cancel(self, task_id: str) -> bool:
        task_id = checks.task_id(task_id)
        return bool(self._do("cancel", lambda queue: queue.cancel(task_id), task_id))

    def _retry(self, task_id: str) -> bool:
        task_id = checks.task_id(task_id)
        return bool(self._do("retry", lambda queue: queue.retry(task_id), task_id))

    def _get_task(self, task_id: str) -> Task | None:
        task_id = checks.task_id(task_id)
        found = self._do("get_task", lambda queue: queue.task(task_id), task_id)
        return None if found is None else Task.of(found)

    def _tasks(
        self, status: str | Iterable[str] | None, queue: str | None, limit: int
    ) -> list[Task]:
        states = states_of(status)
        limit = checks.integer("limit", limit, checks.COUNTS)
        found = self._do("tasks", lambda engine: engine.tasks(states, queue, limit), None)
        return [Task.of(about) for about in found]

    def _counts(self, queue: str | None) -> dict[str, int]:
        total = dict.fromkeys(STATES, 0)
        for name, state, count in self._do("counts", lambda engine: engine.counts(), None):
            if queue in (None, name):
                total[state] += count
        return total

    def _stats(self) -> dict[str, dict[str, int]]:
        stats: dict[str, dict[str, int]] = {}
        counts = self._do("stats", lambda engine: engine.counts(), None)
        for name, state, count in sorted(counts, key=lambda c: (c[0], STATES.index(c[1]))):
            if count:
                stats.setdefault(name, {})[state] = count
        return stats

    def _purge(
        self, status: str | Iterable[str] | None, older_than: float | timedelta | None
    ) -> int:
        states = states_of(status)
        for state in states:
            if state not in ENDED:
                raise ValidationError(
                    f"purge removes tasks that have ended, and {state!r} ones have not; cancel them first",
                    parameter="status",
                    value=status,
                )
        age = 0.0 if older_than is None else checks.seconds("older_than", older_than)
        return int(self._do("purge", lambda engine: engine.purge(states, age), None))

    def _pause(self, queue: str, paused: bool) -> None:
        name = checks.name_of("queue", queue)
        self._do("pause" if paused else "resume", lambda engine: engine.pause(name, paused), None)

    def _cron(
        self,
        expression: str,
        call: tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]],
        terms: engine.Terms,
        name: str | None,
        timezone: str | None,
    ) -> str:
        zone = None if timezone is None else str(timezone)
        function, args, kwargs = call

        def write(queue: engine.Queue) -> tuple[str, int]:
            return queue.set_cron(expression, function, args, kwargs, terms, name, zone)

        return str(self._do("cron", write, None)[0])

    def _crons(self) -> list[Cron]:
        return [Cron.of(seen) for seen in self._do("crons", lambda queue: queue.crons(), None)]

    def _remove_cron(self, name: str) -> bool:
        return bool(self._do("remove_cron", lambda queue: queue.remove_cron(name), None))

    def deserialize_result(self, result: Result) -> Any:
        """Return what the task returned; None of one that failed.

        Raises ValidationError without a result, SerializationError and UntrustedPayloadError for one
        that cannot be opened here.
        """
        if not isinstance(result, Result):
            raise ValidationError(
                f"deserialize_result takes what get_result() gave, not {result!r}; it gives None "
                "when the timeout is over first",
                parameter="result",
                value=result,
            )
        if result.status != "success":
            return None
        queue = self._engine or self._open()
        if result._outcome is not None:  # noqa: SLF001 - what the engine keeps of it
            return queue.open(result._outcome)  # noqa: SLF001
        if result.value is None:
            return None
        return queue.open_frame(result.value, result.task_id, result.start)


def register(registry: Registry, serializers: tuple[Any, ...], serializer: Any) -> None:
    """Register serializers of types with a queue or a worker that has no serializer of its own."""
    if serializer is not None:
        raise ValidationError(
            f"{serializer!r} writes results in its own way, and knows no registered types; leave serializer= out",
            parameter="serializer",
            value=serializer,
        )
    registry.register(*serializers)


def check_parts(backend: Any, serializer: Any) -> None:
    """Refuse what is no backend, and what does not serialize: of queues and of workers."""
    if not isinstance(backend, Backend):
        raise ValidationError(
            f"backend must be a backend such as SQLiteBackend('tasks.db'), not {backend!r}",
            parameter="backend",
            value=backend,
        )
    for verb in ("dumps", "loads"):
        if serializer is not None and not callable(getattr(serializer, verb, None)):
            raise ValidationError(
                f"the serializer {serializer!r} has no method {verb}(); it needs dumps and loads",
                parameter="serializer",
                value=serializer,
            )


def states_of(status: str | Iterable[str] | None) -> list[str]:
    """Return the lifecycle's names of what a status, or several, mean."""
    if status is None:
        return []
    given = [status] if isinstance(status, str) else list(status)
    states: list[str] = []
    for one in given:
        if one not in STATES and one not in GROUPS:
            raise ValidationError(
                f"status={one!r} is none of {', '.join(STATES)}; nor pending or success",
                parameter="status",
                value=one,
            )
        states.extend(GROUPS.get(one, (one,)))
    return states
