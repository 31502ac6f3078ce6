"""The golden messages and results of tasks: written just so, and read as they were meant."""

import re
import sqlite3
import sys
from pathlib import Path

import pytest

import calls
from holdall import PythonVersionError, SQLiteBackend, SyncTaskQueue, UnsupportedVersion
from holdall import _holdall as engine
from test_queue_result import Json
from working import SOON, working

TASKS = Path(__file__).parent / "golden" / "tasks"
KEYSET = TASKS.parent / "keyset.json"

sys.path.insert(0, str(TASKS.parent))


@pytest.fixture(autouse=True)
def golden_keyset(monkeypatch):
    monkeypatch.setenv("HOLDALL_KEYSET", str(KEYSET))


@pytest.fixture
def backend(tmp_path):
    return SQLiteBackend(tmp_path / "tasks.db", durability="normal")


def enqueue(backend, task, function, *args, serializer=None, after=(), **kwargs):
    with SyncTaskQueue(backend, serializer) as queue:
        queue.options(task_id=task, after=after).enqueue(function, *args, **kwargs)


def stored(backend, task):
    """Return the whole message of a task, as its row has it."""
    database = sqlite3.connect(backend.path)
    row = "SELECT message_header, message FROM tasks WHERE id = ?"
    header, body = database.execute(row, (task,)).fetchone()
    database.close()
    return header + body


def test_a_message_is_written_just_so(backend):
    enqueue(backend, "golden", calls.add, 1, b=2)
    assert stored(backend, "golden") == (TASKS / "named.task").read_bytes()


def test_a_message_of_the_users_serializer_is_written_just_so(backend):
    enqueue(backend, "parent", calls.nothing)
    enqueue(backend, "golden", calls.give, a=1, serializer=Json(), after=["parent"])
    assert stored(backend, "golden") == (TASKS / "custom.task").read_bytes()


@pytest.mark.parametrize(
    ("name", "serializer", "after", "value"),
    [
        ("named.task", None, [], 3),
        ("valued.task", None, [], (3, 1)),
        ("custom.task", Json(), ["parent"], [[None], {"a": 1}]),
    ],
)
def test_a_golden_message_runs(backend, name, serializer, after, value):
    for parent in after:
        enqueue(backend, parent, calls.nothing, serializer=serializer)
    enqueue(backend, "golden", calls.boom, serializer=serializer, after=after)
    put(backend, "golden", (TASKS / name).read_bytes())
    with SyncTaskQueue(backend, serializer) as queue, working(backend, serializer=serializer):
        assert queue.get_result("golden", SOON) == value


def test_a_message_of_another_python_fails_and_says_so(backend):
    enqueue(backend, "golden", calls.boom)
    put(backend, "golden", (TASKS / "python.task").read_bytes())
    enqueue(backend, "next", calls.add, 1)
    with SyncTaskQueue(backend) as queue, working(backend):
        assert queue.get_result("next", SOON) == 2, "the worker lives on"
        queue.join(["golden"], SOON)
        found = queue.get_task("golden")
    assert found.status == "failed"
    assert PythonVersionError.__name__ in found.error
    assert "3.99" in found.error


def put(backend, task, message):
    """Put a whole message into a task's row."""
    # Magic, version and codec, flags, perhaps a Python version, key, MAC, checksum: then the payload.
    end = 46 if message[3] & 0x10 else 44
    database = sqlite3.connect(backend.path)
    with database:
        change = "UPDATE tasks SET message_header = ?, message = ? WHERE id = ?"
        database.execute(change, (message[:end], message[end:], task))
    database.close()


def test_a_golden_result_is_opened():
    jobs = engine.Jobs.memory()
    value = (TASKS / "value.result").read_bytes()
    assert engine.Queue(jobs).open_frame(value, "golden", 1) == {"a": [1, 2.5]}
    custom = (TASKS / "custom.result").read_bytes()
    assert engine.Queue(jobs, serializer=Json()).open_frame(custom, "golden", 3) == [1, 2]


def test_the_golden_files_are_those_of_the_second_implementation():
    make = pytest.importorskip("make_tasks", reason="needs blake3 and xxhash")
    assert {path.name: path.read_bytes() for path in TASKS.iterdir()} == make.FILES


def test_the_format_page_draws_them():
    page = (TASKS.parents[2] / "docs" / "format.md").read_text("utf-8")
    drawn = re.findall(r"^```task (\S+)\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert {name for name, _ in drawn} == {"named.task", "value.result"}
    for name, text in drawn:
        columns = (re.match(r"(?:[0-9a-f]{2} ?)+(?=  |$)", line) for line in text.splitlines())
        found = b"".join(bytes.fromhex(column[0]) for column in columns)
        assert found == (TASKS / name).read_bytes()


def test_a_newer_message_says_whom_it_is_for(backend):
    make = pytest.importorskip("make_tasks", reason="needs blake3 and xxhash")
    newer = make.item([2, 1, "calls:add", [], None, [2, b"[[1],{}]"], "more"])
    newest = make.item([3, 2, "calls:add", [], None, [2, b"[[1],{}]"]])
    for task, payload in (("newer", newer), ("newest", newest)):
        enqueue(backend, task, calls.boom)
        put(backend, task, make.signed("task", task.encode(), payload))
    with SyncTaskQueue(backend) as queue, working(backend):
        assert queue.get_result("newer", SOON) == 2
        queue.join(["newest"], SOON)
        found = queue.get_task("newest")
    assert found.status == "failed"
    assert UnsupportedVersion.__name__ in found.error
    assert "upgrade" in found.error
