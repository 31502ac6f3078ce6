"""The engine of holdall, in Rust. `import holdall` rather than this module."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from types import GenericAlias, TracebackType
from typing import Any, Final, Generic, Self, TypeVar, final

from typing_extensions import disjoint_base

from holdall._holdall_flow import (
    Claim,
    Entries,
    Finder,
    Kept,
    Shelf,
    SideDraft,
    check_side_files,
    drop_side_data,
    dumps_with,
    fingerprint,
    loads_with,
    side_files,
)
from holdall._holdall_tasks import Agent, Job, Jobs, Mailbox, Outcome, Queue, Terms
from holdall.serializers._registry import Registry

__all__ = [
    "Agent",
    "Claim",
    "Entries",
    "Finder",
    "Job",
    "Jobs",
    "Kept",
    "Keys",
    "Lock",
    "Mailbox",
    "Outcome",
    "Queue",
    "Reducer",
    "Shelf",
    "SideDraft",
    "Store",
    "Terms",
    "__version__",
    "_safe_cbor",
    "_safe_json",
    "check_side_files",
    "drop_side_data",
    "dumps",
    "dumps_with",
    "end_with_parent",
    "exact_json",
    "fingerprint",
    "forget_kinds",
    "inspect_cbor",
    "inspect_frame",
    "keyset_new",
    "keyset_show",
    "loads",
    "loads_with",
    "main",
    "side_files",
]

_T = TypeVar("_T")
_D = TypeVar("_D")

__version__: Final[str]

def forget_kinds() -> None:
    """Forget what is known of classes, because one was registered."""

def dumps(
    value: Any,
    *,
    mode: str | None = None,
    serialization_mode: str | None = None,
    model: Any = None,
    frame: bool = True,
    keyset: str | None = None,
    seal: bool = False,
) -> bytes:
    """Return a value as bytes.

    mode, serialization_mode: "auto" (default) takes the first codec that is proved exact; "raw",
        "text", "json", "cbor" and "pickle" ask for that one.
    model: a pydantic model, or any type that pydantic validates; its data is written.
    frame: False gives the codec's bare bytes, which `loads(..., frame=False)` reads.
    keyset: the keys to sign an active payload with: a path or a keyset's text.
    seal: True encrypts the payload, so that only holders of the key can read it; large arrays lie in it.

    Raises SerializationError, with the path to the culprit, for what cannot be written.
    """

def loads(
    data: bytes | bytearray | memoryview,
    *,
    mode: str | None = None,
    serialization_mode: str | None = None,
    model: Any = None,
    frame: bool = True,
    trust: str | None = None,
    keyset: str | None = None,
    seal: bool = False,
) -> Any:
    """Return the value of bytes that `dumps` gave.

    mode: "auto" (default) uses the stored codec, "raw" gives the payload's bytes.
    model: a pydantic model, or any type that pydantic validates; an instance of it is returned.
    frame: False reads bare bytes in mode "json", "cbor", "text" or "raw".
    trust: "keyset" (default) opens active payloads that a key of the keyset signed, "all" opens them
        whoever wrote them.
    keyset: the keys to verify and to open with: a path or a keyset's text.
    seal: True takes nothing but what is sealed.

    Raises NotAFrame and CorruptFrame for other bytes, UntrustedPayloadError and UnknownKey for
    an active payload that is not trusted, PythonVersionError for code of another Python version.
    """

def exact_json(value: Any) -> bytes | None:
    """Return a value as JSON, or None where JSON does not hold it exactly."""

def inspect_frame(data: bytes | bytearray | memoryview) -> dict[str, Any]:
    """Return what a frame or a bare value says of itself, opening nothing; `holdall.inspect` shows it."""

def inspect_cbor(payload: bytes, most: int) -> tuple[bool, list[str], str]:
    """Return of a CBOR payload whether it has instances, the names of their classes, and its beginning.

    The beginning is in diagnostic notation, more than `most` bytes of it if there is more.
    """

def _safe_cbor(value: Any) -> bytes | None:
    """Return a value as the safe writer puts it into CBOR, or None where CBOR does not hold it."""

def _safe_json(value: Any) -> bytes | None:
    """Return a value as the safe writer puts it into JSON, or None where JSON does not hold it."""

def keyset_new() -> str:
    """Return the text of a new keyset with one key."""

def keyset_show(keyset: str | None = None) -> dict[str, Any]:
    """Return where the keyset is and its keys' ids and states, never a secret."""

def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""

