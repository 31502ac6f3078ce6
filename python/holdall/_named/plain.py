"""The builtins that CBOR has no word for."""

from typing import Any

from holdall._named.check import exact


def build_range(start: Any, stop: Any, step: Any) -> range:
    """Make a range."""
    return range(exact(start, int), exact(stop, int), exact(step, int))


def build_bytearray(data: Any) -> bytearray:
    """Make a bytearray."""
    return bytearray(exact(data, bytes))


def build_slice(start: Any, stop: Any, step: Any) -> slice:
    """Make a slice; its parts may be anything."""
    return slice(start, stop, step)


def build_ellipsis() -> Any:
    """Give the one Ellipsis."""
    return Ellipsis


def build_not_implemented() -> Any:
    """Give the one NotImplemented."""
    return NotImplemented


def build_complex(content: Any) -> complex:
    """Make a complex number; its parts are kept bit by bit, -0.0 and the bits of a NaN too."""
    real, imaginary = exact(content, list)
    return complex(float(exact(real, float, int)), float(exact(imaginary, float, int)))


REDUCERS = {
    range: lambda value: ("range", value.start, value.stop, value.step),
    slice: lambda value: ("slice", value.start, value.stop, value.step),
    type(Ellipsis): lambda _: ("Ellipsis",),
    type(NotImplemented): lambda _: ("NotImplemented",),
}
NAMES = {
    "bytearray": build_bytearray,
    "range": build_range,
    "slice": build_slice,
    "Ellipsis": build_ellipsis,
    "NotImplemented": build_not_implemented,
}
TAGS = {43000: build_complex}
