"""A workflow's graph: its names, its levels, other functions in the place of a node's."""

import pytest

from flows import flow, run
from holdall.errors import ValidationError, WrongTypeError
from holdall.workflow import BaseWorkflow, workflow


@workflow
def start(n):
    return n


@workflow
def add(a, b):
    return a + b


@workflow
class Counter:
    def __init__(self, n):
        self.n = n

    def more(self):
        self.n += 1
        return self.n


def diamond():
    a = start(1).set_name("a")
    b = add(a, 1).set_name("b 1")
    c = add(a, 2).set_name("c 1")
    d = add(b, c).set_name("d")
    add(d, 1).set_name("not asked for")
    return a, b, c, d


def names(nodes):
    return [node.get_name() for node in nodes]


def test_level_by_level():
    *_, d = diamond()
    work = flow(d)
    assert [name for name, _ in work.graph_traversal()] == ["a", "b 1", "c 1", "d"]
    assert names(work.roots) == ["a"]
    assert work.leaves == (d,)


def test_a_node_comes_after_all_that_it_needs_however_long_the_way_is():
    a, b, _, _ = diamond()
    far = add(add(b, 1).set_name("far"), a).set_name("last")
    assert [name for name, _ in flow(far).graph_traversal()] == ["a", "b 1", "far", "last"]


def test_a_pattern_matches_the_whole_name():
    work = flow(diamond()[3])
    assert names(work.find_nodes(r".* 1")) == ["b 1", "c 1"]
    assert names(work.find_nodes(r"b")) == []
    assert names(work.find_nodes("a|d")) == ["a", "d"]
    assert len(work.find_nodes()) == 4
    with pytest.raises(ValidationError, match="no regular expression"):
        work.find_nodes("(")


def test_another_function():
    _, b, _, d = diamond()
    work = flow(d)
    work.replace_func(b, lambda x, y: x * 100)
    assert work.run() == 103
    work.replace_func(b, workflow(lambda x, y: x * 1000))
    assert work.run() == 1003
    with pytest.raises(WrongTypeError, match="cannot be called"):
        work.replace_func(b, 5)
    with pytest.raises(WrongTypeError, match="only a node's function"):
        work.replace_func(b[0], max)


def test_another_method():
    counter = Counter(1)
    node = counter.more()
    work = flow(node)
    work.replace_func(node, lambda self: self.n * 10)
    assert work.run() == 10


def test_the_actor_and_its_steps_are_nodes():
    counter = Counter(start(1).set_name("start")).set_name("counter")
    counter.more().set_name("first")
    last = counter.more().set_name("second")
    assert [name for name, _ in flow(last).graph_traversal()] == [
        "start",
        "counter",
        "first",
        "second",
    ]


def test_base_workflow_is_a_graph_without_a_runner():
    work = BaseWorkflow(diamond()[3], workflow_name="graph")
    assert not hasattr(work, "run")
    assert names(work.find_nodes("a")) == ["a"]


def test_backend_info():
    node = start(1)
    assert node.backend_info == {}
    node.set_backend_info("cores", 4)
    assert node.backend_info == {"cores": 4}


def test_a_plan_is_that_of_the_moment_the_workflow_was_made():
    counter = Counter(1)
    counter.more()
    work = flow(counter)
    counter.more()
    assert work.run().n == 2
    assert run(counter).n == 3
