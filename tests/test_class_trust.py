"""Definitions of classes that a stranger wrote, that lead nowhere, or that are damaged."""

import re
import sys

import pytest

from holdall import CorruptFrame, HoldallError, SerializationError, UntrustedPayloadError
from holdall._classes import UNSET, resolve
from models import Color, Pair, Point
from objects import definition_of


def test_a_stranger_gets_nothing_imported(tmp_path, monkeypatch):
    (tmp_path / "evil_module.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    copy = b"not even looked at"
    for definition in (
        ["dataclass", "evil_module:A", 0, [], []],
        ["dataclass", "models:Point", 0, ["x", "y"], []],
        ["enum", "models:Color", 0, [], []],
        ["dataclass", "__main__:A", 0, [], [], copy, *sys.version_info[:2]],
    ):
        with pytest.raises(UntrustedPayloadError, match=r"holdall.register") as caught:
            resolve(definition, False)
        assert definition[1] in str(caught.value)
    assert "evil_module" not in sys.modules


@pytest.mark.parametrize(
    "name", ["nowhere:A", "models:Nothing", "models.Point", ":A", "models:", "..:A", "a\0b:C"]
)
def test_a_name_that_leads_nowhere(name):
    with pytest.raises(SerializationError, match=re.escape(name)):
        resolve(["dataclass", name, 0, [], []], True)


def test_a_module_that_cannot_be_imported_is_the_reason(tmp_path, monkeypatch):
    (tmp_path / "broken_module.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(SerializationError, match=r"broken_module:A: .*ZeroDivisionError") as caught:
        resolve(["dataclass", "broken_module:A", 0, [], []], True)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


@pytest.mark.parametrize(
    "definition",
    [
        [],
        ["dataclass"],
        ["dataclass", "models:Point", 0, ["x", "y"]],
        ["class", "models:Point", 0, ["x", "y"], []],
        [["dataclass"], "models:Point", 0, ["x", "y"], []],
        ["dataclass", 5, 0, ["x", "y"], []],
        ["dataclass", "", 0, ["x", "y"], []],
        ["dataclass", "models:Point", -1, ["x", "y"], []],
        ["dataclass", "models:Point", True, ["x", "y"], []],
        ["dataclass", "models:Point", 0, "xy", []],
        ["dataclass", "models:Point", 0, ["x", 5], []],
        ["dataclass", "models:Point", 0, ["x", "x"], []],
        ["dataclass", "models:Point", 0, ["x", "y"], ["x"]],
        ["dataclass", "models:Point", 0, ["x", "y"], [], "copy", 3, 11],
        ["dataclass", "models:Point", 0, ["x", "y"], [], b"", "3", 11],
        ["dataclass", "models:Point", 0, ["x", "y"], [], b"", 3, 11, 0],
        ["namedtuple", "models:Pair", 0, ["left", "right"], ["more"]],
    ],
    ids=repr,
)
@pytest.mark.parametrize("trusted", [True, False])
def test_a_damaged_definition_is_refused(definition, trusted):
    with pytest.raises(CorruptFrame, match="definition"):
        resolve(definition, trusted)


@pytest.mark.parametrize(
    ("kind", "values"),
    [(Point, [1]), (Point, [1, 2, 3]), (Pair, [1]), (Pair, [1, UNSET]), (Color, ["RED"])],
)
def test_values_that_do_not_fit_the_definition_are_refused(kind, values):
    with pytest.raises(CorruptFrame, match=kind.__name__):
        resolve(definition_of(kind), True).build(values)


@pytest.mark.parametrize("values", [[[], 1], [1, 1], [None, "red"]])
def test_a_member_without_a_name_is_refused(values):
    with pytest.raises(HoldallError, match="models:Color"):
        resolve(definition_of(Color), True).build(values)
