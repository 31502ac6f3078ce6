"""A function whose results are kept: what `@memo` makes."""

import inspect
import logging
import threading
import time
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from holdall._wrapper import Wrapper, is_kind
from holdall.errors import (
    Conflict,
    CorruptFrame,
    LimitExceeded,
    SerializationError,
    UnsupportedVersion,
    UntrustedPayloadError,
    ValidationError,
)
from holdall.fingerprint.bind import Binder
from holdall.fingerprint.parts import Parts, explain_parts, opaque_parts
from holdall.storage import Storage, storage_factory
from holdall.store import Store, get_store

__all__ = ["Memo", "memo_of"]

P = ParamSpec("P")
R = TypeVar("R")

WORKFLOW = "memo"
MISS: Any = object()
# What says that an entry is of no use here. All else is an error of the storage, and raised.
USELESS = (
    Conflict,
    CorruptFrame,
    LimitExceeded,
    SerializationError,
    UnsupportedVersion,
    UntrustedPayloadError,
)
OPENING = threading.Lock()
logger = logging.getLogger("holdall")


def memo_of(
    function: Callable[..., Any],
    store: Any,
    options: dict[str, Any],
    version: Any,
    ignore: frozenset[str],
) -> "Memo[..., Any]":
    """Return a function with its results kept; see `memo`."""
    if isinstance(store, Store | Storage) and options:
        raise ValidationError(f"{store!r} is open already: the options {options!r} are for a URI")
    kind: type[Memo[..., Any]] = Memo
    if is_kind(function, inspect.iscoroutinefunction):
        from holdall._memo_async import AsyncMemo

        kind = AsyncMemo
    return kind(function, store, options, version, ignore)


class Memo(Wrapper[P, R]):
    """A function whose results are kept; `memo` makes one."""

    def __init__(
        self,
        function: Callable[P, R],
        store: Any,
        options: dict[str, Any],
        version: Any,
        ignore: frozenset[str],
    ) -> None:
        super().__init__(function, what="memo", coroutines=True)
        self._store, self._options = store, options
        self._version, self._ignore = version, ignore
        if ignore:
            check_names(Binder(function), ignore, self._name())

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what is kept for these arguments, or run the function and keep what it returns."""
        parts = self._call(args, kwargs)
        name, key = self._place(parts)
        storage = self.storage()
        found: R = find(storage, name, key)
        if found is not MISS:
            return found
        with storage.claim(WORKFLOW, name, key):
            found = find(storage, name, key)
            if found is MISS:
                started = time.perf_counter()
                found = self._function(*args, **kwargs)
                self._keep(storage, parts, found, time.perf_counter() - started)
        return found

    def key(self, *args: P.args, **kwargs: P.kwargs) -> str:
        """Return the fingerprint of a call, in 64 hexadecimal digits."""
        return self._call(args, kwargs).digest().hex()

    def explain(self, *args: P.args, **kwargs: P.kwargs) -> list[str]:
        """Say why a call will run, or that it will not, and what does not count by its value."""
        parts = self._call(args, kwargs)
        name, key = self._place(parts)
        storage = self.storage()
        try:
            said = reasons(storage, name, key, parts)
        except USELESS as error:
            said = [f"what is kept cannot be used: {error}"]
        return said + opaque_parts(parts)

    def forget(self, *args: P.args, **kwargs: P.kwargs) -> bool:
        """Remove what is kept for these arguments, of older code too. Return whether it was there."""
        name, _ = self._place(self._call(args, kwargs))
        storage = self.storage()
        if not storage.file_exists(WORKFLOW, name):
            return False
        storage.remove_task(WORKFLOW, name)
        return True

    def clear(self) -> None:
        """Remove all that is kept of this function."""
        storage = self.storage()
        for name in storage.list_tasks(WORKFLOW):
            if name.rpartition("(")[0] == self._name():
                storage.remove_task(WORKFLOW, name)

    def storage(self) -> Storage:
        """Return the storage that results are kept in."""
        opened: Storage | None = self._opened
        if opened is None:
            with OPENING:
                opened = self._opened = self._opened or self._open()
        return opened

    def _open(self) -> Storage:
        if isinstance(self._store, Storage):
            return self._store
        return storage_over(
            self._store
            if isinstance(self._store, Store)
            else get_store(self._store, **self._options)
        )

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Parts:
        return self._parts(args, kwargs, self._version, self._ignore)

    def _place(self, parts: Parts) -> tuple[str, str]:
        # The arguments are part of the name, so that the newest entry of a name is the last
        # result for these arguments, and all others of it are of older code.
        return f"{self._name()}({parts.call_digest()[:16].hex()})", parts.digest().hex()

    def _keep(self, storage: Storage, parts: Parts, result: Any, seconds: float) -> None:
        """Keep a result under what the function was before it ran."""
        name, key = self._place(parts)
        for variable in self._changed(parts):
            logger.warning(
                "memo: %s changed while %s ran; the result counts for what it was before",
                variable,
                name,
            )
        storage.keep(WORKFLOW, name, key, result, {"parts": parts.as_dict(), "seconds": seconds})


def storage_over(store: Store[Any]) -> Storage:
    """Return the storage that lies in a store."""
    said = store.to_dict()
    options = {name: said[name] for name in ("trust", "keyset") if said.get(name)}
    if store.path is not None and store.scheme == "file" and not said.get("default_ttl"):
        # The same files, by a shorter way.
        options.update({name: said[name] for name in ("durability",) if said.get(name)})
        return storage_factory({"kind": "file", "options": {**options, "path": str(store.path)}})
    if said.get("default_ttl"):
        options["default_ttl"] = said["default_ttl"]
    return storage_factory(
        {"kind": "store", "options": {**options, "uri": store.uri, "share": store}}
    )


def find(storage: Storage, name: str, key: str) -> Any:
    """Return what is kept, or MISS; an entry that is of no use here is as good as none."""
    try:
        entry = storage.look(WORKFLOW, name, key)
        return MISS if entry is None else storage.load(entry)
    except USELESS as error:
        logger.warning("memo: %s runs again, what is kept cannot be used: %s", name, error)
        return MISS


def reasons(storage: Storage, name: str, key: str, parts: Parts) -> list[str]:
    """Say why a call will run; if it will not, that."""
    if storage.look(WORKFLOW, name, key) is not None:
        return ["the result is kept"]
    newest = storage.newest(WORKFLOW, name)
    if newest is None:
        return ["nothing is kept for these arguments"]
    return explain_parts(newest.parts, parts)


def check_names(binder: Binder, ignore: frozenset[str], name: str) -> None:
    """Raise for a name to ignore that no argument has."""
    unknown = sorted(ignore - set(binder.order))
    if unknown and binder.more is None:
        raise ValidationError(
            f"ignore={unknown!r}: {name} has no such argument; it has {binder.order!r}"
        )
