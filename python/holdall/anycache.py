"""`@anycache`: keep what a function returns."""

import functools
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any, ParamSpec, TypeVar, overload

from holdall._fingerprint import call_key, identity_of
from holdall.store import Store, get_store

__all__ = ["anycache"]

P = ParamSpec("P")
R = TypeVar("R")

MISS = object()


@overload
def anycache(function: Callable[P, R], /) -> Callable[P, R]: ...


@overload
def anycache(
    *,
    uri: Any = None,
    store: Store[Any] | None = None,
    ttl: float | timedelta | None = None,
    key_func: Callable[..., str | None] | None = None,
    use_cache: bool = True,
    **options: Any,
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def anycache(
    function: Callable[..., Any] | None = None,
    /,
    *,
    uri: Any = None,
    store: Store[Any] | None = None,
    ttl: float | timedelta | None = None,
    key_func: Callable[..., str | None] | None = None,
    use_cache: bool = True,
    **options: Any,
) -> Callable[..., Any]:
    """Keep what a function returns, under a key made of the function and its arguments.

    One execution a key, across threads and processes: the others wait and take its result. What
    it raises is not kept. The result is exact, pydantic instances included.

    uri, **options: the store, as for `get_store`, opened at the first call. store: one that is open.
    ttl: seconds or timedelta that a result is kept; default the store's.
    key_func: makes the key from the arguments; None from it means not to cache this call.
    use_cache: False runs the function each time and keeps its result.

    The key holds the function's module and qualified name and the arguments with their types
    and defaults; not the function's code, unless the name is not its own: a lambda or a function
    made inside another one goes by its code and what it closes over as well. The wrapper has
    `cache_key(*args, **kwargs)` and `cache_store`.
    """

    def decorate(inner: Callable[..., Any]) -> Callable[..., Any]:
        opened: list[Store[Any]] = []
        opening = threading.Lock()
        identity = identity_of(inner) if key_func is None else b""

        def cache() -> Store[Any]:
            with opening:
                if not opened:
                    base = get_store(uri, **options) if store is None else store
                    # Copied, so that the options do not leak; never bare, and instances stay.
                    opened.append(base.derive(bare=False, instances=True))
                return opened[0]

        def cache_key(*args: Any, **kwargs: Any) -> str | None:
            if key_func is not None:
                return key_func(*args, **kwargs)
            return call_key(inner, identity, args, kwargs)

        @functools.wraps(inner)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            key = cache_key(*args, **kwargs)
            if key is None:
                return inner(*args, **kwargs)
            kept = cache()
            if not use_cache:
                result = inner(*args, **kwargs)
                kept.put(key, result, ttl=ttl)
                return result
            found = kept.get(key, MISS)
            if found is not MISS:
                return found
            with kept.lock(f"anycache:{key}"):
                found = kept.get(key, MISS)
                if found is MISS:
                    found = inner(*args, **kwargs)
                    kept.put(key, found, ttl=ttl)
                return found

        wrapper.cache_key = cache_key  # type: ignore[attr-defined]
        wrapper.cache_store = cache  # type: ignore[attr-defined]
        return wrapper

    return decorate if function is None else decorate(function)
