"""Dask arrays: what comes back is the array that was kept, chunks and all, or the save raises."""

import pickle
import warnings

import dask
import dask.array as da
import h5py
import numpy as np
import pytest

from holdall.errors import CorruptFrame, SerializationError
from holdall.serializers import S3_PROTOCOL
from holdall.serializers.daskarray import DaskArraySerializer
from media import Medium

RNG = np.random.default_rng(5)
FLAT = {
    "int": RNG.integers(-9, 9, 12),
    "uint8": RNG.integers(0, 255, 12).astype("u1"),
    "bool": RNG.integers(0, 2, 12).astype(bool),
    "float": RNG.normal(size=12),
    "float16": RNG.normal(size=12).astype("f2"),
    "longdouble": RNG.normal(size=12).astype("g"),
    "complex": RNG.normal(size=12) + 1j * RNG.normal(size=12),
    "clongdouble": (RNG.normal(size=12) * 1j).astype("G"),
    "big-endian": RNG.integers(-9, 9, 12).astype(">i4"),
    "big-endian floats": RNG.normal(size=12).astype(">f8"),
    "negative zeros": np.full(12, -0.0),
    "odd NaNs": np.full(12, 0x7FF8000000000123, "u8").view("f8"),
    "dates": np.array(["2020-01-01", "NaT", "1677-09-22"] * 4, "M8[ns]"),
    "days": np.array(["2020-01-01", "NaT", "9999-09-22"] * 4, "M8[D]"),
    "25 seconds": np.arange(12).astype("M8[25s]"),
    "durations": np.array([1, -5, "NaT"] * 4, "m8[us]"),
    "big-endian dates": np.arange(12).astype(">M8[s]"),
    "fixed texts": np.array(["", "é", "\U0001f600 and more"] * 4),
    "fixed bytes": np.array([b"", b"a", b"b\0c"] * 4),
    "raw": np.frombuffer(bytes(range(36)), "V3"),
    "structured": np.array([(1, 2.5, "x")] * 12, [("a", "<i4"), ("b", ">f8"), ("c", "U3")]),
    "nested": np.zeros(12, [("a", [("x", "i2"), ("y", "M8[s]")], (2, 3)), ("b", "S5")]),
    "padded": np.zeros(12, {"names": ["a"], "formats": ["i4"], "offsets": [4], "itemsize": 12}),
}


def same(found, wanted):
    """Whether two Dask arrays are alike in all that can be seen of them."""
    assert type(found) is type(wanted)
    assert found.chunks == wanted.chunks
    assert found.dtype == wanted.dtype
    assert type(found._meta) is type(wanted._meta)
    one, other = found.compute(), wanted.compute()
    assert type(one) is type(other)
    assert one.dtype == other.dtype
    assert one.shape == other.shape
    if one.dtype.kind == "T":
        assert one.tolist() == other.tolist()
    elif one.dtype.names:
        # What lies between the fields is no content.
        assert repr(one.tolist()) == repr(other.tolist())
    else:
        assert one.tobytes() == other.tobytes()
    return True


@pytest.mark.parametrize("kind", FLAT)
def test_every_dtype_comes_back(medium, kind):
    array = da.from_array(FLAT[kind].reshape(3, 4), chunks=(2, 3))
    assert same(medium.kept(DaskArraySerializer, array), array)


def test_texts_of_any_length(medium):
    texts = np.array(["", "é", "x" * 1000, "\U0001f600"] * 3, np.dtypes.StringDType(coerce=False))
    array = da.from_array(texts, chunks=5)
    found = medium.kept(DaskArraySerializer, array)
    assert same(found, array)
    assert found.dtype.coerce is False


@pytest.mark.parametrize(
    "chunks",
    [((3, 3, 3, 1), (7,)), ((2, 5, 3), (1, 6)), ((10,), (1,) * 7), ((0, 4, 0, 6, 0), (0, 7))],
    ids=str,
)
def test_chunks_come_back(medium, chunks):
    array = da.from_array(RNG.normal(size=(10, 7)), chunks=chunks)
    assert same(medium.kept(DaskArraySerializer, array), array)


