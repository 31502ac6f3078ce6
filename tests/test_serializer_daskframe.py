"""Dask's data frames: partitions, divisions and what is in them as they were; or a refusal."""

import pickle
import warnings

import dask
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from holdall.errors import SerializationError
from holdall.serializers.daskframe import DaskFrameSerializer, DaskSeriesSerializer
from media import Medium
from pandas_zoo import INDEXES, SERIES
from pandas_zoo import same as same_part

# Dask turns texts into its own kind unless it is told not to.
pytestmark = pytest.mark.usefixtures("as_it_is")


@pytest.fixture
def as_it_is():
    with dask.config.set({"dataframe.convert-string": False}):
        yield


def itself(frame):
    return frame


def parts(*frames, divisions=None):
    """A frame of just these partitions."""
    return dd.from_map(itself, frames, meta=frames[0].iloc[:0], divisions=divisions)


def same(found, wanted):
    assert type(found) is type(wanted)
    assert found.npartitions == wanted.npartitions
    assert found.divisions == wanted.divisions
    assert [*map(type, found.divisions)] == [*map(type, wanted.divisions)]
    assert same_part(found._meta, wanted._meta)
    for one, other in zip(found.partitions, wanted.partitions, strict=True):
        assert same_part(one.compute(), other.compute())
    return True


@pytest.mark.parametrize("kind", SERIES)
def test_every_column_comes_back(tmp_path, kind):
    medium = Medium("files", tmp_path)
    series = SERIES[kind].rename(kind)
    frame = parts(pd.DataFrame({kind: series}), pd.DataFrame({kind: series[::-1]}))
    assert same(medium.kept(DaskFrameSerializer, frame), frame)
    assert same(medium.kept(DaskSeriesSerializer, frame[kind]), frame[kind])


@pytest.mark.parametrize("kind", INDEXES)
def test_every_index_comes_back(tmp_path, kind):
    frame = parts(pd.DataFrame({"a": [1.5, 2, 3]}, index=INDEXES[kind]))
    assert same(Medium("files", tmp_path).kept(DaskFrameSerializer, frame), frame)


NUMBERS = pd.DataFrame({"a": np.arange(10.0), "b": list("abcdefghij")})
FRAMES = {
    "known": dd.from_pandas(NUMBERS, npartitions=3),
    "unknown": dd.from_pandas(NUMBERS, npartitions=3).clear_divisions(),
    "moments": dd.from_pandas(
        NUMBERS.set_index(pd.date_range("2020", periods=10, tz="Europe/Paris")), npartitions=2
    ),
    "texts": dd.from_pandas(NUMBERS.set_index("b"), npartitions=2),
    "an empty partition": parts(NUMBERS[:3], NUMBERS[:0], NUMBERS[3:]),
    "one": dd.from_pandas(NUMBERS, npartitions=1),
    "NumPy's divisions": parts(NUMBERS[:3], NUMBERS[3:], divisions=tuple(map(np.int64, (0, 3, 9)))),
    "no columns": parts(NUMBERS[:3][[]], NUMBERS[3:][[]]),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_partitions_and_divisions(medium, kind):
    assert same(medium.kept(DaskFrameSerializer, FRAMES[kind]), FRAMES[kind])


def test_series(medium):
    series = FRAMES["known"]["a"] * 2
    assert same(medium.kept(DaskSeriesSerializer, series), series)


def test_nothing_is_read_until_it_is_computed(medium, monkeypatch):
    from holdall.serializers import _medium

    reads = []
    read = _medium.File.content
    monkeypatch.setattr(_medium.File, "content", lambda self: reads.append(self) or read(self))
    found = medium.kept(DaskFrameSerializer, FRAMES["known"])
    assert reads == []
    assert found.partitions[1].compute().equals(FRAMES["known"].partitions[1].compute())
    assert len(reads) == 1
    assert found.a.sum().compute() == 45


@pytest.mark.parametrize("scheduler", ["processes", "synchronous"])
def test_any_scheduler(medium, scheduler):
    if medium.kind == "plain" and scheduler == "processes":
        pytest.skip("such a protocol need not be known to other processes")
    with dask.config.set(scheduler=scheduler, num_workers=2), warnings.catch_warnings():
        # Dask forks its pool where threads are.
        warnings.simplefilter("ignore", DeprecationWarning)
        found = medium.kept(DaskFrameSerializer, FRAMES["known"])
        assert found.compute().equals(FRAMES["known"].compute())


def test_what_is_read_can_be_sent_elsewhere(medium):
    found = medium.kept(DaskFrameSerializer, FRAMES["known"])
    assert same(pickle.loads(pickle.dumps(found)), FRAMES["known"])


def test_two_frames_are_not_taken_for_one(medium):
    one, other = FRAMES["known"], FRAMES["known"].assign(a=0.0)
    found = [medium.kept(DaskFrameSerializer, frame) for frame in (one, other)]
    assert dd.concat(found).a.sum().compute() == 45


def test_anybody_can_read_the_files(tmp_path):
    medium = Medium("files", tmp_path)
    DaskFrameSerializer.pickle(FRAMES["known"], medium.writing)
    read = pd.concat([pd.read_parquet(tmp_path / name) for name in medium.files()])
    assert read["a"].tolist() == NUMBERS["a"].tolist()


def test_removed_means_nothing_is_left(medium):
    assert medium.removes(DaskFrameSerializer, FRAMES["known"])


class Thing:
    pass


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (pd.DataFrame({"a": [Thing()]}), "more than plain data"),
        (pd.DataFrame({"a": [1]}, dtype=pd.ArrowDtype(pa.timestamp("s"))), "Parquet does not hold"),
    ],
    ids=["objects", "Parquet"],
)
def test_what_would_change_is_refused(medium, frame, says):
    with pytest.raises(SerializationError, match=says):
        DaskFrameSerializer.pickle(parts(frame), medium.writing)
