"""Compiled regular expressions: the pattern and its flags, compiled again when read."""

import re
from typing import Any

from holdall._named.check import exact

# All but DEBUG, which makes compiling print.
FLAGS = int(re.A | re.I | re.L | re.M | re.S | re.U | re.X)


def reduce_pattern(value: re.Pattern[Any]) -> tuple[Any, ...] | None:
    """Give the pattern and the flags; a pattern may also be a subclass of str, or a buffer."""
    pattern, flags = value.pattern, value.flags
    if type(pattern) not in (str, bytes) or flags & ~FLAGS:
        return None
    return ("re.Pattern", pattern, flags)


def build_pattern(pattern: Any, flags: Any) -> re.Pattern[Any]:
    """Compile a pattern."""
    if exact(flags, int) & ~FLAGS:
        raise ValueError(f"{flags} are not the flags of a regular expression")
    try:
        return re.compile(exact(pattern, str, bytes), flags)
    except re.error as error:
        raise ValueError(f"no regular expression: {error}") from error


REDUCERS = {re.Pattern: reduce_pattern}
NAMES = {"re.Pattern": build_pattern}
TAGS: dict[int, Any] = {}
