"""`SyncTaskQueue`: tasks for workers, without asyncio."""

import sys
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from time import monotonic
from types import TracebackType
from typing import Any, Self

from holdall import _holdall as engine
from holdall import options as checks
from holdall._joining import Joining
from holdall._opened import Opened
from holdall.errors import (
    HoldallError,
    SyncTaskQueueError,
    TaskExecutionError,
    TaskNotFoundError,
)
from holdall.register import exception_named
from holdall.result import Result
from holdall.task import Cron, Task
from holdall.task_function import decorator

__all__ = ["SyncBoundOptions", "SyncTaskQueue"]

Call = tuple[Any, ...]
PLAIN = checks.terms({})


class SyncTaskQueue(Opened):
    """Tasks on their way to workers, and what came of them: `TaskQueue` for programs without a loop.

    A context manager; its arguments are those of `TaskQueue`. Thread-safe. Ctrl-C ends every wait.
    Raises RuntimeError where an asyncio loop is running, and after it was closed.
    """

    _entered = False

    def __enter__(self) -> Self:
        refuse_loop()
        if self._entered and not self._closed:
            raise RuntimeError("this queue is in a with block already; make another")
        self._open()
        self._entered = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._close()

    def close(self) -> None:
        """Use the backend no longer."""
        self._close()

    def enqueue(
        self,
        func: Callable[..., Any],
        /,
        *args: Any,
        eta: datetime | None = None,
        **kwargs: Any,
    ) -> str:
        """Enqueue a call and return its task's id; see `TaskQueue.enqueue`."""
        due = None if eta is None else checks.milliseconds("eta", eta)
        return self._enqueue(func, args, kwargs, PLAIN, due)

    def enqueue_many(self, calls: Iterable[Call]) -> list[str]:
        """Enqueue calls in one step and return their tasks' ids; see `TaskQueue.enqueue_many`."""
        return self._enqueue_many(calls, PLAIN)

    def chain(self, calls: Iterable[Call]) -> list[str]:
        """Enqueue calls of which each comes after the one before it; see `TaskQueue.chain`."""
        return self._enqueue_many(calls, PLAIN, chain=True)

    def group(self, calls: Iterable[Call]) -> list[str]:
        """Enqueue calls that belong together; see `TaskQueue.group`."""
        return self._enqueue_many(calls, PLAIN)

    def get_result(self, task_id: str, timeout: float | timedelta | None = None) -> Any:
        """Wait for the end of a task and return its value; None, too, when the time is over first.

        timeout: seconds or a timedelta; 0 only looks, None waits for as long as it takes.

        Raises TaskExecutionError for a task that failed, from the original exception where its class
        is registered (`holdall.register`), else from a RuntimeError; TaskNotFoundError at once for a
        task that is not there.
        """
        task_id = checks.task_id(task_id)
        limit = None if timeout is None else checks.seconds("timeout", timeout)
        outcome = self._do("get_result", lambda queue: queue.outcome(task_id, limit), task_id)
        if outcome is None:
            return None
        about = outcome.about()
        queue = self._engine or self._open()
        if about["status"] == "completed":
            return queue.open(outcome, keep=False)
        result = Result.of(outcome)
        error = TaskExecutionError(
            f"Task {task_id} failed: {(result.error or '').removeprefix('failed: ')}",
            task_id=task_id,
            worker_id=about["worker"],
            function_name=about["function"],
            execution_time=took(result),
        )
        raise error from (rebuilt(queue, outcome, about) or RuntimeError(result.error))

    def join(
        self,
        ids: Iterable[str] | None = None,
        timeout: float | timedelta | None = None,
        *,
        progress: bool | None = None,
    ) -> None:
        """Wait until these tasks have ended, or all that there are; see `TaskQueue.join`."""
        wanted = None if ids is None else checks.ids("ids", ids)
        limit = None if timeout is None else checks.seconds("timeout", timeout)
        ends = None if limit is None else monotonic() + limit
        with Joining(progress) as joining:
            while True:
                left = None if ends is None else max(0.0, ends - monotonic())
                than = joining.than()
                seen = self._do("join", lambda q: q.unfinished(wanted, than, left), None)  # noqa: B023
                if joining.seen(seen, limit):
                    return

    def cancel(self, task_id: str) -> bool:
        """Cancel a task, and say whether there was something to cancel; see `TaskQueue.cancel`."""
        return self._cancel(task_id)

    def retry(self, task_id: str) -> bool:
        """Run a task again that ended without a result; say whether it is one."""
        return self._retry(task_id)

    def get_task(self, task_id: str) -> Task | None:
        """Return what is known of a task; None if it is not there."""
        return self._get_task(task_id)

    def tasks(
        self,
        *,
        status: str | Iterable[str] | None = None,
        queue: str | None = None,
        limit: int = 100,
    ) -> list[Task]:
        """Return tasks, the newest first; see `TaskQueue.tasks`."""
        return self._tasks(status, queue, limit)

    def counts(self, queue: str | None = None) -> dict[str, int]:
        """Return how many tasks are in each state, of one queue or of all."""
        return self._counts(queue)

    def stats(self) -> dict[str, dict[str, int]]:
        """Return of each queue how many tasks are in each state in which there are some."""
        return self._stats()

    def purge(
        self,
        *,
        status: str | Iterable[str] | None = None,
        older_than: float | timedelta | None = None,
    ) -> int:
        """Remove tasks that have ended, and return how many; see `TaskQueue.purge`."""
        return self._purge(status, older_than)

    def pause(self, queue: str = "default") -> None:
        """Have no worker start tasks of a queue until it is resumed."""
        self._pause(queue, True)

    def resume(self, queue: str = "default") -> None:
        """Have workers start tasks of a queue again."""
        self._pause(queue, False)

    def cron(
        self,
        expression: str,
        func: Callable[..., Any],
        /,
        *args: Any,
        name: str | None = None,
        timezone: str | None = None,
        **kwargs: Any,
    ) -> str:
        """Enqueue a call again and again; return the schedule's name; see `TaskQueue.cron`."""
        return self._cron(expression, (func, args, kwargs), PLAIN, name, timezone)

    def crons(self) -> list[Cron]:
        """Return the schedules."""
        return self._crons()

    def remove_cron(self, name: str) -> bool:
        """Remove a schedule, and say whether there was one."""
        return self._remove_cron(name)

    def options(self, **options: Any) -> "SyncBoundOptions":
        """Return this queue with options for the tasks of what is returned; see `TaskQueue.options`."""
        return SyncBoundOptions(self, options)

    def task(self, func: Callable[..., Any] | None = None, /, **options: Any) -> Any:
        """Give a function a queue and options: `@queue.task` or `@queue.task(retries=3)`.

        It is called as before; `function.enqueue(...)` enqueues a call of it.
        """
        return decorator(self, func, options)

    def _open(self) -> engine.Queue:
        refuse_loop()
        return super()._open()

    def _enqueue(
        self,
        func: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        terms: engine.Terms,
        due: int | None = None,
    ) -> str:
        return str(self._do("enqueue", lambda q: q.enqueue(func, args, kwargs, terms, due), None))

    def _enqueue_many(
        self, calls: Iterable[Call], terms: engine.Terms, *, chain: bool = False
    ) -> list[str]:
        ids: list[str] = self._do(
            "enqueue_many", lambda q: q.enqueue_many(calls, terms, None, chain), None
        )
        return ids

    def _do(self, operation: str, call: Callable[[engine.Queue], Any], task: str | None) -> Any:
        refuse_loop()
        return super()._do(operation, call, task)

    def _is_closed(self) -> Exception:
        return RuntimeError("this queue is closed; make another")

    def _failed(self, operation: str, error: Exception, task_id: str | None = None) -> Exception:
        failed = super()._failed(operation, error, task_id)
        if isinstance(failed, TaskNotFoundError):
            return failed
        wrapped = SyncTaskQueueError(str(failed), operation=operation, task_id=task_id)
        wrapped.retryable = failed.retryable  # type: ignore[attr-defined, misc]
        return wrapped


