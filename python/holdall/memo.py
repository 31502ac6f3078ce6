"""`@memo`: what a function returned is kept, for as long as the function is what it was.

    from holdall import memo

    @memo(store="cache")
    def model(rows, depth=3):
        ...

It runs again when an argument, its code, a function or a class of yours that it reaches, a variable
that it reads or the version of a library is another; comments and formatting change nothing.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, overload

from holdall.errors import ValidationError

if TYPE_CHECKING:
    from holdall._memo import Memo

__all__ = ["memo"]

P = ParamSpec("P")
R = TypeVar("R")


@overload
def memo(function: Callable[P, R], /) -> "Memo[P, R]": ...


@overload
def memo(
    *,
    store: Any = None,
    version: Any = None,
    ignore: Iterable[str] = (),
    **options: Any,
) -> "Callable[[Callable[P, R]], Memo[P, R]]": ...


def memo(
    function: Callable[..., Any] | None = None,
    /,
    *,
    store: Any = None,
    version: Any = None,
    ignore: Iterable[str] = (),
    **options: Any,
) -> Callable[..., Any]:
    """Keep what a function returns until the function or its arguments are others.

    store: a URI as for `get_store`, with its options; a store; or a storage of `storage_factory`.
        By default the store of the settings.
    version: by hand, where the fingerprint cannot see a change: in data behind a path, say.
    ignore: the names of arguments that do not count.

    One execution a key, across threads and processes: the others wait and take its result. What
    it raises is not kept. An entry that is damaged, or that the keyset did not sign, is reported
    to the logger "holdall" and computed again; so is a variable that changed while it ran. An
    argument that cannot be fingerprinted, or a result that cannot be kept, raises
    SerializationError with its path. Coroutine functions are awaited; of methods `self` is an
    argument.

    The wrapper has `key(*args)`, `explain(*args)`, which says why a call will run or not,
    `forget(*args)`, `clear()` and `storage()`.
    """
    if function is not None and not callable(function):
        raise ValidationError(f"memo takes {function!r} by name: @memo(store=...)")
    if isinstance(ignore, str):
        raise ValidationError(f"ignore={ignore!r} is one name; give a list of them")
    names = frozenset(ignore)

    def decorate(inner: Callable[..., Any]) -> "Memo[..., Any]":
        from holdall._memo import memo_of

        return memo_of(inner, store, options, version, names)

    return decorate if function is None else decorate(function)
