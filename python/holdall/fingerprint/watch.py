"""A cheap look at whether anything that a code reads is another than when it was read."""

from collections.abc import Callable, Iterable
from itertools import repeat
from operator import is_
from types import CellType, FunctionType
from typing import Any

MISSING: Any = object()
Space = dict[str, Any]


class Watch:
    """What was met on the way through a code: names with their values, functions, cells, classes.

    All are compared by identity, which is enough for what cannot change; what can is digested anew.
    """

    def __init__(self) -> None:
        self.spaces: dict[int, tuple[Space, dict[str, Any]]] = {}
        self.functions: dict[int, tuple[FunctionType, tuple[Any, ...]]] = {}
        self.cells: dict[int, tuple[CellType, Any]] = {}
        self.classes: dict[int, tuple[type, list[Any]]] = {}
        self.lists: list[tuple[Callable[[], Iterable[Any]], list[Any]]] = []
        self.digests: list[tuple[Any, bytes]] = []
        # What is given other values all the time: only the type counts.
        self.loose: list[tuple[Space, str, type]] = []

    def name(self, space: Space, name: str) -> Any:
        """Return a name's value, MISSING if it has none, and watch it from now on."""
        names = self.spaces.setdefault(id(space), (space, {}))[1]
        value = names[name] = space.get(name, MISSING)
        return value

    def loosen(self, name: str, space: Space | None, cell: CellType | None) -> None:
        """Watch no more than the type of a variable that is given other values all the time."""
        if space is not None:
            value = self.spaces[id(space)][1].pop(name)
            self.loose.append((space, name, type(value)))
        elif cell is not None:
            self.cells.pop(id(cell), None)

    def function(self, function: FunctionType) -> None:
        """Watch a function's code and defaults."""
        self.functions[id(function)] = function, state_of(function)

    def cell(self, cell: CellType) -> Any:
        """Return what is in a cell, MISSING if it is empty, and watch it."""
        value = inside(cell)
        self.cells[id(cell)] = cell, value
        return value

    def kind(self, kind: type) -> None:
        """Watch what a class holds."""
        self.classes[id(kind)] = kind, members(kind)

    def held(self, content: Callable[[], Iterable[Any]]) -> None:
        """Watch what a collection holds."""
        self.lists.append((content, list(content())))

    def is_same(self, digest: Callable[[Any], bytes | None]) -> bool:
        """Whether all is as it was. digest: makes the digest of a value, or None."""
        for space, names in self.spaces.values():
            if not all(map(is_, map(space.get, names, repeat(MISSING)), names.values())):
                return False
        for function, state in self.functions.values():
            if not all(map(is_, state_of(function), state)):
                return False
        for cell, value in self.cells.values():
            if inside(cell) is not value:
                return False
        for kind, held in self.classes.values():
            now = members(kind)
            if len(now) != len(held) or not all(map(is_, now, held)):
                return False
        for content, held in self.lists:
            found = list(content())
            if len(found) != len(held) or not all(map(is_, found, held)):
                return False
        for space, name, was in self.loose:
            if type(space.get(name, MISSING)) is not was:
                return False
        return all(digest(value) == before for value, before in self.digests)


def inside(cell: CellType) -> Any:
    """Return what is in a cell."""
    try:
        return cell.cell_contents
    except ValueError:
        return MISSING


def state_of(function: FunctionType) -> tuple[Any, ...]:
    """Return what makes a function besides what it reads."""
    keywords = function.__kwdefaults__
    return (function.__code__, function.__defaults__, *(keywords.values() if keywords else ()))


def members(kind: type) -> list[Any]:
    """Return what a class holds, and its bases."""
    return [*vars(kind).values(), *kind.__bases__]
