"""Workers that die, stop, stall and meet: every task runs, and what counts is what one of them says."""

import os
import random
import signal
import time

import pytest

import worker_tasks as do
from holdall.queue import TaskQueue
from processes import start
from working import backend_at, end, lines, queueing, state_of, until, worker_process, working

SEED = int(os.environ.get("HOLDALL_SEED", random.randrange(2**32)))
POSIX = pytest.mark.skipif(os.name != "posix", reason="there are no such signals here")


@pytest.fixture
def backend(tmp_path):
    return backend_at(tmp_path / "tasks.db")


@pytest.fixture
def queue(backend):
    with queueing(backend) as queue:
        yield queue


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log"


def test_four_workers_run_each_task_once(backend, queue, log):
    calls = [((do.note_async, do.note)[n % 2], (str(log), f"{n}")) for n in range(2_000)]
    ids = queue.enqueue_many(calls)
    workers = [worker_process(backend.path, max_concurrency=n) for n in (1, 4, 8, 16)]
    try:
        queue.join(ids, timeout=60, progress=False)
    finally:
        for worker in workers:
            end(worker)
    assert sorted(map(int, lines(log))) == list(range(2_000))
    assert queue.counts()["completed"] == 2_000
    seen = queue.tasks(limit=2_000)
    assert {(task.starts, task.lost) for task in seen} == {(1, 0)}
    assert len({task.worker for task in seen}) == 4


def test_a_task_longer_than_three_leases_runs_once(backend, queue, log):
    workers = [worker_process(backend.path, max_concurrency=2, lease=1) for _ in range(2)]
    try:
        ids = [queue.enqueue(call, 3.3, str(log)) for call in (do.doze, do.nap)]
        queue.join(ids, timeout=30, progress=False)
    finally:
        for worker in workers:
            end(worker)
    assert sorted(line.split()[0] for line in lines(log)) == ["begun", "begun", "done", "done"]
    assert [queue.get_task(task).starts for task in ids] == [1, 1]


def test_a_busy_interpreter_costs_no_lease(backend, queue, log):
    """It holds the GIL in C for three leases: no other thread of Python runs."""
    busy = worker_process(backend.path, lease=1, poll_interval=0.1)
    other = None
    try:
        task = queue.enqueue(do.hold_the_interpreter, 3.3, str(log))
        until(lambda: lines(log))
        other = worker_process(backend.path, lease=1, poll_interval=0.1)
        queue.join([task], timeout=60, progress=False)
    finally:
        end(busy)
        if other:
            end(other)
    assert [line.split()[0] for line in lines(log)] == ["begun", "done"]
    seen = queue.get_task(task)
    assert (seen.status, seen.starts, seen.lost) == ("completed", 1, 0)


@POSIX
def test_a_killed_worker_is_succeeded(backend, queue, log):
    first = worker_process(backend.path, lease=1)
    try:
        task = queue.enqueue(do.nap, 0.3, str(log))
        until(lambda: lines(log))
    finally:
        end(first)
    with working(backend, lease=1):
        assert queue.get_result(task, timeout=20) == 0.3
    seen = queue.get_task(task)
    assert (seen.starts, seen.lost, seen.retried) == (2, 1, 0)


@POSIX
def test_killed_at_random_they_lose_nothing(backend, queue, log):
    print(f"HOLDALL_SEED={SEED}")
    chance = random.Random(SEED)
    options = queue.options(max_lost=1000)
    calls = [((do.nap, do.doze)[n % 2], (chance.uniform(0, 0.05),)) for n in range(200)]
    ids = options.enqueue_many(calls)

    def worker():
        return worker_process(backend.path, max_concurrency=4, lease=1, poll_interval=0.2)

    workers = [worker() for _ in range(2)]
    kills = 0
    try:
        limit = time.monotonic() + 60
        while queue.counts()["completed"] < 200:
            assert time.monotonic() < limit, queue.counts()
            time.sleep(chance.uniform(0.3, 0.8))
            if kills < 8:
                victim = chance.randrange(2)
                end(workers[victim])
                workers[victim] = worker()
                kills += 1
    finally:
        for process in workers:
            end(process)
    seen = [queue.get_task(task) for task in ids]
    assert {task.status for task in seen} == {"completed"}
    for task in seen:
        # Every start but the last was lost, and nothing else happened.
        assert (task.starts, task.retried) == (task.lost + 1, 0)
        assert queue.get_result(task.id) is not None


