"""The parts of a call: the code's, and the arguments by name, with defaults applied."""

from collections.abc import Callable, Collection
from typing import Any

from holdall._holdall import fingerprint
from holdall.errors import LimitExceeded, SerializationError
from holdall.fingerprint.bind import Argument
from holdall.fingerprint.code import Code
from holdall.fingerprint.parts import Parts


def call_parts(
    code: Code,
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
    of_code = code.current()
    binder = code.binder(function)
    found: dict[str, str] = {}
    for argument in binder.bind(args, kwargs):
        name = argument.name
        # A default that counts by its type is a part of the code already.
        if name in ignore or (not argument.path and f"opaque:{binder.where}.{name}" in of_code):
            continue
        try:
            found[f"argument:{name}"] = digest_of(argument, ignore).hex()
        except (SerializationError, LimitExceeded) as error:
            error.about(f"the argument {name!r} of {binder.where} cannot be part of a key")
            raise
    if version is not None:
        found["version"] = str(version)
    return Parts(found, code=of_code)


def digest_of(argument: Argument, ignore: Collection[str]) -> bytes:
    """Return the digest of an argument."""
    if argument.parts is None:
        path = argument.path or f"$.kwargs[{argument.name!r}]"
        return fingerprint(argument.value, path=path)
    # One by one, so that an error has the path that the caller gave it by.
    return fingerprint(
        [
            (name, fingerprint(value, path=path))
            for name, value, path in argument.parts
            if name not in ignore
        ]
    )
