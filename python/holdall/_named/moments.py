"""Dates and times, where the registered tags do not say all of one."""

import datetime as dt
from typing import Any

from holdall._named.check import exact

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def zone(value: Any) -> dt.tzinfo | None:
    """Return a zone that is one."""
    if value is not None and not isinstance(value, dt.tzinfo):
        raise TypeError(f"a time zone expected, not {type(value).__name__}")
    return value


def build_datetime(text: Any, fold: Any = 0, tz: Any = None) -> dt.datetime:
    """Make a datetime of its local text, fold and zone."""
    moment = dt.datetime.fromisoformat(exact(text, str))
    if moment.tzinfo is not None:
        raise ValueError(f"{text!r} has an offset besides its zone")
    return moment.replace(fold=exact(fold, int), tzinfo=zone(tz))


def build_time(text: Any, fold: Any = 0, tz: Any = None) -> dt.time:
    """Make a time of its local text, fold and zone."""
    moment = dt.time.fromisoformat(exact(text, str))
    if moment.tzinfo is not None:
        raise ValueError(f"{text!r} has an offset besides its zone")
    return moment.replace(fold=exact(fold, int), tzinfo=zone(tz))


def build_timezone(offset: Any, *name: Any) -> dt.timezone:
    """Make a fixed offset; one without a name and one that is called "UTC" differ."""
    return dt.timezone(exact(offset, dt.timedelta), *(exact(part, str) for part in name))


def build_epoch(seconds: Any) -> dt.datetime:
    """Make a moment of the seconds since 1970; other writers of CBOR do it so."""
    return EPOCH + dt.timedelta(seconds=exact(seconds, int, float))


def build_days(days: Any) -> dt.date:
    """Make a date of the days since 1970 (RFC 8943)."""
    return EPOCH.date() + dt.timedelta(days=exact(days, int))


REDUCERS: dict[type, Any] = {}
NAMES = {
    "datetime.datetime": build_datetime,
    "datetime.time": build_time,
    "datetime.timezone": build_timezone,
}
TAGS = {1: build_epoch, 100: build_days}
