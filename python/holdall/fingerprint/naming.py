"""How functions and classes go into the fingerprint of a value that some code reads: by name.

What they do is told once, by the walk that met them. So walks end where values refer to code that
reads them, and a fingerprint does not depend on where it was begun.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from holdall._holdall import fingerprint
from holdall.errors import LimitExceeded, SerializationError
from holdall.fingerprint import callables


class Namer(Protocol):
    """Knows names of code."""

    def target(self, value: Any) -> str | None:
        """Return the name of a function, a class or a module."""


class Here(threading.local):
    """Who names the code inside values in this thread."""

    namer: Namer | None = None


HERE = Here()


@contextmanager
def naming(namer: Namer | None) -> Iterator[None]:
    """Let functions and classes inside values go by name; without a namer, by what they are."""
    before, HERE.namer = HERE.namer, namer
    try:
        yield
    finally:
        HERE.namer = before


def digest_by(namer: Namer, value: Any) -> bytes | None:
    """Return the digest of a value with the code in it by name; None where it has none."""
    try:
        with naming(namer):
            return fingerprint(value)
    except (SerializationError, LimitExceeded, RecursionError):
        return None


class Known:
    """Names code as a walk did that is over."""

    def __init__(self, names: dict[int, str]) -> None:
        self.names = names

    def target(self, value: Any) -> str | None:
        """Return the name; code that the walk did not meet makes the value another one."""
        return self.names.get(id(callables.unwrapped(value)), "another")

    def digest(self, value: Any) -> bytes | None:
        """Return the digest of a value."""
        return digest_by(self, value)
