"""The version of the library that a module belongs to."""

import hashlib
import importlib.util
import sys
from functools import lru_cache
from importlib import metadata
from pathlib import Path

MISSING = "missing"


@lru_cache(maxsize=1024)
def library_of(module: str) -> tuple[str, str]:
    """Return the name and the version of the distribution that a module came with.

    A module that came with none goes by its own name, and by its `__version__` or its content.
    """
    top = module.partition(".")[0]
    found = distribution_of(top, module)
    if found is not None:
        return found.metadata["Name"], found.version
    loaded = sys.modules.get(top)
    version = getattr(loaded, "__version__", None)
    if isinstance(version, str):
        return top, version
    return top, content_of(top)


def distribution_of(top: str, module: str) -> metadata.Distribution | None:
    """Return the distribution of a module."""
    # Most are called as what they hold, and to ask for one is a hundred times quicker than for all.
    try:
        guess = metadata.distribution(top)
    except (metadata.PackageNotFoundError, ValueError):
        guess = None
    if guess is not None and holds(guess, top, module):
        return guess
    names = packages().get(top, ())
    found = [metadata.distribution(name) for name in dict.fromkeys(names)]
    # Several share a namespace package.
    return next((each for each in found if holds(each, top, module)), found[0] if found else None)


def holds(distribution: metadata.Distribution, top: str, module: str) -> bool:
    """Whether a module's file is one of a distribution's."""
    path = module.replace(".", "/")
    listed = distribution.read_text("RECORD") or distribution.read_text("SOURCES.txt") or ""
    if any(f"{path}{end}" in listed for end in ("/", ".py", ".")):
        return True
    return top in (distribution.read_text("top_level.txt") or "").split()


@lru_cache(maxsize=1)
def packages() -> dict[str, list[str]]:
    """Return the distributions of each top-level module."""
    return dict(metadata.packages_distributions())


def content_of(top: str) -> str:
    """Return a digest of a module's file."""
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        return MISSING
    try:
        return hashlib.blake2b(Path(spec.origin or "").read_bytes(), digest_size=16).hexdigest()
    except OSError:
        return "unknown"
