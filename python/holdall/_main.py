"""Classes of the script: kept by name and by value.

The name `__main__` means another module in another process, so a class of the script is kept as a
copy. But a script that is run again has the class itself, and wants instances of that one; so the
copy is kept closed beside the name, and opened only where the name finds nothing.
"""

import sys
from typing import Any

import cloudpickle

from holdall.errors import PythonVersionError

MAIN = (
    "__main__",
    "__mp_main__",
)  # the script, and the script as multiprocessing's children see it


def by_name(name: str) -> Any:
    """Return what the script has under a qualified name, or None."""
    found: Any = sys.modules.get("__main__")
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def kept(kind: type) -> tuple[Any, ...] | None:
    """Return how a class of the script is pickled, or None for any other class."""
    if kind.__module__ not in MAIN or by_name(kind.__qualname__) is not kind:
        return None
    copy = cloudpickle.dumps(kind, 5)
    return found_again, (kind.__qualname__, tuple(sys.version_info[:2]), copy)


def found_again(name: str, version: tuple[int, int], copy: bytes) -> Any:
    """Return the script's own class of a name, or the copy that was kept of it."""
    own = by_name(name)
    if isinstance(own, type):
        return own
    here = tuple(sys.version_info[:2])
    if version != here:
        raise PythonVersionError(
            f"the class {name} was kept by a script of Python {version[0]}.{version[1]} and this is "
            f"Python {here[0]}.{here[1]}; define it in a module that both import"
        )
    return cloudpickle.loads(copy)
