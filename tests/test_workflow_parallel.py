"""Several nodes at once, in threads and in processes: what runs where, and what is left when something fails."""

import logging
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest

from flow_functions import (
    Place,
    Refusal,
    Unsendable,
    add,
    die,
    give_lock,
    refuse,
    refuse_unsendably,
    slow,
    touch,
    whoami,
)
from flows import called, flow, program, run, stages
from holdall.errors import SerializationError, WorkerError
from holdall.storage import storage_factory
from holdall.workflow import plugins, workflow

EXECUTORS = pytest.mark.parametrize("executor", ["thread", "process"])


@pytest.fixture
def storage(tmp_path):
    called.take()
    return storage_factory({"kind": "file", "options": {"path": str(tmp_path / "storage")}})


# Results


@EXECUTORS
def test_results_are_those_of_a_run_one_by_one(executor, storage):
    leaves = [add(n, 1) for n in range(20)]
    while len(leaves) > 1:
        leaves = [add(left, right) for left, right in zip(leaves[::2], leaves[1::2], strict=False)]
    expected = run(leaves[0])
    work = flow(leaves[0], storage=storage)
    assert work.run(jobs=3, executor=executor) == expected
    assert set(stages(work).values()) == {"ran"}
    assert work.run(jobs=3, executor=executor) == expected
    assert set(stages(work).values()) == {"hit"}


def test_independent_nodes_run_at_once():
    meeting = threading.Barrier(3)

    @workflow
    def meet(n):
        meeting.wait(10)
        return n

    @workflow
    def total(values):
        return sum(values)

    assert run(total([meet(n) for n in range(3)]), jobs=3) == 3


@pytest.mark.parametrize("jobs", [2, 3])
def test_no_more_than_that_run_at_once(jobs):
    lock, state = threading.Lock(), {"now": 0, "most": 0}

    @workflow
    def work(n):
        with lock:
            state["now"] += 1
            state["most"] = max(state["most"], state["now"])
        time.sleep(0.01)
        with lock:
            state["now"] -= 1

    run(*[work(n) for n in range(12)], jobs=jobs)
    assert state["most"] == jobs


def test_one_call_in_two_nodes_runs_once(storage):
    @workflow
    def once(n):
        called("once")
        time.sleep(0.05)
        return n

    nodes = [once(1) for _ in range(4)]
    assert run(*nodes, storage=storage, jobs=4) == [1, 1, 1, 1]
    assert called.take() == ["once"]


@EXECUTORS
def test_by_name(executor, storage):
    node = add(add(1, 1).set_name("a"), 1).set_name("b")
    work = flow(node, storage=storage, key="name")
    assert work.run(jobs=2, executor=executor) == 3
    storage.remove_task("flow", "b")
    assert work.run(jobs=2, executor=executor) == 3
    assert stages(work) == {"a": "hit", "b": "ran"}


@EXECUTORS
def test_a_damaged_input_is_computed_again(executor, storage, tmp_path):
    first = add(1, 1).set_name("first")
    run(first, storage=storage)
    file = tmp_path / "storage" / "flow" / "first"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    work = flow(add(first, 1), add(first, 2), storage=storage)
    assert work.run(jobs=2, executor=executor) == [3, 4]
    assert stages(work)["first"] == "ran"


# Processes


def test_functions_run_in_other_processes_and_one_process_runs_many():
    first = whoami()
    pids = run(*[whoami(first, n) for n in range(8)], jobs=2, executor="process")
    assert os.getpid() not in pids
    assert len(set(pids)) <= 2


def test_one_process_is_enough():
    assert run(whoami(), jobs=1, executor="process") != os.getpid()


def test_closures_and_lambdas_go_along():
    by = 3
    node = workflow(lambda x: x * by)(workflow(lambda: 5)())
    assert run(node, jobs=2, executor="process") == 15


def test_coroutines_in_processes():
    @workflow
    async def later(n):
        return n + 1

    assert run(later(1), jobs=2, executor="process") == 2


