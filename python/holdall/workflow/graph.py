"""The graph below some nodes: what they need, in which order, and by which name it is found."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from holdall.errors import ValidationError, WrongTypeError
from holdall.workflow.actor import Actor, ActorNode
from holdall.workflow.decorator import Decorated
from holdall.workflow.item import Item
from holdall.workflow.names import check_name
from holdall.workflow.node import BaseNode


class Goal(NamedTuple):
    """What is asked for: a node's result, an item of it, or an actor after a step."""

    node: BaseNode
    item: Item | None = None
    actor: ActorNode | None = None


def goal_of(asked: Any) -> Goal:
    """Return what a program means by a node, an item or an actor."""
    if isinstance(asked, BaseNode):
        return Goal(asked)
    if isinstance(asked, Item):
        return Goal(asked.node, item=asked)
    if isinstance(asked, Actor):
        actor = asked.actor_of()
        return Goal(actor.last, actor=actor)
    hint = ", give them one by one: Workflow(*nodes)" if isinstance(asked, list | tuple) else ""
    raise WrongTypeError(
        f"a workflow is made of nodes, and {asked!r} is none{hint}; call a function that has @workflow"
    )


def ordered(
    nodes: Iterable[BaseNode],
    needs: Callable[[BaseNode], Iterable[BaseNode]] = lambda node: node.parents,
) -> list[BaseNode]:
    """Return nodes and what they need, each after all that it needs. Without recursion: chains are long."""
    order: list[BaseNode] = []
    seen: set[BaseNode] = set()
    for wanted in nodes:
        if wanted in seen:
            continue
        seen.add(wanted)
        stack = [(wanted, iter(needs(wanted)))]
        while stack:
            node, rest = stack[-1]
            for parent in rest:
                if parent not in seen:
                    seen.add(parent)
                    stack.append((parent, iter(needs(parent))))
                    break
            else:
                order.append(node)
                stack.pop()
    return order


class BaseWorkflow:
    """Some nodes and all that they need, under a name.

    nodes: what is asked for: nodes, items of nodes, actors.
    """

    def __init__(self, *nodes: Any, workflow_name: str) -> None:
        if not isinstance(workflow_name, str):
            raise WrongTypeError(
                f"workflow_name is a str, not {workflow_name!r}", parameter="workflow_name"
            )
        check_name("workflow_name", workflow_name)
        self.workflow_name = workflow_name
        self.leaves = nodes
        self.goals = [goal_of(node) for node in nodes]

    def nodes(self) -> list[BaseNode]:
        """Return all nodes that are needed, each after those that it needs."""
        return ordered(goal.node for goal in self.goals)

    @property
    def roots(self) -> set[BaseNode]:
        """The nodes that need no other."""
        return {node for node in self.nodes() if not node.parents}

    def graph_traversal(self) -> Iterator[tuple[str, BaseNode]]:
        """Yield names and nodes, level by level: each after all that it needs."""
        levels: list[list[BaseNode]] = []
        depth: dict[BaseNode, int] = {}
        for node in self.nodes():
            depth[node] = level = max((depth[parent] + 1 for parent in node.parents), default=0)
            if level == len(levels):
                levels.append([])
            levels[level].append(node)
        for nodes in levels:
            for node in nodes:
                yield node.name, node

    def find_nodes(self, pattern: "str | re.Pattern[str] | None" = None) -> list[BaseNode]:
        """Return the nodes whose whole name a regular expression matches; without one, all."""
        if pattern is None:
            return [node for _, node in self.graph_traversal()]
        try:
            matches = re.compile(pattern).fullmatch
        except re.error as error:
            raise ValidationError(
                f"{pattern!r} is no regular expression: {error}", parameter="pattern", value=pattern
            ) from error
        return [node for name, node in self.graph_traversal() if matches(name)]

    def replace_func(self, node: Any, new_func: Any) -> None:
        """Have a node call another function, with the same arguments."""
        if not isinstance(node, BaseNode) or isinstance(node, ActorNode):
            raise WrongTypeError(f"only a node's function can be replaced, and {node!r} has none")
        if not callable(new_func):
            raise WrongTypeError(f"{new_func!r} cannot be called", parameter="new_func")
        node.func = new_func.func if isinstance(new_func, Decorated) else new_func
