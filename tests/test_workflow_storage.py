"""Kept results: what is taken from a storage, what runs again, what is loaded, what is left after a failure."""

import asyncio
import logging
import threading

import pytest

from flows import called, flow, run, stages
from holdall.errors import SerializationError
from holdall.storage import storage_factory
from holdall.workflow import workflow


@workflow
def load(path):
    called(f"load {path}")
    return [len(path), path]


@workflow
def size(rows):
    called("size")
    return len(rows)


@workflow
def scale(n, by=10):
    called(f"scale {n}")
    return n * by


@workflow
def numbered(n):
    called(f"numbered {n}")
    return {"n": n, "rest": [n, n]}


@workflow(ignore=["verbose"])
def quiet(n, verbose=False):
    called("quiet")
    return n


@pytest.fixture
def storage(tmp_path):
    called.take()
    return storage_factory({"kind": "file", "options": {"path": str(tmp_path / "storage")}})


@pytest.fixture
def loaded(storage, monkeypatch):
    """The names of the entries whose values are loaded."""
    names = []
    load_entry = type(storage).load

    def noted(self, entry):
        names.append(entry.name)
        return load_entry(self, entry)

    monkeypatch.setattr(type(storage), "load", noted)
    return names


# Hits


def test_a_second_run_runs_nothing_and_loads_only_what_is_asked_for(storage, loaded):
    def build():
        return scale(size(load("a").set_name("rows")).set_name("size")).set_name("scaled")

    first = flow(build(), storage=storage)
    assert first.run() == 20
    assert called.take() == ["load a", "size", "scale 2"]
    assert loaded == []
    again = flow(build(), storage=storage)
    assert again.run() == 20
    assert called.take() == []
    assert loaded == ["scaled"]
    assert set(stages(again).values()) == {"hit"}


def test_a_node_that_runs_loads_what_it_needs_and_no_more(storage, loaded):
    rows = load("a").set_name("rows")
    other = load("bb").set_name("other")
    counted = size([rows, other]).set_name("counted")
    assert run(counted, storage=storage) == 2
    called.take()
    assert run(scale(counted, by=3), storage=storage) == 6
    assert called.take() == ["scale 2"]
    assert loaded == ["counted"]


def test_an_argument_counts(storage):
    assert run(scale(1).set_name("x"), storage=storage) == 10
    assert run(scale(100).set_name("x"), storage=storage) == 1000
    assert run(scale(100, by=1).set_name("x"), storage=storage) == 100
    assert called.take() == ["scale 1", "scale 100", "scale 100"]
    # The older ones are still there.
    assert run(scale(1).set_name("x"), storage=storage) == 10
    assert run(scale(n=1, by=10).set_name("x"), storage=storage) == 10
    assert called.take() == []


def test_another_function_counts(storage):
    @workflow
    def body(n):
        return n + 1

    first = body

    @workflow
    def body(n):
        return n + 2

    assert run(first(1).set_name("x"), storage=storage) == 2
    assert run(body(1).set_name("x"), storage=storage) == 3


def test_two_nodes_of_one_name_are_two(storage):
    left, right = scale(1).set_name("x"), scale(2).set_name("x")
    assert run(left, right, storage=storage) == [10, 20]
    called.take()
    assert run(left, right, storage=storage) == [10, 20]
    assert called.take() == []


def test_a_replaced_function_counts(storage):
    node = scale(1).set_name("x")
    work = flow(node, storage=storage)
    assert work.run() == 10
    work.replace_func(node, lambda n, by=10: n - by)
    assert work.run() == -9
    work.replace_func(node, scale)
    called.take()
    assert work.run() == 10
    assert called.take() == []


def test_an_equal_result_cuts_off_what_is_downstream(storage):
    assert run(scale(size(load("a"))), storage=storage) == 20
    called.take()
    # Another path, but a list of the same length.
    assert run(scale(size(load("another"))), storage=storage) == 20
    assert called.take() == ["load another", "size"]


