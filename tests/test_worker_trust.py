"""Messages that nobody of ours wrote, or that were not written for this task, run nothing.

An audit hook in the worker's process is the judge.
"""

import contextlib
import json
import pickle
import sqlite3

import pytest

import worker_tasks as do
from holdall._holdall import keyset_new
from processes import finish, start
from working import backend_at, queueing, until, working

# Whatever a worker does for the first time is done before the judge looks: reading a forged message, too.
JUDGED = """
import json, threading
from holdall.backend import SQLiteBackend
from holdall.sync_queue import SyncTaskQueue
from holdall.worker import Worker
import worker_tasks

backend = SQLiteBackend(sys.argv[1], durability="normal")
worker = Worker(backend, max_concurrency=2, queues=["warm", "judged"])
queue = SyncTaskQueue(backend)
def wait(name):
    while any(task.finished_at is None for task in queue.tasks(queue=name)):
        time.sleep(0.01)
warm = queue.options(queue="warm")
warm.enqueue_many([(worker_tasks.double, (1,)), (worker_tasks.treble, (1,)), (worker_tasks.fail, ("value",))])
threading.Thread(target=worker.run, daemon=True).start()
wait("warm")

WATCHED = {"import", "exec", "compile", "pickle.find_class", "marshal.loads", "os.mkdir", "os.system",
           "subprocess.Popen", "code.__new__", "function.__new__"}
seen = []
def judge(event, arguments):
    if event in WATCHED and judge.on:
        seen.append([event, str(arguments)[:200]])
judge.on = True
sys.addaudithook(judge)
queue.resume("judged")
wait("judged")
judge.on = False
print(json.dumps(seen))
# Not to wait for the worker.
sys.stdout.flush()
os._exit(0)
"""


class Bomb:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        import os

        return os.mkdir, (self.path,)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "tasks.db"


@pytest.fixture
def backend(path):
    return backend_at(path)


@contextlib.contextmanager
def rows(path):
    """The database, as anyone may write to it."""
    connection = sqlite3.connect(path, isolation_level=None)
    with contextlib.closing(connection):
        yield connection


def copy(connection, source, target, what=("message_header", "message")):
    columns = ", ".join(what)
    (found,) = connection.execute(f"SELECT {columns} FROM tasks WHERE id = ?", (source,)).fetchall()
    connection.execute(
        "UPDATE tasks SET message_header = ?, message = ? WHERE id = ?", (*found, target)
    )


def judged(path):
    """What the judge saw, and what became of the tasks."""
    seen = json.loads(finish(start(JUDGED, path)))
    with queueing(backend_at(path)) as queue:
        return seen, {task.id: task for task in queue.tasks(queue="judged")}


def enqueue(queue, name, call, *args):
    options = queue.options(queue="judged", task_id=name, retries=2, backoff=0)
    return options.enqueue(call, *args)


def test_the_judge_sees_what_runs(path, backend):
    with queueing(backend) as queue:
        queue.pause("judged")
        enqueue(queue, "by value", lambda: 7)
    seen, tasks = judged(path)
    assert tasks["by value"].status == "completed"
    assert "pickle.find_class" in {event for event, _ in seen}