class SyncBoundOptions:
    """A queue with options, from `SyncTaskQueue.options`. No keyword of the function's is taken here."""

    def __init__(self, queue: SyncTaskQueue, options: dict[str, Any]) -> None:
        self._queue = queue
        self._options = options
        self._terms = checks.terms(options)

    def options(self, **options: Any) -> "SyncBoundOptions":
        """Return the same with further options, which win."""
        return SyncBoundOptions(self._queue, {**self._options, **options})

    def enqueue(self, func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> str:
        """Enqueue a call; see `TaskQueue.enqueue`."""
        return self._queue._enqueue(func, args, kwargs, self._terms)  # noqa: SLF001

    def enqueue_many(self, calls: Iterable[Call]) -> list[str]:
        """Enqueue calls; see `TaskQueue.enqueue_many`."""
        return self._queue._enqueue_many(calls, self._terms)  # noqa: SLF001

    def chain(self, calls: Iterable[Call]) -> list[str]:
        """Enqueue calls one after the other; see `TaskQueue.chain`."""
        return self._queue._enqueue_many(calls, self._terms, chain=True)  # noqa: SLF001

    def group(self, calls: Iterable[Call]) -> list[str]:
        """Enqueue calls that belong together; see `TaskQueue.group`."""
        return self._queue._enqueue_many(calls, self._terms)  # noqa: SLF001

    def cron(
        self,
        expression: str,
        func: Callable[..., Any],
        /,
        *args: Any,
        name: str | None = None,
        timezone: str | None = None,
        **kwargs: Any,
    ) -> str:
        """Enqueue a call again and again; see `TaskQueue.cron`."""
        call = (func, args, kwargs)
        return self._queue._cron(expression, call, self._terms, name, timezone)  # noqa: SLF001

    def task(self, func: Callable[..., Any] | None = None, /, **options: Any) -> Any:
        """Give a function a queue and options; see `TaskQueue.task`."""
        return decorator(self._queue, func, {**self._options, **options})


def refuse_loop() -> None:
    """Raise where a loop is running: it would stand still while this thread waits."""
    # Where asyncio was never imported there is no loop.
    asyncio = sys.modules.get("asyncio")
    if asyncio is not None and asyncio._get_running_loop() is not None:  # noqa: SLF001 - raises nothing
        raise RuntimeError(
            "SyncTaskQueue waits, and an asyncio loop is running in this thread; use TaskQueue here, "
            "or call it in asyncio.to_thread"
        )


def took(result: Result) -> float | None:
    """Return for how many seconds a task ran at last."""
    if result.started_at is None or result.finished_at is None:
        return None
    return (result.finished_at - result.started_at).total_seconds()


def rebuilt(queue: engine.Queue, outcome: engine.Outcome, about: dict[str, Any]) -> Any:
    """Return the exception that a task raised, if its class is registered here and takes its arguments."""
    kind = exception_named(about["kind"] or "")
    if kind is None:
        return None
    try:
        args = queue.open(outcome, keep=False)
        return None if args is None else kind(*args)
    except (HoldallError, TypeError, ValueError):
        # Its text is there all the same.
        return None
