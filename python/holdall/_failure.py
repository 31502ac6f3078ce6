"""An exception as data: what a task's row keeps of it, and what its policy decides by."""

import traceback
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

PACKAGE = str(Path(__file__).parent)


class Failure(NamedTuple):
    """The class's name, what it said, where it was raised, and the names of the classes above it."""

    kind: str
    message: str
    traceback: str
    bases: list[str]


def describe(error: BaseException) -> Failure:
    """Return an exception as text. Whatever its class does, this raises nothing."""
    kind = type(error)
    try:
        message = str(error)
    except BaseException as broken:
        message = f"(its text cannot be had: {name_of(type(broken))})"
    try:
        shown = "".join(traceback.format_exception(kind, error, users(error.__traceback__)))
    except BaseException as broken:
        shown = (
            f"{name_of(kind)}: {message}\n(its traceback cannot be had: {name_of(type(broken))})\n"
        )
    return Failure(
        text(name_of(kind)),
        text(message),
        text(shown),
        [text(name_of(base)) for base in kind.__mro__],
    )


def name_of(kind: type) -> str:
    """Return where a class is."""
    return f"{kind.__module__}.{kind.__qualname__}"


def users(frames: TracebackType | None) -> TracebackType | None:
    """Leave out what the worker itself had called before it came to the user's function."""
    while frames is not None and frames.tb_frame.f_code.co_filename.startswith(PACKAGE):
        frames = frames.tb_next
    return frames


def text(value: object) -> str:
    """Return a text that can be written: lone surrogates are shown, not kept."""
    return str(value).encode("utf-8", "backslashreplace").decode()
