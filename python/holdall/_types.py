"""Types as annotations spell them: what they are made of, and the same with parts replaced."""

import dataclasses
import functools
import operator
import sys
import types
import typing
from collections.abc import Callable
from typing import Annotated, Any, get_args, get_origin, get_type_hints

# What a TypedDict says round a type; `__required_keys__` has heard it already.
MARKS = ("Required", "NotRequired", "ReadOnly")


def parts(kind: Any) -> list[Any]:
    """Return the types directly inside a type: a generic's arguments, a class's fields."""
    if (named := named_by(kind)) is not None:
        return [named]
    if get_origin(kind) is Annotated:
        return [get_args(kind)[0]]
    if get_args(kind):
        return [part for part in get_args(kind) if is_type(part)]
    return list(hints(kind).values())


def mentions(kind: Any, wanted: Callable[[Any], bool]) -> bool:
    """Whether a type is, or somewhere has inside, one that is wanted."""
    met: list[Any] = []
    rest = [kind]
    while rest:
        kind = rest.pop()
        if any(kind is other or kind == other for other in met):
            continue
        if wanted(kind):
            return True
        met.append(kind)
        origin = get_origin(kind)
        rest += parts(kind) if origin is None or not has_fields(origin) else [origin, *parts(kind)]
    return False


def with_parts(kind: Any, replaced: Callable[[Any], Any]) -> Any:
    """Return a generic with its arguments replaced, or an alias with what it names."""
    if (named := named_by(kind)) is not None:
        other = replaced(named)
        return kind if other == named else other
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return Annotated[(replaced(arguments[0]), *arguments[1:])]
    known = tuple(replaced(part) if is_type(part) else part for part in arguments)
    if origin is None or known == arguments:
        return kind
    if origin is types.UnionType:
        return functools.reduce(operator.or_, known)
    return origin[known]


def unnamed(kind: Any) -> Any:
    """Return a type with what its aliases are names of in their place."""
    named = named_by(kind)
    return with_parts(kind, unnamed) if named is None else unnamed(named)


def named_by(kind: Any) -> Any:
    """Return the type that an alias (`type X = ...`) or a NewType is another name of, or None."""
    if isinstance(kind, typing.NewType):
        return kind.__supertype__
    return getattr(kind, "__value__", None) if type(kind).__name__ == "TypeAliasType" else None


def is_type(part: Any) -> bool:
    """Whether a generic's argument is a type itself: not a literal, not the dots of a tuple."""
    return isinstance(part, type) or get_origin(part) is not None or named_by(part) is not None


def has_fields(kind: Any) -> bool:
    """Whether a class says by annotations what its instances hold."""
    return isinstance(kind, type) and (
        dataclasses.is_dataclass(kind)
        or is_typed_dict(kind)
        or is_attrs(kind)
        or is_struct(kind)
        or (issubclass(kind, tuple) and hasattr(kind, "_fields"))
    )


def hints(kind: Any) -> dict[str, Any]:
    """Return the types of a class's fields; none where an annotation names what is not there."""
    if not has_fields(kind):
        return {}
    try:
        return field_types(kind)
    except (NameError, TypeError):
        return {}


def field_types(kind: Any) -> dict[str, Any]:
    """Return the types of the fields of a class or of a generic one with its arguments."""
    origin = get_origin(kind) or kind
    # A class inside a function may name itself.
    found = get_type_hints(origin, localns={origin.__name__: origin}, include_extras=True)
    arguments = dict(zip(getattr(origin, "__parameters__", ()), get_args(kind), strict=False))

    def filled(hint: Any) -> Any:
        if getattr(get_origin(hint), "_name", "") in MARKS:
            return filled(get_args(hint)[0])
        if isinstance(hint, typing.TypeVar):
            return arguments.get(hint, Any)
        open_ = getattr(hint, "__parameters__", ())
        if open_ and not isinstance(hint, type):
            return hint[tuple(arguments.get(parameter, Any) for parameter in open_)]
        return hint

    return {name: filled(hint) for name, hint in found.items()}


def is_typed_dict(kind: Any) -> bool:
    """Whether a class is a TypedDict, the standard library's or typing_extensions'."""
    extensions = sys.modules.get("typing_extensions")
    return typing.is_typeddict(kind) or bool(extensions and extensions.is_typeddict(kind))


def is_attrs(kind: Any) -> bool:
    """Whether a class is one of attrs'; nobody has one without having imported it."""
    return "attr" in sys.modules and isinstance(kind, type) and hasattr(kind, "__attrs_attrs__")


def is_struct(kind: Any) -> bool:
    """Whether a class is one of msgspec's; nobody has one without having imported it."""
    msgspec = sys.modules.get("msgspec")
    return msgspec is not None and isinstance(kind, type) and issubclass(kind, msgspec.Struct)
