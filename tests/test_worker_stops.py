"""Timeouts, cancelled tasks, draining and signals."""

import asyncio
import os
import signal
import time

import pytest

import worker_tasks as do
from holdall.queue import TaskQueue
from holdall.worker import Worker
from processes import start
from working import (
    PATIENCE,
    backend_at,
    end,
    lines,
    queueing,
    state_of,
    until,
    worker_process,
    working,
)

POSIX = pytest.mark.skipif(os.name != "posix", reason="there are no such signals here")


@pytest.fixture
def backend(tmp_path):
    return backend_at(tmp_path / "tasks.db")


@pytest.fixture
def queue(backend):
    with queueing(backend) as queue:
        yield queue


def ended(queue, task, patience=PATIENCE):
    return until(
        lambda: (seen := queue.get_task(task)).finished_at and seen,
        patience,
    )


def test_a_worker_that_was_only_just_started_stops(backend):
    async def main():
        worker = Worker(backend)
        running = asyncio.create_task(worker.start())
        await worker.stop()
        await asyncio.wait_for(running, PATIENCE)

    asyncio.run(main())


# Timeouts


@pytest.mark.parametrize("call", [do.nap, do.doze])
def test_a_task_that_takes_too_long_fails_in_time(backend, queue, call):
    with working(backend, max_concurrency=2):
        began = time.monotonic()
        task = queue.options(timeout=0.2).enqueue(call, 1.5)
        seen = ended(queue, task)
        assert time.monotonic() - began < 1.4
        assert seen.error.startswith("failed: TimeoutError: it ran for longer")
        quick = queue.options(timeout=20).enqueue(call, 0.01)
        assert queue.get_result(quick, timeout=PATIENCE) == 0.01


def test_a_timeout_may_be_retried(backend, queue, tmp_path):
    path = tmp_path / "log"
    with working(backend, max_concurrency=1):
        options = queue.options(timeout=0.1, retries=2, backoff=0)
        seen = ended(queue, options.enqueue(do.nap, 5, str(path)))
    assert (seen.status, seen.starts, seen.retried) == ("failed", 3, 2)
    assert [line.split()[0] for line in lines(path)] == ["begun", "cancelled"] * 3


def test_a_thread_that_is_stuck_keeps_its_slot(backend, queue):
    with working(backend, max_concurrency=1):
        stuck = queue.options(timeout=0.1).enqueue(do.doze, 0.8)
        behind = queue.enqueue(do.double, 1)
        assert ended(queue, stuck).status == "failed"
        time.sleep(0.2)
        assert state_of(queue, behind) == "available"
        assert queue.get_result(behind, timeout=PATIENCE) == 2
        # What it gave in the end came too late.
        assert state_of(queue, stuck) == "failed"


def test_a_coroutine_that_does_not_let_itself_be_cancelled(backend, queue, monkeypatch):
    monkeypatch.setattr("holdall._orders.GRACE", 0.2)
    with working(backend, max_concurrency=1):
        stuck = queue.options(timeout=0.1).enqueue(do.shrug_off, 1)
        behind = queue.enqueue(do.double, 1)
        assert ended(queue, stuck).error.startswith("failed: TimeoutError")
        assert state_of(queue, behind) == "available"
        assert queue.get_result(behind, timeout=PATIENCE) == 2


# Cancelling


@pytest.mark.parametrize("call", [do.nap, do.doze])
def test_a_running_task_is_cancelled(backend, queue, tmp_path, call):
    path = tmp_path / "log"
    with working(backend, max_concurrency=1):
        task = queue.enqueue(call, 1.5, str(path))
        until(lambda: lines(path))
        began = time.monotonic()
        assert queue.cancel(task)
        seen = ended(queue, task)
        assert time.monotonic() - began < 1
        assert seen.status == "cancelled"
        assert not queue.cancel(task)
        assert queue.get_result(queue.enqueue(do.double, 1), timeout=PATIENCE) == 2
    if call is do.nap:
        assert lines(path)[1].startswith("cancelled")
    assert state_of(queue, task) == "cancelled"


def test_another_process_cancels(backend, queue, tmp_path):
    path = tmp_path / "log"
    process = worker_process(backend.path)
    try:
        task = queue.enqueue(do.nap, 60, str(path))
        until(lambda: lines(path))
        assert queue.cancel(task)
        assert ended(queue, task, 5).status == "cancelled"
    finally:
        end(process)


# Draining


def test_stop_waits_for_what_runs_and_gives_back_the_rest(backend, queue, tmp_path):
    path = tmp_path / "log"
    with working(backend, max_concurrency=2):
        running = [queue.enqueue(call, 0.5, str(path)) for call in (do.nap, do.doze)]
        until(lambda: len(lines(path)) == 2)
        waiting = queue.enqueue_many([do.nap, do.nap])
    assert [state_of(queue, task) for task in running] == ["completed"] * 2
    for task in map(queue.get_task, waiting):
        assert (task.status, task.starts, task.lost) == ("available", 0, 0)


