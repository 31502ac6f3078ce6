"""Forged, altered and copied messages run nothing, and are told of. The judge is an audit hook."""

import subprocess
import sys

import pytest

import calls
from holdall import SyncTaskQueue, UntrustedPayloadError
from holdall._holdall import keyset_new
from processes import finish, start
from working import SOON, working

# In another process: two SQLites in one would undo each other's locks.
CHANGES = """
import sqlite3
database = sqlite3.connect(sys.argv[1], timeout=30)
database.create_function("flipped", 2, lambda data, at: data[:at] + bytes([data[at] ^ 0x20]) + data[at + 1:])
with database:
    for statement in sys.stdin.read().split(";"):
        assert database.execute(statement).rowcount == 1, statement
database.close()
"""


def change(backend, *statements):
    done = start(CHANGES, backend.path)
    done.stdin.write(";".join(statements))
    finish(done)


@pytest.fixture
def two(disk_backend):
    with SyncTaskQueue(disk_backend) as queue:
        for task in ("one", "two"):
            queue.options(task_id=task).enqueue(calls.add, 1)
    return disk_backend


def refused(backend, task, reason):
    with SyncTaskQueue(backend) as queue, working(backend):
        queue.join([task], SOON)
        found = queue.get_task(task)
        assert (found.status, found.starts) == ("failed", 1)
        assert reason in found.error
        # And the worker lives on.
        assert queue.get_result(queue.enqueue(calls.add, 5), SOON) == 6


MOVE = (
    "UPDATE tasks SET (message_header, message) = "
    "(SELECT {0}_header, {0} FROM tasks WHERE id='{1}') WHERE id='{2}'"
)


def test_a_message_of_another_task(two):
    change(two, MOVE.format("message", "one", "two"))
    refused(two, "two", "UntrustedPayloadError")


def test_every_altered_byte(two):
    # What is altered is a header of 44 bytes and a body of 26.
    ids = [f"altered {number:03}" for number in range(44 + 26)]
    with SyncTaskQueue(two) as queue:
        queue.options(task_id=ids).enqueue_many([(calls.add, (1,))] * len(ids))
    changes = []
    for number, task in enumerate(ids):
        column, at = ("message_header", number) if number < 44 else ("message", number - 44)
        changes.append(f"UPDATE tasks SET {column} = flipped({column}, {at}) WHERE id='{task}'")
    change(two, *changes)
    with SyncTaskQueue(two) as queue, working(two, max_concurrency=8):
        queue.join(ids, SOON)
        for task in ids:
            found = queue.get_task(task)
            assert found.status == "failed", task
            assert found.error.split(":")[1].strip().split(".")[-1] in (
                "UntrustedPayloadError",
                "UnknownKey",
                "CorruptFrame",
                "NotAFrame",
                "UnsupportedVersion",
                "LimitExceeded",
            ), found.error


def test_a_result_in_the_place_of_a_message(two):
    with SyncTaskQueue(two) as queue, working(two):
        queue.join(timeout=SOON)
        queue.pause()
        queue.options(task_id="three").enqueue(calls.add, 1)
        change(two, MOVE.format("result", "one", "three"))
        queue.resume()
        queue.join(timeout=SOON)
        assert "UntrustedPayloadError" in queue.get_task("three").error


def test_a_result_of_another_start_or_task(two):
    with SyncTaskQueue(two) as queue:
        with working(two):
            queue.join(timeout=SOON)
        change(
            two,
            "UPDATE tasks SET (result_header, result) = "
            "(SELECT result_header, result FROM tasks WHERE id='one') WHERE id='two'",
            "UPDATE tasks SET start = start + 1 WHERE id='one'",
        )
        for task in ("one", "two"):
            with pytest.raises(UntrustedPayloadError, match="does not match key"):
                queue.get_result(task)


