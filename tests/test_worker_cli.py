"""`holdall worker`, as a shell sees it."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest

from holdall import TaskExecutionError
from working import PATIENCE, backend_at, end, queueing, state_of, until

HOLDALL = [sys.executable, "-m", "holdall", "worker"]

APP = """
import os
import holdall

class Backwards:
    def dumps(self, value):
        return holdall.dumps(value)[::-1]
    def loads(self, data):
        return holdall.loads(data[::-1])

serializer = Backwards() if os.environ.get("BACKWARDS") else None

@holdall.register
class Wrong(Exception):
    pass

def greet(name):
    return f"hello {name}"

def fail():
    raise Wrong(7, "x")

def where():
    return os.getpid()
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with an app, which only the current folder makes importable."""
    (tmp_path / "greeter.py").write_text(textwrap.dedent(APP))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join(p for p in sys.path if p and p != str(tmp_path))
    )
    yield tmp_path
    sys.modules.pop("greeter", None)


def command(*arguments, **options):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([*HOLDALL, *map(str, arguments)], text=True, **{**pipes, **options})


def stopped(process):
    """End a command as a service manager does, and return what it printed."""
    try:
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=PATIENCE)
    finally:
        end(process)
    assert process.returncode == 0, err
    return out, err


def test_it_runs_the_tasks_of_an_app(folder, registry):
    import greeter

    process = command("tasks.db", "--app", "greeter", "--processes", 1, "--durability", "normal")
    try:
        with queueing(backend_at(folder / "tasks.db")) as queue:
            assert (
                queue.get_result(queue.enqueue(greeter.greet, "Ann"), timeout=PATIENCE)
                == "hello Ann"
            )
            where = queue.get_result(queue.enqueue(greeter.where), timeout=PATIENCE)
            assert where not in (os.getpid(), process.pid)
            # The process imported the app, too: the exception's class is registered there.
            with pytest.raises(TaskExecutionError) as failed:
                queue.get_result(queue.enqueue(greeter.fail), timeout=PATIENCE)
            assert type(failed.value.__cause__) is greeter.Wrong
            assert failed.value.__cause__.args == (7, "x")
        out, err = stopped(process)
    finally:
        end(process)
    # Nothing in a pipe but what somebody should look at.
    assert out == ""
    assert "Traceback" in err
    assert "Starting" not in err
    assert "\x1b" not in err


def test_an_app_may_name_a_serializer(folder, monkeypatch):
    monkeypatch.setenv("BACKWARDS", "1")
    import greeter

    process = command(
        "sqlite:///tasks.db", "-a", "greeter", "-c", 2, "-q", "other", "-q", "default"
    )
    try:
        with queueing(backend_at(folder / "tasks.db"), greeter.serializer) as queue:
            task = queue.options(queue="other").enqueue(greeter.greet, "Bo")
            assert queue.get_result(task, timeout=PATIENCE) == "hello Bo"
        stopped(process)
    finally:
        end(process)


def test_a_terminal_shows_how_it_goes(folder):
    pty = pytest.importorskip("pty")
    import greeter

    ours, theirs = pty.openpty()
    process = command("tasks.db", "--concurrency", 3, "--app", "greeter", stderr=theirs)
    os.close(theirs)
    try:
        with queueing(backend_at(folder / "tasks.db")) as queue:
            tasks = queue.enqueue_many([(greeter.greet, ("x",))] * 3 + [greeter.fail])
            until(lambda: all(state_of(queue, task) in ("completed", "failed") for task in tasks))
            said = ""
            while "done 3, failed 1" not in said:
                said += os.read(ours, 1000).decode()
        assert "holdall: Starting worker with max_concurrency=3" in said
        assert "running 0, done 3, failed 1" in said
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)
        assert process.returncode == 0
    finally:
        end(process)
        os.close(ours)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--app", "nowhere"], "--app nowhere cannot be imported"),
        (["--concurrency", "0"], "max_concurrency takes a whole number from 1 to 1000, not 0"),
        (["--lease", "0.1"], "lease takes a span of time from 1 second to 7 days, not 0.1"),
    ],
)
def test_mistakes_are_told(folder, arguments, said):
    process = command("tasks.db", *arguments)
    try:
        out, err = process.communicate(timeout=PATIENCE)
    finally:
        end(process)
    assert (process.returncode, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1
