"""What a class is: its bases, its methods, its fields, and the values that it holds."""

import functools
import inspect
import sys
import types
import typing
from types import FunctionType
from typing import Any

from holdall._holdall import fingerprint
from holdall.fingerprint import callables
from holdall.fingerprint.bytecode import PLACES
from holdall.fingerprint.fields import fields
from holdall.fingerprint.plain import is_plain

# Set by whoever makes the class: what they say is elsewhere in the fingerprint, or of no effect.
SILENT = frozenset(
    {
        "_abc_impl",
        "_fields_defaults",
        "_member_map_",
        "_member_names_",
        "_value2member_map_",
        "_hashable_values_",
        "_unhashable_values_",
        "_unhashable_values_map_",
        "_sort_order_",
        "__hash__",
        "_use_args_",
        "_new_member_",
    }
)
TELLING = frozenset({"__slots__", "__match_args__"})
# Written by dataclasses and attrs from the fields.
WRITTEN = ("__create_fn__.", "<attrs generated", "__firstlineno__")
# Set on a class by Python itself and by libraries, some of them not before an instance is copied.
MADE = (
    "__slotnames__",
    "__pydantic_",
    "__attrs_",
    "__dataclass_",
    "__struct_",
    "__annot",
    "__abstract",
    "__orig_",
    "__parameters__",
    "__type_params__",
    "__final__",
    "__class_vars__",
    "__private_attributes__",
    "__signature__",
    "__fields__",
    "__dict__",
    "__weakref__",
)
DESCRIPTORS = (types.MemberDescriptorType, types.GetSetDescriptorType)


def describe_class(walk: Any, kind: type) -> bytes:
    """Follow what a class reads, and return the digest of what it is by itself."""
    walk.watch.kind(kind)
    walk.kept.append(kind)
    where = callables.name_of(kind) or ""
    said: list[Any] = [
        ("bases", [walk.target(base) for base in kind.__bases__]),
        ("metaclass", walk.target(type(kind))),
        ("annotations", annotations(walk, kind)),
        ("fields", fields(walk, kind, where)),
    ]
    enumerated = members(kind)
    elsewhere = {*SILENT, *enumerated, *vars(kind).get("__dataclass_fields__", ())}
    for name, value in sorted(vars(kind).items()):
        if name in TELLING:
            said.append((name, str(sorted(value) if isinstance(value, set | frozenset) else value)))
            continue
        if name in elsewhere:
            continue
        told = member(walk, kind, value)
        if told is not None:
            said.append((name, told))
        elif isinstance(value, DESCRIPTORS):
            said.append((name, type(value).__name__))
        elif not (name.startswith("__") and name.endswith("__")) or (
            name not in PLACES and not name.startswith(MADE) and is_plain(value)
        ):
            said.append((name, "value"))
            walk.held(kind, where, name, value)
    for name, value in enumerated.items():
        said.append((name, "member"))
        walk.held(kind, where, name, value)
    return fingerprint(said)


def member(walk: Any, kind: type, value: Any) -> Any:
    """Return what stands for a function in a class, None for what is none."""
    value = callables.unwrapped(value)
    if isinstance(value, FunctionType):
        code = callables.innermost(value).__code__
        if code.co_qualname.startswith(WRITTEN) or code.co_filename.startswith(WRITTEN):
            return ()
    if isinstance(value, FunctionType) and callables.home(value) == "own":
        return ("function", walk.method(value, kind))
    if isinstance(value, classmethod) and isinstance(value.__func__, FunctionType):
        return ("classmethod", walk.method(value.__func__, kind, of_class=True))
    if isinstance(value, staticmethod | classmethod):
        return (type(value).__name__, member(walk, kind, value.__func__))
    if isinstance(value, property):
        return (
            "property",
            *(member(walk, kind, each) for each in (value.fget, value.fset, value.fdel)),
        )
    if isinstance(value, functools.cached_property | functools.singledispatchmethod):
        return (type(value).__name__, member(walk, kind, value.func))
    if value is None:
        return None
    return walk.target(value)


def members(kind: type) -> dict[str, Any]:
    """Return the names and values of an Enum's members, in their order."""
    found = getattr(kind, "__members__", None)
    if not isinstance(found, types.MappingProxyType) or "_member_map_" not in vars(kind):
        return {}
    return {name: each._value_ for name, each in found.items()}


def annotations(walk: Any, kind: type) -> list[Any]:
    """Return the names and types that a class declares: dataclasses and models are made by them."""
    try:
        found = inspect.get_annotations(kind)
    except Exception:  # written lazily, and of names that are not there
        return []
    said = []
    for name, value in found.items():
        said.append((name, typed(walk, value)))
        if isinstance(value, str | typing.ForwardRef):
            typed(walk, resolved(kind, value))
    models = vars(kind).get("__pydantic_fields__")
    for field in (models if isinstance(models, dict) else {}).values():
        typed(walk, field.annotation)
    return said


def resolved(kind: type, value: Any) -> Any:
    """Return the type that an annotation names, or its text: it may be there for a type checker only."""
    space = vars(sys.modules.get(kind.__module__, types))
    text = value if isinstance(value, str) else value.__forward_arg__
    try:
        return eval(text, dict(space), dict(vars(kind)))  # noqa: S307 - as dataclasses and pydantic do
    except Exception:
        return text


def typed(walk: Any, value: Any) -> Any:
    """Return what stands for a type, following the user's classes in it."""
    if isinstance(value, str):
        return value
    inside = typing.get_args(value)
    if inside:
        return [typed(walk, typing.get_origin(value)), *(typed(walk, each) for each in inside)]
    text = walk.target(value)
    if text is not None:
        return text
    return (
        value
        if isinstance(value, int | bytes | None)
        else f"{type(value).__module__}.{type(value).__qualname__}:{getattr(value, '__name__', '')}"
    )
