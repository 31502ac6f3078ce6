"""What dataclasses, attrs, pydantic and msgspec know of a class's fields."""

import dataclasses
from typing import Any

# What stands for "nothing said".
UNSAID = frozenset({"_MISSING_TYPE", "PydanticUndefinedType", "_Nothing", "NoDefaultType"})


def fields(walk: Any, kind: type, where: str) -> list[Any]:
    """Return what dataclasses, attrs, pydantic and msgspec know of a class's fields, in order."""
    said = []
    for name, options, values in declared(kind):
        said.append((name, options))
        for option, value in values:
            walk.held(kind, where, f"{name}.{option}", value)
    return said


def declared(kind: type) -> list[tuple[str, Any, list[tuple[str, Any]]]]:
    """Return of each field the name, what is said of it in plain words, and its values."""
    held = vars(kind)
    found: list[tuple[str, Any, list[tuple[str, Any]]]] = []
    for field in held.get("__dataclass_fields__", {}).values():
        options = [
            field._field_type.name,  # noqa: SLF001 - whether it is a ClassVar or an InitVar
            field.init,
            field.repr,
            field.hash,
            field.compare,
            field.kw_only,
        ]
        found.append((field.name, options, values_of(field, "default", "default_factory")))
    if "__dataclass_params__" in held:
        found.append(("", repr(held["__dataclass_params__"]), []))
    for field in held.get("__attrs_attrs__", ()):
        options = [
            field.init,
            field.repr,
            field.hash,
            bool(field.eq),
            bool(field.order),
            field.kw_only,
            field.alias,
        ]
        values = values_of(field, "default", "validator", "converter", "on_setattr")
        factory = getattr(field.default, "factory", None)
        if factory is not None:
            values = [("factory", factory), *values[1:]]
        found.append((field.name, options, values))
    models = held.get("__pydantic_fields__")
    for name, field in (models if isinstance(models, dict) else {}).items():
        options = [str(field.alias), field.frozen, field.init, field.kw_only]
        options += [type(each).__qualname__ for each in field.metadata]
        values = values_of(field, "default", "default_factory")
        for number, each in enumerate(field.metadata):
            values += [(f"metadata[{number}].{name}", value) for name, value in state_of(each)]
        found.append((name, options, values))
    names = getattr(kind, "__struct_fields__", ())
    defaults = getattr(kind, "__struct_defaults__", ())
    for name, default in zip(names[len(names) - len(defaults) :], defaults, strict=True):
        found.append((name, [], [("default", default)]))
    return found


def state_of(item: Any) -> list[tuple[str, Any]]:
    """Return what an annotation of a field says: a limit, or a function that checks it."""
    if dataclasses.is_dataclass(item):
        return [(field.name, getattr(item, field.name, None)) for field in dataclasses.fields(item)]
    return list(getattr(item, "__dict__", {}).items())


def values_of(field: Any, *names: str) -> list[tuple[str, Any]]:
    """Return what a field says under some names; what stands for nothing said is left out."""
    found = [(name, getattr(field, name, None)) for name in names]
    return [
        (name, value)
        for name, value in found
        if value is not None and type(value).__name__ not in UNSAID
    ]
