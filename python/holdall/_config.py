"""A store's options as JSON or YAML."""

import json
from typing import Any

from holdall.errors import ValidationError


def options_of(text: str, kind: str) -> dict[str, Any]:
    """Read the arguments of `get_store`; `kind` is "json" or "yaml"."""
    if not isinstance(text, str):
        raise ValidationError(f"a store's options in {kind} are a str, not {type(text).__name__}")
    try:
        found = json.loads(text) if kind == "json" else yaml(text)
    except ValueError as error:
        raise ValidationError(f"a store's options are no {kind}: {error}") from error
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        raise ValidationError(
            f"a store's options in {kind} are an object such as uri and default_ttl with their "
            f"values, not {type(found).__name__}"
        )
    for name in ("trust", "keyset"):
        if name in found:
            raise ValidationError(
                f"{name} is said in code, never in a text that others may have written: it decides "
                "whose code may run; give it as a keyword beside the text"
            )
    return found


def yaml(text: str) -> Any:
    """Read YAML, plain data only."""
    try:
        import yaml
    except ImportError as error:
        raise ImportError("YAML needs PyYAML: pip install pyyaml; or use JSON") from error
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
