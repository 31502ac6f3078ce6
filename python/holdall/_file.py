"""Values as files: what `Store.open`, `stream` and `local_open` give."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO

from holdall._holdall import loads
from holdall.errors import SerializationError, ValidationError
from holdall.info import Info
from holdall.settings import MODES

if TYPE_CHECKING:
    from holdall.store import Store


class Writer(io.BytesIO):
    """Bytes that become a value when the file is closed."""

    def __init__(self, store: "Store[Any]", key: str) -> None:
        super().__init__()
        self._store, self._key = store, key
        self._keep = True

    def discard(self) -> None:
        """Let closing keep nothing."""
        self._keep = False

    def close(self) -> None:
        """Keep what was written."""
        if not self.closed and self._keep:
            self._keep = False
            self._store.put_plain(self._key, self.getvalue())
        super().close()

    def __del__(self) -> None:
        # Forgotten, perhaps because writing failed halfway: only who closes it says it is whole.
        self.discard()
        super().__del__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None:
            self.discard()
        super().__exit__(kind, value, traceback)


class TextWriter(io.TextIOWrapper):
    """The same for text."""

    def __init__(self, writer: Writer) -> None:
        super().__init__(writer, encoding="utf-8", newline="")
        self._writer = writer

    def __del__(self) -> None:
        self._writer.discard()
        super().__del__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._writer.discard()
        super().__exit__(kind, value, traceback)


class VirtualIO(io.FileIO):
    """A value as a real file for reading.

    path: where it is while it is open. checksum: of the payload. info: as of `Store.info`.
    """

    def __init__(self, path: Path, checksum: str, info: Info) -> None:
        super().__init__(path, "rb")
        self.path, self.checksum, self.info = path, checksum, info


def line_mode(
    mode: str | None, serialization_mode: str | None, store: "Store[Any]", key: str
) -> str:
    """Decide what each line is: what the call says, else the store, else the stored codec."""
    from holdall.store import either

    chosen = either(mode, serialization_mode)
    if chosen is not None and chosen not in MODES:
        raise ValidationError(f"mode={chosen!r} is none of {', '.join(MODES)}")
    chosen = chosen or store.serialization_mode
    stored: str = store.info(key).codec
    if chosen == "auto":
        chosen = stored
    if chosen not in ("raw", "text", "json"):
        raise SerializationError(
            f"stream {key!r}: a value stored as {stored!r} has no lines in mode {chosen!r}; read it with get()"
        )
    return chosen


def lines(
    file: BinaryIO, key: str, mode: str, function: Callable[[Any], Any] | None, model: Any
) -> Iterator[Any]:
    """Yield a value for each line. A blank line holds no JSON."""
    if function is not None and model is not None:
        raise ValidationError("stream takes deserialization_func= or model=, not both")
    with file:
        for number, ended in enumerate(file, 1):
            line = ended.rstrip(b"\r\n")
            if mode == "json" and not line.strip():
                continue
            try:
                value = loads(line, mode=mode, model=model, frame=False)
            except SerializationError as error:
                error.about(f"stream {key!r}, line {number}")
                raise
            yield value if function is None else function(value)
