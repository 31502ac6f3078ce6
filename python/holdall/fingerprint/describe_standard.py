"""Values of the standard library."""

import array
import collections
import datetime as dt
import decimal
import fractions
import pathlib
import re
import types
import uuid
import zoneinfo
from typing import Any

from holdall.errors import SerializationError
from holdall.fingerprint.attributes import Attributes

Parts = tuple[Any, ...]


def of_datetime(value: dt.datetime) -> Parts:
    """Describe a moment by its fields, and by its zone as a value."""
    return (
        "datetime",
        value.toordinal(),
        value.hour,
        value.minute,
        value.second,
        value.microsecond,
        value.fold,
        Attributes(tzinfo=value.tzinfo),
    )


def of_date(value: dt.date) -> Parts:
    """Describe a day."""
    return ("date", value.toordinal())


def of_time(value: dt.time) -> Parts:
    """Describe a time of the day."""
    return (
        "time",
        value.hour,
        value.minute,
        value.second,
        value.microsecond,
        value.fold,
        Attributes(tzinfo=value.tzinfo),
    )


def of_delta(value: dt.timedelta) -> Parts:
    """Describe a duration."""
    return ("timedelta", value.days, value.seconds, value.microseconds)


def of_timezone(value: dt.timezone) -> Parts:
    """Describe a fixed distance from UTC."""
    return ("timezone", value.utcoffset(None), value.tzname(None))


def of_zone(value: zoneinfo.ZoneInfo) -> Parts:
    """Describe a zone by its name, under which all machines have it."""
    if value.key is None:
        raise SerializationError("a time zone without a key; make it by ZoneInfo(key)")
    return ("zoneinfo", value.key)


def of_decimal(value: decimal.Decimal) -> Parts:
    """Describe a number with its precision. Its str depends on the context's capitals."""
    sign, digits, exponent = value.as_tuple()
    return ("decimal", sign, bytes(digits), exponent)


def of_fraction(value: fractions.Fraction) -> Parts:
    """Describe a ratio."""
    return ("fraction", value.numerator, value.denominator)


def of_uuid(value: uuid.UUID) -> Parts:
    """Describe an id."""
    return ("uuid", value.int)


def of_path(value: pathlib.PurePath) -> Parts:
    """Describe a path by its text: what is in the file is another question."""
    return ("path", type(value).__name__, str(value))


def of_pattern(value: re.Pattern[Any]) -> Parts:
    """Describe a regular expression."""
    return ("pattern", value.pattern, value.flags)


def of_range(value: range) -> Parts:
    """Describe a range by its ends."""
    return ("range", value.start, value.stop, value.step)


def of_slice(value: slice) -> Parts:
    """Describe a slice by its ends."""
    return ("slice", value.start, value.stop, value.step)


def of_deque(value: collections.deque[Any]) -> Parts:
    """Describe a deque by its items and how many it takes."""
    return ("deque", value.maxlen, list(collections.deque.__iter__(value)))


def of_ordered(value: collections.OrderedDict[Any, Any]) -> Parts:
    """Describe an ordered dict, whose order is not that of the dict it is made from."""
    return ("ordered dict", dict(collections.OrderedDict.items(value)))


def of_default(value: collections.defaultdict[Any, Any]) -> Parts:
    """Describe a dict with what makes its missing values."""
    return ("defaultdict", Attributes(default_factory=value.default_factory), dict.copy(value))


def of_counter(value: collections.Counter[Any]) -> Parts:
    """Describe a counter."""
    return ("counter", dict(dict.items(value)))


def of_proxy(value: types.MappingProxyType[Any, Any]) -> Parts:
    """Describe a view of a dict by what it shows."""
    return ("mappingproxy", dict(value))


def of_namespace(value: types.SimpleNamespace) -> Parts:
    """Describe a namespace by its names."""
    return ("namespace", Attributes(vars(value)))


def of_keys(value: Any) -> Parts:
    """Describe a view of a dict by what is in it."""
    return (type(value).__name__, list(value))


def of_memory(value: memoryview) -> Parts:
    """Describe memory by its shape, the type of its items, and its bytes in C order."""
    return ("memoryview", value.format, value.shape, value.tobytes())


def of_array(value: "array.array[Any]") -> Parts:
    """Describe an array of numbers."""
    return ("array", value.typecode, value.itemsize, value.tobytes())


TABLE: dict[type, Any] = {
    dt.datetime: of_datetime,
    dt.date: of_date,
    dt.time: of_time,
    dt.timedelta: of_delta,
    dt.timezone: of_timezone,
    zoneinfo.ZoneInfo: of_zone,
    decimal.Decimal: of_decimal,
    fractions.Fraction: of_fraction,
    uuid.UUID: of_uuid,
    pathlib.PurePosixPath: of_path,
    pathlib.PureWindowsPath: of_path,
    pathlib.PosixPath: of_path,
    pathlib.WindowsPath: of_path,
    re.Pattern: of_pattern,
    range: of_range,
    slice: of_slice,
    collections.deque: of_deque,
    collections.OrderedDict: of_ordered,
    collections.defaultdict: of_default,
    collections.Counter: of_counter,
    types.MappingProxyType: of_proxy,
    types.SimpleNamespace: of_namespace,
    type({}.keys()): of_keys,
    type({}.values()): of_keys,
    type({}.items()): of_keys,
    memoryview: of_memory,
    array.array: of_array,
}
