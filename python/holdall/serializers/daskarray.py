"""Dask arrays: HDF5 on files, Zarr in a bucket; read back lazily, with the same chunks."""

from typing import Any

from holdall.serializers._lazy import ClassOf, known_version, library
from holdall.serializers._medium import File, new_name, on_files

__all__ = ["DaskArraySerializer"]

# Where Function Fuse puts an array: the dataset in its file, the folder in its bucket.
NAME = "dask_arrays"
# Its pids are ("0.0.0", file name), and what it wrote can be read.
FUNCTION_FUSE, VERSION = "0.0.0", "1"
EXTRA = "dask"


class DaskArraySerializer:
    """Keeps each `dask.array.Array` in an HDF5 file, or a Zarr group on S3.

    The array is computed as it is written, block by block. What comes back reads a block when it is
    computed, and has the same chunks; unknown ones are computed first.
    """

    # Function Fuse's name, so that what it kept is found.
    name = "HDFSerializer"
    serializer_class = ClassOf("dask.array:Array", EXTRA)

    @classmethod
    def pickle(cls, obj: Any, protocols: dict[str, Any]) -> tuple[str, Any]:
        """Write an array. Raises SerializationError for one that would not come back as it is."""
        library("dask.array", EXTRA)
        from holdall.serializers import _blocks, _dtype, _hdf, _zarr

        array = _blocks.checked(obj)
        if on_files(protocols):
            h5py = library("h5py", EXTRA)
            file = File(protocols, new_name(".h5"))
            # HDF5 reads again what it wrote.
            with file.open("w+b") as opened, h5py.File(opened, "w") as group:
                writer: Any = _hdf.HdfWriter(group, NAME, array.shape, array.dtype, array.chunksize)
                scalar = _blocks.write(array, writer)
        else:
            library("zarr", EXTRA)
            file = File(protocols, new_name(".zarr"))
            group = _zarr.new_group(file)
            writer = _zarr.ZarrWriter(group, NAME, array.shape, array.dtype, array.chunksize)
            scalar = _blocks.write(array, writer)
        chunks = [[int(size) for size in sizes] for sizes in array.chunks]
        return cls.name, (VERSION, file.name, _dtype.spec_of(array.dtype), chunks, scalar)

    @classmethod
    def unpickle(cls, pid: Any, protocols: dict[str, Any]) -> Any:
        """Return the array; nothing of it is read yet."""
        known_version(pid, VERSION, FUNCTION_FUSE)
        library("dask.array", EXTRA)
        from holdall.serializers import _blocks, _dtype, _hdf, _zarr

        if pid[0] == FUNCTION_FUSE:
            return function_fuse(pid[1], protocols)
        _, name, spec, chunks, scalar = pid
        file = File(protocols, name)
        dtype = _dtype.dtype_of(spec)
        if on_files(protocols):
            library("h5py", EXTRA)
            source: Any = _hdf.HdfSource(file, NAME, dtype)
            # The array outlives its entry, as long as this process has it.
            source.open()
        else:
            library("zarr", EXTRA)
            source = _zarr.ZarrSource(file, NAME, dtype)
        return _blocks.lazily(source, file.token, dtype, chunks, scalar=scalar)

    @classmethod
    def remove(cls, pid: Any, protocols: dict[str, Any]) -> None:
        """Remove what `pickle` wrote."""
        known_version(pid, VERSION, FUNCTION_FUSE)
        old = pid[0] == FUNCTION_FUSE and not on_files(protocols)
        File(protocols, f"{NAME}/{pid[1]}" if old else pid[1]).remove()


def function_fuse(name: str, protocols: dict[str, Any]) -> Any:
    """Return an array that Function Fuse wrote: shape, dtype and chunks are what lies there."""
    from holdall.serializers import _blocks, _hdf, _zarr

    if on_files(protocols):
        library("h5py", EXTRA)
        file = File(protocols, name)
        source: Any = _hdf.HdfSource(file, NAME, None)
    else:
        library("zarr", EXTRA)
        file = File(protocols, f"{NAME}/{name}")
        source = _zarr.ZarrSource(File(protocols, NAME), name, None)
    there = source.open()
    sizes = there.chunks or there.shape
    chunks = library("dask.array.core", EXTRA).normalize_chunks(sizes, there.shape)
    return _blocks.lazily(source, file.token, there.dtype, chunks)