def test_an_item_counts_and_not_what_lies_beside_it(storage, loaded):
    def build(path):
        return scale(load(path).set_name("rows")[0]).set_name("scaled")

    assert run(build("ab"), storage=storage) == 20
    called.take()
    assert run(build("xy"), storage=storage) == 20
    assert called.take() == ["load xy"]
    assert loaded == ["scaled"]


@pytest.mark.parametrize("index", ["n", "rest"])
def test_an_item_by_name(storage, index):
    node = numbered(4).set_name("numbered")
    assert run(size([node[index]]), storage=storage) == 1
    called.take()
    assert run(size([numbered(4).set_name("numbered")[index]]), storage=storage) == 1
    assert called.take() == []


def test_an_item_from_the_end_is_that_item(storage):
    def build(index):
        return scale(load("abc").set_name("rows")[index]).set_name("scaled")

    assert run(build(0), storage=storage) == 30
    called.take()
    assert run(build(-2), storage=storage) == 30
    assert called.take() == []


def test_a_deep_item_and_one_of_a_longer_list(storage, loaded):
    @workflow
    def many(n):
        called("many")
        return [list(range(n))] * 100

    def build():
        return scale(many(3).set_name("many")[99][2]).set_name("scaled")

    assert run(build(), storage=storage) == 20
    called.take()
    assert run(build(), storage=storage) == 20
    assert called.take() == []
    assert loaded == ["scaled"]


def test_none_is_kept(storage):
    @workflow
    def nothing():
        called("nothing")

    assert [run(nothing().set_name("x"), storage=storage) for _ in "ab"] == [None, None]
    assert called.take() == ["nothing"]


def test_coroutines_are_kept(storage):
    @workflow
    async def later(n):
        called("later")
        await asyncio.sleep(0)
        return n

    assert [run(later(1).set_name("x"), storage=storage) for _ in "ab"] == [1, 1]
    assert called.take() == ["later"]


def test_two_nodes_of_one_call_run_once_and_are_both_kept(storage):
    left, right = scale(3).set_name("left"), scale(3).set_name("right")
    work = flow(left, right, storage=storage)
    assert work.run() == [30, 30]
    assert called.take() == ["scale 3"]
    assert stages(work) == {"left": "ran", "right": "hit"}
    assert storage.list_tasks("flow") == ["left", "right"]
    assert storage.read_task("flow", "right") == 30


def test_by_hand(storage):
    def versioned(version):
        @workflow(version=version)
        def body(n):
            called("body")
            return n

        return body(1).set_name("x")

    assert [run(versioned(v), storage=storage) for v in (1, 1, 2, 1)] == [1, 1, 1, 1]
    assert called.take() == ["body", "body"]
    assert run(quiet(1).set_name("q"), storage=storage) == 1
    assert run(quiet(1, verbose=True).set_name("q"), storage=storage) == 1
    assert called.take() == ["quiet"]


def test_counted_names_do_not_make_two_calls_of_one(storage):
    assert [run(scale(size(load("a"))), storage=storage) for _ in range(3)] == [20, 20, 20]
    assert called.take() == ["load a", "size", "scale 2"]
    assert len(storage.list_tasks("flow")) == 3


def test_results_are_found_by_the_storage(storage):
    run(scale(size(load("a").set_name("a/b")).set_name("the size")), storage=storage)
    assert {"a/b", "the size"} <= set(storage.list_tasks("flow"))
    assert storage.read_task("flow", "a/b") == [1, "a"]


def test_an_intermediate_result_is_read_when_it_is_asked_for(storage, loaded):
    rows = load("a").set_name("rows")
    run(size(rows), storage=storage)
    assert loaded == []
    assert rows.result == [1, "a"]
    assert rows[1].result == "a"


