"""A store's options as JSON or YAML."""

import json
from typing import Any

from holdall.errors import ValidationError


def options_of(text: str, kind: str) -> dict[str, Any]:
    """Read the arguments of `get_store`; `kind` is "json" or "yaml"."""
    try:
        found = json.loads(text) if kind == "json" else yaml(text)
    except ValueError as error:
        raise ValidationError(f"a store's options are no {kind}: {error}") from error
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        raise ValidationError(
            f"a store's options in {kind} are an object such as uri and default_ttl with their "
            f"values, not {type(found).__name__}"
        )
    if "trust" in found:
        raise ValidationError(
            "trust is said in code, never in a file, which others may write; "
            "give it as a keyword beside the file"
        )
    return found


def yaml(text: str) -> Any:
    """Read YAML, plain data only."""
    try:
        import yaml
    except ImportError as error:
        raise ImportError("YAML needs PyYAML: pip install holdall[yaml]; or use JSON") from error
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
