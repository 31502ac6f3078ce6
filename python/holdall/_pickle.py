"""The `pickle` codec: C pickle, and cloudpickle for what only it can do."""

import io
import pickle
import sys
from collections import ChainMap
from collections.abc import Callable, Sequence
from types import CodeType, FunctionType
from typing import IO, Any

import cloudpickle

from holdall import _main, _path
from holdall.errors import HoldallError, SerializationError

PROTOCOL = 5
# How the names of NumPy's dtypes of dates and spans stand in a pickle.
DATES = (b"\x8c\x02M8", b"\x8c\x02m8")


# Smaller buffers are copied into the pickle: a segment costs a place in the header and a read.
SMALL = 64 * 1024
# A frame has room for no more.
MANY = 1 << 16


def dumps(value: Any, buffers: list[pickle.PickleBuffer] | None = None) -> tuple[bytes, bool]:
    """Return the pickle, and whether code objects are in it.

    buffers: a list that takes the large ones, in their order; None keeps them in the pickle.

    C pickle first: it is the faster one, and writes functions and classes by reference, which
    any Python version reads. What it cannot do goes to cloudpickle; so does what it would refer
    to by the name `__main__`, which means another module in another process, and what may be an
    array of dates, which it may change.
    """
    data = by_reference(value, buffers)
    if data is not None:
        return data, False
    try:
        return by_value(value, buffers)
    except (MemoryError, KeyboardInterrupt):
        raise
    except Exception as error:
        raise refusal(value, error) from error


def keeper(
    buffers: list[pickle.PickleBuffer] | None,
) -> Callable[[pickle.PickleBuffer], bool] | None:
    """Return what sorts buffers: true for those that stay in the pickle."""
    if buffers is None:
        return None
    buffers.clear()

    def stays(buffer: pickle.PickleBuffer) -> bool:
        try:
            size = buffer.raw().nbytes
        except BufferError:
            return True
        if size < SMALL or len(buffers) == MANY:
            return True
        buffers.append(buffer)
        return False

    return stays


def by_value(value: Any, buffers: list[pickle.PickleBuffer] | None = None) -> tuple[bytes, bool]:
    """Return cloudpickle's bytes, and whether code objects are in them."""
    written = io.BytesIO()
    pickler = Pickler(written, PROTOCOL, keeper(buffers))
    pickler.dump(value)
    return written.getvalue(), pickler.code


class Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # cloudpickle has no types
    """cloudpickle's, but for what it would change silently and for the script's classes."""

    def __init__(
        self,
        file: IO[bytes],
        protocol: int,
        buffer_callback: Callable[[pickle.PickleBuffer], bool] | None,
    ) -> None:
        self.code = False
        # The C pickler takes the table over as it is made.
        self.dispatch_table = ChainMap(
            {memoryview: refuse, io.TextIOWrapper: refuse, CodeType: self.note_code},
            cloudpickle.Pickler.dispatch_table,
        )
        super().__init__(file, protocol, buffer_callback)

    def reducer_override(self, value: Any) -> Any:
        """Hand classes of the script to `_main`, and notice what goes by value."""
        if isinstance(value, type) and (reduced := _main.kept(value)):
            return reduced
        if is_script_cached(value):
            return value.by_value()
        if has_swapped_dates(value):
            return view_of_integers(value)
        reduced = super().reducer_override(value)
        if reduced is not NotImplemented and isinstance(value, type | FunctionType):
            # What can be imported is written by its name alone.
            self.code = self.code or not isinstance(reduced, str)
        return reduced

    def note_code(self, code: CodeType) -> Any:
        """Write a code object."""
        self.code = True
        return cloudpickle.Pickler.dispatch_table[CodeType](code)


def has_swapped_dates(value: Any) -> bool:
    """Whether this is an array of dates or spans that are not in this machine's byte order."""
    numpy = sys.modules.get("numpy")
    return (
        numpy is not None
        and isinstance(value, numpy.ndarray)
        and value.dtype.kind in "Mm"
        and not value.dtype.isnative
    )


def view_of_integers(array: Any) -> Any:
    """Write such an array as a view: NumPy would read it back in this machine's byte order."""
    kind = type(array)
    if kind is not sys.modules["numpy"].ndarray:
        raise TypeError(f"{kind.__name__!r} would lose its byte order; use the machine's own")
    return kind.view, (array.view(f"{array.dtype.byteorder}i8"), array.dtype)


def is_script_cached(value: Any) -> bool:
    """Whether this is a cached function of the script, which goes by value as its functions do."""
    anycache = sys.modules.get("holdall.anycache")
    return (
        anycache is not None
        and isinstance(value, anycache.Cached)
        and value.__module__ == "__main__"
    )


def refuse(value: Any) -> Any:
    """Refuse what cloudpickle would keep as another type."""
    raise TypeError(f"cannot pickle {type(value).__name__!r} object")


def by_reference(value: Any, buffers: list[pickle.PickleBuffer] | None = None) -> bytes | None:
    """Return C pickle's bytes, or None where they would not do."""
    try:
        data = pickle.dumps(value, PROTOCOL, buffer_callback=keeper(buffers))
    except (MemoryError, KeyboardInterrupt):
        raise
    except Exception:
        # Whatever a `__reduce__` raises here it raises to cloudpickle again, where it is reported.
        return None
    return None if b"__main__" in data or any(name in data for name in DATES) else data


def loads(data: bytes, buffers: Sequence[Any] = ()) -> Any:
    """Return the value of a pickle that the reader trusts, built on the buffers it was parted from."""
    try:
        return pickle.loads(data, buffers=buffers)
    except (MemoryError, KeyboardInterrupt, HoldallError):
        raise
    except Exception as error:
        raise SerializationError(
            f"the pickle cannot be rebuilt here: {type(error).__name__}: {error}; "
            "import or install what it names, or read its bytes with mode='raw'"
        ) from error


def refusal(value: Any, error: Exception) -> SerializationError:
    """Say where in the value the reason is."""
    path, culprit = _path.culprit(value, picklable)
    kind = type(culprit)
    name = (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )
    # cloudpickle turns the one into an error of its own.
    if RecursionError in (type(error), type(error.__cause__)):
        reason = "it is nested too deeply for pickle; flatten it, or raise sys.setrecursionlimit()"
    else:
        reason = f"{error}; leave it out, or give its class a __reduce__ or __getstate__"
    return SerializationError(f"{path}: {name}: cannot be kept: {reason}", path=path)


def picklable(value: Any) -> bool:
    """Whether a value can be pickled by itself."""
    try:
        by_value(value)
    except (MemoryError, KeyboardInterrupt):
        raise
    except Exception:
        return False
    return True
