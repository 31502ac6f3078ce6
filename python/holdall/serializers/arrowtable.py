"""Arrow: each Table and each RecordBatch in a stream of Arrow's, mapped into memory when read back."""

from typing import Any

from holdall.errors import SerializationError
from holdall.serializers._lazy import ClassOf, known_version, library
from holdall.serializers._medium import File, new_name

__all__ = ["ArrowBatchSerializer", "ArrowTableSerializer"]

VERSION = "1"
EXTRA = "arrow"


class ArrowTableSerializer:
    """Keeps each `pyarrow.Table` in a stream of Arrow's IPC format.

    Schema, metadata and the chunks of each column come back as they were. On files nothing is copied.
    """

    name = "ArrowTableSerializer"
    serializer_class = ClassOf("pyarrow:Table", EXTRA)

    @classmethod
    def pickle(cls, obj: Any, protocols: dict[str, Any]) -> tuple[str, Any]:
        """Write it. Raises SerializationError for one that would not come back as it is."""
        ipc = library("pyarrow.ipc", EXTRA)
        checked(obj.schema)
        file = File(protocols, new_name(".arrows"))
        with file.open("wb") as opened, ipc.new_stream(opened, obj.schema) as writer:
            writer.write(obj)
        return cls.name, (VERSION, file.name, obj.num_rows, cls.layouts(obj))

    @classmethod
    def unpickle(cls, pid: Any, protocols: dict[str, Any]) -> Any:
        """Return it."""
        known_version(pid, VERSION)
        ipc = library("pyarrow.ipc", EXTRA)
        _, name, rows, layouts = pid
        with ipc.open_stream(File(protocols, name).content()) as reader:
            return cls.read(reader, rows, layouts)

    @classmethod
    def remove(cls, pid: Any, protocols: dict[str, Any]) -> None:
        """Remove what `pickle` wrote."""
        known_version(pid, VERSION)
        File(protocols, pid[1]).remove()

    @classmethod
    def layouts(cls, table: Any) -> list[list[int]]:
        """Return the chunks of the columns: one layout if it is that of all."""
        layouts = [[len(chunk) for chunk in column.chunks] for column in table.columns]
        return layouts[:1] if all(layout == layouts[0] for layout in layouts) else layouts

    @classmethod
    def read(cls, reader: Any, rows: int, layouts: list[list[int]]) -> Any:
        """Return the table of a stream."""
        import pyarrow as pa

        table = reader.read_all()
        if not table.num_columns:
            # A table without columns has rows, which no stream has.
            schema = pa.schema([("", pa.null())], table.schema.metadata)
            return pa.table([pa.nulls(rows)], schema=schema).select([])
        columns = [
            chunked(column, layouts[place if len(layouts) > 1 else 0])
            for place, column in enumerate(table.columns)
        ]
        return pa.table(columns, schema=table.schema)


class ArrowBatchSerializer(ArrowTableSerializer):
    """Keeps each `pyarrow.RecordBatch`, as `ArrowTableSerializer` keeps tables."""

    name = "ArrowBatchSerializer"
    serializer_class = ClassOf("pyarrow:RecordBatch", EXTRA)

    @classmethod
    def layouts(cls, table: Any) -> list[list[int]]:  # noqa: ARG003 - the table's has one
        """A batch has no chunks."""
        return []

    @classmethod
    def read(cls, reader: Any, rows: int, layouts: list[list[int]]) -> Any:  # noqa: ARG003
        """Return the batch of a stream."""
        return reader.read_next_batch()


def checked(schema: Any) -> None:
    """Refuse a schema that a reader would not find as it is."""
    import pyarrow as pa

    again = pa.ipc.read_schema(schema.serialize())
    if not again.equals(schema, check_metadata=True) or again.types != schema.types:
        raise SerializationError(
            "$: the schema of the table would not come back as it is; register its extension types with "
            "pyarrow.register_extension_type, or cast their columns to what they store",
            data_type="pyarrow.Table",
        )


def chunked(column: Any, lengths: list[int]) -> Any:
    """Return a column in chunks of some lengths."""
    import pyarrow as pa

    if [len(chunk) for chunk in column.chunks] == lengths:
        return column
    chunks, start = [], 0
    for length in lengths:
        parts = column.slice(start, length).chunks if length else []
        chunks.append(
            parts[0] if len(parts) == 1 else pa.concat_arrays(parts or [empty(column.type)])
        )
        start += length
    return pa.chunked_array(chunks, column.type)


def empty(kind: Any) -> Any:
    """Return an array of a type without elements."""
    import pyarrow as pa

    return pa.array([], kind)
