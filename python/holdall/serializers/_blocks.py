"""Dask arrays: written block by block to where arrays lie, and read from there when computed."""

from typing import Any, Never

import numpy as np

from holdall.errors import SerializationError
from holdall.serializers._dtype import spec_of


def checked(array: Any, path: str = "$") -> Any:
    """Return a Dask array whose chunks are all known; refuse what files of arrays do not hold."""
    meta = type(array._meta)  # noqa: SLF001 - there is no public name
    if meta is not np.ndarray:
        raise SerializationError(
            f"{path}: the blocks of the array are {meta.__module__}.{meta.__qualname__}, and only plain "
            "NumPy arrays come back as they are; turn them into those with map_blocks",
            path=path,
            data_type="dask.array.Array",
        )
    spec_of(array.dtype, path)
    if any(np.isnan(size) for sizes in array.chunks for size in sizes):
        # A copy: the array of whoever saves it stays as it is.
        array = array.copy()
        array.compute_chunk_sizes()
    return array


def write(array: Any, writer: Any, path: str = "$") -> bool:
    """Write all blocks. Returns whether the one block of an array without axes is a NumPy scalar."""
    import dask
    from dask.array.core import slices_from_chunks

    if not writer.shares and not regular(array.chunks):
        array = array.rechunk(tuple(max(sizes) for sizes in array.chunks))
    target = Target(writer, array.dtype, path)
    here = writer.anywhere or in_process(array)
    if not here:
        array = array.persist()
    regions = slices_from_chunks(array.chunks)
    blocks = zip(array.to_delayed().ravel(), regions, strict=True)
    if not here:
        # Where others compute, they only compute: of a file here only this process can write.
        scalars = [target.put(block.compute(), region) for block, region in blocks]
        return any(scalars)
    put = dask.delayed(Target.put, pure=False, traverse=False)
    return any(dask.compute(*[put(target, block, region) for block, region in blocks]))


def regular(chunks: tuple[tuple[int, ...], ...]) -> bool:
    """Whether no block lies in two chunks of a grid of the largest one."""
    return not any(
        end % max(sizes)
        for sizes in chunks
        if max(sizes)
        for end in np.cumsum(sizes[:-1], dtype=int)
    )


def in_process(array: Any) -> bool:
    """Whether Dask computes an array in this process."""
    import dask

    get = dask.base.get_scheduler(collections=[array])
    return get is None or get in (dask.threaded.get, dask.local.get_sync)


class Target:
    """Takes the blocks of one array, and only such as it said that it has."""

    def __init__(self, writer: Any, dtype: np.dtype[Any], path: str) -> None:
        self._writer = writer
        self._dtype = dtype
        self._path = path

    def put(self, block: Any, region: tuple[slice, ...]) -> bool:
        """Write a block. Returns whether it is a NumPy scalar."""
        shape = tuple(part.stop - part.start for part in region)
        scalar = not region and isinstance(block, np.generic)
        kind = type(block)
        if not scalar and kind is not np.ndarray:
            self._refuse(f"{kind.__module__}.{kind.__qualname__}", "a plain NumPy array")
        if block.dtype != self._dtype:
            self._refuse(f"of dtype {block.dtype}", f"one of {self._dtype}")
        if block.shape != shape:
            self._refuse(f"of shape {block.shape}", f"one of {shape}")
        if 0 not in shape:
            self._writer.write(region, np.asarray(block))
        return scalar

    def _refuse(self, found: str, wanted: str) -> Never:
        raise SerializationError(
            f"{self._path}: a block of the array is {found}, and the array says it is {wanted}; give "
            "map_blocks, from_delayed or from_array the right dtype, shape and meta",
            path=self._path,
            data_type="dask.array.Array",
        )


def lazily(
    source: Any, token: str, dtype: np.dtype[Any], chunks: Any, *, scalar: bool = False
) -> Any:
    """Return the Dask array that is read from a source, with the chunks that it had.

    token: tells it from all others.
    """
    import dask.array

    chunks = tuple(map(tuple, chunks))
    lazy = Lazy(source, token, tuple(map(sum, chunks)), dtype, scalar=scalar)
    meta = np.empty((0,) * len(chunks), dtype)
    return dask.array.from_array(lazy, chunks=chunks, asarray=False, fancy=False, meta=meta)


class Lazy:
    """What Dask takes for an array: it has a shape and a dtype, and reads what is asked for."""

    def __init__(
        self,
        source: Any,
        token: str,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        *,
        scalar: bool,
    ) -> None:
        self.source = source
        self.token = token
        self.shape = shape
        self.dtype = dtype
        self.ndim = len(shape)
        self.scalar = scalar

    def __dask_tokenize__(self) -> tuple[str, ...]:
        return "holdall.serializers", self.token

    def __getitem__(self, key: tuple[Any, ...]) -> Any:
        """Return a part, given by a slice or a number for each axis."""
        wide: list[slice] = []
        narrow: list[Any] = []
        for part, size in zip(key, self.shape, strict=True):
            if isinstance(part, slice):
                start, stop, step = part.indices(size)
                if step == 1:
                    wide.append(slice(start, max(start, stop)))
                    narrow.append(slice(None))
                else:
                    wide.append(slice(0, size))
                    narrow.append(part)
            else:
                at = part + size if part < 0 else part
                wide.append(slice(at, at + 1))
                narrow.append(0)
        found = self.source.read(tuple(wide))
        if not key:
            # NumPy makes a scalar of an array without axes at every chance.
            return found[()] if self.scalar else found
        return found[tuple(narrow)]
