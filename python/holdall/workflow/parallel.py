"""Several nodes at once: this thread decides what runs, others run it."""

import contextvars
import queue
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from holdall._threads import Threads
from holdall.workflow.children import Children
from holdall.workflow.reports import log
from holdall.workflow.run import Run, Wanted
from holdall.workflow.state import State


def settle_at_once(
    run: Run,
    jobs: int,
    executor: str,
    seen: Callable[[State], None] | None,
) -> None:
    """Settle what was asked for, several nodes at once."""
    run.is_parallel = True
    children = Children() if executor == "process" else None
    if children is not None:
        run.call_elsewhere = children.call
    try:
        Parallel(run, jobs, seen or (lambda _: None)).settle()
    except BaseException:
        if children is not None:
            children.kill()
        raise
    finally:
        run.call_elsewhere = None
        if children is not None:
            children.close()


class Outcome(NamedTuple):
    """How the performance of a node ended."""

    state: State
    error: BaseException | None


class Parallel:
    """Settles nodes, so many at once. A node begins when all that it needs is settled."""

    def __init__(self, run: Run, jobs: int, seen: Callable[[State], None]) -> None:
        self.run, self.jobs, self.seen = run, jobs, seen
        self.context = contextvars.copy_context()
        self.threads: Threads[State] = Threads(jobs, self.work, "holdall-workflow")
        self.outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self.ready: deque[State] = deque()
        # How many nodes each waits for, and who waits for each.
        self.waits: dict[State, int] = {}
        self.waiters: dict[State, list[State]] = {}
        # Those that are run, by key, with those that wait for the same call.
        self.flying = 0
        self.same: dict[str, list[State]] = {}
        self.failure: BaseException | None = None

    def settle(self) -> None:
        """Settle what was asked for. After a failure nothing begins; what runs is kept."""
        self.take(self.run.plan())
        try:
            while self.ready or self.flying:
                self.begin()
                if self.flying:
                    self.take_outcome(self.outcomes.get())
        finally:
            self.threads.close()
        if self.failure is not None:
            raise self.failure

    def take(self, order: Iterable[State]) -> None:
        """Have nodes wait for what they need."""
        for state in order:
            if state not in self.waits:
                self.waits[state] = 0
                for parent in state.node.parents:
                    self.await_(state, self.run.states[parent])
                if not self.waits[state]:
                    self.ready.append(state)

    def await_(self, state: State, other: State) -> None:
        """Have a node wait for another, unless that is settled."""
        if not other.is_settled:
            self.waits[state] += 1
            self.waiters.setdefault(other, []).append(state)

    def begin(self) -> None:
        """Let what is ready begin, as far as there are threads for it."""
        if self.failure is not None:
            self.ready.clear()
        while self.ready and self.flying < self.jobs:
            state = self.ready.popleft()
            try:
                is_settled = state.is_settled or self.run.decided(state)
            except Exception as error:
                self.fail(error)
                return
            if is_settled:
                self.done(state)
            elif state.key in self.same:
                self.same[state.key].append(state)
            else:
                if state.key:
                    self.same[state.key] = []
                self.flying += 1
                self.seen(state)
                self.threads.put(state)

    def work(self, state: State) -> None:
        """Perform a node, in a thread."""
        error = None
        try:
            self.context.copy().run(self.run.perform, state)
        except BaseException as raised:
            error = raised
        self.outcomes.put(Outcome(state, error))

    def take_outcome(self, outcome: Outcome) -> None:
        """Note how a node ended."""
        state, error = outcome
        self.flying -= 1
        self.ready += self.same.pop(state.key, ())
        if error is None:
            self.done(state)
        elif isinstance(error, Wanted):
            self.want(state, error.state)
        else:
            self.seen(state)
            self.fail(error)

    def want(self, state: State, other: State) -> None:
        """Settle what was thought to be there, and then a node again."""
        self.take(self.run.plan([other.node]))
        self.await_(state, other)
        if not self.waits[state]:
            self.ready.append(state)

    def done(self, state: State) -> None:
        """Let those begin that waited for a node."""
        del self.waits[state]
        self.run.finish(state)
        self.seen(state)
        for waiter in self.waiters.pop(state, ()):
            self.waits[waiter] -= 1
            if not self.waits[waiter]:
                self.ready.append(waiter)

    def fail(self, error: BaseException) -> None:
        """Keep the first error; a later one goes to the log."""
        if self.failure is None:
            self.failure = error
        else:
            notes: Any = getattr(error, "__notes__", ())
            log.error("%s: %s", " ".join(notes), error, exc_info=error)