def end_with_parent(parent: int) -> None:
    """End this process soon after its parent, whatever it is doing then."""

@final
class Reducer:
    """What C pickle asks before it writes an object: `reducer_override`, for one pickle."""

    def __new__(cls) -> Self: ...
    @property
    def by_value(self) -> bool:
        """Whether code went by value, which no other version of Python can run."""

    def reduce(self, value: Any, /) -> Any:
        """Return how to write an object, or NotImplemented where C pickle does it."""

@final
class Lock:
    """A lock between threads and processes, from `Store.lock`; a context manager.

    While it is held a thread of its own keeps it alive. When its holder dies, the next one gets it.
    """

    @property
    def name(self) -> str:
        """The name it was asked for by."""

    def acquire(self) -> None:
        """Wait for the lock and take it.

        Raises StoreBusy, a TimeoutError, when the timeout passes first.
        """

    def release(self) -> None:
        """Let go of the lock.

        Raises LeaseLostError if it was taken over meanwhile, ValidationError if it is not held.
        """

    def __enter__(self) -> Self:
        """Take the lock."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let go of the lock."""

@final
class Keys:
    """A lazy listing of keys, from `Store.iterate_keys`."""

    def __iter__(self) -> Self:
        """Return itself."""

    def __next__(self) -> str:
        """Return the next key."""

