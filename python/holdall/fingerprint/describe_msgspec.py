"""Instances of msgspec's structs: by their fields."""

from typing import Any

from msgspec import Struct

from holdall.fingerprint.attributes import Attributes


def of_struct(value: Struct) -> tuple[Any, ...]:
    """Describe a struct, and what a subclass of it may have in a dict."""
    names = value.__struct_fields__
    held = Attributes({name: getattr(value, name) for name in names if hasattr(value, name)})
    held.update(getattr(value, "__dict__", {}))
    return ("msgspec.Struct", type(value), held)


TABLE: dict[type, Any] = {}
WHOLE: dict[type, Any] = {Struct: of_struct}
