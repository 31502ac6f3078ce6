"""Actors: objects that nodes work on one after the other.

What an actor is worth at some point is what has been done to it until then: how it was made, each call of
a method, and each function that got it as an argument, in the order in which the program said so.
"""

from collections.abc import Callable
from types import FunctionType
from typing import TYPE_CHECKING, Any, NoReturn

from holdall.workflow.counters import counter_of
from holdall.workflow.node import BaseNode, title
from holdall.workflow.places import LEAVES
from holdall.workflow.unknown import Unknown

if TYPE_CHECKING:
    from holdall.workflow.decorator import ActorClass


class ActorNode(BaseNode):
    """The making of an actor. It has no result to keep: the state is made again when a method must run."""

    __slots__ = ("class_spec", "last")
    kind = "actor"

    def __init__(self, spec: "ActorClass", args: tuple[Any, ...], kargs: dict[str, Any]) -> None:
        # The step that comes before the next one.
        self.last: BaseNode = self
        self.class_spec = spec.class_spec
        name = title(spec.class_spec, next(spec.counter))
        super().__init__(name, spec.class_spec, spec.rules, args, kargs)

    def __repr__(self) -> str:
        return f"<actor {self.name}>"

    def __getitem__(self, index: Any) -> NoReturn:
        raise TypeError(f"{self!r} has no items; the results of its methods have")


class CallNode(BaseNode):
    """A call of an actor's method."""

    __slots__ = ("actor",)
    kind = "method"

    def __init__(
        self, actor: ActorNode, method: FunctionType, args: tuple[Any, ...], kargs: dict[str, Any]
    ) -> None:
        self.actor = actor
        name = title(method, next(counter_of(method)))
        super().__init__(name, method, actor.rules, args, kargs, actor)


class Actor(Unknown):
    """An actor as a program sees it: its class's methods, each call of which gives a node.

    As an argument it is the object itself, as all that was asked of it before has left it.
    """

    __slots__ = ("_node",)

    def __init__(self, node: ActorNode) -> None:
        self._node = node

    def actor_of(self) -> ActorNode:
        """Return the node that makes it."""
        return self._node

    def set_name(self, name: str) -> "Actor":
        """Give the making of it another name. Returns the actor."""
        self._node.set_name(name)
        return self

    def get_name(self) -> str:
        """Return the name of the making of it."""
        return self._node.name

    def __getattr__(self, name: str) -> Callable[..., CallNode]:
        method = method_of(self._node.class_spec, name)
        if method is None:
            raise AttributeError(
                f"{self!r} has no method {name!r}; it has {', '.join(methods_of(self._node.class_spec)) or 'none'}. "
                "What is no plain method is read by one",
                name=name,
                obj=self,
            )

        def call(*args: Any, **kargs: Any) -> CallNode:
            return CallNode(self._node, method, args, kargs)

        call.__name__, call.__qualname__, call.__doc__ = name, method.__qualname__, method.__doc__
        return call

    def __dir__(self) -> list[str]:
        return sorted({"get_name", "set_name", *methods_of(self._node.class_spec)})

    def __getitem__(self, index: Any) -> NoReturn:
        raise TypeError(
            f"{self!r} has no items; the results of its methods have: actor.method()[{index!r}]"
        )

    def __repr__(self) -> str:
        return repr(self._node)


def method_of(kind: type, name: str) -> FunctionType | None:
    """Return a plain method of a class, its own or inherited."""
    if name.startswith("__"):
        return None
    for base in kind.__mro__:
        if name in vars(base):
            found = vars(base)[name]
            return found if isinstance(found, FunctionType) else None
    return None


def methods_of(kind: type) -> list[str]:
    """Return the names of a class's plain methods."""
    names = dict.fromkeys(name for base in kind.__mro__ for name in vars(base))
    return [name for name in names if method_of(kind, name) is not None]


LEAVES.update((Actor, CallNode))
