"""Runs without a storage: what runs, in which order, what comes back, what a failure says."""

import asyncio
import contextvars
import gc
import itertools
import weakref

import pytest

from flows import called, flow, run, stages
from holdall.errors import ConfigurationError, DoesNotExist, WrongTypeError
from holdall.workflow import workflow


@workflow
def add(a, b):
    called(f"{a}+{b}")
    return a + b


@workflow
def fail(value, text="broken"):
    raise LookupError(text)


def test_one_node_gives_its_result_and_several_a_list():
    assert run(add(1, 2)) == 3
    assert run(add(1, 2), add(3, 4)) == [3, 7]
    assert run() == []


def test_a_node_is_run_once_however_often_it_is_needed():
    called.take()
    first = add(1, 1)
    second = add(first, 1)
    assert run(add(first, second), first) == [5, 2]
    assert called.take() == ["1+1", "2+1", "2+3"]


def test_only_what_is_asked_for_runs():
    called.take()
    first = add(1, 1)
    add(first, 100)
    fail(first)
    assert run(first) == 2
    assert called.take() == ["1+1"]


def test_a_workflow_runs_again_and_again():
    work = flow(add(1, add(2, 3)))
    assert [work.run(), work.run(), work.run()] == [6, 6, 6]


def test_several_workflows_over_the_same_nodes():
    first = add(1, 1)
    second = add(first, 1)
    assert run(second) == 3
    assert run(first) == 2
    assert run(second, first) == [3, 2]


def test_an_item_may_be_asked_for():
    @workflow
    def split():
        return {"left": [1, 2]}

    node = split()
    assert run(node["left"][1], node["left"]) == [2, [1, 2]]
    with pytest.raises(KeyError) as caught:
        run(node["right"])
    assert "split_0000" in caught.value.__notes__[0]


def test_none_is_a_result():
    @workflow
    def nothing():
        called("nothing")

    called.take()
    node = nothing()
    assert run(node, node) == [None, None]
    assert called.take() == ["nothing"]


# What a node may be


def test_a_coroutine_function_gives_what_it_returns():
    @workflow
    async def later(a):
        await asyncio.sleep(0)
        return a + 1

    assert run(later(later(1))) == 3


def test_a_coroutine_function_while_a_loop_is_at_work_in_this_thread():
    @workflow
    async def later(a):
        await asyncio.sleep(0)
        return a + 1

    @workflow
    async def broken():
        raise LookupError("later")

    async def notebook():
        assert run(later(1)) == 2
        with pytest.raises(LookupError, match="later"):
            run(broken())

    asyncio.run(notebook())


def test_builtins_and_objects_that_are_called():
    class Times:
        def __init__(self, n):
            self.n = n

        def __call__(self, value):
            return self.n * value

    assert run(workflow(max)([add(1, 1), 3])) == 3
    node = workflow(Times(3))(add(1, 1))
    assert run(node) == 6
    assert "Times_0000" in node.name


# Failures


def test_an_error_is_raised_as_it_is_and_names_its_node():
    bad = fail(add(1, 1)).set_name("the bad one")
    work = flow(add(bad, 1), name="trial")
    with pytest.raises(LookupError, match="broken") as caught:
        work.run()
    assert caught.value.__notes__ == ["in the node 'the bad one' of the workflow 'trial'"]
    found = stages(work)
    assert found["the bad one"] == "failed"
    assert sorted(found.values()) == ["failed", "ran", "waiting"]
    step = next(step for step in work.record.steps if step.state == "failed")
    assert step.reason.endswith("LookupError: broken")


def test_what_cannot_be_taken_out_of_a_result_names_who_wanted_it():
    with pytest.raises(TypeError) as caught:
        run(add(add(1, 1)["x"], 2).set_name("taker"))
    assert "'taker'" in caught.value.__notes__[0]


def test_wrong_arguments_name_the_node():
    with pytest.raises(TypeError) as caught:
        run(add(1).set_name("short"))
    assert "'short'" in caught.value.__notes__[0]


def test_a_result_that_was_not_asked_for_is_gone():
    first = add(1, 1)
    run(add(first, 1))
    with pytest.raises(DoesNotExist, match="not there any more"):
        _ = first.result


def test_a_result_goes_as_soon_as_nobody_needs_it():
    class Large:
        pass

    alive = []

    @workflow
    def make():
        made = Large()
        alive.append(weakref.ref(made))
        return made

    @workflow
    def use(large):
        return 1

    @workflow
    def look(n):
        gc.collect()
        return [ref() is not None for ref in alive]

    assert run(look(use(make()))) == [False]


# Options


def test_options_that_are_none():
    with pytest.raises(ConfigurationError, match="key='nam' is none of"):
        flow(add(1, 1), key="nam")
    work = flow(add(1, 1))
    with pytest.raises(ConfigurationError, match="executor='gpu'"):
        work.run(executor="gpu")
    for jobs in (0, -1, "2", True):
        with pytest.raises(ConfigurationError, match="jobs="):
            work.run(jobs=jobs)
    with pytest.raises(WrongTypeError, match="is no storage"):
        work.set_storage("storage")


# Size


def test_a_chain_of_ten_thousand_and_a_graph_of_a_hundred_thousand_nodes():
    @workflow
    def next_one(a, *rest):
        return a + 1

    node = next_one(0)
    for _ in range(10_000):
        node = next_one(node)
    assert run(node) == 10_001

    wide = [next_one(0) for _ in range(50_000)]
    more = [next_one(first, second) for first, second in itertools.pairwise(wide)]

    @workflow
    def total(values):
        return sum(values)

    assert run(total(more)) == 2 * 49_999


def test_context_variables_are_seen():
    variable = contextvars.ContextVar("variable")

    @workflow
    def read(n):
        return variable.get()

    @workflow
    async def read_later(n):
        return variable.get()

    variable.set("here")
    assert run(read(1), read_later(1)) == ["here", "here"]
    assert run(read(1), read_later(1), jobs=2) == ["here", "here"]
