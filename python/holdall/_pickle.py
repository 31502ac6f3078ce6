"""The `pickle` codec: C pickle, and cloudpickle for what only it can do."""

import io
import pickle
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from holdall import _path
from holdall._holdall import Finder, Reducer
from holdall.errors import BackendError, HoldallError, SerializationError

if TYPE_CHECKING:
    from holdall.serializers._beside import Reading, Writing

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


class Referring(Pickler):
    """The same that also asks what stands beside the pickle."""

    # From 3.13 on `persistent_id` is a method of C's class, for which an object has no place of its own.
    __slots__ = ("persistent_id",) if sys.version_info >= (3, 13) else ()


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


def dumps_with(value: Any, buffers: list[Any] | None, writing: "Writing") -> tuple[bytes, bool]:
    """Do what `dumps` does; objects of registered types are written beside the pickle, and it refers to them."""
    try:
        body, by_value = written(value, buffers, Finder(writing).number)
    except (MemoryError, KeyboardInterrupt, BackendError):
        # The last is the store's own: there is no place to write to.
        raise
    except Exception as error:

        def fine(part: Any) -> bool:
            return picklable(part, writing.probe)

        raise writing.refusal(value, error, fine) or refusal(value, error, fine) from error
    front = writing.front()
    return front + body if front else body, by_value


def written(
    value: Any,
    buffers: list[Any] | None = None,
    number: Callable[[Any], int | None] | None = None,
) -> tuple[bytes, bool]:
    """Do what `dumps` does, with errors as they are raised.

    number: gives what stands for an object that is written beside the pickle, and None of all others.
    """
    file = io.BytesIO()
    reducer = Reducer()
    kind = Pickler if number is None else Referring
    pickler = kind(file, PROTOCOL, True, None if buffers is None else taken(buffers))
    pickler.reducer_override = reducer.reduce  # type: ignore[method-assign]
    if number is not None:
        pickler.persistent_id = number  # type: ignore[method-assign]
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
        raise unreadable(error) from error


def loads_with(data: Any, buffers: Sequence[Any], reading: "Reading") -> Any:
    """Return the value of a pickle that refers to what is beside it, and that the reader trusts."""
    try:
        return reading.loads(data, buffers)
    except (MemoryError, KeyboardInterrupt, HoldallError):
        raise
    except Exception as error:
        raise unreadable(error) from error


def refusal(
    value: Any, error: Exception, fine: Callable[[Any], bool] | None = None
) -> SerializationError:
    """Say where in the value the reason is."""
    path, culprit = _path.culprit(value, fine or picklable)
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


def unreadable(error: Exception) -> SerializationError:
    """Say that a pickle could not be opened."""
    return SerializationError(
        f"the pickle cannot be rebuilt here: {type(error).__name__}: {error}; "
        "import or install what it names, or read its bytes with mode='raw'"
    )


def picklable(value: Any, number: Callable[[Any], int | None] | None = None) -> bool:
    """Whether a value can be pickled by itself."""
    try:
        written(value, None, number)
    except (MemoryError, KeyboardInterrupt):
        raise
    except Exception:
        return False
    return True
