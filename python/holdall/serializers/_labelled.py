"""A dataset of xarray's as a group of Zarr's and a description, and back.

Not by xarray's own `to_zarr`: that writes what the conventions of climate data know, and takes dates,
texts, missing values and indexes for what they look like there.
"""

from typing import Any

import numpy as np
import xarray as xr
from xarray.indexes import PandasIndex, PandasMultiIndex

from holdall.errors import SerializationError
from holdall.serializers._dtype import dtype_of, form_of, spec_of
from holdall.serializers._index import pack, unpack
from holdall.serializers._medium import File
from holdall.serializers._plain import plain_bytes, plain_value
from holdall.serializers._zarr import ZarrSource, ZarrWriter, new_group

# A chunk of what was no array of Dask's.
CHUNK = 2**26


def write(dataset: Any, label: Any, file: File) -> bytes:
    """Write a dataset, and return the description that it is read with.

    Raises SerializationError for one that would not come back as it is.
    """
    indexes = [_index(index, names) for index, names in dataset.xindexes.group_by_index()]
    indexed = {*dataset.xindexes}
    variables: list[dict[str, Any]] = []
    arrays: list[tuple[str, Any, dict[str, Any]]] = []
    for name, variable in dataset.variables.items():
        path = f"$[{name!r}]"
        about = {
            "name": name,
            "coordinate": name in dataset.coords,
            "dims": [*variable.dims],
            "attrs": variable.attrs,
            "encoding": _plain_part(variable.encoding),
        }
        plain_bytes([about["name"], about["dims"]], "a name", path)
        plain_bytes(about["attrs"], "attrs", path)
        variables.append(about)
        if name not in indexed:
            arrays.append((path, variable.data, about))
            _check(variable.data, path)
    about = {
        "label": label,
        # Variables come in one order, the two kinds of them in their own.
        "data": [*dataset.data_vars],
        "coords": [*dataset.coords],
        "variables": variables,
        "indexes": indexes,
        "attrs": dataset.attrs,
        "encoding": _plain_part(dataset.encoding),
    }
    plain_bytes(label, "the name of the array", "$")
    plain_bytes(dataset.attrs, "attrs", "$")
    group = new_group(file)
    for place, (path, data, variable) in enumerate(arrays):
        variable["array"] = _write_array(group, str(place), data, variable, path)
    return plain_bytes(about, "the dataset", "$")


def read(description: bytes, file: File) -> tuple[Any, Any]:
    """Return the dataset, and the name it was given to `write` with."""
    about = plain_value(description)
    variables: dict[Any, Any] = {}
    indexes: dict[Any, Any] = {}
    for spec in about["indexes"]:
        index = _indexed(spec)
        for name, variable in index.create_variables().items():
            variables[name] = variable
            indexes[name] = index
    for spec in about["variables"]:
        name = spec["name"]
        if name in indexes:
            variables[name].attrs = spec["attrs"]
        else:
            data = _read_array(spec["array"], file)
            variables[name] = xr.Variable(spec["dims"], data, spec["attrs"])
        variables[name].encoding = spec["encoding"]
    coords = {name: variables[name] for name in about["coords"]}
    dataset = xr.Dataset(
        {name: variables[name] for name in about["data"]},
        coords=xr.Coordinates(coords, indexes=indexes),
        attrs=about["attrs"],
    )
    dataset.encoding = about["encoding"]
    return dataset, about["label"]


# Arrays


def _check(data: Any, path: str) -> None:
    """Refuse an array that would not come back as it is, before anything is written."""
    if _lazy(data):
        from holdall.serializers._blocks import checked

        checked(data, path)
    elif type(data) is not np.ndarray:
        kind = type(data)
        raise SerializationError(
            f"{path}: the values are a {kind.__module__}.{kind.__qualname__}, and only arrays of NumPy and "
            "of Dask come back as they are; convert them",
            path=path,
            data_type="xarray.Dataset",
        )
    elif data.dtype.kind == "O":
        plain_bytes(data.ravel().tolist(), "an array of objects", path)
    else:
        spec_of(data.dtype, path)


def _lazy(data: Any) -> bool:
    return type(data).__module__.partition(".")[0] == "dask"


