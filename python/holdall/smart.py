"""Read and write one place by its URI, without a store: a local file, or `-` for a standard stream."""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from os import PathLike, fspath
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote, urlsplit

from holdall.errors import ValidationError

__all__ = ["smart_open", "smart_read", "smart_stream", "smart_write"]

Place = str | PathLike[str]
MODES = ("rb", "r", "wb", "w")


def smart_open(uri: Place, mode: str = "rb") -> AbstractContextManager[IO[Any]]:
    """Open a place as a file; text is UTF-8 and keeps its line ends.

    uri: a path, a "file://" URI, or "-".
    mode: "rb", "r", "wb" or "w". Folders are made when writing. Standard streams stay open.
    Raises ValidationError for another scheme or mode, and what `open` raises.
    """
    if mode not in MODES:
        raise ValidationError(f"mode={mode!r} is none of {', '.join(map(repr, MODES))}")
    if fspath(uri) == "-":
        stream = sys.stdin if "r" in mode else sys.stdout
        return nullcontext(stream.buffer if "b" in mode else stream)
    path = path_of(uri)
    if "w" in mode:
        path.parent.mkdir(parents=True, exist_ok=True)
    if "b" in mode:
        return path.open(mode)
    return path.open(mode, encoding="utf-8", newline="")


def smart_read(uri: Place, mode: str = "rb") -> Any:
    """Return all of a place: bytes in mode "rb", str in mode "r"."""
    with smart_open(uri, mode) as file:
        return file.read()


def smart_write(uri: Place, content: bytes | str) -> None:
    """Write bytes or text to a place."""
    with smart_open(uri, "w" if isinstance(content, str) else "wb") as file:
        file.write(content)


def smart_stream(uri: Place, mode: str = "rb") -> Iterator[Any]:
    """Yield the lines of a place, as they are read, without their ends."""
    with smart_open(uri, mode) as file:
        for line in file:
            yield line.rstrip("\r\n" if mode == "r" else b"\r\n")


def path_of(uri: Place) -> Path:
    """Return the path that a URI names."""
    text = fspath(uri)
    if "://" not in text:
        return Path(text)
    parts = urlsplit(text)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        raise ValidationError(f"{text!r} is no local file; give a path, a file:// URI or '-'")
    return Path(unquote(parts.path))
