"""What became of the nodes in a run."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from holdall.workflow.why import reasons

if TYPE_CHECKING:
    from holdall.workflow.run import Run
    from holdall.workflow.state import State

Kind = Literal["function", "actor", "method"]
Stage = Literal["waiting", "hit", "ran", "skipped", "failed"]


@dataclass(frozen=True)
class Step:
    """One node: what became of it, how long it took, how large what is kept of it is, and why.

    `seconds` of a hit are those that it took when it ran. `parents` are the ids of what it needs; for a
    method the first is the step before it on the same actor.
    """

    id: int
    name: str
    kind: Kind
    state: Stage
    seconds: float
    size: int | None
    reason: str
    parents: tuple[int, ...]


@dataclass(frozen=True)
class Record:
    """A whole run: its nodes, each after those that it needs, and how long it took."""

    workflow_name: str
    steps: tuple[Step, ...]
    seconds: float

    def __str__(self) -> str:
        counts: dict[str, int] = {}
        for step in self.steps:
            counts[step.state] = counts.get(step.state, 0) + 1
        found = ", ".join(f"{count} {state}" for state, count in counts.items()) or "no nodes"
        return f"{self.workflow_name}: {found}, {self.seconds:.3g} s"


def recorded(run: "Run") -> Record:
    """Return what became of the nodes of a run."""
    numbers = {node: number for number, node in enumerate(run.states)}
    steps = [
        Step(
            id=numbers[node],
            name=node.name,
            kind=cast("Kind", node.kind),
            state=cast("Stage", state.stage),
            seconds=state.seconds,
            size=None if state.entry is None else state.entry.size,
            reason="; ".join(told(state)),
            parents=tuple(numbers[parent] for parent in node.parents),
        )
        for node, state in run.states.items()
    ]
    return Record(run.name, tuple(steps), run.seconds)


def told(state: "State") -> list[str]:
    """Return what is to be said of a node."""
    ran = state.stage == "ran" and state.node.kind != "actor"
    return [*(reasons(state) if ran else ()), *state.notes]
