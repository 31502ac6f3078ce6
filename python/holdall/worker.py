"""What runs tasks."""

import asyncio
import concurrent.futures
import logging
import os
import socket
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from holdall import options as checks
from holdall._holdall import Agent, Results
from holdall._opened import check_parts, register
from holdall._runner import Runner
from holdall._signals import handled
from holdall.backend import Backend
from holdall.serializers._registry import Registry

__all__ = ["Worker"]

log = logging.getLogger("holdall.worker")


class Worker:
    """Runs the tasks of a backend, as many at once as `max_concurrency` says.

        worker = Worker(SQLiteBackend("tasks.db"), max_concurrency=8)
        await worker.start()  # until worker.stop(), SIGTERM or Ctrl-C

    Coroutine functions run on the loop, others in threads, or with `processes` in so many processes of
    their own, where a timeout stops them; then `max_concurrency` counts what runs on the loop.

    A task that is claimed is this worker's for `lease` seconds, which are renewed for as long as the
    process lives, however busy it is. When it dies another worker runs its tasks.
    """

    def __init__(
        self,
        backend: Backend,
        serializer: Any = None,
        max_concurrency: int = 1,
        poll_interval: float | timedelta = 1.0,
        lease: float | timedelta = 60.0,
        *,
        processes: int = 0,
        queues: Iterable[str] = ("default",),
        keyset: Any = None,
        worker_id: str | None = None,
    ) -> None:
        """Say how to work; nothing is opened before `start`.

        backend: where the tasks are, such as a SQLiteBackend; a queue may use the same object.
        serializer: an object with `dumps` and `loads`, the same as the queue's.
        max_concurrency: how many tasks run at once, 1 to 1000.
        poll_interval: how long at most a task waits that nothing told this worker of, in seconds.
        lease: after how many seconds without a sign of life a worker counts as dead; 1 or more.
        processes: how many processes run plain functions; 0 runs them in threads.
        queues: the queues to serve; the tasks of the first come first.
        keyset: the keys that messages are verified by and results signed with: a path or a text.
        worker_id: this worker's name, to be shown; by default host, process and number.
        """
        check_parts(backend, serializer)
        if worker_id is not None and type(worker_id) is not str:
            raise checks.refused("worker_id", worker_id, "a name, or None")
        self.backend, self.serializer, self.keyset = backend, serializer, keyset
        self._registry = Registry()
        self._results: Results | None = None
        self.max_concurrency = checks.integer("max_concurrency", max_concurrency, range(1, 1001))
        self.processes = checks.integer("processes", processes, range(1001))
        self.poll_interval = checks.seconds("poll_interval", poll_interval)
        if self.poll_interval <= 0:
            raise checks.refused("poll_interval", poll_interval, "a span of time above zero")
        self.lease = checks.seconds("lease", lease)
        if not 1 <= self.lease <= 7 * 86_400:
            raise checks.refused("lease", lease, "a span of time from 1 second to 7 days")
        self.queues = (queues,) if isinstance(queues, str) else tuple(queues)
        if not self.queues or not all(type(name) is str and name for name in self.queues):
            raise checks.refused("queues", queues, "the names of queues, one or more")
        self.worker_id = worker_id or f"{socket.gethostname()}-{os.getpid()}-{id(self):x}"
        # What its processes import before anything else, as this one did.
        self.imports: tuple[str, ...] = ()
        self._runner: Runner | None = None
        self._stopped: concurrent.futures.Future[None] | None = None

    async def start(self) -> None:
        """Work until `stop`, SIGTERM or Ctrl-C; return at once if it works already.

        The first signal lets running tasks end, the second stops them and gives back what can be. Signals
        that the program handles itself are left to it.

        Raises StorePoisoned, or whatever else makes the backend of no use any more.
        """
        if self._runner is not None:
            return
        jobs = self.backend._acquire()  # noqa: SLF001
        try:
            self._results = Results(jobs, self._registry) if self._registry else None
            agent = self._agent(jobs)
            self._runner = runner = self._make_runner(agent)
            self._stopped = concurrent.futures.Future()
            try:
                await self._work(runner, agent)
            finally:
                self._runner = None
                self._stopped.set_result(None)
        finally:
            self.backend._release()  # noqa: SLF001

    def register_persistent_serializers(self, *serializers: Any) -> None:
        """Keep objects of some types in results beside them, from the next `start` on; see `holdall.serializers`.

        Whoever reads the results registers the same. What is beside a result goes with its task.
        Raises ValidationError for what is no serializer, and for a worker with a `serializer=`, which writes
        results in its own way.
        """
        register(self._registry, serializers, self.serializer)

    async def stop(self) -> None:
        """Let running tasks end, give back what was not begun, and wait for `start` to return.

        From any task or thread; one of this worker's own tasks does not wait, for it is waited for.
        """
        if self._runner is None:
            # A task of the loop that was made for `start` has perhaps not had its first turn.
            await asyncio.sleep(0)
        runner, stopped = self._runner, self._stopped
        if runner is None or stopped is None:
            return
        runner.drain()
        if not runner.is_inside():
            await asyncio.wrap_future(stopped)

    def run(self) -> None:
        """Work as `start` does, without a loop of one's own."""
        asyncio.run(self.start())

    def tally(self) -> tuple[int, int, int]:
        """Return how many tasks run here now, and how many runs completed and failed since `start`."""
        return self._runner.agent.tally() if self._runner else (0, 0, 0)

    def _agent(self, jobs: Any) -> Agent:
        return Agent(
            jobs,
            worker=self.worker_id,
            queues=list(self.queues),
            slots=self.max_concurrency,
            processes=self.processes > 0,
            lease=self.lease,
            poll=self.poll_interval,
            keyset=self.keyset,
            results=self._results,
        )

    def _make_runner(self, agent: Agent) -> Runner:
        serializer = self._results or self.serializer
        if not self.processes:
            return Runner(agent, serializer, self.max_concurrency)
        from holdall._processes import ProcessRunner

        return ProcessRunner(
            agent,
            serializer,
            self.max_concurrency,
            self.processes,
            self.keyset,
            self.imports,
        )

    async def _work(self, runner: Runner, agent: Agent) -> None:
        log.info(
            "Starting worker with max_concurrency=%s, processes=%s, queues=%s, poll_interval=%g, lease=%g",
            *(self.max_concurrency, self.processes, ",".join(self.queues)),
            *(self.poll_interval, self.lease),
        )
        error: BaseException | None = None
        try:
            with handled(runner.loop, runner.signalled), runner.listening():
                try:
                    error = await asyncio.shield(runner.ended)
                except asyncio.CancelledError:
                    await runner.leave()
                    raise
        finally:
            agent.close(wait=runner.ended.done())
            runner.close()
        if error is not None:
            raise error
        log.info("Worker stopped %s", "at once" if runner.hurried else "gracefully")
