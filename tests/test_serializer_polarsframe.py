"""Polars: names, dtypes and values as they were; or a refusal."""

import datetime as dt
import math
from decimal import Decimal

import numpy as np
import polars as pl
import pytest

from holdall.errors import SerializationError
from holdall.serializers.polarsframe import PolarsFrameSerializer, PolarsSeriesSerializer
from media import Medium

SERIES = {
    "ints": pl.Series([1, None, 3], dtype=pl.Int8),
    "wide": pl.Series([2**100, None, -1], dtype=pl.Int128),
    "floats": pl.Series([1.5, None, math.nan]),
    "odd NaNs": pl.Series(np.full(3, 0x7FF8000000000123, "u8").view("f8")),
    "bools": pl.Series([True, None, False]),
    "texts": pl.Series(["a", None, "é\0 and more than fits"]),
    "bytes": pl.Series([b"a", None, b""]),
    "nothing": pl.Series([None, None, None]),
    "moments": pl.Series([0, None, 2], dtype=pl.Datetime("ns", "Europe/Paris")),
    "days": pl.Series([dt.date(2020, 1, 1), None, dt.date(1, 1, 1)]),
    "times": pl.Series([dt.time(1), None, dt.time(2, 3, 4, 5)]),
    "durations": pl.Series([1, None, 3], dtype=pl.Duration("ms")),
    "decimals": pl.Series([Decimal("1.50"), None, Decimal("2.00")], dtype=pl.Decimal(10, 2)),
    "categories": pl.Series(["b", None, "a"], dtype=pl.Categorical),
    "enum": pl.Series(["b", None, "a"], dtype=pl.Enum(["a", "unused", "b"])),
    "lists": pl.Series([[1], None, []], dtype=pl.List(pl.Int16)),
    "arrays": pl.Series([[1, 2], None, [3, 4]], dtype=pl.Array(pl.Int8, 2)),
    "structs": pl.Series([{"a": 1, "b": None}, None, {"a": None, "b": "x"}]),
}


def same(found, wanted):
    assert type(found) is type(wanted)
    assert found.equals(wanted, null_equal=True)
    if isinstance(wanted, pl.Series):
        assert found.name == wanted.name
        assert repr(found.dtype) == repr(wanted.dtype)
        assert found.dtype == wanted.dtype
        if wanted.dtype.is_float() and not wanted.null_count():
            assert found.to_numpy().tobytes() == wanted.to_numpy().tobytes()
    else:
        assert found.shape == wanted.shape
        for one, other in zip(found, wanted, strict=True):
            same(one, other)
    return True


@pytest.mark.parametrize("kind", SERIES)
def test_every_series_comes_back(medium, kind):
    series = SERIES[kind].rename(kind)
    assert same(medium.kept(PolarsSeriesSerializer, series), series)
    assert same(medium.kept(PolarsSeriesSerializer, series[1:2]), series[1:2])
    assert same(medium.kept(PolarsSeriesSerializer, series.clear()), series.clear())


FRAMES = {
    "every kind": pl.DataFrame(SERIES),
    "nothing": pl.DataFrame(),
    "columns alone": pl.DataFrame(schema={"a": pl.Int8, "": pl.String}),
    "several chunks": pl.concat([pl.DataFrame({"a": [n]}) for n in range(5)], rechunk=False),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_frames(medium, kind):
    assert same(medium.kept(PolarsFrameSerializer, FRAMES[kind]), FRAMES[kind])


def test_a_frame_outlives_its_file(tmp_path):
    medium = Medium("files", tmp_path)
    frame = pl.DataFrame({"a": np.arange(100_000)})
    _, pid = PolarsFrameSerializer.pickle(frame, medium.writing)
    found = PolarsFrameSerializer.unpickle(pid, medium.reading)
    PolarsFrameSerializer.remove(pid, medium.writing)
    assert medium.files() == []
    assert same(found, frame)


def test_anybody_can_read_the_file(tmp_path):
    medium = Medium("files", tmp_path)
    PolarsFrameSerializer.pickle(pl.DataFrame({"a": [1, 2]}), medium.writing)
    assert pl.read_ipc(tmp_path / medium.files()[0]).to_dict(as_series=False) == {"a": [1, 2]}


def test_removed_means_nothing_is_left(medium):
    assert medium.removes(PolarsFrameSerializer, pl.DataFrame({"a": [1]}))
    assert medium.removes(PolarsSeriesSerializer, pl.Series([1]))


class Mine(pl.DataFrame):
    pass


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (Mine({"a": [1]}), "Mine"),
        (pl.DataFrame({"a": pl.Series([object()], dtype=pl.Object)}), "Object"),
    ],
    ids=["subclass", "objects"],
)
def test_what_would_change_is_refused(medium, frame, says):
    with pytest.raises(SerializationError, match=says):
        PolarsFrameSerializer.pickle(frame, medium.writing)
    assert medium.files() == []
