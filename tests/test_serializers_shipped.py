"""All serializers that come with holdall: lazily imported, found by name, and none reads the future."""

import subprocess
import sys
from importlib import import_module, util

import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import xarray as xr

from holdall import _holdall as engine
from holdall.errors import SerializationError, UnsupportedVersion
from holdall.serializers import FILE_PROTOCOL, _folder, _s3
from holdall.serializers._registry import Registry
from holdall.serializers._shipped import SHIPPED
from media import Medium

LIBRARIES = {
    "dask",
    "h5py",
    "numpy",
    "pandas",
    "polars",
    "pyarrow",
    "s3fs",
    "torch",
    "xarray",
    "zarr",
}
CLASSES = {
    "ArrowBatchSerializer": "pyarrow:RecordBatch",
    "ArrowTableSerializer": "pyarrow:Table",
    "DaskFrameSerializer": "dask.dataframe:DataFrame",
    "DaskSeriesSerializer": "dask.dataframe:Series",
    "HDFSerializer": "dask.array:Array",
    "NumpyArraySerializer": "numpy:ndarray",
    "PandasFrameSerializer": "pandas:DataFrame",
    "PandasSeriesSerializer": "pandas:Series",
    "PolarsFrameSerializer": "polars:DataFrame",
    "PolarsSeriesSerializer": "polars:Series",
    "TorchTensorSerializer": "torch:Tensor",
    "XarrayArraySerializer": "xarray:DataArray",
    "XarrayDatasetSerializer": "xarray:Dataset",
}
TOKEN = "0123456789abcdef"


def shipped(name):
    module, kind = SHIPPED[name]
    return getattr(import_module(module), kind)


def test_the_list_is_whole():
    assert SHIPPED.keys() == CLASSES.keys()
    assert all(shipped(name).name == name for name in SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_its_library_is_imported_only_when_it_is_used(name):
    module, kind = SHIPPED[name]
    program = f"import sys, {module} as it; it.{kind}.name; print(*{{*sys.modules}} & {LIBRARIES})"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == []


@pytest.mark.parametrize("name", SHIPPED)
def test_it_is_for_the_class_of_its_library(name):
    module, kind = CLASSES[name].split(":")
    if util.find_spec(library_of(name)) is None:
        pytest.skip(f"{module} is not installed")
    found = getattr(import_module(module), kind)
    assert shipped(name).serializer_class is found
    # The registry takes it, and finds it for subclasses.
    assert Registry(shipped(name)).find(found) is shipped(name)


@pytest.mark.parametrize("name", SHIPPED)
def test_without_its_library_it_says_how_to_get_it(name, monkeypatch):
    library = CLASSES[name].partition(":")[0]
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(
        ModuleNotFoundError, match=r"is not installed; pip install 'holdall\[\w+\]'"
    ):
        shipped(name).serializer_class  # noqa: B018 - it imports


def test_nor_without_what_it_writes_with(monkeypatch):
    import dask.array

    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ModuleNotFoundError, match=r"h5py is not installed; .*'holdall\[dask\]'"):
        shipped("HDFSerializer").pickle(dask.array.zeros(3), {FILE_PROTOCOL: None})


@pytest.mark.parametrize("name", SHIPPED)
def test_a_newer_layout_is_refused(name, tmp_path):
    protocols = Medium("files", tmp_path).writing
    for read in (shipped(name).unpickle, shipped(name).remove):
        with pytest.raises(UnsupportedVersion, match="install a newer one"):
            read(("2", "x"), protocols)


# All of them at once, as a store or a storage uses them


@pytest.fixture(params=["files", "s3"])
def place(request, tmp_path):
    """How a value is written with what is beside it, and how it is read."""
    if request.param == "files":
        yield _folder.Draft(tmp_path / TOKEN), lambda registry: _folder.reading(registry, tmp_path)
        return
    s3 = request.getfixturevalue("s3")
    client, folder = s3.filesystem(), f"{s3.name}/workflow/.side"
    yield (
        _s3.Draft(client, f"{folder}/{TOKEN}"),
        lambda registry: _s3.reading(registry, client, folder),
    )


def test_all_of_them_beside_one_value(place):
    draft, reading = place
    registry = Registry(*(shipped(name) for name in SHIPPED if util.find_spec(library_of(name))))
    numbers, frame = np.arange(5.0), pd.DataFrame({"a": [1, 2]})
    value = {
        "numpy": [numbers, (numbers,)],
        "dask": da.arange(6, chunks=4),
        "pandas": {"frame": frame, "series": frame["a"]},
        "polars": pl.DataFrame({"a": [1, 2]}),
        "arrow": pa.table({"a": [1, 2]}),
        "xarray": xr.Dataset({"a": ("x", numbers)}),
        "frames": dd.from_pandas(frame, npartitions=2),
        "plain": "text",
    }
    data, refers = engine.dumps_with(value, draft.writing(registry))
    assert refers
    # The numbers lie beside it.
    assert numbers.tobytes() not in data
    found = engine.loads_with(data, reading(registry))
    assert found.keys() == value.keys()
    assert [*map(type, found.values())] == [*map(type, value.values())]
    assert found["numpy"][0] is found["numpy"][1][0]
    assert found["numpy"][0].tolist() == numbers.tolist()
    assert found["dask"].chunks == ((4, 2),)
    assert found["dask"].compute().tolist() == [0, 1, 2, 3, 4, 5]
    assert found["pandas"]["frame"].equals(frame)
    assert found["polars"].equals(value["polars"])
    assert found["arrow"].equals(value["arrow"])
    assert found["xarray"].identical(value["xarray"])
    assert found["frames"].compute().equals(frame)
    for reference in registry:
        with pytest.raises(SerializationError, match=r"from holdall\.serializers\.\w+ import \w+"):
            Registry().named(reference.name)


def test_an_object_that_cannot_be_kept_is_named_by_its_path(place):
    draft, _ = place
    writing = draft.writing(Registry(shipped("NumpyArraySerializer")))
    value = {"deep": [1, np.array([object()])]}
    with pytest.raises(SerializationError, match=r"\$\['deep'\]\[1\].*array of objects"):
        engine.dumps_with(value, writing)


def library_of(name):
    return CLASSES[name].partition(":")[0].partition(".")[0]
