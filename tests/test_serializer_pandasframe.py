"""pandas: every kind of column and index comes back as it was, or the save raises."""

import numpy as np
import pandas as pd
import pytest

from holdall.errors import SerializationError
from holdall.serializers.pandasframe import PandasFrameSerializer, PandasSeriesSerializer
from media import Medium
from pandas_zoo import INDEXES, SERIES, same


@pytest.fixture
def files(tmp_path):
    return Medium("files", tmp_path)


@pytest.mark.parametrize("kind", SERIES)
def test_every_series_comes_back(files, kind):
    series = SERIES[kind].rename(kind)
    assert same(files.kept(PandasSeriesSerializer, series), series)
    frame = pd.DataFrame({kind: series, "other": [1, 2, 3]})
    assert same(files.kept(PandasFrameSerializer, frame), frame)


@pytest.mark.parametrize("kind", SERIES)
def test_no_rows_and_some_of_them(files, kind):
    for series in (SERIES[kind].iloc[:0], SERIES[kind].iloc[::-2], SERIES[kind].iloc[1:]):
        assert same(files.kept(PandasSeriesSerializer, series), series)


@pytest.mark.parametrize("kind", INDEXES)
def test_every_index_comes_back(files, kind):
    index = INDEXES[kind]
    frame = pd.DataFrame(np.arange(6.0).reshape(3, 2), index=index)
    assert same(files.kept(PandasFrameSerializer, frame), frame)
    assert same(files.kept(PandasSeriesSerializer, frame[0]), frame[0])
    assert same(files.kept(PandasFrameSerializer, frame.T), frame.T)
    assert same(files.kept(PandasFrameSerializer, frame.iloc[:0]), frame.iloc[:0])


FRAMES = {
    "nothing": pd.DataFrame(),
    "rows alone": pd.DataFrame(index=["a", "b"]),
    "columns alone": pd.DataFrame(columns=["a", "b"]),
    "one name twice": pd.DataFrame([[1, "a"], [2, "b"]], columns=["x", "x"]),
    "odd names": pd.DataFrame([[1, 2, 3, 4]], columns=["a", 1, ("b", 2), None]),
    "names like the index": pd.DataFrame({"index 0": [1.5]}, index=["a"]),
    "every kind": pd.DataFrame(SERIES),
    "many of a kind": pd.DataFrame(np.arange(600.0).reshape(6, 100)),
    "backwards": pd.DataFrame(np.asfortranarray(np.arange(6).reshape(3, 2)))[::-1],
}


@pytest.mark.parametrize("kind", FRAMES)
def test_frames(medium, kind):
    assert same(medium.kept(PandasFrameSerializer, FRAMES[kind]), FRAMES[kind])


def test_attrs_and_flags(medium):
    frame = pd.DataFrame({"a": [1]}).set_flags(allows_duplicate_labels=False)
    frame.attrs = {"unit": ("m", 1), "deep": {"a": [None, 1.5]}}
    assert same(medium.kept(PandasFrameSerializer, frame), frame)
    assert same(medium.kept(PandasSeriesSerializer, frame["a"]), frame["a"])


def test_what_comes_back_can_be_changed(medium):
    for kind, series in SERIES.items():
        if isinstance(series[2], list | dict | tuple):
            # pandas takes these for several values.
            continue
        found = medium.kept(PandasSeriesSerializer, series)
        found.iloc[0] = series.iloc[2]
        wanted = series.copy()
        wanted.iloc[0] = series.iloc[2]
        assert same(found, wanted), kind


def test_anybody_can_read_the_file(files):
    import pyarrow as pa

    PandasFrameSerializer.pickle(pd.DataFrame({"a": [1, 2], "b": ["x", None]}), files.writing)
    with pa.ipc.open_stream(files.folder / files.files()[0]) as reader:
        assert reader.read_all().to_pydict() == {"a": [1, 2], "b": ["x", None]}


def test_removed_means_nothing_is_left(medium):
    assert medium.removes(PandasFrameSerializer, pd.DataFrame({"a": [1]}))
    assert medium.removes(PandasSeriesSerializer, pd.Series([1]))


# What would not come back


class Mine(pd.DataFrame):
    @property
    def _constructor(self):
        return Mine


class Thing:
    pass


def with_attrs():
    frame = pd.DataFrame({"a": [1]})
    frame.attrs["thing"] = Thing()
    return frame


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (Mine({"a": [1]}), "Mine"),
        (pd.DataFrame({"a": [Thing()]}), r"\$\['a'\].*more than plain data"),
        (pd.DataFrame({"a": [pd.Timestamp(0), 1]}, dtype=object), r"\$\['a'\]"),
        (pd.DataFrame({"a": pd.arrays.SparseArray([0, 1])}), "Sparse"),
        (with_attrs(), "attrs"),
        (pd.DataFrame([[1]], columns=pd.Index([Thing()], dtype=object)), "columns"),
        (pd.DataFrame([[1]], index=pd.Index([1], name=pd.Timestamp(0))), "name of an index"),
        (
            pd.DataFrame(
                index=pd.date_range(
                    "2020", periods=2, freq=pd.offsets.CustomBusinessDay(holidays=["2020-01-06"])
                )
            ),
            "frequency",
        ),
        (pd.DataFrame({"a": ["\ud800"]}, dtype="string[python]"), "UTF-8"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_what_would_change_is_refused(medium, frame, says):
    with pytest.raises(SerializationError, match=says):
        PandasFrameSerializer.pickle(frame, medium.writing)
    assert medium.files() == []


def test_a_pytz_zone(files):
    pytz = pytest.importorskip("pytz")
    index = pd.DatetimeIndex(["2020-01-01"]).tz_localize(pytz.timezone("Europe/Paris"))
    frame = pd.DataFrame({"a": index}, index=index)
    assert same(files.kept(PandasFrameSerializer, frame), frame)
