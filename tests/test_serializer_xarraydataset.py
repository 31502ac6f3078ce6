"""xarray: variables, coordinates, indexes and attributes as they were; or a refusal."""

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from holdall.errors import SerializationError
from holdall.serializers.xarraydataset import XarrayArraySerializer, XarrayDatasetSerializer
from media import Medium

RNG = np.random.default_rng(5)


@pytest.fixture(params=["files", "s3"])
def medium(request, tmp_path):
    s3 = request.getfixturevalue("s3") if request.param == "s3" else None
    return Medium(request.param, tmp_path, s3)


def same_data(one, other):
    assert type(one) is type(other)
    assert one.dtype == other.dtype
    assert one.shape == other.shape
    if isinstance(one, da.Array):
        assert one.chunks == other.chunks
        one, other = one.compute(), other.compute()
    if one.dtype.kind in "OT":
        assert repr(one.tolist()) == repr(other.tolist())
    else:
        assert np.asarray(one).tobytes() == np.asarray(other).tobytes()


def same(found, wanted):
    assert type(found) is type(wanted)
    assert found.identical(wanted)
    assert [*found.coords] == [*wanted.coords]
    assert found.attrs == wanted.attrs
    if isinstance(wanted, xr.Dataset):
        assert [*found.data_vars] == [*wanted.data_vars]
        variables = found.variables, wanted.variables
    else:
        assert found.name == wanted.name
        variables = ({"": each.variable, **each.coords.variables} for each in (found, wanted))
    one, other = variables
    for name in other:
        assert type(one[name]) is type(other[name])
        assert one[name].dims == other[name].dims
        assert one[name].encoding == other[name].encoding
        assert repr(one[name].attrs) == repr(other[name].attrs)
        same_data(one[name].data, other[name].data)
    assert [*found.xindexes] == [*wanted.xindexes]
    for name, index in wanted.xindexes.items():
        again = found.xindexes[name]
        assert type(again) is type(index)
        assert again.index.equals(index.index)
        assert again.index.dtype == index.index.dtype
        assert again.index.names == index.index.names
        assert getattr(again.index, "freq", None) == getattr(index.index, "freq", None)
    return True


DATASETS = {
    "nothing": xr.Dataset(),
    "attributes": xr.Dataset(attrs={"a": 1, "b": [1.5, None], "c": np.float32(2), "d": {"e": "f"}}),
    "numbers": xr.Dataset({"a": (("x", "y"), RNG.normal(size=(3, 4)), {"unit": "m"}), "b": 5}),
    "dtypes": xr.Dataset(
        {
            "half": ("x", np.arange(3).astype("f2")),
            "big-endian": ("x", np.arange(3, dtype=">i4")),
            "texts": ("x", np.array(["a", "é", ""])),
            "bytes": ("x", np.array([b"a", b"", b"bc"])),
            "moments": ("x", np.array(["2020", "NaT", "9999"], "M8[s]")),
            "durations": ("x", np.array([1, 2, "NaT"], "m8[ns]")),
            "bools": ("x", np.array([True, False, True])),
            "complex": ("x", np.array([1j, 2, np.nan])),
            "negative zeros": ("x", np.full(3, -0.0)),
            "odd NaNs": ("x", np.full(3, 0x7FF8000000000123, "u8").view("f8")),
            "objects": ("x", np.array(["a", None, 1.5], object)),
            "0-d text": "text",
            "empty": ("none", np.empty(0, "M8[ns]")),
        }
    ),
    "coordinates": xr.Dataset(
        {"a": (("x", "t"), RNG.normal(size=(2, 3)))},
        coords={
            "x": ("x", ["b", "a"], {"axis": "X"}),
            "t": pd.date_range("2020", periods=3, freq="D"),
            "label": ("x", [1, 2]),
            "one": 2.5,
            "half": ("h", np.array([1, 2], "f4")),
            "backwards": ("backwards", [3, 1]),
        },
    ),
    "a frequency": xr.Dataset(coords={"t": pd.date_range("2020", periods=3, freq="ME")}),
    "no index": xr.Dataset(coords={"x": [1, 2]}).drop_indexes("x"),
    "odd names": xr.Dataset({1: ("a/b", [1]), "c/d": ("x", [2, 3])}),
    "an encoding": xr.Dataset({"a": ("x", [1, 2], {}, {"dtype": np.dtype("i2"), "scale": 0.1})}),
    "dask": xr.Dataset(
        {
            "a": (("x", "y"), da.from_array(RNG.normal(size=(5, 4)), chunks=((2, 3), (3, 1)))),
            "t": ("x", da.from_array(np.arange(5).astype("M8[ns]"), chunks=2)),
            "s": da.arange(5, chunks=2).sum(),
        },
        coords={"z": ("y", da.arange(4, chunks=3))},
    ),
}
DATASETS["levels"] = DATASETS["coordinates"][["a"]].stack(q=("x", "t"))  # noqa: PD013 - no frame


