"""Any Python value kept anywhere, exactly.

    from holdall import get_store

    with get_store("sqlite:///data.db") as store:
        store.put("foo", {"data": 1})
        store.get("foo")

The engine is Rust (`holdall._holdall`); this package is its front.
"""

import logging

from holdall._holdall import Lock, __version__, dumps, loads
from holdall.anycache import anycache
from holdall.errors import (
    BackendError,
    ConfigurationError,
    Conflict,
    ConnectionLost,
    CorruptFrame,
    DoesNotExist,
    HoldallError,
    LeaseLostError,
    LimitExceeded,
    NotAFrame,
    PythonVersionError,
    ResourceExhaustionError,
    SerializationError,
    StoreBusy,
    StoreFull,
    StorePoisoned,
    StoreReadOnly,
    SyncTaskQueueError,
    TaskExecutionError,
    TaskQueueError,
    UnknownKey,
    UnsupportedVersion,
    UntrustedPayloadError,
    ValidationError,
    WorkerError,
    WrongTypeError,
)
from holdall.info import Info
from holdall.inspect import Inspection, inspect
from holdall.register import register
from holdall.settings import Settings
from holdall.smart import smart_open, smart_read, smart_stream, smart_write
from holdall.store import Store, get_store
from holdall.validation import ValidationBuilder, validate

# Silent unless the program asks: logging.getLogger("holdall").
logging.getLogger("holdall").addHandler(logging.NullHandler())

__all__ = [
    "BackendError",
    "ConfigurationError",
    "Conflict",
    "ConnectionLost",
    "CorruptFrame",
    "DoesNotExist",
    "HoldallError",
    "Info",
    "Inspection",
    "LeaseLostError",
    "LimitExceeded",
    "Lock",
    "NotAFrame",
    "PythonVersionError",
    "ResourceExhaustionError",
    "SerializationError",
    "Settings",
    "Store",
    "StoreBusy",
    "StoreFull",
    "StorePoisoned",
    "StoreReadOnly",
    "SyncTaskQueueError",
    "TaskExecutionError",
    "TaskQueueError",
    "UnknownKey",
    "UnsupportedVersion",
    "UntrustedPayloadError",
    "ValidationBuilder",
    "ValidationError",
    "WorkerError",
    "WrongTypeError",
    "__version__",
    "anycache",
    "dumps",
    "get_store",
    "inspect",
    "loads",
    "register",
    "smart_open",
    "smart_read",
    "smart_stream",
    "smart_write",
    "validate",
]
