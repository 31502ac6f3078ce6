"""Pydantic models: their data when written, an instance of them when read."""

from typing import Any

from holdall.errors import SerializationError, ValidationError


def data(value: Any, model: Any = None) -> Any:
    """Return a model instance's data.

    With a `model`, the value is an instance of it or data that it accepts, and what is kept is
    what the model accepts again, aliases included.
    """
    if model is None:
        return value.model_dump()
    adapter = adapter_of(model)
    if not (isinstance(model, type) and isinstance(value, model)):
        value = validated(adapter, value, model)
    return adapter.dump_python(value, by_alias=True)


def instance(value: Any, model: Any) -> Any:
    """Return the instance that a model makes of data."""
    return validated(adapter_of(model), value, model)


def validated(adapter: Any, value: Any, model: Any) -> Any:
    """Validate, by alias or by name, and name the path of what does not fit."""
    import pydantic

    try:
        return adapter.validate_python(value, by_alias=True, by_name=True)
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = "$" + "".join(
            f".{step}" if isinstance(step, str) else f"[{step}]" for step in first["loc"]
        )
        name = getattr(model, "__name__", str(model))
        raise SerializationError(
            f"{path}: does not fit {name}: {first['msg']}", path=path
        ) from error


def adapter_of(model: Any) -> Any:
    """Return pydantic's adapter for a type."""
    try:
        import pydantic
    except ImportError as error:
        raise ValidationError(
            "model= needs pydantic 2; install it with: pip install pydantic"
        ) from error
    try:
        return pydantic.TypeAdapter(model)
    except pydantic.PydanticSchemaGenerationError as error:
        raise ValidationError(f"model={model!r} is no type that pydantic can validate") from error
