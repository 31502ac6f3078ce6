"""pandas' values: by their labels, their dtypes, and the content of each column.

How columns are kept together in memory is no part of what a frame is; its attributes are.
"""

from typing import Any

import numpy as np
import pandas as pd

from holdall.fingerprint.attributes import Attributes
from holdall.fingerprint.describe_code import name_of

Parts = tuple[Any, ...]


def content(values: Any) -> Any:
    """Return the array of a column or an index: NumPy's where it is one."""
    return values.to_numpy() if isinstance(values.dtype, np.dtype) else values.array


def told(value: Any) -> Attributes:
    """Return what is said of a frame or a series beside its content."""
    declared = value._metadata  # noqa: SLF001 - pandas documents it for subclasses
    found = Attributes({name: getattr(value, name, None) for name in declared})
    found.update(attrs=value.attrs, unique_labels=not value.flags.allows_duplicate_labels)
    return found


def of_frame(value: Any) -> Parts:
    """Describe a frame."""
    return (
        "pandas.DataFrame",
        type(value),
        Attributes(
            index=value.index,
            columns=value.columns,
            values=[content(column) for _, column in pd.DataFrame.items(value)],
        ),
        told(value),
    )


def of_series(value: Any) -> Parts:
    """Describe a series."""
    return (
        "pandas.Series",
        type(value),
        Attributes(name=value.name, index=value.index, values=content(value)),
        told(value),
    )


def of_index(value: Any) -> Parts:
    """Describe an index by its labels."""
    freq = getattr(value, "freqstr", None)
    return ("pandas.Index", type(value), Attributes(name=value.name), freq, content(value))


def of_range(value: Any) -> Parts:
    """Describe an index that is a range."""
    return (
        "pandas.RangeIndex",
        type(value),
        Attributes(name=value.name),
        value.start,
        value.stop,
        value.step,
    )


def of_levels(value: Any) -> Parts:
    """Describe an index of several levels by its labels, whichever others its levels know."""
    return (
        "pandas.MultiIndex",
        type(value),
        Attributes(names=list(value.names)),
        [content(value.get_level_values(level)) for level in range(value.nlevels)],
    )


# Arrays


def of_moments(value: Any) -> Parts:
    """Describe dates, durations or periods by their numbers."""
    return (
        "pandas.array",
        str(value.dtype),
        Attributes(tz=getattr(value, "tz", None)),
        value.asi8,
    )


def of_categorical(value: Any) -> Parts:
    """Describe categories and which of them each item is."""
    return (
        "pandas.Categorical",
        value.ordered,
        Attributes(categories=value.categories),
        np.asarray(value.codes, np.int64),
    )


def of_masked(value: Any) -> Parts:
    """Describe items that may be missing; what lies under the mask is none of them."""
    missing = value.isna()
    zero = value.dtype.numpy_dtype.type(0)
    return (
        "pandas.array",
        str(value.dtype),
        missing,
        value.to_numpy(value.dtype.numpy_dtype, na_value=zero),
    )


def of_strings(value: Any) -> Parts:
    """Describe strings that are objects of Python's."""
    return ("pandas.array", repr(value.dtype), np.asarray(value, object))


def of_arrow(value: Any) -> Parts:
    """Describe an array of Arrow's."""
    return ("pandas.array", repr(value.dtype), value.__arrow_array__())


def of_numpy(value: Any) -> Parts:
    """Describe an array of NumPy's that pandas has wrapped."""
    return ("pandas.array", type(value).__name__, value.to_numpy())


def of_intervals(value: Any) -> Parts:
    """Describe intervals by their ends."""
    return ("pandas.array", value.closed, Attributes(left=value.left, right=value.right))


def of_sparse(value: Any) -> Parts:
    """Describe an array that is mostly one value."""
    return (
        "pandas.SparseArray",
        len(value),
        value.fill_value,
        np.asarray(value.sp_index.indices, np.int64),
        np.asarray(value.sp_values),
    )


# Single values


def of_timestamp(value: Any) -> Parts:
    """Describe a moment."""
    return ("pandas.Timestamp", value.asm8, value.fold, Attributes(tzinfo=value.tzinfo))


def of_timedelta(value: Any) -> Parts:
    """Describe a duration."""
    return ("pandas.Timedelta", value.asm8)


def of_period(value: Any) -> Parts:
    """Describe a span of the calendar."""
    return ("pandas.Period", value.ordinal, value.freqstr)


def of_interval(value: Any) -> Parts:
    """Describe an interval by its ends."""
    return ("pandas.Interval", value.left, value.right, value.closed)


def of_missing(value: Any) -> Parts:
    """Describe what stands for nothing."""
    return ("pandas.missing", type(value).__name__)


def of_offset(value: Any) -> Parts:
    """Describe a step through the calendar. A calendar is made from the other keywords."""
    kwds = {name: item for name, item in value.kwds.items() if name != "calendar"}
    return ("pandas.offset", *name_of(type(value)), value.n, value.normalize, Attributes(kwds))


def of_categories(value: Any) -> Parts:
    """Describe a dtype of categories."""
    return ("pandas.dtype", Attributes(categories=value.categories), value.ordered)


def of_dtype(value: Any) -> Parts:
    """Describe a dtype by its name, which says all there is."""
    return ("pandas.dtype", *name_of(type(value)), repr(value))


TABLE: dict[type, Any] = {}
WHOLE: dict[type, Any] = {
    pd.DataFrame: of_frame,
    pd.Series: of_series,
    pd.Index: of_index,
    pd.RangeIndex: of_range,
    pd.MultiIndex: of_levels,
    pd.arrays.DatetimeArray: of_moments,
    pd.arrays.TimedeltaArray: of_moments,
    pd.arrays.PeriodArray: of_moments,
    pd.Categorical: of_categorical,
    pd.arrays.IntegerArray: of_masked,
    pd.arrays.FloatingArray: of_masked,
    pd.arrays.BooleanArray: of_masked,
    pd.arrays.StringArray: of_strings,
    pd.arrays.ArrowStringArray: of_arrow,
    pd.arrays.ArrowExtensionArray: of_arrow,
    pd.arrays.NumpyExtensionArray: of_numpy,
    pd.arrays.IntervalArray: of_intervals,
    pd.arrays.SparseArray: of_sparse,
    pd.Timestamp: of_timestamp,
    pd.Timedelta: of_timedelta,
    pd.Period: of_period,
    pd.Interval: of_interval,
    type(pd.NaT): of_missing,
    type(pd.NA): of_missing,
    pd.offsets.BaseOffset: of_offset,
    pd.CategoricalDtype: of_categories,
    pd.api.extensions.ExtensionDtype: of_dtype,
}
