"""Dask's data frames: a Parquet file a partition; read back lazily, with the same divisions."""

import io
from typing import Any

from holdall.errors import SerializationError
from holdall.serializers._lazy import ClassOf, known_version, library
from holdall.serializers._medium import File, new_name, on_files

__all__ = ["DaskFrameSerializer", "DaskSeriesSerializer"]

VERSION = "1"
EXTRA = "dask"


class DaskFrameSerializer:
    """Keeps each `dask.dataframe.DataFrame`.

    The frame is computed as it is written, partition by partition; each comes back as pandas had it, by the
    rules of `PandasFrameSerializer`. What comes back reads a partition when it is computed.
    """

    name = "DaskFrameSerializer"
    serializer_class = ClassOf("dask.dataframe:DataFrame", EXTRA)

    @classmethod
    def pickle(cls, obj: Any, protocols: dict[str, Any]) -> tuple[str, Any]:
        """Write it. Raises SerializationError for one that would not come back as it is."""
        dask = library("dask", EXTRA)
        library("pyarrow.parquet", EXTRA)
        from holdall.serializers._blocks import in_process

        name = new_name()
        about = (packed(obj._meta), packed_divisions(obj.divisions))  # noqa: SLF001 - no public name
        files = files_of(protocols, name, obj.npartitions)
        # Where others compute, they only compute: what they write to files may be elsewhere.
        here = not on_files(protocols) or in_process(obj)
        parts = (obj if here else obj.persist()).to_delayed()
        if here:
            put = dask.delayed(write_part, pure=False, traverse=False)
            dask.compute(*[put(part, file) for part, file in zip(parts, files, strict=True)])
        else:
            for part, file in zip(parts, files, strict=True):
                write_part(part.compute(), file)
        return cls.name, (VERSION, name, len(files), *about)

    @classmethod
    def unpickle(cls, pid: Any, protocols: dict[str, Any]) -> Any:
        """Return it; nothing of it is read yet."""
        known_version(pid, VERSION)
        frames = library("dask.dataframe", EXTRA)
        library("pyarrow.parquet", EXTRA)
        _, name, count, meta, divisions = pid
        return frames.from_map(
            read_part,
            files_of(protocols, name, count),
            meta=unpacked(meta),
            divisions=unpacked_divisions(divisions),
            enforce_metadata=False,
        )

    @classmethod
    def remove(cls, pid: Any, protocols: dict[str, Any]) -> None:
        """Remove what `pickle` wrote."""
        known_version(pid, VERSION)
        for file in files_of(protocols, pid[1], pid[2]):
            file.remove()


class DaskSeriesSerializer(DaskFrameSerializer):
    """Keeps each `dask.dataframe.Series`, as `DaskFrameSerializer` keeps frames."""

    name = "DaskSeriesSerializer"
    serializer_class = ClassOf("dask.dataframe:Series", EXTRA)


def files_of(protocols: dict[str, Any], name: str, count: int) -> list[File]:
    """Return the files of the partitions."""
    return [File(protocols, f"{name}.{part:05}.parquet") for part in range(count)]


def write_part(part: Any, file: File) -> None:
    """Write a partition."""
    from holdall.serializers._frames import from_arrow, to_arrow

    table = to_arrow(part)
    # Parquet holds less than Arrow; with no rows it is soon said whether it holds this.
    rowless, sink = part.iloc[:0], io.BytesIO()
    write_table(to_arrow(rowless), sink)
    if dtypes(from_arrow(read_table(sink.getvalue()))) != dtypes(rowless):
        raise SerializationError(
            f"$: a partition has the dtypes {dtypes(rowless)}, and Parquet does not hold one of them as it "
            "is; convert that column, or keep the computed frame",
            data_type="dask.dataframe.DataFrame",
        )
    with file.open("wb") as opened:
        write_table(table, opened)


def write_table(table: Any, sink: Any) -> None:
    """Write a table as Parquet, to the last bit of each number."""
    import pyarrow as pa
    from pyarrow import parquet

    # To a dictionary all NaNs are one, so numbers have none.
    texts = [field.name for field in table.schema if pa.types.is_large_string(field.type)]
    parquet.write_table(table, sink, use_dictionary=texts or False, use_compliant_nested_type=False)


def read_table(content: Any) -> Any:
    """Return the table of a Parquet file."""
    import pyarrow as pa
    from pyarrow import parquet

    return parquet.ParquetFile(pa.BufferReader(content)).read()


def read_part(file: File) -> Any:
    """Return a partition."""
    from holdall.serializers._frames import from_arrow

    return from_arrow(read_table(file.content()))


def dtypes(part: Any) -> list[str]:
    """Return the dtypes of a frame, its index and its columns or of a series."""
    import pandas as pd

    columns = part.to_frame() if isinstance(part, pd.Series) else part
    return [repr(dtype) for dtype in [*columns.dtypes, part.index.dtype]]


def packed(meta: Any) -> bytes:
    """Return a small frame or series as bytes."""
    import pyarrow as pa

    from holdall.serializers._frames import to_arrow

    table, sink = to_arrow(meta), io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def unpacked(data: bytes) -> Any:
    """Return the frame or series of `packed`."""
    import pyarrow as pa

    from holdall.serializers._frames import from_arrow

    return from_arrow(pa.ipc.open_stream(data).read_all())


def packed_divisions(divisions: tuple[Any, ...]) -> Any:
    """Return divisions as bytes, or their number if they are not known."""
    import pandas as pd

    from holdall.serializers._index import pack

    if divisions[0] is None:
        return len(divisions)
    # Moments are no plain data, except as an index of them; NumPy's numbers only among objects.
    index = pd.Index(divisions)
    if repr([*index]) != repr([*divisions]):
        index = pd.Index(divisions, dtype=object)
    return pack(index, "$.divisions")


def unpacked_divisions(data: Any) -> tuple[Any, ...]:
    """Return the divisions of `packed_divisions`."""
    from holdall.serializers._index import unpack

    return (None,) * data if isinstance(data, int) else tuple(unpack(data))
