"""SyncTaskQueue: no loop, no hanging, Ctrl-C."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

import calls
from holdall import SyncTaskQueue, TaskQueue
from working import SOON, run, working


def test_it_is_a_context_manager_once(backend):
    queue = SyncTaskQueue(backend)
    with queue:
        task = queue.enqueue(calls.add, 1)
        with pytest.raises(RuntimeError, match="already"), queue:
            pass
        assert queue.get_task(task) is not None
    for call in (
        lambda: queue.enqueue(calls.add, 1),
        lambda: queue.get_result(task),
        queue.counts,
        queue.join,
        queue.__enter__,
    ):
        with pytest.raises(RuntimeError, match="closed"):
            call()
    queue.close()


def test_it_needs_no_with_block(backend):
    queue = SyncTaskQueue(backend)
    assert queue.get_task(queue.enqueue(calls.add, 1)).status == "available"
    queue.close()


def test_a_running_loop_is_no_place_for_it(backend):
    queue = SyncTaskQueue(backend)

    async def main():
        for call in (
            lambda: queue.enqueue(calls.add, 1),
            lambda: queue.get_result("a"),
            queue.counts,
            queue.__enter__,
        ):
            with pytest.raises(RuntimeError, match="TaskQueue"):
                call()
        return await asyncio.to_thread(queue.enqueue, calls.add, 1)

    assert run(main)
    queue.close()


def test_a_value_that_is_none_and_no_value(backend, queue):
    task = queue.enqueue(calls.nothing)
    assert queue.get_result(task, timeout=0.01) is None
    with working(backend):
        assert queue.get_result(task, SOON) is None
    assert queue.get_task(task).status == "completed"


def test_bad_arguments_are_told_of(queue):
    for task in (None, 5, b"id"):
        with pytest.raises(TypeError, match="task_id"):
            queue.get_result(task)
    with pytest.raises(ValueError, match="timeout"):
        queue.get_result("a", -1)


def test_both_queues_have_the_same_verbs():
    def verbs(kind):
        return {name for name in dir(kind) if not name.startswith("_")}

    assert verbs(SyncTaskQueue) == verbs(TaskQueue)


@pytest.mark.parametrize("wait", ["queue.get_result(task)", "queue.join()"])
def test_ctrl_c_ends_a_wait(disk_backend, wait):
    program = f"""
import calls, sys
from holdall import SQLiteBackend, SyncTaskQueue
with SyncTaskQueue(SQLiteBackend({disk_backend.path!r}, durability="normal")) as queue:
    task = queue.enqueue(calls.nothing)
    print("waiting", flush=True)
    try:
        {wait}
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout.readline() == "waiting\n"
        time.sleep(0.2)
        began = time.monotonic()
        os.kill(child.pid, signal.SIGINT)
        assert child.stdout.readline() == "interrupted\n"
        took = time.monotonic() - began
        assert child.wait(SOON) == 0
    assert took < 1, "within a tenth of a second, on a machine with nothing else to do"


def test_other_threads_run_while_one_waits(backend, queue):
    task = queue.enqueue(calls.nothing)
    values = []
    waiting = threading.Thread(target=lambda: values.append(queue.get_result(task, SOON)))
    waiting.start()
    count = 0
    until = time.monotonic() + 0.1
    while time.monotonic() < until:
        count += 1
    assert count > 1000
    with working(backend):
        waiting.join(SOON)
    assert values == [None]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.parametrize("durability", ["normal", "full"])
def test_a_forked_child_has_threads_of_its_own(tmp_path, durability):
    from holdall import SQLiteBackend

    backend = SQLiteBackend(tmp_path / "tasks.db", durability=durability)
    with SyncTaskQueue(backend) as queue:
        # All threads of the engine's are running when it forks.
        first = queue.enqueue(calls.add, 1)
        assert queue.get_result(first, 0.01) is None
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                ids = [queue.enqueue(calls.add, n) for n in range(50)]
                code = 0 if queue.get_result(ids[0], 0.01) is None else 2
            finally:
                os._exit(code)
        mine = [queue.enqueue(calls.add, n) for n in range(50)]
        assert queue.get_result(mine[0], 0.01) is None
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        tasks = queue.tasks(limit=1000)
        assert len({task.id for task in tasks}) == len(tasks) == 101, "no id twice"
