"""holdall.register: classes with a name and a version of their own, and a way up for older ones."""

import sys
from dataclasses import dataclass

import pytest

import holdall
from holdall import SerializationError, UnsupportedVersion, UntrustedPayloadError, ValidationError
from holdall._classes import UNSET, plan, resolve
from models import Color, Pair, Point, Right, Slots, Words
from objects import again, definition_of, made, module
from processes import run

pytestmark = pytest.mark.usefixtures("registry")


@pytest.fixture
def shop(monkeypatch):
    """Loads a module `shop` from source, in place of the one before."""
    return lambda source: module(monkeypatch, f"import holdall\n{source}")


def refused(kind, **options):
    with pytest.raises(ValidationError) as caught:
        holdall.register(kind, **options)
    return str(caught.value)


# What may be registered


def test_a_class_gets_a_name_and_a_version():
    assert holdall.register(Point, name="point", version=3) is Point
    assert (plan(Point).name, plan(Point).version) == ("point", 3)
    assert again(Point(1, 2), trusted=False) == Point(1, 2)


def test_as_a_decorator():
    @holdall.register(name="local")
    @dataclass(frozen=True, slots=True)
    class Local:
        x: int

    @holdall.register
    @dataclass
    class Other:
        x: int

    assert again(Local(1), trusted=False) == Local(1)
    assert again(Other(1), trusted=False) == Other(1)
    # No module leads to it, and nothing of it needs to travel.
    assert plan(Local).copy is None
    assert plan(Other).name.startswith("test_register:test_as_a_decorator.<locals>")


@pytest.mark.parametrize("value", [Pair(1, 2), Color.RED, Right.READ], ids=repr)
def test_named_tuples_and_enums_too(value):
    definition = definition_of(type(value))
    with pytest.raises(UntrustedPayloadError, match=type(value).__name__):
        resolve(definition, False)
    holdall.register(type(value))
    assert definition_of(type(value)) == definition
    assert again(value, trusted=False) == value


def test_what_cannot_be_registered():
    assert "models.Slots cannot be registered" in refused(Slots)
    assert "above it" in refused(Words)
    assert "int cannot be registered" in refused(int)
    assert "no class" in refused(Point(1))
    assert "models.Point" in refused(Point, name="")
    assert "models.Point" in refused(Point, upgrade=5)
    for version in (-1, 1.0, True, "1", 2**32):
        assert repr(version) in refused(Point, version=version)
    with pytest.raises(holdall.WrongTypeError, match=r"models\.Point"):
        holdall.register(Point, name=b"point")
    assert plan(Point).name == "models:Point"


def test_a_name_belongs_to_one_class():
    holdall.register(Point, name="thing")
    assert "'thing' is that of models:Point" in refused(Pair, name="thing")
    assert again(Point(1), trusted=False) == Point(1)


def test_a_class_may_have_several_names():
    holdall.register(Point, name="old")
    old = definition_of(Point)
    holdall.register(Point, name="new")
    assert plan(Point).name == "new"
    assert made(old, [1, 2], trusted=False) == Point(1, 2)


def test_only_the_registered_name_is_known_to_strangers():
    definition = definition_of(Point)
    holdall.register(Point, name="point")
    with pytest.raises(UntrustedPayloadError, match="models:Point"):
        resolve(definition, False)
    assert made(definition, [1, 2]) == Point(1, 2)


# Classes that move


def test_a_class_that_moved_is_read_by_its_old_name(shop):
    definition = ["dataclass", "warehouse:Item", 0, ["x"], []]
    with pytest.raises(SerializationError, match=r"warehouse:Item.*name='warehouse:Item'"):
        resolve(definition, True)
    item = shop(
        "@holdall.register(name='warehouse:Item')\n@dataclass\nclass Item:\n    x: int"
    ).Item
    assert made(definition, [1], trusted=False) == item(1)


