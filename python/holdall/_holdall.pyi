"""The engine of holdall, in Rust. `import holdall` rather than this module."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from os import PathLike
from types import GenericAlias, TracebackType
from typing import Any, Final, Generic, Self, TypeAlias, TypeVar, final

from typing_extensions import disjoint_base

__all__ = [
    "Agent",
    "Job",
    "Jobs",
    "Keys",
    "Lock",
    "Mailbox",
    "Outcome",
    "Queue",
    "Reducer",
    "Store",
    "Terms",
    "__version__",
    "_safe_cbor",
    "_safe_json",
    "dumps",
    "end_with_parent",
    "exact_json",
    "forget_kinds",
    "inspect_cbor",
    "inspect_frame",
    "keyset_new",
    "keyset_show",
    "loads",
    "main",
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

_Parent: TypeAlias = tuple[str, int, list[bytes]]

@final
class Job:
    """A claimed task, to be run once."""

    @property
    def ticket(self) -> int:
        """The number that its agent gave it."""

    @property
    def id(self) -> str:
        """The task's id."""

    @property
    def start(self) -> int:
        """Which start of the task this is."""

    @property
    def name(self) -> str:
        """The name of its function, to be shown."""

    @property
    def timeout(self) -> float | None:
        """How long it may run, in seconds."""

    @property
    def size(self) -> int:
        """How many bytes its message has."""

    @staticmethod
    def of_pieces(id: str, start: int, name: str, pieces: list[bytes], keyset: str | None) -> Job:
        """Make a task of what `pieces` gave in another process."""

    def pieces(self) -> list[bytes]:
        """Return the message in pieces, for another process to open."""

    def let_go(self) -> None:
        """Let go of the message, which may be large."""

    def function(self) -> Callable[..., Any]:
        """Return the function that is to be called; the rest of the message stays closed.

        Raises what `open` raises.
        """

    def open(
        self, serializer: Any = None
    ) -> tuple[Callable[..., Any], list[Any], dict[str, Any], list[str]]:
        """Return function, arguments and the ids of the tasks it comes after. Once only.

        Raises UntrustedPayloadError and UnknownKey, having opened nothing, unless the message was signed for
        this task; SerializationError for a function that cannot be imported.
        """

    def result(self, value: Any, serializer: Any = None) -> bytes:
        """Return the frame of what the task gave.

        Raises SerializationError for what cannot be written.
        """

    def open_parent(self, parent: _Parent, serializer: Any = None) -> Any:
        """Return the value of one of what `Agent.parents` gave.

        Raises UntrustedPayloadError unless it was signed as that task's result.
        """

@final
class Agent:
    """What claims tasks, keeps their leases alive and settles them, in a thread that never waits for Python.

    `fileno()` can be read from when there are orders. Every `Job` among them ends by one call of `complete`,
    `complete_frame`, `fail`, `end`, `abandon` or by `parents`; they say whether that counted.
    """

    def __new__(
        cls,
        jobs: Jobs,
        *,
        worker: str,
        queues: list[str],
        slots: int,
        processes: bool,
        lease: float,
        poll: float,
        keyset: Any = None,
    ) -> Self:
        """Begin to claim."""

    def fileno(self) -> int:
        """Return what an event loop watches for reading."""

    def orders(self) -> list[tuple[Any, ...]]:
        """Return the orders since the last call, as tuples that begin with what is to be done."""

    def job(self) -> Job | None:
        """Return a task that was not among the orders yet, if there is one."""

    def complete(self, job: Job, value: Any, serializer: Any = None) -> bool:
        """Say what a task gave.

        Raises SerializationError for what cannot be written; then the task has not ended.
        """

    def complete_frame(self, job: Job, frame: bytes) -> bool:
        """Say what a task gave in another process, where `Job.result` made a frame of it."""

    def fail(
        self,
        job: Job,
        kind: str,
        message: str,
        traceback: str,
        bases: list[str],
        *,
        fatal: bool = False,
        frame: bytes | None = None,
    ) -> bool:
        """Say that a task failed: with an exception as text, and its arguments as a frame if they are kept."""

    def end(self, job: Job, how: str, *, busy: bool = False) -> bool:
        """Say that a task ended otherwise: "timeout", "lost", "returned" or "cancelled".

        busy: what runs it goes on, and keeps its slot until `free`.
        """

    def parents(self, job: Job, ids: list[str]) -> list[_Parent] | None:
        """Return the results of tasks; or None, having ended this one, where one did not complete."""

    def admit(self) -> None:
        """Say that one more process can run tasks: before that nothing is claimed."""

    def place(self, job: Job, process: bool) -> None:
        """Say where a task runs."""

    def free(self, job: Job) -> None:
        """Say that what ran a task is free again."""

    def abandon(self, job: Job) -> None:
        """Let a task go without a word: its lease runs out."""

    def flush(self, here: bool) -> None:
        """Have what ended settled and more claimed, in this thread if it may be."""

    def tally(self) -> tuple[int, int, int]:
        """Return how many tasks run, have completed and have failed."""

    def ring(self) -> None:
        """Have the loop called if there are orders."""

    def drain(self) -> None:
        """Claim no more, and end when the rest is settled."""

    def close(self, *, wait: bool = True) -> None:
        """End at once."""

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

