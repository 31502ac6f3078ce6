"""What a storage asks of the place where its entries lie."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from holdall import _holdall as engine
from holdall.serializers._beside import Reading, Writing
from holdall.serializers._registry import Registry

__all__ = ["Draft", "Medium", "ProtocolsOf"]

# The protocols of the object of a number in the folder of a token.
ProtocolsOf = Callable[[str, int], Mapping[str, Any]]


class Draft(Protocol):
    """The side data of one entry while it is written."""

    def writing(self, registry: Registry) -> Writing:
        """Return what a value is written with."""

    def publish(self) -> str:
        """Bring what was written where it belongs, and return its token."""

    def remove(self) -> None:
        """Remove all of it, as far as it is there."""


class Medium(Protocol):
    """Where entries lie."""

    def look(
        self, workflow: str, name: str, key: str | None, *, foreign: bool = False
    ) -> engine.Kept | None:
        """Return what is said of the entry of a key, or of the newest one if the key is None.

        foreign: whether one that is signed under another keyset is given, too.
        """

    def frame(self, kept: engine.Kept) -> bytes:
        """Return the frame of an entry's value, checked."""

    def keep(
        self,
        workflow: str,
        name: str,
        key: str,
        frame: bytes,
        *,
        result: str | None,
        items: dict[str, str],
        parts: dict[str, str],
        seconds: float,
        side: str | None,
    ) -> tuple[engine.Kept, list[engine.Kept]]:
        """Keep an entry; return what is said of it, and those it replaced that have side data."""

    def claim(self, workflow: str, name: str, key: str) -> AbstractContextManager[Any]:
        """Return what keeps others from a key while a block runs."""

    def saving(self, workflow: str, name: str) -> AbstractContextManager[Any]:
        """Return what keeps others from removing the side data that is written for a name."""

    def bytes(self, workflow: str, name: str) -> bytes | None:
        """Return all that is kept of the newest entry of a name, whatever it is."""

    def exists(self, workflow: str, name: str) -> bool:
        """Say whether a name has an entry."""

    def names(self, workflow: str) -> list[str]:
        """Return the names that have entries, sorted."""

    def workflows(self) -> list[str]:
        """Return the workflows that are there, sorted."""

    def new_workflow(self, workflow: str) -> None:
        """Make a place for a workflow, where one can be seen before there is anything in it."""

    def remove(self, workflow: str, names: list[str]) -> tuple[int, list[engine.Kept]]:
        """Remove all entries of some names; return how many, and those that have side data."""

    def remove_workflow(self, workflow: str) -> tuple[int, list[engine.Kept]]:
        """Remove a workflow; return how many entries, and those that have side data."""

    def prune(self, workflow: str, keep: int) -> tuple[int, list[engine.Kept]]:
        """Remove all but the newest entries of each name; return as `remove`."""

    def clear(self, workflow: str) -> None:
        """Remove what is left of a workflow."""

    def clear_side(self, workflow: str, name: str) -> None:
        """Remove the side data of a name that no entry refers to."""

    def draft(self, workflow: str, name: str) -> Draft:
        """Return a new folder for side data."""

    def reading(self, workflow: str, name: str, registry: Registry) -> Reading:
        """Return what a value with side data is read with."""

    def protocols(self, workflow: str, name: str) -> ProtocolsOf:
        """Return what side data is removed with."""

    def bigdata(self, workflow: str) -> Mapping[str, Any]:
        """Return the protocols of the side data that Function Fuse wrote, to be read."""
