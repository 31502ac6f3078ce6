"""The folder in which a serializer keeps the files of one object."""

import io
import os
import shutil
import stat
from pathlib import Path, PurePosixPath
from typing import IO, Any
from weakref import WeakSet

from holdall.errors import ValidationError

__all__ = ["FileProtocol"]

# Folders are entered one by one, each without following a link, where the system can do that.
BY_STEPS = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")


class FileProtocol:
    """A folder with files, named by relative paths that cannot lead out of it.

    folder: where it is; made, as are folders below it, when something is first written.
    writable: whether files can be written and removed.
    """

    def __init__(self, folder: str | os.PathLike[str], *, writable: bool = True) -> None:
        self._folder = Path(folder)
        self._writable = writable
        self._opened: WeakSet[Any] = WeakSet()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._folder)!r})"

    def open(self, filename: str | os.PathLike[str], mode: str = "rb") -> IO[Any]:
        """Open a file, as the built-in `open` does; what is above it is made when writing.

        Raises ValidationError for a name that leads out of the folder, through links too.
        """
        if any(letter in mode for letter in "wax+"):
            self._may_write(filename)
            self.path(filename)
        path = self._inside(filename)
        file = open(path, mode, opener=self._opener)  # noqa: SIM115 - whoever asked closes it
        self._opened.add(file)
        return file

    def remove(self, filename: str | os.PathLike[str]) -> None:
        """Remove a file, or a folder with all that is in it.

        Raises FileNotFoundError without one.
        """
        self._may_write(filename)
        path = self._inside(filename)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()

    def path(self, filename: str | os.PathLike[str]) -> str:
        """Return the path of a file, for libraries that want one; the folders above it are there then."""
        path = self._inside(filename)
        if self._writable:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._inside(filename)
        return str(path)

    def settle(self) -> None:
        """Close what a serializer left open: what it wrote is looked at next."""
        for file in [*self._opened]:
            file.close()
        self._opened.clear()

    def _may_write(self, filename: str | os.PathLike[str]) -> None:
        if not self._writable:
            raise io.UnsupportedOperation(
                f"{os.fspath(filename)!r} belongs to a value that is kept, and is only read; "
                "put the value again to change it"
            )

    def _inside(self, filename: str | os.PathLike[str]) -> Path:
        """Return the path of a name that stays in the folder."""
        path = self._folder
        for part in parts(filename):
            path = path / part
            if is_link(path):
                raise ValidationError(
                    f"the name {os.fspath(filename)!r} leads through the link {str(path)!r}; a serializer's "
                    "files are files and folders of its own, no links"
                )
        return path

    def _opener(self, path: str, flags: int) -> int:
        """Open a file by steps from the folder on: no link on the way is followed."""
        if not BY_STEPS:
            return os.open(path, flags, 0o666)
        *above, name = Path(path).relative_to(self._folder).parts
        here = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for part in above:
                step = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
                here, before = os.open(part, step, dir_fd=here), here
                os.close(before)
            return os.open(name, flags | os.O_NOFOLLOW, 0o666, dir_fd=here)
        finally:
            os.close(here)


def parts(filename: str | os.PathLike[str]) -> tuple[str, ...]:
    """Return the parts of a relative name.

    Raises ValidationError for one that is absolute, goes up or is empty.
    """
    name: Any = os.fspath(filename)
    # Of bytes nobody knows the encoding.
    found = PurePosixPath(name.replace(os.sep, "/")).parts if type(name) is str else ()
    if (
        not found
        or name.startswith("/")
        or Path(name).is_absolute()
        or {"..", "/"} & {*found}
        or "\0" in name
    ):
        raise ValidationError(
            f"the name {name!r} leads out of the folder that a serializer has; give a relative one, "
            "such as 'data.bin' or 'parts/0.bin'"
        )
    return found


def is_link(path: Path) -> bool:
    """Whether there is a link, or anything else that is neither file nor folder."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
