"""NumPy's arrays, scalars and dtypes.

Arrays of the types of RFC 8746 are its typed arrays while they are small, with their shape under
tag 40 or 1040 where it is more than a length. All others say dtype, shape and order, then their
bytes, which are a segment where they are many.
"""

import functools
import math
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from holdall._named.check import SMALL, exact, size
from holdall._named.numpy_types import Dtype, build, describe, long_double

Array = np.ndarray[Any, Any]

OCTET = np.dtype(np.uint8)
# Tags are 0b010_f_s_e_ll: float, signed, little endian, size.
TYPES: dict[int, str] = {
    64: "|u1", 65: ">u2", 66: ">u4", 67: ">u8",
    68: "|u1",  # whose arithmetic is clamped, elsewhere
    69: "<u2", 70: "<u4", 71: "<u8",
    72: "|i1", 73: ">i2", 74: ">i4", 75: ">i8", 77: "<i2", 78: "<i4", 79: "<i8",
    80: ">f2", 81: ">f4", 82: ">f8", 84: "<f2", 85: "<f4", 86: "<f8",
}  # fmt: skip
DTYPES = {number: np.dtype(text) for number, text in TYPES.items()}
NUMBERS = {text: number for number, text in TYPES.items() if number != 68}
LETTERS = "?bBhHiIlLqQefdgFDGmMSUV"

# By identity, for dtypes of different classes or metadata are equal; each entry keeps its dtype
# alive. Only those without fields: names can be changed in place.
known: dict[int, tuple[Dtype, int | None, Any]] = {}


def learn(dtype: Dtype) -> tuple[Dtype, int | None, Any]:
    """Return a dtype with the tag of its typed arrays and its description."""
    description = describe(dtype)
    entry = (dtype, NUMBERS.get(description) if type(description) is str else None, description)
    if dtype.names is None and dtype.subdtype is None:
        # Programs make dtypes without end, of strings of every length.
        if len(known) >= 1024:
            known.clear()
        known[id(dtype)] = entry
    return entry


def reduce_array(value: Array) -> tuple[Any, ...] | None:
    """Give a typed array, or dtype, shape, order and bytes."""
    dtype = value.dtype
    _, number, description = known.get(id(dtype)) or learn(dtype)
    if description is None:
        return None
    flags = value.flags
    order, flat = "C", value
    if not flags.c_contiguous:
        if flags.f_contiguous:
            order, flat = "F", value.T
        else:
            flat = packed(value)
    if number is not None and value.nbytes <= SMALL:
        if value.ndim == 1:
            return (number, octets(flat))
        return (40 if order == "C" else 1040, [list(value.shape), flat.reshape(-1)])
    return ("numpy.ndarray", description, list(value.shape), order, octets(flat))


def packed(value: Array) -> Array:
    """Return the items of an array side by side."""
    if not value.itemsize:
        # A copy would have larger items.
        return value
    if value.dtype.names is None:
        return value.copy("C")
    # Field by field NumPy would leave the gaps between them unwritten, with whatever was in memory.
    return value.view(f"V{value.itemsize}").copy("C")


def octets(value: Array) -> memoryview:
    """Return the memory of a contiguous array."""
    if not value.nbytes:
        return memoryview(b"")
    flat = value if value.ndim == 1 else value.reshape(-1)
    data = flat.view(OCTET)
    return blanked(data, value.dtype).data if value.dtype.char in "gG" else data.data


def blanked(data: Array, dtype: Dtype) -> Array:
    """Clear the bytes of x87's long doubles that are in no number: they may be anything."""
    if long_double() != "x87":
        return data
    clean = data.reshape(-1, np.dtype("g").itemsize).copy()
    gaps = clean[:, :-10] if dtype.str[0] == ">" else clean[:, 10:]
    gaps[:] = 0
    return clean.reshape(-1)


def reduce_scalar(value: np.generic) -> tuple[Any, ...] | None:
    """Give dtype and bytes."""
    dtype = value.dtype
    _, _, description = known.get(id(dtype)) or learn(dtype)
    if description is None:
        return None
    if dtype.char in "VgG":
        # All of a record, its gaps included, and only what is in a long double.
        return ("numpy.scalar", description, bytes(octets(np.asarray(value))))
    # An empty text would give the bytes of an item all the same.
    return ("numpy.scalar", description, value.tobytes()[: dtype.itemsize])


