"""Any Python value kept anywhere, exactly.

    from holdall import get_store

    with get_store("sqlite:///data.db") as store:
        store.put("foo", {"data": 1})
        store.get("foo")

The engine is Rust (`holdall._holdall`); this package is its front.
"""

import importlib
import logging
from typing import TYPE_CHECKING, Any

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
    TaskNotFoundError,
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
from holdall.memo import memo
from holdall.register import register
from holdall.settings import Settings
from holdall.smart import smart_open, smart_read, smart_stream, smart_write
from holdall.store import Store, get_store
from holdall.validation import ValidationBuilder, validate

if TYPE_CHECKING:
    from holdall.backend import Backend, SQLiteBackend
    from holdall.queue import TaskQueue
    from holdall.result import Result
    from holdall.serialization import (
        CloudpickleSerializer,
        EncryptedSerializer,
        JsonSerializer,
        MsgpackSerializer,
        Serializer,
    )
    from holdall.sync_queue import SyncTaskQueue
    from holdall.task import Cron, Task
    from holdall.worker import Worker

# The queue's names, imported when they are first asked for: whoever only keeps values needs no asyncio.
LATER = {
    "Backend": "backend",
    "CloudpickleSerializer": "serialization",
    "Cron": "task",
    "EncryptedSerializer": "serialization",
    "JsonSerializer": "serialization",
    "MsgpackSerializer": "serialization",
    "Result": "result",
    "SQLiteBackend": "backend",
    "Serializer": "serialization",
    "SyncTaskQueue": "sync_queue",
    "Task": "task",
    "TaskQueue": "queue",
    "Worker": "worker",
}


def __getattr__(name: str) -> Any:
    if name not in LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.{LATER[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *LATER})


# Silent unless the program asks: logging.getLogger("holdall").
logging.getLogger("holdall").addHandler(logging.NullHandler())

__all__ = [
    "Backend",
    "BackendError",
    "CloudpickleSerializer",
    "ConfigurationError",
    "Conflict",
    "ConnectionLost",
    "CorruptFrame",
    "Cron",
    "DoesNotExist",
    "EncryptedSerializer",
    "HoldallError",
    "Info",
    "Inspection",
    "JsonSerializer",
    "LeaseLostError",
    "LimitExceeded",
    "Lock",
    "MsgpackSerializer",
    "NotAFrame",
    "PythonVersionError",
    "ResourceExhaustionError",
    "Result",
    "SQLiteBackend",
    "SerializationError",
    "Serializer",
    "Settings",
    "Store",
    "StoreBusy",
    "StoreFull",
    "StorePoisoned",
    "StoreReadOnly",
    "SyncTaskQueue",
    "SyncTaskQueueError",
    "Task",
    "TaskExecutionError",
    "TaskNotFoundError",
    "TaskQueue",
    "TaskQueueError",
    "UnknownKey",
    "UnsupportedVersion",
    "UntrustedPayloadError",
    "ValidationBuilder",
    "ValidationError",
    "Worker",
    "WorkerError",
    "WrongTypeError",
    "__version__",
    "anycache",
    "dumps",
    "get_store",
    "inspect",
    "loads",
    "memo",
    "register",
    "smart_open",
    "smart_read",
    "smart_stream",
    "smart_write",
    "validate",
]
