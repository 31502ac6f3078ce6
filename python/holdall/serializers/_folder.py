"""Side data in a folder on this machine."""

import shutil
from pathlib import Path
from typing import Any

from holdall import _holdall as engine
from holdall.errors import CorruptFrame
from holdall.serializers import FILE_PROTOCOL, FileProtocol
from holdall.serializers._beside import Manifest, Reading, Writing
from holdall.serializers._registry import Registry


class Draft:
    """The folder of one entry's side data while it is written.

    folder: its name is the token. It is made when a serializer writes the first file.
    sync: whether what was written is on the disk before it is said to be.
    """

    def __init__(self, folder: Path, *, sync: bool = False) -> None:
        self.folder = folder
        self._sync = sync
        self._protocols: dict[int, FileProtocol] = {}

    def writing(self, registry: Registry) -> Writing:
        """Return what `dumps_with` takes."""
        return Writing(registry, self.protocols_of, self.manifest_of, token=self.folder.name)

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


def reading(registry: Registry, folder: Path) -> Reading:
    """Return what `loads_with` takes, for the folder that an entry's folders are in."""

    def place(token: str, number: int) -> Path:
        return folder / token / str(number)

    def protocols_of(token: str, number: int) -> dict[str, Any]:
        return {FILE_PROTOCOL: FileProtocol(place(token, number), writable=False)}

    def check(token: str, number: int, manifest: Manifest) -> None:
        if (folder / token).is_symlink():
            raise CorruptFrame(
                f"{folder / token} is a link now; write the value again, or restore a copy"
            )
        engine.check_side_files(str(place(token, number)), list(manifest))

    return Reading(registry, protocols_of, check)
