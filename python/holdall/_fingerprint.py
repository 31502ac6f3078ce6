"""A key for a call: the function's identity and the arguments with their types."""

import functools
import hashlib
import inspect
import io
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

from holdall._holdall import dumps
from holdall.errors import LimitExceeded, SerializationError

SEPARATOR = b"\x00"
MAIN = (
    "__main__",
    "__mp_main__",
)  # the script, and the script as multiprocessing's children see it


def call_key(
    function: Callable[..., Any], identity: bytes, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> str:
    """Return the key of a call. `f(1)`, `f(x=1)` and a default of 1 are one call.

    identity: of the function, from `identity_of`.
    Raises SerializationError, naming the argument, for one that cannot be kept.
    """
    try:
        signature = inspect.signature(function)
    except ValueError:  # a builtin without a signature
        arguments: dict[str, Any] = {"args": args, "kwargs": kwargs}
    else:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        arguments = dict(bound.arguments)
        for name, parameter in signature.parameters.items():
            if parameter.kind is parameter.VAR_KEYWORD:
                arguments[name] = dict(sorted(arguments[name].items()))
    digest = hashlib.blake2b(identity, digest_size=20)
    for name, value in arguments.items():
        digest.update(name.encode() + SEPARATOR + argument(function, name, value))
    return f"{name_of(function)}/{digest.hexdigest()}"


def argument(function: Callable[..., Any], name: str, value: Any) -> bytes:
    """Return an argument's digest, or an error with the path to the culprit."""
    try:
        return fingerprint(value)
    except (SerializationError, RecursionError):
        # What is circular or too deep to be taken apart goes by its payload as a whole.
        try:
            return combine(type(value), [dumps(value, frame=False)])
        except (SerializationError, LimitExceeded) as error:
            error.about(f"the argument {name!r} of {name_of(function)} cannot be part of a key")
            raise


def name_of(function: Any) -> str:
    """Return a readable name."""
    named = function if hasattr(function, "__qualname__") else type(function)
    module = "__main__" if named.__module__ in MAIN else named.__module__
    return f"{module}.{named.__qualname__}"


def identity_of(function: Any) -> bytes:
    """Return what tells a function from every other one, alike in every process.

    That is its name, if it can be imported by it; a script's functions go by the script as well.
    What has no name of its own, a lambda or a function made inside another one, goes by its code
    and by what it closes over at this moment.

    Raises SerializationError for a part of that which cannot be kept, a connection say: nobody
    can tell it from another one.
    """
    parts = [name_of(function).encode()]
    if isinstance(function, FunctionType):
        place = place_of(function.__module__)
        parts.append((place or "").encode())
        if place is None or "<" in function.__qualname__:
            parts.append(code_of(function.__code__))
            names = function.__code__.co_freevars
            for name, cell in zip(names, function.__closure__ or (), strict=True):
                parts.append(part_of(function, name, cell))
    elif isinstance(function, functools.partial):
        parts.append(identity_of(function.func))
        parts.append(part_of(function, "args", function.args))
        parts.append(part_of(function, "keywords", function.keywords))
    elif not hasattr(function, "__qualname__"):
        parts.append(part_of(function, "itself", function))
    owner = getattr(function, "__self__", None)
    if owner is not None and not isinstance(owner, ModuleType):
        parts.append(identity_of(getattr(function, "__func__", type(function))))
        parts.append(part_of(function, "__self__", owner))
    return combine(type(function), parts)


def place_of(module: str | None) -> str | None:
    """Return what tells the script from other scripts; nothing for a module, None where there is none."""
    if module not in MAIN:
        return ""
    script = sys.modules.get(module)
    spec = getattr(script, "__spec__", None)
    file = getattr(script, "__file__", None)
    return spec.name if spec is not None else str(Path(file).absolute()) if file else None


def part_of(function: Any, name: str, value: Any) -> bytes:
    """Return the digest of something that a function carries with it."""
    if isinstance(value, CellType):
        try:
            value = value.cell_contents
        except ValueError:  # empty yet: a function that refers to itself, say
            return b"empty"
    try:
        return fingerprint(value)
    except (SerializationError, LimitExceeded, RecursionError) as error:
        raise SerializationError(
            f"{name_of(function)} carries {name!r} with it, a {type(value).__name__} that cannot be part "
            f"of a key: {error}; or say key_func="
        ) from error


def code_of(code: CodeType) -> bytes:
    """Digest what code does, and not where it stands."""
    constants = [
        code_of(part) if isinstance(part, CodeType) else fingerprint(part)
        for part in code.co_consts
    ]
    return combine(
        CodeType, [code.co_code, code.co_exceptiontable, fingerprint(code.co_names), *constants]
    )


def fingerprint(value: Any) -> bytes:
    """Return a digest of a value with its type, alike in every process.

    Containers of the built-in types are taken apart, so that the order of a set and the sharing
    of equal parts do not matter; the rest goes by its payload.
    """
    kind = type(value)
    if kind in (set, frozenset):
        return combine(kind, sorted(fingerprint(item) for item in value))
    if kind in (list, tuple):
        return combine(kind, [fingerprint(item) for item in value])
    if kind is dict:
        return combine(kind, [fingerprint(part) for pair in value.items() for part in pair])
    if kind is FunctionType:
        defaults = [value.__defaults__, value.__kwdefaults__]
        return combine(kind, [identity_of(value), fingerprint(defaults)])
    name = f"{kind.__module__}.{kind.__qualname__}".encode()
    return combine(kind, [name, payload(value)])


class Canonical(pickle.Pickler):
    """Pickles equal values alike: without back-references, sets and functions by their digests.

    Nobody reads these pickles.
    """

    def persistent_id(self, value: Any) -> bytes | None:
        """Take over what pickle writes in an order or by an identity of its own."""
        return fingerprint(value) if type(value) in (set, frozenset, FunctionType) else None


def payload(value: Any) -> bytes:
    """Return bytes that stand for a value which is no built-in container."""
    if type(value) in (str, bytes, int, float, bool, type(None)):
        return dumps(value, frame=False)
    written = io.BytesIO()
    pickler = Canonical(written, 5)
    pickler.fast = True
    try:
        pickler.dump(value)
    except (MemoryError, KeyboardInterrupt):
        raise
    except Exception:
        # Circular, or only cloudpickle can: less alike between processes, and as good in this one.
        return dumps(value, frame=False)
    return written.getvalue()


def combine(kind: type, parts: list[bytes]) -> bytes:
    """Digest parts of any length without their running into each other."""
    digest = hashlib.blake2b(kind.__qualname__.encode() + SEPARATOR, digest_size=20)
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.digest()