@POSIX
def test_a_zombie_writes_nothing(backend, queue, log):
    """One that is stopped for longer than its lease, and goes on when others have done its work."""
    zombie = worker_process(backend.path, lease=1, max_concurrency=2)
    try:
        tasks = [queue.enqueue(call, 0.5, str(log)) for call in (do.nap, do.doze)]
        until(lambda: len(lines(log)) == 2)
        zombie.send_signal(signal.SIGSTOP)
        with working(backend, lease=1, max_concurrency=2):
            queue.join(tasks, timeout=20, progress=False)
            before = [queue.get_task(task) for task in tasks]
            zombie.send_signal(signal.SIGCONT)
            until(lambda: len([line for line in lines(log) if "done" in line]) >= 3)
            time.sleep(0.3)
        assert [queue.get_task(task) for task in tasks] == before
        zombie.send_signal(signal.SIGTERM)
        _, said = zombie.communicate(timeout=20)
    finally:
        end(zombie)
    assert [(task.status, task.starts, task.lost) for task in before] == [("completed", 2, 1)] * 2
    assert said.count("LeaseLostError") == 2, said


@POSIX
def test_a_zombie_whose_task_runs_elsewhere_is_told_to_stop(backend, queue, log):
    zombie = worker_process(backend.path, lease=1)
    try:
        task = queue.enqueue(do.nap, 4, str(log))
        until(lambda: lines(log))
        zombie.send_signal(signal.SIGSTOP)
        with working(backend, lease=1):
            until(lambda: queue.get_task(task).starts == 2)
            zombie.send_signal(signal.SIGCONT)
            until(lambda: any("cancelled" in line for line in lines(log)), 3)
            assert state_of(queue, task) == "running"
            queue.cancel(task)
    finally:
        end(zombie)


@POSIX
def test_a_forked_child_gives_no_sign_of_life(backend, queue, log):
    """It inherits the worker, and its parent dies: the task must be taken for lost."""
    code = """
    import threading
    from holdall.backend import SQLiteBackend
    from holdall.worker import Worker
    worker = Worker(SQLiteBackend(sys.argv[1], durability="normal"), lease=1)
    threading.Thread(target=worker.run, daemon=True).start()
    sys.stdin.readline()
    if os.fork() == 0:
        os.read(0, 1)
        os._exit(0)
    print("forked", flush=True)
    time.sleep(60)
    """
    process = start(code, backend.path)
    try:
        task = queue.enqueue(do.nap, 0.2, str(log))
        slow = queue.enqueue(do.nap, 30, str(log))
        until(lambda: len(lines(log)) == 3)
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "forked\n"
        process.kill()
        with working(backend, lease=1):
            until(lambda: queue.get_task(slow).starts == 2, 5)
            queue.cancel(slow)
    finally:
        end(process)
    assert queue.get_task(task).starts == 1


def test_a_backend_that_is_closed_ends_start(tmp_path):
    import asyncio

    async def main():
        backend = backend_at(":memory:")
        from holdall.worker import Worker

        worker = Worker(backend, poll_interval=0.1)
        task = asyncio.create_task(worker.start())
        await asyncio.sleep(0.1)
        backend._jobs.close()
        with pytest.raises(ValueError, match="closed"):
            await asyncio.wait_for(task, 10)

    asyncio.run(main())


def test_a_woken_worker_does_not_wait_for_its_poll(backend):
    import asyncio

    from holdall.worker import Worker

    async def main():
        async with TaskQueue(backend) as queue:
            worker = asyncio.create_task(Worker(backend, poll_interval=60).start())
            await queue.get_result(await queue.enqueue(do.treble, 1), timeout=10)
            await asyncio.sleep(0.2)
            began = time.monotonic()
            await queue.get_result(await queue.enqueue(do.treble, 1), timeout=10)
            assert time.monotonic() - began < 1
            # One with a time of its own, of which nothing tells when it has come.
            began = time.monotonic()
            from datetime import UTC, datetime, timedelta

            task = await queue.enqueue(do.treble, 1, eta=datetime.now(UTC) + timedelta(seconds=0.4))
            await queue.get_result(task, timeout=10)
            assert 0.35 < time.monotonic() - began < 2
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)

    asyncio.run(main())
