"""What came of a task: `Result`."""

from datetime import UTC, datetime, timedelta
from typing import Any, Self

from holdall import _holdall as engine

__all__ = ["Result", "moment"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
STATUS = {
    "completed": "success",
    "failed": "failed",
    "dead": "failed",
    "cancelled": "failed",
    "expired": "failed",
}
FIELDS = (
    "id",
    "task_id",
    "status",
    "value",
    "error",
    "traceback",
    "enqueued_at",
    "started_at",
    "finished_at",
)


class Result:
    """What `get_result` gives.

    id: of the result; task_id: of the task.
    status: "pending", "success" or "failed".
    value: the stored bytes of what was returned, a signed frame: `deserialize_result` opens it.
    error: why it failed, led by how: "failed: ValueError: boom", "dead: its worker was lost 3 times",
        "cancelled", "expired: ..."; None of a success.
    traceback: as text, where there is one.
    enqueued_at, started_at, finished_at: aware, in UTC; None for what never happened.
    """

    __slots__ = (
        "_about",
        "_outcome",
        "_value",
        "enqueued_at",
        "error",
        "finished_at",
        "id",
        "started_at",
        "status",
        "task_id",
        "traceback",
    )

    def __init__(
        self,
        id: str = "",
        task_id: str = "",
        status: str = "pending",
        value: bytes | None = None,
        error: str | None = None,
        traceback: str | None = None,
        enqueued_at: datetime | None = None,
        started_at: datetime | None = None,
        finished_at: datetime | None = None,
    ) -> None:
        self.id = id
        self.task_id = task_id
        self.status = status
        self._value = value
        self.error = error
        self.traceback = traceback
        self.enqueued_at = enqueued_at
        self.started_at = started_at
        self.finished_at = finished_at
        self._outcome: engine.Outcome | None = None
        self._about: dict[str, Any] = {}

    @classmethod
    def of(cls, outcome: engine.Outcome) -> Self:
        """Make one of what the engine found."""
        about = outcome.about()
        self = cls(
            id=f"{about['id']}:{about['start']}",
            task_id=about["id"],
            status=STATUS.get(about["status"], "pending"),
            error=about["error"],
            traceback=about["traceback"],
            enqueued_at=moment(about["created"]),
            started_at=moment(about["started"]),
            finished_at=moment(about["ended"]),
        )
        self._outcome = outcome
        self._about = about
        return self

    @property
    def value(self) -> bytes | None:
        """The stored bytes of what was returned, made when they are asked for; None of a failure."""
        if self._value is None and self._outcome is not None and self.status == "success":
            self._value = self._outcome.frame()
        return self._value

    @property
    def start(self) -> int:
        """Which of the task's starts gave it."""
        return int(self.id.rpartition(":")[2])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Result):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in FIELDS)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = {name: getattr(self, name) for name in FIELDS if name != "value"}
        return f"Result({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Result, tuple(getattr(self, name) for name in FIELDS)


def moment(milliseconds: int | None) -> datetime | None:
    """Return a time of the engine's as an aware datetime in UTC."""
    return None if milliseconds is None else EPOCH + timedelta(milliseconds=milliseconds)
