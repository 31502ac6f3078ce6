"""xarray: each Dataset and each DataArray in a Zarr group; Dask's arrays in it are read back lazily."""

from typing import Any

from holdall.errors import SerializationError
from holdall.serializers._lazy import ClassOf, known_version, library
from holdall.serializers._medium import File, new_name

__all__ = ["XarrayArraySerializer", "XarrayDatasetSerializer"]

VERSION = "1"
EXTRA = "xarray"
# What the variable of a DataArray is called meanwhile: nobody's name.
NAME = "the values of the array"


class XarrayDatasetSerializer:
    """Keeps each `xarray.Dataset`.

    Variables, coordinates, indexes, attributes and their order come back as they were; NumPy's arrays in
    memory, Dask's lazily and with the same chunks. Of an `encoding`, which says how a file was or is to be
    written, what is plain data comes back.
    """

    name = "XarrayDatasetSerializer"
    serializer_class = ClassOf("xarray:Dataset", EXTRA)

    @classmethod
    def pickle(cls, obj: Any, protocols: dict[str, Any]) -> tuple[str, Any]:
        """Write it. Raises SerializationError for one that would not come back as it is."""
        library("xarray", EXTRA)
        library("zarr", EXTRA)
        from holdall.serializers._labelled import write

        kind = type(obj)
        if kind is not cls.serializer_class:
            name = f"{kind.__module__}.{kind.__qualname__}"
            raise SerializationError(
                f"$: a {name} may have more to it than xarray knows; keep a plain one, or register a "
                "serializer for its class",
                data_type=name,
            )
        file = File(protocols, new_name(".zarr"))
        return cls.name, (VERSION, file.name, write(cls.dataset(obj), cls.label(obj), file))

    @classmethod
    def unpickle(cls, pid: Any, protocols: dict[str, Any]) -> Any:
        """Return it; what was an array of Dask's is not read yet."""
        known_version(pid, VERSION)
        library("xarray", EXTRA)
        library("zarr", EXTRA)
        from holdall.serializers._labelled import read

        _, name, about = pid
        return cls.restored(*read(about, File(protocols, name)))

    @classmethod
    def remove(cls, pid: Any, protocols: dict[str, Any]) -> None:
        """Remove what `pickle` wrote."""
        known_version(pid, VERSION)
        File(protocols, pid[1]).remove()

    @classmethod
    def dataset(cls, value: Any) -> Any:
        """Return a value as a dataset."""
        return value

    @classmethod
    def label(cls, value: Any) -> Any:  # noqa: ARG003 - a dataset has none
        """Return a value's own name."""
        return None

    @classmethod
    def restored(cls, dataset: Any, label: Any) -> Any:  # noqa: ARG003 - the same
        """Return the value of a dataset and a name."""
        return dataset


class XarrayArraySerializer(XarrayDatasetSerializer):
    """Keeps each `xarray.DataArray`, as `XarrayDatasetSerializer` keeps datasets."""

    name = "XarrayArraySerializer"
    serializer_class = ClassOf("xarray:DataArray", EXTRA)

    @classmethod
    def dataset(cls, value: Any) -> Any:
        """Return an array as a dataset."""
        import xarray as xr

        if is_coordinate(value):
            return value.coords.to_dataset()
        return xr.Dataset({NAME: value.variable}, coords=value.coords)

    @classmethod
    def label(cls, value: Any) -> Any:
        """Return an array's own name, and what it is called in its dataset."""
        return [value.name, value.name if is_coordinate(value) else NAME]

    @classmethod
    def restored(cls, dataset: Any, label: Any) -> Any:
        """Return the array of a dataset and a name."""
        name, place = label
        array = dataset[place]
        array.name = name
        return array


def is_coordinate(array: Any) -> bool:
    """Whether an array is one of its own coordinates, as `dataset["time"]` is."""
    import xarray as xr

    return (
        type(array.variable) is xr.IndexVariable
        and array.name in array.coords
        and bool(array.variable.identical(array.coords[array.name].variable))
    )