def reduce_dtype(value: Dtype) -> tuple[Any, ...] | None:
    """Give the description."""
    _, _, description = known.get(id(value)) or learn(value)
    return None if description is None else ("numpy.dtype", description)


def build_typed(number: int, content: Any) -> Array:
    """Make a typed array."""
    dtype = DTYPES[number]
    if len(exact(content, bytes)) % dtype.itemsize:
        raise ValueError(f"{len(content)} bytes are no array of items of {dtype.itemsize}")
    return np.frombuffer(bytearray(content), dtype)


def refuse_typed(number: int, _: Any) -> Array:
    """Refuse the typed arrays that NumPy has no type for."""
    raise ValueError(f"NumPy has no type for a typed array of tag {number}")


def build_shaped(order: str, content: Any) -> Array:
    """Give a typed array its shape."""
    shape, flat = exact(content, list)
    exact(flat, np.ndarray)
    sizes = build_shape(shape)
    if flat.ndim != 1 or math.prod(sizes) != flat.size:
        raise ValueError(f"{flat.size} items do not make an array of shape {shape}")
    reshaped: Array = flat.reshape(sizes, order=order)
    return reshaped


def build_shape(shape: Any) -> tuple[int, ...]:
    """Check a shape."""
    if len(exact(shape, list)) > 64:
        raise ValueError(f"an array of {len(shape)} dimensions")
    return tuple(size(length, sys.maxsize) for length in shape)


def build_array(
    description: Any, shape: Any, order: Any, data: Any, segments: Sequence[Any]
) -> Array:
    """Make an array of its bytes, or over a segment as it is."""
    dtype = build(description)
    if dtype.subdtype is not None:
        raise ValueError("an array's own dtype is no array")
    sizes = build_shape(shape)
    if exact(order, str) not in ("C", "F"):
        raise ValueError(f"an array's order is C or F, not {order[:10]!r}")
    if type(exact(data, bytes, int)) is int:
        if not 0 <= data < len(segments):
            raise ValueError(f"there is no segment {data}")
        buffer = segments[data]
        length = memoryview(buffer).nbytes
    else:
        buffer, length = data, len(data)
    if length != math.prod(sizes) * dtype.itemsize:
        raise ValueError(f"{length} bytes do not make an array of shape {shape}")
    if not length:
        # Not `np.empty`, which makes items of no size larger.
        return np.ndarray(sizes, dtype, bytearray(), order=order)
    if buffer is data:
        buffer = bytearray(data)
    # `frombuffer`, which unlike `np.ndarray` keeps the buffer from being resized meanwhile.
    made: Array = np.frombuffer(buffer, dtype).reshape(sizes, order=order)
    return made


def build_scalar(description: Any, data: Any) -> Any:
    """Make a scalar."""
    dtype = build(description)
    if dtype.subdtype is not None or len(exact(data, bytes)) != dtype.itemsize:
        raise ValueError(f"{len(data)} bytes do not make a scalar of {dtype.itemsize}")
    # Out of an array these two come without the zeros at their end.
    if dtype.kind == "S":
        return np.bytes_(data)
    if dtype.kind == "U":
        encoding = "utf-32-be" if dtype.str[0] == ">" else "utf-32-le"
        return np.str_(data.decode(encoding, "surrogatepass"))
    if not data:
        return np.ndarray((), dtype, bytearray())[()]
    return np.frombuffer(bytearray(data), dtype)[0]


REDUCERS: dict[type, Any] = {
    np.ndarray: reduce_array,
    **{np.dtype(letter).type: reduce_scalar for letter in LETTERS},
    **{type(np.dtype(letter)): reduce_dtype for letter in LETTERS},
}
NAMES = {
    "numpy.ndarray": build_array,
    "numpy.scalar": build_scalar,
    "numpy.dtype": build,
}
TAGS = {
    40: functools.partial(build_shaped, "C"),
    1040: functools.partial(build_shaped, "F"),
    **{number: functools.partial(build_typed, number) for number in TYPES},
    **{number: functools.partial(refuse_typed, number) for number in (76, 83, 87)},
}
