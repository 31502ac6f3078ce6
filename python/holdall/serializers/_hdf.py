"""Arrays in an HDF5 file, one a dataset."""

import weakref
from typing import Any

import numpy as np

from holdall.errors import SerializationError
from holdall.serializers._dtype import lying, stored
from holdall.serializers._source import Source

# HDF5's own limit is 4 GiB a chunk.
LARGEST_CHUNK = 2**32 - 1


class HdfWriter:
    """A dataset that is being written, block by block."""

    # Whether blocks may be written by other processes, and whether a block may share a chunk of the file
    # with its neighbour.
    anywhere = False
    shares = True

    def __init__(
        self,
        group: Any,
        name: str,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        chunks: tuple[int, ...],
    ) -> None:
        import h5py

        there, beyond, kind = lying(shape, dtype)
        chunk = (*chunks, *beyond)
        size = 16 if kind == "text" else kind.itemsize
        # An array without axes or elements has no chunks.
        fits = there and all(there) and np.prod(chunk, dtype=float) * size <= LARGEST_CHUNK
        self._dataset = group.create_dataset(
            name,
            shape=there,
            dtype=h5py.string_dtype() if kind == "text" else kind,
            chunks=chunk if fits else None,
        )
        self._text = kind == "text"

    def write(self, region: tuple[slice, ...], block: np.ndarray[Any, Any]) -> None:
        """Write a block."""
        if self._text and any("\0" in text for text in block.ravel()):
            raise SerializationError(
                "a text with a zero character ends there in HDF5; replace it, or use fixed-length texts"
            )
        # Without axes there is no region but all.
        self._dataset[region or ()] = stored(block)


class HdfSource(Source):
    """A dataset. What is open can be read although the file was removed meanwhile."""

    def _fresh(self) -> Any:
        import h5py

        if self._file.path is not None:
            # Nobody writes to it any more, and some disks know no locks.
            file = h5py.File(self._file.path, "r", locking=False)
        else:
            opened = self._file.open("rb")
            # HDF5 closes only what it opened itself.
            weakref.finalize(self, opened.close)
            file = h5py.File(opened, "r")
        return file[self._name]

    def _part(self, there: Any, region: tuple[slice, ...]) -> Any:
        text = self._dtype is not None and self._dtype.kind == "T"
        return (there.asstr() if text else there)[region or ()]
