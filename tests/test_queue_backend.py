"""SQLiteBackend: what it opens, who closes it."""

import asyncio
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import calls
from holdall import SQLiteBackend, SyncTaskQueue, TaskQueue, ValidationError
from working import SOON, run, working


def test_importing_holdall_imports_no_asyncio():
    program = "import sys, holdall; assert 'asyncio' not in sys.modules; holdall.TaskQueue"
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("a.db", "a.db"),
        (Path("x/a.db"), str(Path("x/a.db"))),
        ("sqlite:///a.db", "a.db"),
        ("sqlite:////srv/a.db", "/srv/a.db"),
        ("sqlite+aiosqlite:///a.db", "a.db"),
        (":memory:", ":memory:"),
        ("sqlite:///:memory:", ":memory:"),
        ("sqlite+aiosqlite:///:memory:", ":memory:"),
        ("sqlite://", ":memory:"),
    ],
)
def test_paths_and_uris(given, path):
    assert SQLiteBackend(given).path == path


@pytest.mark.parametrize("given", [None, 5, "", b"a.db", "redis://host", "file:///a.db"])
def test_what_is_no_path_is_refused(given):
    with pytest.raises(ValidationError):
        SQLiteBackend(given)


def test_options_are_checked():
    with pytest.raises(ValidationError, match="durability"):
        SQLiteBackend("a.db", durability="off")
    assert SQLiteBackend("a.db").durability == "full"


@pytest.mark.parametrize("backend", [None, "tasks.db", object()])
def test_a_queue_needs_a_backend(backend):
    for kind in (TaskQueue, SyncTaskQueue):
        with pytest.raises(ValidationError, match="SQLiteBackend"):
            kind(backend)


def open_files():
    return {os.path.realpath(path) for path in Path("/proc/self/fd").iterdir()}


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="there is no list of open files")
def test_the_last_user_closes_it(disk_backend):
    def is_open():
        return os.path.realpath(disk_backend.path) in open_files()

    one, two = SyncTaskQueue(disk_backend), SyncTaskQueue(disk_backend)
    assert not is_open()
    task = one.enqueue(calls.add, 1)
    two.enqueue(calls.add, 2)
    assert is_open()
    with working(disk_backend):
        one.close()
        one.close()
        assert two.get_result(task, SOON) == 2
        two.close()
        assert is_open()
    assert not is_open()
    with SyncTaskQueue(disk_backend) as three:
        assert three.get_result(task) == 2, "it may be used again"
    assert not is_open()


def test_it_may_be_held_open_by_itself(disk_backend):
    async def main():
        async with disk_backend:
            assert disk_backend._users == 1
            async with TaskQueue(disk_backend) as queue:
                await queue.enqueue(calls.nothing)
            assert disk_backend._users == 1
        assert disk_backend._users == 0
        await disk_backend.close()

    run(main)


def test_memory_stays_as_long_as_the_object():
    backend = SQLiteBackend(":memory:")
    with SyncTaskQueue(backend) as queue:
        task = queue.enqueue(calls.add, 1)
    with working(backend):
        pass
    with SyncTaskQueue(backend) as queue, working(backend):
        assert queue.get_result(task, SOON) == 2
    with SyncTaskQueue(SQLiteBackend(":memory:")) as other:
        assert other.get_task(task) is None


def test_it_is_pickled_by_its_path(disk_backend):
    copy = pickle.loads(pickle.dumps(disk_backend))
    assert (copy.path, copy.durability) == (disk_backend.path, "normal")
    with SyncTaskQueue(disk_backend) as one, SyncTaskQueue(copy) as two:
        assert two.get_task(one.enqueue(calls.nothing)) is not None
    with pytest.raises(TypeError, match="this process alone"):
        pickle.dumps(SQLiteBackend(":memory:"))


def test_another_process_works(disk_backend):
    """What is enqueued here and run there comes back within moments."""
    program = f"""
from holdall import SQLiteBackend
from holdall.worker import Worker
Worker(SQLiteBackend({disk_backend.path!r}, durability="normal")).run()
"""
    with SyncTaskQueue(disk_backend) as queue:
        queue.counts()
        child = subprocess.Popen([sys.executable, "-c", program])
        try:
            for number in range(20):
                assert queue.get_result(queue.enqueue(calls.add, number), SOON) == number + 1
        finally:
            child.terminate()
            assert child.wait(SOON) == 0


def test_two_loops_share_a_backend(backend):
    async def main():
        async with TaskQueue(backend) as queue:
            task = await queue.enqueue(calls.identity, 5)
            return queue.deserialize_result(await queue.get_result(task, SOON))

    async def both():
        return await asyncio.gather(*(asyncio.to_thread(asyncio.run, main()) for _ in range(4)))

    with working(backend):
        assert run(both) == [5] * 4
