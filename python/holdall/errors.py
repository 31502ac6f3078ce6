"""Every error that holdall raises, under one root.

    HoldallError
    ├── DoesNotExist            also KeyError and FileNotFoundError
    ├── SerializationError      also ValueError; `path` leads to the culprit
    │   └── PythonVersionError
    ├── UntrustedPayloadError
    │   └── UnknownKey
    ├── CorruptFrame            also ValueError
    │   └── NotAFrame
    ├── UnsupportedVersion
    ├── LimitExceeded           also ValueError
    ├── ValidationError         also ValueError
    │   └── WrongTypeError      also TypeError
    └── BackendError            also OSError
        ├── StoreFull
        ├── StoreBusy           also TimeoutError; retryable
        ├── StorePoisoned
        ├── StoreReadOnly       also PermissionError
        ├── ConnectionLost      also ConnectionError; retryable
        ├── Conflict            retryable
        └── LeaseLostError

A message says what happened, to what, and what to do next. `retryable` says whether the same
call may succeed later with nothing else changed.
"""

from typing import ClassVar

__all__ = [
    "BackendError",
    "Conflict",
    "ConnectionLost",
    "CorruptFrame",
    "DoesNotExist",
    "HoldallError",
    "LeaseLostError",
    "LimitExceeded",
    "NotAFrame",
    "PythonVersionError",
    "SerializationError",
    "StoreBusy",
    "StoreFull",
    "StorePoisoned",
    "StoreReadOnly",
    "UnknownKey",
    "UnsupportedVersion",
    "UntrustedPayloadError",
    "ValidationError",
    "WrongTypeError",
]


class HoldallError(Exception):
    """The root of all errors that holdall raises."""

    retryable: ClassVar[bool] = False

    def about(self, what: str) -> None:
        """Lead the message with what was being done."""
        self.args = (f"{what}: {self}", *self.args[1:])

    def __str__(self) -> str:
        # KeyError would show the message's repr, OSError its number.
        return str(self.args[0]) if self.args else ""


class DoesNotExist(HoldallError, KeyError, FileNotFoundError):
    """There is no value under this key."""


class SerializationError(HoldallError, ValueError):
    """The value cannot be written or read this way.

    `path` leads from the value, `$`, to the part that is the reason: attributes with a dot, keys
    by their repr in brackets.
    """

    def __init__(self, message: str = "", *, path: str = "$") -> None:
        super().__init__(message)
        self.path = path


class PythonVersionError(SerializationError):
    """The value holds code objects of another Python version."""


class UntrustedPayloadError(HoldallError):
    """The payload could run code when read, and nothing says who wrote it."""


class UnknownKey(UntrustedPayloadError):
    """The payload is signed with a key that the keyset does not hold."""


class CorruptFrame(HoldallError, ValueError):
    """The stored bytes are damaged."""


class NotAFrame(CorruptFrame):
    """The bytes are not a frame of holdall's."""


class UnsupportedVersion(HoldallError):
    """Written by a newer holdall, or with a part that this one does not have."""


class LimitExceeded(HoldallError, ValueError):
    """Larger or deeper than a limit."""


class ValidationError(HoldallError, ValueError):
    """A bad key, URI, option or argument."""


class WrongTypeError(ValidationError, TypeError):
    """A key or a name that is no str."""


class BackendError(HoldallError, OSError):
    """The operating system or the database refused."""


class StoreFull(BackendError):
    """No room is left; what was stored is as it was."""


class StoreBusy(BackendError, TimeoutError):
    """Someone else held the store or the lock for longer than this call may wait."""

    retryable = True


class StorePoisoned(BackendError):
    """An earlier write failed half-way; open the store anew to write again."""


class StoreReadOnly(BackendError, PermissionError):
    """The store may be read but not written."""


class ConnectionLost(BackendError, ConnectionError):
    """The server went away."""

    retryable = True


class Conflict(BackendError):
    """Someone else changed the value in between."""

    retryable = True


class LeaseLostError(BackendError):
    """A lock that is no longer held."""
