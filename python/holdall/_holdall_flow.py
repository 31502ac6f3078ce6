"""The engine's names that are about workflows: what `_holdall_flow.pyi` describes, to be compared."""

from holdall._holdall import (
    Finder,
    SideDraft,
    check_side_files,
    drop_side_data,
    dumps_with,
    loads_with,
    side_files,
)

__all__ = [
    "Finder",
    "SideDraft",
    "check_side_files",
    "drop_side_data",
    "dumps_with",
    "loads_with",
    "side_files",
]
