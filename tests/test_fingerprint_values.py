"""Fingerprints: whatever differs in type or content differs, whatever does not is alike."""

import collections
import copy
import dataclasses
import functools
import gc
import itertools
import json
import pickle
import socket
import sqlite3
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import fingerprint_values
from fingerprint_values import DISTINCT, LASTING, Frozen, Kept, Own, Pair, Plain, Point, nested
from holdall.errors import SerializationError
from holdall.fingerprint import Known, fingerprint

GOLDEN = Path(__file__).parent / "golden" / "fingerprint_values.json"


# What differs


def test_all_distinct_values_are_told_apart():
    names = collections.defaultdict(list)
    for name, make in DISTINCT.items():
        names[fingerprint(make())].append(name)
    assert [same for same in names.values() if len(same) > 1] == []


@pytest.mark.parametrize("name", DISTINCT)
def test_a_value_made_again_is_alike(name):
    assert fingerprint(DISTINCT[name]()) == fingerprint(DISTINCT[name]())


def test_values_are_told_apart_inside_of_others():
    makes = list(DISTINCT.values())
    for wrap in (lambda value: [value], lambda value: (0, {"a": value}), Point):
        assert len({fingerprint(wrap(make())) for make in makes}) == len(makes)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1", b"1"),
        ([1], (1,)),
        (1, 1.0),
        (1, True),
        (0.0, -0.0),
        (np.arange(6), np.arange(6).reshape(2, 3)),
        (np.zeros(2, "i4"), np.zeros(4, "i2")),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (nested(8, 1), nested(8, 2)),
        (Point(nested(8, Point(1))), Point(nested(8, Point(2)))),
    ],
)
def test_pairs_that_others_take_for_one(one, other):
    assert fingerprint(one) != fingerprint(other)


def test_bounds_between_values_count():
    values = [["ab", "c"], ["a", "bc"], ["abc"], [["ab"], "c"], ["a", "b", "c"], [b"ab", "c"]]
    assert len({fingerprint(value) for value in values}) == len(values)


def test_one_bit_of_a_large_array_counts():
    array = np.zeros(1_000_000)
    before = fingerprint(array)
    for at in (0, 1, 65_535, 65_536, 500_000, 999_999):
        array[at] = np.nextafter(0, 1)
        assert fingerprint(array) != before
        array[at] = 0
    assert fingerprint(array) == before


# What is alike


def test_order_in_memory_and_gaps_do_not_count():
    array = np.arange(600_000.0).reshape(200, 300, 10)
    for alike in (
        np.asfortranarray(array),
        np.repeat(array, 2, axis=1)[:, ::2],
        array[::-1][::-1],
        array.transpose(2, 0, 1).copy().transpose(1, 2, 0),
        array.astype(">f8").astype("=f8"),
        np.frombuffer(array.tobytes()).reshape(array.shape),
    ):
        assert fingerprint(alike) == fingerprint(array)
    assert fingerprint(array.T) != fingerprint(array)


def test_a_dtype_that_was_read_is_the_usual_one():
    array = pickle.loads(pickle.dumps(np.arange(3)))
    assert array.dtype is not np.dtype(int)
    assert fingerprint(array) == fingerprint(np.arange(3))


def test_padding_does_not_count():
    kind = np.dtype([("a", "i1"), ("b", "f8")], align=True)
    clean, dirty = np.zeros(3, kind), np.full(3 * kind.itemsize, 255, np.uint8).view(kind)
    dirty["a"], dirty["b"] = 0, 0
    assert clean.tobytes() != dirty.tobytes()
    assert fingerprint(clean) == fingerprint(dirty)
    long = np.full(4 * 16, 255, np.uint8).view("g")
    long[:] = 0
    assert fingerprint(long) == fingerprint(np.zeros(4, "g"))


def test_a_mapped_file_is_its_content(tmp_path):
    array = np.arange(1000.0)
    np.save(tmp_path / "a.npy", array)
    mapped = np.load(tmp_path / "a.npy", mmap_mode="r")
    assert fingerprint(mapped) == fingerprint(array)


def test_sharing_does_not_count():
    inner = [1, 2, list(range(1000)), Point()]
    for shared in ([inner, inner], {"a": inner, "b": inner}, [[inner], inner], Point(inner, inner)):
        # A copy of each part by itself: nothing is shared any more.
        apart = json_like_copy(shared)
        assert fingerprint(shared) == fingerprint(apart)


