"""NumPy arrays: every dtype, order and shape as it was, mapped into memory; or a refusal."""

import mmap

import numpy as np
import pytest

from holdall.errors import SerializationError
from holdall.serializers.numpyarray import NumpyArraySerializer
from media import Medium

RNG = np.random.default_rng(5)
ARRAYS = {
    "ints": np.arange(12).reshape(3, 4),
    "floats": RNG.normal(size=(3, 4)),
    "odd NaNs": np.full(3, 0x7FF8000000000123, "u8").view("f8"),
    "half": RNG.normal(size=5).astype("f2"),
    "longdouble": RNG.normal(size=5).astype("g"),
    "bools": np.array([True, False]),
    "complex": RNG.normal(size=5) * 1j,
    "big-endian": np.arange(5, dtype=">i8"),
    "dates": np.array(["2020", "NaT"], "M8[ns]"),
    "25 seconds": np.arange(5).astype("m8[25s]"),
    "texts": np.array(["", "é", "\U0001f600"]),
    "bytes": np.array([b"", b"a\0b"]),
    "structured": np.array([(1, "x")] * 3, [("a", ">i4"), ("名", "U3")]),
    "padded": np.zeros(3, {"names": ["a"], "formats": ["i4"], "offsets": [4], "itemsize": 12}),
    "Fortran's order": np.asfortranarray(RNG.normal(size=(3, 4, 2))),
    "a column": RNG.normal(size=(3, 4))[:, 1],
    "backwards": np.arange(5)[::-1],
    "broadcast": np.broadcast_to(np.arange(3), (4, 3)),
    "0-d": np.array(2.5),
    "0-d text": np.array("text"),
    "empty": np.zeros(0),
    "no rows": np.zeros((0, 3), "M8[s]"),
    "matrix": np.arange(4).reshape(2, 2).view(np.matrix),
    "records": np.rec.array([(1, 2.5), (3, 4.5)], dtype=[("a", "<i4"), ("b", ">f8")]),
    "read-only": np.frombuffer(b"12345678", "i4"),
}


@pytest.mark.parametrize("kind", ARRAYS)
def test_every_array_comes_back(medium, kind):
    array = ARRAYS[kind]
    found = medium.kept(NumpyArraySerializer, array)
    assert type(found) is type(array)
    assert found.dtype == array.dtype
    assert found.dtype.type is array.dtype.type
    assert found.shape == array.shape
    assert found.tobytes("A") == array.tobytes("A")
    assert found.flags.writeable == array.flags.writeable
    assert found.flags.fnc == array.flags.fnc


def root(array):
    """What an array's memory is."""
    while isinstance(array, np.ndarray):
        array = array.base
    return array.obj if isinstance(array, memoryview) else array


def test_what_comes_back_is_the_file(medium):
    found = medium.kept(NumpyArraySerializer, np.arange(1000))
    assert isinstance(root(found), bytearray if medium.kind == "s3" else mmap.mmap)


def test_a_change_stays_in_memory(medium):
    _, pid = NumpyArraySerializer.pickle(np.zeros(5), medium.writing)
    found = NumpyArraySerializer.unpickle(pid, medium.reading)
    found += 1
    assert NumpyArraySerializer.unpickle(pid, medium.reading).tolist() == [0] * 5


def test_an_array_outlives_its_file(tmp_path):
    medium = Medium("files", tmp_path)
    _, pid = NumpyArraySerializer.pickle(np.arange(5), medium.writing)
    found = NumpyArraySerializer.unpickle(pid, medium.reading)
    NumpyArraySerializer.remove(pid, medium.writing)
    assert medium.files() == []
    assert found.tolist() == [0, 1, 2, 3, 4]


def test_anybody_can_read_the_file(tmp_path):
    medium = Medium("files", tmp_path)
    NumpyArraySerializer.pickle(np.arange(5), medium.writing)
    assert np.load(tmp_path / medium.files()[0]).tolist() == [0, 1, 2, 3, 4]


def test_removed_means_nothing_is_left(medium):
    assert medium.removes(NumpyArraySerializer, np.zeros(3))


class Mine(np.ndarray):
    pass


def with_attribute():
    array = np.rec.array([(1,)], dtype=[("a", "i4")])
    array.note = "mine"
    return array


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (np.array([1, "a"], object), "array of objects"),
        (np.array([(1, "a")], [("a", "i4"), ("b", object)]), "array of objects"),
        (np.ma.masked_array([1, 2], [True, False]), r"MaskedArray.*numpy\.asarray"),
        (np.zeros(3).view(Mine), "Mine: it has more to it"),
        (with_attribute(), "recarray"),
        (np.array(["a"], np.dtypes.StringDType()), "any length"),
        (np.zeros(3, np.dtype("i4", metadata={"a": 1})), "metadata"),
        (np.zeros(3, np.dtype([("a", "i1"), ("b", "f8")], align=True)), "alignment"),
        (np.zeros(3, np.dtype((np.record, [("a", "i1")]))), "would not come back"),
        (np.zeros(3, "V0"), "would not come back"),
    ],
    ids=lambda part: part if isinstance(part, str) else type(part).__name__,
)
def test_what_would_change_is_refused(medium, array, says):
    with pytest.raises(SerializationError, match=says):
        NumpyArraySerializer.pickle(array, medium.writing)
    assert medium.files() == []


def test_a_map_of_a_file_is_refused(tmp_path):
    array = np.memmap(tmp_path / "a", "f8", "w+", shape=(3,))
    with pytest.raises(SerializationError, match="memmap"):
        NumpyArraySerializer.pickle(array, Medium("files", tmp_path / "b").writing)
