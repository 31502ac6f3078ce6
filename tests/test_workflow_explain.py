"""Why a node will run or will not, and what the record says of a run."""

import logging

import pytest

from flows import called, flow, run
from holdall.errors import DoesNotExist, ValidationError
from holdall.storage import storage_factory
from holdall.workflow import workflow

RATE = 2
LOG = logging.getLogger("test")


def helper(n):
    return n + 1


@workflow
def load(n):
    called("load")
    return list(range(n))


@workflow
def scale(rows, by=1):
    return [row * RATE * by for row in rows]


@workflow
def helped(rows):
    return helper(len(rows))


@workflow
def logs(n):
    LOG.debug("called")
    return n


@workflow
class Total:
    def __init__(self, start):
        self.total = start

    def add(self, rows):
        self.total += sum(rows)
        return self.total


@pytest.fixture
def storage(tmp_path):
    called.take()
    return storage_factory({"kind": "file", "options": {"path": str(tmp_path / "storage")}})


def build(n=3, by=1):
    return scale(load(n).set_name("rows"), by).set_name("scaled")


def test_nothing_is_kept_yet(storage):
    told = flow(build(), storage=storage).explain("rows")
    assert told.runs is True
    assert str(told).startswith("rows will run\n  nothing is kept under this name")


def test_it_is_kept(storage):
    work = flow(build(), storage=storage)
    work.run()
    told = work.explain("scaled")
    assert told.runs is False
    assert told.reasons[0].startswith("kept since 20")
    assert "bytes, computed in" in told.reasons[0]
    assert called.take() == ["load"]


def test_an_argument_changed(storage):
    run(build(), storage=storage)
    told = flow(build(by=5), storage=storage).explain("scaled")
    assert (told.runs, told.reasons) == (True, ("argument by changed",))


def test_what_another_node_gives_changed(storage):
    run(build(), storage=storage)
    called.take()
    work = flow(build(4), storage=storage)
    told = work.explain("scaled")
    assert told.runs is None
    assert told.reasons == (
        "rows runs before: argument n changed",
        "it runs if that gives something else than before",
    )
    assert called.take() == []
    run(build(4).parents[0], storage=storage)
    assert work.explain("scaled").reasons == ("argument rows changed: what rows gives",)


def test_a_global_and_a_helper_changed(storage, monkeypatch):
    work = flow(build(), helped(build().parents[0]).set_name("helped"), storage=storage)
    work.run()
    monkeypatch.setattr("test_workflow_explain.RATE", 3)
    assert work.explain("scaled").runs is True
    assert "RATE changed" in work.explain("scaled").reasons[0]
    assert work.explain("helped").runs is False
    monkeypatch.setattr("test_workflow_explain.helper", lambda n: n + 2)
    assert "helper" in " ".join(work.explain("helped").reasons)


def test_a_version_by_hand_changed(storage):
    def node(version):
        return (
            workflow(load.func, version=version) if False else workflow(version=version)(load.func)
        )

    run(node(1)(2).set_name("rows"), storage=storage)
    told = flow(node(2)(2).set_name("rows"), storage=storage).explain("rows")
    assert told.runs is True
    assert told.reasons[0] == "version 1 is now 2"


def test_an_entry_is_damaged(storage, tmp_path):
    work = flow(build(), storage=storage)
    work.run()
    file = tmp_path / "storage" / "flow" / "rows"
    file.write_bytes(file.read_bytes()[:20])
    told = work.explain("rows")
    assert told.runs is True
    assert "cannot be used" in told.reasons[0]
    assert work.explain("scaled").runs is None


def test_no_storage():
    told = flow(build()).explain("scaled")
    assert (told.runs, told.reasons) == (True, ("no storage keeps its results",))


def test_a_node_that_is_not_kept(storage):
    work = flow(build(), storage=storage)
    work.run()
    work.log_nodes("rows")
    assert work.explain("rows").reasons == ("it runs each time: log_nodes said so",)
    assert work.explain("scaled").runs is None


def test_by_name(storage):
    work = flow(build(), storage=storage, key="name")
    assert work.explain("scaled").runs is True
    work.run()
    assert work.explain("scaled").runs is False


def test_variables_that_count_by_their_type_only(storage):
    work = flow(logs(1).set_name("logs"), storage=storage)
    work.run()
    told = work.explain("logs")
    assert told.runs is False
    assert any("LOG" in line and "type" in line for line in told.reasons)


def test_actors(storage):
    def steps(start):
        actor = Total(start).set_name("total")
        return actor, actor.add([1]).set_name("first"), actor.add([2]).set_name("second")

    run(*steps(0)[1:], storage=storage)
    actor, first, second = steps(5)
    work = flow(first, second, storage=storage)
    assert work.explain("first").reasons == ("what was done to its actor before changed",)
    assert work.explain(actor).runs is False
    work.run()
    assert work.explain(second).runs is False


def test_what_can_be_asked(storage):
    node = build()
    work = flow(node, load(1).set_name("rows"), storage=storage)
    assert work.explain(node[0]).name == "scaled"
    with pytest.raises(DoesNotExist, match="no node of the name 'other'"):
        work.explain("other")
    with pytest.raises(ValidationError, match="2 nodes are called 'rows'"):
        work.explain("rows")
    with pytest.raises(TypeError, match="is none"):
        work.explain(5)


# The record


def test_before_a_run_all_wait():
    record = flow(build()).record
    assert [(step.id, step.name, step.state, step.parents) for step in record.steps] == [
        (0, "rows", "waiting", ()),
        (1, "scaled", "waiting", (0,)),
    ]


def test_the_record_of_a_run(storage):
    work = flow(build(), storage=storage)
    work.run()
    rows, scaled = work.record.steps
    assert (rows.kind, rows.state, rows.reason) == (
        "function",
        "ran",
        "nothing is kept under this name",
    )
    assert rows.size > 0
    assert rows.seconds >= 0
    work.run()
    assert [step.state for step in work.record.steps] == ["hit", "hit"]
    assert [step.size for step in work.record.steps] == [rows.size, scaled.size]
    assert work.record.steps[0].seconds == pytest.approx(rows.seconds)
    changed = flow(build(by=7), storage=storage)
    changed.run()
    assert changed.record.steps[1].reason == "argument by changed"
    assert str(changed.record).startswith("flow: 1 hit, 1 ran, ")


def test_the_record_of_actors(storage):
    actor = Total(1).set_name("total")
    first = actor.add([1]).set_name("first")
    second = actor.add(load(2).set_name("rows")).set_name("second")
    work = flow(second, storage=storage)
    work.run()
    assert [(step.name, step.kind, step.state) for step in work.record.steps] == [
        ("total", "actor", "ran"),
        ("first", "method", "ran"),
        ("rows", "function", "ran"),
        ("second", "method", "ran"),
    ]
    # The step before comes first.
    assert work.record.steps[3].parents == (1, 2)
    work.run()
    assert [step.state for step in work.record.steps] == ["skipped", "hit", "hit", "hit"]
    assert first.parents[0].name == "total"