def json_like_copy(value):
    if isinstance(value, list):
        return [json_like_copy(item) for item in value]
    if isinstance(value, dict):
        return {key: json_like_copy(item) for key, item in value.items()}
    if isinstance(value, Point):
        return Point(json_like_copy(value.x), json_like_copy(value.y))
    return value


def test_attributes_have_no_order():
    one, other = Plain(), Plain()
    del other.a
    other.a = 1
    assert list(vars(one)) != list(vars(other))
    assert fingerprint(one) == fingerprint(other)


def test_what_is_kept_to_be_faster_does_not_count():
    class Memo(Plain):
        @functools.cached_property
        def sum(self):
            return self.a + self.b

    one, other = Memo(), Memo()
    assert other.sum == 3
    assert "sum" in vars(other)
    assert fingerprint(one) == fingerprint(other)


# Deep, cyclic, shared, wide


@pytest.mark.parametrize("levels", [10_000, 100_000])
def test_deep_values(levels):
    assert fingerprint(nested(levels)) == fingerprint(nested(levels))
    assert fingerprint(nested(levels)) != fingerprint(nested(levels + 1))
    assert fingerprint(nested(levels, 1)) != fingerprint(nested(levels, 2))


def test_deep_values_of_other_types():
    def deep(inside):
        for level in range(10_000):
            inside = ({"a": inside}, (inside,), Point(inside))[level % 3]
        return inside

    assert fingerprint(deep(1)) == fingerprint(deep(1))
    assert fingerprint(deep(1)) != fingerprint(deep(2))


def ring(size, start=0):
    points = [Point(number) for number in range(size)]
    for point, following in zip(points, points[1:] + points[:1], strict=True):
        point.y = following
    return points[start]


def test_cycles():
    assert fingerprint(ring(5)) == fingerprint(ring(5))
    assert fingerprint(ring(5)) == fingerprint(copy.deepcopy(ring(5)))
    assert fingerprint(ring(5)) != fingerprint(ring(6))
    assert fingerprint(ring(5)) != fingerprint(ring(5, 1))
    assert fingerprint(ring(20_000)) == fingerprint(ring(20_000))


def test_a_cycle_is_alike_wherever_it_is():
    whole = ring(3)
    assert fingerprint([whole, whole]) == fingerprint([ring(3), ring(3)])
    assert fingerprint([[whole], (whole,)]) == fingerprint([[ring(3)], (ring(3),)])


def test_a_cycle_ends_where_it_ends():
    def pair(to):
        first, second = Point(1), Point(2)
        first.y, second.y = second, {"first": first, "second": second}[to]
        return first

    assert fingerprint(pair("first")) != fingerprint(pair("second"))


class Node:
    """Told apart from other nodes by identity: its place in a set is its address."""

    def __init__(self, name):
        self.name = name
        self.near = set()


def nodes(count, *edges):
    made = [Node(name) for name in range(count)]
    # What is made in between moves the addresses, and so the order of the sets.
    waste = [object() for _ in range(hash(edges) % 100)]
    for one, other in edges:
        made[one].near.add(made[other])
        made[other].near.add(made[one])
    del waste
    return made


def test_sets_of_objects_that_refer_to_each_other():
    edges = ((0, 1), (1, 2), (2, 3), (3, 0), (0, 2))
    digests = {fingerprint(nodes(4, *order)[0]) for order in itertools.permutations(edges)}
    assert len(digests) == 1
    assert fingerprint(nodes(4, *edges)[0]) != fingerprint(nodes(4, *edges[:-1])[0])
    everything = {fingerprint(set(nodes(4, *order))) for order in itertools.permutations(edges)}
    assert len(everything) == 1


def test_what_cannot_be_followed_is_said():
    tangled = nodes(14, *itertools.combinations(range(14), 2))
    with pytest.raises(SerializationError, match="in too many ways"):
        fingerprint(tangled)


def test_shared_values_are_looked_at_once():
    value = [1]
    for _ in range(200):
        value = [value, value]
    other = [1]
    for _ in range(200):
        other = [other, other]
    assert fingerprint(value) == fingerprint(other)
    assert fingerprint([value]) != fingerprint(value)


