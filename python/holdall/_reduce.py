"""How a pickle holds what C pickle does not write by itself, or would change."""

import abc
import copyreg
import dataclasses
import functools
import importlib
import io
import operator
import sys
from collections import OrderedDict
from collections.abc import Callable
from types import CellType, CodeType, FunctionType, MappingProxyType, MethodType, ModuleType
from typing import Any, TypeVar

from holdall import _main
from holdall._wrapper import Wrapper

# What cloudpickle writes and C pickle does not, or by its name only. Not in it, though cloudpickle
# would write them: memoryview and files, which would come back as another type, and loggers, which
# say themselves whether their name finds them.
SPECIAL: tuple[type, ...] = (
    CellType,
    CodeType,
    MappingProxyType,
    MethodType,
    ModuleType,
    TypeVar,
    classmethod,
    property,
    staticmethod,
    abc.abstractclassmethod,
    abc.abstractproperty,
    abc.abstractstaticmethod,
    *(
        type(view)
        for d in (dict[Any, Any](), OrderedDict[Any, Any]())
        for view in (d.keys(), d.values(), d.items())
    ),
    # What dataclasses compare by identity: the marks of fields and class variables, and of no default.
    type(dataclasses._FIELD),  # type: ignore[attr-defined]  # noqa: SLF001 - no other way to it
    type(dataclasses.MISSING),
)


class Rest:
    """What one pickle leaves to others; functions that share their globals in it share them again."""

    def __init__(self) -> None:
        self.pickler: Any = None

    def reduce(self, value: Any) -> Any:
        """Return how to write a value, or NotImplemented where C pickle does it after all."""
        kind = type(value)
        if kind in SPECIAL:
            if isinstance(value, ModuleType) and sys.modules.get(value.__name__) is value:
                return importlib.import_module, (value.__name__,)
            if value is dataclasses.MISSING:
                return "MISSING"
            return reducers()[kind](value)
        if kind is FunctionType:
            return self.named(value)
        if issubclass(kind, type):
            if kind in copyreg.dispatch_table:
                # Its metaclass says how, and C pickle asks it.
                return NotImplemented
            return _main.kept(value) or self.named(value)
        if isinstance(value, Wrapper):
            # One of the script goes by value, as its functions do.
            return value.by_value() if value.__module__ in _main.MAIN else NotImplemented
        if kind is sys.modules["numpy"].void:
            return item_of_bits(value)
        return view_of_bits(value)

    def named(self, value: Any) -> Any:
        """Return how cloudpickle writes a class or a function."""
        if self.pickler is None:
            import cloudpickle

            self.pickler = cloudpickle.Pickler(io.BytesIO(), 5)
        if value.__module__ != "__mp_main__":
            return self.pickler.reducer_override(value)
        with _main.copying(value.__module__):
            return self.pickler.reducer_override(value)


@functools.cache
def reducers() -> dict[type, Callable[[Any], Any]]:
    """Return cloudpickle's reducers of special types, as a plain dict: the chain of its own is slow."""
    import cloudpickle

    table = cloudpickle.Pickler.dispatch_table
    return {kind: table[kind] for kind in SPECIAL if kind in table}


def view_of_bits(array: Any) -> Any:
    """Write an array as a view of plain bits, which NumPy keeps as they are.

    Of some arrays it would write the items in native byte order, and with them either a dtype that
    is not theirs or whatever was in memory between the fields of records.
    """
    kind = type(array)
    if kind is not sys.modules["numpy"].ndarray:
        raise TypeError(f"{kind.__name__!r} would lose its byte order; use the machine's own")
    bits = array.view(f"V{array.itemsize}") if array.itemsize else array
    flags = bits.flags
    return kind.view, (
        bits if flags.c_contiguous or flags.f_contiguous else bits.copy(),
        array.dtype,
    )


def item_of_bits(record: Any) -> Any:
    """Write a single record as the only item of an array, for the same reason."""
    if record.dtype.names is None or record.dtype.hasobject:
        return NotImplemented
    return operator.getitem, (sys.modules["numpy"].asarray(record), ())
