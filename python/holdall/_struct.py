"""msgspec's structs, and whatever has one of them inside: msgspec itself reads and writes these."""

import datetime as dt
import decimal
import re
import uuid
from collections.abc import Callable
from typing import Any

import msgspec

from holdall.errors import SerializationError

# What `auto` keeps exactly stays as it is.
KEPT = (
    bytes, bytearray, dt.datetime, dt.date, dt.time, dt.timedelta, decimal.Decimal, uuid.UUID,
)  # fmt: skip

SOME_KEY = object()
"""A step of which msgspec does not say to what key it leads."""


def data(value: Any, other: Callable[[Any], Any]) -> Any:
    """Return a value's data; what msgspec does not know, `other` does."""
    return msgspec.to_builtins(value, builtin_types=KEPT, enc_hook=other)


def instance(value: Any, model: Any, other: Callable[[Any, Any], Any]) -> Any:
    """Return what a model makes of data; what msgspec does not know, `other` does."""
    inner: list[SerializationError] = []

    def hook(kind: Any, part: Any) -> Any:
        try:
            return other(part, kind)
        except SerializationError as error:
            inner.append(error)
            raise

    def convert(value: Any) -> Any:
        inner.clear()
        return msgspec.convert(value, model, dec_hook=hook)

    try:
        return convert(value)
    except msgspec.ValidationError as error:
        below = inner[0] if inner else None
        reason, steps = parted(str(error))
        path = "".join(map(shown, with_keys(value, convert, str(error), steps)))
        if below:  # its path goes on where msgspec's ends
            path += below.path.removeprefix("$")
            reason = str(below).partition(": ")[2]
        elif missing := re.match(r"Object missing required field `(.+)`", reason):
            path += f".{missing[1]}"
        raise SerializationError(f"${path}: {reason}", path=f"${path}") from error


def parted(message: str) -> tuple[str, list[Any]]:
    """Return the reason and the path of an error: fields are names, items numbers."""
    reason, at, path = message.rpartition(" - at `")
    if not at:
        return message, []
    of_key = path.startswith("key` in `")  # "at `key` in `$.a`"
    steps = [
        SOME_KEY if step == "[...]" else int(step[1:-1]) if step[0] == "[" else step[1:]
        for step in re.findall(r"\[\.\.\.\]|\[\d+\]|\.[^.\[`]+", path)
    ]
    return reason, [*steps, SOME_KEY] if of_key else steps


class Key:
    """A step to a key of a dict."""

    def __init__(self, key: Any) -> None:
        self.key = key


def shown(step: Any) -> str:
    """Return a step as paths have it."""
    if step is SOME_KEY:
        return "[...]"
    if isinstance(step, Key):
        return f"[{step.key!r}]"
    return f".{step}" if isinstance(step, str) else f"[{step}]"


def with_keys(
    value: Any, convert: Callable[[Any], Any], message: str, steps: list[Any]
) -> list[Any]:
    """Return the steps with the keys of dicts, as far as there are any: a set's item has none.

    They are found by halves: what is wrong with a dict is wrong with fewer of its items too.
    """
    found: list[Any] = []
    for step in steps:
        if step is not SOME_KEY:
            found.append(step)
            continue
        where = at(value, found)
        if not isinstance(where, dict) or not where:
            return [*found, *steps[len(found) :]]
        items = list(where.items())
        while len(items) > 1:
            half = items[: len(items) // 2]
            if said(convert, replaced(value, found, dict(half))) != message:
                half = items[len(half) :]
            items = half
        value = replaced(value, found, dict(items))
        found.append(Key(items[0][0]))
    return found


def said(convert: Callable[[Any], Any], value: Any) -> str | None:
    """Return what msgspec has to say against a value."""
    try:
        convert(value)
    except msgspec.ValidationError as error:
        return str(error)
    return None


def at(value: Any, steps: list[Any]) -> Any:
    """Return what steps lead to, or None."""
    for step in steps:
        try:
            value = value[step.key if isinstance(step, Key) else step]
        except (LookupError, TypeError):
            return None
    return value


def replaced(value: Any, steps: list[Any], part: Any) -> Any:
    """Return a copy of a value in which another part stands where the steps lead to."""
    if not steps:
        return part
    step = steps[0].key if isinstance(steps[0], Key) else steps[0]
    inner = replaced(value[step], steps[1:], part)
    if isinstance(value, dict):
        return value | {step: inner}
    return [*value[:step], inner, *value[step + 1 :]]
