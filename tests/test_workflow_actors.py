"""Actors: which methods they have, the order of their steps, and how their state comes back from a storage."""

import pytest

from flows import called, flow, run, stages
from holdall.storage import storage_factory
from holdall.workflow import workflow


class Base:
    def inherited(self, n):
        self.total += n
        called(f"inherited {n}")
        return self.total


@workflow
class Sum(Base):
    def __init__(self, start=0):
        called(f"init {start}")
        self.total = start

    def add(self, n):
        called(f"add {n}")
        self.total += n
        return self.total

    def both(self):
        return (self.total, {"twice": 2 * self.total})

    async def later(self, n):
        self.total *= n
        return self.total

    @staticmethod
    def no_method():
        return 1


@workflow
class Bare:
    kept = 5

    def get(self):
        return self.kept


@workflow
def minus(a, b):
    called(f"{a}-{b}")
    return a - b


@workflow
def read(actor, n=0):
    called(f"read {actor.total}")
    return actor.total + n


@workflow
def drain(actor):
    called("drain")
    total, actor.total = actor.total, 0
    return total


@workflow
def move(source, target, n):
    called(f"move {n}")
    source.total -= n
    target.total += n
    return n


@pytest.fixture
def storage(tmp_path):
    called.take()
    return storage_factory({"kind": "file", "options": {"path": str(tmp_path / "storage")}})


# What an actor is


def test_calls_are_made_in_order():
    called.take()
    actor = Sum(minus(4, 3))
    actor.add(10)
    actor.add(n=20)
    last = actor.add(minus(3, 1))
    actor.add(1000)
    assert run(minus(last, 3)) == 30
    assert called.take() == ["4-3", "init 1", "add 10", "add 20", "3-1", "add 2", "33-3"]


def test_names():
    actor = Sum()
    node = actor.add(1)
    assert node.name.startswith("Sum.add_")
    assert actor.inherited(1).name.startswith("Base.inherited_")
    assert actor.get_name().startswith("Sum_")
    assert actor.set_name("mine") is actor
    assert actor.get_name() == "mine"
    assert node.set_name("first") is node


def test_inherited_methods_and_coroutines():
    actor = Sum(2)
    actor.inherited(3)
    assert run(actor.later(10)) == 50


def test_a_class_without_init():
    assert run(Bare().get()) == 5


def test_items_of_what_a_method_gives():
    node = Sum(2).both()
    assert run(node[0], node[1]["twice"], minus(node[0], 1)) == [2, 4, 1]


def test_other_attributes_are_refused():
    actor = Sum()
    for name in ("total", "no_method", "__call__"):
        with pytest.raises(AttributeError, match=r"it has .*add.*inherited"):
            getattr(actor, name)
    assert {"add", "inherited", "set_name"} <= set(dir(actor))
    with pytest.raises(TypeError, match="the results of its methods have"):
        actor[0]


def test_an_actor_may_be_asked_for():
    actor = Sum(1)
    actor.add(2)
    found = run(actor)
    assert isinstance(found, Sum.class_spec)
    assert found.total == 3


def test_each_run_makes_its_actors_anew():
    actor = Sum(1)
    work = flow(actor.add(2))
    assert [work.run(), work.run()] == [3, 3]


# Actors as arguments


def test_a_function_gets_the_object_as_what_was_asked_before_left_it():
    actor = Sum(1)
    actor.add(1)
    first = read(actor)
    actor.add(10)
    assert run(first, read([actor][0], n=1)) == [2, 13]


def test_a_function_that_changes_an_actor_is_one_of_its_steps():
    actor = Sum(5)
    drain(actor)
    assert run(actor.add(1)) == 1


def test_actors_as_arguments_of_actors():
    left, right = Sum(10), Sum(1)
    move(left, right, 4)
    assert run(left.add(0), right.add(0)) == [6, 5]
    outer = Sum(right.both()[0])
    assert run(outer.add(1)) == 6


