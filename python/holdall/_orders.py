"""What the agent wants done, and how a worker comes to its end."""

import asyncio
import contextvars
import select
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from holdall._holdall import Agent, Job
from holdall._run import Ends, Run, log
from holdall.errors import LeaseLostError

# How long a coroutine that is to stop may take for it before its task is settled without it, in seconds.
GRACE = 5.0

# The worker that a piece of code runs in.
INSIDE: contextvars.ContextVar[Any] = contextvars.ContextVar("holdall.worker", default=None)


class Orders(Ends):
    """Hears the agent, on the loop, and has runs begin and stop."""

    def __init__(self, agent: Agent, serializer: Any) -> None:
        super().__init__(agent, serializer)
        self.loop = asyncio.get_running_loop()
        self.main = asyncio.current_task()
        # Tasks see the variables that were set where the worker was started, and none of each other's.
        self.context = contextvars.copy_context()
        self.context.run(INSIDE.set, self)
        self.ended: asyncio.Future[BaseException | None] = self.loop.create_future()
        self.flushing = self.draining = self.hurried = False

    def begin(self, run: Run) -> None:
        """Have a task run."""
        raise NotImplementedError

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear the agent's orders."""
        number = self.agent.fileno()
        try:
            self.loop.add_reader(number, self.heard)
        except NotImplementedError:  # by the default loop of Windows
            gone = threading.Event()
            threading.Thread(target=self.listen, args=(number, gone), daemon=True).start()
            try:
                yield
            finally:
                gone.set()
            return
        try:
            yield
        finally:
            self.loop.remove_reader(number)

    def listen(self, number: int, gone: threading.Event) -> None:
        """Watch for orders in a thread, where the loop cannot."""
        while not gone.is_set():
            if select.select([number], [], [], 0.5)[0]:
                heard = threading.Event()
                self.soon(self.heard)
                self.soon(heard.set)
                heard.wait(0.5)

    # The agent's orders, on the loop

    def heard(self, *, rung: bool = True) -> None:
        """Do what the agent wants done."""
        for what, *rest in self.agent.orders(rung=rung):
            getattr(self, f"order_{what}")(*rest)

    def order_run(self, job: Job) -> None:
        """Run a task."""
        run = self.taken(job)
        try:
            self.begin(run)
        except BaseException:
            # No thread to be had, or no memory: another worker may have more.
            log.exception("Task %s (%s) cannot be begun here, and is given back", job.id, job.name)
            run.why = "returned"
            self.stopped(run)

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

    def order_rescued(self, ident: str, state: str) -> None:
        """Tell of a task whose worker died."""
        log.warning("Task %s: its worker was lost; now it is %s", ident, state)

    def order_misfired(self, name: str, error: BaseException) -> None:
        """Tell of a schedule that makes no tasks."""
        log.error("The schedule %r cannot be fired: %s", name, error)

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

    # Ends

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

    def drain(self) -> None:
        """Begin nothing more, and end when all is settled. From any thread."""
        self.draining = True
        self.agent.drain()

    def signalled(self) -> None:
        """Do what a signal asks for: the first is polite."""
        if not self.draining:
            log.info("Stopping when the running tasks have ended; at once at the next signal")
            self.drain()
        elif not self.hurried:
            self.hurried = True
            self.leaving = self.loop.create_task(self.leave())

    async def leave(self) -> None:
        """Stop all that can be stopped, give it back, and end."""
        self.hurried = True
        self.drain()
        for run in list(self.runs.values()):
            self.stop(run, "returned")
        await asyncio.wait([self.ended], timeout=GRACE)
        self.order_ended(None)

    def is_inside(self) -> bool:
        """Whether this is asked by one of the worker's own tasks."""
        return INSIDE.get() is self

    def flush_soon(self) -> None:
        """Settle what ended, together with what else ends before the loop comes round."""
        if not self.flushing:
            self.flushing = True
            self.loop.call_soon(self.flush)

    def flush(self) -> None:
        """Settle what ended."""
        self.flushing = False
        self.agent.flush()
        self.heard(rung=False)

    def soon(self, callback: Callable[..., object], *args: object) -> None:
        """Have the loop call something, from any thread; a loop that is gone does not."""
        try:
            self.loop.call_soon_threadsafe(callback, *args)
        except RuntimeError:
            log.debug("The loop is gone; %s does not matter any more", callback)
