"""Plain functions in processes of their own, one of which can be killed without harm to the others.

Each process belongs to a thread here, which sends it one message after another and waits for what comes of
it. The process opens the message itself: what may break an interpreter breaks that one.
"""

import atexit
import multiprocessing
import os
import threading
from typing import Any

from holdall._child import serve
from holdall._failure import Failure
from holdall._holdall import Agent
from holdall._run import Run, is_coroutine_function, log
from holdall._runner import Runner
from holdall._threads import Threads
from holdall.errors import WorkerError

# How long a process may take to end once it was told to, before it is killed.
PATIENCE = 2.0


class ProcessRunner(Runner):
    """Runs coroutines on the loop and everything else in processes."""

    def __init__(
        self,
        agent: Agent,
        serializer: Any,
        slots: int,
        processes: int,
        keyset: Any,
        imports: tuple[str, ...],
    ) -> None:
        super().__init__(agent, serializer, slots)
        self.settings = (None if keyset is None else str(keyset), serializer, imports)
        self.processes: Threads[Run | None] = Threads(processes, self.employ, "holdall-process")
        self.own = threading.local()
        self.children: set[Child] = set()
        atexit.register(self.kill)
        for _ in range(processes):
            self.processes.put(None)

    def employ(self, run: Run | None) -> None:
        """Begin a process, or run tasks in it: nothing is claimed before there is one to run it."""
        if run is not None:
            self.work(run)
            return
        try:
            self.child()
        except BaseException as error:
            self.soon(self.break_down, error)
        else:
            self.agent.admit()

    def close(self) -> None:
        """Let the threads and their processes end."""
        super().close()
        for thread in self.processes.close():
            thread.join(0 if self.hurried else PATIENCE)
        self.kill()
        atexit.unregister(self.kill)

    def kill(self) -> None:
        """End the processes at once."""
        for child in list(self.children):
            child.kill()

    def begin(self, run: Run) -> None:
        """Have a task run: by what it was in the past."""
        if self.is_for_loop(run.job):
            self.launch(run)
        else:
            self.processes.put(run)

    def open(self, run: Run) -> bool:
        """Open a message, but leave the arguments closed that a process is to open."""
        if run.call is None:
            function = run.job.function()
            if not is_coroutine_function(function):
                self.coroutines[run.job.name] = False
                return False
        return super().open(run)

    def perform(self, run: Run) -> None:
        """Run a task in the process of this thread, or see that it is for the loop."""
        if run.call is not None:
            # A coroutine that comes after others.
            super().perform(run)
            return
        try:
            run.child = child = self.child()
        except BaseException as error:
            # Not the task's fault, and no other task would fare better.
            self.agent.end(run.job, "returned")
            self.finish(run)
            self.soon(self.break_down, error)
            return
        if run.why:
            # Perhaps since that process was begun: only from now on it can be killed.
            run.child = None
            self.stopped(run)
            return
        try:
            self.converse(run, child)
        except Died:
            child.end()
            if not run.why:
                log.error(
                    "The process %s died that ran task %s (%s): exit code %s",
                    *(child.process.pid, run.job.id, run.job.name, child.process.exitcode),
                )
                run.why = "lost"
            self.stopped(run)
        except BaseException:
            # It may wait for an answer that does not come.
            child.end()
            raise
        finally:
            run.child = None

    def converse(self, run: Run, child: "Child") -> None:
        """Send a task to a process, and do what that asks for until it is done."""
        job = run.job
        child.send((job.id, job.start, job.name, *job.pieces()))
        while True:
            what, *rest = child.receive()
            match what:
                case "after":
                    child.send(self.agent.parents(job, rest[0]))
                case "begun":
                    self.coroutines[job.name] = False
                    self.agent.place(job, process=True)
                    job.let_go()
                    if job.timeout is not None:
                        self.soon(self.arm, run)
                case "loop":
                    self.agent.place(job, process=False)
                    run.child = None
                    super().perform(run)
                    return
                case "orphan":
                    self.finish(run)
                    return
                case "done":
                    frame, beside = rest
                    taken = False
                    try:
                        if not run.why:
                            self.agent.complete_frame(job, frame, self.serializer)
                            taken = True
                    finally:
                        if beside:
                            child.send(taken)
                    if taken:
                        self.finish(run)
                    else:
                        self.stopped(run)
                    return
                case "failed":
                    failure, frame, fatal = rest
                    self.failed(run, Failure(*failure), frame, fatal=fatal)
                    return

    def settle(self, run: Run) -> None:
        """Kill the process: its thread then says how the run ended."""
        if (child := run.child) is not None:
            child.kill()
        elif run.task is not None:
            super().settle(run)

    def child(self) -> "Child":
        """Return the process of this thread, a new one if it is dead."""
        child: Child | None = getattr(self.own, "child", None)
        if child is not None and not child.is_alive():
            self.children.discard(child)
            child = None
        if child is None:
            child = self.own.child = Child(self.settings)
            self.children.add(child)
            child.wait()
        return child

    def break_down(self, error: BaseException) -> None:
        """End a worker whose processes cannot start."""
        self.agent.close(wait=False)
        self.order_ended(error)


class Died(Exception):
    """A process is gone, or is going."""


class Child:
    """One process, as its thread holds it."""

    def __init__(self, settings: tuple[Any, ...]) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(
            target=serve, args=(theirs, os.getpid(), *settings), name="holdall-process"
        )
        self.process.start()
        theirs.close()
        self.is_killed = False

    def wait(self) -> None:
        """Wait until it can run tasks."""
        try:
            self.receive()
        except Died:
            self.process.join()
            raise WorkerError(
                f"a worker's process cannot start (exit code {self.process.exitcode}; its error output says why). "
                'A script that runs a worker with processes does so under `if __name__ == "__main__":`, for '
                "each process imports it"
            ) from None

    def send(self, question: Any) -> None:
        """Send it something."""
        try:
            self.pipe.send(question)
        except OSError as error:
            raise Died from error

    def receive(self) -> Any:
        """Wait for what it says."""
        try:
            return self.pipe.recv()
        except (EOFError, OSError) as error:
            raise Died from error

    def is_alive(self) -> bool:
        """Whether it still runs."""
        return not self.is_killed and self.process.is_alive()

    def end(self) -> None:
        """Have it ended, and see how it did."""
        self.kill()
        self.process.join(PATIENCE)

    def kill(self) -> None:
        """End it at once, whatever it is doing."""
        self.is_killed = True
        self.process.kill()
