"""What a value is made of, where the engine does not know.

A describer turns a value into `(name of the kind, *parts)`. The parts are values of any kind; the engine
takes them apart in turn, so that no describer goes deeper than its own object. Values of a library
are described by the module below that is named after it, which is loaded when the first one is met.
"""

import enum
import functools
import importlib
import io
import sys
import types
from collections.abc import Callable
from typing import Any, TypeAlias

from holdall.errors import SerializationError
from holdall.fingerprint import describe_builtin, describe_code, describe_standard
from holdall.fingerprint.attributes import Attributes, below
from holdall.fingerprint.describe_instance import describer_of_instance
from holdall.fingerprint.known import Known

__all__ = ["describer_of", "refusal"]

Describer: TypeAlias = Callable[[Any], tuple[Any, ...]]

HOOK = "__holdall_fingerprint__"

# The package that a class comes from -> ours that describes its values.
LIBRARIES = {
    "dask": "describe_dask",
    "msgspec": "describe_msgspec",
    "numpy": "describe_numpy",
    "pandas": "describe_pandas",
    "polars": "describe_polars",
    "pyarrow": "describe_arrow",
    "pydantic": "describe_pydantic",
    "scipy": "describe_scipy",
    "torch": "describe_torch",
    "xarray": "describe_xarray",
}

# What goes on while it is looked at, or ends: to say what is in it would be to use it up.
MOVING = (
    types.GeneratorType,
    types.CoroutineType,
    types.AsyncGeneratorType,
    types.FrameType,
    types.TracebackType,
)


def describer_of(kind: type) -> Describer | str:
    """Return what describes the instances of exactly this class.

    `"array"` and `"attributes"` are the two that the engine takes apart by itself.
    """
    if kind is Attributes:
        return "attributes"
    if kind is Known:
        return known
    if any(HOOK in vars(base) for base in kind.__mro__):
        return own
    if issubclass(kind, type):
        return describe_code.of_class
    if issubclass(kind, enum.Enum):
        return member
    refuse_moving(kind)
    for base in kind.__mro__:
        table, whole = tables_of(base)
        if base is kind and base in table:
            found: Describer | str = table[base]
            return found
        if base in whole:
            return whole[base]
        if base in table:
            return functools.partial(subclass, table[base], base)
    return describer_of_instance(kind)


def tables_of(base: type) -> tuple[dict[type, Any], dict[type, Describer]]:
    """Return the describers among which that of a class is.

    The first are for the class itself, and the second take instances of subclasses as they are.
    """
    package = str(base.__module__).partition(".")[0]
    if package not in LIBRARIES or package not in sys.modules:
        return STANDARD, {}
    ours = importlib.import_module(f"holdall.fingerprint.{LIBRARIES[package]}")
    return ours.TABLE, ours.WHOLE


STANDARD: dict[type, Any] = {
    **describe_standard.TABLE,
    **describe_builtin.TABLE,
    **describe_code.TABLE,
}


def subclass(found: Describer, base: type, value: Any) -> tuple[Any, ...]:
    """Describe an instance of a subclass."""
    return ("subclass", type(value), below(value, base), *found(value))


def known(value: Known) -> tuple[Any, ...]:
    """Describe what is known already."""
    return ("known", value.digest)


def own(value: Any) -> tuple[Any, ...]:
    """Ask an object what stands for it.

    Its class is named as well: what two classes say in two ways of themselves may look the same.
    """
    kind = type(value)
    return ("own", describe_code.name_of(kind), getattr(kind, HOOK)(value))


def member(value: enum.Enum) -> tuple[Any, ...]:
    """Describe a member of an enumeration."""
    return ("member", type(value), value._name_, Attributes(value=value._value_))


def refuse_moving(kind: type) -> None:
    """Raise for what cannot be looked at without an effect, or is never the same twice."""
    if issubclass(kind, MOVING) or is_iterator(kind):
        raise SerializationError(
            f"{shown(kind)} is used up by being looked at; pass what it gives as a list"
        )
    if issubclass(kind, io.IOBase) and not issubclass(kind, io.BytesIO | io.StringIO):
        raise SerializationError(
            f"{shown(kind)} is an open file, and what it gives depends on more than itself; pass its "
            "path or its content, or leave it out with ignore=[...]"
        )


def is_iterator(kind: type) -> bool:
    """Whether these are iterators of Python's own. Those of other classes may know better."""
    return hasattr(kind, "__next__") and kind.__module__ in {"builtins", "itertools"}


def refusal(kind: type, error: BaseException) -> SerializationError:
    """Return what to raise for a value that could not be described."""
    return SerializationError(
        f"{shown(kind)} cannot be fingerprinted ({type(error).__name__}: {error}); leave the argument "
        f"out with ignore=[...], say by version= what it is, or give the class {HOOK}",
        operation="fingerprint",
        data_type=shown(kind),
    )


def shown(kind: type) -> str:
    """Return the name of a class as a reader knows it."""
    module = kind.__module__
    return kind.__qualname__ if module == "builtins" else f"{module}.{kind.__qualname__}"
