"""The options of tasks: `queue.options(...)`, `@queue.task(...)`."""

import difflib
import json
import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from holdall import _holdall as engine
from holdall.errors import ValidationError, WrongTypeError

__all__ = ["DEFAULTS", "milliseconds", "seconds", "terms"]

DEFAULTS: dict[str, Any] = {
    "queue": "default",
    "priority": 0,
    "retries": 0,
    "max_lost": 2,
    "backoff": "exponential",
    "timeout": None,
    "unique": None,
    "expires": None,
    "result_ttl": None,
    "after": (),
    "retry_on": None,
    "fail_on": (),
    "task_id": None,
    "eta": None,
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
PRIORITIES = range(-(2**15), 2**15)
COUNTS = range(2**32)
# What is kept is kept as 64 bits with a sign.
LONGEST = (2**63 - 1) // 1000


def checked(options: dict[str, Any]) -> dict[str, Any]:
    """Refuse the names that no option has."""
    for name, value in options.items():
        if name not in DEFAULTS:
            near = difflib.get_close_matches(name, DEFAULTS, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(DEFAULTS)}."
            raise ValidationError(
                f"{name!r} is no option of a task; {hint} What is for the function goes to enqueue()",
                parameter=name,
                value=value,
            )
    return options


def terms(options: dict[str, Any]) -> engine.Terms:
    """Return checked options as the engine takes them.

    Raises ValidationError, naming the option, for a value that it does not take.
    """
    given = {**DEFAULTS, **checked(options)}
    expires = given["expires"]
    at = isinstance(expires, datetime)
    unique = given["unique"]
    if unique is not None and not isinstance(unique, bool | str):
        raise refused("unique", unique, "True (for the function and its arguments), or a key")
    return engine.Terms(
        name_of("queue", given["queue"]),
        priority=integer("priority", given["priority"], PRIORITIES),
        policy=policy(given),
        unique=unique if isinstance(unique, str) else None,
        unique_call=unique is True,
        expires_in=None if at or expires is None else round(1000 * seconds("expires", expires)),
        expires_at=milliseconds("expires", expires) if at else None,
        after=ids("after", given["after"]),
        ids=None if given["task_id"] is None else ids("task_id", given["task_id"]),
        due=None if given["eta"] is None else milliseconds("eta", given["eta"]),
    )


def policy(given: dict[str, Any]) -> str | None:
    """Return what the engine does when a task does not go well, as JSON; None is the default."""
    retry_on = given["retry_on"]
    kept = {
        "retries": integer("retries", given["retries"], COUNTS),
        "max_lost": integer("max_lost", given["max_lost"], COUNTS),
        "backoff": backoff(given["backoff"]),
    }
    for name in ("timeout", "result_ttl"):
        if given[name] is not None:
            kept[name] = seconds(name, given[name])
    if given["timeout"] is not None and not kept["timeout"]:
        raise refused("timeout", given["timeout"], "a span of time above zero, or None")
    if retry_on is not None:
        kept["retry_on"] = classes("retry_on", retry_on)
    kept["fail_on"] = classes("fail_on", given["fail_on"])
    return json.dumps(kept)


def seconds(name: str, span: Any) -> float:
    """Return a span, given as seconds or a timedelta, as seconds."""
    if isinstance(span, timedelta):
        span = span.total_seconds()
    if (
        isinstance(span, int | float)
        and not isinstance(span, bool)
        and math.isfinite(span)
        and 0 <= span <= LONGEST
    ):
        return float(span)
    raise refused(name, span, "seconds or a timedelta, zero or more")


def milliseconds(name: str, moment: Any) -> int:
    """Return an aware datetime as milliseconds since the Unix epoch, rounded up."""
    if not isinstance(moment, datetime):
        raise refused(name, moment, "a timezone-aware datetime")
    if moment.utcoffset() is None:
        raise ValidationError(
            f"{name} must be timezone-aware, and {moment!r} has no time zone; "
            "give it one, as in datetime.now(UTC)",
            parameter=name,
            value=moment,
        )
    # Rounded up, so that no task runs before its time; what is before the epoch is long due.
    return max(0, -((EPOCH - moment) // MILLISECOND))


def integer(name: str, number: Any, within: range) -> int:
    """Return a whole number that is in a range."""
    if isinstance(number, int) and not isinstance(number, bool) and number in within:
        return number
    raise refused(name, number, f"a whole number from {within[0]} to {within[-1]}")


def name_of(name: str, text: Any) -> str:
    """Return a name that is not empty."""
    if isinstance(text, str) and text:
        return text
    raise refused(name, text, "a name")


def ids(name: str, given: Any) -> list[str]:
    """Return ids of tasks, of which one may be given by itself."""
    if isinstance(given, str):
        given = [given]
    if not isinstance(given, Iterable) or isinstance(given, bytes):
        raise refused(name, given, "the id of a task, or several in a list")
    found = list(given)
    for one in found:
        if not isinstance(one, str) or not one:
            raise refused(name, one, "the id of a task, or several in a list")
    return found


def backoff(given: Any) -> Any:
    """Return how long a task waits before a retry, as JSON has it."""
    if isinstance(given, str):
        if given not in ("exponential", "linear"):
            raise refused(
                "backoff", given, "'exponential', 'linear', seconds, or a list of seconds"
            )
        return given
    spans = given if isinstance(given, Sequence) else [given]
    if not spans:
        raise refused("backoff", given, "at least one span of time")
    return [seconds("backoff", span) for span in spans]


def classes(name: str, given: Any) -> list[str]:
    """Return the names of exception classes, one or several."""
    kinds = [given] if isinstance(given, type) else given
    if isinstance(kinds, str) or not isinstance(kinds, Iterable):
        raise refused(name, given, "an exception class, or several in a tuple")
    names = []
    for kind in kinds:
        if not (isinstance(kind, type) and issubclass(kind, BaseException)):
            raise refused(name, kind, "an exception class, or several in a tuple")
        names.append(f"{kind.__module__}.{kind.__qualname__}")
    return names


def refused(name: str, value: Any, wanted: str) -> ValidationError:
    """Return the error of an option with a value that it does not take."""
    return ValidationError(f"{name} takes {wanted}, not {value!r}", parameter=name, value=value)


def task_id(given: Any) -> str:
    """Return the id of a task, as a call gives it."""
    if not isinstance(given, str):
        raise WrongTypeError(
            f"task_id takes the id of a task, a str, not {given!r}",
            parameter="task_id",
            value=given,
        )
    if not given:
        raise ValidationError("task_id is empty; give what enqueue() returned", parameter="task_id")
    return given
