"""Classes that are known by a name of their own, with a version and a way up from older ones."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, overload
from weakref import WeakKeyDictionary

from holdall import _main
from holdall._holdall import forget_kinds
from holdall._shape import shape_of
from holdall.errors import ValidationError, WrongTypeError

__all__ = ["register"]

Kind = TypeVar("Kind", bound=type)
Upgrade = Callable[[dict[str, Any], int], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Entry:
    """A class, and what it is registered as."""

    kind: type
    name: str
    version: int = 0
    upgrade: Upgrade | None = None


by_name: dict[str, Entry] = {}
# A class may have several names, of which the last is written and all are read.
by_class: WeakKeyDictionary[type, str] = WeakKeyDictionary()
changing = threading.Lock()


@overload
def register(
    cls: Kind, *, name: str | None = None, version: int = 0, upgrade: Upgrade | None = None
) -> Kind: ...


@overload
def register(
    *, name: str | None = None, version: int = 0, upgrade: Upgrade | None = None
) -> Callable[[Kind], Kind]: ...


def register(cls: Any = None, *, name: Any = None, version: Any = 0, upgrade: Any = None) -> Any:
    """Make a class known by a name, so that its instances are read whoever wrote them.

    Also a decorator, above that of the dataclass: `@holdall.register(name="point", version=1)`.

    cls: a dataclass, a named tuple or an Enum that has no pickle hooks of its own; or an exception, which
        a task that raises it then hands on with its arguments.
    name: what is written for the class; without it, where the class is: "module:Class". A class may
        move if its name stays. Registered under a further name, it is read by all of its names and
        written by the last.
    version: which version of the class is written. Raise it when the fields change.
    upgrade: called as `upgrade(state, version)` with what an older version wrote, a dict of
        the names and values; returns the dict for today's fields. It may see bytes that nobody
        signed, so it should do no more than compute.

    A payload all of whose classes are registered is opened without a signature.

    Returns the class. Raises ValidationError for another class, for a name that another class has,
    and for a bad version or upgrade; WrongTypeError for a name that is no str.
    """
    if cls is None:
        return lambda kind: enter(kind, name, version, upgrade)
    return enter(cls, name, version, upgrade)


def enter(kind: Any, name: Any, version: Any, upgrade: Any) -> Any:
    """Check what is registered, and note it."""
    if not isinstance(kind, type):
        raise ValidationError(f"{kind!r} is no class; register the class itself")
    label = f"{kind.__module__}.{kind.__qualname__}"
    if shape_of(kind) is None and not issubclass(kind, Exception):
        raise ValidationError(
            f"{label} cannot be registered: it is no dataclass, named tuple or Enum, or has pickle "
            "hooks or a __new__ of its own; where it is a dataclass, put @holdall.register above it"
        )
    if name is None:
        name = where(kind)
    elif not isinstance(name, str):
        raise WrongTypeError(f"the name of {label} must be a str, not {type(name).__name__}")
    if not name:
        raise ValidationError(f"the name of {label} is empty; leave it out, or give one")
    if type(version) is not int or not 0 <= version < 2**32:
        raise ValidationError(
            f"the version of {label} must be an int from 0 to 2**32 - 1, not {version!r}"
        )
    if upgrade is not None and not callable(upgrade):
        raise ValidationError(f"the upgrade of {label} must be a function, not {upgrade!r}")
    with changing:
        other = by_name.get(name)
        if other and other.kind is not kind and where(other.kind) != where(kind):
            raise ValidationError(
                f"the name {name!r} is that of {where(other.kind)}; give {label} another"
            )
        by_name[name] = Entry(kind, name, version, upgrade)
        by_class[kind] = name
    # The engine remembers how it writes the instances of a class.
    forget_kinds()
    return kind


def where(kind: type) -> str:
    """Return where a class is, by the name that is written for one that is not registered."""
    module = "__main__" if kind.__module__ in _main.MAIN else kind.__module__
    return f"{module}:{kind.__qualname__}"


def named(name: str) -> Entry | None:
    """Return what is registered under a name."""
    entry = by_name.get(name)
    return entry if entry and not is_replaced(entry) else None


def entry_of(kind: type) -> Entry | None:
    """Return what a class is registered as; nothing if its name went on to another class since."""
    entry = named(by_class.get(kind, ""))
    return entry if entry and entry.kind is kind else None


def exception_named(name: str) -> type[Exception] | None:
    """Return the registered exception class of a name, "module.Class" or the one it is registered by."""
    for kind in list(by_class):
        if issubclass(kind, Exception) and name == f"{kind.__module__}.{kind.__qualname__}":
            entry = entry_of(kind)
            return None if entry is None else kind
    entry = named(name)
    return entry.kind if entry is not None and issubclass(entry.kind, Exception) else None


def is_replaced(entry: Entry) -> bool:
    """Whether a class is registered as where it is, and another one is there now.

    A module that was loaded anew, or a cell that was run again, may have left the registration out.
    """
    if entry.name != where(entry.kind):
        return False
    found = _main.found_at(entry.kind)
    return isinstance(found, type) and found is not entry.kind
