"""pandas: each DataFrame and each Series in a file of Arrow's."""

from typing import Any

from holdall.serializers._lazy import ClassOf, known_version, library
from holdall.serializers._medium import File, new_name

__all__ = ["PandasFrameSerializer", "PandasSeriesSerializer"]

VERSION = "1"
EXTRA = "pandas"


class PandasFrameSerializer:
    """Keeps each `pandas.DataFrame` in a stream of Arrow's IPC format.

    Index, columns, their names and dtypes, missing values, categories, frequencies and `attrs` come back
    as they were. A column of objects comes back if they are plain data.
    """

    name = "PandasFrameSerializer"
    serializer_class = ClassOf("pandas:DataFrame", EXTRA)

    @classmethod
    def pickle(cls, obj: Any, protocols: dict[str, Any]) -> tuple[str, Any]:
        """Write it. Raises SerializationError for one that would not come back as it is."""
        library("pandas", EXTRA)
        ipc = library("pyarrow.ipc", EXTRA)
        from holdall.serializers._frames import to_arrow

        table = to_arrow(obj)
        file = File(protocols, new_name(".arrows"))
        with file.open("wb") as opened, ipc.new_stream(opened, table.schema) as writer:
            writer.write_table(table)
        return cls.name, (VERSION, file.name)

    @classmethod
    def unpickle(cls, pid: Any, protocols: dict[str, Any]) -> Any:
        """Return it."""
        known_version(pid, VERSION)
        library("pandas", EXTRA)
        ipc = library("pyarrow.ipc", EXTRA)
        from holdall.serializers._frames import from_arrow

        return from_arrow(ipc.open_stream(File(protocols, pid[1]).content()).read_all())

    @classmethod
    def remove(cls, pid: Any, protocols: dict[str, Any]) -> None:
        """Remove what `pickle` wrote."""
        known_version(pid, VERSION)
        File(protocols, pid[1]).remove()


class PandasSeriesSerializer(PandasFrameSerializer):
    """Keeps each `pandas.Series`, as `PandasFrameSerializer` keeps frames."""

    name = "PandasSeriesSerializer"
    serializer_class = ClassOf("pandas:Series", EXTRA)
