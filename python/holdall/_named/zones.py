"""Time zones by their key."""

import re
from typing import Any
from zoneinfo import ZoneInfo

from holdall._named.check import exact

# `zoneinfo` looks for a file of this name, and for a package of it in `tzdata`.
KEY = re.compile(r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*")


def reduce_zone(value: ZoneInfo) -> tuple[Any, ...] | None:
    """Give the key of a zone which that key leads back to.

    A zone from a file may have a key that means another, and one made past the cache is not equal
    to the one in it.
    """
    key: str | None = value.key  # which the stubs deny
    if key is None or not KEY.fullmatch(key):
        return None
    try:
        return ("zoneinfo.ZoneInfo", key) if ZoneInfo(key) is value else None
    except (KeyError, OSError, ValueError):
        return None


def build_zone(key: Any) -> ZoneInfo:
    """Find a zone."""
    if not KEY.fullmatch(exact(key, str)) or len(key) > 255:
        raise ValueError(f"{key[:255]!r} is no key of a time zone")
    try:
        return ZoneInfo(key)
    except (KeyError, OSError) as error:
        raise ValueError(f"no time zone {key!r} here: install tzdata, or a newer one") from error


REDUCERS = {ZoneInfo: reduce_zone}
NAMES = {"zoneinfo.ZoneInfo": build_zone}
TAGS: dict[int, Any] = {}
