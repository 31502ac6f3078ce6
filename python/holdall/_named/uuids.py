"""UUIDs that say whether they were made safely."""

import uuid
from typing import Any

from holdall._named.check import exact


def build_uuid(data: Any, is_safe: Any) -> uuid.UUID:
    """Make a UUID of its 16 bytes."""
    return uuid.UUID(bytes=exact(data, bytes), is_safe=uuid.SafeUUID(exact(is_safe, int)))


REDUCERS: dict[type, Any] = {}
NAMES = {"uuid.UUID": build_uuid}
TAGS: dict[int, Any] = {}
