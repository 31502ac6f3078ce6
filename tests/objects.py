"""Instances taken apart and made again as the codec does it, without the bytes in between."""

import sys
import textwrap
import types
from typing import Any

from holdall._classes import UNSET, plan, resolve, state_of


def definition_of(kind, extras=()):
    """What is written of a class."""
    found = plan(kind)
    code = [] if found.copy is None else [found.copy, *sys.version_info[:2]]
    return [found.form, found.name, found.version, list(found.fields), list(extras), *code]


def taken_apart(value) -> tuple[list[Any], list[Any]]:
    """The definition of an instance's class, and the instance's values."""
    found = plan(type(value))
    assert found, f"{type(value)} is left to pickle"
    if found.form in ("enum", "flag"):
        return definition_of(type(value)), state_of(value)
    if found.form == "namedtuple":
        return definition_of(type(value)), list(tuple.__iter__(value))
    state = dict(object.__getattribute__(value, "__dict__")) if found.has_dict else {}
    for name, slot in found.slots:
        try:
            state[name] = slot.__get__(value)
        except AttributeError:
            continue
    extras = [name for name in state if name not in found.fields]
    names = [*found.fields, *extras]
    return definition_of(type(value), extras), [state.get(name, UNSET) for name in names]


def made(definition, values, trusted=True):
    """An instance of what was written, by each way that the recipe offers."""
    recipe = resolve(definition, trusted)
    built = recipe.build(list(values))
    if recipe.fill:
        shell = object.__new__(recipe.kind)
        recipe.fill(shell, list(values))
        assert state(shell) == state(built)
    if recipe.direct:
        assert state(directly(recipe, definition, values)) == state(built)
    return built


def directly(recipe, definition, values):
    """What the codec makes by itself."""
    if definition[0] == "namedtuple":
        return tuple.__new__(recipe.kind, values)
    instance = object.__new__(recipe.kind)
    for name, value in zip(definition[3] + definition[4], values, strict=True):
        if value is not UNSET:
            object.__setattr__(instance, name, value)
    return instance


def state(value):
    return value.__reduce_ex__(2)[1:3] if isinstance(value, tuple) else taken_apart(value)[1]


def again(value, trusted=True):
    """The value, after a way through its definition."""
    return made(*taken_apart(value), trusted=trusted)


def module(monkeypatch, source, name="shop"):
    """Load a module, in place of an earlier one of the name."""
    found = types.ModuleType(name)
    monkeypatch.setitem(sys.modules, name, found)
    preamble = "import dataclasses, enum\nfrom dataclasses import dataclass, field\n"
    exec(preamble + "from typing import NamedTuple\n" + textwrap.dedent(source), vars(found))
    return found
