"""The oracle of the round trips: the same type and value, all the way down.

It shares nothing with `holdall._equal`, which is under test.
"""

import collections
import dataclasses
import datetime as dt
import enum
import struct


def same(left, right):
    """Compare by type and value; NaN is NaN, -0.0 is not 0.0, and order counts where it exists."""
    if type(left) is not type(right):
        return False
    match left:
        case bool() | None | enum.Enum():
            return left is right
        case float():
            return struct.pack("d", left) == struct.pack("d", right)
        case complex():
            return same(left.real, right.real) and same(left.imag, right.imag)
        case dt.datetime():
            return (
                left.replace(tzinfo=None) == right.replace(tzinfo=None)
                and left.fold == right.fold
                and same(left.tzinfo, right.tzinfo)
            )
        case dt.time():
            return (
                left.replace(tzinfo=None) == right.replace(tzinfo=None) and left.fold == right.fold
            )
        case dt.timezone():
            return repr(left) == repr(right)
        case str() | bytes() | bytearray() | int():
            return left == right and attributes(left, right)
        case list() | tuple() | collections.deque():
            alike = len(left) == len(right) and all(map(same, left, right))
            if isinstance(left, collections.deque):
                alike = alike and left.maxlen == right.maxlen
            return alike and attributes(left, right)
        case dict():
            factories = [getattr(side, "default_factory", None) for side in (left, right)]
            return (
                factories[0] is factories[1]
                and len(left) == len(right)
                and all(map(same, left, right))
                and all(map(same, left.values(), right.values()))
                and attributes(left, right)
            )
        case set() | frozenset():
            rest = list(right)
            for item in left:
                found = next((at for at, other in enumerate(rest) if same(item, other)), None)
                if found is None:
                    return False
                del rest[found]
            return not rest
    if dataclasses.is_dataclass(left):
        names = [field.name for field in dataclasses.fields(left)]
        return all(same(getattr(left, name), getattr(right, name)) for name in names)
    if hasattr(left, "dtype"):
        import numpy as np

        if left.dtype != right.dtype or left.shape != right.shape:
            return False
        if left.dtype.hasobject:
            return same(left.tolist(), right.tolist())
        return np.ascontiguousarray(left).tobytes() == np.ascontiguousarray(right).tobytes()
    # By repr, for a NaN of any kind equals nothing; every class that comes here shows all of itself.
    return repr(left) == repr(right)


def attributes(left, right):
    """Compare what an instance of a subclass has besides its value."""
    return same(getattr(left, "__dict__", None), getattr(right, "__dict__", None))
