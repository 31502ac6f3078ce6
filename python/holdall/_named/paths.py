"""Paths by their text."""

import functools
from pathlib import PosixPath, PurePath, PurePosixPath, PureWindowsPath, WindowsPath
from typing import Any

from holdall._named.check import exact


def reduce_posix(name: str, path: PurePath) -> tuple[Any, ...]:
    """Give the text."""
    return (name, str(path))


def reduce_windows(name: str, path: PurePath) -> tuple[Any, ...] | None:
    r"""Give the text if it means the same path: before Python 3.12 `.\c:a` loses its dot."""
    text = str(path)
    return (name, text) if PureWindowsPath(text).parts == path.parts else None


def build(kind: type[PurePath], text: Any) -> PurePath:
    """Make a path of this system or of no system."""
    try:
        return kind(exact(text, str))
    except NotImplementedError:
        raise ValueError(
            f"a {kind.__name__} cannot be made on this system: keep a Pure{kind.__name__} instead"
        ) from None


KINDS: dict[type[PurePath], Any] = {
    PurePosixPath: reduce_posix,
    PosixPath: reduce_posix,
    PureWindowsPath: reduce_windows,
    WindowsPath: reduce_windows,
}
REDUCERS = {
    kind: functools.partial(reducer, f"pathlib.{kind.__name__}") for kind, reducer in KINDS.items()
}
NAMES = {f"pathlib.{kind.__name__}": functools.partial(build, kind) for kind in KINDS}
TAGS: dict[int, Any] = {}
