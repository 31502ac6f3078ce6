"""Polars' values: by their names, their dtypes, and what they say at each place."""

from typing import Any

import polars as pl

from holdall.errors import SerializationError
from holdall.fingerprint.attributes import Attributes

Parts = tuple[Any, ...]


def of_frame(value: Any) -> Parts:
    """Describe a frame by its columns."""
    return ("polars.DataFrame", type(value), value.height, Attributes(columns=value.get_columns()))


def of_series(value: Any) -> Parts:
    """Describe a series; Arrow knows how to lay out its content."""
    return ("polars.Series", type(value), value.name, value.dtype, content(value))


def content(value: Any) -> Any:
    """Return what a series says as one array of Arrow's, as a list where there is none."""
    if value.dtype == pl.Object:
        return value.to_list()
    try:
        return value.rechunk().to_arrow()
    except ImportError:  # Arrow is optional for Polars
        return value.to_list()


def of_dtype(value: Any) -> Parts:
    """Describe a dtype by its name and parameters."""
    return ("polars.dtype", type(value).__name__, Attributes(vars(value)))


def of_dtype_class(value: Any) -> Parts:
    """Describe a dtype without parameters: Polars takes its class for it."""
    return ("polars.dtype", value.__name__, Attributes())


def of_field(value: Any) -> Parts:
    """Describe a field of a struct."""
    return ("polars.field", value.name, value.dtype)


def refuse(value: Any) -> Parts:
    """Say what to do with what is still to be computed."""
    raise SerializationError(
        f"polars.{type(value).__name__} is a plan, which says nothing certain of its data; collect() "
        "it, or leave it out with ignore=[...]"
    )


TABLE: dict[type, Any] = {}
WHOLE: dict[type, Any] = {
    pl.DataFrame: of_frame,
    pl.Series: of_series,
    pl.DataType: of_dtype,
    type(pl.Int64): of_dtype_class,
    pl.Field: of_field,
    pl.LazyFrame: refuse,
    pl.Expr: refuse,
}