def test_older_entries_are_removed_by_prune(storage):
    for n in range(4):
        run(scale(n).set_name("x"), storage=storage)
    work = flow(scale(3).set_name("x"), storage=storage)
    assert work.prune() == 3
    called.take()
    assert work.run() == 30
    assert called.take() == []
    run(scale(0).set_name("x"), storage=storage)
    assert called.take() == ["scale 0"]


# Nodes that are not kept


def test_logged_nodes_run_each_time_and_are_not_kept(storage):
    def build():
        return scale(size(load("a").set_name("log rows")).set_name("size")).set_name("scaled")

    for _ in range(2):
        work = flow(build(), storage=storage)
        work.log_nodes("log .*")
        assert work.run() == 20
        assert "log rows" not in storage.list_tasks("flow")
    assert called.take() == ["load a", "size", "scale 2", "load a"]
    assert stages(work)["log rows"] == "ran"


# Damage and failures


def flip(path, at=-1):
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("spoil", ["flip the end", "flip the start", "truncate", "empty"])
def test_a_damaged_entry_is_reported_and_computed_again(storage, tmp_path, caplog, spoil):
    file = tmp_path / "storage" / "flow" / "rows"
    node = size(load("a").set_name("rows")).set_name("size")
    work = flow(node, node.parents[0], storage=storage)
    work.run()
    called.take()
    whole = file.read_bytes()
    if spoil.startswith("flip"):
        flip(file, -1 if spoil.endswith("end") else len(whole) // 3)
    else:
        file.write_bytes(whole[: len(whole) // 2] if spoil == "truncate" else b"")
    with caplog.at_level(logging.WARNING, "holdall"):
        assert work.run() == [2, [1, "a"]]
    assert called.take() == ["load a"]
    assert "'rows'" in caplog.text
    assert "it runs again" in caplog.text
    assert "cannot be used" in next(s.reason for s in work.record.steps if s.name == "rows")
    work.run()
    assert called.take() == []


def test_a_damaged_input_is_computed_again_for_the_node_that_needs_it(storage, tmp_path):
    rows = load("a").set_name("rows")
    run(rows, storage=storage)
    flip(tmp_path / "storage" / "flow" / "rows")
    called.take()
    assert run(size(rows), storage=storage) == 2
    assert called.take() == ["load a", "size"]


def test_an_input_that_is_removed_meanwhile(storage, monkeypatch):
    rows = load("a").set_name("rows")
    run(rows, storage=storage)
    called.take()
    claim = type(storage).claim

    def removing(self, workflow, name, key):
        if name == "size" and self.file_exists("flow", "rows"):
            self.remove_task("flow", "rows")
        return claim(self, workflow, name, key)

    monkeypatch.setattr(type(storage), "claim", removing)
    assert run(size(rows).set_name("size"), storage=storage) == 2


def test_a_result_that_cannot_be_kept_leaves_nothing_and_says_where(storage):
    @workflow
    def connect():
        return {"name": "db", "lock": threading.Lock()}

    before = run(scale(1).set_name("x"), storage=storage)
    with pytest.raises(SerializationError) as caught:
        run(connect().set_name("connection"), storage=storage)
    assert caught.value.path == "$['lock']"
    assert "'connection'" in caught.value.__notes__[0]
    assert storage.list_tasks("flow") == ["x"]
    assert before == 10
    # And it is no poison: what can be kept is kept under that name afterwards.
    assert run(scale(2).set_name("connection"), storage=storage) == 20


def test_an_argument_that_has_no_fingerprint_says_where(storage):
    with pytest.raises(SerializationError) as caught:
        run(size([1, threading.Lock()]).set_name("bad"), storage=storage)
    assert "'bad'" in caught.value.__notes__[0]


def test_what_was_done_before_a_failure_is_kept(storage):
    @workflow
    def broken(n):
        raise ArithmeticError("broken")

    rows = load("a")
    with pytest.raises(ArithmeticError):
        run(broken(size(rows)), storage=storage)
    called.take()
    assert run(scale(size(rows)), storage=storage) == 20
    assert called.take() == ["scale 2"]


def test_a_node_that_gives_a_node(storage):
    @workflow
    def nested():
        return scale(1)

    with pytest.raises(SerializationError, match="belongs to this process"):
        run(nested(), storage=storage)


def test_a_node_where_none_is_looked_for(storage):
    class Holder:
        def __init__(self, node):
            self.node = node

    with pytest.raises((TypeError, SerializationError), match="no node is looked for"):
        run(size([Holder(scale(1))]), storage=storage)


# Results that are changed in place


@workflow
def spoil(rows):
    rows.append("spoilt")
    return len(rows)


def test_a_node_that_changes_what_it_gets_changes_it_for_nobody_else(storage, caplog):
    rows = load("a").set_name("rows")
    first, second = spoil(rows).set_name("spoil"), size(rows).set_name("size")
    work = flow(first, second, rows, storage=storage)
    assert work.run() == [3, 2, [1, "a"]]
    assert "changed in place" in caplog.text
    called.take()
    assert work.run() == [3, 2, [1, "a"]]
    assert called.take() == []


def test_a_result_that_is_its_input_is_watched_too(storage):
    @workflow
    def same(rows):
        return rows

    rows = load("a").set_name("rows")
    alias = same(rows).set_name("alias")
    assert run(spoil(alias), size(rows), rows, storage=storage) == [3, 2, [1, "a"]]


# What changes meanwhile

COUNT = 0


def meddle():
    globals()["COUNT"] += 1


@workflow
def counting(n):
    before = COUNT
    meddle()
    return n + before - before


def test_a_variable_that_changed_while_the_node_ran_is_reported(storage, caplog):
    work = flow(counting(1).set_name("counting"), storage=storage)
    with caplog.at_level(logging.WARNING, "holdall"):
        work.run()
    assert "COUNT changed while it ran" in caplog.text
    assert "COUNT changed while it ran" in work.record.steps[0].reason


# By name


def test_by_name_an_entry_counts_whatever_it_came_from(storage, loaded):
    assert run(scale(1).set_name("x"), storage=storage) == 10
    work = flow(scale(100).set_name("x"), storage=storage, key="name")
    assert work.run() == 10
    # A hit asks for nothing upstream, not even whether it is there.
    called.take()
    far = scale(size(load("a").set_name("rows")).set_name("x"))
    assert flow(far, storage=storage, key="name").run() == 100
    assert called.take() == ["scale 10"]


def test_by_name_what_is_missing_runs(storage):
    def build():
        return size(load("a").set_name("rows")).set_name("size")

    work = flow(build(), storage=storage, key="name")
    assert work.run() == 2
    storage.remove_task("flow", "size")
    called.take()
    assert flow(build(), storage=storage, key="name").run() == 2
    assert called.take() == ["size"]
    storage.remove_task("flow", "rows")
    assert flow(build(), storage=storage, key="name").run() == 2
    assert called.take() == []


def test_by_name_a_damaged_entry_runs_again(storage, tmp_path):
    node = size(load("a").set_name("rows")).set_name("size")
    work = flow(node, storage=storage, key="name")
    work.run()
    called.take()
    flip(tmp_path / "storage" / "flow" / "size")
    assert work.run() == 2
    assert called.take() == ["size"]


def test_what_was_saved_by_hand_counts_by_name(storage):
    storage.save("flow", "rows", [1, 2, 3])
    assert flow(size(load("a").set_name("rows")), storage=storage, key="name").run() == 3


# What a storage may ask for


def test_always_read_gives_what_was_read_back(storage, loaded):
    storage.always_read = True
    run(size(load("a").set_name("rows")).set_name("size"), storage=storage)
    assert loaded == ["rows", "size"]


def test_without_a_storage_again(storage):
    work = flow(scale(1), storage=storage)
    work.run()
    work.set_storage(None)
    called.take()
    assert work.run() == 10
    assert called.take() == ["scale 1"]
