"""`TaskQueue`: tasks for workers, from asyncio."""

import asyncio
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from os import PathLike
from types import TracebackType
from typing import Any, Self
from weakref import WeakKeyDictionary

from holdall import _holdall as engine
from holdall import options as checks
from holdall._inbox import Inbox
from holdall._joining import Joining
from holdall._opened import Opened
from holdall.backend import Backend
from holdall.errors import BackendError, DoesNotExist
from holdall.result import Result
from holdall.task import Cron, Task
from holdall.task_function import decorator

__all__ = ["BoundOptions", "TaskQueue"]

Call = tuple[Any, ...]
PLAIN = checks.terms({})
# A caller who never has to wait lets the other coroutines run at least so often.
TURN = 0.002


class TaskQueue(Opened):
    """Tasks on their way to workers, and what came of them.

    backend: where they are kept, such as SQLiteBackend("tasks.db"). One object may serve queues and
        workers; it closes when its last user closes.
    serializer: an object with `dumps` and `loads` for arguments and results; the workers need the same.
        By default any value goes in and comes out exactly.
    keyset: the keys that messages are signed with; default `HOLDALL_KEYSET`, else the user's own file.
    """

    def __init__(
        self,
        backend: Backend,
        serializer: Any = None,
        *,
        keyset: str | PathLike[str] | None = None,
    ) -> None:
        super().__init__(backend, serializer, keyset=keyset)
        self._inboxes: WeakKeyDictionary[asyncio.AbstractEventLoop, Inbox] = WeakKeyDictionary()
        self._turn = 0.0

    async def __aenter__(self) -> Self:
        await self._ready()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Use the backend no longer; calls that still wait are cancelled."""
        for inbox in [self._inboxes.pop(loop) for loop in list(self._inboxes)]:
            inbox.close()
        await asyncio.to_thread(self._close)

    async def enqueue(
        self,
        func: Callable[..., Any],
        /,
        *args: Any,
        eta: datetime | None = None,
        **kwargs: Any,
    ) -> str:
        """Enqueue a call and return its task's id. It is safe in the backend by then.

        eta: an aware datetime in any zone before which it is not run. Further options: see `options`.
            All other keywords are the function's.

        Raises ValidationError for what cannot be called and for a naive eta, SerializationError with
        the path to the culprit for arguments that cannot be kept, TaskQueueError from the backend.
        """
        due = None if eta is None else checks.milliseconds("eta", eta)
        return await self._enqueue(func, args, kwargs, PLAIN, due)

    async def enqueue_many(self, calls: Iterable[Call]) -> list[str]:
        """Enqueue calls in one step, all or none, and return their tasks' ids.

        calls: each `(func, args)`, `(func, args, kwargs)`, or a function alone.
        """
        return await self._enqueue_many(calls, PLAIN)

    async def chain(self, calls: Iterable[Call]) -> list[str]:
        """Enqueue calls of which each comes after the one before it; return the tasks' ids.

        What one returns is the first argument of the next. If one fails those after it are cancelled.
        """
        return await self._enqueue_many(calls, PLAIN, chain=True)

    async def group(self, calls: Iterable[Call]) -> list[str]:
        """Enqueue calls that belong together; return the tasks' ids, for `join` or `after`."""
        return await self._enqueue_many(calls, PLAIN)

    async def get_result(
        self,
        task_id: str,
        timeout: float | timedelta | None = None,  # noqa: ASYNC109 - the surface has it
    ) -> Result | None:
        """Wait for the end of a task and return what came of it; None when the time is over first.

        timeout: seconds or a timedelta; 0 only looks, None waits for as long as it takes.
        Raises TaskNotFoundError at once for a task that is not there.
        """
        task_id = checks.task_id(task_id)
        limit = None if timeout is None else checks.seconds("timeout", timeout)
        queue = self._engine or await self._ready()
        inbox = self._inbox()
        question = queue.outcome(task_id, limit, inbox.mailbox)
        outcome = await self._asked("get_result", inbox, question, task_id)
        return None if outcome is None else Result.of(outcome)

    async def join(
        self,
        ids: Iterable[str] | None = None,
        timeout: float | timedelta | None = None,  # noqa: ASYNC109
        *,
        progress: bool | None = None,
    ) -> None:
        """Wait until these tasks have ended, or all that there are.

        progress: a bar on the terminal; by default where standard error is one.
        Raises TimeoutError when the time is over first.
        """
        wanted = None if ids is None else checks.ids("ids", ids)
        limit = None if timeout is None else checks.seconds("timeout", timeout)
        queue = self._engine or await self._ready()
        inbox = self._inbox()
        ends = None if limit is None else time.monotonic() + limit
        with Joining(progress) as joining:
            while True:
                left = None if ends is None else max(0.0, ends - time.monotonic())
                question = queue.unfinished(wanted, joining.than(), left, inbox.mailbox)
                if joining.seen(await self._asked("join", inbox, question, None), limit):
                    return

    async def cancel(self, task_id: str) -> bool:
        """Cancel a task, and say whether there was something to cancel.

        One that is running is asked to stop: a coroutine is cancelled, a process of its own ended.
        """
        return await asyncio.to_thread(self._cancel, task_id)

    async def retry(self, task_id: str) -> bool:
        """Run a task again that failed, is dead, was cancelled or expired; say whether it is one."""
        return await asyncio.to_thread(self._retry, task_id)

    async def get_task(self, task_id: str) -> Task | None:
        """Return what is known of a task; None if it is not there."""
        return await asyncio.to_thread(self._get_task, task_id)

    async def tasks(
        self,
        *,
        status: str | Iterable[str] | None = None,
        queue: str | None = None,
        limit: int = 100,
    ) -> list[Task]:
        """Return tasks, the newest first.

        status: one or several of the lifecycle's names; "pending" and "success" as of results.
        """
        return await asyncio.to_thread(self._tasks, status, queue, limit)

    async def counts(self, queue: str | None = None) -> dict[str, int]:
        """Return how many tasks are in each state, of one queue or of all."""
        return await asyncio.to_thread(self._counts, queue)

    async def stats(self) -> dict[str, dict[str, int]]:
        """Return of each queue how many tasks are in each state in which there are some."""
        return await asyncio.to_thread(self._stats)

    async def purge(
        self,
        *,
        status: str | Iterable[str] | None = None,
        older_than: float | timedelta | None = None,
    ) -> int:
        """Remove tasks that have ended, with their results, and return how many.

        older_than: only those that ended so long ago.
        """
        return await asyncio.to_thread(self._purge, status, older_than)

    async def pause(self, queue: str = "default") -> None:
        """Have no worker start tasks of a queue until it is resumed."""
        await asyncio.to_thread(self._pause, queue, True)

    async def resume(self, queue: str = "default") -> None:
        """Have workers start tasks of a queue again."""
        await asyncio.to_thread(self._pause, queue, False)

    async def cron(
        self,
        expression: str,
        func: Callable[..., Any],
        /,
        *args: Any,
        name: str | None = None,
        timezone: str | None = None,
        **kwargs: Any,
    ) -> str:
        """Enqueue a call again and again, by a cron expression; return the schedule's name.

        expression: five fields, "0 9 * * 1-5". timezone: of the IANA database; default UTC.
        name: by default the function's; a schedule of the same name is replaced.
        Workers fire it, each time once among all of them.
        """
        return await asyncio.to_thread(
            self._cron, expression, (func, args, kwargs), PLAIN, name, timezone
        )

    async def crons(self) -> list[Cron]:
        """Return the schedules."""
        return await asyncio.to_thread(self._crons)

    async def remove_cron(self, name: str) -> bool:
        """Remove a schedule, and say whether there was one."""
        return await asyncio.to_thread(self._remove_cron, name)

    def options(self, **options: Any) -> "BoundOptions":
        """Return this queue with options for the tasks that are enqueued by what is returned.

        queue: the name of the queue; "default". priority: higher is run sooner; 0.
        retries: how often a task is run again after an exception or a timeout; 0. max_lost: how often
            after its worker was lost; 2. backoff: "exponential", "linear", or seconds, one or a list.
        retry_on, fail_on: exception classes that are, or are not, worth another run.
        timeout: how long one run may take. expires: after when it is not started any more: an aware
            datetime, or a span from when it is due. result_ttl: how long it is kept after its end.
        unique: a key that one unfinished task has at most, or True for the function with its arguments;
            enqueuing another one returns the id of the one that is there.
        after: ids of tasks that it comes after; what they returned come first among its arguments.
        task_id: an id of your own, which makes it safe to enqueue again; of several calls a list.
        eta: as of `enqueue`.

        Spans are seconds or timedeltas. Raises ValidationError for any other option.
        """
        return BoundOptions(self, options)

    def task(self, func: Callable[..., Any] | None = None, /, **options: Any) -> Any:
        """Give a function a queue and options: `@queue.task` or `@queue.task(retries=3)`.

        It is called as before; `await function.enqueue(...)` enqueues a call of it.
        """
        return decorator(self, func, options)

    async def _ready(self) -> engine.Queue:
        return await asyncio.to_thread(self._open)

    def _inbox(self) -> Inbox:
        loop = asyncio.get_running_loop()
        inbox = self._inboxes.get(loop)
        if inbox is None:
            inbox = self._inboxes[loop] = Inbox(loop)
        return inbox

    async def _enqueue(
        self,
        func: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        terms: engine.Terms,
        due: int | None = None,
    ) -> str:
        queue = self._engine or await self._ready()
        inbox = self._inbox()
        try:
            answer = queue.enqueue(func, args, kwargs, terms, due, inbox.mailbox)
            if isinstance(answer, int):
                ids: list[str] = await inbox.answer(answer)
                return ids[0]
        except (BackendError, DoesNotExist) as error:
            raise self._failed("enqueue", error) from error
        await self._take_turns()
        return answer

    async def _enqueue_many(
        self, calls: Iterable[Call], terms: engine.Terms, *, chain: bool = False
    ) -> list[str]:
        queue = self._engine or await self._ready()
        inbox = self._inbox()
        try:
            answer = queue.enqueue_many(calls, terms, inbox.mailbox, chain)
            if isinstance(answer, int):
                answer = await inbox.answer(answer)
        except (BackendError, DoesNotExist) as error:
            raise self._failed("enqueue_many", error) from error
        return answer

    async def _asked(
        self, operation: str, inbox: Inbox, question: tuple[int, int], task_id: str | None
    ) -> Any:
        number, wait = question
        try:
            return await inbox.answer(number)
        except (BackendError, DoesNotExist) as error:
            raise self._failed(operation, error, task_id) from error
        except asyncio.CancelledError:
            if self._engine is not None:
                self._engine.forget(wait)
            raise

    async def _take_turns(self) -> None:
        now = time.monotonic()
        if now - self._turn > TURN:
            await asyncio.sleep(0)
            self._turn = time.monotonic()


