"""One run of one task, and how it ends."""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, NamedTuple

from holdall._failure import Failure, describe
from holdall._holdall import Agent, Job, Results
from holdall.register import entry_of

log = logging.getLogger("holdall.worker")


class Call(NamedTuple):
    """What is to be called, and the tasks whose results come first among the arguments."""

    function: Callable[..., Any]
    args: list[Any]
    kwargs: dict[str, Any]
    after: list[str]


class Run:
    """A task from its claim to the end of whatever runs it."""

    __slots__ = ("awaitable", "call", "child", "job", "over", "task", "timer", "why")

    def __init__(self, job: Job) -> None:
        self.job = job
        self.call: Call | None = None
        # What a plain function gave back and the loop is to wait for.
        self.awaitable: Awaitable[Any] | None = None
        # What runs it: a task of the loop, a process, or else a thread.
        self.task: asyncio.Task[None] | None = None
        self.child: Any = None
        self.timer: asyncio.TimerHandle | None = None
        # Why it is to stop: "timeout", "cancelled", "returned" or, if it is another's by now, "stale".
        self.why = ""
        self.over = False

    def opened(self) -> Call:
        """Return what is to be called, which was opened before."""
        if self.call is None:
            raise RuntimeError(f"the message of {self.job!r} is not open")
        return self.call


class Ends:
    """Tells the agent how runs end. From any thread."""

    def __init__(self, agent: Agent, serializer: Any) -> None:
        self.agent, self.serializer = agent, serializer
        self.runs: dict[int, Run] = {}

    def taken(self, job: Job) -> Run:
        """Note a task that is to be run."""
        run = self.runs[job.ticket] = Run(job)
        return run

    def complete(self, run: Run, value: Any) -> None:
        """Keep what a task gave back."""
        try:
            self.agent.complete(run.job, value, self.serializer)
        except BaseException as error:
            # It cannot be written, today or tomorrow.
            self.fail(run, error, fatal=not isinstance(error, MemoryError))
        else:
            self.finish(run)

    def fail(self, run: Run, error: BaseException, *, fatal: bool = False) -> None:
        """Keep why a task failed."""
        self.failed(run, describe(error), arguments(run.job, error, self.serializer), fatal=fatal)

    def failed(self, run: Run, failure: Failure, frame: bytes | None, *, fatal: bool) -> None:
        """Keep a failure, and log it if it counts."""
        job = run.job
        if self.agent.fail(job, *failure, fatal=fatal, frame=frame):
            log.error("Task %s (%s) failed: %s", job.id, job.name, failure.traceback.rstrip())
        self.finish(run)

    def stopped(self, run: Run) -> None:
        """Note that what was to stop has stopped."""
        if run.why != "stale":
            self.agent.end(run.job, run.why)
        # It may have been settled before what ran it was done.
        self.agent.free(run.job)
        self.finish(run)

    def finish(self, run: Run) -> None:
        """Forget a run that is over."""
        run.over = True
        self.runs.pop(run.job.ticket, None)


def arguments(job: Job, error: BaseException, serializer: Any) -> bytes | None:
    """Return the arguments of an exception whose class is registered, for it to be made again."""
    if entry_of(type(error)) is None:
        return None
    try:
        # Nothing is beside an exception.
        return job.result(list(error.args), None if isinstance(serializer, Results) else serializer)
    except BaseException:
        # Its text is there all the same.
        return None


def is_coroutine_function(function: Any) -> bool:
    """Whether calling it gives a coroutine: bound methods, partials and `async __call__` included."""
    while isinstance(function, partial):
        function = function.func
    # What an object is called by is its class's, as for Python itself.
    called = inspect.getattr_static(type(function), "__call__", None)
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(called)
