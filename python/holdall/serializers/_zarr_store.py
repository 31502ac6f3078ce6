"""What Zarr takes for a folder or a prefix: of Zarr 2 a mapping, of Zarr 3 a `Store`."""

from collections.abc import Iterator, MutableMapping
from functools import cache
from typing import Any, Never

from holdall.errors import CorruptFrame, SerializationError
from holdall.serializers._medium import File

# What is there besides chunks, and need not be.
DESCRIPTIONS = (".zarray", ".zattrs", ".zgroup", ".zmetadata", "zarr.json")


@cache
def is_three() -> bool:
    """Whether it is Zarr 3, or a later one."""
    import zarr

    return int(zarr.__version__.partition(".")[0]) >= 3


def store_of(file: File, *, whole: bool = False) -> Any:
    """Return the store in a folder or under a prefix.

    whole: every chunk must be there. Else Zarr takes one that is gone for zeros, without a word.
    """
    import zarr.storage

    if file.client is None and file.path is None:
        raise SerializationError(
            "Zarr writes a folder of files, and the protocol has no method path(filename), which says "
            "where; give it one, as holdall.serializers.FileProtocol has"
        )
    if is_three():
        if file.client is None:
            store: Any = zarr.storage.LocalStore(file.path)
        else:
            from fsspec.implementations.asyn_wrapper import AsyncFileSystemWrapper

            # The client itself: a copy of it for Zarr's own event loop would be closed by nobody.
            client = AsyncFileSystemWrapper(file.client, asynchronous=True)
            store = zarr.storage.FsspecStore(client, path=file.path)
        return whole_store()(store) if whole else store
    mapping = (
        zarr.storage.DirectoryStore(file.path)
        if file.client is None
        else file.client.get_mapper(file.path)
    )
    return WholeMapping(mapping) if whole else mapping


def is_description(key: str) -> bool:
    """Whether a key is that of something else than a chunk."""
    return key.endswith(DESCRIPTIONS)


def gone(key: str) -> Never:
    """Say that a chunk is no longer there."""
    raise CorruptFrame(
        f"{key}: this part of the array is gone, because the value that it belongs to was removed or "
        "replaced; read that again"
    )


class WholeMapping(MutableMapping[str, Any]):
    """A store of Zarr 2 in which every chunk is there."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getitem__(self, key: str) -> Any:
        try:
            return self._inner[key]
        except KeyError:
            # No KeyError: that is what Zarr takes for zeros.
            if is_description(key):
                raise
            gone(key)

    def __setitem__(self, key: str, value: Any) -> None:
        self._inner[key] = value

    def __delitem__(self, key: str) -> None:
        del self._inner[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._inner)

    def __len__(self) -> int:
        return len(self._inner)


@cache
def whole_store() -> Any:
    """Return the class of a store of Zarr 3 in which every chunk is there."""
    from zarr.storage import WrapperStore

    # Only here, because Zarr 2 has no class to derive from.
    class WholeStore(WrapperStore):  # type: ignore[misc]
        async def get(self, key: str, prototype: Any, byte_range: Any = None) -> Any:
            found = await super().get(key, prototype, byte_range)
            if found is None and not is_description(key):
                gone(key)
            return found

    return WholeStore
