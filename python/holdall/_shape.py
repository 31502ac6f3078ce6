"""What a class is made of, where its instances are nothing but their state.

Only such a class can be written as fields and made again without calling any of its code. Whatever
has a say of its own in how it is copied keeps that say: it goes to pickle.
"""

import abc
import collections
import copyreg
import dataclasses
import enum
import sys
import types
from dataclasses import dataclass
from typing import Any, Protocol

# With slots and frozen, dataclass gives a class these two. They are no wish of its author's: they
# only work around what object's own hooks cannot do to a frozen class.
ABSENT = object()
OWN_STATE = (object.__getstate__, getattr(dataclasses, "_dataclass_getstate", ABSENT))
OWN_SETTER = (ABSENT, getattr(dataclasses, "_dataclass_setstate", ABSENT))
# Enum's: by value, and by name for those that `_convert_` makes of a module's constants.
BY_MEMBER = (
    enum.Enum.__reduce_ex__,
    getattr(enum, "pickle_by_global_name", ABSENT),
    getattr(enum, "pickle_by_enum_name", ABSENT),
)
# A metaclass may change what an attribute of the class is. These are known not to.
METACLASSES = (type, abc.ABCMeta, type(Protocol))
OWN_ACCESS = (object.__getattribute__, tuple.__getattribute__)
# What a class has under `__dict__`: nothing, or what the interpreter put there.
GENUINE = (types.NoneType, types.GetSetDescriptorType)
WORD = tuple.__itemsize__  # a pointer
# What every named tuple has of `collections`: the code of the hook is the same in all of them.
NEWARGS = collections.namedtuple("NEWARGS", ()).__getnewargs__.__code__  # type: ignore[attr-defined]  # noqa: PYI024


@dataclass(frozen=True, slots=True)
class Shape:
    """How instances of a class hold their state.

    form: `dataclass`, `namedtuple`, `enum` or `flag`. fields: those declared, in their order.
    slots: each with its descriptor, private names as the class mangles them. has_dict: whether
    there may be more than that. The names are interned: the engine finds a field's slot by identity.
    """

    form: str
    fields: tuple[str, ...] = ()
    slots: tuple[tuple[str, Any], ...] = ()
    has_dict: bool = False


def shape_of(kind: Any) -> Shape | None:
    """Return the shape of a class, or None where its instances are more than their state."""
    meta: Any = type(kind)
    # A metaclass may make its classes unhashable, among other things.
    if meta.__hash__ is not object.__hash__ or kind in copyreg.dispatch_table:
        return None
    if isinstance(kind, enum.EnumMeta):
        return shape_of_enum(kind)
    if meta not in METACLASSES or kind.__reduce_ex__ is not object.__reduce_ex__:
        return None
    if kind.__reduce__ is not object.__reduce__ or kind.__getattribute__ not in OWN_ACCESS:
        return None
    return shape_of_tuple(kind) if issubclass(kind, tuple) else shape_of_dataclass(kind)


def shape_of_enum(kind: Any) -> Shape | None:
    """Members are found by their names, so that only their own hook counts: pickle asks it first."""
    if kind.__reduce_ex__ not in BY_MEMBER:
        return None
    return Shape("flag" if issubclass(kind, enum.Flag) else "enum")


def shape_of_tuple(kind: Any) -> Shape | None:
    """Take what `namedtuple` or `NamedTuple` made, and subclasses that add only methods."""
    fields = getattr(kind, "_fields", None)
    new = kind.__new__
    if not isinstance(fields, tuple) or not isinstance(new, types.FunctionType):
        return None
    generated = (
        new.__globals__.get("_tuple_new") is tuple.__new__
        and new.__code__.co_varnames == ("_cls", *fields)
        and getattr(getattr(kind, "__getnewargs__", None), "__code__", None) == NEWARGS
    )
    # Without slots there would be room for attributes that are no items.
    bare = kind.__basicsize__ == tuple.__basicsize__ and not kind.__dictoffset__
    hooks = (
        kind.__getstate__ is not object.__getstate__
        or hasattr(kind, "__setstate__")
        or hasattr(kind, "__getnewargs_ex__")
    )
    return Shape("namedtuple", fields) if generated and bare and not hooks else None


def shape_of_dataclass(kind: Any) -> Shape | None:
    """Take a class that was itself made a dataclass: a subclass may have fields undeclared."""
    if "__dataclass_fields__" not in vars(kind) or hasattr(kind, "__is_pydantic_dataclass__"):
        return None
    if kind.__new__ is not object.__new__ or has_hooks(kind):
        return None
    slots: dict[str, Any] = {}
    for base in kind.__mro__[:-1]:
        inside = vars(base)
        # A class that pretends to be another, or makes up its attributes.
        if "__class__" in inside or not isinstance(inside.get("__dict__"), GENUINE):
            return None
        slots |= {
            sys.intern(name): found
            for name, found in inside.items()
            if type(found) is types.MemberDescriptorType
        }
    if hides_state(kind, len(slots)):
        return None
    fields = tuple(sys.intern(str(field.name)) for field in dataclasses.fields(kind))
    return Shape("dataclass", fields, tuple(slots.items()), kind.__dictoffset__ != 0)


def has_hooks(kind: Any) -> bool:
    """Whether a class has its own say in what pickle takes of an instance."""
    return (
        kind.__getstate__ not in OWN_STATE
        or getattr(kind, "__setstate__", ABSENT) not in OWN_SETTER
        or hasattr(kind, "__getnewargs__")
        or hasattr(kind, "__getnewargs_ex__")
    )


def hides_state(kind: type, slots: int) -> bool:
    """Whether instances are larger than what can be seen, as those of a class written in C are.

    Copyreg asks the same before it takes an object apart. A slot that another one of its name hides
    counts for nothing here. An offset below zero is a place outside the size.
    """
    seen = slots + (kind.__dictoffset__ > 0) + (kind.__weakrefoffset__ > 0)
    return bool(kind.__itemsize__) or kind.__basicsize__ > object.__basicsize__ + WORD * seen
