"""Nodes: their names, their items, where they are found in arguments, what they refuse."""

import copy
import pickle
from collections import OrderedDict, namedtuple
from dataclasses import dataclass, field

import pytest

from flows import run
from holdall.errors import DoesNotExist, ValidationError
from holdall.workflow import LocalWorkflow, task, workflow


@workflow
def one():
    return 1


@workflow
def same(value):
    return value


@workflow
def pair():
    return (1, {"k": [10, 20]})


Point = namedtuple("Point", ["x", "y"])


@dataclass
class Options:
    depth: object
    rest: object = None


@dataclass(frozen=True)
class Frozen:
    depth: object
    made: object = field(default=None, init=False)


# Names


def test_a_node_is_called_after_its_function_and_counted():
    @workflow
    def load(path):
        return path

    prefix = "test_a_node_is_called_after_its_function_and_counted.<locals>.load"
    assert [load("a").get_name(), load("b").name] == [f"{prefix}_0000", f"{prefix}_0001"]


def test_one_function_is_counted_in_one_row_however_often_it_is_decorated():
    def load():
        return 1

    assert workflow(load)().name.endswith("load_0000")
    assert workflow(load)().name.endswith("load_0001")


def test_set_name_gives_the_node_back():
    node = one()
    assert node.set_name("the one") is node
    assert node.get_name() == "the one"
    with pytest.raises(TypeError, match="a node's name is a str"):
        node.set_name(1)


def test_a_call_runs_nothing():
    @workflow
    def broken():
        raise AssertionError

    assert "broken" in repr(broken())


def test_task_is_another_word_for_it():
    assert task is workflow


def test_the_function_is_still_there():
    @workflow
    def documented(a, b=2):
        """What it does."""
        return a + b

    assert documented.func(1) == 3
    assert documented.__doc__ == "What it does."
    assert documented.__name__ == "documented"


def test_a_decorated_method_gets_its_object():
    class Source:
        def __init__(self, start):
            self.start = start

        @workflow
        def add(self, n):
            return self.start + n

    assert run(Source(1).add(2)) == 3


def test_what_is_no_function_is_refused():
    with pytest.raises(TypeError, match="takes 'x' by name"):
        workflow("x")
    with pytest.raises(ValidationError, match="decorated already"):
        workflow(one)
    with pytest.raises(ValidationError, match="ignore= takes the names"):
        workflow(ignore="verbose")(len)


# Items


def test_items_at_any_depth():
    node = pair()
    assert run(node[0], node[1]["k"][1], same(node[1]["k"])[0]) == [1, 20, 10]


def test_an_item_has_its_result_after_a_run():
    node = pair()
    item = node[1]["k"]
    with pytest.raises(DoesNotExist, match="has not run"):
        _ = item.result
    run(node)
    assert item.result == [10, 20]
    assert node.result == (1, {"k": [10, 20]})
    assert (item.node, item.index) == (node, "k")


def test_a_node_is_no_index():
    with pytest.raises(TypeError, match="cannot be the index of another"):
        pair()[one()]
    with pytest.raises(TypeError, match="cannot be the index of another"):
        pair()[0][: one()]


# Where nodes are found


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda n: [n, 2, n], [1, 2, 1]),
        (lambda n: (n, (n, [n])), (1, (1, [1]))),
        (lambda n: {"a": n, "b": {"c": [n]}}, {"a": 1, "b": {"c": [1]}}),
        (lambda n: {n: "as a key"}, {1: "as a key"}),
        (lambda n: {n, 5}, {1, 5}),
        (lambda n: frozenset([n, 5]), frozenset([1, 5])),
        (lambda n: Point(n, y=[n]), Point(1, [1])),
        (lambda n: Options(n, {"x": n}), Options(1, {"x": 1})),
        (lambda n: Frozen([n]), Frozen([1])),
        (lambda n: OrderedDict(a=n), OrderedDict(a=1)),
        (lambda n: [Options((n,))], [Options((1,))]),
        (lambda n: pair()[1]["k"], [10, 20]),
        (lambda n: [pair()[1]["k"][0], {"x": (n,)}], [10, {"x": (1,)}]),
    ],
)
def test_nodes_are_found_in(build, expected):
    found = run(same(build(one())))
    assert found == expected
    assert type(found) is type(expected)


def test_nodes_are_found_in_keyword_arguments_and_in_defaults():
    first = one()

    @workflow
    def add(a, /, b=first, *, c=(first, 2)):
        return [a, b, c]

    assert run(add(5)) == [5, 1, (1, 2)]
    assert run(add(5, 6, c=first)) == [5, 6, 1]
    assert run(add(5, b=[first])) == [5, [1], (1, 2)]
    assert add(5).parents == (first,)


def test_what_holds_no_node_is_handed_on_as_it_is():
    plain = [1, {"a": [2]}]
    got = run(same([one(), plain]))
    assert got[1] is plain


def test_one_object_stays_one():
    shared = [one()]
    left, right = run(same((shared, {"again": shared})))
    assert left is right["again"]


def test_a_list_that_contains_itself():
    loop = [one()]
    loop.append(loop)
    got = run(same(loop))
    assert got[0] == 1
    assert got[1] is got


def test_nodes_know_what_they_come_from():
    first = one()
    second = same([first, pair()[0]])
    assert [node.name.rsplit("_", 1)[0] for node in second.parents] == ["one", "pair"]
    assert first.children == [second]
    third = same(first)
    assert first.children == [second, third]


def test_what_was_thrown_away_is_no_child():
    first = one()
    same(first)
    assert first.children == []


# What a node refuses


@pytest.mark.parametrize("make", [one, lambda: pair()[0], lambda: Actor()])
def test_what_needs_the_value_is_refused(make):
    node = make()
    for operation, text in [
        (list, "cannot be iterated"),
        (bool, "neither true nor false"),
        (len, "has no length"),
        (lambda n: 1 in n, "what .* contains"),
        (pickle.dumps, "cannot be kept or sent"),
        (lambda n: n + 1, "unsupported operand"),
        (lambda n: n < 1, "not supported between"),
        (lambda n: n(), "not callable"),
    ]:
        with pytest.raises(TypeError, match=text):
            operation(node)


def test_nodes_are_equal_if_they_are_one():
    first, second = one(), one()
    assert first == first
    assert first != second
    assert len({first, second, first}) == 2
    assert copy.deepcopy([first])[0] is first


def test_unpacking_says_how_it_is_done():
    with pytest.raises(TypeError, match=r"node\[0\]"):
        _a, _b = pair()


@workflow
class Actor:
    def method(self):
        return 1


def test_a_workflow_is_made_of_nodes():
    with pytest.raises(TypeError, match="one by one"):
        LocalWorkflow([one()], workflow_name="x")
    with pytest.raises(TypeError, match="is none"):
        LocalWorkflow(one, workflow_name="x")
    with pytest.raises(TypeError, match="workflow_name is a str"):
        LocalWorkflow(one(), workflow_name=None)


@pytest.mark.parametrize("part", ["node", "workflow"])
def test_half_a_character_is_no_name(part):
    with pytest.raises(ValidationError, match="half a character"):
        if part == "node":
            one().set_name("odd \ud800")
        else:
            LocalWorkflow(one(), workflow_name="odd \ud800")
