"""A node: one call that is to be made, and the nodes whose results it needs."""

import weakref
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Self

from holdall.errors import DoesNotExist, WrongTypeError
from holdall.workflow.counters import name_of
from holdall.workflow.item import Item
from holdall.workflow.names import check_name
from holdall.workflow.places import LEAVES, PLAIN, Places, Replace, leaves_in
from holdall.workflow.unknown import Unknown

if TYPE_CHECKING:
    from holdall.workflow.actor import ActorNode
    from holdall.workflow.decorator import Rules
    from holdall.workflow.state import State


class BaseNode(Unknown):
    """What nodes of every kind are: a name, a function, its arguments, and what they come from.

    Two nodes are equal if they are one. `parents` are the nodes that this one needs; `inputs` all that
    stands for a result among the arguments; `before` says of each actor it touches which step comes first.
    """

    __slots__ = (
        "__weakref__",
        "args",
        "before",
        "func",
        "info",
        "inputs",
        "is_named",
        "is_nested",
        "kargs",
        "name",
        "offspring",
        "parents",
        "rules",
        "state",
    )
    kind = "function"

    def __init__(
        self,
        name: str,
        func: Callable[..., Any],
        rules: "Rules",
        args: tuple[Any, ...],
        kargs: dict[str, Any],
        owner: "ActorNode | None" = None,
    ) -> None:
        self.name, self.func, self.rules = name, func, rules
        self.args, self.kargs = args, kargs
        self.parents: tuple[BaseNode, ...] = ()
        self.before: tuple[tuple[ActorNode, BaseNode], ...] = ()
        self.offspring: list[weakref.ref[BaseNode]] = []
        self.info: dict[str, Any] | None = None
        # How it went in the last run that needed it.
        self.state: State | None = None
        self.inputs: list[Any] = []
        self.is_nested = False
        # By hand: other names are counted, and differ each time.
        self.is_named = False
        for value in (*args, *kargs.values()) if kargs else args:
            kind = type(value)
            if kind in LEAVES:
                self.inputs.append(value)
            elif kind not in PLAIN and (inside := leaves_in((value,))):
                self.inputs += inside
                self.is_nested = True
        if self.inputs or owner is not None:
            self.join(owner)

    def join(self, owner: "ActorNode | None") -> None:
        """Note what it needs, and take its turn in what is done to the actors that it touches."""
        touched = {} if owner is None else {owner: owner.last}
        parents = dict.fromkeys(touched.values())
        for leaf in self.inputs:
            kind = type(leaf)
            if kind is Item:
                parents[leaf.node] = None
            elif hasattr(kind, "actor_of"):
                actor = kind.actor_of(leaf)
                parents[touched.setdefault(actor, actor.last)] = None
            else:
                parents[leaf] = None
        for actor in touched:
            actor.last = self
        self.before = tuple(touched.items())
        self.parents = tuple(parents)
        me = weakref.ref(self)
        for parent in parents:
            # Weakly: what was tried out on a node and thrown away is not to live as long as that node.
            parent.offspring.append(me)

    @property
    def children(self) -> "list[BaseNode]":
        """The nodes that need this one."""
        living = [ref for ref in self.offspring if ref() is not None]
        self.offspring = living
        return [child for ref in living if (child := ref()) is not None]

    @property
    def backend_info(self) -> dict[str, Any]:
        """What runners are told of this node."""
        if self.info is None:
            self.info = {}
        return self.info

    def set_backend_info(self, info: str, obj: Any) -> None:
        """Tell runners something of this node."""
        self.backend_info[info] = obj

    def set_name(self, name: str) -> Self:
        """Give it another name, which is also that of what is kept of it. Returns the node."""
        if not isinstance(name, str):
            raise WrongTypeError(f"a node's name is a str, not {name!r}", parameter="name")
        check_name("name", name)
        self.name, self.is_named = name, True
        return self

    def get_name(self) -> str:
        """Return its name."""
        return self.name

    def filled(self, replace: Replace) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return its arguments with something in the place of each node."""
        if not self.inputs:
            return self.args, self.kargs
        if self.is_nested:
            fill = Places(replace).fill
            return (
                tuple([fill(value) for value in self.args]),
                {name: fill(value) for name, value in self.kargs.items()},
            )
        return (
            tuple([replace(value) if type(value) in LEAVES else value for value in self.args]),
            {
                name: replace(value) if type(value) in LEAVES else value
                for name, value in self.kargs.items()
            },
        )

    def exec(self, args: Iterable[Any], kargs: dict[str, Any]) -> Any:
        """Call its function."""
        return self.func(*args, **kargs)

    @property
    def result(self) -> Any:
        """What it gave in the last run: of a requested node, or of one that is in a storage."""
        if self.state is None:
            raise DoesNotExist(f"{self!r} has not run; run a workflow that needs it")
        return self.state.result()

    def __getitem__(self, index: Any) -> Item:
        return Item(self, (index,))

    def __repr__(self) -> str:
        return f"<node {self.name}>"


class Node(BaseNode):
    """A call of a function."""

    __slots__ = ()


def title(function: Callable[..., Any], number: int) -> str:
    """Return the name of a function's node."""
    return f"{name_of(function)}_{number:04d}"


LEAVES.add(Node)
