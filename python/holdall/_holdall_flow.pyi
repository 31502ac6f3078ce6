"""The part of the engine that workflows stand on: fingerprints, kept entries, registered serializers."""

from typing import Any, final

from holdall.serializers._beside import Reading, Writing

__all__ = [
    "Finder",
    "SideDraft",
    "check_side_files",
    "drop_side_data",
    "dumps_with",
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
