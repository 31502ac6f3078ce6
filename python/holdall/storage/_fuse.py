"""What Function Fuse kept: a pickle and its SHA-1. It is read, never written."""

import hashlib
import io
import pickle
from collections.abc import Mapping
from typing import Any

from holdall.errors import CorruptFrame, SerializationError
from holdall.serializers._registry import Registry

__all__ = ["loads"]

HASH = 20


def loads(data: bytes, registry: Registry, protocols: Mapping[str, Any]) -> Any:
    """Return the value. Nobody signed it: the reader has said that it trusts whoever wrote it.

    Raises CorruptFrame if the hash is another; SerializationError if an object in it was written by a
    serializer that is not registered.
    """
    body, digest = data[:-HASH], data[-HASH:]
    if hashlib.sha1(body, usedforsecurity=False).digest() != digest:
        raise CorruptFrame(
            "it is neither an entry of holdall's nor a whole one of Function Fuse's; compute it again"
        )
    return Unpickler(body, registry, protocols).load()


class Unpickler(pickle.Unpickler):
    """C pickle's, with the objects that Function Fuse's serializers wrote."""

    def __init__(self, body: bytes, registry: Registry, protocols: Mapping[str, Any]) -> None:
        super().__init__(io.BytesIO(body))
        self._registry = registry
        self._protocols = protocols

    def persistent_load(self, pid: Any) -> Any:
        """Return the object of a reference."""
        if not (isinstance(pid, tuple) and len(pid) == 2 and isinstance(pid[0], str)):
            raise SerializationError(f"the reference {pid!r} is none of Function Fuse's")
        return self._registry.named(pid[0]).unpickle(pid[1], self._protocols)