@final
class Jobs:
    """A place for tasks, as the engine holds it; `holdall.SQLiteBackend` opens and closes it."""

    @staticmethod
    def sqlite(
        path: str | PathLike[str],
        *,
        durability: str = "full",
        busy_timeout: float | timedelta | None = None,
    ) -> Jobs:
        """Open the tasks in a SQLite database, and make it if it is not there."""

    @staticmethod
    def memory() -> Jobs:
        """Make a place for tasks in this process, gone with the object."""

    @property
    def name(self) -> str:
        """Where they are kept."""

    def close(self) -> None:
        """Let go of files and memory; later calls raise ValidationError."""

@final
class Mailbox:
    """Where an asyncio loop finds the answers to what it asked for by number."""

    def __new__(cls) -> Self: ...
    def fileno(self) -> int:
        """Return what the loop watches for reading."""

    def hear(self) -> list[tuple[int, Any]]:
        """Return what has arrived: numbers with ids, an Outcome, a count, None or an exception."""

@final
class Outcome:
    """An ended task with its result, if it has one."""

    def about(self) -> dict[str, Any]:
        """Return what is known of the task, as `Queue.task` does."""

    def frame(self) -> bytes | None:
        """Return the whole frame of the result, or None without one."""

@final
class Terms:
    """Under what terms tasks are taken in; `holdall.options` makes them. Times are milliseconds."""

    def __new__(
        cls,
        queue: str,
        *,
        priority: int = 0,
        policy: str | None = None,
        unique: str | None = None,
        unique_call: bool = False,
        expires_in: int | None = None,
        expires_at: int | None = None,
        after: list[str] = ...,
        ids: list[str] | None = None,
        due: int | None = None,
    ) -> Self: ...

@final
class Queue:
    """A backend with keys and a serializer: what `TaskQueue` and `SyncTaskQueue` are made of.

    With a mailbox a call that would have to wait returns the number of its answer there.
    """

    def __new__(
        cls, jobs: Jobs, *, serializer: Any = None, keyset: str | PathLike[str] | None = None
    ) -> Self: ...
    def enqueue(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        terms: Terms,
        due: int | None = None,
        mailbox: Mailbox | None = None,
    ) -> str | int:
        """Take one call in, and return its id, or the number of the answer in the mailbox."""

    def enqueue_many(
        self,
        calls: Iterable[Any],
        terms: Terms,
        mailbox: Mailbox | None = None,
        chain: bool = False,
    ) -> list[str] | int:
        """Take many calls in, all or none; in a chain each comes after the one before it."""

    def outcome(self, id: str, timeout: float | None = None, mailbox: Mailbox | None = None) -> Any:
        """Wait for the end of a task: an Outcome, or None when the time is over.

        With a mailbox: the number of the answer there, and that of the wait.
        """

    def unfinished(
        self,
        ids: list[str] | None,
        than: int,
        timeout: float | None = None,
        mailbox: Mailbox | None = None,
    ) -> Any:
        """Wait until fewer than so many of these tasks, or of all, have not ended: how many, or None.

        With a mailbox: as `outcome`.
        """

    def forget(self, number: int) -> None:
        """Give up a wait whose answer was to come to a mailbox."""

    def open(self, outcome: Outcome, keep: bool = True) -> Any:
        """Return the value of an outcome, verified; to keep it is to be able to open it again."""

    def open_frame(self, frame: bytes, id: str, start: int) -> Any:
        """Return the value in the whole frame of a task's result at one of its starts, verified."""

    def cancel(self, id: str) -> bool:
        """Cancel a task, and say whether there was something to cancel."""

    def retry(self, id: str) -> bool:
        """Run a task again, and say whether it is one that ended without a result."""

    def task(self, id: str) -> dict[str, Any] | None:
        """Return what is known of a task, or None."""

    def tasks(self, states: list[str], queue: str | None, limit: int) -> list[dict[str, Any]]:
        """Return what is known of tasks, the newest first."""

    def counts(self) -> list[tuple[str, str, int]]:
        """Return how many tasks of each queue are in each state."""

    def purge(self, states: list[str], older_than: float) -> int:
        """Remove ended tasks, and return how many."""

    def pause(self, queue: str, paused: bool) -> None:
        """Stop or resume the claims of a queue."""

    def queues(self) -> list[tuple[str, bool]]:
        """Return the queues that were ever named, and whether each is paused."""

    def set_cron(
        self,
        expression: str,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        terms: Terms,
        name: str | None = None,
        zone: str | None = None,
    ) -> tuple[str, int]:
        """Write a schedule; return its name and its next time."""

    def remove_cron(self, name: str) -> bool:
        """Remove a schedule, and say whether there was one."""

    def crons(self) -> list[tuple[str, str, int, str, str]]:
        """Return all schedules: name, expression, next time, function and queue of each."""
