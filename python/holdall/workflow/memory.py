"""What a run finds in its storage, and what it puts there."""

from typing import Any

from holdall.errors import Conflict
from holdall.workflow.keys import derived
from holdall.workflow.reports import UNREADABLE, unreadable
from holdall.workflow.state import State
from holdall.workflow.twins import names_in


class Memory:
    """The entries of one workflow. by_name: an entry counts by its name alone."""

    def __init__(self, workflow: str, storage: Any, *, by_name: bool) -> None:
        self.workflow, self.storage, self.by_name = workflow, storage, by_name
        self.names = {} if by_name else names_in(storage)

    def find(self, state: State) -> bool:
        """Settle a node by its entry, if there is one, and see what there is under its name."""
        if state.is_lost:
            return False
        newest = None
        try:
            newest = self.storage.newest(self.workflow, state.node.name)
            if newest is None:
                return False
        except UNREADABLE as error:
            if self.by_name:
                unreadable(state, error)
                return False
        # Mostly it is that one. Where nothing was kept yet, nothing more is asked.
        if newest is not None and (self.by_name or newest.key == state.key):
            self.take(state, newest)
            return True
        state.older = None if newest is None else newest.parts
        return self.find_again(state)

    def find_again(self, state: State) -> bool:
        """Settle a node by its entry, if somebody kept one since."""
        if state.is_lost:
            return False
        if self.by_name:
            return self.find(state)
        try:
            entry = self.storage.look(self.workflow, state.node.name, state.key)
        except UNREADABLE as error:
            unreadable(state, error)
            return False
        if entry is None:
            return False
        self.take(state, entry)
        return True

    def take(self, state: State, entry: Any) -> None:
        """Settle a node by an entry."""
        state.entry, state.seconds, state.stage = entry, entry.seconds, "hit"
        if not self.by_name:
            state.digest = bytes.fromhex(entry.result) if entry.result else derived(state.key)
            state.items = entry.items
            self.names.setdefault((self.workflow, state.key), entry.name)

    def load(self, state: State) -> Any:
        """Return what is kept of a node. Raises one of UNREADABLE if that cannot be used."""
        try:
            return self.storage.load(state.entry)
        except Conflict:
            # Kept anew since it was looked at, or gone.
            entry = self.storage.look(self.workflow, state.entry.name, state.entry.key)
            if entry is None:
                raise
            state.entry = entry
            return self.storage.load(entry)

    def lose(self, state: State, error: Exception) -> None:
        """Note that what is kept of a node cannot be used."""
        unreadable(state, error)
        state.entry, state.stage, state.is_lost = None, "waiting", True
        self.names.pop((self.workflow, state.key), None)

    def keep(self, state: State, value: Any) -> Any:
        """Keep the result of a node, and return it, or what was read back."""
        about = {
            "result": state.digest.hex() or None,
            "items": state.items,
            "parts": state.parts or {},
            "seconds": state.seconds,
        }
        entry = self.storage.keep(self.workflow, state.node.name, state.key, value, about)
        state.entry, state.is_lost = entry, False
        if not self.by_name:
            self.names.setdefault((self.workflow, state.key), state.node.name)
        return self.storage.load(entry) if self.storage.always_read else value

    # Other nodes that are the same call

    def twin(self, state: State) -> Any:
        """Return the entry of another node that is the same call."""
        name = self.names.get((self.workflow, state.key))
        if name is None or name == state.node.name:
            return None
        try:
            return self.storage.look(self.workflow, name, state.key)
        except UNREADABLE:
            return None

    def join_twin(self, state: State) -> bool:
        """Settle a node by the entry of another, if its own name is only a number."""
        entry = None if self.by_name or state.node.is_named else self.twin(state)
        if entry is None:
            return False
        self.take(state, entry)
        state.note(f"the same call as {entry.name}")
        return True

    def copy_twin(self, state: State) -> bool:
        """Keep the result of another under this name as well: somebody may ask the storage for it."""
        entry = self.twin(state) if state.node.is_named and not self.by_name else None
        if entry is None:
            return False
        try:
            value = self.storage.load(entry)
        except UNREADABLE:
            return False
        self.take(state, entry)
        self.keep(state, value)
        state.note(f"the same call as {entry.name}")
        return True
