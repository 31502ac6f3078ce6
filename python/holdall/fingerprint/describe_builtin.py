"""Subclasses of built-in types: by what they hold as such, whatever their methods say."""

from collections.abc import Callable, Iterable
from typing import Any

ALL = slice(None)


def exact(name: str, content: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, ...]]:
    """Return what describes a value of a built-in type as that type."""

    def described(value: Any) -> tuple[Any, ...]:
        return (name, content(value))

    return described


def items(kind: Any, collect: Callable[[Iterable[Any]], Any]) -> Callable[[Any], Any]:
    """Return what takes the items out of a container past its own `__iter__`."""
    return lambda value: collect(kind.__iter__(value))


def real(value: complex) -> complex:
    """Return a number as the built-in one."""
    return complex.__complex__(value)


# The exact types are the engine's; these are found by subclasses only.
TABLE: dict[type, Any] = {
    int: exact("int", int.__int__),
    float: exact("float", float.__float__),
    complex: exact("complex", real),
    str: exact("str", str.__str__),
    bytes: exact("bytes", lambda value: bytes.__getitem__(value, ALL)),
    bytearray: exact("bytearray", lambda value: bytearray.__getitem__(value, ALL)),
    list: exact("list", items(list, list)),
    tuple: exact("tuple", items(tuple, tuple)),
    dict: exact("dict", dict.copy),
    set: exact("set", items(set, set)),
    frozenset: exact("frozenset", items(frozenset, frozenset)),
}