def test_objects_that_all_refer_to_each_other():
    def crowd(last):
        points = [Point(number, []) for number in range(299)] + [Point(last, [])]
        for point in points:
            point.y.extend(points)
        return points

    assert fingerprint(crowd(1)) == fingerprint(crowd(1)) != fingerprint(crowd(2))


def test_many_members_of_one_cycle():
    first = ring(20_000)
    points, point = [], first
    for _ in range(20_000):
        points.append(point)
        point = point.y
    began = time.monotonic()
    assert fingerprint(points) == fingerprint(points)
    assert time.monotonic() - began < 30, "as many walks as there are members"


@pytest.mark.parametrize(
    "make",
    [
        lambda: list(range(1_000_000)),
        lambda: {str(number): number for number in range(300_000)},
        lambda: set(range(300_000)),
        lambda: [(number, str(number)) for number in range(300_000)],
    ],
)
def test_wide_values_are_quick(make):
    value = make()
    began = time.monotonic()
    fingerprint(value)
    # Fifty times what it takes on a quiet machine with an optimised build.
    assert time.monotonic() - began < 5


# Classes with a say of their own


def test_the_state_that_a_class_tells_is_what_counts():
    one, other = Kept(1), Kept(1)
    other.lock = threading.Lock()
    assert fingerprint(one) == fingerprint(other)
    assert fingerprint(Kept(2)) != fingerprint(one)


def test_what_stands_for_an_object():
    one, other = Own("a"), Own("a")
    one.lock = threading.Lock()
    assert fingerprint(one) == fingerprint(other) != fingerprint(Own("b"))
    # Its class counts: two of them may say the same in two ways.
    assert fingerprint(one) != fingerprint("a")


def test_known_digests():
    digest = fingerprint([1])
    assert fingerprint(Known(digest)) == fingerprint(Known(digest))
    assert len({fingerprint(value) for value in (Known(digest), digest, [1], Known(b""))}) == 4
    with pytest.raises(TypeError, match="a digest is bytes, not str"):
        Known("abc")


class Endless:
    def __holdall_fingerprint__(self):
        return Endless()


def test_what_never_ends_ends():
    with pytest.raises(SerializationError, match="nested deeper than"):
        fingerprint(Endless())


class Selfish:
    def __holdall_fingerprint__(self):
        return {"me": self, "a": 1}


def test_what_stands_for_an_object_may_hold_it():
    assert fingerprint([Selfish()]) == fingerprint([Selfish()])


def test_a_class_that_changes_is_another():
    class Changing:
        pass

    before = fingerprint(Changing())
    Changing.__holdall_fingerprint__ = lambda self: 1
    after = fingerprint(Changing())
    assert after != before
    del Changing.__holdall_fingerprint__
    assert fingerprint(Changing()) == before


# What cannot be


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (threading.Lock, "_thread.lock cannot be fingerprinted"),
        (threading.Event, "_thread.lock cannot be fingerprinted"),
        (lambda: (number for number in range(3)), "generator is used up"),
        (lambda: iter([1]), "list_iterator is used up"),
        (lambda: map(str, [1]), "map is used up"),
        (lambda: itertools.count(), "itertools.count is used up"),
        (lambda: (lambda: (yield))().gi_frame, "frame is used up"),
        (lambda: compile("1", "a", "eval"), "code cannot be fingerprinted"),
        (lambda: np.frompyfunc(abs, 1, 1), "known by its name only"),
    ],
)
def test_what_cannot_be_fingerprinted(make, says):
    with pytest.raises(SerializationError, match=says) as caught:
        fingerprint({"a": [make()]}, path="$.args[0]")
    assert caught.value.path.startswith("$.args[0]['a'][0]")


def test_connections_and_files(tmp_path):
    with (
        socket.socket() as wire,
        (tmp_path / "a").open("w") as file,
        sqlite3.connect(":memory:") as base,
    ):
        for value in (wire, file, base):
            with pytest.raises(SerializationError) as caught:
                fingerprint(Point(1, {"k": (0, value)}))
            assert caught.value.path == "$.y['k'][1]"
            assert "ignore=[...]" in str(caught.value)
    base.close()


