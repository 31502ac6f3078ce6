"""How tasks are run, on the loop and in threads.

A coroutine function runs on the loop, anything else in a thread. Which it is shows when its message is
opened, and that may import modules and read large arguments; so a thread opens it, unless tasks of that
name were coroutines before.
"""

import asyncio
import inspect
from typing import Any

from holdall._holdall import Agent, Job
from holdall._orders import Orders
from holdall._run import Call, Run, is_coroutine_function, log
from holdall._threads import Threads
from holdall.errors import BackendError

# What is larger is not opened on the loop.
LARGE = 1 << 20


class Runner(Orders):
    """One worker from its start to its stop."""

    def __init__(self, agent: Agent, serializer: Any, slots: int) -> None:
        super().__init__(agent, serializer)
        self.threads = Threads(slots, self.work, "holdall-worker")
        # Whether tasks of a name are coroutines. A hint: what counts is what is found in the message.
        self.coroutines: dict[str, bool] = {}

    def close(self) -> None:
        """Let the threads end."""
        self.threads.close()

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
        here = is_coroutine_function(run.opened().function)
        self.coroutines[run.job.name] = here
        return here

    # In threads

    def work(self, run: Run | None) -> None:
        """Run one task after another: the next may be claimed in the breath in which one is settled."""
        while run is not None:
            try:
                self.perform(run)
            except BackendError as error:
                # Nothing of the task's: what it needs could not be read.
                log.warning("Task %s (%s) is given back: %s", run.job.id, run.job.name, error)
                self.agent.end(run.job, "returned")
                self.finish(run)
            run = self.next()
            if run is None:
                self.agent.flush_here()
                run = self.next()
            else:  # while there is more to do what ended is settled by the agent, several at once
                self.agent.flush_soon()
            self.agent.ring()

    def next(self) -> Run | None:
        """Return a task for this thread, if there is one, so that it need not go through the loop."""
        if run := self.threads.more():
            return run
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
        except BackendError:
            raise
        except BaseException as error:
            self.fail(run, error, fatal=not isinstance(error, MemoryError))
            return
        if here:
            self.soon(self.launch, run)
        else:
            self.call(run)

    def join(self, run: Run) -> bool:
        """Put the results of the tasks before this one among its arguments, and say whether there are all."""
        call, job = run.opened(), run.job
        if not call.after:
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
        function, args, kwargs, _ = run.opened()
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
            if run.awaitable is None and not self.open(run):
                run.task = None
                self.begin(run)
                return
            function, args, kwargs, after = run.opened()
            if after:
                run.task = None
                self.threads.put(run)
                return
            fatal = False
            self.arm(run)
            value = await (run.awaitable or function(*args, **kwargs))
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
