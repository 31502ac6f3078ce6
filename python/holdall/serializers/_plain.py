"""Names, attributes and the like as bytes: only data, which no reader has to trust."""

from typing import Any

from holdall._holdall import dumps, inspect_frame, loads
from holdall.errors import SerializationError


def plain_bytes(value: Any, what: str, path: str = "$") -> bytes:
    """Return a value as bytes.

    Raises SerializationError, which names `what` it is, for one that is more than data.
    """
    try:
        data = dumps(value)
    except SerializationError as error:
        raise SerializationError(f"{path}: {what}: {error}", path=path) from error
    if inspect_frame(data)["active"]:
        raise SerializationError(
            f"{path}: {what}: {shown(value)} is or has an object that is more than plain data; use texts, "
            "numbers, dates, and lists, tuples and dicts of them",
            path=path,
        )
    return data


def plain_value(data: Any) -> Any:
    """Return the value of `plain_bytes`."""
    return loads(bytes(data))


def shown(value: Any) -> str:
    """Return a value as a message shows it."""
    return f"{value!r:.60}"
