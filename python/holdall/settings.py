"""What the environment says, read when a store is made."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from holdall.errors import ValidationError

__all__ = ["Settings"]

PREFIX = "HOLDALL_"
NESTED = "__"
TRUE, FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
MODES = ("auto", "raw", "text", "json", "cbor", "pickle")
# What a backend can be told; the rest of the options is the store's.
BACKEND_OPTIONS = ("durability", "busy_timeout", "read_only")
DURABILITIES = ("normal", "full")


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
        """Read the settings from the environment; an empty variable is as good as none.

        Raises ValidationError, naming the variable, for a value that does not fit.
        """
        environ = os.environ if environ is None else environ
        found: dict[str, Any] = {}
        if uri := environ.get(f"{PREFIX}URI"):
            found["uri"] = uri
        if mode := environ.get(f"{PREFIX}SERIALIZATION_MODE"):
            found["serialization_mode"] = choice(f"{PREFIX}SERIALIZATION_MODE", mode, MODES)
        if flag := environ.get(f"{PREFIX}RAISE_ON_NONEXIST"):
            found["raise_on_nonexist"] = boolean(f"{PREFIX}RAISE_ON_NONEXIST", flag)
        if ttl := environ.get(f"{PREFIX}DEFAULT_TTL"):
            found["default_ttl"] = number(f"{PREFIX}DEFAULT_TTL", ttl)
        return cls(**found, backend_config=backend_config(environ))


def backend_config(environ: Mapping[str, str]) -> dict[str, Any]:
    """Read what a backend is told, each option as what it is."""
    nested = f"{PREFIX}BACKEND_CONFIG{NESTED}"
    found: dict[str, Any] = {}
    for name, text in environ.items():
        option = name[len(nested) :].lower()
        if not name.startswith(nested) or not text:
            continue
        if option == "durability":
            found[option] = choice(name, text, DURABILITIES)
        elif option == "busy_timeout":
            found[option] = number(name, text)
        elif option == "read_only":
            found[option] = boolean(name, text)
        else:
            # Whether there is such an option is for the store to say.
            found[option] = text
    return found


def choice(name: str, text: str, choices: tuple[str, ...]) -> str:
    """Read one of several words."""
    if text in choices:
        return text
    raise ValidationError(f"{name}={text!r} is none of {', '.join(choices)}")


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
    """Read a number of seconds."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if 0 <= seconds < math.inf:
        return seconds
    raise ValidationError(f"{name}={text!r} is no number of seconds, zero or more")
