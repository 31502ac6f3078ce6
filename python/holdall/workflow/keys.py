"""The key of a node: its code, its arguments, and for what other nodes give the digests of their results."""

from functools import partial
from typing import TYPE_CHECKING, Any

from holdall.fingerprint import Known, fingerprint
from holdall.fingerprint.call import call_parts
from holdall.fingerprint.code import Code, code_of
from holdall.fingerprint.parts import Parts
from holdall.workflow.actor import Actor, ActorNode
from holdall.workflow.item import Item
from holdall.workflow.node import BaseNode
from holdall.workflow.state import State

if TYPE_CHECKING:
    from collections.abc import Mapping

# Of a longer result, or one of another type, an item counts as a part of the whole.
MOST_ITEMS = 64


def code_for(node: BaseNode) -> Code:
    """Return what is known of the code of a node's function."""
    codes = node.rules.codes
    code: Code | None = codes.get(node.func)
    if code is None:
        code = codes[node.func] = code_of(node.func)
    return code


def parts_of(node: BaseNode, states: "Mapping[BaseNode, State]") -> Parts:
    """Return what a node's key is made of. All that it needs must be settled."""
    args, kargs = (
        node.filled(partial(known, node, states)) if node.inputs else (node.args, node.kargs)
    )
    if node.kind == "method":
        # What was done to the actor until now stands for the actor.
        args = (state_of_actor(*node.before[0], states), *args)
    return call_parts(
        code_for(node), node.func, args, kargs, version=node.rules.version, ignore=node.rules.ignore
    )


def known(node: BaseNode, states: "Mapping[BaseNode, State]", leaf: Any) -> Known:
    """Return what stands for a result in a key."""
    if type(leaf) is Item:
        return Known(digest_of_item(states[leaf.node], leaf.path))
    if type(leaf) is Actor:
        actor = leaf.actor_of()
        return state_of_actor(actor, dict(node.before)[actor], states)
    return Known(states[leaf].digest)


def state_of_actor(actor: ActorNode, step: BaseNode, states: "Mapping[BaseNode, State]") -> Known:
    """Return what stands for an actor after a step: the step's key, which holds those before it."""
    key = bytes.fromhex(states[step].key)
    if len(step.before) > 1:
        # The step touched several actors, which are still not the same.
        touched = [each for each, _ in step.before]
        key = fingerprint(("holdall.actor", key, touched.index(actor)))
    return Known(key)


def digest_of_item(state: State, path: tuple[Any, ...]) -> bytes:
    """Return what stands for an item of a result, which need not be loaded for it."""
    digest, rest = state.digest, path
    if state.items:
        index = path[0]
        if type(index) is int and index < 0:
            index += len(state.items)
        found = state.items.get(repr(index))
        if found is not None:
            digest, rest = bytes.fromhex(found), path[1:]
    return fingerprint(("holdall.item", digest, rest)) if rest else digest


def digests_of(value: Any) -> tuple[bytes, dict[str, str]]:
    """Return the digests of a result and of its items. Raises what `fingerprint` raises.

    Of a result in items that of the whole is made of theirs: large ones are read once.
    """
    kind = type(value)
    if kind in (tuple, list):
        if 0 < len(value) <= MOST_ITEMS:
            items = {str(index): fingerprint(item).hex() for index, item in enumerate(value)}
            return fingerprint(("holdall.items", kind.__name__, items)), items
    elif kind is dict and 0 < len(value) <= MOST_ITEMS and set(map(type, value)) == {str}:
        items = {repr(name): fingerprint(item).hex() for name, item in value.items()}
        return fingerprint(("holdall.items", "dict", items)), items
    return fingerprint(value), {}


def derived(key: str) -> bytes:
    """Return what stands for a result that has no digest of its own."""
    return fingerprint(("holdall.result", key))
