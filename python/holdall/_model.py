"""Models: their data when written, an instance of them when read.

Pydantic does the work, for its own models and for whatever types it knows; msgspec does it for its
structs, and `_attrs` teaches pydantic the classes of attrs.
"""

import sys
from typing import Any

from holdall.errors import SerializationError, ValidationError


def data(value: Any, model: Any = None) -> Any:
    """Return a model instance's data.

    With a `model`, the value is an instance of it or data that it accepts, and what is kept is
    what the model accepts again, aliases included.
    """
    if model is None:
        return value.model_dump()
    if not is_instance(value, model):
        value = instance(value, model)
    if is_struct(model):
        return struct_data(value)
    return adapter_of(model).dump_python(value, by_alias=True)


def is_instance(value: Any, model: Any) -> bool:
    """Whether a value is one of a model's own."""
    try:
        return isinstance(model, type) and isinstance(value, model)
    except TypeError:  # TypedDict does not tell
        return False


def instance(value: Any, model: Any) -> Any:
    """Return the instance that a model makes of data, or an error with the path of what does not fit.

    Aliases and names are both fine.
    """
    if is_struct(model):
        return struct(value, model)
    adapter = adapter_of(model)
    import pydantic

    try:
        return adapter.validate_python(value, by_alias=True, by_name=True)
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = "$" + "".join(
            f".{step}" if isinstance(step, str) else f"[{step}]" for step in first["loc"]
        )
        raise misfit(path, model, first["msg"]) from error


def misfit(path: str, model: Any, reason: str) -> SerializationError:
    """Say what does not fit a model."""
    name = getattr(model, "__name__", str(model))
    return SerializationError(f"{path}: does not fit {name}: {reason}", path=path)


def adapter_of(model: Any) -> Any:
    """Return pydantic's adapter for a type."""
    try:
        import pydantic
    except ImportError as error:
        raise ValidationError(
            "model= needs pydantic 2; install it with: pip install pydantic"
        ) from error
    refusal = f"model={model!r} is no type that pydantic, attrs or msgspec can validate"
    if isinstance(model, str):  # pydantic takes it for a type that is yet to come
        raise ValidationError(f"{refusal}; give the type itself")
    kind = model
    if "attrs" in sys.modules:
        from holdall import _attrs

        kind = _attrs.understood(model)
    try:
        return pydantic.TypeAdapter(kind)
    except pydantic.PydanticUserError as error:
        raise ValidationError(f"{refusal}: {error.message.splitlines()[0]}") from error


def is_struct(model: Any) -> bool:
    """Whether a model is one of msgspec's; nobody has one without having imported it."""
    msgspec = sys.modules.get("msgspec")
    return msgspec is not None and isinstance(model, type) and issubclass(model, msgspec.Struct)


def struct_data(value: Any) -> Any:
    """Return a struct's data, in which what auto keeps exactly stays as it is."""
    import datetime as dt
    import decimal
    import uuid

    import msgspec

    kept = (bytes, bytearray, dt.datetime, dt.date, dt.time, dt.timedelta)
    return msgspec.to_builtins(value, builtin_types=(*kept, decimal.Decimal, uuid.UUID))


def struct(value: Any, model: Any) -> Any:
    """Return the struct that data is."""
    import msgspec

    try:
        return msgspec.convert(value, model)
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at ")
        raise misfit(path.strip("`") or "$", model, reason) from error
