"""Whose code a module is: the user's own, a library's, or Python's."""

import importlib.util
import sys
import sysconfig
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

Home = Literal["own", "library", "standard"]

SITES = ("site-packages", "dist-packages")
# The script, and the script as multiprocessing's children see it.
MAIN = ("__main__", "__mp_main__")
# A library however it is installed; what wraps a function of the user's is unwrapped.
OURS = "holdall"


def home_of(name: str | None, file: str | None = None) -> Home:
    """Return whose a module is.

    file: where it was loaded from, asked of `sys.modules` if nothing is given. What was made by
    `exec`, in a notebook or at the prompt has none, and is the user's own.
    """
    if not name or name in MAIN:
        return "own"
    return settled(name, file or file_of(name))


def file_of(name: str) -> str | None:
    """Return the file of a module that is imported already."""
    file = getattr(sys.modules.get(name), "__file__", None)
    return file if isinstance(file, str) else None


@lru_cache(maxsize=4096)
def settled(name: str, file: str | None) -> Home:
    """Return whose the module of a file is."""
    top = name.partition(".")[0]
    if top == OURS:
        return "library"
    if file is None:
        if top in sys.stdlib_module_names or top in sys.builtin_module_names:
            return "standard"
        above = file_of(top) if top != name else None
        return settled(top, above) if above else "own"
    path = Path(file).resolve()
    if any(site in path.parts for site in SITES):
        return "library"
    if any(path.is_relative_to(folder) for folder in standard_folders()):
        return "standard"
    return "own"


@lru_cache(maxsize=1)
def standard_folders() -> frozenset[Path]:
    """Return where the standard library lies."""
    paths = sysconfig.get_paths()
    return frozenset(Path(paths[name]).resolve() for name in ("stdlib", "platstdlib"))


def found_home(name: str) -> Home | None:
    """Return whose a module is that may not be imported yet; None where there is none."""
    top = name.partition(".")[0]
    if top in sys.modules:
        return home_of(top)
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    where = spec.origin if spec.has_location else None
    if where is None and spec.submodule_search_locations:
        where = str(Path(next(iter(spec.submodule_search_locations), "")) / "__init__.py")
    return settled(top, where)


def module_name(space: dict[str, Any]) -> str:
    """Return the name of the module that a function's globals are."""
    name = space.get("__name__")
    if not isinstance(name, str):
        return "?"
    return MAIN[0] if name in MAIN else name
