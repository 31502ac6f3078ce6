"""Classes of the script: kept by name and by value.

The name `__main__` means another module in another process, so a class of the script is kept as a
copy. But a script that is run again has the class itself, and wants instances of that one; so the
copy is kept closed beside the name, and opened only where the name finds nothing.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

from holdall.errors import PythonVersionError

MAIN = (
    "__main__",
    "__mp_main__",
)  # the script, and the script as multiprocessing's children see it

# A copy costs a hundred times what an instance does. A class that is defined anew is another
# object, and gets a copy of its own.
made: WeakKeyDictionary[type, bytes] = WeakKeyDictionary()
# Classes of other scripts that live here as copies, each with the bytes it came from: an instance
# that goes back to its script is of that script's own class there.
opened: WeakKeyDictionary[type, bytes] = WeakKeyDictionary()
by_copy: WeakValueDictionary[bytes, type] = WeakValueDictionary()
by_value = threading.RLock()  # held while a module counts as one that is copied


def by_name(name: str) -> Any:
    """Return what the script has under a qualified name, or None."""
    return walk(sys.modules.get("__main__"), name)


def found_at(kind: type) -> Any:
    """Return what is under a class's module and qualified name, or None."""
    if kind.__module__ in MAIN:
        return by_name(kind.__qualname__)
    return walk(sys.modules.get(kind.__module__), kind.__qualname__)


def walk(found: Any, name: str) -> Any:
    """Return what a qualified name leads to from a module on, or None."""
    for part in name.split("."):
        try:
            found = getattr(found, part, None)
        except MemoryError:
            raise
        except Exception:  # a module may have a `__getattr__` of its own
            return None
    return found


def is_of_script(kind: type) -> bool:
    """Whether the script finds this very class by its name, or it is a copy of another script's."""
    if kind.__module__ not in MAIN:
        return False
    own = by_name(kind.__qualname__)
    return own is kind or (kind in opened and not isinstance(own, type))


def copy_of(kind: type) -> bytes:
    """Return the copy of a class of the script, or raise what cloudpickle raises."""
    copy = opened.get(kind) or made.get(kind)
    if copy is None:
        copy = made[kind] = copied(kind)
    return copy


def copied(kind: type) -> bytes:
    """Copy a class."""
    import cloudpickle

    with copying(kind.__module__):
        return bytes(cloudpickle.dumps(kind, 5))


@contextmanager
def copying(name: str | None) -> Iterator[None]:
    """Have cloudpickle copy what is of the script; it takes only `__main__` itself for that."""
    import cloudpickle

    if name != "__mp_main__":
        yield
        return
    with by_value:
        script = sys.modules[name]
        known = name in cloudpickle.list_registry_pickle_by_value()
        if not known:
            cloudpickle.register_pickle_by_value(script)
        try:
            yield
        finally:
            if not known:
                cloudpickle.unregister_pickle_by_value(script)


def kept(kind: type) -> tuple[Any, ...] | None:
    """Return how a class of the script is pickled, or None for any other class."""
    if not is_of_script(kind):
        return None
    return found_again, (kind.__qualname__, tuple(sys.version_info[:2]), copy_of(kind))


def found_again(name: str, version: tuple[int, int], copy: bytes) -> Any:
    """Return the script's own class of a name, or the copy that was kept of it."""
    own = by_name(name)
    if isinstance(own, type):
        return own
    return open_copy(name, version, copy)


def open_copy(name: str, version: tuple[int, int], copy: bytes) -> Any:
    """Return the class that a copy holds: the same one each time."""
    import cloudpickle

    here = tuple(sys.version_info[:2])
    if version != here:
        raise PythonVersionError(
            f"the class {name} was kept by a script of Python {version[0]}.{version[1]} and this is "
            f"Python {here[0]}.{here[1]}; define it in a module that both import"
        )
    kind = by_copy.get(copy)
    if kind is None:
        kind = cloudpickle.loads(copy)
        if isinstance(kind, type):
            by_copy[copy] = kind
            opened[kind] = copy
    return kind
