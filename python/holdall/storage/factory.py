"""`storage_factory`: a storage of options."""

from collections.abc import Callable, Mapping
from typing import Any

from holdall.errors import ValidationError
from holdall.storage.file import File
from holdall.storage.medium import Medium
from holdall.storage.s3 import S3
from holdall.storage.storage import Storage
from holdall.storage.store import Stored, sqlite

__all__ = ["storage_factory"]

KINDS: dict[str, Callable[..., Medium]] = {
    "file": File,
    "S3": S3,
    "sqlite": sqlite,
    "store": Stored,
}


def storage_factory(options: Mapping[str, Any]) -> Storage:
    """Make a storage.

    options: {"kind": ..., "options": {...}}, where the kind is
        "file": files in a folder; path, durability ("normal" or "full");
        "S3": objects in a bucket; path ("bucket/folder"), s3fs (options of `s3fs.S3FileSystem`), lease
            (seconds that a claim outlives its holder, default 60);
        "sqlite": an SQLite database; path;
        "store": any store; uri, and the options of `get_store`;
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
