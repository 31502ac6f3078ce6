"""What went differently than it should have, and yet well: in the log, and in the record."""

import logging
from typing import TYPE_CHECKING

from holdall.errors import (
    Conflict,
    CorruptFrame,
    DoesNotExist,
    LimitExceeded,
    SerializationError,
    UnsupportedVersion,
    UntrustedPayloadError,
)

if TYPE_CHECKING:
    from holdall.workflow.state import State

log = logging.getLogger("holdall")

# What an entry raises that is as good as none.
UNREADABLE = (
    Conflict,
    CorruptFrame,
    DoesNotExist,
    LimitExceeded,
    SerializationError,
    UnsupportedVersion,
    UntrustedPayloadError,
)


def unreadable(state: "State", error: Exception) -> None:
    """Say that what is kept of a node cannot be used."""
    report(state, f"what is kept of it cannot be used: {error}; it runs again")


def report(state: "State", text: str) -> None:
    """Say something of a node that a program should know of."""
    if text not in state.notes:
        state.note(text)
        log.warning("The node %r of the workflow %r: %s", state.node.name, state.run.name, text)