def test_actors_in_containers_and_one_twice():
    actor = Sum(3)

    @workflow
    def totals(actors):
        return [each.total for each in actors]

    assert run(totals([actor, actor, Sum(4)])) == [3, 3, 4]


def test_an_actor_given_to_its_own_method():
    @workflow
    class Self:
        def same(self, other):
            return self is other

    actor = Self()
    assert run(actor.same(actor)) is True


# Kept results


def test_a_chain_that_is_kept_runs_nothing(storage):
    actor = Sum(minus(4, 3))
    actor.add(10)
    node = minus(actor.add(20), 1)
    assert run(node, storage=storage) == 30
    called.take()
    work = flow(node, storage=storage)
    assert work.run() == 30
    assert called.take() == []
    assert sorted(set(stages(work).values())) == ["hit", "skipped"]


def test_the_state_is_made_again_if_a_method_must_run(storage):
    actor = Sum(minus(4, 3))
    actor.add(10)
    first = actor.add(20)
    assert run(first, storage=storage) == 31
    called.take()
    second = actor.add(100)
    work = flow(second, storage=storage)
    assert work.run() == 131
    assert called.take() == ["init 1", "add 10", "add 20", "add 100"]
    again = [step for step in work.record.steps if "run again for the state" in step.reason]
    assert [step.state for step in again] == ["hit", "hit"]
    # And what was made again is not kept again.
    assert run(first, second, storage=storage) == [31, 131]
    assert called.take() == []


def test_an_earlier_argument_reruns_what_comes_after(storage):
    def build(start, first):
        actor = Sum(start).set_name("sum")
        return actor.add(first).set_name("one"), actor.add(5).set_name("two")

    one, two = build(1, 2)
    assert run(one, two, storage=storage) == [3, 8]
    one, two = build(1, 3)
    called.take()
    assert run(two, storage=storage) == 9
    assert called.take() == ["init 1", "add 3", "add 5"]
    one, two = build(2, 2)
    assert run(two, storage=storage) == 9
    one, two = build(1, 2)
    called.take()
    assert run(one, two, storage=storage) == [3, 8]
    assert called.take() == []


def test_two_actors_made_alike_are_two(storage):
    left, right = Sum(1), Sum(1)
    assert run(left.add(1), right.add(1), left.add(1), storage=storage) == [2, 2, 3]


def test_actors_that_met_are_not_one(storage):
    def build(extra=0):
        left, right = Sum(10), Sum(1)
        move(left, right, 4).set_name("move")
        return read(left, extra).set_name("left"), read(right, extra).set_name("right")

    assert run(*build(), storage=storage) == [6, 5]
    called.take()
    assert run(*build(), storage=storage) == [6, 5]
    assert called.take() == []
    assert run(*build(1), storage=storage) == [7, 6]
    assert called.take() == ["init 10", "init 1", "move 4", "read 6", "read 5"]


def test_a_function_that_got_the_actor_counts_for_what_comes_after(storage):
    def build(drained):
        actor = Sum(5).set_name("sum")
        if drained:
            drain(actor).set_name("drain")
        return actor.add(1).set_name("add")

    assert run(build(drained=False), storage=storage) == 6
    assert run(build(drained=True), storage=storage) == 1


def test_a_step_whose_entry_is_damaged_is_done_again_from_the_start(storage, tmp_path):
    actor = Sum(1).set_name("sum")
    one, two = actor.add(1).set_name("one"), actor.add(10).set_name("two")
    assert run(one, two, storage=storage) == [2, 12]
    called.take()
    three = actor.add(100).set_name("three")
    damage(tmp_path / "storage" / "flow" / "one")
    # The third makes the state, and then the first is wanted again.
    assert run(three, one, storage=storage) == [112, 2]


def damage(path):
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def test_what_a_method_gives_is_as_it_was_then(storage):
    @workflow
    class Items:
        def __init__(self):
            self.items = []

        def more(self, item):
            self.items.append(item)
            return self.items

    actor = Items()
    first, second = actor.more(1), actor.more(2)
    assert run(first, second, storage=storage) == [[1], [1, 2]]
