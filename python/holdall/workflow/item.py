"""An item of a node's result, of which so far only the place is known."""

from typing import TYPE_CHECKING, Any, NoReturn

from holdall.errors import WrongTypeError
from holdall.workflow.places import LEAVES
from holdall.workflow.unknown import Unknown

if TYPE_CHECKING:
    from holdall.workflow.node import BaseNode


class Item(Unknown):
    """`node[index]`: a part of the node's result, at any depth."""

    __slots__ = ("node", "path")

    def __init__(self, node: "BaseNode", path: tuple[Any, ...]) -> None:
        for index in path:
            check_index(index)
        self.node, self.path = node, path

    @property
    def index(self) -> Any:
        """The last index of its path."""
        return self.path[-1]

    @property
    def result(self) -> Any:
        """What lies there in the result of the last run."""
        return self.of(self.node.result)

    def of(self, result: Any) -> Any:
        """Return this item of a result."""
        for index in self.path:
            result = result[index]
        return result

    def get_name(self) -> str:
        """Return what it is called in a message."""
        return self.node.name + "".join(f"[{index!r}]" for index in self.path)

    def __getitem__(self, index: Any) -> "Item":
        return Item(self.node, (*self.path, index))

    def __repr__(self) -> str:
        return f"<item {self.get_name()}>"

    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        raise TypeError(f"{self!r} is not there yet; let a node make the changed value")


def check_index(index: Any) -> None:
    """Refuse an index that is known only when the nodes have run."""
    parts = (index.start, index.stop, index.step) if type(index) is slice else (index,)
    if any(type(part) in LEAVES for part in parts):
        raise WrongTypeError(
            f"a node cannot be the index of another: give both to a function that takes the item ({index!r})"
        )


LEAVES.add(Item)
