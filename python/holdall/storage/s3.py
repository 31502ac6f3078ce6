"""Entries as objects in an S3 bucket, through a file system of `s3fs`."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from holdall.errors import BackendError, ValidationError
from holdall.serializers import S3_PROTOCOL, _s3
from holdall.serializers._beside import Reading, new_token
from holdall.serializers._registry import Registry
from holdall.storage.lease import Lease
from holdall.storage.medium import ProtocolsOf
from holdall.storage.objects import SIDE, Objects

__all__ = ["S3"]


class Draft(_s3.Draft):
    """The side data of one entry, written where it stays: no entry refers to it yet."""

    def publish(self) -> str:
        """Say where it is."""
        return self.folder.rpartition("/")[2]


class S3(Objects):
    """A folder of a bucket.

    path: bucket and folder. s3fs: options of `s3fs.S3FileSystem`.
    lease: how many seconds a claim outlives a holder that is not heard of.
    """

    def __init__(
        self,
        *,
        path: str,
        trust: str | None,
        keyset: Any,
        s3fs: Mapping[str, Any] | None = None,
        lease: float = 60.0,
    ) -> None:
        """Take the place; nothing is asked of the server yet."""
        super().__init__(trust=trust, keyset=keyset)
        self._root = path.removeprefix("s3:/").strip("/")
        if not self._root:
            raise ValidationError(f"path={path!r} has no bucket; give 'bucket/folder'")
        self._options = dict(s3fs or {})
        self._lease = float(lease)
        self._client: tuple[int, Any] | None = None

    @property
    def client(self) -> Any:
        """The file system, made anew in a forked child: its threads and connections are its parent's."""
        if self._client is None or self._client[0] != os.getpid():
            import s3fs

            options = {"use_listings_cache": False, "skip_instance_cache": True, **self._options}
            with told("connect"):
                self._client = os.getpid(), s3fs.S3FileSystem(**options)
        return self._client[1]

    def _at(self, key: str) -> str:
        return f"{self._root}/{key}"

    def _head(self, key: str, size: int) -> tuple[bytes, int] | None:
        with told(f"read {key}"):
            try:
                whole = int(self.client.info(self._at(key), refresh=True)["size"])
                if not whole:
                    return b"", 0
                return self.client.cat_file(self._at(key), start=0, end=min(size, whole)), whole
            except FileNotFoundError:
                return None

    def _get(self, key: str) -> bytes | None:
        with told(f"read {key}"):
            try:
                data: bytes = self.client.cat_file(self._at(key))
            except FileNotFoundError:
                return None
            return data

    def exists(self, workflow: str, name: str) -> bool:
        """Say whether a name has an entry."""
        path = self._at(self._path(workflow, name))
        with told(f"read {path}"):
            try:
                return bool(self.client.info(path, refresh=True)["type"] == "file")
            except FileNotFoundError:
                return False

    def _put(self, key: str, data: bytes) -> None:
        with told(f"write {key}"):
            self.client.pipe_file(self._at(key), data)

    def _delete(self, keys: list[str]) -> None:
        with told("remove"):
            for key in keys:
                self.client.rm_file(self._at(key))

    def _list(self, prefix: str) -> Iterable[tuple[str, float]]:
        folder = self._at(prefix).rstrip("/")
        with told(f"list {prefix}"):
            found = self.client.find(folder, detail=True, refresh=True)
        for path, entry in found.items():
            yield path.removeprefix(folder).lstrip("/"), entry["LastModified"].timestamp()

    def _lock(self, key: str) -> AbstractContextManager[Any]:
        return Lease(self.client, self._at(key), self._lease)

    def _side(self, workflow: str, name: str) -> str:
        folder, _, file = self._path(workflow, name).rpartition("/")
        return self._at(f"{folder}/{SIDE}/{file}")

    def draft(self, workflow: str, name: str) -> Draft:
        """Return a new folder for side data."""
        return Draft(self.client, f"{self._side(workflow, name)}/{new_token()}")

    def reading(self, workflow: str, name: str, registry: Registry) -> Reading:
        """Return what a value with side data is read with."""
        return _s3.reading(registry, self.client, self._side(workflow, name))

    def protocols(self, workflow: str, name: str) -> ProtocolsOf:
        """Return what side data is removed with."""
        client, side = self.client, self._side(workflow, name)
        return lambda token, number: _s3.protocols(client, f"{side}/{token}/{number}")

    def bigdata(self, workflow: str) -> Mapping[str, Any]:
        """Return the protocols of the side data that Function Fuse wrote, to be read."""
        folder = self._at(f"{self._folder(workflow)}bigdata")
        return {S3_PROTOCOL: {"client": self.client, "folder": folder}}


@contextmanager
def told(what: str) -> Iterator[None]:
    """Say what failed, in an error of ours; a missing object is for whoever asked."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise BackendError(f"cannot {what} in the bucket: {error}; see the cause") from error