def test_what_was_not_written_for_a_task_runs_nothing(path, backend, tmp_path):
    bomb = str(tmp_path / "exploded")
    with queueing(backend) as queue:
        for name in ("warm", "judged"):
            queue.pause(name)
        # A donor of everything that is signed by us, which is never run.
        donor = queue.options(queue="never", task_id="donor").enqueue(do.note, bomb, "ran")
        done = queue.options(queue="first", task_id="done").enqueue(do.double, 1)
        with working(backend, queues=["first"]):
            queue.join([done], timeout=30, progress=False)
        for name in (
            "copied",
            "a result",
            "altered",
            "altered header",
            "cut",
            "bare",
            "empty",
            "swapped",
        ):
            enqueue(queue, name, do.note, bomb, "ran")
        forged_warm = queue.options(queue="warm", task_id="warm").enqueue(do.double, 1)
    with queueing(backend, keyset=keyset_new()) as theirs:
        enqueue(theirs, "forged", do.note, bomb, "ran")
        enqueue(theirs, "forged by value", lambda: 7)
        enqueue(theirs, "forged bomb", do.double, Bomb(bomb))
    with rows(path) as connection:
        copy(connection, donor, "copied")
        copy(connection, donor, forged_warm)
        copy(connection, done, "a result", ("result_header", "result"))
        flip = "UPDATE tasks SET {0} = CAST(substr({0}, 1, ?) || x'5a' || substr({0}, ? + 2) AS BLOB) WHERE id = ?"
        for column, name in (("message", "altered"), ("message_header", "altered header")):
            connection.execute(flip.format(column), (20, 20, name))
        connection.execute("UPDATE tasks SET message = substr(message, 1, 30) WHERE id = 'cut'")
        connection.execute(
            "UPDATE tasks SET message = x'', message_header = x'' WHERE id = 'empty'"
        )
        bare = "UPDATE tasks SET message_header = x'', message = ? WHERE id = 'bare'"
        connection.execute(bare, (pickle.dumps(Bomb(bomb)),))
        # The payload of one under the signature of another.
        payload = "SELECT message FROM tasks WHERE id = 'donor'"
        connection.execute(
            f"UPDATE tasks SET message = CAST(({payload}) || x'00' AS BLOB) WHERE id = 'swapped'"
        )
        connection.execute("UPDATE queues SET paused = 0 WHERE name = 'warm'")
    seen, tasks = judged(path)
    assert seen == []
    assert not (tmp_path / "exploded").exists()
    assert len(tasks) == 11
    for name, task in tasks.items():
        assert task.status == "failed", name
        assert task.starts == 1, f"{name}: another run would do no better"
        kind = task.error.split(":")[1].strip().removeprefix("holdall.errors.")
        assert kind in ("UntrustedPayloadError", "UnknownKey", "CorruptFrame", "NotAFrame"), (
            task.error
        )
    assert "UnknownKey" in tasks["forged"].error
    assert "not signed as this task" in tasks["copied"].error


def test_what_a_parent_did_not_give_is_not_passed_on(path, backend, tmp_path):
    with queueing(backend) as queue:
        queue.pause("judged")
        first, second = (queue.enqueue(do.double, number) for number in (1, 2))
        with working(backend):
            queue.join([first, second], timeout=30, progress=False)
        queue.options(queue="judged", after=[first], task_id="child").enqueue(do.add)
        queue.options(queue="judged", after=[second], task_id="good").enqueue(do.add)
    with rows(path) as connection:
        other = "SELECT {0} FROM tasks WHERE id = ?"
        for column in ("result", "result_header"):
            connection.execute(
                f"UPDATE tasks SET {column} = ({other.format(column)}) WHERE id = ?",
                (second, first),
            )
    _, tasks = judged(path)
    assert tasks["child"].status == "failed"
    assert "UntrustedPayloadError" in tasks["child"].error
    assert tasks["good"].status == "completed"


def test_an_old_result_is_no_new_one(path, backend):
    """A result is signed for one start of its task."""
    with queueing(backend) as queue:
        task = queue.enqueue(do.double, 1)
        with working(backend):
            assert queue.get_result(task, timeout=30) == 2
    with rows(path) as connection:
        connection.execute("UPDATE tasks SET start = 2")
    with queueing(backend) as queue, pytest.raises(Exception, match="signed") as refused:
        queue.get_result(task, timeout=30)
    assert "UntrustedPayload" in repr(refused.value) + repr(refused.value.__cause__)


@pytest.mark.parametrize("processes", [0, 1])
def test_processes_verify_with_the_workers_keys(path, backend, processes):
    ours = keyset_new()
    with queueing(backend, keyset=ours) as queue, queueing(backend) as theirs:
        good, bad = queue.enqueue(do.double, 1), theirs.enqueue(do.double, 1)
        with working(backend, processes=processes, keyset=ours):
            assert queue.get_result(good, timeout=30) == 2
            seen = until(lambda: (seen := queue.get_task(bad)).finished_at and seen)
    assert "UnknownKey" in seen.error