@pytest.mark.parametrize(
    "array",
    [
        da.from_array(np.array(3.5)),
        da.arange(10, chunks=3).sum(),
        da.from_array(np.array("2020", "M8[ns]")),
        da.from_array(np.array("text")),
        da.zeros((0,), chunks=1),
        da.zeros((3, 0, 2), chunks=(2, 1, 1), dtype="M8[s]"),
        da.from_array(np.empty((0, 2), "U4")),
        da.ones((2, 3, 4, 5), chunks=(1, 2, 3, 4)),
    ],
    ids=["0-d", "scalar", "0-d date", "0-d text", "empty", "no rows", "no texts", "4-d"],
)
def test_shapes(medium, array):
    assert same(medium.kept(DaskArraySerializer, array), array)


def test_unknown_chunks_are_computed_first(medium):
    numbers = da.arange(10, chunks=3)
    array = numbers[numbers % 2 == 0]
    found = medium.kept(DaskArraySerializer, array)
    assert found.chunks == ((2, 1, 2, 0),)
    assert found.compute().tolist() == [0, 2, 4, 6, 8]
    # Whoever saved it has the array that it was.
    assert np.isnan(array.shape[0])


def test_nothing_is_read_until_it_is_computed(medium, monkeypatch):
    array = da.from_array(RNG.normal(size=(6, 4)), chunks=(2, 4))
    from holdall.serializers._source import Source

    reads = []
    read = Source.read
    monkeypatch.setattr(
        Source, "read", lambda self, region: reads.append(region) or read(self, region)
    )
    found = medium.kept(DaskArraySerializer, array)
    assert reads == []
    assert found[3].compute().tolist() == array[3].compute().tolist()
    assert len(reads) == 1


def test_parts_are_those_of_the_array(medium):
    array = da.from_array(RNG.normal(size=(10, 7)), chunks=(4, 3))
    found = medium.kept(DaskArraySerializer, array)
    for part in (np.s_[3], np.s_[::-1], np.s_[1:9:3, -2], np.s_[[5, 0, 5]], np.s_[..., None, 2:]):
        assert found[part].compute().tolist() == array[part].compute().tolist()


@pytest.mark.parametrize("scheduler", ["processes", "synchronous", "threads"])
def test_any_scheduler(medium, scheduler):
    if medium.kind == "plain" and scheduler == "processes":
        pytest.skip("such a protocol need not be known to other processes")
    array = da.from_array(np.arange(20.0), chunks=6) * 2
    with dask.config.set(scheduler=scheduler, num_workers=2), warnings.catch_warnings():
        # Dask forks its pool where threads are.
        warnings.simplefilter("ignore", DeprecationWarning)
        found = medium.kept(DaskArraySerializer, array)
        assert found.compute().tolist() == np.arange(0, 40, 2.0).tolist()


def test_what_is_read_can_be_sent_elsewhere(medium):
    array = da.from_array(np.arange(20.0), chunks=6)
    found = pickle.loads(pickle.dumps(medium.kept(DaskArraySerializer, array)))
    assert same(found, array)


def test_two_arrays_are_not_taken_for_one(medium):
    one, other = da.zeros(4, chunks=2), da.ones(4, chunks=2)
    found = medium.kept(DaskArraySerializer, one), medium.kept(DaskArraySerializer, other)
    assert da.concatenate(found).compute().tolist() == [0, 0, 0, 0, 1, 1, 1, 1]


def test_removed_means_nothing_is_left(medium):
    assert medium.removes(DaskArraySerializer, da.zeros((4, 4), chunks=2))


def test_an_array_that_is_open_outlives_its_file(tmp_path):
    medium = Medium("files", tmp_path)
    _, pid = DaskArraySerializer.pickle(da.arange(5, chunks=2), medium.writing)
    found = DaskArraySerializer.unpickle(pid, medium.reading)
    DaskArraySerializer.remove(pid, medium.writing)
    assert medium.files() == []
    assert found.compute().tolist() == [0, 1, 2, 3, 4]


