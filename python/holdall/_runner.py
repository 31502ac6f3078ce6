"""A worker at work: it takes the agent's orders, and runs tasks on the loop and in threads.

A coroutine function runs on the loop, anything else in a thread. Which it is shows when its message is
opened, and that may import modules and read large arguments; so a thread opens it, unless tasks of that
name were coroutines before.
"""

import asyncio
import contextvars
import inspect
from collections.abc import Callable
from typing import Any

from holdall._holdall import Agent, Job
from holdall._run import Call, Ends, Run, is_coroutine_function, log
from holdall._threads import Threads
from holdall.errors import LeaseLostError

# What is larger is not opened on the loop.
LARGE = 1 << 20
# How long a coroutine that is to stop may take for it before its task is settled without it, in seconds.
GRACE = 5.0


class Runner(Ends):
    """One worker from its start to its stop."""

    def __init__(self, agent: Agent, serializer: Any, slots: int) -> None:
        super().__init__(agent, serializer)
        self.loop = asyncio.get_running_loop()
        self.main = asyncio.current_task()
        self.context = contextvars.copy_context()
        self.threads = Threads(slots, self.work, "holdall-worker")
        # Whether tasks of a name are coroutines. A hint: what counts is what is found in the message.
        self.coroutines: dict[str, bool] = {}
        self.flushing = False
        self.ended: asyncio.Future[BaseException | None] = self.loop.create_future()

    def close(self) -> None:
        """Let the threads end."""
        self.threads.close()

    # The agent's orders, on the loop

    def heard(self) -> None:
        """Do what the agent wants done."""
        for what, *rest in self.agent.orders():
            getattr(self, f"order_{what}")(*rest)

    def order_run(self, job: Job) -> None:
        """Run a task."""
        self.begin(self.taken(job))

    def order_cancel(self, ticket: int) -> None:
        """Stop a task that somebody cancelled."""
        if run := self.runs.get(ticket):
            log.info("Task %s (%s) was cancelled", run.job.id, run.job.name)
            self.stop(run, "cancelled")

    def order_lost(self, ticket: int, stale: tuple[str, str, int]) -> None:
        """Stop a task that is another worker's by now."""
        self.order_refused(stale)
        if run := self.runs.get(ticket):
            self.stop(run, "stale")

    def order_refused(self, stale: tuple[str, str, int]) -> None:
        """Tell of a task that is another worker's by now."""
        ident, name, start = stale
        error = LeaseLostError(
            f"start {start} of task {ident} ({name}) is no longer this worker's, which gave no sign of life "
            "for a whole lease; what it came to here does not count. Allow a longer lease, if this process is "
            "stopped or its database out of reach for so long"
        )
        log.warning("%s: %s", type(error).__name__, error)

    def order_trouble(self, error: BaseException) -> None:
        """Tell of a database that fails."""
        log.warning("The database cannot be used. Nothing is lost; it is tried again: %s", error)

    def order_recovered(self) -> None:
        """Tell of a database that works again."""
        log.info("The database can be used again")

    def order_ended(self, error: BaseException | None) -> None:
        """Note that nothing more comes."""
        if not self.ended.done():
            self.ended.set_result(error)

    # What belongs where

    def begin(self, run: Run) -> None:
        """Have a task run."""
        if self.is_for_loop(run.job):
            self.launch(run)
        else:
            self.threads.put(run)

    def is_for_loop(self, job: Job) -> bool:
        """Whether the loop may open a message."""
        return self.coroutines.get(job.name, False) and job.size <= LARGE

    def open(self, run: Run) -> bool:
        """Open a message unless it is open, and say whether it is for the loop."""
        if run.call is None:
            run.call = Call(*run.job.open(self.serializer))
        here = is_coroutine_function(run.call.function)
        self.coroutines[run.job.name] = here
        return here

    def stop(self, run: Run, why: str) -> None:
        """Stop a run, if that can be done; if not, its task is settled without it. On the loop."""
        if run.over or run.why:
            return
        run.why = why
        if run.task is not None:
            run.task.cancel()
            self.loop.call_later(GRACE, self.settle, run)
        else:
            self.settle(run)

    def settle(self, run: Run) -> None:
        """Settle the task of a run that goes on, and keeps its slot for as long as it does."""
        if run.over:
            return
        if run.why == "returned":
            # It must not run elsewhere while it does here.
            log.warning("Task %s (%s) still runs and is left behind", run.job.id, run.job.name)
            self.agent.abandon(run.job)
        elif run.why != "stale":
            self.agent.end(run.job, run.why, busy=True)
        self.flush_soon()

    # In threads

    def work(self, run: Run | None) -> None:
        """Run one task after another: the next may be claimed in the breath in which one is settled."""
        while run is not None:
            self.perform(run)
            self.agent.flush(here=True)
            run = self.next()
            self.agent.ring()

    def next(self) -> Run | None:
        """Return a task for this thread, if there is one, so that it need not go through the loop."""
        while (job := self.agent.job()) is not None:
            run = self.taken(job)
            if not self.is_for_loop(job):
                return run
            self.soon(self.launch, run)
        return None

    def perform(self, run: Run) -> None:
        """Run a task in this thread, or see that it is for the loop."""
        if run.why:
            self.stopped(run)
            return
        try:
            here = self.open(run)
            if not self.join(run):
                return
        except BaseException as error:
            self.fail(run, error, fatal=not isinstance(error, MemoryError))
            return
        if here:
            self.soon(self.launch, run)
        else:
            self.call(run)

    def join(self, run: Run) -> bool:
        """Put the results of the tasks before this one among its arguments, and say whether there are all."""
        call, job = run.call, run.job
        if call is None or not call.after:
            return True
        parents = self.agent.parents(job, call.after)
        if parents is None:
            log.warning("Task %s (%s) cannot run: one before it did not complete", job.id, job.name)
            self.finish(run)
            return False
        call.args[:0] = [job.open_parent(parent, self.serializer) for parent in parents]
        run.call = call._replace(after=[])
        return True

    def call(self, run: Run) -> None:
        """Call a plain function."""
        if run.call is None:
            return
        function, args, kwargs, _ = run.call
        if run.job.timeout is not None:
            self.soon(self.arm, run)
        try:
            value = self.context.copy().run(function, *args, **kwargs)
        except BaseException as error:
            self.fail(run, error)
            return
        if inspect.isawaitable(value):
            run.awaitable = value
            self.soon(self.launch, run)
        else:
            self.complete(run, value)

    # On the loop

    def launch(self, run: Run) -> None:
        """Run a task on the loop."""
        if run.why:
            self.stopped(run)
        else:
            run.task = self.loop.create_task(self.drive(run), context=self.context.copy())

    async def drive(self, run: Run) -> None:
        """Run a coroutine, and catch whatever it raises: nothing of a task's may end the loop."""
        fatal = True
        try:
            if run.awaitable is None and not (self.open(run) and run.call and not run.call.after):
                run.task = None
                self.threads.put(run)
                return
            fatal = False
            self.arm(run)
            value = await (run.awaitable or run.call.function(*run.call.args, **run.call.kwargs))
        except BaseException as error:
            if isinstance(error, GeneratorExit) and not self.loop.is_running():
                raise
            # Whoever ends the program cancels all there is on its loop.
            if isinstance(error, asyncio.CancelledError) and self.main and self.main.cancelling():
                run.why = run.why or "returned"
            if run.why:
                self.stopped(run)
            else:
                self.fail(run, error, fatal=fatal and not isinstance(error, MemoryError))
        else:
            if run.why:
                self.stopped(run)
            else:
                self.complete(run, value)
        self.flush_soon()

    def arm(self, run: Run) -> None:
        """Have a run stopped when its time is over."""
        if run.job.timeout is not None and run.timer is None and not run.over:
            run.timer = self.loop.call_later(run.job.timeout, self.time_out, run)

    def time_out(self, run: Run) -> None:
        """Stop a run that takes too long."""
        if not run.over:
            log.error("Task %s (%s) ran out of its %g s", run.job.id, run.job.name, run.job.timeout)
            self.stop(run, "timeout")

    def finish(self, run: Run) -> None:
        """Forget a run that is over."""
        super().finish(run)
        if run.timer is not None:
            self.soon(run.timer.cancel)

    def flush_soon(self) -> None:
        """Settle what ended, together with what else ends before the loop comes round."""
        if not self.flushing:
            self.flushing = True
            self.loop.call_soon(self.flush)

    def flush(self) -> None:
        """Settle what ended."""
        self.flushing = False
        self.agent.flush(here=False)

    def soon(self, callback: Callable[..., object], *args: object) -> None:
        """Have the loop call something, from any thread; a loop that is gone does not."""
        try:
            self.loop.call_soon_threadsafe(callback, *args)
        except RuntimeError:
            log.debug("The loop is gone; %s does not matter any more", callback)
