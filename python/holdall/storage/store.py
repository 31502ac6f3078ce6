"""Entries in any store: each is one value, its bytes as they are."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from holdall import _holdall as engine
from holdall._holdall import Entries
from holdall.errors import DoesNotExist
from holdall.serializers import FILE_PROTOCOL, FileProtocol
from holdall.serializers import _folder as folder
from holdall.serializers._beside import Manifest, Reading, new_token
from holdall.serializers._registry import Registry
from holdall.storage.medium import ProtocolsOf
from holdall.storage.objects import SIDE, Objects
from holdall.store import Store, get_store

__all__ = ["Stored", "sqlite"]


class Draft(folder.Draft):
    """The side data of one entry, written to a folder for the moment and then put into the store.

    A store keeps values, and serializers write files.
    """

    def __init__(self, store: Store[Any], prefix: str) -> None:
        self._place = Path(tempfile.mkdtemp(prefix="holdall-"))
        super().__init__(self._place / new_token())
        self._store = store
        self._prefix = f"{prefix}/{self.folder.name}/"

    def publish(self) -> str:
        """Put all files into the store, where no entry refers to them yet."""
        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                name = path.relative_to(self.folder).as_posix()
                self._store.put(self._prefix + name, path.read_bytes(), mode="raw")
        shutil.rmtree(self._place, ignore_errors=True)
        return self.folder.name

    def remove(self) -> None:
        """Remove all of it, as far as it is there."""
        super().remove()
        shutil.rmtree(self._place, ignore_errors=True)
        self._store.delete_many([*self._store.iterate_keys(prefix=self._prefix)])


class Stored(Objects):
    """A store, opened for this.

    uri: as `get_store` takes it, and further options.
    """

    def __init__(self, *, uri: Any, trust: str | None, keyset: Any, **options: Any) -> None:
        """Open the store."""
        super().__init__(trust=trust, keyset=keyset)
        # Every byte is under a checksum of the store's, too, and no entry passes for a text.
        self._store: Store[Any] = get_store(uri, **{**options, "bare": False, "mode": "raw"})
        self._fetched: tuple[int, Path] | None = None

    def _head(self, key: str, size: int) -> tuple[bytes, int] | None:
        del size  # A store gives values whole.
        data = self._get(key)
        return None if data is None else (data, len(data))

    def _get(self, key: str) -> bytes | None:
        data: bytes | None = self._store.get(key, None, mode="raw", raise_on_nonexist=False)
        return data

    def exists(self, workflow: str, name: str) -> bool:
        """Say whether a name has an entry."""
        return self._store.exists(self._path(workflow, name))

    def _put(self, key: str, data: bytes) -> None:
        self._store.put(key, data, mode="raw")

    def _delete(self, keys: list[str]) -> None:
        self._store.delete_many(keys)

    def _list(self, prefix: str) -> Iterable[tuple[str, float]]:
        for key in self._store.iterate_keys(prefix=prefix or None):
            yield key.removeprefix(prefix), self._written(key)

    def _written(self, key: str) -> float:
        if f"/{SIDE}/" not in key:
            return 0.0
        try:
            return self._store.info(key).updated_at.timestamp()
        except DoesNotExist:
            return 0.0

    def _lock(self, key: str) -> AbstractContextManager[Any]:
        return self._store.lock(key)

    def _side(self, workflow: str, name: str) -> str:
        path = self._path(workflow, name)
        return f"{self._folder(workflow)}{SIDE}/{path.rpartition('/')[2]}"

    def draft(self, workflow: str, name: str) -> Draft:
        """Return a new folder for side data."""
        return Draft(self._store, self._side(workflow, name))

    def reading(self, workflow: str, name: str, registry: Registry) -> Reading:
        """Return what a value with side data is read with: its files, brought to a folder."""
        side, place = self._side(workflow, name), self._place(workflow, name)

        def protocols_of(token: str, number: int) -> dict[str, Any]:
            folder = place / token / str(number)
            return {FILE_PROTOCOL: FileProtocol(folder, writable=False)}

        def check(token: str, number: int, manifest: Manifest) -> None:
            folder = place / token / str(number)
            if not folder.exists():
                self._fetch(f"{side}/{token}/{number}/", folder)
            engine.check_side_files(str(folder), list(manifest))

        return Reading(registry, protocols_of, check)

    def protocols(self, workflow: str, name: str) -> ProtocolsOf:
        """Return what side data is removed with."""
        place = self._place(workflow, name)
        return lambda token, number: {FILE_PROTOCOL: FileProtocol(place / token / str(number))}

    def _fetch(self, prefix: str, folder: Path) -> None:
        """Bring files to a folder, which has its name once it is whole."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=folder.parent))
        # Anyone may have written the keys: it refuses what would leave the folder.
        into = FileProtocol(draft)
        try:
            for key in self._store.iterate_keys(prefix=prefix):
                with into.open(key.removeprefix(prefix), "wb") as file:
                    file.write(self._get(key) or b"")
            draft.rename(folder)
        except OSError:
            if not folder.exists():  # else another thread was as quick
                raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _place(self, workflow: str, name: str) -> Path:
        """Return a folder for this process's copies, which lasts as long: they may be read lazily."""
        if self._fetched is None or self._fetched[0] != os.getpid():
            folder = Path(tempfile.mkdtemp(prefix="holdall-"))
            self._fetched = os.getpid(), folder
            atexit.register(forget, os.getpid(), folder)
        return self._fetched[1] / Entries.file(workflow) / Entries.file(name)

    def bigdata(self, workflow: str) -> Mapping[str, Any]:
        """Return nothing: Function Fuse never wrote to a store."""
        del workflow
        return {}


def sqlite(*, path: str | os.PathLike[str], **options: Any) -> Stored:
    """Return the place in an SQLite database, which the first entry makes."""
    return Stored(uri=f"sqlite:///{Path(path).absolute()}", **options)


def forget(pid: int, folder: Path) -> None:
    """Remove copies, unless they are those of the process that this one was forked from."""
    if pid == os.getpid():
        shutil.rmtree(folder, ignore_errors=True)
