"""The files of one object: on a disk, or in a bucket; named once, opened in any process."""

import io
import mmap
import posixpath
import secrets
from typing import IO, Any

from holdall.errors import SerializationError
from holdall.serializers import FILE_PROTOCOL, S3_PROTOCOL


def new_name(suffix: str = "") -> str:
    """Return a file name that nobody has; the suffix is for people who look."""
    return secrets.token_hex(16) + suffix


def on_files(protocols: dict[str, Any]) -> bool:
    """Whether there are files; else there is a bucket."""
    if FILE_PROTOCOL in protocols:
        return True
    if S3_PROTOCOL in protocols:
        return False
    raise SerializationError(
        f"the protocols are {sorted(protocols)}; a serializer of holdall's needs {FILE_PROTOCOL!r} "
        f"or {S3_PROTOCOL!r}"
    )


class File:
    """A file of one object.

    Pickled, as a graph of Dask's is, it is its path or its key: a protocol may hold what cannot be
    sent to another process.
    """

    def __init__(self, protocols: dict[str, Any], name: str) -> None:
        self.name = name
        self.protocol: Any = None
        self.client: Any = None
        self.path: str | None = None
        if on_files(protocols):
            self.protocol = protocols[FILE_PROTOCOL]
            # Only `open` and `remove` are promised.
            path_of = getattr(self.protocol, "path", None)
            self.path = str(path_of(name)) if callable(path_of) else None
        else:
            self.client = protocols[S3_PROTOCOL]["client"]
            self.path = posixpath.join(protocols[S3_PROTOCOL]["folder"], name)

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        if self.path is not None:
            state["protocol"] = None
        return state

    def __dask_tokenize__(self) -> tuple[str, ...]:
        return "holdall.serializers", self.token

    @property
    def token(self) -> str:
        """What tells it from all others."""
        return self.path or self.name

    def open(self, mode: str = "rb") -> IO[bytes]:
        """Open it, as the built-in `open` does."""
        if self.protocol is not None:
            opened: IO[bytes] = self.protocol.open(self.name, mode)
        elif self.client is not None:
            opened = self.client.open(self.path, mode)
        else:
            opened = open(str(self.path), mode)  # noqa: PTH123, SIM115 - like the other two
        return opened

    def write(self, data: Any) -> None:
        """Write all of it."""
        with self.open("wb") as file:
            file.write(data)

    def content(self, *, private: bool = False) -> memoryview:
        """Return all of it: mapped where that can be, else read.

        private: it can be written to, which changes the file in nobody's eyes.
        """
        with self.open("rb") as file:
            return mapped(file, private=private)

    def remove(self) -> None:
        """Remove it, or all that begins with its name and a slash."""
        if self.protocol is not None:
            self.protocol.remove(self.name)
        else:
            self.client.rm(self.path, recursive=True)


def mapped(file: IO[bytes], *, private: bool = False) -> memoryview:
    """Return what is in an open file; the map outlives it."""
    # Not whatever has a `fileno`: that of a file which is decompressed as it is read is another's.
    if isinstance(file, io.BufferedReader) and isinstance(file.raw, io.FileIO):
        try:
            access = mmap.ACCESS_COPY if private else mmap.ACCESS_READ
            return memoryview(mmap.mmap(file.fileno(), 0, access=access))
        except (OSError, ValueError):
            # Empty, or on a file system that maps nothing.
            pass
    data = file.read()
    return memoryview(bytearray(data) if private else data)
