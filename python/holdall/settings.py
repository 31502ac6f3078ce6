"""What the environment says, read when a store is made."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from holdall.errors import ValidationError

__all__ = ["Settings"]

PREFIX = "HOLDALL_"
NESTED = "__"
TRUE, FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The settings of a store. An argument of `get_store` wins over them.

    uri: `HOLDALL_URI`; default an embedded SQLite store in the folder `.holdall`.
    serialization_mode: `HOLDALL_SERIALIZATION_MODE`; default "auto".
    raise_on_nonexist: `HOLDALL_RAISE_ON_NONEXIST`; default True.
    default_ttl: `HOLDALL_DEFAULT_TTL`, seconds; default 0, for ever.
    backend_config: `HOLDALL_BACKEND_CONFIG__DURABILITY` and so on, names in lower case.
    """

    uri: str = "sqlite:///.holdall/store.db"
    serialization_mode: str = "auto"
    raise_on_nonexist: bool = True
    default_ttl: float = 0.0
    backend_config: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read the settings from the environment.

        Raises ValidationError, naming the variable, for a value that does not fit.
        """
        environ = os.environ if environ is None else environ
        found: dict[str, Any] = {}
        if uri := environ.get(f"{PREFIX}URI"):
            found["uri"] = uri
        if mode := environ.get(f"{PREFIX}SERIALIZATION_MODE"):
            found["serialization_mode"] = mode
        if flag := environ.get(f"{PREFIX}RAISE_ON_NONEXIST"):
            found["raise_on_nonexist"] = boolean(f"{PREFIX}RAISE_ON_NONEXIST", flag)
        if ttl := environ.get(f"{PREFIX}DEFAULT_TTL"):
            found["default_ttl"] = number(f"{PREFIX}DEFAULT_TTL", ttl)
        nested = f"{PREFIX}BACKEND_CONFIG{NESTED}"
        config = {
            name[len(nested) :].lower(): value
            for name, value in environ.items()
            if name.startswith(nested)
        }
        return cls(**found, backend_config=config)


def boolean(name: str, text: str) -> bool:
    """Read a yes or no."""
    if text.lower() in TRUE:
        return True
    if text.lower() in FALSE:
        return False
    raise ValidationError(
        f"{name}={text!r} is neither true nor false; use one of {', '.join(TRUE + FALSE)}"
    )


def number(name: str, text: str) -> float:
    """Read a number."""
    try:
        return float(text)
    except ValueError:
        raise ValidationError(f"{name}={text!r} is not a number") from None
