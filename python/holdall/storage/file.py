"""Entries as files, in a folder for each workflow."""

from pathlib import Path
from typing import Any

from holdall import _holdall as engine

__all__ = ["file_medium"]


def file_medium(
    *, path: str | Path, trust: str | None, keyset: Any, durability: str = "normal"
) -> engine.Shelf:
    """Return the place in a folder.

    durability: "normal", or "full" to sync each entry before it counts as kept.
    """
    return engine.Shelf(path, trust=trust, keyset=keyset, durability=durability)
