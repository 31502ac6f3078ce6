"""One node after the other, in the thread that asked."""

from collections.abc import Callable, Iterable
from typing import Any

from holdall.workflow.call import annotate
from holdall.workflow.node import BaseNode
from holdall.workflow.run import Run, Wanted
from holdall.workflow.state import State


def settle(
    run: Run,
    nodes: Iterable[BaseNode] | None = None,
    seen: Callable[[State], None] | None = None,
) -> None:
    """Settle nodes and what they need; without any, all that was asked for.

    seen: is told of each node before it runs, and of each one that is settled.
    """
    stack = run.plan(nodes)[::-1]
    while stack:
        state = stack[-1]
        if not state.is_settled:
            try:
                if not run.decided(state):
                    if seen is not None:
                        seen(state)
                    run.perform(state)
            except Wanted as wanted:
                # What was thought to be there is not: that one first, then this one again.
                stack += run.plan([wanted.state.node])[::-1]
                continue
        stack.pop()
        run.finish(state)
        if seen is not None:
            seen(state)


def results(run: Run) -> list[Any]:
    """Return what was asked for, when all is settled."""
    found: list[Any] = []
    while len(found) < len(run.goals):
        goal = run.goals[len(found)]
        try:
            found.append(run.result_of(goal))
        except Wanted as wanted:
            settle(run, [wanted.state.node])
        except Exception as error:
            annotate(error, goal.node.name, run.name)
            raise
    return found
