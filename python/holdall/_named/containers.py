"""The containers of `collections`."""

import functools
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from holdall._named.check import exact
from holdall.errors import SerializationError

# What a defaultdict may make its defaults with and still be passive.
FACTORIES: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        list, dict, set, tuple, int, float, str, bytes, bytearray, bool, complex, frozenset,
        OrderedDict, Counter, deque, Decimal,
    )
}  # fmt: skip
FACTORY_NAMES = {kind: name for name, kind in FACTORIES.items()}


def copied(kind: Callable[[Any], Any], value: Any) -> Any:
    """Copy a container that a hash or an `==` of its keys, or another thread, may change meanwhile."""
    try:
        return kind(value)
    except RecursionError:
        raise
    except (KeyError, RuntimeError) as error:
        raise SerializationError(
            "changed while it was written; keep other threads from it meanwhile"
        ) from error


def reduce_ordered(value: OrderedDict[Any, Any]) -> tuple[Any, ...] | None:
    """Give the items in their order."""
    return None if value.__dict__ else ("collections.OrderedDict", copied(dict, value))


def reduce_counter(value: Counter[Any]) -> tuple[Any, ...] | None:
    """Give the counts."""
    return None if value.__dict__ else ("collections.Counter", copied(dict, value))


def reduce_default(value: defaultdict[Any, Any]) -> tuple[Any, ...] | None:
    """Give the name of the factory, if it has one here, and the items."""
    factory = value.default_factory
    if factory is None:
        return ("collections.defaultdict", None, copied(dict, value))
    # Only a plain class is looked up: the hash and the `==` of any other factory may be anything.
    if type(factory) is not type or factory not in FACTORY_NAMES:
        return None
    return ("collections.defaultdict", FACTORY_NAMES[factory], copied(dict, value))


def reduce_deque(value: deque[Any]) -> tuple[Any, ...]:
    """Give the items and how many there may be."""
    return ("collections.deque", copied(list, value), value.maxlen)


def fill_dict(shell: dict[Any, Any], items: Any) -> None:
    """Put the items in. `dict.update`, for a Counter's own adds to what is there."""
    dict.update(shell, exact(items, dict))


def fill_ordered(shell: OrderedDict[Any, Any], items: Any) -> None:
    """Put the items in, in their order; `dict.update` would leave the order out."""
    shell.update(exact(items, dict))


def fill_default(shell: defaultdict[Any, Any], factory: Any, items: Any) -> None:
    """Put the items in and set the factory."""
    if factory is not None:
        shell.default_factory = FACTORIES.get(exact(factory, str))
        if shell.default_factory is None:
            raise ValueError(f"a defaultdict's factory cannot be {factory!r}")
    dict.update(shell, exact(items, dict))


def fill_deque(shell: deque[Any], items: Any, maxlen: Any) -> None:
    """Put the items in and set how many there may be, which must not drop any."""
    if maxlen is not None and exact(maxlen, int) < len(exact(items, list)):
        raise ValueError(f"a deque of at most {maxlen} items cannot hold {len(items)}")
    shell.__init__(exact(items, list), maxlen)  # type: ignore[misc]  # the only way to set maxlen


def fill(shell: Any, *args: Any) -> Any:
    """Give an empty container its content."""
    FILLS[type(shell)](shell, *args)
    return shell


def build(kind: type, *args: Any) -> Any:
    """Make a container with its content."""
    return fill(kind(), *args)


REDUCERS = {
    OrderedDict: reduce_ordered,
    Counter: reduce_counter,
    defaultdict: reduce_default,
    deque: reduce_deque,
}
FILLS: dict[type, Any] = {
    OrderedDict: fill_ordered,
    Counter: fill_dict,
    defaultdict: fill_default,
    deque: fill_deque,
}
KINDS: dict[str, type] = {f"collections.{kind.__name__}": kind for kind in FILLS}
NAMES = {name: functools.partial(build, kind) for name, kind in KINDS.items()}
# Only where the array inside is marked as shared; else the engine makes the set.
TAGS: dict[int, Any] = {258: lambda content: set(exact(content, list))}
