"""Members of Enums and Flags: by name, with the values that the names had."""

import enum
from collections.abc import Callable
from typing import Any, TypeVar

from holdall import _equal, _path
from holdall.errors import SerializationError

Member = TypeVar("Member", bound=enum.Enum)
# What an upgrade gets a member as.
PARTS = {"enum": ("name", "value"), "flag": ("value", "members")}


def state_of(member: enum.Enum) -> list[Any] | None:
    """Return `[name, value]`, for a flag `[value, {name: value}]`; None if its class does not list it.

    A class may make up members as it is asked for them, and such a one has no name to be found by.
    """
    if isinstance(member, enum.Flag):
        return state_of_flag(member)
    name = member._name_
    listed = type(member)._member_map_.get(name) is member
    return [name, member._value_] if listed else None


def state_of_flag(member: enum.Flag) -> list[Any] | None:
    """Return the value, and the named members that it is made of.

    Python's own iteration over a flag knows single bits only, and up to 3.11 yields None for a
    member of several bits whose bits have no names. Bits without a name need none to be found.
    """
    value = member._value_
    # `type`, for a value that only counts as a number may count in a way of its own.
    if type(value) is not int or value < 0:
        return None
    inside = {
        name: part._value_
        for name, part in type(member)._member_map_.items()
        if name == part._name_ and part._value_ and part._value_ & value == part._value_
    }
    bits = sum(number for number in inside.values() if number.bit_count() == 1)
    named = member._name_ if member._name_ in type(member)._member_map_ else None
    parts = {
        name: number
        for name, number in inside.items()
        if number.bit_count() == 1 or number & ~bits or name == named
    }
    if not value and named:
        parts[named] = value
    return [value, parts]


def builder(kind: type[enum.Enum], called: str) -> Callable[[list[Any]], Any]:
    """Return what finds the members of a class again, which is called so in its errors."""
    if issubclass(kind, enum.Flag):
        return lambda values: flag(kind, called, *values)
    return lambda values: named(kind, called, *values)


def named(kind: type[Member], called: str, name: Any, value: Any) -> Member:
    """Return a member by its name, if it still has the value."""
    member = kind._member_map_.get(name) if isinstance(name, str) else None
    if member is None:
        raise SerializationError(
            f"{called}: the member {_path.short(name)} is gone; {way_out(kind)}"
        )
    if not is_same(member._value_, value):
        raise SerializationError(
            f"{called}: the member {name} was {_path.short(value)} and is "
            f"{_path.short(member._value_)} now; {way_out(kind)}"
        )
    return member  # type: ignore[return-value]  # the map has the members of this very class


def flag(kind: type[enum.Flag], called: str, value: Any, members: Any) -> enum.Flag:
    """Return the flag of a value, if all that it is made of still means the same."""
    if not isinstance(members, dict) or type(value) is not int:
        raise SerializationError(f"{called}: {_path.short(value)} is no flag; write it again")
    for name, part in members.items():
        named(kind, called, name, part)
    refusal = f"{called}: {value} is no combination of its members now; {way_out(kind)}"
    try:
        found = kind(value)
    except MemoryError:
        raise
    except Exception as error:
        raise SerializationError(refusal) from error
    # A class may drop the bits it does not know, or give a plain number for them.
    if type(found) is not kind or found._value_ != value:
        raise SerializationError(refusal)
    return found


def is_same(now: Any, then: Any) -> bool:
    """Whether a member's value is what it was; one that cannot be compared is not."""
    try:
        return _equal.same(now, then)
    except MemoryError:
        raise
    except Exception:
        return False


def way_out(kind: type) -> str:
    """Say what to do about a class that has changed."""
    return (
        "put it back as it was, or register the class with a higher version and an upgrade: "
        f"holdall.register({kind.__qualname__}, version=..., upgrade=...)"
    )
