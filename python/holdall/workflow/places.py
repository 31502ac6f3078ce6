"""Where nodes lie in a call's arguments, and the arguments with something else in these places.

Nodes are found in lists, tuples, named tuples, dicts (keys too), sets and dataclasses, at any depth and
in what is derived from these types. In anything else, an attribute of an object say, they are not.
"""

import copy
import dataclasses
from collections.abc import Callable, Iterable
from types import NoneType
from typing import Any

# What holds no node, and is no reason to look further.
PLAIN = frozenset({NoneType, bool, int, float, complex, str, bytes, bytearray, range, slice, type})
# The classes that stand for a node; each is put in where it is defined.
LEAVES: set[type] = set()

Replace = Callable[[Any], Any]


def leaves_in(values: Iterable[Any]) -> list[Any]:
    """Return the nodes in some values, in their order."""
    found: list[Any] = []
    seen: set[int] = set()
    stack = [iter(values)]
    while stack:
        for value in stack[-1]:
            kind = type(value)
            if kind in PLAIN:
                continue
            if kind in LEAVES:
                found.append(value)
                continue
            inside = contents(value)
            if inside is not None and id(value) not in seen:
                seen.add(id(value))
                # A long list of plain values is done in one breath.
                if not PLAIN.issuperset(set(map(type, inside))):
                    stack.append(iter(inside))
                    break
        else:
            stack.pop()
    return found


def contents(value: Any) -> Any:
    """Return what lies in a value that nodes are looked for in, else None."""
    if isinstance(value, list | tuple | set | frozenset):
        return value
    if isinstance(value, dict):
        return [*value, *value.values()]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return list(fields_of(value).values())
    return None


def fields_of(value: Any) -> dict[str, Any]:
    """Return the fields of a dataclass's instance that are there."""
    return {
        field.name: getattr(value, field.name)
        for field in dataclasses.fields(value)
        if hasattr(value, field.name)
    }


class Places:
    """The values with something else in the places of nodes.

    What holds no node is handed on as it is, and what was one object stays one.
    """

    def __init__(self, replace: Replace) -> None:
        self.replace = replace
        self.done: dict[int, Any] = {}

    def fill(self, value: Any) -> Any:
        """Return a value with its nodes replaced."""
        kind = type(value)
        if kind in PLAIN:
            return value
        if kind in LEAVES:
            return self.replace(value)
        if id(value) in self.done:
            return self.done[id(value)]
        if contents(value) is None or not leaves_in([value]):
            return value
        return self.rebuilt(value)

    def rebuilt(self, value: Any) -> Any:
        """Return a container anew."""
        key = id(value)
        if isinstance(value, list):
            # Known before it is full: it may contain itself.
            new = self.done[key] = [] if type(value) is list else copy.copy(value)
            new[:] = [self.fill(item) for item in value]
            return new
        if isinstance(value, dict):
            made = self.done[key] = {} if type(value) is dict else copy.copy(value)
            made.clear()
            made.update((self.fill(name), self.fill(item)) for name, item in value.items())
            return made
        if isinstance(value, tuple):
            items = [self.fill(item) for item in value]
            maker = getattr(type(value), "_make", type(value))
            # What it contains may have led back here.
            return self.done.setdefault(key, maker(items))
        if isinstance(value, set | frozenset):
            return self.done.setdefault(key, type(value)(self.fill(item) for item in value))
        # Not dataclasses.replace: that runs __init__ again, and not every field is an argument of it.
        twin = self.done[key] = copy.copy(value)
        for name, item in fields_of(value).items():
            object.__setattr__(twin, name, self.fill(item))
        return twin
