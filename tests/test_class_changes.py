"""What becomes of an instance that was kept when its class has changed since."""

import sys

import pytest

from holdall import SerializationError, UnsupportedVersion
from holdall._classes import UNSET, resolve
from objects import definition_of, made, module


@pytest.fixture
def shop(monkeypatch):
    """Loads a module `shop` from source, in place of the one before."""
    return lambda source: module(monkeypatch, source)


def changed(shop, before, after, *values, extras=()):
    """What was kept before, read after."""
    definition = definition_of(shop(before).A, extras)
    shop(after)
    return made(definition, values)


def test_a_new_field_takes_its_default(shop):
    back = changed(
        shop,
        "@dataclass\nclass A:\n    x: int",
        """
        @dataclass(frozen=True, slots=True)
        class A:
            y: list = field(default_factory=list)
            x: int = 0
            z: int = 5
            w: int = field(init=False, default=6)
        """,
        1,
    )
    assert (back.x, back.y, back.z, back.w) == (1, [], 5, 6)


def test_a_default_that_only_the_class_has_stays_there(shop):
    after = "@dataclass\nclass A:\n    x: int\n    y: int = field(init=False, default=6)"
    back = changed(shop, "@dataclass\nclass A:\n    x: int", after, 1)
    assert vars(back) == {"x": 1}
    assert back.y == 6


def test_each_instance_has_a_default_of_its_own(shop):
    definition = definition_of(shop("@dataclass\nclass A:\n    x: int").A)
    shop("@dataclass\nclass A:\n    x: int\n    y: list = field(default_factory=list)")
    recipe = resolve(definition, True)
    assert not recipe.direct
    assert recipe.build([1]).y is not recipe.build([2]).y


def test_an_attribute_may_be_declared_later(shop):
    before, after = (
        "@dataclass\nclass A:\n    x: int",
        "@dataclass\nclass A:\n    x: int\n    y: int",
    )
    assert changed(shop, before, after, 1, 2, extras=["y"]).y == 2
    with pytest.raises(SerializationError, match=r"shop:A: .* new field 'y' without a default"):
        changed(shop, before, after, 1, UNSET, extras=["y"])


def test_fields_in_another_order_are_the_same_fields(shop):
    before = "@dataclass\nclass A:\n    x: int\n    y: int"
    back = changed(shop, before, "@dataclass\nclass A:\n    y: int\n    x: int", 1, 2)
    assert (back.x, back.y) == (1, 2)


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        ("@dataclass\nclass A:\n    x: int", "no field 'y' any more"),
        ("@dataclass\nclass A:\n    x: int\n    z: int = 0", "no field 'y' any more"),
        (
            "@dataclass\nclass A:\n    x: int\n    z: int",
            "no field 'y' any more and has a new field 'z'",
        ),
        (
            "@dataclass\nclass A:\n    x: int\n    y: int\n    z: int = field(init=False)",
            "new field 'z' without a default",
        ),
        ("@dataclass\nclass A:\n    x: int\n    y: dataclasses.InitVar[int]", "no field 'y'"),
        ("class A(NamedTuple):\n    x: int\n    y: int", "kept as a dataclass.*is a named tuple"),
        ("class A:\n    pass", "kept as a dataclass.*none that holdall can restore"),
        ("A = 5", "no class"),
        ("B = 5", "not found.*has moved"),
    ],
)
def test_another_change_of_a_dataclass_raises(shop, after, reason):
    before = "@dataclass\nclass A:\n    x: int\n    y: int"
    with pytest.raises(SerializationError, match=f"shop:A: .*{reason}.*register"):
        changed(shop, before, after, 1, 2)


def test_slots_have_no_room_for_other_attributes(shop):
    before, after = (
        "@dataclass\nclass A:\n    x: int",
        "@dataclass(slots=True)\nclass A:\n    x: int",
    )
    assert changed(shop, before, after, 1).x == 1
    with pytest.raises(SerializationError, match=r"shop:A: .*slots.*'note'"):
        changed(shop, before, after, 1, 2, extras=["note"])


