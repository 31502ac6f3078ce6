"""The `pickle` codec: C pickle, and cloudpickle for what only it can do."""

import pickle
from typing import Any

import cloudpickle

from holdall import _path
from holdall.errors import SerializationError

PROTOCOL = 5


def dumps(value: Any) -> tuple[bytes, bool]:
    """Return the pickle, and whether code objects are in it.

    C pickle first: it is the faster one, and writes functions and classes by reference, which
    any Python version reads. What it cannot do, and what it would refer to by the name
    `__main__`, which means another module in another process, goes to cloudpickle.
    """
    data = by_reference(value)
    if data is not None:
        return data, False
    try:
        data = cloudpickle.dumps(value, PROTOCOL)
    except (MemoryError, KeyboardInterrupt):
        raise
    except Exception as error:
        raise refusal(value, error) from error
    # Code by value is rebuilt by cloudpickle's own functions, so its name is in the pickle.
    return data, b"cloudpickle" in data


def by_reference(value: Any) -> bytes | None:
    """Return C pickle's bytes, or None where they would not do."""
    try:
        data = pickle.dumps(value, PROTOCOL)
    except (MemoryError, KeyboardInterrupt):
        raise
    except Exception:
        # Whatever a `__reduce__` raises here it raises to cloudpickle again, where it is reported.
        return None
    return None if b"__main__" in data else data


def loads(data: bytes) -> Any:
    """Return the value of a pickle that the reader trusts."""
    try:
        return pickle.loads(data)
    except (MemoryError, KeyboardInterrupt):
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
        cloudpickle.dumps(value, PROTOCOL)
    except (MemoryError, KeyboardInterrupt):
        raise
    except Exception:
        return False
    return True
