"""What an instance holds besides what its base is made of."""

from collections.abc import Iterator
from typing import Any


class Attributes(dict[str, Any]):
    """Names and values whose order means nothing: the engine knows this class."""


def slots_of(base: type) -> Iterator[str]:
    """Yield the slots that a class itself declares, private names as it mangles them."""
    slots = vars(base).get("__slots__", ())
    for name in (slots,) if isinstance(slots, str) else slots:
        if name in {"__dict__", "__weakref__"}:
            continue
        is_private = name.startswith("__") and not name.endswith("__")
        yield f"_{base.__name__.lstrip('_')}{name}" if is_private else name


def below(value: Any, base: type) -> Attributes:
    """Return what the classes between an instance's own and a base have added to it."""
    found = Attributes()
    if not base.__dictoffset__:
        found.update(getattr(value, "__dict__", ()))
    for kind in type(value).__mro__:
        if kind is base:
            break
        for name in slots_of(kind):
            try:
                found[name] = object.__getattribute__(value, name)
            except AttributeError:  # not set
                continue
    return found
