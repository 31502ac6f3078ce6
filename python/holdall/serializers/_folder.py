"""Side data in a folder on this machine."""

import io
import logging
import shutil
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from holdall import _holdall as engine
from holdall.errors import CorruptFrame
from holdall.serializers import FILE_PROTOCOL, FileProtocol
from holdall.serializers._beside import (
    Manifest,
    Reading,
    Writing,
    front_of,
    front_with,
    new_token,
)
from holdall.serializers._registry import Registry


class Draft:
    """The folder of one entry's side data while it is written.

    folder: its name is the token. It is made when a serializer writes the first file.
    sync: whether what was written is on the disk before it is said to be.
    """

    def __init__(self, folder: Path, *, sync: bool = False) -> None:
        self.token = folder.name
        self.folder = folder
        self._sync = sync
        self._protocols: dict[int, FileProtocol] = {}

    def writing(self, registry: Registry) -> Writing:
        """Return what `dumps_with` takes."""
        return Writing(registry, self.protocols_of, self.manifest_of, token=self.token)

    def protocols_of(self, number: int) -> dict[str, Any]:
        """Return the protocols of one object."""
        protocol = self._protocols[number] = FileProtocol(self.folder / str(number))
        return {FILE_PROTOCOL: protocol}

    def manifest_of(self, number: int) -> Manifest:
        """Say what was written for one object."""
        self._protocols[number].settle()
        return tuple(engine.side_files(str(self.folder / str(number)), sync=self._sync))

    def remove(self) -> None:
        """Remove all of it, as far as it is there."""
        for protocol in self._protocols.values():
            protocol.settle()
        shutil.rmtree(self.folder, ignore_errors=True)


class Later(Draft):
    """The same, of a folder that is asked for with the first object: most values have none.

    begin: makes the folder of a token.
    """

    def __init__(self, begin: Callable[[str], str], *, sync: bool) -> None:
        self.token = new_token()
        self._begin = begin
        self._sync = sync
        self._protocols = {}

    @cached_property
    def folder(self) -> Path:  # type: ignore[override]
        """Where it is."""
        return Path(self._begin(self.token))


def writing_later(registry: Registry, begin: Callable[[str], str], sync: bool) -> Writing:
    """Return what the engine's stores write a value with."""
    return Later(begin, sync=sync).writing(registry)


def reading(registry: Registry, folder: Path) -> Reading:
    """Return what `loads_with` takes, for the folder that an entry's folders are in."""
    return reading_in(registry, lambda token: folder / token)


def reading_of(registry: Registry, folder: Path) -> Reading:
    """Return what reads the one entry whose objects lie in a folder."""
    return reading_in(registry, lambda _: folder)


def reading_in(registry: Registry, folder_of: Callable[[str], Path]) -> Reading:
    """Return the same for folders that lie anywhere."""

    def place(token: str, number: int) -> Path:
        return folder_of(token) / str(number)

    def protocols_of(token: str, number: int) -> dict[str, Any]:
        return {FILE_PROTOCOL: FileProtocol(place(token, number), writable=False)}

    def check(token: str, number: int, manifest: Manifest) -> None:
        if folder_of(token).is_symlink():
            raise CorruptFrame(
                f"{folder_of(token)} is a link now; write the value again, or restore a copy"
            )
        engine.check_side_files(str(place(token, number)), list(manifest))

    return Reading(registry, protocols_of, check)


def copied(data: bytes, source: str, target: str, token: str, sync: bool) -> bytes:
    """Copy what a payload refers to, and return what a payload that refers to the copy begins with.

    The copies are looked at, not the originals: so nothing can have changed in between.
    """
    _, references = front_of(io.BytesIO(data))
    for number, (_, _, manifest) in enumerate(references):
        here, there = Path(source, str(number)), Path(target, str(number))
        if here.is_symlink() or (here.parent.is_symlink()):
            raise CorruptFrame(f"{here} is a link now; write the value again, or restore a copy")
        if here.is_dir():
            shutil.copytree(here, there, symlinks=True)
        engine.check_side_files(str(there), list(manifest))
        if sync:
            engine.side_files(str(there), sync=True)
    return front_with(token, references)


def let_go(registry: Registry, data: bytes, token: str, folder: str) -> None:
    """Call `remove` of the serializers whose data is removed; what they raise keeps nothing from going."""
    named, references = front_of(io.BytesIO(data))
    if named != token:
        return
    for number, (name, pid, _) in enumerate(references):
        try:
            protocol = FileProtocol(Path(folder, str(number)))
            registry.named(name).remove(pid, {FILE_PROTOCOL: protocol})
        except Exception:
            logging.getLogger("holdall").debug("remove() of %r failed", name, exc_info=True)