def test_a_default_that_fails_is_reported(shop):
    after = "@dataclass\nclass A:\n    x: int\n    y: int = field(default_factory=lambda: 1 / 0)"
    with pytest.raises(SerializationError, match=r"shop:A: .*'y'.*ZeroDivisionError") as caught:
        changed(shop, "@dataclass\nclass A:\n    x: int", after, 1)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_named_tuple_may_grow_at_its_end(shop):
    before = "class A(NamedTuple):\n    x: int"
    back = changed(shop, before, "class A(NamedTuple):\n    x: int\n    y: int = 5", 1)
    assert back == (1, 5)
    assert type(back).__name__ == "A"


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        ("class A(NamedTuple):\n    x: int", "no field 'y'"),
        ("class A(NamedTuple):\n    x: int\n    y: int\n    z: int", "new field 'z'"),
        ("class A(NamedTuple):\n    y: int\n    x: int", "another order"),
    ],
)
def test_another_change_of_a_named_tuple_raises(shop, after, reason):
    before = "class A(NamedTuple):\n    x: int\n    y: int"
    with pytest.raises(SerializationError, match=f"shop:A: .*{reason}.*register"):
        changed(shop, before, after, 1, 2)


def test_an_enum_may_gain_members_and_other_names(shop):
    before = "class A(enum.Enum):\n    RED = 1"
    after = "class A(enum.Enum):\n    CRIMSON = 1\n    RED = 1\n    GREEN = 2"
    assert changed(shop, before, after, "RED", 1) is sys.modules["shop"].A.CRIMSON


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        ("class A(enum.Enum):\n    GREEN = 1", "'RED' is gone"),
        ("class A(enum.Enum):\n    RED = 2", "RED was 1 and is 2"),
        ("class A(enum.Enum):\n    RED = 1.0", "RED was 1 and is 1.0"),
        ("class A(enum.Enum):\n    RED = True", "RED was 1 and is True"),
        ("class A(enum.Flag):\n    RED = 1", "kept as an Enum.*is a Flag"),
    ],
)
def test_another_change_of_an_enum_raises(shop, after, reason):
    with pytest.raises(SerializationError, match=f"shop:A: .*{reason}"):
        changed(shop, "class A(enum.Enum):\n    RED = 1", after, "RED", 1)


def test_a_flag_may_gain_members(shop):
    before = "class A(enum.Flag):\n    R = 1\n    W = 2"
    after = before + "\n    X = 4\n    ALL = 7"
    assert changed(shop, before, after, 3, {"R": 1, "W": 2}).value == 3


@pytest.mark.parametrize(
    ("after", "state", "reason"),
    [
        ("class A(enum.Flag):\n    R = 1", [3, {"R": 1, "W": 2}], "'W' is gone"),
        ("class A(enum.Flag):\n    R = 2\n    W = 1", [1, {"R": 1}], "R was 1 and is 2"),
        ("class A(enum.Flag):\n    R = 1", [9, {"R": 1}], "9 is no combination"),
        (
            "class A(enum.Flag, boundary=enum.CONFORM):\n    R = 1",
            [9, {"R": 1}],
            "9 is no combination",
        ),
        (
            "class A(enum.IntFlag, boundary=enum.EJECT):\n    R = 1",
            [9, {"R": 1}],
            "9 is no combination",
        ),
        ("class A(enum.Flag):\n    R = 1", ["R", {"R": 1}], "no flag"),
        ("class A(enum.Flag):\n    R = 1", [1, ["R"]], "no flag"),
    ],
)
def test_another_change_of_a_flag_raises(shop, after, state, reason):
    with pytest.raises(SerializationError, match=f"shop:A: .*{reason}"):
        changed(shop, "class A(enum.Flag):\n    R = 1\n    W = 2", after, *state)


def test_a_version_that_this_program_does_not_have():
    with pytest.raises(UnsupportedVersion, match=r"models:Point: version 2 .* has version 0"):
        resolve(["dataclass", "models:Point", 2, ["x", "y"], []], True)
