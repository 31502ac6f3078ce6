"""Instances of pydantic's models: by their fields, which of them were given, and what else they hold."""

from typing import Any

from pydantic import BaseModel

from holdall.fingerprint.attributes import Attributes


def of_model(value: BaseModel) -> tuple[Any, ...]:
    """Describe a model. A cached property is in the same dict as the fields, and is none."""
    fields = type(value).model_fields
    return (
        "pydantic.BaseModel",
        type(value),
        Attributes({name: item for name, item in vars(value).items() if name in fields}),
        set(value.model_fields_set),
        Attributes(value.__pydantic_extra__ or ()),
        Attributes(value.__pydantic_private__ or ()),
    )


TABLE: dict[type, Any] = {}
WHOLE: dict[type, Any] = {BaseModel: of_model}
