"""Which values count by what they are, and which only by their type and name."""

import array
import collections
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import functools
import ipaddress
import operator
import pathlib
import re
import types
import typing
import uuid
import zoneinfo
from itertools import chain
from typing import Any

from holdall.fingerprint.modules import home_of

# Two of one identity are equal: nobody can change them.
ATOMS: frozenset[type] = frozenset(
    {
        bool, bytes, complex, float, int, str, type(None), type(...), type(NotImplemented), range,
        object, dt.date, dt.datetime, dt.time, dt.timedelta,
        dt.timezone, decimal.Decimal, fractions.Fraction, re.Pattern, uuid.UUID,
        zoneinfo.ZoneInfo, types.GenericAlias, types.UnionType, typing.TypeVar,
    }
)  # fmt: skip
SEQUENCES = (tuple, list, set, frozenset, collections.deque)
ALIAS = type(typing.List[int])  # noqa: UP006 - the class that typing's own aliases are of
PLAINER: tuple[type, ...] = (
    str, bytes, int, float, complex, array.array, ALIAS,
    ipaddress.IPv4Address, ipaddress.IPv6Address, ipaddress.IPv4Network, ipaddress.IPv6Network,
    type({}.keys()), type({}.values()), type({}.items()),
)  # fmt: skip
MAPPINGS = (
    dict,
    collections.OrderedDict,
    collections.defaultdict,
    collections.Counter,
    types.MappingProxyType,
)
CODE = (types.FunctionType, types.ModuleType, type)
BOUND = (types.MethodType, types.BuiltinFunctionType)
# By the names of their types: nobody's library is imported to find out.
DATA = {
    "numpy": {"ndarray", "dtype", "generic", "ma.MaskedArray"},
    "pandas": {"DataFrame", "Series", "Index", "Timestamp", "Timedelta", "Interval", "Period", "NaTType", "BaseOffset", "ExtensionDtype", "ExtensionArray"},
    "polars": {"DataFrame", "Series", "LazyFrame", "DataType", "Expr"},
    "pyarrow": {"Table", "RecordBatch", "Array", "ChunkedArray", "Scalar", "Schema", "DataType", "Field"},
    "xarray": {"DataArray", "Dataset"},
    "torch": {"Tensor", "dtype", "device"},
    "dask": {"Array", "DataFrame", "Series"},
    "scipy": {"spmatrix", "sparray", "_spbase"},
}  # fmt: skip


def is_plain(value: Any) -> bool:
    """Whether a value is data, or functions and classes, all the way down."""
    waiting: list[Any] = [value]
    seen: set[int] = set()
    while waiting:
        item = waiting.pop()
        kind = type(item)
        if kind in ATOMS or isinstance(item, CODE):
            continue
        if id(item) in seen:
            continue
        seen.add(id(item))
        if kind is bytearray or is_data(kind):
            continue
        inner = content_of(item)
        if inner is None:
            return False
        # Most containers hold one type of atoms: found out at C's speed.
        if not set(map(type, inner)) <= ATOMS:
            waiting += inner
    return True


def code_in(value: Any) -> list[Any]:
    """Return the type of a value that is no plain data, and the user's functions and classes in it.

    Those of libraries are left out: what an object fetches for itself on the way is not its code.
    """
    found: list[Any] = [type(value)]
    waiting: list[Any] = [value]
    seen: set[int] = set()
    while waiting:
        item = waiting.pop()
        kind = type(item)
        if kind in ATOMS or isinstance(item, types.ModuleType) or id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, types.FunctionType | type):
            if home_of(item.__module__) == "own":
                found.append(item)
            continue
        is_own = home_of(kind.__module__) == "own"
        if is_own and item is not value:
            found.append(kind)
        if isinstance(item, types.MethodType):
            waiting += [item.__self__, item.__func__]
            continue
        inner = content_of(item)
        if inner is None and is_own:
            inner = [*getattr(item, "__dict__", {}).values(), *slots(item)]
        # A set has another order in each process, by which lambdas would get their numbers.
        if not isinstance(item, set | frozenset):
            waiting += reversed(inner or [])
    return found


def is_atom(value: Any) -> bool:
    """Whether a value is what it was for as long as it is the same object."""
    kind = type(value)
    if kind in ATOMS or isinstance(value, enum.Enum):
        return True
    return kind in (tuple, frozenset) and set(map(type, value)) <= ATOMS


def content_of(value: Any) -> list[Any] | None:
    """Return what plain data holds; None if it is no plain data by itself."""
    if isinstance(value, enum.Enum | pathlib.PurePath) or hasattr(
        type(value), "__holdall_fingerprint__"
    ):
        return []
    if isinstance(value, MAPPINGS):
        return list(chain(value, value.values(), extras(value)))
    if isinstance(value, SEQUENCES):
        return list(chain(value, extras(value)))
    if isinstance(value, BOUND):
        return [] if value.__self__ is None else [value.__self__]
    if isinstance(value, functools.partial):
        return [value.func, *value.args, *value.keywords.values()]
    if isinstance(value, slice):
        return [value.start, value.stop, value.step]
    kind = type(value)
    if dataclasses.is_dataclass(kind) or kind is types.SimpleNamespace:
        return [*getattr(value, "__dict__", {}).values(), *slots(value)]
    # Of attrs, pydantic and msgspec.
    names = getattr(kind, "__attrs_attrs__", None)
    if names is not None:
        return [getattr(value, each.name, None) for each in names]
    if hasattr(kind, "__pydantic_validator__"):
        return list(vars(value).values())
    names = getattr(kind, "__struct_fields__", None)
    if names is not None:
        return [getattr(value, name, None) for name in names]
    if isinstance(value, PLAINER):
        return [*typing.get_args(value)] if isinstance(value, ALIAS) else extras(value)
    if isinstance(value, operator.itemgetter | operator.attrgetter | operator.methodcaller):
        return list(value.__reduce__()[1])
    return None


def extras(value: Any) -> list[Any]:
    """Return the attributes of an instance of a container's subclass."""
    found = list(getattr(value, "__dict__", {}).values())
    factory = getattr(value, "default_factory", None)
    return found if factory is None else [*found, factory]


def slots(value: Any) -> list[Any]:
    """Return what is in an instance's slots."""
    names = chain.from_iterable(
        (slot,) if isinstance(slot, str) else slot
        for slot in (vars(kind).get("__slots__", ()) for kind in type(value).__mro__)
    )
    return [getattr(value, name) for name in names if hasattr(value, name)]


def is_data(kind: type) -> bool:
    """Whether instances of a library's type are arrays, frames or parts of them."""
    return any(
        each.__name__ in DATA.get(each.__module__.partition(".")[0], ()) for each in kind.__mro__
    )