def test_an_array_whose_data_is_gone_is_not_taken_for_zeros(tmp_path, s3):
    medium = Medium("s3", tmp_path, s3)
    _, pid = DaskArraySerializer.pickle(da.arange(5, chunks=2), medium.writing)
    found = DaskArraySerializer.unpickle(pid, medium.reading)
    assert found[:2].compute().tolist() == [0, 1]
    DaskArraySerializer.remove(pid, medium.writing)
    with pytest.raises(CorruptFrame, match="gone"):
        found.compute()


# What would not come back


def test_objects_are_refused(medium):
    array = da.from_array(np.array([1, "a", None], object), chunks=2)
    with pytest.raises(SerializationError, match=r"objects.*StringDType"):
        DaskArraySerializer.pickle(array, medium.writing)
    assert medium.files() == []


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (da.ma.masked_array(da.zeros(3), [1, 0, 0]), "numpy.ma"),
        (da.from_array(np.zeros(3, np.dtype("i4", metadata={"a": 1}))), "metadata"),
        (da.zeros(4, chunks=2).map_blocks(lambda block: block.astype("i4"), dtype="f8"), "int32"),
        (da.zeros(4, chunks=2).map_blocks(lambda block: block[:1], dtype="f8"), r"shape \(1,\)"),
        (da.zeros(4, chunks=2).map_blocks(lambda block: block[:0], dtype="f8"), r"shape \(0,\)"),
        (
            da.zeros(4, chunks=2).map_blocks(np.ma.masked_array, dtype="f8", meta=np.empty(0)),
            "MaskedArray",
        ),
        (
            da.from_array(np.array(["a"], np.dtypes.StringDType(na_object=None)), chunks=1),
            "missing",
        ),
    ],
    ids=["masked", "metadata", "dtype", "short", "empty", "masked blocks", "missing texts"],
)
def test_what_would_change_is_refused(medium, array, says):
    with pytest.raises(SerializationError, match=says):
        DaskArraySerializer.pickle(array, medium.writing)


def test_aligned_fields_are_refused(medium):
    aligned = np.dtype([("a", "i1"), ("b", "f8")], align=True)
    with pytest.raises(SerializationError, match="alignment"):
        DaskArraySerializer.pickle(da.zeros(3, dtype=aligned), medium.writing)


def test_texts_with_a_zero_character(medium):
    texts = da.from_array(np.array(["a\0b"], np.dtypes.StringDType()), chunks=1)
    if medium.kind == "s3":
        assert medium.kept(DaskArraySerializer, texts).compute().tolist() == ["a\0b"]
    else:
        with pytest.raises(SerializationError, match="zero character"):
            DaskArraySerializer.pickle(texts, medium.writing)


# What others wrote


def test_function_fuse_s_files(tmp_path):
    """As its serializer writes them: a dataset of one name, the chunks of the array."""
    medium = Medium("files", tmp_path)
    numbers = RNG.normal(size=(5, 4))
    with h5py.File(tmp_path / "some-uuid", "w") as file:
        dataset = file.create_dataset("dask_arrays", (5, 4), dtype="f8", chunks=(2, 4))
        dataset[:] = numbers
    pid = ("0.0.0", "some-uuid")
    found = DaskArraySerializer.unpickle(pid, medium.reading)
    assert same(found, da.from_array(numbers, chunks=(2, 4)))
    DaskArraySerializer.remove(pid, medium.writing)
    assert medium.files() == []


def test_function_fuse_s_groups(tmp_path, s3):
    medium = Medium("s3", tmp_path, s3)
    place = medium.writing[S3_PROTOCOL]
    import zarr

    store = place["client"].get_mapper(f"{place['folder']}/dask_arrays")
    numbers = RNG.integers(0, 9, (5, 4))
    if zarr.__version__ < "3":
        array = zarr.group(store=store).create_dataset("u", shape=(5, 4), chunks=(2, 4), dtype="i8")
    else:
        group = zarr.open_group(store, mode="w", zarr_format=2)
        array = group.create_array("u", shape=(5, 4), chunks=(2, 4), dtype="i8")
    array[:] = numbers
    found = DaskArraySerializer.unpickle(("0.0.0", "u"), medium.reading)
    assert same(found, da.from_array(numbers, chunks=(2, 4)))
    DaskArraySerializer.remove(("0.0.0", "u"), medium.writing)
    assert not [key for key in medium.files() if "dask_arrays/u" in key]
