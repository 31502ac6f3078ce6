"""`@anycache`: keep what a function returns."""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any, ParamSpec, TypeVar, overload

from holdall._wrapper import Wrapper, name_of
from holdall.errors import (
    CorruptFrame,
    SerializationError,
    UnsupportedVersion,
    UntrustedPayloadError,
    ValidationError,
)
from holdall.store import Store, get_store

__all__ = ["anycache"]

P = ParamSpec("P")
R = TypeVar("R")

MISS = object()
# Under these options what is read back may differ from what was put.
LOSSY = ("model", "serialization_func", "deserialization_func")
logger = logging.getLogger("holdall")
OPENING = threading.Lock()


@overload
def anycache(function: Callable[P, R], /) -> "Cached[P, R]": ...


@overload
def anycache(
    *,
    uri: Any = None,
    store: Store[Any] | None = None,
    ttl: float | timedelta | None = None,
    key_func: Callable[..., str | None] | None = None,
    use_cache: bool = True,
    **options: Any,
) -> "Callable[[Callable[P, R]], Cached[P, R]]": ...


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
    it raises is not kept. The result is exact, pydantic instances included. An entry that cannot be
    read here (damaged, or of another keyset or Python) is logged, and the function runs again.

    uri, **options: the store, as for `get_store`, opened at the first call. store: one that is open.
    ttl: seconds or timedelta that a result is kept; default the store's.
    key_func: makes the key from the arguments; None from it means not to cache this call.
    use_cache: False runs the function each time and keeps its result.

    The key holds the function's name, the fingerprint of its code and of all that it reads of the
    user's own, and the arguments with their types and defaults: as for `memo`, which says more of
    it, and knows why a call runs again. The wrapper has `cache_key(*args, **kwargs)` and
    `cache_store`.
    """
    if function is not None and not callable(function):
        raise ValidationError(f"anycache takes {function!r} by name: @anycache(uri=...)")
    if store is not None and not isinstance(store, Store):
        raise ValidationError(
            f"store={store!r} is no store; give uri=, or open it with get_store()"
        )
    if store is not None and uri is not None:
        raise ValidationError("uri= and store= both name the store; give one of them")
    if store is not None:
        # A view of its own: the options do not leak, and one that does not fit raises here.
        store = store.derive(**options)
    options = {"uri": uri, **options}

    def decorate(inner: Callable[..., Any]) -> Cached[..., Any]:
        return Cached(inner, store, options, ttl, key_func, use_cache)

    return decorate if function is None else decorate(function)


class Cached(Wrapper[P, R]):
    """A function whose results are kept; `anycache` makes one."""

    def __init__(
        self,
        function: Callable[P, R],
        store: Store[Any] | None,
        options: dict[str, Any],
        ttl: float | timedelta | None,
        key_func: Callable[..., str | None] | None,
        use_cache: bool,
    ) -> None:
        super().__init__(function, what="anycache", coroutines=False)
        self._store, self._options = store, options
        self._ttl, self._key_func, self._use_cache = ttl, key_func, use_cache

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what is kept for these arguments, or run the function and keep what it returns."""
        key = self.cache_key(*args, **kwargs)
        if key is None:
            return self._function(*args, **kwargs)
        kept = self.cache_store()
        if not self._use_cache:
            return self._run(kept, key, args, kwargs)
        found: R = self._look_up(kept, key)
        if found is not MISS:
            return found
        with kept.lock(f"anycache:{key}"):
            found = self._look_up(kept, key)
            return self._run(kept, key, args, kwargs) if found is MISS else found

    def cache_key(self, *args: P.args, **kwargs: P.kwargs) -> str | None:
        """Return the key of a call, or None if it is not kept."""
        if self._key_func is None:
            return f"{self._name()}/{self._parts(args, kwargs).digest().hex()}"
        key = self._key_func(*args, **kwargs)
        if not isinstance(key, str | None):
            raise ValidationError(
                f"key_func of {name_of(self)} returned {key!r}; a key is a str, or None not to cache"
            )
        return key

    def cache_store(self) -> Store[Any]:
        """Return the store that results are kept in."""
        opened: Store[Any] | None = self._opened
        if opened is None:
            with OPENING:
                opened = self._opened
                if opened is None:
                    base = get_store(**self._options) if self._store is None else self._store
                    # Never bare, and instances stay.
                    opened = self._opened = base.derive(bare=False, instances=True)
        return opened

    def _look_up(self, kept: Store[Any], key: str) -> Any:
        """Return what is kept, or MISS; an entry that cannot be read here is as good as none."""
        try:
            return kept.get(key, MISS)
        except (
            CorruptFrame,
            SerializationError,
            UnsupportedVersion,
            UntrustedPayloadError,
        ) as error:
            logger.warning("anycache runs %s again: %s", key, error)
            return MISS

    def _run(self, kept: Store[Any], key: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> R:
        result: R = self._function(*args, **kwargs)
        kept.put(key, result, ttl=self._ttl)
        options = kept.to_dict()
        if options["mode"] == "auto" and not any(options.get(name) for name in LOSSY):
            return result
        # The first call gives what all later ones will.
        found: R = self._look_up(kept, key)
        return result if found is MISS else found
