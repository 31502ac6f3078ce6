"""What is said of a kept result."""

from dataclasses import dataclass, field

from holdall import _holdall as engine

__all__ = ["Entry"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A kept result, verified; the value is not loaded.

    workflow, name: whose it is.
    key: the fingerprint in 64 hexadecimal digits, or "" where the name alone is the key.
    result: the digest of the value, or None where nobody said. items: the digests of its items.
    parts: what the fingerprint was made of.
    seconds: how long it took to compute. created: when it was kept, in seconds since the epoch.
    size: how many bytes the value takes.
    """

    workflow: str
    name: str
    key: str
    result: str | None
    items: dict[str, str]
    parts: dict[str, str]
    seconds: float
    created: float
    size: int
    _kept: engine.Kept = field(repr=False, compare=False)
