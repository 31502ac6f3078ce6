"""The part of the engine that workflows stand on: fingerprints, kept entries, registered serializers."""

from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Self, final

from typing_extensions import disjoint_base

from holdall._holdall_tasks import Jobs
from holdall.serializers._beside import Reading, Writing
from holdall.serializers._registry import Registry

__all__ = [
    "Claim",
    "Entries",
    "Finder",
    "Kept",
    "Results",
    "Shelf",
    "SideDraft",
    "check_side_files",
    "drop_side_data",
    "dumps_with",
    "fingerprint",
    "loads_with",
    "side_files",
]

# Registered serializers.

@final
class Finder:
    """Which objects of one value are written beside it."""

    def __new__(cls, writing: Writing) -> Finder: ...
    def number(self, value: Any, /) -> int | None:
        """Return the number that stands for an object beside the pickle, or None of one that is in it."""

@final
class Results:
    """The registered serializers of a queue or worker, in the place of its serializer."""

    def __new__(cls, jobs: Jobs, registry: Registry) -> Results: ...
    @staticmethod
    def at(folder: str, registry: Registry, sync: bool) -> Results:
        """Make one of a folder, in another process."""

    @property
    def is_written(self) -> bool:
        """Whether the worker is to take over what was just written."""

    def let_go(self, kept: bool) -> None:
        """Let go of what was just written: the worker has taken it over, or it goes."""

    def begin(self, id: str, token: str) -> str:
        """Make the folder of a token for a task's result and return its path."""

    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class SideDraft:
    """The folder of one value's side data, made when the first object of a registered type is met."""

    def begin(self, token: str) -> str:
        """Make the folder of a token and return its path."""

def drop_side_data() -> None:
    """Remove what this process took, and what lies beside its stores in memory."""

def dumps_with(value: Any, beside: Writing, *, keyset: Any = None) -> tuple[bytes, bool]:
    """Return a value as bytes, and whether objects of registered types were written beside them."""

def loads_with(data: Any, beside: Reading, *, trust: str | None = None, keyset: Any = None) -> Any:
    """Return the value of bytes that `dumps_with` gave."""

def side_files(folder: str, *, sync: bool = False) -> list[tuple[str, int, str]]:
    """Return name, size and hash of every file in a folder, sorted by name; none if there is no folder."""

def check_side_files(folder: str, files: list[tuple[str, int, str]]) -> None:
    """Raise CorruptFrame unless a folder holds just these files."""

# Fingerprints.

def fingerprint(value: Any, *, path: str = "$") -> bytes:
    """Return the fingerprint of a value: 32 bytes, the same for whatever is alike in type and content.

    path: what the value is called in errors.
    Raises SerializationError, whose `path` leads to the culprit, for what cannot be taken apart.
    """

# Storages.

@final
class Claim:
    """Excludes threads and processes while the block runs."""

    def __enter__(self) -> None:
        """Wait until nobody else holds it."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let go of it."""

@final
class Kept:
    """An entry that is there."""

    @property
    def side(self) -> str | None:
        """The folder of its side data, by the end of its name."""

    @property
    def foreign(self) -> bool:
        """Whether it is signed with a key that the keyset does not hold."""

    def fields(
        self,
    ) -> tuple[str, str, str, str | None, dict[str, str], dict[str, str], float, float, int]:
        """Return workflow, name, key, result, items, parts, seconds, created and size."""

    @staticmethod
    def is_active(frame: bytes) -> bool:
        """Whether reading a value's frame can run code."""

    def known(self) -> bytes | None:
        """Return the value's frame, checked, or None if it was not read."""

    def payload(self) -> bytes | None:
        """Return the payload of the value's frame if that was read, for whoever looks for references in it."""

    def is_same(self, other: Kept) -> bool:
        """Whether two entries hold one value."""

