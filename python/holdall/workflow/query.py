"""Some nodes of a workflow, to set something for all of them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self

from holdall.workflow.node import BaseNode

if TYPE_CHECKING:
    from holdall.workflow.plugins import Plugin


class Query:
    """The nodes whose names a pattern matched."""

    def __init__(self, nodes: list[BaseNode], workflow: Any) -> None:
        self.nodes, self.workflow = nodes, workflow

    def set_plugin(self, plugin: "Plugin | Any") -> Self:
        """Have a plugin called before each of these nodes. Returns the query."""
        for node in self.nodes:
            node.backend_info["plugin"] = plugin
        return self

    def set_remote_args(self, args: dict[str, Any]) -> Self:
        """Say what a cluster is to be told of each of these nodes; here nothing is. Returns the query."""
        for node in self.nodes:
            node.backend_info["remote_args"] = args
        return self

    def __iter__(self) -> Iterator[BaseNode]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self.nodes)

    def __repr__(self) -> str:
        return f"<query {', '.join(node.name for node in self.nodes)}>"
