"""Arrays in a Zarr group, one array each; in format 2, which Zarr 2 and Zarr 3 both read and write."""

from typing import Any

import numpy as np

from holdall.serializers._dtype import lying, stored
from holdall.serializers._medium import File
from holdall.serializers._source import Source
from holdall.serializers._zarr_store import is_three, store_of

# Blosc's own limit, and Zstandard's in numcodecs.
LARGEST_COMPRESSED = 2**31 - 32


def new_group(file: File) -> Any:
    """Make a group in a folder or under a prefix."""
    import zarr

    options = {"zarr_format": 2} if is_three() else {}
    return zarr.open_group(store_of(file), mode="w", **options)


def group_of(file: File, *, whole: bool = True) -> Any:
    """Open a group to read; `whole` is as for `store_of`."""
    import zarr

    return zarr.open_group(store_of(file, whole=whole), mode="r")


class ZarrWriter:
    """An array that is being written, block by block."""

    anywhere = True
    # Two writers of one chunk would each write what the other had not yet.
    shares = False

    def __init__(
        self,
        group: Any,
        name: str,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        chunks: tuple[int, ...],
        attributes: dict[str, Any] | None = None,
    ) -> None:
        there, beyond, kind = lying(shape, dtype)
        chunk = (*(max(size, 1) for size in chunks), *beyond)
        self._array = create(group, name, there, chunk, kind)
        self._array.attrs.update(attributes or {})

    def write(self, region: tuple[slice, ...], block: np.ndarray[Any, Any]) -> None:
        """Write a block."""
        self._array[region or ...] = stored(block)


def create(
    group: Any, name: str, shape: tuple[int, ...], chunks: tuple[int, ...], kind: Any
) -> Any:
    """Create an array whose every chunk is written, even one that is all zeros: -0.0 counts as one."""
    three = is_three()
    options: dict[str, Any] = {"shape": shape, "chunks": chunks}
    size = 1 if kind == "text" else np.dtype(kind).itemsize
    if np.prod(chunks, dtype=float) * size > LARGEST_COMPRESSED:
        options["compressors" if three else "compressor"] = None
    if kind == "text":
        if three:
            from zarr.core.dtype import VariableLengthUTF8

            options["dtype"] = VariableLengthUTF8()
        else:
            from numcodecs import VLenUTF8

            options |= {"dtype": object, "object_codec": VLenUTF8()}
    else:
        options |= {"dtype": kind, "fill_value": 0}
    if three:
        return group.create_array(name, config={"write_empty_chunks": True}, **options)
    return group.create_dataset(name, write_empty_chunks=True, **options)


class ZarrSource(Source):
    """An array of a group."""

    def _fresh(self) -> Any:
        # Others than we leave out the chunks that are all zeros.
        return group_of(self._file, whole=self._dtype is not None)[self._name]

    def _part(self, there: Any, region: tuple[slice, ...]) -> Any:
        return there[region or ...]
