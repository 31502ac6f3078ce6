"""The `pickle` codec: C pickle, and cloudpickle for what only it can do."""

import io
import pickle
from collections.abc import Callable, Sequence
from typing import Any

from holdall import _path
from holdall._holdall import Reducer
from holdall.errors import HoldallError, SerializationError

PROTOCOL = 5
# Buffers below this many bytes stay in the pickle: a segment of its own would cost more.
SMALL = 64 * 1024
# A frame has room for no more.
MANY = 1 << 16


class Pickler(pickle.Pickler):
    """C pickle's, with a place for what it asks before it writes an object.

    It looks that up once a pickle and not once an object, so no method of Python's is called.
    """

    __slots__ = ("reducer_override",)


def dumps(value: Any, buffers: list[Any] | None = None) -> tuple[bytes, bool]:
    """Return the pickle, and whether code is in it, which no other version of Python can run.

    buffers: takes the large buffers of arrays and the like, which `loads` then wants.
    """
    try:
        return written(value, buffers)
    except (MemoryError, KeyboardInterrupt):
        raise
    except Exception as error:
        raise refusal(value, error) from error


def written(value: Any, buffers: list[Any] | None = None) -> tuple[bytes, bool]:
    """Do what `dumps` does, with errors as they are raised."""
    file = io.BytesIO()
    reducer = Reducer()
    pickler = Pickler(file, PROTOCOL, True, None if buffers is None else taken(buffers))
    pickler.reducer_override = reducer.reduce  # type: ignore[method-assign]
    pickler.dump(value)
    return file.getvalue(), reducer.by_value


def taken(buffers: list[Any]) -> Callable[[pickle.PickleBuffer], bool]:
    """Return what takes the large buffers, and says of the others that they stay."""

    def take(buffer: pickle.PickleBuffer) -> bool:
        try:
            size = buffer.raw().nbytes
        except BufferError:  # in pieces
            return True
        stays = size < SMALL or len(buffers) == MANY
        if not stays:
            buffers.append(buffer)
        return stays

    return take


def loads(data: Any, buffers: Sequence[Any] = ()) -> Any:
    """Return the value of a pickle that the reader trusts.

    data: the pickle, as any bytes-like object.
    buffers: what `dumps` took, in the same order.
    """
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
        written(value)
    except (MemoryError, KeyboardInterrupt):
        raise
    except Exception:
        return False
    return True
