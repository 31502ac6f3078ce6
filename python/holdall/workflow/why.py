"""Why a node runs, in words: what differs from what is kept under its name."""

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING

from holdall.fingerprint.parts import explain_parts
from holdall.workflow.node import BaseNode
from holdall.workflow.places import leaves_in

if TYPE_CHECKING:
    from holdall.workflow.state import State


def reasons(state: "State") -> list[str]:
    """Say why a node ran, or would."""
    if state.is_logged:
        return ["it runs each time: log_nodes said so"]
    if state.run.memory is None:
        return ["no storage keeps its results"]
    if state.parts is None:
        return [] if state.notes else ["nothing is kept under this name"]
    if state.is_lost:
        return []
    return differences(state.node, state.older, state.parts)


def differences(
    node: BaseNode, older: "Mapping[str, str] | None", parts: "Mapping[str, str]"
) -> list[str]:
    """Say in what two fingerprints differ, and for an argument where it comes from."""
    lines = explain_parts(older, parts)
    if not any(line.startswith("argument ") for line in lines):
        return lines
    origins = origins_of(node)
    told = []
    for line in lines:
        what, name, *rest = line.split(" ", 2)
        if what == "argument" and name == "self" and node.kind == "method":
            told.append("what was done to its actor before changed")
        elif what == "argument" and name in origins:
            told.append(f"{what} {name} {' '.join(rest)}: what {origins[name]} gives")
        else:
            told.append(line)
    return told


def origins_of(node: BaseNode) -> dict[str, str]:
    """Return by name of the arguments which nodes they come from."""
    args = (None, *node.args) if node.kind == "method" else node.args
    try:
        given = inspect.signature(node.func).bind(*args, **node.kargs).arguments
    except (TypeError, ValueError):
        return {}
    named: dict[str, str] = {}
    for name, value in given.items():
        found = [leaf.get_name() for leaf in leaves_in((value,))]
        if found:
            named[name] = ", ".join(dict.fromkeys(found))
    return named
