"""What is asked of arguments that came from bytes before anything is made of them."""

from typing import Any

# The largest data, in bytes, that stay in the payload; an array's beyond it are a segment.
SMALL = 65536


def exact(value: Any, *kinds: type) -> Any:
    """Return a value whose class is one of these, no subclass of it: True is no integer."""
    if type(value) not in kinds:
        expected = " or ".join(kind.__name__ for kind in kinds)
        raise TypeError(f"{expected} expected, not {type(value).__name__}")
    return value


def size(value: Any, largest: int) -> int:
    """Return a number of items or bytes."""
    number: int = exact(value, int)
    if not 0 <= number <= largest:
        raise ValueError(f"{number} is no size: it is not between 0 and {largest}")
    return number