def test_large_arrays_go_and_come_and_can_be_written_to():
    @workflow
    def make(n):
        return np.arange(n, dtype="f8")

    @workflow
    def doubled(array):
        array *= 2
        return array

    got = run(doubled(make(200_000)), jobs=2, executor="process")
    assert got[-1] == 399_998
    got[0] = 7


def test_actors_stay_here_and_each_keeps_its_order():
    actors = [Place() for _ in range(3)]
    for actor in actors:
        actor.where()
    found = run(*[actor.where() for actor in actors], jobs=3, executor="process")
    assert found == [(os.getpid(), os.getpid())] * 3


def test_chains_keep_their_order_in_threads():
    @workflow
    class Log:
        def __init__(self):
            self.seen = []

        def note(self, n):
            self.seen.append(n)
            return list(self.seen)

    logs = [Log() for _ in range(4)]
    lasts = []
    for n in range(30):
        lasts = [log.note(n) for log in logs]
    assert run(*lasts, jobs=4) == [list(range(30))] * 4


def test_a_script_without_a_guard(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
        from dataclasses import dataclass
        from holdall.workflow import LocalWorkflow, workflow

        @dataclass
        class Row:
            n: int

        FACTOR = 10

        def helper(n):
            return n * FACTOR

        @workflow
        def make(n):
            return Row(helper(n))

        @workflow
        def total(rows):
            return Row(sum(row.n for row in rows))

        local = LocalWorkflow(total([make(n) for n in range(4)]), workflow_name="script")
        found = local.run(jobs=2, executor="process")
        print(type(found) is Row, found)
        """)
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, "True Row(n=60)\n"), done.stderr


def test_plugins_are_called_where_the_node_runs(tmp_path):
    @workflow
    def show(n):
        return os.environ.get("HOLDALL_TEST_PLUGIN"), os.getpid()

    def set_seed(seed):
        os.environ["HOLDALL_TEST_PLUGIN"] = str(seed)

    work = flow(show(1).set_name("a"), show(2).set_name("b"), show(3).set_name("c"))
    work.set_plugin("[ab]", plugins.RandomStatePlugin(min=0, max=9, seed=4, seed_func=set_seed))
    found = work.run(jobs=3, executor="process")
    assert [seed for seed, _ in found[:2]] == ["5", "6"]
    assert "HOLDALL_TEST_PLUGIN" not in os.environ
    assert os.getpid() not in {pid for _, pid in found}


# Failures


@EXECUTORS
def test_what_runs_beside_a_failure_is_kept_and_nothing_begins_after_it(
    executor, storage, tmp_path
):
    bad = refuse(1).set_name("bad")
    beside = slow(0.5, "beside").set_name("beside")
    after = touch(tmp_path / "after", 0.0, beside).set_name("after")
    work = flow(bad, beside, after, storage=storage)
    with pytest.raises(Refusal) as caught:
        work.run(jobs=2, executor=executor)
    assert caught.value.parts == (1, "more")
    assert any("'bad'" in note for note in caught.value.__notes__)
    assert storage.read_task("flow", "beside") == "beside"
    assert not (tmp_path / "after").exists()
    assert stages(work) == {"bad": "failed", "beside": "ran", "after": "waiting"}


def test_a_second_failure_is_logged(caplog):
    meeting = threading.Barrier(2)

    @workflow
    def fail(n):
        meeting.wait(10)
        raise LookupError(f"failure {n}")

    with (
        caplog.at_level(logging.ERROR, "holdall"),
        pytest.raises(LookupError, match="failure") as one,
    ):
        run(fail(1), fail(2), jobs=2)
    other = "failure 2" if "1" in str(one.value) else "failure 1"
    assert other in caplog.text


def test_the_traceback_of_another_process_is_told():
    with pytest.raises(Refusal) as caught:
        run(refuse(1), jobs=2, executor="process")
    assert any("flow_functions.py" in note for note in caught.value.__notes__)


def test_an_error_that_cannot_be_sent_comes_as_text():
    with pytest.raises(WorkerError, match="Unsendable: cannot be sent") as caught:
        run(refuse_unsendably(1), jobs=2, executor="process")
    assert not isinstance(caught.value, Unsendable)


def test_a_process_that_dies_is_an_error_that_names_the_node(storage):
    bad = die(1).set_name("bad")
    beside = slow(0.5, "beside").set_name("beside")
    with pytest.raises(WorkerError, match=r"'bad' \(by SIGKILL\)"):
        run(bad, beside, storage=storage, jobs=2, executor="process")
    assert storage.list_tasks("flow") == ["beside"]


def test_what_cannot_be_sent_says_where():
    with pytest.raises(SerializationError) as caught:
        run(give_lock(1).set_name("lock"), jobs=2, executor="process")
    assert "$" in caught.value.path
    assert "lock" in caught.value.path
    with pytest.raises(SerializationError):
        run(add(threading.Lock(), 1), jobs=2, executor="process")


def test_a_process_that_cannot_start(monkeypatch):
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(WorkerError, match=r"could not start \(exit code 1\)"):
        run(add(1, 1), jobs=2, executor="process")


def test_no_process_is_left(tmp_path):
    program(
        """
        import os, subprocess, sys
        from flow_functions import add, refuse
        from holdall.workflow import LocalWorkflow

        def children():
            with open(f"/proc/{os.getpid()}/task/{os.getpid()}/children") as file:
                return file.read().split()

        for node in (add(1, 1), refuse(1)):
            try:
                LocalWorkflow(node, workflow_name="x").run(jobs=2, executor="process")
            except Exception:
                pass
            assert children() == [], children()
        """
    )


# What nodes do to each other


def test_a_result_that_two_nodes_change_at_once_is_kept_for_neither(storage, caplog):
    meeting = threading.Barrier(2)

    @workflow
    def rows(n):
        return list(range(n))

    @workflow
    def spoil(values, n):
        meeting.wait(10)
        values.append(n)
        meeting.wait(10)
        return len(values)

    source = rows(3).set_name("rows")
    work = flow(spoil(source, 1).set_name("a"), spoil(source, 2).set_name("b"), storage=storage)
    work.run(jobs=2)
    assert "changed while it ran" in caplog.text
    assert storage.list_tasks("flow") == ["rows"]


# Ctrl-C


@pytest.mark.parametrize("how", ["", "jobs=2", "jobs=2, executor='process'"])
def test_ctrl_c_leaves_what_is_done(how, tmp_path):
    script = f"""
        import sys
        from pathlib import Path
        from flow_functions import slow, touch
        from holdall.storage import storage_factory
        from holdall.workflow import LocalWorkflow

        storage = storage_factory({{"kind": "file", "options": {{"path": sys.argv[1]}}}})
        done = slow(0, "done").set_name("done")
        begun = touch(Path(sys.argv[2]), 0.0, done).set_name("begun")
        long = slow(60, begun).set_name("long")
        never = touch(Path(sys.argv[2] + "-never"), 0.0, long)
        local = LocalWorkflow(never, workflow_name="flow")
        local.set_storage(storage)
        try:
            local.run({how})
        except KeyboardInterrupt:
            print("interrupted", storage.list_tasks("flow"), flush=True)
        """
    sign = tmp_path / "sign"
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), tmp_path / "storage", sign],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 30
        while not sign.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.5)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    assert out == "interrupted ['begun', 'done']\n"
    assert time.monotonic() - began < 5
    assert not (tmp_path / "sign-never").exists()


# Two processes


def test_two_processes_that_need_one_key_compute_it_once(tmp_path):
    text = """
        import sys, time
        from pathlib import Path
        from holdall.storage import storage_factory
        from holdall.workflow import LocalWorkflow, workflow

        @workflow(ignore=["folder"])
        def once(folder):
            (folder / str(time.monotonic_ns())).touch()
            time.sleep(1.0)
            return 7

        local = LocalWorkflow(once(Path(sys.argv[2])).set_name("once"), workflow_name="flow")
        local.set_storage(storage_factory({"kind": "file", "options": {"path": sys.argv[1]}}))
        print(local.run())
        """
    marks = tmp_path / "marks"
    marks.mkdir()
    command = [sys.executable, "-c", textwrap.dedent(text), tmp_path / "storage", marks]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate(timeout=60)[0] for process in both] == ["7\n", "7\n"]
    assert len(list(marks.iterdir())) == 1
