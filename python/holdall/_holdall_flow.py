"""The engine's names that are about workflows: what `_holdall_flow.pyi` describes, to be compared."""

from holdall._holdall import (
    Claim,
    Entries,
    Finder,
    Kept,
    Shelf,
    SideDraft,
    check_side_files,
    drop_side_data,
    dumps_with,
    fingerprint,
    loads_with,
    side_files,
)

__all__ = [
    "Claim",
    "Entries",
    "Finder",
    "Kept",
    "Shelf",
    "SideDraft",
    "check_side_files",
    "drop_side_data",
    "dumps_with",
    "fingerprint",
    "loads_with",
    "side_files",
]
