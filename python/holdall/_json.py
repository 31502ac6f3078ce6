"""The `json` codec for values that JSON does not hold exactly: what orjson writes."""

from typing import Any

import orjson

from holdall import _path
from holdall.errors import SerializationError

OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY
# orjson's own limit is 254 levels, but it does not count tuples and overruns its stack.
MOST_LEVELS = 250


def dumps(value: Any) -> bytes:
    """Return the value as JSON, as lossy as JSON is."""
    if is_deep(value):
        raise SerializationError(
            f"$: {type(value).__name__}: cannot be JSON: it is nested deeper than {MOST_LEVELS} levels; "
            "flatten it, or use mode='auto'",
            path="$",
        )
    try:
        return orjson.dumps(value, option=OPTIONS)
    except orjson.JSONEncodeError as error:
        path, culprit = _path.culprit(value, writable)
        raise SerializationError(
            f"{path}: {type(culprit).__name__}: cannot be JSON: {error}; leave it out, or use mode='auto', "
            "which keeps all that can be kept",
            path=path,
        ) from error


def writable(value: Any) -> bool:
    """Whether JSON can hold a value in some way."""
    if is_deep(value):
        return False
    try:
        orjson.dumps(value, option=OPTIONS)
    except orjson.JSONEncodeError:
        return False
    return True


def is_deep(value: Any) -> bool:
    """Whether containers are nested too deeply, looking at one level after the other."""
    level = [value]
    for _ in range(MOST_LEVELS):
        # Each once: what is shared is no deeper for that.
        inner = {id(item): item for outer in level for item in children(outer)}
        level = list(inner.values())
        if not level:
            return False
    return True


def children(value: Any) -> list[Any]:
    """Return the containers directly inside a value."""
    if isinstance(value, dict):
        items: Any = value.values()
    elif isinstance(value, list | tuple):
        items = value
    elif names := getattr(type(value), "__dataclass_fields__", None):
        items = [getattr(value, name, None) for name in names]
    else:
        return []
    return [
        item
        for item in items
        if isinstance(item, dict | list | tuple) or hasattr(type(item), "__dataclass_fields__")
    ]