@pytest.mark.parametrize(
    ("wrap", "path"),
    [
        (lambda bad: bad, "$"),
        (lambda bad: [0, bad], "$[1]"),
        (lambda bad: (0, bad), "$[1]"),
        (lambda bad: {"a": {1: bad}}, "$['a'][1]"),
        (lambda bad: Point(x=bad), "$.x"),
        (lambda bad: Frozen(y=[bad]), "$.y[0]"),
        (lambda bad: Pair(0, bad), "$[1]"),
        (lambda bad: Plain(b=Plain(a=bad)), "$.b.a"),
        (lambda bad: collections.deque([0, bad]), "$[1]"),
        (lambda bad: functools.partial(print, bad), "$.args[0]"),
        (lambda bad: np.array([None, bad], object), "$[1]"),
    ],
)
def test_the_path_leads_to_the_culprit(wrap, path):
    with pytest.raises(SerializationError) as caught:
        fingerprint(wrap(threading.Lock()))
    assert caught.value.path == path
    assert str(caught.value).startswith(f"{path}: ")


def test_errors_of_hooks_are_told_and_kept():
    class Failing:
        def __holdall_fingerprint__(self):
            raise LookupError("no such thing")

    with pytest.raises(SerializationError, match="LookupError: no such thing") as caught:
        fingerprint([Failing()])
    assert caught.value.path == "$[0]"
    assert isinstance(caught.value.__cause__, LookupError)

    class Interrupting:
        def __holdall_fingerprint__(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fingerprint([Interrupting()])


# Changes meanwhile


class Meddler:
    """Does something to a container while it is walked through."""

    def __init__(self, deed):
        self.deed = deed

    def __holdall_fingerprint__(self):
        self.deed()
        return 1


@pytest.mark.parametrize("grow", [True, False])
def test_containers_that_change_meanwhile_do_no_harm(grow):
    more = {str(number): 1 for number in range(5000)}
    items: list = list(range(1000))
    items[10] = Meddler(lambda: items.extend(more) if grow else items.clear())
    assert len(fingerprint(items)) == 32
    pairs: dict = {number: number for number in range(1000)}
    pairs[10] = Meddler(lambda: pairs.update(more) if grow else pairs.clear())
    assert len(fingerprint(pairs)) == 32
    members: set = set(range(1000))
    members.add(Meddler(lambda: members.update(more) if grow else members.clear()))
    assert len(fingerprint(members)) == 32


def test_threads_that_change_a_value_do_no_harm():
    items = [[number] for number in range(1000)]
    table = {number: [number] for number in range(1000)}
    array = np.zeros(1_000_000)
    done = threading.Event()

    def meddle():
        while not done.is_set():
            items.append([1])
            items.pop(0)
            table[len(table)] = [1]
            table.pop(next(iter(table)))
            array[0] += 1

    thread = threading.Thread(target=meddle)
    thread.start()
    try:
        for _ in range(100):
            assert len(fingerprint([items, table, array])) == 32
    finally:
        done.set()
        thread.join()


def test_nothing_is_held_afterwards():
    class Fleeting:
        pass

    value = [Fleeting(), [1, 2] * 200]
    held = value[0]
    fingerprint([value, value])
    before = len(gc.get_referrers(held))
    fingerprint([value, value])
    gc.collect()
    assert len(gc.get_referrers(held)) == before


# Over time


def test_digests_are_what_they_were():
    kept = json.loads(GOLDEN.read_text())
    assert set(kept) == set(LASTING)
    found = {name: fingerprint(make()).hex() for name, make in LASTING.items()}
    changed = [name for name in kept if found[name] != kept[name]]
    assert not changed, "entries of all users would be computed again: make a new version of it"


def test_there_is_a_value_for_every_tag():
    tags = (Path(__file__).parents[1] / "crates/holdall-flow/src/digest/tag.rs").read_text("utf-8")
    assert tags.count(" = ") == 25, "add values of the new kinds to fingerprint_values.py"


def test_dataclasses_of_other_names_differ():
    one = dataclasses.make_dataclass("A", ["x"], namespace={"__module__": "m"})
    other = dataclasses.make_dataclass("B", ["x"], namespace={"__module__": "m"})
    assert fingerprint(one(1)) != fingerprint(other(1))
    assert fingerprint_values.Plain is Plain
