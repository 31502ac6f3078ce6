"""Polars: each DataFrame and each Series in a file of Arrow's IPC format."""

import io
from typing import Any, Never

from holdall.errors import SerializationError
from holdall.serializers._lazy import ClassOf, known_version, library
from holdall.serializers._medium import File, new_name

__all__ = ["PolarsFrameSerializer", "PolarsSeriesSerializer"]

VERSION = "1"
EXTRA = "polars"


class PolarsFrameSerializer:
    """Keeps each `polars.DataFrame`.

    Names and dtypes come back, categories too. How a column was cut up in memory, and whether Polars knew
    it to be sorted, does not.
    """

    name = "PolarsFrameSerializer"
    serializer_class = ClassOf("polars:DataFrame", EXTRA)

    @classmethod
    def pickle(cls, obj: Any, protocols: dict[str, Any]) -> tuple[str, Any]:
        """Write it. Raises SerializationError for one that would not come back as it is."""
        pl = library("polars", EXTRA)
        kind = type(obj)
        if kind is not cls.serializer_class:
            name = f"{kind.__module__}.{kind.__qualname__}"
            raise SerializationError(
                f"$: a {name} may have more to it than Polars knows; keep a plain frame or series, or "
                "register a serializer for its class",
                data_type=name,
            )
        frame = obj.to_frame() if kind is pl.Series else obj
        checked(frame)
        file = File(protocols, new_name(".arrow"))
        with file.open("wb") as opened:
            frame.write_ipc(opened, compat_level=pl.CompatLevel.newest())
        return cls.name, (VERSION, file.name)

    @classmethod
    def unpickle(cls, pid: Any, protocols: dict[str, Any]) -> Any:
        """Return it."""
        known_version(pid, VERSION)
        pl = library("polars", EXTRA)
        with File(protocols, pid[1]).open("rb") as opened:
            frame = pl.read_ipc(opened)
        return frame.to_series() if cls.serializer_class is pl.Series else frame

    @classmethod
    def remove(cls, pid: Any, protocols: dict[str, Any]) -> None:
        """Remove what `pickle` wrote."""
        known_version(pid, VERSION)
        File(protocols, pid[1]).remove()


class PolarsSeriesSerializer(PolarsFrameSerializer):
    """Keeps each `polars.Series`, as `PolarsFrameSerializer` keeps frames."""

    name = "PolarsSeriesSerializer"
    serializer_class = ClassOf("polars:Series", EXTRA)


def checked(frame: Any) -> None:
    """Refuse dtypes that a reader would not find as they are: with no rows that is soon said."""
    import polars as pl

    wanted, sink = frame.clear(), io.BytesIO()
    try:
        wanted.write_ipc(sink, compat_level=pl.CompatLevel.newest())
        found = pl.read_ipc(sink.getvalue()).schema
    except pl.exceptions.PolarsError as error:
        refuse(wanted, str(error), error)
    if found != wanted.schema or repr(found) != repr(wanted.schema):
        refuse(wanted, f"{wanted.schema} would be {found}")


def refuse(frame: Any, why: str, cause: Exception | None = None) -> Never:
    """Say why a frame is not written."""
    raise SerializationError(
        f"$: a frame with the columns {frame.columns} would not come back as it is: {why}; cast what Arrow "
        "does not hold, such as objects, to another dtype",
        data_type="polars.DataFrame",
    ) from cause
