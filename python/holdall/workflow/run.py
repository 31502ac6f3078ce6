"""One run of a workflow: what is known of each node, how a node is settled, where results are meanwhile.

A node is settled when what others need to know of it is known. With fingerprints that is the digest of its
result, for which a look at its entry is enough; so a hit loads nothing, neither itself nor what it came
from. A value is loaded when a node that must run, or the program, wants it.
"""

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from holdall.workflow.actor import Actor, ActorNode
from holdall.workflow.call import annotate, called
from holdall.workflow.graph import Goal, ordered
from holdall.workflow.item import Item
from holdall.workflow.keys import code_for, derived, digests_of, parts_of
from holdall.workflow.memory import Memory
from holdall.workflow.node import BaseNode
from holdall.workflow.places import PLAIN
from holdall.workflow.reports import UNREADABLE, report
from holdall.workflow.state import MISSING, State
from holdall.workflow.troupes import Troupes


class Wanted(Exception):
    """A node's value is wanted that can only be had by settling it first."""

    def __init__(self, state: State) -> None:
        super().__init__(state.node.name)
        self.state = state


class Run:
    """What is known of all nodes of a workflow while it runs.

    storage: where results are kept, or None. by_name: an entry counts by its name alone.
    """

    def __init__(
        self, name: str, goals: Iterable[Goal], storage: Any = None, *, by_name: bool = False
    ) -> None:
        self.name, self.by_name = name, by_name
        self.memory = None if storage is None else Memory(name, storage, by_name=by_name)
        self.goals = list(goals)
        # Digests are of use only where something is kept.
        self.is_keyed = storage is not None and not by_name
        nodes = ordered(goal.node for goal in self.goals)
        self.states = {node: State(node, self) for node in nodes}
        for node in nodes:
            for parent in node.parents:
                self.states[parent].uses += 1
        for goal in self.goals:
            self.states[goal.node].uses += 1
        self.troupes = Troupes(nodes)
        self.objects: dict[ActorNode, Any] = {}
        self.lock = threading.Lock()
        self.ticks = self.running = 0
        self.seconds = 0.0
        # Calls functions in other processes, if there are any.
        self.call_elsewhere: Callable[..., Any] | None = None

    # What must be settled, and in which order

    def plan(self, nodes: Iterable[BaseNode]) -> list[State]:
        """Return what must be settled for some nodes to be."""
        order = ordered(nodes, self.needs)
        return [state for node in order if not (state := self.states[node]).is_settled]

    def needs(self, node: BaseNode) -> Iterable[BaseNode]:
        """Return what must be settled before a node."""
        state = self.states[node]
        # By its name an entry is found without knowing what it comes from.
        if state.is_settled or (self.by_name and self.decide(state)):
            return ()
        return node.parents

    def decide(self, state: State) -> bool:
        """Settle a node without running anything, if that can be done."""
        node = state.node
        if self.is_keyed:
            state.parts = parts_of(node, self.states)
            state.key = state.parts.digest().hex()
            state.of_code = code_for(node).current()
        if node.kind == "actor":
            # It has no result: it is made if a method must run.
            state.stage = "skipped"
            return True
        if self.memory is None or state.is_logged:
            return False
        return self.memory.find(state) or self.memory.join_twin(state)

    def decided(self, state: State) -> bool:
        """Do what `decide` does, once the nodes before are settled."""
        if self.by_name:
            # The plan looked already.
            return False
        try:
            return self.decide(state)
        except BaseException as error:
            self.fail(state, error)
            raise

    # Running a node

    def perform(self, state: State) -> None:
        """Settle a node that is not there."""
        try:
            if self.memory is None or state.is_logged:
                self.compute(state)
            else:
                self.perform_once(state, self.memory)
        except Wanted:
            raise
        except BaseException as error:
            self.fail(state, error)
            raise

    def perform_once(self, state: State, memory: Memory) -> None:
        """Settle a node by whatever is nearest, while no other process does."""
        with memory.storage.claim(self.name, state.node.name, state.key):
            # Another may have been faster.
            if memory.find_again(state) or memory.copy_twin(state):
                return
            self.compute(state)
            if state.is_doubtful:
                report(state, "so its result is not kept: what it came from is not known")
                return
            kept = memory.keep(state, state.value)
            if kept is not state.value:
                state.value, state.seal = kept, None

    def compute(self, state: State) -> None:
        """Run a node, and what its actors need before."""
        node = state.node
        if node.before:
            with self.troupes.turn(node):
                if state.is_executed:
                    # Its actor is past this step already, and what it gave then is gone.
                    self.start_over(node)
                self.replay([step for _, step in node.before])
                value = self.call(state)
        else:
            value = self.call(state)
        state.value = value
        self.seal(state, value)
        state.stage = "ran"

    def seal(self, state: State, value: Any) -> None:
        """Note what a result is, for the keys of those that get it, and to see a change."""
        state.tick = self.ticks
        if not self.is_keyed:
            return
        try:
            state.digest, state.items = digests_of(value)
            state.seal = state.digest
        except Exception:
            # Nobody can tell it from another value, so it goes by what it came from.
            state.digest, state.items, state.seal = derived(state.key), {}, None

    def call(self, state: State) -> Any:
        """Call what a node is of."""
        node = state.node
        if node.inputs:
            args, kargs = node.filled(self.input_of)
        else:
            args, kargs = node.args, node.kargs
        if node.kind == "method":
            args = (self.objects[node.before[0][0]], *args)
        # Actors stay here, and so do all who work on them.
        elsewhere = None if node.before or node.kind == "actor" else self.call_elsewhere
        is_here = elsewhere is None
        alone, tick = self.enter() if is_here else (True, 0)
        began = time.perf_counter()
        try:
            if elsewhere is None:
                value = called(node.func, args, kargs, state.initializer)
            else:
                value = elsewhere(node, args, kargs, state.initializer)
        except BaseException as error:
            annotate(error, node.name, self.name)
            raise
        finally:
            state.seconds = time.perf_counter() - began
            if is_here:
                alone = self.leave(tick) and alone
        if self.is_keyed and is_here:
            self.check(state, alone)
        if isinstance(node, ActorNode):
            self.objects[node] = value
            state.stage = "ran"
        state.is_executed = True
        return value

    def enter(self) -> tuple[bool, int]:
        """Note that a function is called in this process, and say whether no other is, and when that was."""
        with self.lock:
            self.ticks += 1
            self.running += 1
            return self.running == 1, self.ticks

    def leave(self, tick: int) -> bool:
        """Note that it is over, and say whether no other began meanwhile."""
        with self.lock:
            self.running -= 1
            self.ticks += 1
            return self.ticks == tick + 1

    def check(self, state: State, alone: bool) -> None:
        """Report what changed while a node ran: by itself, or by another one beside it."""
        code = code_for(state.node)
        for name in code.changed(state.of_code):
            report(state, f"the variable {name} changed while it ran")
            state.is_doubtful = state.is_doubtful or not alone
        if alone:
            return
        for parent in state.node.parents:
            given = self.states[parent]
            if given.value is not MISSING and not self.is_as_it_was(given):
                report(state, f"the result of {parent.name} changed while it ran")
                state.is_doubtful = True

    # Values

    def input_of(self, leaf: Any) -> Any:
        """Return what stands in the place of a node, an item or an actor."""
        if type(leaf) is Item:
            return leaf.of(self.value_of(self.states[leaf.node]))
        if type(leaf) is Actor:
            return self.objects[leaf.actor_of()]
        return self.value_of(self.states[leaf])

    def value_of(self, state: State) -> Any:
        """Return a node's result: as it was when it was computed."""
        value = state.value
        if value is not MISSING:
            if self.is_as_it_was(state):
                return value
            if state.entry is None:
                report(state, "its result was changed in place by a node that got it")
                self.seal(state, value)
                return value
            report(
                state,
                "its result was changed in place by a node that got it; others get it as it was",
            )
            state.value = MISSING
        if self.memory is None or state.entry is None:
            state.stage = "waiting"
            raise Wanted(state)
        try:
            value = self.memory.load(state)
        except UNREADABLE as error:
            self.memory.lose(state, error)
            raise Wanted(state) from error
        if state.uses > 1:
            # Not by its digest: what is read back may be of another type, a mapped array say.
            state.seal = sealed(value) if self.is_keyed else None
            state.value, state.tick = value, self.ticks
        return value

    def is_as_it_was(self, state: State) -> bool:
        """Whether nobody changed a value that several nodes get."""
        if state.seal is None or state.tick == self.ticks or type(state.value) in PLAIN:
            return True
        same = sealed(state.value) == state.seal
        if same:
            state.tick = self.ticks
        return same

    def result_of(self, goal: Goal) -> Any:
        """Return what was asked for."""
        if goal.actor is not None:
            with self.troupes.turn(goal.node):
                self.replay([goal.node])
                return self.objects[goal.actor]
        state = self.states[goal.node]
        state.value = value = self.value_of(state)
        return value if goal.item is None else goal.item.of(value)

    # Actors

    def replay(self, steps: Iterable[BaseNode]) -> None:
        """Do to actors what was done to them up to some steps, as far as that is not done yet."""
        for node in ordered(steps, self.undone):
            state = self.states[node]
            if state.is_executed:
                continue
            stage = state.stage
            self.call(state)
            if stage == "hit":
                state.note("run again for the state of its actor")

    def undone(self, node: BaseNode) -> Iterable[BaseNode]:
        """Return the steps before one that is still to be done."""
        return () if self.states[node].is_executed else [step for _, step in node.before]

    def start_over(self, node: BaseNode) -> None:
        """Forget the actors that a node works on, and those that these met: they are made anew."""
        for each in self.troupes.around(node):
            self.states[each].is_executed = False
            if isinstance(each, ActorNode):
                self.objects.pop(each, None)

    # Ends

    def finish(self, state: State) -> None:
        """Let go of values that nobody needs any more."""
        if state.is_finished:
            return
        state.is_finished = True
        # A step that was not done may still have to be, for what comes after it on the same actor.
        is_pending = not state.is_executed and (state.node.kind == "actor" or state.node.before)
        for parent in state.node.parents:
            before = self.states[parent]
            before.uses -= 1
            if before.uses <= 0 and not (is_pending and before.entry is None):
                before.value = MISSING
        if state.uses <= 0:
            state.value = MISSING

    def fail(self, state: State, error: BaseException) -> None:
        """Note that a node failed."""
        state.stage = "failed"
        state.note(f"{type(error).__name__}: {error}")
        annotate(error, state.node.name, self.name)

    def close(self) -> None:
        """Let go of all but what was asked for."""
        wanted = {goal.node for goal in self.goals}
        for node, state in self.states.items():
            if node not in wanted:
                state.value = MISSING
        self.objects.clear()


def sealed(value: Any) -> bytes | None:
    """Return a digest by which a change is seen, or None for what has none."""
    try:
        return digests_of(value)[0]
    except Exception:
        return None
