"""The queues that are measured, each in a process of its own, with its defaults but for what is named.

Every method that measures gives seconds. A task returns a number, so that each queue keeps a result.
"""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

import queue_tasks

# Looking more often than that would take time from who works.
LOOK = 0.001
PATIENCE = 100.0


class Peer(Protocol):
    """A queue in a folder."""

    def enqueue(self, count: int) -> float:
        """Enqueue so many tasks, one by one."""

    def fill(self, count: int) -> float | None:
        """Enqueue so many at once; None where there is nothing but one by one."""

    def run(self, count: int, at_once: int) -> float:
        """Run what is waiting, from starting the worker to having kept the last result."""

    def serve(self) -> None:
        """Start a worker that goes on."""

    def lone(self) -> float:
        """Enqueue a task and wait for its result, while a worker idles."""

    def close(self) -> None: ...


def until(done: Callable[[], bool]) -> float:
    """Wait for something, and give the time at which it was so."""
    ends = perf_counter() + PATIENCE
    while not done():
        if perf_counter() > ends:
            raise TimeoutError(f"not done after {PATIENCE:g} s")
        time.sleep(LOOK)
    return perf_counter()


def until_run(count: int, kept: Callable[[], int]) -> float:
    """Wait until so many tasks have run, and then until so many results are kept."""
    until(lambda: queue_tasks.seen >= count)
    return until(lambda: kept() >= count)


