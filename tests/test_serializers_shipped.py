"""All serializers that come with holdall: lazily imported, found by name, and none reads the future."""

import subprocess
import sys
from importlib import import_module, util

import pytest

from holdall.errors import UnsupportedVersion
from holdall.serializers import FILE_PROTOCOL
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
    if util.find_spec(module.partition(".")[0]) is None:
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
