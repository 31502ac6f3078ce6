"""Passive values by name: what each is made of when written, and how it is made again when read.

A reducer turns a value into `(name, *arguments)`, which CBOR's tag 27 holds, or into
`(number, content)` for a tag of its own; None says that this value cannot be kept so without
losing something. A memoryview among the arguments stands for a byte string.

Names and tags are closed lists. What a payload names is looked up here and never imported; the
modules below are loaded when the first value of theirs is met, for a program without an array of
NumPy's must not pay for one.
"""

import functools
import importlib
import sys
from collections.abc import Callable, Sequence
from typing import Any

from holdall._named import containers
from holdall._named.check import SMALL

__all__ = ["SMALL", "fill", "rebuild", "rebuild_tag", "reducer_of", "shell"]

Reducer = Callable[[Any], tuple[Any, ...] | None]

# Python's module -> ours for the values of its classes.
HOMES = {
    "array": "arrays",
    "collections": "containers",
    "datetime": "moments",
    "decimal": "numbers",
    "fractions": "numbers",
    "ipaddress": "addresses",
    "numpy": "numpy_values",
    "pathlib": "paths",
    "re": "patterns",
    "uuid": "uuids",
    "zoneinfo": "zones",
}
TAGS = {
    1: "datetime",
    30: "fractions",
    40: "numpy",
    52: "ipaddress",
    54: "ipaddress",
    100: "datetime",
    1040: "numpy",
    **dict.fromkeys(range(64, 88), "numpy"),
}

# By identity, since a class may have a metaclass whose hash or `==` is somebody's code. The classes
# stay alive in their tables, so no other gets the id of one.
reducers: dict[int, Reducer] = {}
names: dict[str, Callable[..., Any]] = {}
tags: dict[int, Callable[[Any], Any]] = {}


@functools.cache
def learn(home: str) -> None:
    """Take over the tables of one of our modules."""
    module = importlib.import_module(f"{__name__}.{home}")
    reducers.update((id(kind), reducer) for kind, reducer in module.REDUCERS.items())
    names.update(module.NAMES)
    tags.update(module.TAGS)


learn("plain")
learn("containers")


def reducer_of(kind: type) -> Reducer | None:
    """Return what reduces the instances of exactly this class; None where nothing does."""
    found = reducers.get(id(kind))
    if found is None:
        # A value of a class that is not imported yet cannot be here.
        for module, home in HOMES.items():
            if sys.modules.get(module) is not None:
                learn(home)
        found = reducers.get(id(kind))
    return found


def rebuild(name: str, args: list[Any], segments: Sequence[Any] = ()) -> Any:
    """Make the value that a name and its arguments describe; ValueError or TypeError if none."""
    builder = names.get(name)
    if builder is None:
        need(HOMES.get(name.partition(".")[0]))
        builder = names.get(name)
        if builder is None:
            raise ValueError(
                f"no kind of value is called {name!r}: was a newer holdall the writer?"
            )
    if name == "numpy.ndarray":
        return made(builder, *args, segments)
    return made(builder, *args)


def rebuild_tag(number: int, content: Any) -> Any:
    """Make the value that a tag and its content describe; ValueError or TypeError if none."""
    builder = tags.get(number)
    if builder is None:
        need(HOMES.get(TAGS.get(number, "")))
        builder = tags.get(number)
        if builder is None:
            raise ValueError(f"tag {number} is not one that holdall reads")
    return made(builder, content)


def shell(name: str) -> Any | None:
    """Return an empty container to be filled later, for one that contains itself."""
    kind = containers.KINDS.get(name)
    return None if kind is None else kind()


def fill(shell: Any, args: list[Any]) -> Any:
    """Give a shell its content."""
    return made(containers.fill, shell, *args)


def need(home: str | None) -> None:
    """Load one of our modules for bytes that name it."""
    if home is None:
        return
    try:
        learn(home)
    except ModuleNotFoundError as error:
        raise ValueError(f"this value needs {error.name}: install it to read the value") from error


def made(builder: Callable[..., Any], *args: Any) -> Any:
    """Call a builder; whatever it makes of bad content is a ValueError or a TypeError."""
    try:
        return builder(*args)
    except (ArithmeticError, LookupError, OSError, RuntimeError) as error:
        raise ValueError(str(error) or type(error).__name__) from error
