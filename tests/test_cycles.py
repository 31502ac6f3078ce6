"""Values that contain themselves, by every way that there is, and what cannot be put together again."""

import collections
import dataclasses

import pytest

import holdall
from models import Node, Pair, Point, Slotted
from same import same
from sharing import shape_of_sharing


def by_list():
    value = []
    value.append(value)
    return value


def by_tuple():
    value = ([], 1)
    value[0].append(value)
    return value


def by_pair():
    value = Pair([], 1)
    value.left.append(value)
    return value


def by_dict(kind):
    def build():
        value = kind()
        value["self"] = (value,)
        return value

    return build


def by_deque():
    value = collections.deque(maxlen=3)
    value.append({"a": value})
    return value


def by_set():
    node = Node("a")
    node.links = {node}
    return node.links


def by_slots():
    value = Slotted(1)
    value.right = [value]
    return value


def by_key_of_itself():
    node = Node("a")
    node.links = {node: (node,)}
    return node


def by_two():
    one, two = Point(1), Point(2)
    one.y, two.y = two, [one, two]
    return [two, one]


CYCLES = {
    "list": by_list,
    "tuple": by_tuple,
    "NamedTuple": by_pair,
    "dict": by_dict(dict),
    "OrderedDict": by_dict(collections.OrderedDict),
    "defaultdict": by_dict(lambda: collections.defaultdict(list)),
    "Counter": by_dict(collections.Counter),
    "deque": by_deque,
    "set": by_set,
    "slots": by_slots,
    "key": by_key_of_itself,
    "two": by_two,
}


@pytest.mark.parametrize("name", CYCLES)
def test_a_cycle_comes_back_without_pickle(name):
    value = CYCLES[name]()
    for inside in (value, [value], (value, value), {"a": value}):
        frame = holdall.dumps(inside)
        assert holdall.inspect(frame).codec == "cbor"
        found = holdall.loads(frame)
        assert same(inside, found)
        assert shape_of_sharing(inside) == shape_of_sharing(found)


def key_of_its_part():
    node = Node("a")
    whole = (node,)
    node.links = {whole: 1}
    return whole


def key_in_a_key():
    node = Node("a")
    whole = Pair(node, 1)
    node.links = {(frozenset([(whole, 2)]), 3): 1}
    return whole


def item_of_a_set_of_its_part():
    node = Node("a")
    whole = (node, 1)
    node.links = [{whole}]
    return whole


@pytest.mark.parametrize("build", [key_of_its_part, key_in_a_key, item_of_a_set_of_its_part])
def test_a_tuple_in_a_key_inside_itself_is_found_again(build):
    """It has its hash when it is complete: only pickle puts such a value together in that order."""
    whole = build()
    frame = holdall.dumps(whole)
    assert holdall.inspect(frame).codec == "pickle"
    found = holdall.loads(frame)
    links = found[0].links
    table = links if isinstance(links, dict) else links[0]
    for key in table:
        assert key in table
    with pytest.raises(holdall.SerializationError):
        holdall.dumps(whole, mode="cbor")


def test_tuples_that_keys_share_are_no_cycle():
    shared = (1, (2,))
    value = {shared: 1, (shared, shared): {shared}, "a": [shared, {(shared,): shared}]}
    frame = holdall.dumps(value)
    assert holdall.inspect(frame).codec == "cbor"
    assert shape_of_sharing(value) == shape_of_sharing(holdall.loads(frame))


def test_an_instance_in_a_cycle_may_have_a_new_field(monkeypatch):
    import models

    value = Point(1)
    value.y = [value]
    frame = holdall.dumps(value)

    @dataclasses.dataclass
    class Wider:
        x: object
        y: object = None
        z: int = 7

    Wider.__qualname__, Wider.__module__ = "Point", "models"
    monkeypatch.setattr(models, "Point", Wider)
    found = holdall.loads(frame)
    assert found.z == 7
    assert found.y[0] is found
