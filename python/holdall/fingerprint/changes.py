"""What code changes while it runs: variables that cannot be part of its fingerprint by value."""

import sys
from types import CellType, FunctionType, ModuleType
from typing import Any, NamedTuple

from holdall.fingerprint.reads import Read, Reading, reading_of
from holdall.fingerprint.watch import MISSING, Space, inside

# An object is not yet used while these run.
STARTS = frozenset({"__init__", "__new__", "__post_init__", "__attrs_post_init__", "__setstate__"})


class Variable(NamedTuple):
    """A variable that code reads.

    kind: "global", "closure" or "default". slot: what holds it, and under which name: by that it
    is known again where it is given another value. space, cell: these, for those that are watched.
    owner: the class, for an attribute of one or of an object of it.
    """

    kind: str
    where: str
    name: str
    value: Any
    slot: tuple[int, str]
    space: Space | None = None
    cell: CellType | None = None
    owner: type | None = None


class Changes:
    """What the functions that were met give another value, and the objects that they change."""

    def __init__(self) -> None:
        self.changed: dict[int, Any] = {}
        self.bound: set[tuple[int, str]] = set()
        # By name, the classes of which methods change an attribute.
        self.touched: dict[str, list[type]] = {}

    def note(self, function: FunctionType, reading: Reading, cells: dict[str, CellType]) -> None:
        """Take note of what a function changes."""
        space, given = function.__globals__, dict(defaults_of(function))
        for change in reading.changes:
            found = reach(change, space, cells, given)
            if found is not MISSING:
                self.changed[id(found)] = found
        for bind in reading.binds:
            self.bind(bind, space, cells, given)

    def bind(self, read: Read, space: Space, cells: dict[str, CellType], given: Space) -> None:
        """Take note of a name that is given another value."""
        if read.chain:
            *chain, name = read.chain
            owner = reach(read._replace(chain=tuple(chain)), space, cells, given)
            if owner is not MISSING:
                held = vars(owner) if isinstance(owner, ModuleType) else owner
                self.bound.add((id(held), name))
        elif read.kind == "cell" and read.name in cells:
            self.bound.add((id(cells[read.name]), ""))
        elif read.kind == "global":
            self.bound.add((id(space), read.name))

    def note_method(self, function: FunctionType, kind: type, *, of_class: bool) -> None:
        """Take note of the attributes that a method changes. of_class: it is a class method."""
        reading = reading_of(function.__code__)
        first = function.__code__.co_varnames[:1]
        for change in (*reading.changes, *reading.binds):
            if change.kind != "local" or change.name not in first or not change.chain:
                continue
            name = change.chain[0]
            # `self.x = 1` sets an attribute of the object, not the class's.
            if of_class or change in reading.changes:
                self.touched.setdefault(name, []).append(kind)
            if function.__code__.co_name not in STARTS:
                self.touched.setdefault(f"self.{name}", []).append(kind)

    def holds(self, variable: Variable) -> bool:
        """Whether a variable, or the object that it is, is changed."""
        return id(variable.value) in self.changed or self.binds(variable)

    def binds(self, variable: Variable) -> bool:
        """Whether a variable is given another value."""
        kind = variable.owner
        return variable.slot in self.bound or (
            kind is not None
            and any(
                issubclass(kind, each) or issubclass(each, kind)
                for each in self.touched.get(variable.slot[1], ())
            )
        )


def reach(read: Read, space: Space, cells: dict[str, CellType], given: Space) -> Any:
    """Return the object that a change is made to, MISSING if that cannot be said."""
    if read.kind == "cell":
        value = inside(cells[read.name]) if read.name in cells else MISSING
    elif read.kind == "import":
        value = sys.modules.get(read.name, MISSING)
    else:
        value = (given if read.kind == "local" else space).get(read.name, MISSING)
    for name in read.chain:
        value = getattr(value, "__dict__", {}).get(name, MISSING)
    return value


def defaults_of(function: FunctionType) -> list[tuple[str, Any]]:
    """Return the names and values of a function's defaults."""
    values = function.__defaults__ or ()
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    # The code of a function may have been exchanged for one that takes less.
    found = list(zip(reversed(names), reversed(values), strict=False))[::-1]
    return found + list((function.__kwdefaults__ or {}).items())
