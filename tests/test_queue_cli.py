"""`holdall tasks`, as a shell sees it."""

import json

import pytest

import calls
from holdall import SyncTaskQueue
from test_cli import MISSING, USAGE, refused, run
from working import SOON, working


@pytest.fixture
def database(disk_backend):
    """A database with a task that was done, one that failed, and one that waits."""
    with SyncTaskQueue(disk_backend) as queue:
        with working(disk_backend):
            queue.options(task_id="done").enqueue(calls.add, 1)
            queue.options(task_id="broken", retries=0, priority=3).enqueue(calls.boom, "why\nnot")
            queue.join(timeout=SOON)
        queue.options(task_id="mail", queue="mail").enqueue(calls.nothing)
    return disk_backend.path


def test_list(database):
    lines = run("tasks", "list", database).decode().splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["mail", "available"],
        ["broken", "failed"],
        ["done", "completed"],
    ]
    assert "failed: ValueError: why" in lines[1]
    one = run("tasks", "list", database, "--status", "failed", "--status", "dead").decode()
    assert one.split()[0] == "broken"
    assert one.count("\n") == 1
    assert run("tasks", "list", database, "--limit", "1").count(b"\n") == 1
    assert run("tasks", "list", database, "--queue", "nobody") == b""


def test_list_as_json(database):
    tasks = json.loads(run("tasks", "list", f"sqlite:///{database}", "--json"))
    assert [task["id"] for task in tasks] == ["mail", "broken", "done"]
    assert tasks[1]["error"] == "failed: ValueError: why\nnot"
    assert json.loads(run("tasks", "list", database, "--queue", "nobody", "--json")) == []


def test_show(database):
    shown = run("tasks", "show", database, "broken").decode()
    assert "function     calls:boom" in shown
    assert "priority     3" in shown
    assert "Traceback" not in shown.split("error")[0]
    assert "in boom" in shown
    task = json.loads(run("tasks", "show", database, "done", "--json"))
    assert (task["status"], task["starts"]) == ("completed", 1)


def test_retry_and_cancel(database, disk_backend):
    assert run("tasks", "retry", database, "broken") == b""
    assert run("tasks", "cancel", database, "mail", "broken") == b""
    with SyncTaskQueue(disk_backend) as queue:
        assert queue.get_task("mail").status == "cancelled"
        assert queue.get_task("broken").status == "cancelled"
    assert "completed" in refused("tasks", "retry", database, "done", code=USAGE)
    assert "completed" in refused("tasks", "cancel", database, "done", code=USAGE)


def test_stats(database):
    assert json.loads(run("tasks", "stats", database, "--json")) == {
        "default": {"completed": 1, "failed": 1},
        "mail": {"available": 1},
    }
    lines = run("tasks", "stats", database).decode().splitlines()
    assert [line.split() for line in lines] == [
        ["default", "completed", "1"],
        ["default", "failed", "1"],
        ["mail", "available", "1"],
    ]


def test_what_is_not_there(database, tmp_path):
    for verb in ("show", "retry", "cancel"):
        assert "nobody" in refused("tasks", verb, database, "nobody", code=MISSING)
    nowhere = tmp_path / "nowhere.db"
    assert "no database" in refused("tasks", "list", str(nowhere), code=MISSING)
    assert not nowhere.exists()
    assert "status" in refused("tasks", "list", database, "--status", "done", code=USAGE)
