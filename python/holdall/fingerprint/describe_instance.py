"""Instances of any class: by what `copy` and pickle would take of them, as objects."""

import copyreg
import dataclasses
import functools
import sys
from collections.abc import Callable
from typing import Any

from holdall.errors import SerializationError
from holdall.fingerprint.attributes import Attributes
from holdall.fingerprint.describe_code import MAIN, name_of

# The generated method of frozen dataclasses with slots gives values without their names.
BARE = getattr(dataclasses, "_dataclass_getstate", None)
# Kept by an instance only to be faster the next time.
MEMOS = frozenset({"_attrs_cached_hash"})


def describer_of_instance(kind: type) -> Callable[[Any], tuple[Any, ...]]:
    """Return what describes the instances of a class.

    It does not hold the class itself: the engine keeps it for as long as it is asked.
    """
    memos = {
        name
        for base in kind.__mro__
        for name, found in vars(base).items()
        if isinstance(found, functools.cached_property)
    }
    return functools.partial(instance, MEMOS | memos)


def instance(memos: frozenset[str], value: Any) -> tuple[Any, ...]:
    """Describe an instance by its class, how it is made, and its state."""
    kind = type(value)
    reducer = copyreg.dispatch_table.get(kind)
    reduced = reducer(value) if reducer else value.__reduce_ex__(4)
    if isinstance(reduced, str):
        return named(value, reduced)
    maker, args, *rest = reduced
    state, items, pairs, _setter = [*rest, None, None, None, None][:4]
    if maker is copyreg.__newobj__ and args and args[0] is kind:  # type: ignore[attr-defined]
        maker, args = None, args[1:]
    if getattr(kind, "__getstate__", None) is BARE and BARE is not None:
        state = object.__getstate__(value)
    parts = (
        "object",
        kind,
        None if maker is None else made_by(maker),
        args or None,
        tidy(state, memos),
    )
    if items is None and pairs is None:
        return parts
    return (*parts, items and list(items), pairs and list(pairs))


def named(value: Any, name: str) -> tuple[Any, ...]:
    """Describe what a module holds under a name, if it does."""
    module = getattr(value, "__module__", None) or module_of(value, name)
    found: Any = sys.modules.get(module)
    for step in name.split("."):
        found = getattr(found, step, None)
    if found is not value:
        raise SerializationError(
            f"{name} is known by its name only, and is not to be found under it in {module}; define "
            "it there, or leave it out with ignore=[...]"
        )
    return ("named", MAIN.get(module, module), name)


def module_of(value: Any, name: str) -> str:
    """Return the module that holds a value under a name, where it does not say so itself."""
    for module, found in list(sys.modules.items()):
        if getattr(found, "__dict__", {}).get(name) is value:
            return module
    return "__main__"


def made_by(maker: Any) -> Any:
    """Name what makes an object: what the object is, its arguments and its state say."""
    owner = getattr(maker, "__self__", None)
    if isinstance(owner, type):
        return (name_of(owner), maker.__name__)
    return name_of(maker) if hasattr(maker, "__qualname__") else maker


def tidy(state: Any, memos: frozenset[str]) -> Any:
    """Return a state as names and values, where it is nothing else."""
    if type(state) is tuple and len(state) == 2 and isinstance(state[1], dict):
        inside, slots = state
        if inside is None or isinstance(inside, dict):
            state = {**(inside or {}), **slots}
    if type(state) is dict and all(type(name) is str for name in state):
        return Attributes({name: state[name] for name in state if name not in memos})
    return state
