"""The standard library's arrays: typecode, layout of an item, bytes.

The layout is written as NumPy writes it ("<i8"), since a typecode alone says neither the byte order
nor, for "l", the size. No typed array of RFC 8746: without NumPy nothing could be made of one.
"""

import sys
from array import array, typecodes
from typing import Any

from holdall._named.check import SMALL, exact

TEXT = frozenset("uw")
ORDER = "<" if sys.byteorder == "little" else ">"
KINDS = {**dict.fromkeys("bhilq", "i"), **dict.fromkeys("BHILQ", "u"), **dict.fromkeys("fd", "f")}


def layout(typecode: str, order: str = ORDER) -> str:
    """Describe an item."""
    size = array(typecode).itemsize
    return f"{'|' if size == 1 else order}{KINDS[typecode]}{size}"


LAYOUTS = {typecode: layout(typecode) for typecode in KINDS}
# A layout, in either order -> a typecode that has it on this machine.
TYPECODES = {layout(typecode, order): typecode for typecode in reversed(KINDS) for order in "<>"}


def reduce_array(value: "array[Any]") -> tuple[Any, ...] | None:
    """Give typecode, layout and bytes; an array of characters gives its text."""
    typecode = value.typecode
    if typecode in TEXT:
        try:
            return ("array.array", typecode, value.tounicode())
        except ValueError:
            return None
    small = len(value) * value.itemsize <= SMALL
    data = value.tobytes() if small else memoryview(value).cast("B")
    return ("array.array", typecode, LAYOUTS[typecode], data)


def build_array(typecode: Any, *content: Any) -> "array[Any]":
    """Make an array; items of another machine's size are taken if they fit this one's."""
    if exact(typecode, str) not in typecodes or len(typecode) != 1:
        raise ValueError(f"{typecode!r} is no typecode of an array on this Python")
    if typecode in TEXT:
        (text,) = content
        return array(typecode, exact(text, str))
    written, data = content
    source = TYPECODES.get(exact(written, str))
    if source is None or KINDS[source] != KINDS[typecode]:
        raise ValueError(f"items of an array of typecode {typecode!r} cannot be {written!r}")
    same = LAYOUTS[source][1:] == LAYOUTS[typecode][1:]
    items = array(typecode if same else source)
    items.frombytes(exact(data, bytes))
    if written[0] not in ("|", ORDER):
        items.byteswap()
    return items if same else array(typecode, items)


REDUCERS = {array: reduce_array}
NAMES = {"array.array": build_array}
TAGS: dict[int, Any] = {}
