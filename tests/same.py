"""The oracle of the round trips: the same type and value, all the way down.

It shares nothing with `holdall._equal`, which is under test. Which parts are one and the same
object is `sharing.shape_of_sharing`'s to say.
"""

import array
import collections
import contextlib
import dataclasses
import datetime as dt
import enum
import re
import struct
import types

OPEN = set()  # the pairs that are being compared


def same(left, right):
    """Compare by type and value; NaN is NaN, -0.0 is not 0.0, and order counts where it exists."""
    if type(left) is not type(right):
        return False
    pair = id(left), id(right)
    if pair in OPEN:
        return True  # A value that contains itself: whether it differs shows elsewhere.
    OPEN.add(pair)
    try:
        return alike(left, right)
    finally:
        OPEN.discard(pair)


def alike(left, right):
    """Compare two of one type."""
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
                left.replace(tzinfo=None) == right.replace(tzinfo=None)
                and left.fold == right.fold
                and same(left.tzinfo, right.tzinfo)
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
        case slice():
            return same([left.start, left.stop, left.step], [right.start, right.stop, right.step])
        case re.Pattern():
            return same([left.pattern, left.flags], [right.pattern, right.flags])
        case array.array():
            return left.typecode == right.typecode and left.tobytes() == right.tobytes()
        case dict():
            factories = [getattr(side, "default_factory", None) for side in (left, right)]
            return (
                factories[0] is factories[1]
                and len(left) == len(right)
                # As lists: an OrderedDict filled behind its back has items that it does not list.
                and same(list(left.items()), list(right.items()))
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
        return same(state(left), state(right))
    if type(left).__module__.partition(".")[0] == "numpy":
        return same_numpy(left, right)
    # By repr, for a NaN of any kind equals nothing; every class that comes here shows all of itself.
    return repr(left) == repr(right)


def same_numpy(left, right):
    """Compare dtypes by all that NumPy's own `==` leaves out, the rest by dtype and bits."""
    import numpy as np

    if isinstance(left, np.dtype):
        return same_dtype(left, right)
    if not same_dtype(left.dtype, right.dtype) or left.shape != right.shape:
        return False
    if left.dtype.hasobject:
        return same(left.tolist(), right.tolist())
    # What was in neither order before is in one after.
    orders = [(side.flags.c_contiguous, side.flags.f_contiguous) for side in (left, right)]
    if left.dtype.itemsize and (False, False) not in orders and orders[0] != orders[1]:
        return False
    return bits(left) == bits(right)


def bits(value):
    """Return the bytes of an array or scalar that are in its values, gaps of a dtype's included."""
    import numpy as np

    value = np.asarray(value)
    if not value.nbytes:
        return b""
    # As bytes without fields: a copy by fields would leave the gaps to chance.
    raw = value.view(f"V{value.dtype.itemsize}").tobytes()
    if value.dtype.char not in "gG" or np.finfo(np.longdouble).nmant != 63:
        return raw
    # x87's long doubles have 10 bytes, NumPy's more.
    items = np.frombuffer(raw, "u1").reshape(-1, np.dtype("g").itemsize)
    return (items[:, -10:] if value.dtype.str[0] == ">" else items[:, :10]).tobytes()


def same_dtype(left, right):
    """Compare two dtypes, and those inside them."""
    facts = ["char", "str", "type", "itemsize", "alignment", "isalignedstruct"]
    facts += ["names", "metadata", "shape"]
    if any(getattr(left, fact) != getattr(right, fact) for fact in facts):
        return False
    if left.subdtype is not None:
        return same_dtype(left.base, right.base)
    for name in left.names or ():
        (one, *place), (two, *other) = left.fields[name], right.fields[name]
        if place != other or not same_dtype(one, two):
            return False
    return True


def attributes(left, right):
    """Compare what an instance of a subclass has besides its value."""
    return same(getattr(left, "__dict__", None), getattr(right, "__dict__", None))


def state(value):
    """Return all that an instance has, set or not: its slots, then its `__dict__` in any order."""
    found = {}
    for base in type(value).__mro__:
        for name, slot in vars(base).items():
            if isinstance(slot, types.MemberDescriptorType):
                with contextlib.suppress(AttributeError):
                    found[f"{base.__qualname__}.{name}"] = slot.__get__(value)
    inside = getattr(value, "__dict__", {})
    return found | {name: inside[name] for name in sorted(inside)}
