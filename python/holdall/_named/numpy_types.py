"""NumPy's dtypes as plain data, and back by a closed grammar.

A simple dtype is the string that NumPy gives it ("<i8", "<M8[25s]", "|S3"); what that string leaves
out follows in brackets: which of C's types it is where two have one size ("<i8[longlong]", a class
of its own to NumPy), and how the bits of a long double lie ("<f16[x87]"), which every machine
decides for itself. A dtype with fields is a map, one that is an array `[base, shape]`.

No text reaches `np.dtype` that the grammar does not know, so no objects, no metadata and nothing
that NumPy would look up or evaluate.
"""

import functools
import math
import re
from typing import Any

import numpy as np

from holdall._named.check import exact, size

Dtype = np.dtype[Any]

SIMPLE = re.compile(
    r"""\| (?: b1 | i1 | u1 | [SV] (?: 0 | [1-9][0-9]{0,9} ) )
    | [<>] (?: [iu][248] | f[248] | c8 | c16 | U (?: 0 | [1-9][0-9]{0,9} )
        | [mM]8 (?: \[ (?: [1-9][0-9]{0,9} )? (?: Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as ) \] )? )""",
    re.VERBOSE,
)
BRACKETED = re.compile(r"([<>])([iufc])([0-9]{1,2})\[([a-z0-9-]{1,16})\]")
# Types of C, by NumPy's letters; NumPy names a width after only one of those that have it.
C_TYPES = {
    "i": "intc", "I": "uintc", "l": "long", "L": "ulong", "q": "longlong", "Q": "ulonglong",
}  # fmt: skip
LETTERS = {name: letter for letter, name in C_TYPES.items()}
# Layouts of a long double, by the bits of the fraction.
LONG_DOUBLES = {52: "binary64", 63: "x87", 105: "double-double", 112: "binary128"}

# NumPy counts bytes of an item in a C int.
LARGEST = 2**31 - 1
# What a description may cost: bytes can hold a small one that unfolds without end.
DEEPEST = 32
MOST = 16384


class InexactError(Exception):
    """A dtype that a description would change."""


class Budget:
    """How many dtypes may still be in this one."""

    def __init__(self) -> None:
        self.left = MOST

    def spend(self, depth: int) -> int:
        """Count one dtype; return the depth of those inside it."""
        self.left -= 1
        if self.left < 0 or depth > DEEPEST:
            raise ValueError(f"a dtype of more than {MOST} parts, or more than {DEEPEST} deep")
        return depth + 1


@functools.cache
def long_double() -> str:
    """Name the layout of this machine's long double."""
    return LONG_DOUBLES[int(np.finfo(np.longdouble).nmant)]


def describe(dtype: Dtype) -> Any:
    """Return a new description; None for a dtype that is not described exactly."""
    try:
        return outer(dtype, Budget(), 0)
    except (InexactError, ValueError):
        return None


def outer(dtype: Dtype, budget: Budget, depth: int) -> Any:
    """Describe a dtype of any kind."""
    depth = budget.spend(depth)
    if dtype.metadata is not None:
        raise InexactError
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        return [outer(base, budget, depth), list(shape)]
    return simple(dtype) if dtype.names is None else structured(dtype, budget, depth)


def simple(dtype: Dtype) -> str:
    """Describe a dtype without parts."""
    if dtype.char in "gG":
        return f"{dtype.str}[{long_double()}]"
    if SIMPLE.fullmatch(dtype.str):
        usual = np.dtype(dtype.str)
        # Types of others' making may have the strings of NumPy's.
        if usual.char == dtype.char and usual.type is dtype.type:
            return dtype.str
        if dtype.char in C_TYPES:
            return f"{dtype.str}[{C_TYPES[dtype.char]}]"
    raise InexactError


def structured(dtype: Dtype, budget: Budget, depth: int) -> dict[str, Any]:
    """Describe a dtype with fields."""
    # Fields may also lie over a number, or make `np.record`s.
    if dtype.type is not np.void or dtype.names is None or dtype.fields is None:
        raise InexactError
    fields: list[tuple[Any, ...]] = [dtype.fields[name] for name in dtype.names]
    titles = [field[2] if len(field) > 2 else None for field in fields]
    if {type(text) for text in (*titles, *dtype.names)} - {str, type(None)}:
        raise InexactError
    description: dict[str, Any] = {
        "names": list(dtype.names),
        "formats": [outer(field[0], budget, depth) for field in fields],
        "offsets": [field[1] for field in fields],
        "itemsize": dtype.itemsize,
    }
    if dtype.isalignedstruct:
        description["aligned"] = True
    if any(title is not None for title in titles):
        description["titles"] = titles
    return description


def build(description: Any) -> Dtype:
    """Make the dtype that a description means."""
    return inner(description, Budget(), 0)


def inner(description: Any, budget: Budget, depth: int) -> Dtype:
    """Make a dtype of any kind."""
    depth = budget.spend(depth)
    if type(description) is str:
        return build_simple(description)
    if type(description) is dict:
        return build_structured(description, budget, depth)
    base, shape = exact(description, str, dict, list)
    return build_subarray(inner(base, budget, depth), shape)


@functools.lru_cache(maxsize=1024)
def build_simple(text: str) -> Dtype:
    """Make a dtype without parts. None of these can be changed in place, so one serves all."""
    if SIMPLE.fullmatch(text):
        return np.dtype(text)
    match = BRACKETED.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:50]!r} is no dtype that holdall knows")
    order, kind, width, name = match.groups()
    letter = {"f": "g", "c": "G"}.get(kind) if name in LONG_DOUBLES.values() else LETTERS.get(name)
    found = np.dtype(letter) if letter else None
    fits = found is not None and (found.kind, found.itemsize) == (kind, int(width))
    if found is None or not fits or (letter in ("g", "G") and name != long_double()):
        raise ValueError(f"this machine has no dtype {text!r}: read it where it was written")
    return found.newbyteorder(order)  # type: ignore[arg-type]  # "<" or ">"


def build_subarray(base: Dtype, shape: Any) -> Dtype:
    """Make a dtype that is an array of others."""
    sizes = [size(length, LARGEST) for length in exact(shape, list)]
    if not sizes or len(sizes) > 64 or math.prod(sizes) * base.itemsize > LARGEST:
        raise ValueError("the shape of a dtype is empty or too large")
    return np.dtype((base, tuple(sizes)))


def build_structured(description: dict[str, Any], budget: Budget, depth: int) -> Dtype:
    """Make a dtype with fields."""
    rest = dict(description)
    names, formats, offsets = (
        exact(rest.pop(key, None), list) for key in ("names", "formats", "offsets")
    )
    itemsize = size(rest.pop("itemsize", None), LARGEST)
    aligned = exact(rest.pop("aligned", False), bool)
    titles = exact(rest.pop("titles", [None] * len(names)), list)
    if rest or not len(names) == len(formats) == len(offsets) == len(titles):
        raise ValueError("a dtype with fields has as many names, formats, offsets and titles")
    spec: dict[str, Any] = {
        "names": [exact(name, str) for name in names],
        "formats": [inner(format, budget, depth) for format in formats],
        "offsets": [size(offset, LARGEST) for offset in offsets],
        "itemsize": itemsize,
        "titles": [exact(title, str, type(None)) for title in titles],
    }
    # NumPy refuses fields that overrun the item, and alignment that is none.
    return np.dtype(spec, align=aligned)  # type: ignore[call-overload, no-any-return]  # a dict of a kind