class BoundOptions:
    """A queue with options, from `TaskQueue.options`. No keyword of the function's is taken here."""

    def __init__(self, queue: TaskQueue, options: dict[str, Any]) -> None:
        self._queue = queue
        self._options = options
        self._terms = checks.terms(options)

    def options(self, **options: Any) -> "BoundOptions":
        """Return the same with further options, which win."""
        return BoundOptions(self._queue, {**self._options, **options})

    async def enqueue(self, func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> str:
        """Enqueue a call; see `TaskQueue.enqueue`."""
        return await self._queue._enqueue(func, args, kwargs, self._terms)  # noqa: SLF001

    async def enqueue_many(self, calls: Iterable[Call]) -> list[str]:
        """Enqueue calls; see `TaskQueue.enqueue_many`."""
        return await self._queue._enqueue_many(calls, self._terms)  # noqa: SLF001

    async def chain(self, calls: Iterable[Call]) -> list[str]:
        """Enqueue calls one after the other; see `TaskQueue.chain`."""
        return await self._queue._enqueue_many(calls, self._terms, chain=True)  # noqa: SLF001

    async def group(self, calls: Iterable[Call]) -> list[str]:
        """Enqueue calls that belong together; see `TaskQueue.group`."""
        return await self._queue._enqueue_many(calls, self._terms)  # noqa: SLF001

    async def cron(
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
        return await asyncio.to_thread(
            self._queue._cron,  # noqa: SLF001
            expression,
            (func, args, kwargs),
            self._terms,
            name,
            timezone,
        )

    def task(self, func: Callable[..., Any] | None = None, /, **options: Any) -> Any:
        """Give a function a queue and options; see `TaskQueue.task`."""
        return decorator(self._queue, func, {**self._options, **options})
