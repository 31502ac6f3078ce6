"""Dask's collections: by what they are said to be, and by the graph that computes them.

The keys in a graph are names that Dask makes up, some of them at random. So a task counts as its function
and its arguments, in which the result of another task is that task: two collections are alike where
the same would be computed from the same. What cannot be fingerprinted in a graph cannot be in the
collection either.
"""

from typing import Any

from dask._task_spec import (
    Alias,
    DataNode,
    GraphNode,
    NestedContainer,
    Task,
    TaskRef,
    convert_legacy_graph,
)
from dask.base import DaskMethodsMixin
from dask.core import flatten
from dask.utils import ensure_dict

from holdall.fingerprint.attributes import Attributes

Parts = tuple[Any, ...]

# What collections say of themselves without computing anything.
SAID = ("dtype", "chunks", "divisions", "npartitions", "_meta", "_length")


class Graph:
    """The tasks of a collection, each of which is one object however often it is referred to."""

    def __init__(self, tasks: dict[Any, Any]) -> None:
        self.tasks = tasks
        self.nodes: dict[Any, Node] = {}

    def node(self, key: Any) -> Any:
        """Return what stands for the result of a task. A key from outside is only a name."""
        if key not in self.tasks:
            return ("key", key)
        if key not in self.nodes:
            self.nodes[key] = Node(self, key)
        return self.nodes[key]

    def told(self, item: Any) -> Any:
        """Return a task, or an argument of one, with the tasks that it refers to."""
        if isinstance(item, TaskRef):
            return self.node(item.key)
        if isinstance(item, Alias):
            return self.node(item.target)
        if isinstance(item, DataNode):
            return ("data", item.value)
        if isinstance(item, NestedContainer):
            return ("container", type(item).__name__, self.all(item.args), self.named(item.kwargs))
        if isinstance(item, Task):
            return ("task", item.func, self.all(item.args), self.named(item.kwargs))
        if type(item) in (list, tuple):
            return type(item)(self.all(item))
        return self.named(item) if type(item) is dict else item

    def all(self, items: Any) -> list[Any]:
        """Return arguments."""
        return [self.told(item) for item in items]

    def named(self, items: Any) -> dict[Any, Any]:
        """Return arguments with names."""
        return {name: self.told(item) for name, item in items.items()}


class Node:
    """The result of a task."""

    def __init__(self, graph: Graph, key: Any) -> None:
        self.graph = graph
        self.key = key

    def __holdall_fingerprint__(self) -> Any:
        """Stand for what computes it."""
        return self.graph.told(self.graph.tasks[self.key])


def of_collection(value: Any) -> Parts:
    """Describe a collection."""
    graph = Graph(convert_legacy_graph(ensure_dict(value.__dask_graph__())))
    # Asked of the class: a delayed object has whatever it is asked for.
    said = {name: getattr(value, name) for name in SAID if hasattr(type(value), name)}
    return (
        "dask",
        type(value),
        Attributes(said),
        Attributes(graph=[graph.node(key) for key in flatten(value.__dask_keys__())]),
    )


def of_task(value: Any) -> Parts:
    """Describe a task that stands by itself."""
    return ("dask.task", Graph({}).told(value))


TABLE: dict[type, Any] = {}
WHOLE: dict[type, Any] = {DaskMethodsMixin: of_collection, GraphNode: of_task, TaskRef: of_task}
