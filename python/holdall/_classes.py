"""Instances of classes: what is written of one, and what makes one of it again."""

import functools
import importlib
from dataclasses import dataclass
from typing import Any

from holdall import _main, _recipe
from holdall._enums import state_of
from holdall._recipe import UNSET, Definition, Recipe
from holdall._shape import Shape, shape_of
from holdall.errors import (
    CorruptFrame,
    HoldallError,
    SerializationError,
    UnsupportedVersion,
    UntrustedPayloadError,
)
from holdall.register import Entry, entry_of, named, where

__all__ = ["UNSET", "Plan", "Recipe", "named", "plan", "resolve", "state_of"]

FORMS = {
    "dataclass": "a dataclass",
    "namedtuple": "a named tuple",
    "enum": "an Enum",
    "flag": "a Flag",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is written of a class and its instances.

    form, name, version, fields: as the definition has them. slots: each with its descriptor.
    has_dict: whether instances may have more attributes. copy: of a class of the script, the class.
    """

    form: str
    name: str
    version: int
    fields: tuple[str, ...]
    slots: tuple[tuple[str, Any], ...]
    has_dict: bool
    copy: bytes | None


def plan(kind: type) -> Plan | None:
    """Return how instances of a class are written as objects, or None where pickle has to do it."""
    shape = shape_of(kind)
    if shape is None:
        return None
    entry = entry_of(kind)
    of_script = _main.is_of_script(kind)
    if entry is None:
        if not of_script and _main.found_at(kind) is not kind:
            return None
        entry = Entry(kind, where(kind))
    copy = copy_of(kind) if of_script else None
    return Plan(
        shape.form, entry.name, entry.version, shape.fields, shape.slots, shape.has_dict, copy
    )


def copy_of(kind: type) -> bytes | None:
    """Return the copy of a class of the script, if cloudpickle can make one."""
    try:
        return _main.copy_of(kind)
    except MemoryError:
        raise
    except Exception:
        return None


def resolve(definition: list[Any], trusted: bool) -> Recipe:
    """Return how instances of what a payload defines are made.

    Nothing that the bytes name is imported, and no copy opened, unless they are trusted.
    """
    asked = checked(definition)
    entry = named(asked.name)
    if entry is None:
        if not trusted:
            raise UntrustedPayloadError(
                f"the payload holds an instance of {asked.name}, and nothing says who wrote it; "
                "register the class (holdall.register), share the writer's keyset "
                "(HOLDALL_KEYSET), or say trust='all' if you know where the bytes come from"
            )
        entry = find(asked)
    shape = shape_of(entry.kind)
    if shape is None or shape.form != asked.form:
        raise SerializationError(f"{asked.name}: {mismatch(asked, shape)}")
    if asked.version > entry.version:
        raise UnsupportedVersion(
            f"{asked.name}: version {asked.version} was kept, and this program has version "
            f"{entry.version}; update the program, or import what registers the class"
        )
    return _recipe.recipe(asked, entry, shape)


def mismatch(asked: Definition, shape: Shape | None) -> str:
    """Say what a class is instead of what it was."""
    now = f"is {FORMS[shape.form]}" if shape else "is none that holdall can restore"
    return (
        f"it was kept as {FORMS[asked.form]}, and the class {now} now; "
        "register the class as it was under this name"
    )


def find(asked: Definition) -> Entry:
    """Return a class that is not registered, by where it was."""
    module, _, name = asked.name.partition(":")
    if module == "__main__" or asked.copy is not None:
        kind = of_script(asked)
    elif not module or not name:
        raise SerializationError(
            f"{asked.name}: no class is registered under this name; import what registers it"
        )
    else:
        try:
            kind = functools.reduce(getattr, name.split("."), importlib.import_module(module))
        except MemoryError:
            raise
        except Exception as error:
            # The import may have registered what has become of it.
            if entry := named(asked.name):
                return entry
            raise SerializationError(
                f"{asked.name}: the class is not found: {type(error).__name__}: {error}; install "
                "what has it, or, if it has moved, register it: "
                f"holdall.register({name.rpartition('.')[2]}, name={asked.name!r})"
            ) from error
    if not isinstance(kind, type):
        raise SerializationError(f"{asked.name}: this is no class any more; register the class")
    return named(asked.name) or entry_of(kind) or Entry(kind, asked.name)


def of_script(asked: Definition) -> Any:
    """Return a class of a script: this script's own, or else the copy."""
    module, _, name = asked.name.partition(":")
    if module == "__main__" and isinstance(own := _main.by_name(name), type):
        return own
    if asked.copy is None:
        raise SerializationError(
            f"{asked.name}: a class of another script, of which no copy could be made; "
            "define it in a module that both import"
        )
    try:
        kind = _main.open_copy(asked.name, (asked.major, asked.minor), asked.copy)
    except (MemoryError, HoldallError):
        raise
    except Exception as error:
        raise SerializationError(
            f"{asked.name}: the copy of the class cannot be opened: {type(error).__name__}: "
            f"{error}; install what it needs, or define the class in a module that both import"
        ) from error
    # Registered under a name of its own, it may be the script's class all the same.
    own = _main.by_name(kind.__qualname__) if isinstance(kind, type) else None
    return own if isinstance(own, type) else kind


def checked(definition: list[Any]) -> Definition:
    """Return a definition, if it is one."""
    try:
        asked: Any = Definition(*definition)
    except TypeError:
        raise malformed() from None
    names = asked.fields, asked.extras
    fits = (
        isinstance(asked.form, str)
        and asked.form in FORMS
        and isinstance(asked.name, str)
        and asked.name != ""
        and asked.copy.__class__ in (bytes, type(None))
        and all(type(number) is int for number in (asked.version, asked.major, asked.minor))
        and asked.version >= 0
        and all(isinstance(some, list) and all(type(n) is str for n in some) for some in names)
    )
    if not fits or len({*asked.fields, *asked.extras}) != len(asked.fields) + len(asked.extras):
        raise malformed()
    if asked.form != "dataclass" and asked.extras:
        raise malformed()
    return Definition(*definition)


def malformed() -> CorruptFrame:
    """Say that a definition is none."""
    return CorruptFrame("the definition of a class is damaged; write the value again")
