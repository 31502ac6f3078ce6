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
    │   ├── WrongTypeError      also TypeError
    │   └── ConfigurationError
    ├── BackendError            also OSError
    │   ├── StoreFull
    │   ├── StoreBusy           also the built-in TimeoutError; retryable
    │   ├── StorePoisoned
    │   ├── StoreReadOnly       also PermissionError
    │   ├── ConnectionLost      also the built-in ConnectionError, which is its name here, too; retryable
    │   ├── Conflict            retryable
    │   └── LeaseLostError
    ├── TaskQueueError
    │   ├── TaskNotFoundError   also DoesNotExist
    │   ├── TimeoutError        also the built-in one; retryable
    │   └── SyncTaskQueueError
    ├── WorkerError
    │   └── TaskExecutionError
    └── ResourceExhaustionError

A message says what happened, to what, and what to do next. `retryable` says whether the same
call may succeed later with nothing else changed. What else an error knows are attributes of its
own, given by name and None where nobody said.

`TimeoutError` and `ConnectionError` are not exported from `holdall`: there `import *` would put
them in the place of Python's own.
"""

import builtins
from collections.abc import Iterable
from typing import Any, ClassVar

__all__ = [
    "BackendError",
    "ConfigurationError",
    "Conflict",
    "ConnectionError",
    "ConnectionLost",
    "CorruptFrame",
    "DoesNotExist",
    "HoldallError",
    "LeaseLostError",
    "LimitExceeded",
    "NotAFrame",
    "PythonVersionError",
    "ResourceExhaustionError",
    "SerializationError",
    "StoreBusy",
    "StoreFull",
    "StorePoisoned",
    "StoreReadOnly",
    "SyncTaskQueueError",
    "TaskExecutionError",
    "TaskNotFoundError",
    "TaskQueueError",
    "TimeoutError",
    "UnknownKey",
    "UnsupportedVersion",
    "UntrustedPayloadError",
    "ValidationError",
    "WorkerError",
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
    by their repr in brackets. `operation` is what was being done, `data_type` the type of the value.
    """

    def __init__(
        self,
        message: str = "",
        *,
        path: str = "$",
        operation: str | None = None,
        data_type: str | None = None,
    ) -> None:
        super().__init__(message)
        self.path = path
        self.operation = operation
        self.data_type = data_type


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
    """A bad key, URI, option or argument: the `parameter`, and the `value` that it got."""

    def __init__(
        self, message: str = "", *, parameter: str | None = None, value: object = None
    ) -> None:
        super().__init__(message)
        self.parameter = parameter
        self.value = value


class WrongTypeError(ValidationError, TypeError):
    """A key or a name that is no str."""


class ConfigurationError(ValidationError):
    """A setting that is not one of those there are: `valid_options`."""

    def __init__(
        self,
        message: str = "",
        *,
        parameter: str | None = None,
        value: object = None,
        valid_options: Iterable[Any] | None = None,
    ) -> None:
        super().__init__(message, parameter=parameter, value=value)
        self.valid_options = None if valid_options is None else list(valid_options)


class BackendError(HoldallError, OSError):
    """The operating system or the database refused an `operation` of a backend of `backend_type`."""

    def __init__(
        self,
        message: str = "",
        *,
        operation: str | None = None,
        backend_type: str | None = None,
    ) -> None:
        super().__init__(message)
        self.operation = operation
        self.backend_type = backend_type


class StoreFull(BackendError):
    """No room is left; what was stored is as it was."""


class StoreBusy(BackendError, builtins.TimeoutError):
    """Someone else held the store or the lock for longer than this call may wait."""

    retryable = True


class StorePoisoned(BackendError):
    """An earlier write failed half-way; open the store anew to write again."""


class StoreReadOnly(BackendError, PermissionError):
    """The store may be read but not written."""


class ConnectionLost(BackendError, builtins.ConnectionError):
    """The server went away; `connection_details` says which, without its password."""

    retryable = True

    def __init__(
        self,
        message: str = "",
        *,
        operation: str | None = None,
        backend_type: str | None = None,
        connection_details: object = None,
    ) -> None:
        super().__init__(message, operation=operation, backend_type=backend_type)
        self.connection_details = connection_details


# One thing, one class: what catches the one name catches the other.
ConnectionError = ConnectionLost


class Conflict(BackendError):
    """Someone else changed the value in between."""

    retryable = True


class LeaseLostError(BackendError):
    """A lock that is no longer held."""


class TaskQueueError(HoldallError):
    """The queue could not do what was asked, for the task `task_id` if it was about one."""

    def __init__(self, message: str = "", *, task_id: str | None = None) -> None:
        super().__init__(message)
        self.task_id = task_id


class TaskNotFoundError(TaskQueueError, DoesNotExist):
    """There is no task of this id, `task_id`, or there is none any more."""


class TimeoutError(TaskQueueError, builtins.TimeoutError):
    """An `operation` took longer than the `timeout_seconds` that it was given."""

    retryable = True

    def __init__(
        self,
        message: str = "",
        *,
        timeout_seconds: float | None = None,
        operation: str | None = None,
        task_id: str | None = None,
    ) -> None:
        super().__init__(message, task_id=task_id)
        self.timeout_seconds = timeout_seconds
        self.operation = operation


class SyncTaskQueueError(TaskQueueError):
    """An `operation` of a SyncTaskQueue failed; its cause says why."""

    def __init__(
        self, message: str = "", *, operation: str | None = None, task_id: str | None = None
    ) -> None:
        super().__init__(message, task_id=task_id)
        self.operation = operation


class WorkerError(HoldallError):
    """A worker, `worker_id`, could not do its work, with the task `task_id` if it was about one."""

    def __init__(
        self, message: str = "", *, task_id: str | None = None, worker_id: str | None = None
    ) -> None:
        super().__init__(message)
        self.task_id = task_id
        self.worker_id = worker_id


class TaskExecutionError(WorkerError):
    """A task failed: the function `function_name`, after `execution_time` seconds."""

    def __init__(
        self,
        message: str = "",
        *,
        function_name: str | None = None,
        execution_time: float | None = None,
        task_id: str | None = None,
        worker_id: str | None = None,
    ) -> None:
        super().__init__(message, task_id=task_id, worker_id=worker_id)
        self.function_name = function_name
        self.execution_time = execution_time


class ResourceExhaustionError(HoldallError):
    """Of a resource, `resource_type`, there is no more: `current_usage` of `limit`."""

    def __init__(
        self,
        message: str = "",
        *,
        resource_type: str | None = None,
        current_usage: float | None = None,
        limit: float | None = None,
    ) -> None:
        super().__init__(message)
        self.resource_type = resource_type
        self.current_usage = current_usage
        self.limit = limit
