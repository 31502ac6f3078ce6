"""`storage_factory`: a storage of options."""

from collections.abc import Callable, Mapping
from typing import Any

from holdall.errors import ValidationError
from holdall.storage.file import file_medium
from holdall.storage.medium import Medium
from holdall.storage.storage import Storage

__all__ = ["storage_factory"]

KINDS: dict[str, Callable[..., Medium]] = {"file": file_medium}


def storage_factory(options: Mapping[str, Any]) -> Storage:
    """Make a storage.

    options: {"kind": ..., "options": {...}}, where the kind is
        "file": entries as files; options: path, durability;
    and all take trust ("keyset" by default, or "all") and keyset (its path or text).
    Raises ValidationError, a ValueError, for another kind or option.
    """
    if "kind" not in options:
        raise ValidationError(
            f"a storage takes {{'kind': 'file', 'options': {{'path': ...}}}}, not {options!r}"
        )
    kind, given = options["kind"], dict(options.get("options") or {})
    medium = KINDS.get(kind)
    if medium is None:
        raise ValidationError(
            f"kind={kind!r} is none of {', '.join(map(repr, KINDS))}", parameter="kind", value=kind
        )
    shared = {name: given.pop(name, None) for name in ("trust", "keyset")}
    recipe = {"kind": kind, "options": {**given, **{k: v for k, v in shared.items() if v}}}
    try:
        return Storage(medium(**given, **shared), recipe, **shared)
    except TypeError as error:
        raise ValidationError(f"the options of a {kind!r} storage: {error}") from error
