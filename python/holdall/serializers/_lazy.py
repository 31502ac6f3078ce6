"""Classes of libraries that are imported only when somebody asks for the class."""

from importlib import import_module
from typing import Any

from holdall.errors import UnsupportedVersion


class ClassOf:
    """A class attribute that is a library's class: `serializer_class = ClassOf("dask.array:Array")`.

    extra: which of holdall's extras installs what the serializer needs.
    """

    def __init__(self, where: str, extra: str) -> None:
        self.module, self.name = where.split(":")
        self.extra = extra

    def __get__(self, instance: object, owner: type | None = None) -> type[Any]:
        found: type[Any] = getattr(library(self.module, self.extra), self.name)
        return found


def library(module: str, extra: str) -> Any:
    """Import a library, or say how to get it."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{error.name} is not installed; pip install 'holdall[{extra}]'",
            name=error.name,
            path=error.path,
        ) from error


def known_version(pid: Any, *versions: str) -> None:
    """Refuse what a newer holdall wrote."""
    if pid[0] not in versions:
        raise UnsupportedVersion(
            f"the data was written in layout {pid[0]!r}, and this holdall reads {', '.join(versions)}; "
            "install a newer one"
        )
