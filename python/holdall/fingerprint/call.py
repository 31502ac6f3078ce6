"""The parts of a call: the code's, and the arguments by name, with defaults applied."""

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from holdall._holdall import fingerprint
from holdall.errors import LimitExceeded, SerializationError
from holdall.fingerprint.naming import HERE, naming
from holdall.fingerprint.parts import Parts

if TYPE_CHECKING:
    from holdall.fingerprint.code import Code


def call_parts(
    code: "Code",
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    version: Any = None,
    ignore: Collection[str] = (),
) -> Parts:
    """Return the parts of a call. `f(1)`, `f(x=1)` and a default of 1 are one call.

    version: by hand, a part of its own. ignore: names of arguments that do not count.
    Raises SerializationError with the path (`$.args[0]`, `$.kwargs['x']`) for an argument that
    cannot be fingerprinted.
    """
    if HERE.namer is not None:
        # Some object calls the function while it is looked at itself.
        with naming(None):
            return call_parts(code, function, args, kwargs, version=version, ignore=ignore)
    of_code = code.current()
    binder = code.binder(function)
    opaque = binder.opaque(of_code)
    found: dict[str, str] = {}
    name = ""
    try:
        for name, value, path, parts in binder.bind(args, kwargs):
            # A default that counts by its type is a part of the code already.
            if name in ignore or (not path and name in opaque):
                continue
            if parts is None:
                digest = fingerprint(value, path=path or f"$.kwargs[{name!r}]")
            else:
                digest = fingerprint(several(parts, ignore))
            found[f"argument:{name}"] = digest.hex()
    except (SerializationError, LimitExceeded) as error:
        error.about(f"the argument {name!r} of {binder.where} cannot be part of a key")
        raise
    if version is not None:
        found["version"] = str(version)
    return Parts(found, code=of_code)


def several(parts: list[tuple[str, Any, str]], ignore: Collection[str]) -> list[tuple[str, bytes]]:
    """Digest what `*args` and `**kwargs` hold, one by one: an error has the path that was given."""
    return [
        (name, fingerprint(value, path=path)) for name, value, path in parts if name not in ignore
    ]
