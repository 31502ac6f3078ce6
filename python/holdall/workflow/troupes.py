"""Actors that meet: a step that touches several of them makes them one troupe, whose steps come in turn."""

import threading
from collections import defaultdict
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any

from holdall.workflow.actor import ActorNode
from holdall.workflow.node import BaseNode


class Troupes:
    """Which actors belong together, and the steps of each troupe."""

    def __init__(self, nodes: Iterable[BaseNode]) -> None:
        self.first: dict[ActorNode, ActorNode] = {}
        steps = [node for node in nodes if node.before or node.kind == "actor"]
        for node in steps:
            touched = actors_of(node)
            for actor in touched:
                self.first.setdefault(actor, actor)
            for actor in touched[1:]:
                self.first[self.leader(actor)] = self.leader(touched[0])
        self.steps: dict[ActorNode, list[BaseNode]] = defaultdict(list)
        for node in steps:
            self.steps[self.leader_of(node)].append(node)
        self.locks: dict[ActorNode, Any] = {leader: threading.RLock() for leader in self.steps}

    def leader(self, actor: ActorNode) -> ActorNode:
        """Return the one that a troupe goes by."""
        while (before := self.first[actor]) is not actor:
            # Halves the way for the next one who asks.
            self.first[actor] = actor = self.first[before]
        return actor

    def leader_of(self, node: BaseNode) -> ActorNode:
        """Return the leader of the troupe that a step belongs to."""
        return self.leader(actors_of(node)[0])

    def turn(self, node: BaseNode) -> AbstractContextManager[Any]:
        """Return what to hold while a step of a troupe is done."""
        lock: AbstractContextManager[Any] = self.locks[self.leader_of(node)]
        return lock

    def around(self, node: BaseNode) -> list[BaseNode]:
        """Return all steps of the troupe that a step belongs to."""
        return self.steps[self.leader_of(node)]


def actors_of(node: BaseNode) -> list[ActorNode]:
    """Return the actors that a step is about; the making of one is about that one."""
    own = [node] if isinstance(node, ActorNode) else []
    return [*own, *(actor for actor, _ in node.before)]