@POSIX
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains(backend, queue, tmp_path, number):
    path = tmp_path / "log"
    process = worker_process(backend.path, max_concurrency=2)
    try:
        running = [queue.enqueue(call, 0.6, str(path)) for call in (do.nap, do.doze)]
        until(lambda: len(lines(path)) == 2)
        waiting = queue.enqueue(do.nap, 0)
        process.send_signal(number)
        out, said = process.communicate(timeout=PATIENCE)
    finally:
        end(process)
    assert (process.returncode, out) == (0, "left\n"), said
    assert [state_of(queue, task) for task in running] == ["completed"] * 2
    assert state_of(queue, waiting) == "available"
    assert "Worker stopped gracefully" in said


@POSIX
def test_the_second_signal_stops_at_once(backend, queue, tmp_path):
    path = tmp_path / "log"
    process = worker_process(backend.path, max_concurrency=2, lease=30)
    try:
        nap, doze = (queue.enqueue(call, 50, str(path)) for call in (do.nap, do.doze))
        until(lambda: len(lines(path)) == 2)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        out, said = process.communicate(timeout=10)
    finally:
        end(process)
    assert (process.returncode, out) == (0, "left\n"), said
    # What could be stopped was given back, and has lost nothing by it.
    seen = queue.get_task(nap)
    assert (seen.status, seen.lost, seen.retried) == ("available", 0, 0)
    # Nobody can stop a thread: the lease says when it is over.
    assert state_of(queue, doze) == "running"


@POSIX
def test_signals_are_as_they_were_afterwards(backend):
    def mine(number, frame):
        raise AssertionError

    async def main():
        worker = Worker(backend)
        task = asyncio.create_task(worker.start())
        await asyncio.sleep(0.1)
        during = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
        await worker.stop()
        await task
        return during, (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT))

    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    during, after = asyncio.run(main())
    assert during[0] is not before[0]
    assert during[1] is not before[1]
    assert after[0] is before[0]
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
    signal.signal(signal.SIGTERM, mine)
    try:
        during, after = asyncio.run(main())
        assert during[0] is after[0] is mine
    finally:
        signal.signal(signal.SIGTERM, before[0])


async def count_of(queue, state, count):
    while (await queue.counts())[state] < count:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    # What is claimed is begun in a moment.
    await asyncio.sleep(0.05)


def test_whoever_cancels_start_gets_its_tasks_back(backend):
    async def main():
        async with TaskQueue(backend) as queue:
            worker = Worker(backend, max_concurrency=2)
            start = asyncio.create_task(worker.start())
            task = await queue.enqueue(do.nap, 50)
            await count_of(queue, "running", 1)
            start.cancel()
            with pytest.raises(asyncio.CancelledError):
                await start
            return await queue.get_task(task)

    seen = asyncio.run(main())
    assert (seen.status, seen.lost) == ("available", 0)


def test_a_program_that_ends_takes_its_worker_along(backend):
    """`asyncio.run` cancels all there is on its loop, the worker's tasks before the worker, or after."""

    async def main():
        async with TaskQueue(backend) as queue:
            main.worker = asyncio.create_task(Worker(backend, max_concurrency=5).start())
            main.ids = await queue.enqueue_many([(do.nap, (50,))] * 5)
            await count_of(queue, "running", 5)

    # In which order is left to chance.
    for _ in range(5):
        asyncio.run(main())
        with queueing(backend) as queue:
            seen = [queue.get_task(task) for task in main.ids]
            assert {(task.status, task.lost, task.retried) for task in seen} == {
                ("available", 0, 0)
            }
            for task in main.ids:
                queue.cancel(task)


def test_a_program_may_end_without_stopping_its_worker(backend, queue, tmp_path):
    """Neither its threads nor a function that never returns keep the interpreter."""
    code = """
    import threading
    from holdall import SQLiteBackend, Worker
    worker = Worker(SQLiteBackend(sys.argv[1], durability="normal"), max_concurrency=3)
    threading.Thread(target=worker.run, daemon=True).start()
    sys.stdin.readline()
    """
    log = tmp_path / "log"
    process = start(code, backend.path)
    try:
        for call in (do.nap, do.doze, do.spin_noted):
            queue.enqueue(call, 60, str(log))
        until(lambda: len(lines(log)) == 3)
        out, said = process.communicate("\n", timeout=20)
    finally:
        end(process)
    assert (process.returncode, out) == (0, ""), said
