"""How one node stands in one run."""

from typing import TYPE_CHECKING, Any

from holdall.errors import DoesNotExist
from holdall.workflow.node import BaseNode

if TYPE_CHECKING:
    from collections.abc import Callable

    from holdall.workflow.run import Run

MISSING: Any = object()


class State:
    """What is known of a node: its key, its entry or its result, and what became of it.

    `stage` is that of the record. `digest` and `items` stand for the result in the keys of others, and
    `value` is the result itself while somebody needs it. `seal` and `tick` say what the value was and when
    that was last seen: a node may change what it gets in place.
    """

    __slots__ = (
        "digest",
        "entry",
        "initializer",
        "is_doubtful",
        "is_executed",
        "is_finished",
        "is_logged",
        "is_lost",
        "items",
        "key",
        "node",
        "notes",
        "of_code",
        "older",
        "parts",
        "run",
        "seal",
        "seconds",
        "stage",
        "tick",
        "uses",
        "value",
    )

    def __init__(self, node: BaseNode, run: "Run") -> None:
        self.node, self.run = node, run
        self.stage = "waiting"
        self.key = ""
        self.parts: Any = None
        self.of_code: Any = None
        self.older: Any = None
        self.entry: Any = None
        self.digest = b""
        self.items: dict[str, str] = {}
        self.value: Any = MISSING
        self.seal: bytes | None = None
        self.tick = 0
        # How many nodes are still to take the result.
        self.uses = 0
        self.seconds = 0.0
        self.is_executed = self.is_finished = self.is_doubtful = self.is_lost = False
        info = node.info
        self.is_logged = info is not None and bool(info.get("print"))
        self.initializer: Callable[[], Any] | None = None
        self.notes: list[str] = []

    @property
    def is_settled(self) -> bool:
        """Whether what others need to know of it is known."""
        return self.stage in ("hit", "ran", "skipped")

    def note(self, text: str) -> None:
        """Say something that the record will show."""
        self.notes.append(text)

    def result(self) -> Any:
        """Return the result of a run that is over."""
        if self.value is not MISSING:
            return self.value
        if self.entry is not None and self.run.memory is not None:
            return self.run.memory.load(self)
        raise DoesNotExist(
            f"the result of {self.node.name!r} is not there any more: it was not asked for, and no storage has it. "
            "Give the node to the workflow, or set a storage"
        )