class Loop:
    """An event loop in a thread, which goes on between the calls."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def begin(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.begin(work).result(PATIENCE)


class Asynchronous:
    """What holdall and sitq have in common, as the one took the names of the other."""

    def __init__(self) -> None:
        self.loop = Loop()
        self.queue: Any = None
        self.worker: Any = None

    def make_worker(self, at_once: int) -> Any:
        raise NotImplementedError

    def kept(self) -> int:
        """How many results are kept."""
        raise NotImplementedError

    def enqueue(self, count: int) -> float:
        async def work() -> float:
            enqueue, given = self.queue.enqueue, queue_tasks.given
            begun = perf_counter()
            for number in range(count):
                await enqueue(given, number)
            return perf_counter() - begun

        return self.loop.do(work())

    def run(self, count: int, at_once: int) -> float:
        before, ran = self.kept(), queue_tasks.seen
        self.worker = self.make_worker(at_once)
        begun = perf_counter()
        working = self.loop.begin(self.worker.start())
        ended = until_run(ran + count, lambda: self.kept() - before + ran)
        self.loop.do(self.worker.stop())
        working.result(PATIENCE)
        return ended - begun

    def serve(self) -> None:
        self.worker = self.make_worker(1)
        self.loop.begin(self.worker.start())

    def lone(self) -> float:
        async def work() -> float:
            begun = perf_counter()
            result = await self.queue.get_result(await self.queue.enqueue(queue_tasks.given, 7))
            took = perf_counter() - begun
            assert self.queue.deserialize_result(result) == 7
            return took

        return self.loop.do(work())

    def close(self) -> None:
        if self.worker is not None:
            self.loop.do(self.worker.stop())
        self.loop.do(self.queue.close())


class Holdall(Asynchronous):
    def __init__(self, folder: Path, durability: str) -> None:
        from holdall import SQLiteBackend, TaskQueue

        super().__init__()
        self.path = folder / "tasks.db"
        self.backend = SQLiteBackend(self.path, durability=durability)
        self.queue = TaskQueue(self.backend)
        self.loop.do(self.queue.__aenter__())

    def make_worker(self, at_once: int) -> Any:
        from holdall.worker import Worker

        return Worker(self.backend, max_concurrency=at_once)

    def kept(self) -> int:
        return self.loop.do(self.queue.counts())["completed"]

    def fill(self, count: int) -> float:
        async def work() -> float:
            calls = [(queue_tasks.given, (number,)) for number in range(count)]
            begun = perf_counter()
            await self.queue.enqueue_many(calls)
            return perf_counter() - begun

        return self.loop.do(work())

    def claim(self, count: int) -> float:
        """Claim, run and complete so many of what is waiting, one after the other, once the worker is at it."""
        worker = self.make_worker(1)
        working = self.loop.begin(worker.start())
        warm = queue_tasks.seen + 20
        begun = until(lambda: queue_tasks.seen >= warm)
        first = queue_tasks.seen
        ended = until(lambda: queue_tasks.seen >= first + count)
        took = (ended - begun) / (queue_tasks.seen - first) * count
        self.loop.do(worker.stop())
        working.result(PATIENCE)
        return took

    def deepen(self, waiting: int, finished: int) -> None:
        """Make it a queue with a past and a backlog: enqueued by `enqueue_many`, the past by SQL.

        What is finished are copies of the rows of tasks that ran, under ids of their own.
        """
        self.fill(1)
        self.run(1, 1)
        self.close()
        with sqlite3.connect(self.path) as database:
            columns = [row[1] for row in database.execute("PRAGMA table_info(tasks)")]
            rest = ", ".join(name for name in columns if name not in ("n", "id"))
            database.execute(
                f"""WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?)
                INSERT INTO tasks (id, {rest})
                SELECT printf('past-%d', number.n), {rest} FROM number
                JOIN (SELECT * FROM tasks WHERE state = 5 LIMIT 1)""",
                (finished,),
            )
        database.close()
        self.__init__(self.path.parent, "normal")  # type: ignore[misc]
        for begin in range(0, waiting, 20_000):
            self.fill(min(20_000, waiting - begin))


class Sitq(Asynchronous):
    def __init__(self, folder: Path) -> None:
        import loguru
        import sitq

        loguru.logger.remove()
        super().__init__()
        self.sitq, self.path = sitq, folder / "tasks.db"
        self.queue = sitq.TaskQueue(sitq.SQLiteBackend(f"sqlite+aiosqlite:///{self.path}"))
        self.loop.do(self.queue.backend.connect())

    def make_worker(self, at_once: int) -> Any:
        backend = self.sitq.SQLiteBackend(f"sqlite+aiosqlite:///{self.path}")
        return self.sitq.Worker(backend, max_concurrency=at_once)

    def kept(self) -> int:
        with sqlite3.connect(self.path) as database:
            return database.execute("SELECT count(*) FROM results").fetchone()[0]

    def fill(self, count: int) -> None:
        self.enqueue(count)


class Huey:
    def __init__(self, folder: Path, fsync: bool) -> None:
        from huey import SqliteHuey

        self.huey = SqliteHuey(filename=str(folder / "huey.db"), fsync=fsync)
        self.given = self.huey.task()(queue_tasks.given)
        self.consumer: Any = None

    def enqueue(self, count: int) -> float:
        given = self.given
        begun = perf_counter()
        for number in range(count):
            given(number)
        return perf_counter() - begun

    def fill(self, count: int) -> None:
        self.enqueue(count)

    def run(self, count: int, at_once: int) -> float:
        before, ran = self.huey.storage.result_store_size(), queue_tasks.seen
        consumer = self.huey.create_consumer(workers=at_once, periodic=False)
        begun = perf_counter()
        consumer.start()
        ended = until_run(ran + count, lambda: self.huey.storage.result_store_size() - before + ran)
        consumer.stop(graceful=True)
        return ended - begun

    def serve(self) -> None:
        self.consumer = self.huey.create_consumer(periodic=False)
        self.consumer.start()

    def lone(self) -> float:
        begun = perf_counter()
        assert self.given(7).get(blocking=True) == 7
        return perf_counter() - begun

    def close(self) -> None:
        if self.consumer is not None:
            self.consumer.stop(graceful=True)


class Flexiq:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.queue = self.make(1)
        self.thread: threading.Thread | None = None

    def make(self, at_once: int) -> Any:
        import flexiq

        queue = flexiq.Queue(db_path=str(self.folder / "flexiq.db"), workers=at_once)
        self.given = queue.task(name="given")(queue_tasks.given)
        return queue

    def enqueue(self, count: int) -> float:
        enqueue = self.given.delay
        begun = perf_counter()
        for number in range(count):
            enqueue(number)
        return perf_counter() - begun

    def fill(self, count: int) -> float:
        calls = [(number,) for number in range(count)]
        begun = perf_counter()
        self.queue.enqueue_many("given", calls)
        return perf_counter() - begun

    def work(self, queue: Any) -> threading.Thread:
        thread = threading.Thread(target=queue.run_worker, daemon=True)
        thread.start()
        return thread

    def kept(self) -> int:
        return self.queue.stats()["completed"]

    def run(self, count: int, at_once: int) -> float:
        before, ran = self.kept(), queue_tasks.seen
        queue = self.make(at_once)
        begun = perf_counter()
        thread = self.work(queue)
        ended = until_run(ran + count, lambda: self.kept() - before + ran)
        queue.shutdown()
        thread.join(PATIENCE)
        return ended - begun

    def serve(self) -> None:
        self.thread = self.work(self.queue)

    def lone(self) -> float:
        begun = perf_counter()
        assert self.given.delay(7).result() == 7
        return perf_counter() - begun

    def close(self) -> None:
        if self.thread is not None:
            self.queue.shutdown()
            self.thread.join(PATIENCE)


MAKERS: dict[str, Callable[[Path], Peer]] = {
    "holdall, normal": lambda folder: Holdall(folder, "normal"),
    "holdall, full": lambda folder: Holdall(folder, "full"),
    "huey, fsync=False": lambda folder: Huey(folder, fsync=False),
    "huey, fsync=True": lambda folder: Huey(folder, fsync=True),
    "FlexiQ": Flexiq,
    "sitq": Sitq,
}
