"""What callables and objects carry with them: wrapped functions, bound objects, state."""

import functools
import types
from types import MethodType
from typing import Any

from holdall._holdall import fingerprint
from holdall.fingerprint import callables
from holdall.fingerprint.modules import home_of
from holdall.fingerprint.watch import inside


def follow(walk: Any, item: Any, name: str) -> bytes:
    """Follow what a wrapper, a bound method or a partial carries, and return what it is by itself."""
    said: list[Any] = [name]
    if isinstance(item, MethodType):
        said.append(walk.target(item.__func__))
        walk.carry(name, "__self__", item.__self__)
    elif isinstance(item, functools.partial):
        said.append(walk.target(item.func))
        for number, value in enumerate(item.args):
            walk.carry(name, f"args[{number}]", value)
        for key, value in item.keywords.items():
            walk.carry(name, key, value)
    else:
        bound = getattr(item, "__self__", None)
        if not isinstance(bound, type | types.ModuleType | None):
            walk.carry(name, "__self__", bound)
        registry = callables.attribute(item, "registry")
        if isinstance(registry, types.MappingProxyType):
            walk.watch.held(registry.values)
            said.append([(walk.target(kind), walk.target(each)) for kind, each in registry.items()])
        said.append([walk.target(each) for each in callables.inner_of(item)])
        if isinstance(item, types.FunctionType):
            # An object of the user's in a library's wrapper: a context manager as a decorator, say.
            for cell in item.__closure__ or ():
                kind = type(inside(cell))
                if home_of(kind.__module__) == "own":
                    walk.target(kind)
    return fingerprint(said)


def is_callable_instance(value: Any) -> bool:
    """Whether a value is an object of a class of the user's, that is called as a function is."""
    kind = type(value)
    return (
        callable(value)
        and not isinstance(value, type)
        and home_of(kind.__module__) == "own"
        and hasattr(value, "__dict__")
    )


def instance(walk: Any, value: Any, where: str, name: str) -> str:
    """Follow the class of a callable object, and its attributes as variables of a closure."""
    kind = type(value)
    text = f"an object of {walk.target(kind)}"
    walk.names[id(value)] = text
    walk.kept.append(value)
    state = vars(value)
    walk.watch.held(functools.partial(list, state))  # the names
    for each in list(state):
        walk.state(kind, f"{where}.{name}", each, state)
    return text
