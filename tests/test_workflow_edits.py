"""What runs again after an edit, each time in a fresh process with another hash seed; and after a kill."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from holdall import _holdall

MODULE = """
from holdall.workflow import workflow
from edited_helper import clean

RATE = 2
NAMES = {"b": 1, "a": {3, 1, 2}}


class Model:
    def __init__(self, depth):
        self.depth = depth

    def score(self, rows):
        return sum(rows) * self.depth


def made(by):
    def multiplied(rows):
        print("ran multiplied")
        return [row * by for row in rows]

    return multiplied


@workflow
def load(n):
    print("ran load")
    return list(range(n))


@workflow
def cleaned(rows, least=0):
    print("ran cleaned")
    return [clean(row) for row in rows if row >= least]


@workflow
def scaled(rows):
    # A comment.
    print("ran scaled")
    return [row * RATE + len(NAMES["a"]) for row in rows]


@workflow
def scored(rows):
    print("ran scored")
    return Model(3).score(rows)


@workflow
class Sum:
    def __init__(self, start):
        print("ran Sum")
        self.total = start

    def add(self, rows):
        print("ran add")
        self.total += sum(rows)
        return self.total


multiplied = workflow(made(5))


def build(n):
    rows = load(n).set_name("load")
    fine = cleaned(rows).set_name("cleaned")
    total = Sum(1).set_name("total")
    total.add(rows).set_name("first")
    return [
        scaled(fine).set_name("scaled"),
        scored(fine).set_name("scored"),
        multiplied(rows).set_name("multiplied"),
        total.add(fine).set_name("second"),
    ]
"""
HELPER = """
def clean(row):
    return abs(inner(row))


def inner(row):
    return row + 1
"""
PROGRAM = """
import sys
from edited import build
from holdall.storage import storage_factory
from holdall.workflow import LocalWorkflow

local = LocalWorkflow(*build(int(sys.argv[2])), workflow_name="edits")
local.set_storage(storage_factory({"kind": "file", "options": {"path": sys.argv[1]}}))
print("gave", local.run())
"""
ALL = {"load", "cleaned", "scaled", "scored", "multiplied", "Sum", "add"}


class Bench:
    """A program of two modules, to be edited and run."""

    def __init__(self, folder):
        self.folder, self.texts, self.runs = folder, {"edited": MODULE, "edited_helper": HELPER}, 2

    def edit(self, module, before, after):
        assert before in self.texts[module]
        self.texts[module] = self.texts[module].replace(before, after)

    def run(self, n=4):
        """Run it, and return which functions ran."""
        for name, text in self.texts.items():
            (self.folder / f"{name}.py").write_text(text)
        self.runs += 1
        # Compiled modules are told apart by the second only.
        environment = {
            **os.environ,
            "PYTHONHASHSEED": str(self.runs),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": os.pathsep.join([str(self.folder), *sys.path]),
        }
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, self.folder / "storage", str(n)],
            capture_output=True,
            text=True,
            timeout=60,
            env=environment,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        lines = done.stdout.splitlines()
        assert lines[-1].startswith("gave ")
        return {line.removeprefix("ran ") for line in lines[:-1]}


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A folder in which everything ran, and its keyset: each test goes on from a copy."""
    folder = tmp_path_factory.mktemp("edits")
    keyset = folder / "keyset"
    keyset.write_text(_holdall.keyset_new())
    keyset.chmod(0o600)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOLDALL_KEYSET", str(keyset))
        made = Bench(folder)
        assert made.run() == ALL
        assert made.run() == set()
    return folder


@pytest.fixture
def bench(first, tmp_path, monkeypatch):
    monkeypatch.setenv("HOLDALL_KEYSET", str(first / "keyset"))
    shutil.copytree(first / "storage", tmp_path / "storage")
    return Bench(tmp_path)


DOWN = {"scaled", "scored", "Sum", "add"}


@pytest.mark.parametrize(
    ("module", "before", "after", "expected"),
    [
        pytest.param("edited", "# A comment.", "# Another.\n\n\n", set(), id="comment"),
        pytest.param(
            "edited",
            "    return sum(rows)",
            '    """Docs."""\n        return sum( rows )',
            set(),
            id="format",
        ),
        pytest.param("edited", '"a": {3, 1, 2}', '"a": {2, 3, 1}', set(), id="order of a set"),
        pytest.param("edited", "RATE = 2", "RATE = 3", {"scaled"}, id="global"),
        pytest.param("edited", "{3, 1, 2}", "{3, 1, 2, 4}", {"scaled"}, id="inside a global"),
        pytest.param("edited", "RATE = 2", "RATE = 2.0", {"scaled"}, id="type of a global"),
        pytest.param("edited", "least=0", "least=1", {"cleaned", *DOWN}, id="default"),
        pytest.param("edited", "row * RATE +", "row * RATE -", {"scaled"}, id="own body"),
        pytest.param("edited", "* self.depth", "+ self.depth", {"scored"}, id="called class"),
        pytest.param("edited", "made(5)", "made(6)", {"multiplied"}, id="closure"),
        pytest.param("edited", "Sum(1)", "Sum(2)", {"Sum", "add"}, id="how an actor is made"),
        pytest.param("edited", "+= sum", "-= sum", {"Sum", "add"}, id="method"),
        pytest.param(
            "edited_helper", "row + 1", "row + 2", {"cleaned", *DOWN}, id="helper's helper"
        ),
        # Another body, but the same results: what is downstream is cut off.
        pytest.param("edited_helper", "abs(", "abs(0 + ", {"cleaned"}, id="helper, equal result"),
    ],
)
def test_an_edit_reruns_just_what_depends_on_it(bench, module, before, after, expected):
    bench.edit(module, before, after)
    assert bench.run() == expected
    assert bench.run() == set()
    # What was kept before the edit is still there.
    bench.texts = {"edited": MODULE, "edited_helper": HELPER}
    assert bench.run() == set()


def test_an_argument_reruns_what_depends_on_it(bench):
    assert bench.run(5) == ALL
    assert bench.run(4) == set()
    assert bench.run(5) == set()


@pytest.mark.parametrize("how", ["", "jobs=2", "jobs=2, executor='process'"])
def test_a_run_that_was_killed_goes_on_where_it_was(tmp_path, how):
    script = textwrap.dedent(f"""
        import sys
        from pathlib import Path
        from flow_functions import slow
        from holdall.storage import storage_factory
        from holdall.workflow import LocalWorkflow, workflow

        node = None
        for number in range(30):
            node = slow(0.02, (number, node)).set_name(f"step {{number:02}}")
        local = LocalWorkflow(node, workflow_name="killed")
        local.set_storage(storage_factory({{"kind": "file", "options": {{"path": sys.argv[1]}}}}))
        local.run({how})
        print([step.state for step in local.record.steps])
        """)
    command = [sys.executable, "-c", script, tmp_path / "storage"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    marker = tmp_path / "storage" / "killed" / "step 04"
    deadline = time.monotonic() + 30
    while not marker.exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    states = done.stdout.strip("[]\n").replace("'", "").split(", ")
    hits = states.count("hit")
    assert 5 <= hits < 30
    assert states == ["hit"] * hits + ["ran"] * (30 - hits)
