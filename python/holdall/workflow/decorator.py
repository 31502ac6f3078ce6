"""`@workflow`: calls that make nodes, and run nothing."""

import functools
import importlib
import inspect
from collections.abc import Callable, Iterable
from types import FunctionType, MethodType
from typing import Any, overload

from holdall.errors import ValidationError, WrongTypeError
from holdall.workflow.actor import Actor, ActorNode
from holdall.workflow.counters import counter_of, name_of
from holdall.workflow.node import Node
from holdall.workflow.places import leaves_in


class Rules:
    """What the decorator was told by hand."""

    __slots__ = ("codes", "ignore", "owner", "version")
    owner: "Decorated"

    def __init__(self, version: Any, ignore: Iterable[str]) -> None:
        names = () if isinstance(ignore, str) else tuple(ignore)
        if isinstance(ignore, str) or not all(isinstance(name, str) for name in names):
            raise ValidationError(
                f"ignore= takes the names of arguments, as a list: not {ignore!r}",
                parameter="ignore",
                value=ignore,
            )
        self.version, self.ignore = version, names
        # What is known of the code of these functions; a replaced one is another.
        self.codes: dict[Any, Any] = {}


class Decorated:
    """What `@workflow` makes of a function or a class."""

    def __init__(self, function: Callable[..., Any], rules: Rules) -> None:
        wrapper: Any = self
        functools.update_wrapper(wrapper, function, updated=())
        self.func, self.rules = function, rules
        rules.owner = self
        self.counter = counter_of(function)

    def __reduce__(self) -> tuple[Any, ...]:
        # By name where that leads here: the function itself cannot be found by its name any more.
        if is_importable(self):
            return found, (self.__module__, name_of(self.func))
        return workflow_of, (self.func, self.rules.version, self.rules.ignore)

    def __holdall_fingerprint__(self) -> Any:
        # Where other code refers to it, it is its function.
        return self.func

    def __repr__(self) -> str:
        return f"<workflow {name_of(self.func)}>"


class NodeFunction(Decorated):
    """A function whose calls are nodes. The function itself is `func`."""

    def __init__(self, function: Callable[..., Any], rules: Rules) -> None:
        super().__init__(function, rules)
        self.title = name_of(function)
        self.signature = signature_with_nodes(function)

    def __call__(self, *args: Any, **kargs: Any) -> Node:
        """Return a node that is this call."""
        if self.signature is not None:
            args, kargs = completed(self.signature, args, kargs)
        return Node(f"{self.title}_{next(self.counter):04d}", self.func, self.rules, args, kargs)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else MethodType(self, instance)


class ActorClass(Decorated):
    """A class whose instances are actors. The class itself is `class_spec`."""

    func: type

    def __init__(self, spec: type, rules: Rules) -> None:
        super().__init__(spec, rules)
        for method in vars(spec).values():
            if isinstance(method, FunctionType) and leaves_in(defaults_of(method).values()):
                raise ValidationError(
                    f"a default of {name_of(method)} is a node; give it as an argument, "
                    "for an actor's methods are called with the defaults that they have"
                )

    @property
    def class_spec(self) -> type:
        """The class itself."""
        return self.func

    def __call__(self, *args: Any, **kargs: Any) -> Actor:
        """Return an actor that is to be made so."""
        return Actor(ActorNode(self, args, kargs))


def defaults_of(function: FunctionType) -> dict[str, Any]:
    """Return a function's defaults by name."""
    code = function.__code__
    values = function.__defaults__ or ()
    names = code.co_varnames[code.co_argcount - len(values) : code.co_argcount]
    return {**dict(zip(names, values, strict=True)), **(function.__kwdefaults__ or {})}


def signature_with_nodes(function: Callable[..., Any]) -> inspect.Signature | None:
    """Return a function's signature if a default of it is a node, which is then an argument of each call."""
    if not isinstance(function, FunctionType):
        return None
    defaults = defaults_of(function)
    with_nodes = {name for name, value in defaults.items() if leaves_in((value,))}
    if not with_nodes:
        return None
    signature = inspect.signature(function)
    # The function must not see a node, and its code is the same whichever node was the default.
    function.__defaults__ = tuple(
        [None if leaves_in((value,)) else value for value in function.__defaults__ or ()]
    )
    function.__kwdefaults__ = {
        name: None if name in with_nodes else value
        for name, value in (function.__kwdefaults__ or {}).items()
    }
    return signature


def completed(
    signature: inspect.Signature, args: tuple[Any, ...], kargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return arguments with the defaults among them."""
    bound = signature.bind(*args, **kargs)
    bound.apply_defaults()
    return bound.args, bound.kwargs


def is_importable(decorated: Decorated) -> bool:
    """Whether its module and its name lead to it, in other processes as well."""
    if decorated.__module__ in ("__main__", "__mp_main__"):
        return False
    try:
        return found(decorated.__module__, name_of(decorated.func)) is decorated
    except (ImportError, AttributeError):
        return False


def found(module: str, name: str) -> Any:
    """Return what a module has under a qualified name."""
    value: Any = importlib.import_module(module)
    for part in name.split("."):
        value = getattr(value, part)
    return value


def workflow_of(function: Any, version: Any, ignore: Iterable[str]) -> Any:
    """Decorate a function or a class."""
    rules = Rules(version, ignore)
    if isinstance(function, Decorated):
        raise ValidationError(f"{function!r} is decorated already")
    if isinstance(function, type):
        return ActorClass(function, rules)
    if not callable(function):
        raise WrongTypeError(
            f"workflow takes {function!r} by name: @workflow(version=..., ignore=[...])"
        )
    return NodeFunction(function, rules)


@overload
def workflow(function: type, /) -> ActorClass: ...  # type: ignore[overload-overlap]


@overload
def workflow(function: Callable[..., Any], /) -> NodeFunction: ...


@overload
def workflow(*, version: Any = None, ignore: Iterable[str] = ()) -> Callable[[Any], Any]: ...


def workflow(function: Any = None, /, *, version: Any = None, ignore: Iterable[str] = ()) -> Any:
    """Have the calls of a function make nodes, and the instances of a class be actors.

        @workflow
        def load(path): ...

        data = load("flights.csv").set_name("flights")

    A call runs nothing: it gives a `Node`, called after the function with a number, which goes where
    its result is meant: as an argument of another call, by itself or in a list, tuple, dict, set or
    dataclass. `node[index]` is an item of the result. The function itself is `load.func`.

    An instance of a decorated class is an actor: its methods give nodes, too, and are called in the
    order in which the program says so. A function that gets an actor as an argument is one of these
    steps: it gets the object itself.

    version: counts as a part of the code; say another one to have it run again by hand.
    ignore: names of arguments that make no difference to the result.
    """
    if function is None:
        return lambda decorated: workflow_of(decorated, version, ignore)
    return workflow_of(function, version, ignore)
