"""What is known of a task: `Task`."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from holdall.result import moment

__all__ = ["Cron", "Task"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """What `get_task` and `tasks` give. Times are aware, in UTC, and None for what has not happened.

    id: of the task. function: its name, "module:qualname". queue, priority, unique: as enqueued.
    status: "waiting" (for tasks that it comes after), "scheduled", "available", "running",
        "retryable"; or, when it has ended, "completed", "failed", "dead", "cancelled", "expired".
    starts: how often it was started. retried: how often it was run again after an exception or a
        timeout. lost: how often its worker was lost.
    cancelling: whether whoever runs it is asked to stop.
    options: those of its own that are not the defaults: retries, timeout and so on.
    created_at, due_at, started_at, finished_at, expires_at. worker: the id of the last one.
    error: why it failed, or why it is run again. traceback: as text.
    """

    id: str
    function: str
    queue: str
    status: str
    priority: int
    starts: int
    retried: int
    lost: int
    cancelling: bool
    unique: str | None
    options: dict[str, Any] = field(default_factory=dict)
    created_at: datetime
    due_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime | None
    worker: str | None
    error: str | None
    traceback: str | None = field(repr=False)

    @classmethod
    def of(cls, about: dict[str, Any]) -> Self:
        """Make one of what the engine says."""
        created, due = moment(about["created"]), moment(about["due"])
        assert created is not None and due is not None  # noqa: S101, PT018 - every task has them
        return cls(
            id=about["id"],
            function=about["function"],
            queue=about["queue"],
            status=about["status"],
            priority=about["priority"],
            starts=about["start"],
            retried=about["retried"],
            lost=about["lost"],
            cancelling=about["cancel"],
            unique=about["unique"],
            options=json.loads(about["options"] or "{}"),
            created_at=created,
            due_at=due,
            started_at=moment(about["started"]),
            finished_at=moment(about["ended"]),
            expires_at=moment(about["expires"]),
            worker=about["worker"],
            error=about["error"] or about["failure"],
            traceback=about["traceback"],
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Cron:
    """A schedule: what `crons` gives.

    name: its own. expression: when it fires, with its time zone. next_at: when next; aware, in UTC.
    function, queue: of the tasks that it makes.
    """

    name: str
    expression: str
    next_at: datetime
    function: str
    queue: str

    @classmethod
    def of(cls, seen: tuple[str, str, int, str, str]) -> Self:
        """Make one of what the engine says."""
        name, expression, due, function, queue = seen
        at = moment(due)
        assert at is not None  # noqa: S101 - a schedule has a next time
        return cls(name=name, expression=expression, next_at=at, function=function, queue=queue)