@final
class Entries:
    """Writes and reads entries under one keyset."""

    def __new__(cls, *, trust: str | None = None, keyset: Any = None) -> Entries: ...
    def write(
        self,
        workflow: str,
        name: str,
        key: str,
        frame: bytes,
        *,
        result: str | None,
        items: dict[str, str],
        parts: dict[str, str],
        seconds: float,
        side: str | None,
    ) -> tuple[bytes, Kept]:
        """Return the bytes before a value's frame, and what they say."""

    @staticmethod
    def length(start: bytes) -> int:
        """Return how many bytes stand before the value's frame, by the first eight."""

    def read(
        self,
        start: bytes,
        size: int,
        workflow: str,
        name: str,
        key: str | None,
        *,
        foreign: bool = False,
    ) -> Kept:
        """Return what is said at the beginning of an entry, with the value if that is there, too.

        key: None for any. size: how long the whole entry is.
        """

    @staticmethod
    def check(key: str) -> None:
        """Raise ValidationError unless a key is one."""

    @staticmethod
    def peek(start: bytes) -> Kept:
        """Return what the beginning of an entry says, on nobody's word."""

    @staticmethod
    def file(name: str) -> str:
        """Return the name of the file, or the key, of a workflow or a name."""

    @staticmethod
    def name(file: str) -> str | None:
        """Return the name that a file says, or None."""

    @staticmethod
    def is_hash(file: str) -> bool:
        """Say whether a file's name is the hash of a name, which the entry says."""

@disjoint_base
class Shelf:
    """A folder of workflows. `holdall.storage` says what its methods are for."""

    def __new__(
        cls,
        path: str | PathLike[str],
        *,
        trust: str | None = None,
        keyset: Any = None,
        durability: str = "normal",
    ) -> Self: ...
    @property
    def root(self) -> Path:
        """The folder, absolute."""

    def look(
        self, workflow: str, name: str, key: str | None, *, foreign: bool = False
    ) -> Kept | None:
        """Return what is said of the entry of a key, or of the newest one if the key is None.

        foreign: whether one that is signed under another keyset is given, too.
        """

    def frame(self, kept: Kept) -> bytes:
        """Return the frame of an entry's value."""

    def keep(
        self,
        workflow: str,
        name: str,
        key: str,
        frame: bytes,
        *,
        result: str | None,
        items: dict[str, str],
        parts: dict[str, str],
        seconds: float,
        side: str | None,
    ) -> tuple[Kept, list[Kept]]:
        """Keep an entry; return what is said of it, and those it replaced that have side data."""

    def claim(self, workflow: str, name: str, key: str) -> Claim:
        """Return what keeps others from a key while a block runs."""

    def saving(self, workflow: str, name: str) -> Claim:
        """Return what keeps others from saving under a name while a block runs."""

    def bytes(self, workflow: str, name: str) -> bytes | None:
        """Return the bytes of the file of a name, or None without one."""

    def exists(self, workflow: str, name: str) -> bool:
        """Say whether a name has an entry."""

    def names(self, workflow: str) -> list[str]:
        """Return the names that have entries, sorted."""

    def workflows(self) -> list[str]:
        """Return the workflows that are there, sorted."""

    def new_workflow(self, workflow: str) -> None:
        """Make a workflow's folder."""

    def remove(self, workflow: str, names: list[str]) -> tuple[int, list[Kept]]:
        """Remove all entries of some names; return how many, and those that have side data."""

    def remove_workflow(self, workflow: str) -> tuple[int, list[Kept]]:
        """Remove a workflow; return how many entries, and those that have side data."""

    def prune(self, workflow: str, keep: int) -> tuple[int, list[Kept]]:
        """Remove all but the newest entries of each name; return how many, and those that have side data."""

    def clear(self, workflow: str) -> None:
        """Remove what is left of a workflow."""

    def clear_side(self, workflow: str, name: str) -> None:
        """Remove the side data of a name that no entry refers to."""

    def side(self, workflow: str, name: str) -> Path:
        """Return the folder of the side data of a name's entries."""

    def folder(self, workflow: str) -> Path:
        """Return the folder of a workflow."""
