"""The task that every queue runs. It does nothing but count itself."""

from itertools import count

_count = count()
seen = 0


def given(value: int) -> int:
    """Return what was given, so that there is a result to keep.

    `seen` is how one sees from outside how far a worker is, at next to no cost.
    """
    global seen
    seen = next(_count) + 1
    return value
