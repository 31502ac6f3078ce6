"""What pydantic has to be told of the classes that it does not know.

Those of attrs, TypedDicts, and dataclasses that have one of these inside. Pydantic does know a
TypedDict, but before Python 3.12 not the standard library's, and it drops keys that are not in it:
here they are refused, for what is put is not to be changed.
"""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Annotated, Any, NamedTuple, get_origin

from pydantic_core import core_schema

from holdall import _types


def understood(kind: Any) -> Any:
    """Return a type in which pydantic understands all classes, wherever they stand."""
    origin = get_origin(kind) or kind
    if is_unknown(origin) or (is_plain(origin) and _types.mentions(kind, is_unknown)):
        return Annotated[kind, Fields(kind)]
    return _types.with_parts(kind, understood)


def is_unknown(kind: Any) -> bool:
    """Whether pydantic is not to be asked about a class."""
    if _types.is_typed_dict(kind):
        return not hasattr(kind, "__pydantic_config__")  # which says what becomes of further keys
    return _types.is_attrs(kind)


def is_plain(kind: Any) -> bool:
    """Whether a class is a dataclass that is not pydantic's own."""
    return dataclasses.is_dataclass(kind) and not hasattr(kind, "__pydantic_fields__")


class Field(NamedTuple):
    """One field of a class."""

    name: str
    """The attribute's."""
    required: bool


def fields_of(kind: Any) -> dict[str, Field]:
    """Return the fields of a class, by the names that its constructor takes."""
    if _types.is_typed_dict(kind):
        return {name: Field(name, name in kind.__required_keys__) for name in kind.__annotations__}
    if _types.is_attrs(kind):
        import attrs

        return {
            field.alias or field.name: Field(field.name, field.default is attrs.NOTHING)
            for field in attrs.fields(kind)
            if field.init
        }
    missing = dataclasses.MISSING
    return {
        field.name: Field(field.name, field.default is missing and field.default_factory is missing)
        for field in dataclasses.fields(kind)
        if field.init
    }


OPEN: ContextVar[frozenset[str]] = ContextVar("OPEN", default=frozenset())
"""The classes whose schema is being made: inside of it they are referred to."""


@contextlib.contextmanager
def opened(name: str) -> Iterator[None]:
    """Have a class among those whose schema is being made."""
    before = OPEN.set(OPEN.get() | {name})
    try:
        yield
    finally:
        OPEN.reset(before)


class Fields:
    """A class as pydantic sees it: a dict of its fields, and a way back."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind
        self.origin = get_origin(kind) or kind

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        """Take an instance or a dict of the fields; give a dict of them."""
        name = f"{self.origin.__module__}.{self.kind!r}:{id(self.origin)}"
        if name in OPEN.get():
            return core_schema.definition_reference_schema(name)
        hints, fields = _types.field_types(self.kind), fields_of(self.origin)
        with opened(name):
            known = core_schema.typed_dict_schema(
                {
                    alias: core_schema.typed_dict_field(
                        handler.generate_schema(understood(hints.get(field.name, Any))),
                        required=field.required,
                    )
                    for alias, field in fields.items()
                },
                # As pydantic does with dataclasses.
                extra_behavior="ignore" if dataclasses.is_dataclass(self.origin) else "forbid",
            )
        if _types.is_typed_dict(self.origin):
            known["ref"] = name
            return known

        def write(value: Any, inner: Callable[[Any], Any]) -> Any:
            return inner({alias: getattr(value, field.name) for alias, field in fields.items()})

        def read(value: Any, inner: Callable[[Any], Any]) -> Any:
            if isinstance(value, self.origin):
                return value
            found = inner(value)
            try:
                return self.origin(**found)
            except TypeError as error:  # what validators of attrs raise, and pydantic lets through
                raise ValueError(str(error)) from error

        return core_schema.no_info_wrap_validator_function(
            read,
            known,
            ref=name,
            serialization=core_schema.wrap_serializer_function_ser_schema(write, schema=known),
        )
