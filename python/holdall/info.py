"""What is known of a stored value without opening it."""

import mimetypes
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

__all__ = ["Info"]

BY_CODEC = {"cbor": "application/cbor", "json": "application/json", "text": "text/plain"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Info:
    """What `Store.info` gives.

    name: the last segment of the key. key, store, uri: where the value is.
    size: the payload's size in bytes, large buffers beside it included. codec: how it is written.
    segments: how many large buffers there are beside it.
    created_at, updated_at: when the key was first written, and when this value was; aware, in UTC.
        In a folder an overwrite is a new file, so there created_at begins anew with each.
    expires_at: aware, in UTC; None for ever.
    mimetype: by the key's ending, else by the codec.
    bare: whether the value is kept without a frame, and so without a checksum.
    signed_by, sealed_by: the id of the key that signed or sealed it. python: the version whose code it holds.
    """

    name: str
    key: str
    store: str
    uri: str
    size: int
    segments: int
    codec: str
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None
    mimetype: str
    bare: bool
    signed_by: str | None
    sealed_by: str | None
    python: str | None


def info_of(glance: dict[str, Any], store: str, uri: str) -> Info:
    """Make an Info of what the engine saw."""
    key = glance["key"]
    codec = glance["codec"]
    guess = mimetypes.guess_type(key)[0]
    expires = glance["expires"]
    return Info(
        name=key.rsplit("/", 1)[-1],
        key=key,
        store=store,
        uri=uri,
        size=glance["size"],
        segments=glance["segments"],
        codec=codec,
        created_at=moment(glance["created"]),
        updated_at=moment(glance["updated"]),
        expires_at=None if expires is None else moment(expires),
        mimetype=guess or BY_CODEC.get(codec, "application/octet-stream"),
        bare=glance["bare"],
        signed_by=glance["signed_by"],
        sealed_by=glance["sealed_by"],
        python=glance["python"],
    )


def moment(milliseconds: int) -> datetime:
    """Return a time that the engine counts in milliseconds since the Unix epoch."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return datetime.max.replace(tzinfo=UTC)
