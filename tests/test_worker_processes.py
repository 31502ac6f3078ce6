"""Functions in processes of their own."""

import os
import signal
import time
from pathlib import Path

import pytest

import worker_tasks as do
from test_worker_runs import CALLS
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


@pytest.fixture
def backend(tmp_path):
    return backend_at(tmp_path / "tasks.db")


@pytest.fixture
def queue(backend):
    with queueing(backend) as queue:
        yield queue


def exists(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # One that nobody has waited for yet is gone all the same.
    stat = Path(f"/proc/{pid}/stat").read_text()
    return stat.rsplit(")", 1)[1].split()[0] != "Z"


def test_everything_at_once(backend, queue, caplog):
    """One start of processes, for they take their time: what runs, where, and how it fails."""
    np = pytest.importorskip("numpy")
    with working(backend, max_concurrency=3, processes=2):
        ids = {name: queue.enqueue(call, *args) for name, (call, args, _) in CALLS.items()}
        found = {name: queue.get_result(task, timeout=PATIENCE) for name, task in ids.items()}
        assert found == {name: wanted for name, (_, _, wanted) in CALLS.items()}

        here = queue.get_result(queue.enqueue(do.where_async), timeout=PATIENCE)
        assert here == (os.getpid(), "the worker's loop")
        where = {queue.get_result(queue.enqueue(do.where), timeout=PATIENCE)[0] for _ in range(4)}
        assert os.getpid() not in where

        values = np.arange(300_000, dtype="f8")
        large = queue.enqueue(do.double, values)
        np.testing.assert_array_equal(queue.get_result(large, timeout=PATIENCE), values * 2)

        bad = {kind: queue.enqueue(do.fail, kind) for kind in do.KINDS}
        for kind, task in bad.items():
            seen = until(lambda task=task: (seen := queue.get_task(task)).finished_at and seen)
            assert seen.status == "failed", kind
            assert "holdall" not in seen.traceback
        lock = queue.enqueue(do.give_lock)
        seen = until(lambda: (seen := queue.get_task(lock)).finished_at and seen)
        assert "the result of worker_tasks:give_lock: $: _thread.lock" in seen.error

        one, two = queue.enqueue(do.double, 1), queue.enqueue(do.treble, 1)
        for call in (do.add, do.add_slowly):
            task = queue.options(after=[one, two]).enqueue(call, 10)
            assert queue.get_result(task, timeout=PATIENCE) == 15
        task = queue.options(after=[bad["value"]]).enqueue(do.add)
        until(lambda: state_of(queue, task) == "cancelled")


def test_a_process_can_be_stopped_and_may_die(backend, queue, tmp_path):
    with working(backend, max_concurrency=1, processes=2, lease=5):
        # A timeout stops it, and cancelling too.
        log = tmp_path / "log"
        slow = queue.options(timeout=0.3).enqueue(do.doze, 3, str(log))
        seen = until(lambda: (seen := queue.get_task(slow)).finished_at and seen)
        assert seen.error.startswith("failed: TimeoutError")
        stopped = queue.enqueue(do.spin, 60)
        until(lambda: state_of(queue, stopped) == "running")
        time.sleep(0.1)
        assert queue.cancel(stopped)
        until(lambda: state_of(queue, stopped) == "cancelled", 5)
        # One that dies counts as lost, at once.
        once = queue.enqueue(do.die_once, str(tmp_path / "died"))
        assert queue.get_result(once, timeout=PATIENCE) == "alive"
        assert (queue.get_task(once).lost, queue.get_task(once).starts) == (1, 2)
        always = queue.options(max_lost=1).enqueue(do.die)
        seen = until(lambda: (seen := queue.get_task(always)).finished_at and seen)
        assert (seen.status, seen.lost) == ("dead", 2)
        time.sleep(0.05)
        assert len(lines(log)) == 1, "it was stopped before it was done"


def test_as_many_run_at_once_as_there_are_processes(backend, queue, tmp_path):
    log = tmp_path / "log"
    ids = queue.enqueue_many([(do.doze, (0.3, str(log)))] * 6)
    with working(backend, max_concurrency=1, processes=2):
        until(lambda: lines(log))
        while any(state_of(queue, task) != "completed" for task in ids):
            assert len(queue.tasks(status="running")) <= 2
            time.sleep(0.02)
    pids = {line.split()[1] for line in lines(log)}
    assert len(pids) == 2


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="it looks into /proc")
def test_processes_end_with_their_worker(backend, queue, tmp_path):
    log = tmp_path / "log"
    process = worker_process(backend.path, processes=2)
    try:
        queue.enqueue_many([(do.spin_noted, (60, str(log)))] * 2)
        until(lambda: len(lines(log)) == 2)
        children = [int(line.split()[1]) for line in lines(log)]
        assert all(map(exists, children))
        process.kill()
        until(lambda: not any(map(exists, children)), 5)
    finally:
        end(process)


def test_signals_are_the_workers(backend, queue, tmp_path):
    """A terminal sends Ctrl-C to all of them."""
    log = tmp_path / "log"
    process = worker_process(backend.path, processes=1)
    try:
        task = queue.enqueue(do.doze, 0.6, str(log))
        child = int(until(lambda: lines(log))[0].split()[1])
        for pid in (child, process.pid):
            os.kill(pid, signal.SIGINT)
        out, said = process.communicate(timeout=PATIENCE)
    finally:
        end(process)
    assert (process.returncode, out) == (0, "left\n"), said
    assert state_of(queue, task) == "completed"
    assert "KeyboardInterrupt" not in said


def test_a_script_that_cannot_be_imported_says_so(backend, queue, tmp_path):
    import subprocess
    import sys

    script = tmp_path / "script.py"
    script.write_text(
        "import sys\nfrom holdall.backend import SQLiteBackend\nfrom holdall.worker import Worker\n"
        "Worker(SQLiteBackend(sys.argv[1]), processes=1).run()\n"
    )
    task = queue.enqueue(do.double, 1)
    done = subprocess.run(
        [sys.executable, str(script), backend.path],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 1
    assert '`if __name__ == "__main__":`' in done.stderr
    seen = queue.get_task(task)
    assert (seen.status, seen.lost) == ("available", 0)