@disjoint_base
class Store(Generic[_T]):
    """The engine of `holdall.Store`. Every call takes keys of segments parted by "/".

    Every call raises ValidationError for a bad key and a BackendError when the place fails.
    """

    def __new__(
        cls,
        uri: str,
        *,
        mode: str = "auto",
        serialization_func: Callable[[Any], Any] | None = None,
        deserialization_func: Callable[[Any], Any] | None = None,
        model: Any = None,
        raise_on_nonexist: bool = True,
        store_none_values: bool = True,
        default_ttl: float | timedelta | None = None,
        trust: str | None = None,
        keyset: str | None = None,
        bare: bool = True,
        read_only: bool = False,
        durability: str = "normal",
        busy_timeout: float | timedelta | None = None,
        instances: bool = False,
        share: Store[Any] | None = None,
    ) -> Self:
        """Open a store; see `holdall.get_store`."""

    @classmethod
    def __class_getitem__(cls, item: Any) -> GenericAlias:
        """Name the type of the values: `Store[int]`."""

    @property
    def uri(self) -> str:
        """Where the store is, with an absolute place."""

    @property
    def serialization_mode(self) -> str:
        """The mode that a call without one uses."""

    @property
    def raise_on_nonexist(self) -> bool:
        """Whether a missing key raises."""

    def put(
        self,
        key: str,
        value: _T,
        *,
        mode: str | None = None,
        serialization_mode: str | None = None,
        serialization_func: Callable[[Any], Any] | None = None,
        model: Any = None,
        ttl: float | timedelta | None = None,
        if_absent: bool = False,
    ) -> bool:
        """Keep a value under a key, in place of any other, and say whether it was written.

        mode, serialization_mode: as for `dumps`; default the store's.
        serialization_func: called once on the value, before the codec.
        model: a pydantic model, or any type that pydantic validates; its data is kept.
        ttl: seconds or timedelta until the value expires; 0 is never, None the store's default.
        if_absent: write only if the key has no value.

        Raises SerializationError, with the path to the culprit, for what cannot be kept.
        """

    def put_plain(self, key: str, value: bytes) -> None:
        """Keep bytes as `open` does: in a folder, as a plain file."""

    def get(
        self,
        key: str,
        default: _D = ...,
        *,
        mode: str | None = None,
        serialization_mode: str | None = None,
        deserialization_func: Callable[[Any], Any] | None = None,
        model: Any = None,
        raise_on_nonexist: bool | None = None,
        trust: str | None = None,
        mmap: bool = False,
        verify: bool = False,
    ) -> _T | _D:
        """Return the value of a key.

        default: returned without a value.
        mode, serialization_mode: "auto" uses the stored codec, "raw" gives the payload's bytes.
        deserialization_func: called once on the value, after the codec.
        model: a pydantic model, or any type that pydantic validates; an instance is returned.
        raise_on_nonexist: False gives None without a value.
        trust: as for `loads`; default the store's.
        mmap: large arrays are read-only views of the value's file, which is read only where they are
            looked at. Their checksums are not checked, unless what is read is trusted for its
            signature. In a folder and beside a database; in memory there is nothing to map.
        verify: checks them in any case.

        While a mapped file is in use nobody may write into it or cut it short: the one changes the
        array, the other ends the process (SIGBUS). holdall itself never does.

        Raises DoesNotExist without a value, CorruptFrame for a damaged one, UntrustedPayloadError for
        an active one that is not trusted.
        """

    def pop(
        self,
        key: str,
        default: _D = ...,
        *,
        mode: str | None = None,
        serialization_mode: str | None = None,
        deserialization_func: Callable[[Any], Any] | None = None,
        model: Any = None,
        raise_on_nonexist: bool | None = None,
        trust: str | None = None,
    ) -> _T | _D:
        """Return the value of a key and remove it; the keywords are those of `get`.

        Of several callers one gets it. A value that cannot be read stays.
        """

    def delete(self, key: str, *, ignore_errors: bool = False) -> None:
        """Remove a value.

        ignore_errors: a missing key is fine. Else it raises DoesNotExist, unless the store has
        raise_on_nonexist=False.
        """

    def clear(self) -> None:
        """Remove every value."""

    def use_serializers(self, registry: Registry) -> None:
        """Write objects of the registry's types beside the values from now on, and remove what is beside none."""

    def put_many(
        self,
        items: Mapping[str, _T] | Iterable[tuple[str, _T]],
        *,
        mode: str | None = None,
        serialization_mode: str | None = None,
        ttl: float | timedelta | None = None,
    ) -> None:
        """Keep several values, in one transaction where the backend has them."""

    def get_many(
        self,
        keys: Iterable[str],
        default: _D = ...,
        *,
        mode: str | None = None,
        serialization_mode: str | None = None,
        raise_on_nonexist: bool | None = None,
        trust: str | None = None,
    ) -> dict[str, _T | _D]:
        """Return the values of several keys; a missing one is treated as by `get`."""

    def delete_many(self, keys: Iterable[str]) -> int:
        """Remove several values and return how many there were."""

    def compare_and_swap(
        self, key: str, expected: _T, new: _T, *, ttl: float | timedelta | None = None
    ) -> bool:
        """Replace a value if it still is the expected one, and say whether it was.

        The values are compared by type and equality; 1, 1.0 and True differ. A missing key is no
        value: create it with put(if_absent=True).
        """

    def lock(
        self,
        name: str,
        *,
        ttl: float | timedelta | None = None,
        timeout: float | timedelta | None = None,
    ) -> Lock:
        """Return a lock: `with store.lock("name"): ...`.

        ttl: seconds, default 60, that the lock outlives a holder that is not seen to die.
        timeout: seconds to wait for it; None waits for ever.
        """

    def iterate_keys(
        self,
        *,
        prefix: str | None = None,
        exclude_prefix: str | None = None,
        glob: str | None = None,
        depth: int | None = None,
    ) -> Keys:
        """Return a lazy listing of keys; all that is given must hold.

        prefix, exclude_prefix: strings that keys begin with, or do not.
        glob: a pattern for the key, whole or behind the prefix; `*` stays within a segment, `**`
            does not.
        depth: the most segments, counted behind the last "/" of the prefix.
        """

    def exists(self, key: str) -> bool:
        """Say whether a key has a value."""

    def glance(self, key: str) -> dict[str, Any] | None:
        """Return what `info` is made of, or None without a value."""

    def frame_bytes(self, key: str) -> bytes:
        """Return a value's header and payload, or its bare bytes, for `holdall.inspect`.

        The checksum was checked; nothing was verified or opened. Raises DoesNotExist without a value.
        """

    def parts(self, key: str) -> tuple[bytes, list[Any]]:
        """Return a value's payload and the large buffers beside it.

        Their checksums were checked; nothing was verified or opened. Raises DoesNotExist without a value.
        """

    def copy_key(self, key: str, other: Store[Any]) -> bool:
        """Copy one value to another store and say whether there was one; see `copy_to`."""

    def close(self) -> None:
        """Let go of files; later calls raise ValidationError."""

    def __getitem__(self, key: str, /) -> _T:
        """Return the value of a key, or raise DoesNotExist, a KeyError."""

    def __delitem__(self, key: str, /) -> None:
        """Remove a value, or raise DoesNotExist, a KeyError."""

    def __contains__(self, key: str, /) -> bool:
        """Say whether a key has a value."""

    def __iter__(self) -> Iterator[str]:
        """List the keys."""

    def __len__(self) -> int:
        """Return how many keys there are."""

    def __bool__(self) -> bool:
        """Be true, even without values."""
