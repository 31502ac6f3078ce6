"""Why a node will run, or will not."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from holdall.errors import DoesNotExist, ValidationError
from holdall.fingerprint.parts import opaque_parts
from holdall.workflow.actor import Actor
from holdall.workflow.graph import Goal, goal_of
from holdall.workflow.memory import Memory
from holdall.workflow.node import BaseNode
from holdall.workflow.reports import UNREADABLE
from holdall.workflow.run import Run
from holdall.workflow.state import State
from holdall.workflow.why import reasons

if TYPE_CHECKING:
    from holdall.workflow.local import LocalWorkflow


@dataclass(frozen=True)
class Explanation:
    """Whether a node will run, and why. Print it.

    `runs` is None where that depends on what nodes give that run before it.
    """

    name: str
    runs: bool | None
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        will = {True: "will run", False: "will not run", None: "may run"}[self.runs]
        return "\n".join([f"{self.name} {will}", *(f"  {reason}" for reason in self.reasons)])


def explained(workflow: "LocalWorkflow", asked: Any) -> Explanation:
    """Explain a node, which need not be one that the workflow was asked for."""
    node = node_of(workflow, asked)
    by_name = workflow.key == "name"
    run = Run(workflow.workflow_name, [Goal(node)], workflow.object_storage, by_name=by_name)
    state, memory = run.states[node], run.memory
    if memory is None or by_name or state.is_logged:
        is_hit = memory is not None and not state.is_logged and memory.find(state)
        return verdict(state, is_hit=is_hit)
    # What runs for sure, and what may because of that.
    causes: dict[State, State] = {}
    for before in run.states.values():
        if before is state:
            continue
        cause = next((causes[each] for each in parents(run, before) if each in causes), None)
        if cause is not None or not run.decide(before):
            causes[before] = cause or before
    found = list(dict.fromkeys(causes[each] for each in parents(run, state) if each in causes))
    if not found:
        return verdict(state, is_hit=run.decide(state))
    lines = [f"{each.node.name} runs before: {'; '.join(why(each))}" for each in found]
    if node.kind != "actor" and is_new(memory, node):
        return Explanation(node.name, True, ("nothing is kept under this name", *lines))
    return Explanation(
        node.name, None, (*lines, "it runs if that gives something else than before")
    )


def parents(run: Run, state: State) -> list[State]:
    """Return the states of what a node needs."""
    return [run.states[parent] for parent in state.node.parents]


def verdict(state: State, *, is_hit: bool) -> Explanation:
    """Explain a node of which everything before is known."""
    node = state.node
    if node.kind == "actor":
        return Explanation(node.name, False, ("an actor is made when a method of it must run",))
    if not is_hit:
        return Explanation(node.name, True, (*why(state), *opaque_parts(state.parts or {})))
    entry = state.entry
    since = datetime.fromtimestamp(entry.created).astimezone()
    told = f"kept since {since:%Y-%m-%d %H:%M:%S}: {entry.size:,} bytes, computed in {entry.seconds:.3g} s"
    return Explanation(node.name, False, (told, *opaque_parts(state.parts or {})))


def why(state: State) -> list[str]:
    """Say why a node will run."""
    return state.notes or reasons(state)


def is_new(memory: Memory, node: BaseNode) -> bool:
    """Whether nothing at all is kept under a node's name."""
    try:
        return memory.storage.newest(memory.workflow, node.name) is None
    except UNREADABLE:
        return False


def node_of(workflow: "LocalWorkflow", asked: Any) -> BaseNode:
    """Return the node that is meant by a node, an item, an actor or a name."""
    if isinstance(asked, Actor):
        return asked.actor_of()
    if not isinstance(asked, str):
        return goal_of(asked).node
    named = [node for node in workflow.nodes() if node.name == asked]
    if not named:
        raise DoesNotExist(
            f"the workflow {workflow.workflow_name!r} has no node of the name {asked!r}"
        )
    if len(named) > 1:
        raise ValidationError(f"{len(named)} nodes are called {asked!r}; give the node itself")
    return named[0]