@pytest.mark.parametrize("left", ["", "class Item: pass\n"])
def test_the_old_module_may_register_what_has_become_of_it(shop, monkeypatch, tmp_path, left):
    item = shop("@dataclass\nclass Item:\n    x: int").Item
    (tmp_path / "old_shop.py").write_text(
        f"import holdall, shop\n{left}holdall.register(shop.Item, name='old_shop:Item', version=1,"
        " upgrade=lambda state, version: {'x': state['y']})\n"
    )
    monkeypatch.delitem(sys.modules, "old_shop", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    assert made(["dataclass", "old_shop:Item", 0, ["y"], []], [5]) == item(5)


def test_a_module_that_is_loaded_anew(shop):
    source = "@holdall.register(name='item')\n@dataclass\nclass Item:\n    x: int"
    old = shop(source).Item
    definition = definition_of(old)
    new = shop(source).Item
    assert type(made(definition, [1], trusted=False)) is new
    assert plan(old) is None
    assert plan(new).name == "item"


def test_a_module_that_is_loaded_anew_without_registering(shop):
    source = "@holdall.register(version=1)\n@dataclass\nclass Item:\n    x: int"
    old = shop(source).Item
    new = shop(source.partition("\n")[2]).Item
    assert plan(old) is None
    assert (plan(new).name, plan(new).version) == ("shop:Item", 0)
    assert type(again(new(1))) is new
    with pytest.raises(UntrustedPayloadError):
        resolve(definition_of(new), False)


# Versions


def widened(state, version):
    """From one number, version 0, to two."""
    assert version == 0
    x, y = state.pop("both")
    return {**state, "x": x, "y": y}


BEFORE = ["dataclass", "point", 0, ["both"], []]


def test_an_upgrade_gets_what_was_kept_and_gives_what_is_set():
    holdall.register(Point, name="point", version=1, upgrade=widened)
    assert made(BEFORE, [(1, 2)], trusted=False) == Point(1, 2)
    noted = made([*BEFORE[:4], ["note"]], [(1, 2), "here"])
    assert vars(noted) == {"x": 1, "y": 2, "note": "here"}
    # What is current needs none.
    assert again(Point(3)) == Point(3)
    assert resolve(definition_of(Point), False).direct


def test_each_version_comes_with_its_number():
    seen = []
    holdall.register(
        Point, name="point", version=5, upgrade=lambda state, version: seen.append(version) or state
    )
    for version in (0, 4, 5):
        made(["dataclass", "point", version, ["x", "y"], []], [1, 2])
    assert set(seen) == {0, 4}


def test_what_was_not_set_is_not_in_the_state():
    seen = []
    holdall.register(
        Point,
        name="point",
        version=1,
        upgrade=lambda state, version: seen.append(state) or {"x": 0},
    )
    # A field that the upgrade leaves out takes its default.
    assert vars(made(BEFORE, [UNSET])) == {"x": 0, "y": None}
    assert seen[0] == {}


def test_a_class_registered_later_takes_up_what_was_kept_before(shop):
    definition = definition_of(shop("@dataclass\nclass Item:\n    y: int").Item)
    shop(
        "@holdall.register(version=1, upgrade=lambda state, version: {'x': state['y']})\n"
        "@dataclass\nclass Item:\n    x: int"
    )
    assert made(definition, [1]).x == 1


def test_a_name_of_its_own_is_read_by_the_old_place_too(shop):
    definition = definition_of(shop("@dataclass\nclass Item:\n    y: int").Item)
    shop(
        "@holdall.register(name='item', version=1, upgrade=lambda old, _: {'x': old['y']})\n"
        "@dataclass\nclass Item:\n    x: int"
    )
    assert made(definition, [1]).x == 1


@pytest.mark.parametrize(
    ("upgrade", "reason"),
    [
        (lambda state, version: state["nothing"], "version 0 failed: KeyError: 'nothing'"),
        (lambda state, version: None, "version 0 returned NoneType; return the dict"),
        (lambda state, version: state, "no field 'both' any more; correct .*upgrade"),
        (lambda state, version: {}, "new field 'x' without a default; correct .*upgrade"),
        (lambda state, version: {"x": 1, "z": 1}, "no field 'z' any more; correct .*upgrade"),
    ],
)
def test_an_upgrade_that_does_not_fit_is_refused(upgrade, reason):
    holdall.register(Point, name="point", version=1, upgrade=upgrade)
    with pytest.raises(SerializationError, match=f"^point: .*{reason}"):
        made(BEFORE, [(1, 2)])


def test_the_reason_why_an_upgrade_failed_is_kept():
    holdall.register(Point, name="point", version=1, upgrade=lambda state, version: 1 / 0)
    with pytest.raises(SerializationError) as caught:
        made(BEFORE, [(1, 2)])
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_without_an_upgrade_a_change_raises_and_says_how_to_go_on():
    holdall.register(Point, name="point", version=3)
    with pytest.raises(SerializationError, match=r"holdall.register\(Point, version=3, upgrade="):
        made(BEFORE, [(1, 2)])
    # The same fields are fine in any older version.
    assert made(["dataclass", "point", 1, ["x", "y"], []], [1, 2]) == Point(1, 2)


def test_a_newer_version_is_refused():
    holdall.register(Point, name="point", version=1, upgrade=widened)
    with pytest.raises(UnsupportedVersion, match=r"point: version 2 .* has version 1; update"):
        resolve(["dataclass", "point", 2, ["x", "y"], []], True)


def test_an_instance_may_refer_to_itself_across_an_upgrade():
    holdall.register(
        Point, name="point", version=1, upgrade=lambda state, _: {"x": 1, "y": state["me"]}
    )
    recipe = resolve(["dataclass", "point", 0, ["me"], []], False)
    assert not recipe.direct
    point = object.__new__(recipe.kind)
    recipe.fill(point, [[point]])
    assert point.y[0] is point


def test_an_upgrade_of_a_named_tuple():
    holdall.register(
        Pair, version=1, upgrade=lambda state, _: {"right": state["both"][1], "left": 0}
    )
    assert made(["namedtuple", "models:Pair", 0, ["both"], []], [(1, 2)]) == Pair(0, 2)
    holdall.register(Pair, version=1, upgrade=lambda state, _: state)
    with pytest.raises(SerializationError, match=r"no field 'both' any more.*correct"):
        made(["namedtuple", "models:Pair", 0, ["both"], []], [(1, 2)])


def test_an_upgrade_of_an_enum():
    holdall.register(
        Color,
        version=1,
        upgrade=lambda state, _: {**state, "name": {"ROUGE": "RED"}[state["name"]]},
    )
    assert made(["enum", "models:Color", 0, [], []], ["ROUGE", "red"]) is Color.RED
    with pytest.raises(SerializationError, match=r"models:Color: the upgrade .*KeyError"):
        made(["enum", "models:Color", 0, [], []], ["BLEU", "blue"])
    holdall.register(Color, version=1, upgrade=lambda state, _: {"name": "RED"})
    with pytest.raises(SerializationError, match="must return 'name' and 'value'"):
        made(["enum", "models:Color", 0, [], []], ["ROUGE", "red"])


def test_an_upgrade_of_a_flag():
    def shifted(state, version):
        assert state == {"value": 6, "members": {"R": 2, "W": 4}}
        return {"value": state["value"] // 2, "members": {}}

    holdall.register(Right, version=1, upgrade=shifted)
    made_again = made(["flag", "models:Right", 0, [], []], [6, {"R": 2, "W": 4}])
    assert made_again is Right.READ | Right.WRITE


# Classes of the script

SCRIPT = """
import holdall, pickle
from dataclasses import dataclass
from objects import again, made, taken_apart

@holdall.register(name="point")
@dataclass
class Point:
    x: int

"""
READ = "made(*pickle.load(open(sys.argv[1], 'rb')))"


def test_a_registered_class_of_the_script(tmp_path):
    run(
        SCRIPT + "definition, values = taken_apart(Point(1))\n"
        "assert definition[1] == 'point' and isinstance(definition[5], bytes)\n"
        "assert made(definition, values, trusted=False) == Point(1)\n"
        "pickle.dump((definition, values), open(sys.argv[1], 'wb'))",
        tmp_path / "kept",
    )
    # A script that does not register it any more still has it, and others have the copy.
    run(SCRIPT.replace("@holdall", "# ") + f"assert {READ} == Point(1)", tmp_path / "kept")
    run(f"import pickle\nfrom objects import made\nassert {READ}.x == 1", tmp_path / "kept")
