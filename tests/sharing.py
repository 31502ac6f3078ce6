"""The other half of the oracle: which parts of a value are one and the same object."""

import collections
import dataclasses
import enum

from same import state


def shape_of_sharing(value):
    """Return the places at which each part that is met more than once is met.

    Two values with the same answer, and the same by `same`, cannot be told apart by `is`. Scalars
    do not count, nor does what is empty and cannot change: Python itself has one `()`.
    """
    places = collections.defaultdict(list)
    alive = []  # what is made on the way must not give its address to another
    stack = [("$", value)]
    while stack:
        place, part = stack.pop()
        alive.append(part)
        inside = parts_of(part)
        if inside is None or (isinstance(part, tuple | frozenset) and not part):
            continue
        places[id(part)].append(place)
        if len(places[id(part)]) == 1:
            stack += [(f"{place}{step}", inner) for step, inner in inside]
    return sorted(found for found in map(sorted, places.values()) if len(found) > 1)


def parts_of(part):
    """Return what is inside a container or an instance, each with its step; None for a scalar."""
    if isinstance(part, enum.Enum):
        return None
    own = [(f".{name}", item) for name, item in getattr(part, "__dict__", {}).items()]
    match part:
        case list() | tuple() | collections.deque():
            return own + [(f"[{at}]", item) for at, item in enumerate(part)]
        case dict():
            keys = [(f".keys()[{at}]", key) for at, key in enumerate(part)]
            return own + keys + [(f"[{at}]", item) for at, item in enumerate(part.values())]
        case set() | frozenset():
            found = sorted((canonical(item), at, item) for at, item in enumerate(part))
            return own + [(f"[{text}]", item) for text, _, item in found]
        case slice():
            return [("a", part.start), ("b", part.stop), ("c", part.step)]
        case bytearray():
            return []
    if dataclasses.is_dataclass(part):
        return [(f".{name}", item) for name, item in state(part).items()]
    if type(part).__module__ in ("array", "models"):
        return own
    if type(part).__module__ == "numpy" and type(part).__name__ == "ndarray":
        items = part.ravel().tolist() if part.dtype.hasobject else []
        return [(f"[{at}]", item) for at, item in enumerate(items)]
    return None


def canonical(item):
    """Return a text that does not depend on the order in which a set has its items."""
    match item:
        case frozenset():
            return f"{{{','.join(sorted(map(canonical, item)))}}}"
        case tuple():
            return f"({','.join(map(canonical, item))})"
    if not dataclasses.is_dataclass(item):
        return repr(item)
    # What is hashed by identity may contain itself, and has a name to be told by.
    frozen = type(item).__dataclass_params__.frozen
    inside = state(item).values() if frozen else [item.name]
    return f"{type(item).__qualname__}({','.join(map(canonical, inside))})"