@pytest.mark.parametrize("kind", DATASETS)
def test_every_dataset_comes_back(medium, kind):
    dataset = DATASETS[kind]
    assert same(medium.kept(XarrayDatasetSerializer, dataset), dataset)


ARRAYS = {
    "plain": xr.DataArray(RNG.normal(size=(2, 3))),
    "named": DATASETS["coordinates"]["a"],
    "its own coordinate": DATASETS["coordinates"]["t"],
    "0-d": xr.DataArray(5, name=("a", 1), attrs={"b": "c"}),
    "dask": DATASETS["dask"]["a"],
    "levels": DATASETS["levels"]["a"],
    "a coordinate of levels": DATASETS["levels"]["q"],
    "a level": DATASETS["levels"]["x"],
}


@pytest.mark.parametrize("kind", ARRAYS)
def test_every_array_comes_back(medium, kind):
    assert same(medium.kept(XarrayArraySerializer, ARRAYS[kind]), ARRAYS[kind])


def test_what_comes_back_can_be_changed(medium):
    found = medium.kept(XarrayDatasetSerializer, DATASETS["dtypes"])
    for name in ("half", "moments", "texts", "objects"):
        found[name][0] = found[name][2].item()
        assert repr(found[name][0].item()) == repr(found[name][2].item())


def test_an_encoding_comes_back_where_it_is_plain(medium):
    encoding = {"scale": 0.1, "compressor": object()}
    dataset = xr.Dataset({"a": ("x", [1, 2], {}, encoding)})
    assert medium.kept(XarrayDatasetSerializer, dataset)["a"].encoding == {"scale": 0.1}


def test_a_large_array_is_cut(medium, monkeypatch):
    from holdall.serializers import _labelled

    monkeypatch.setattr(_labelled, "CHUNK", 100)
    dataset = xr.Dataset({"a": (("x", "y"), RNG.normal(size=(7, 20)))})
    assert same(medium.kept(XarrayDatasetSerializer, dataset), dataset)
    assert len([name for name in medium.files() if "/0/" in name]) == 7 * 2 + 2


def test_anybody_can_read_the_group(tmp_path):
    medium = Medium("files", tmp_path)
    XarrayDatasetSerializer.pickle(DATASETS["numbers"], medium.writing)
    import zarr

    [folder] = tmp_path.iterdir()
    array = zarr.open_group(folder, mode="r")["0"]
    assert dict(array.attrs) == {"_ARRAY_DIMENSIONS": ["x", "y"], "name": "a"}
    assert array[:].tolist() == DATASETS["numbers"]["a"].to_numpy().tolist()


def test_removed_means_nothing_is_left(medium):
    assert medium.removes(XarrayDatasetSerializer, DATASETS["coordinates"])
    assert medium.removes(XarrayArraySerializer, ARRAYS["dask"])


# What would not come back


class Mine(xr.Dataset):
    __slots__ = ()


@pytest.mark.parametrize(
    ("dataset", "says"),
    [
        (Mine(), "Mine"),
        (xr.Dataset(attrs={"a": object()}), "attrs"),
        (xr.Dataset({"a": ((), 1, {"b": object()})}), r"\$\['a'\].*attrs"),
        (xr.Dataset({"a": ("x", np.array([object()], object))}), r"\$\['a'\].*objects"),
        (
            xr.Dataset({"a": ("x", da.from_array(np.array([object()]), chunks=1))}),
            r"\$\['a'\].*objects",
        ),
        (xr.Dataset({"a": ("x", pd.array([1, None]))}), r"\$\['a'\].*values are a"),
        (
            xr.Dataset(
                coords=xr.Coordinates.from_xindex(
                    xr.indexes.RangeIndex.arange(0.0, 1.0, 0.25, dim="x")
                )
            ),
            "drop_indexes",
        ),
    ],
    ids=["subclass", "attrs", "its attrs", "objects", "lazy objects", "pandas", "index"],
)
def test_what_would_change_is_refused(medium, dataset, says):
    with pytest.raises(SerializationError, match=says):
        XarrayDatasetSerializer.pickle(dataset, medium.writing)
    assert medium.files() == []


def test_a_protocol_without_paths_is_refused(tmp_path):
    with pytest.raises(SerializationError, match=r"path\(filename\)"):
        XarrayDatasetSerializer.pickle(DATASETS["numbers"], Medium("plain", tmp_path).writing)
