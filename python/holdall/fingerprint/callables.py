"""What can be called: what it is named, whose it is, and what it carries with it."""

import functools
import types
from types import FunctionType, MethodType, ModuleType
from typing import Any

from holdall.fingerprint.modules import MAIN, OURS, Home, home_of, module_name
from holdall.fingerprint.watch import inside

# Of a type or a C function: no more than a name.
PRIMITIVE = (
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.MethodWrapperType,
    types.ClassMethodDescriptorType,
)
HOLDERS = (staticmethod, classmethod, functools.partialmethod, functools.cached_property, property)
CARRIED = (FunctionType, MethodType, type, functools.partial, *HOLDERS)
# Where libraries' wrappers keep what they wrap, besides `__wrapped__` and their attributes.
INNER = ("__wrapped__", "__func__", "func", "py_func", "fget", "fset", "fdel")


def unwrapped(value: Any) -> Any:
    """Return the function under holdall's own decorators: they are no part of what it does."""
    while getattr(type(value), "__module__", "").partition(".")[0] == OURS:
        inner = attribute(value, "__wrapped__")
        if inner is None:
            return value
        value = inner
    return value


def innermost(value: Any) -> Any:
    """Return the function that the user wrote, under all decorators, partials and bound methods."""
    seen: set[int] = set()
    while id(value) not in seen:
        seen.add(id(value))
        value = unwrapped(value)
        inner = attribute(value, "__wrapped__")
        if isinstance(value, MethodType):
            value = value.__func__
        elif isinstance(value, functools.partial):
            value = value.func
        elif inner is not None and not isinstance(value, type):
            value = inner
    return value


def attribute(value: Any, name: str) -> Any:
    """Return an attribute, None without; some objects have whatever they are asked for, or fail."""
    try:
        found = getattr(value, name, None)
    except Exception:
        return None
    return found if found is None or not isinstance(value, type) or name in vars(value) else None


def name_of(value: Any) -> str | None:
    """Return the name of what is code, None for what is not."""
    if isinstance(value, FunctionType):
        return f"{module_name(value.__globals__)}.{value.__code__.co_qualname}"
    if isinstance(value, type):
        return f"{module_of(value)}.{value.__qualname__}"
    if isinstance(value, (MethodType, functools.partial, *HOLDERS)):
        inner = inner_of(value)
        return f"{type(value).__name__}({name_of(innermost(inner[0])) if inner else ''})"
    if isinstance(value, ModuleType) or not callable(value):
        return None
    if attribute(value, "__wrapped__") is not None:
        return f"{module_of(value)}.{type(value).__qualname__}({name_of(innermost(value))})"
    named = attribute(value, "__qualname__") or attribute(value, "__name__")
    if not isinstance(named, str):
        return None
    return f"{module_of(value)}.{named}"


def module_of(value: Any) -> str:
    """Return the module that code is of."""
    if isinstance(value, FunctionType):
        return module_name(value.__globals__)
    if isinstance(value, MethodType):
        return module_of(value.__func__)
    if not isinstance(value, type) and attribute(value, "__wrapped__") is not None:
        value = type(value)  # its own name is what it wraps
    name = attribute(value, "__module__") or attribute(type(value), "__module__")
    bound = getattr(value, "__self__", None)
    if isinstance(value, PRIMITIVE) and name is None and bound is not None:
        name = bound.__name__ if isinstance(bound, ModuleType) else type(bound).__module__
    owner = getattr(value, "__objclass__", None)
    if isinstance(value, PRIMITIVE) and owner is not None:
        name = owner.__module__
    return MAIN[0] if name in MAIN or not isinstance(name, str) else name


def home(value: Any) -> Home:
    """Return whose a piece of code is."""
    if isinstance(value, FunctionType):
        file = value.__globals__.get("__file__")
        return home_of(module_name(value.__globals__), file if isinstance(file, str) else None)
    if isinstance(value, PRIMITIVE) or is_object(value):
        found = home_of(module_of(value))
        return "library" if found == "own" else found  # compiled: there is no code to read
    return home_of(module_of(value))


def is_object(value: Any) -> bool:
    """Whether something is an object that can be called, of a class that is not the user's."""
    return (
        not isinstance(value, type | FunctionType | MethodType)
        and home_of(type(value).__module__) != "own"
    )


def inner_of(value: Any) -> list[Any]:
    """Return the functions, classes and objects that a wrapper keeps."""
    found = [attribute(value, name) for name in INNER]
    if isinstance(value, FunctionType):
        found += map(inside, value.__closure__ or ())
    held = attribute(value, "__dict__")
    if isinstance(held, dict):
        found += held.values()
    registry = attribute(value, "registry")  # of a singledispatch
    if isinstance(registry, types.MappingProxyType):
        found += registry.values()
    return [
        each
        for each in found
        if isinstance(each, CARRIED) or attribute(each, "__wrapped__") is not None
    ]


def carries(value: Any) -> bool:
    """Whether code that is not the user's may carry some that is."""
    if isinstance(value, type | ModuleType):
        return False
    if isinstance(value, functools.partial):
        return True
    bound = getattr(value, "__self__", None)
    return bool(inner_of(value)) or not isinstance(bound, type | ModuleType | None)
