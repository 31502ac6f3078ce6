"""What pydantic has to be told of the classes of attrs, which it does not know."""

import functools
import operator
import types
from collections.abc import Callable
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import attrs
from pydantic_core import core_schema


def understood(kind: Any) -> Any:
    """Return a type in which pydantic understands the classes of attrs, wherever they stand."""
    if isinstance(kind, type) and attrs.has(kind):
        return Annotated[kind, Fields(kind)]
    origin, parts = get_origin(kind), get_args(kind)
    if origin is None or not any(isinstance(part, type) or get_origin(part) for part in parts):
        return kind
    known = tuple(understood(part) for part in parts)
    if known == parts:
        return kind
    if origin is types.UnionType:
        return functools.reduce(operator.or_, known)
    return origin[known]


class Fields:
    """The fields of a class, by the names that its constructor takes."""

    def __init__(self, kind: type) -> None:
        self.kind = kind

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        """Take an instance or a dict of the fields; give a dict of them."""
        hints = get_type_hints(self.kind, include_extras=True)
        names = {
            field.alias or field.name: field for field in attrs.fields(self.kind) if field.init
        }
        fields = core_schema.typed_dict_schema(
            {
                alias: core_schema.typed_dict_field(
                    handler.generate_schema(understood(hints.get(field.name, Any))),
                    required=field.default is attrs.NOTHING,
                )
                for alias, field in names.items()
            },
            extra_behavior="forbid",
        )

        def write(value: Any, inner: Callable[[Any], Any]) -> Any:
            return inner({alias: getattr(value, field.name) for alias, field in names.items()})

        def read(value: Any, inner: Callable[[Any], Any]) -> Any:
            return value if isinstance(value, self.kind) else self.kind(**inner(value))

        return core_schema.no_info_wrap_validator_function(
            read,
            fields,
            serialization=core_schema.wrap_serializer_function_ser_schema(write, schema=fields),
        )
