"""The `json` codec for values that JSON does not hold exactly: what orjson writes."""

from typing import Any

import orjson

from holdall import _path
from holdall.errors import SerializationError

OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY


def dumps(value: Any) -> bytes:
    """Return the value as JSON, as lossy as JSON is."""
    try:
        return orjson.dumps(value, option=OPTIONS)
    except orjson.JSONEncodeError as error:
        path, culprit = _path.culprit(value, writable)
        raise SerializationError(
            f"{path}: {type(culprit).__name__}: cannot be JSON: {error}; use mode='auto' to keep it exactly",
            path=path,
        ) from error


def writable(value: Any) -> bool:
    """Whether JSON can hold a value in some way."""
    try:
        orjson.dumps(value, option=OPTIONS)
    except orjson.JSONEncodeError:
        return False
    return True
