"""NumPy arrays: each in a file of NumPy's own format, mapped into memory when read back."""

from typing import Any, Never

from holdall.errors import SerializationError
from holdall.serializers._lazy import ClassOf, known_version, library
from holdall.serializers._medium import File, new_name

__all__ = ["NumpyArraySerializer"]

VERSION = "1"
EXTRA = "numpy"
# The classes that are no more than a view of the same memory.
VIEWS = ("ndarray", "matrix", "recarray")


class NumpyArraySerializer:
    """Keeps each `numpy.ndarray` in an .npy file.

    On files, what comes back is that file in memory: a page is read when it is looked at, and changing the
    array changes a copy of the page, never the file. Arrays in Fortran's order and such that cannot be
    written to come back so; other strides do not.
    """

    name = "NumpyArraySerializer"
    serializer_class = ClassOf("numpy:ndarray", EXTRA)

    @classmethod
    def pickle(cls, obj: Any, protocols: dict[str, Any]) -> tuple[str, Any]:
        """Write an array. Raises SerializationError for one that would not come back as it is."""
        np = library("numpy", EXTRA)
        from holdall.serializers._dtype import spec_of

        kind = view_of(obj)
        plain = obj.view(np.ndarray)
        if kind == "recarray" and plain.dtype.names:
            # The class makes records of the fields by itself.
            plain = plain.view(np.dtype((np.void, plain.dtype)))
        spec = spec_of(plain.dtype)
        if plain.dtype.kind == "T":
            refuse(obj, "NumPy's files hold no texts of any length; use a fixed length, or a list")
        file = File(protocols, new_name(".npy"))
        with file.open("wb") as opened:
            # The version whose header can hold every field's name.
            np.lib.format.write_array(opened, plain, version=(3, 0), allow_pickle=False)
            start = opened.tell() - plain.nbytes
        fortran = plain.flags.fnc
        about = (kind, spec, list(plain.shape), bool(fortran), start, bool(obj.flags.writeable))
        return cls.name, (VERSION, file.name, *about)

    @classmethod
    def unpickle(cls, pid: Any, protocols: dict[str, Any]) -> Any:
        """Return the array."""
        known_version(pid, VERSION)
        np = library("numpy", EXTRA)
        from holdall.serializers._dtype import dtype_of

        _, name, kind, spec, shape, fortran, start, writable = pid
        content = File(protocols, name).content(private=True)
        order: Any = "F" if fortran else "C"
        array = np.ndarray(tuple(shape), dtype_of(spec), content, start, order=order)
        if kind != "ndarray":
            array = array.view(getattr(np, kind))
        array.flags.writeable = writable
        return array

    @classmethod
    def remove(cls, pid: Any, protocols: dict[str, Any]) -> None:
        """Remove what `pickle` wrote."""
        known_version(pid, VERSION)
        File(protocols, pid[1]).remove()


def view_of(array: Any) -> str:
    """Return which of the known classes an array is of; refuse any other."""
    import numpy as np

    kind = type(array)
    # What a matrix keeps there is gone with each call.
    own = {*getattr(array, "__dict__", ())} - {"_getitem"}
    name = next((name for name in VIEWS if kind is getattr(np, name)), None)
    if name is not None and not own:
        return name
    return refuse(
        array,
        "it has more to it than its memory, which is all that NumPy's files hold; keep "
        "numpy.asarray(it), or register a serializer for its class",
    )


def refuse(array: Any, why: str) -> Never:
    """Say why an array is not written."""
    kind = type(array)
    name = f"{kind.__module__}.{kind.__qualname__}"
    raise SerializationError(f"$: {name}: {why}", data_type=name)
