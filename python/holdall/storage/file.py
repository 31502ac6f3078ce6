"""Entries as files, in a folder for each workflow."""

from pathlib import Path
from typing import Any, Self

from holdall import _holdall as engine
from holdall.errors import ValidationError
from holdall.serializers import FILE_PROTOCOL, FileProtocol
from holdall.serializers import _folder as folder
from holdall.serializers._beside import Reading, new_token
from holdall.serializers._registry import Registry
from holdall.storage.medium import ProtocolsOf

__all__ = ["File"]


class Draft(folder.Draft):
    """The side data of one entry, written where it stays: no entry refers to it yet."""

    def publish(self) -> str:
        """Say where it is."""
        return self.folder.name


class File(engine.Shelf):
    """A folder: the engine's shelf, and the side data in it.

    durability: "normal", or "full" to sync each entry before it counts as kept.
    """

    _sync = False

    def __new__(
        cls,
        *,
        path: str | Path,
        trust: str | None = None,
        keyset: Any = None,
        durability: str = "normal",
    ) -> Self:
        """Take a folder, which the first entry makes."""
        self = super().__new__(cls, path, trust=trust, keyset=keyset, durability=durability)
        self._sync = durability == "full"
        return self

    def draft(self, workflow: str, name: str) -> Draft:
        """Return a new folder for side data."""
        place = self.side(workflow, name)
        for each in (place, place.parent):
            if each.is_symlink():
                raise ValidationError(
                    f"{each} is a symbolic link, which a storage never follows; remove it"
                )
        return Draft(place / new_token(), sync=self._sync)

    def reading(self, workflow: str, name: str, registry: Registry) -> Reading:
        """Return what a value with side data is read with."""
        return folder.reading(registry, self.side(workflow, name))

    def protocols(self, workflow: str, name: str) -> ProtocolsOf:
        """Return what side data is removed with."""
        place = self.side(workflow, name)
        return lambda token, number: {FILE_PROTOCOL: FileProtocol(place / token / str(number))}

    def bigdata(self, workflow: str) -> dict[str, Any]:
        """Return the protocols of the side data that Function Fuse wrote, to be read."""
        place = self.folder(workflow) / "bigdata"
        return {FILE_PROTOCOL: FileProtocol(place, writable=False)}
