"""Models: their data when written, an instance of them when read.

Pydantic does the work, for its own models and for whatever types it knows, and `_fields` teaches it
those that it does not. Where a struct of msgspec's is anywhere inside, msgspec does it all.
"""

import functools
from typing import Any, get_args

from holdall import _types, _where
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
    if has_struct(model):
        from holdall import _struct

        found = _struct.data(value, lambda inner: data(inner, type(inner)))
        instance(found, model)
        return found
    adapter = adapter_of(model)
    # Fields that are computed are none that the model takes.
    found = adapter.dump_python(value, by_alias=True, round_trip=True, warnings=False)
    try:
        instance(found, model)
    except SerializationError:
        # By names, where the aliases for the two directions differ; and if an attribute was set to what
        # does not fit, better now than when it is read.
        found = adapter.dump_python(value, by_alias=False, round_trip=True, warnings=False)
        instance(found, model)
    return found


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
    if has_struct(model):
        return struct(value, model)
    adapter = adapter_of(model)
    import pydantic

    try:
        return adapter.validate_python(value, by_alias=True, by_name=True)
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise misfit(_where.path(adapter.core_schema, first["loc"]), model, first["msg"]) from error
    except pydantic.PydanticUserError as error:  # a name in it means nothing yet
        raise ValidationError(f"{refusal(model)}: {error.message.splitlines()[0]}") from error


def struct(value: Any, model: Any) -> Any:
    """Return what a type with a struct inside makes of data."""
    from holdall import _struct

    try:
        return _struct.instance(value, _types.unnamed(model), instance)
    except SerializationError as error:
        raise misfit(error.path, model, str(error).partition(": ")[2]) from error
    except TypeError as error:
        raise ValidationError(f"{refusal(model)}: {error}") from error


def misfit(path: str, model: Any, reason: str) -> SerializationError:
    """Say what does not fit a model."""
    name = str(model) if get_args(model) else getattr(model, "__name__", str(model))
    return SerializationError(f"{path}: does not fit {name}: {reason}", path=path)


def refusal(model: Any) -> str:
    """Say that something is no model."""
    return f"model={model!r} is no type that pydantic, attrs or msgspec can validate"


def has_struct(model: Any) -> bool:
    """Whether a type is one of msgspec's structs or has one inside."""
    return bool(remembered(looked_for_struct, model))


@functools.lru_cache(maxsize=256)
def looked_for_struct(model: Any) -> bool:
    """Look for a struct in a type."""
    return _types.mentions(model, _types.is_struct)


def adapter_of(model: Any) -> Any:
    """Return pydantic's adapter for a type."""
    try:
        import pydantic
    except ImportError as error:
        raise ValidationError(
            "model= needs pydantic 2; install it with: pip install pydantic"
        ) from error
    if isinstance(model, str):  # pydantic takes it for a type that is yet to come
        raise ValidationError(f"{refusal(model)}; give the type itself")
    try:
        return remembered(made, model)
    except (pydantic.PydanticUserError, NameError) as error:
        raise ValidationError(f"{refusal(model)}: {str(error).splitlines()[0]}") from error


# An adapter costs a hundred times what it does for one value.
@functools.lru_cache(maxsize=256)
def made(model: Any) -> Any:
    """Make pydantic's adapter for a type."""
    import pydantic

    from holdall import _fields

    return pydantic.TypeAdapter(_fields.understood(model))


def remembered(function: Any, model: Any) -> Any:
    """Call a function that has a cache; past it for types annotated with what has no hash."""
    try:
        hash(model)
    except TypeError:
        return function.__wrapped__(model)
    return function(model)