def test_another_keyset(disk_backend, tmp_path):
    (tmp_path / "theirs.json").write_text(keyset_new())
    (tmp_path / "ours.json").write_text(keyset_new())
    with SyncTaskQueue(disk_backend, keyset=tmp_path / "theirs.json") as queue:
        task = queue.enqueue(calls.add, 1)
        with working(disk_backend, keyset=str(tmp_path / "ours.json")):
            queue.join([task], SOON)
        found = queue.get_task(task)
        assert found.status == "failed"
        assert "UnknownKey" in found.error
        assert "HOLDALL_KEYSET" in found.error


def test_nothing_of_a_forged_message_is_opened(disk_backend, tmp_path):
    """Signed by somebody else it names a module whose import would be seen, and holds a pickle."""
    (tmp_path / "theirs.json").write_text(keyset_new())
    (tmp_path / "forged_module.py").write_text("print('imported')\n")
    forger = f"""
import sys; sys.path.insert(0, {str(tmp_path)!r})
import forged_module, os
from holdall import SQLiteBackend, SyncTaskQueue
def function(): pass
function.__module__ = forged_module.__name__; function.__qualname__ = "function"
forged_module.function = function
class Bad:
    def __reduce__(self): return os.system, ("echo opened",)
with SyncTaskQueue(SQLiteBackend({disk_backend.path!r}), keyset={str(tmp_path / "theirs.json")!r}) as queue:
    queue.options(task_id="named").enqueue(forged_module.function, Bad())
    queue.options(task_id="valued").enqueue(lambda: None, Bad())
"""
    subprocess.run([sys.executable, "-c", forger], check=True, stdout=subprocess.DEVNULL)
    worker = f"""
import sys; sys.path.insert(0, {str(tmp_path)!r})
from holdall import SQLiteBackend, SyncTaskQueue
from processes import finish, start
from working import working, SOON
import calls
backend = SQLiteBackend({disk_backend.path!r}, durability="normal")
with SyncTaskQueue(backend) as queue, working(backend):
    # All that is imported on the way is by now.
    assert queue.get_result(queue.enqueue(calls.add, 1), SOON) == 2
    queue.pause()
    seen = []
    sys.addaudithook(lambda event, args: seen.append((event, args)))
    queue.resume()
    for task in ("named", "valued"):
        queue.retry(task)
    queue.join(["named", "valued"], SOON)
    bad = [s for s in seen if s[0] in ("os.system", "pickle.find_class", "exec", "compile")
           or s[0] == "import" and "forged" in str(s[1])]
    assert not bad, bad
    for task in ("named", "valued"):
        assert "UnknownKey" in queue.get_task(task).error
print("ran nothing")
"""
    done = subprocess.run([sys.executable, "-c", worker], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("ran nothing\n", 0), done.stderr


# What was verified, and does not work here


def test_a_function_that_is_gone(disk_backend, monkeypatch):
    with SyncTaskQueue(disk_backend) as queue:
        task = queue.enqueue(calls.removed)
        assert queue.get_task(task).function == "calls:add", "by its own name"
        changed = queue.enqueue(calls.identity, 1)
        monkeypatch.delattr(calls, "identity")
        with working(disk_backend):
            queue.join([changed], SOON)
        found = queue.get_task(changed)
        assert found.status == "failed"
        assert "calls:identity cannot be imported here" in found.error


def test_a_module_that_is_not_here(disk_backend, tmp_path, monkeypatch):
    (tmp_path / "elsewhere.py").write_text("def work(): pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    import elsewhere

    with SyncTaskQueue(disk_backend) as queue:
        task = queue.options(retries=5).enqueue(elsewhere.work)
        monkeypatch.delitem(sys.modules, "elsewhere")
        (tmp_path / "elsewhere.py").write_text("import sys; sys.exit(3)\n")
        refused(disk_backend, task, "elsewhere:work cannot be imported here: SystemExit(3)")


def test_an_argument_that_cannot_be_opened(disk_backend, monkeypatch):
    with SyncTaskQueue(disk_backend) as queue:
        task = queue.enqueue(calls.give, [calls.Adder(1)])
        monkeypatch.delattr(calls, "Adder")
        with working(disk_backend):
            queue.join([task], SOON)
        error = queue.get_task(task).error
        assert "the arguments of calls:give" in error
        assert "Adder" in error