def _write_array(
    group: Any, name: str, data: Any, about: dict[str, Any], path: str
) -> dict[str, Any]:
    """Write an array, and return what it is read with."""
    shape = [int(size) for size in data.shape]
    if not _lazy(data) and data.dtype.kind == "O":
        values = plain_bytes(data.ravel().tolist(), "an array of objects", path)
        return {"kind": "objects", "shape": shape, "values": values}
    # So that xarray, too, finds the arrays, named by their place.
    dims = [str(dim) for dim in about["dims"]]
    dims += ["bytes"] if form_of(data.dtype) == "bytes" else []
    attributes = {"_ARRAY_DIMENSIONS": dims, "name": str(about["name"])}
    spec: dict[str, Any] = {"kind": "array", "name": name, "dtype": spec_of(data.dtype, path)}
    if _lazy(data):
        from holdall.serializers._blocks import checked
        from holdall.serializers._blocks import write as write_blocks

        array = checked(data, path)
        writer = ZarrWriter(group, name, array.shape, array.dtype, array.chunksize, attributes)
        scalar = write_blocks(array, writer, path)
        chunks = [[int(size) for size in sizes] for sizes in array.chunks]
        return spec | {"kind": "lazy", "chunks": chunks, "scalar": scalar}
    writer = ZarrWriter(group, name, data.shape, data.dtype, _chunks(data), attributes)
    if data.size:
        writer.write((), data)
    return spec | {"shape": shape}


def _chunks(data: np.ndarray[Any, Any]) -> tuple[int, ...]:
    """Return chunks of a size that every compressor takes: cut along the first axes."""
    chunks = [*data.shape]
    for axis, size in enumerate(data.shape):
        rest = data.itemsize * int(np.prod(chunks[axis + 1 :], dtype=float))
        if rest * size <= CHUNK:
            break
        chunks[axis] = max(1, CHUNK // max(rest, 1))
    return tuple(chunks)


def _read_array(spec: dict[str, Any], file: File) -> Any:
    """Return the array of `_write_array`."""
    if spec["kind"] == "objects":
        values = plain_value(spec["values"])
        return np.fromiter(values, object, len(values)).reshape(spec["shape"])
    dtype = dtype_of(spec["dtype"])
    source = ZarrSource(file, spec["name"], dtype)
    if spec["kind"] == "lazy":
        from holdall.serializers._blocks import lazily

        token = f"{file.token}/{spec['name']}"
        return lazily(source, token, dtype, spec["chunks"], scalar=spec["scalar"])
    shape = tuple(spec["shape"])
    if 0 in shape:
        return np.empty(shape, dtype)
    found = source.read(tuple(slice(0, size) for size in shape))
    return found if found.flags.writeable else found.copy()


def _plain_part(encoding: dict[Any, Any]) -> dict[Any, Any]:
    """Return what is plain data in an encoding."""
    found = {}
    for name, value in encoding.items():
        try:
            plain_bytes([name, value], "an encoding")
        except SerializationError:
            continue
        found[name] = value
    return found


# Indexes


def _index(index: Any, names: dict[Any, Any]) -> dict[str, Any]:
    """Return an index as plain data."""
    kind, path = type(index), f"$.indexes[{next(iter(names))!r}]"
    if kind in (PandasIndex, PandasMultiIndex):
        several = kind is PandasMultiIndex
        spec = {
            "dim": index.dim,
            "index": pack(index.index, path),
            "dtypes": {
                name: np.dtype(dtype).str for name, dtype in index.level_coords_dtype.items()
            }
            if several
            else {},
            "dtype": None if several else _name(index.coord_dtype),
        }
        plain_bytes(spec, "the index", path)
        again = _indexed(spec).create_variables()
        if again.keys() == names.keys() and all(
            again[name].dtype == names[name].dtype for name in names
        ):
            return spec
    raise SerializationError(
        f"{path}: the index {kind.__module__}.{kind.__qualname__} would not come back as it is; drop it "
        "with drop_indexes(), and set it again after reading",
        path=path,
        data_type="xarray.Dataset",
    )


def _name(dtype: Any) -> str | None:
    """Return a dtype of NumPy's by name; pandas' own follow from the index."""
    return dtype.str if isinstance(dtype, np.dtype) else None


def _indexed(spec: dict[str, Any]) -> Any:
    """Return the index of `_index`."""
    index = unpack(spec["index"])
    if spec["dtypes"]:
        dtypes = {name: np.dtype(dtype) for name, dtype in spec["dtypes"].items()}
        return PandasMultiIndex(index, spec["dim"], level_coords_dtype=dtypes)
    if spec["dtype"] is None:
        return PandasIndex(index, spec["dim"])
    return PandasIndex(index, spec["dim"], coord_dtype=np.dtype(spec["dtype"]))
