"""Where in a value the culprit is."""

from collections import deque
from collections.abc import Callable, Iterator
from reprlib import Repr
from types import GetSetDescriptorType, MemberDescriptorType
from typing import Any

# Enough to point at something, and no more than a person reads.
MOST_STEPS = 64
# What is nested may be one object a thousand times, and its repr longer than anything.
LIMITED = Repr()
LIMITED.maxlevel = 4
LIMITED.maxtuple = LIMITED.maxfrozenset = 8
LIMITED.maxstring = LIMITED.maxother = LIMITED.maxlong = 60


def culprit(
    value: Any, fine: Callable[[Any], bool], inside: tuple[type, ...] = (object,)
) -> tuple[str, Any]:
    """Return the path to the innermost part that is not `fine`, and that part.

    inside: what is taken apart at all. Only called once the whole value was refused. Each step tries the parts of one object and goes
    into the first one that is refused, so the cost is that of a few more attempts.
    """
    steps: list[str] = []
    seen = {id(value)}
    while len(steps) < MOST_STEPS:
        found = parts(value) if issubclass(type(value), inside) else iter(())
        for step, part in readable(found):
            if id(part) not in seen and not fine(part):
                seen.add(id(part))
                steps.append(step)
                value = part
                break
        else:
            return "$" + "".join(steps), value
    return "$" + "".join(steps) + "…", value


def readable(found: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Yield parts as far as a value shows them: its own hooks may raise anything."""
    while True:
        try:
            yield next(found)
        except (MemoryError, KeyboardInterrupt):
            raise
        except Exception:  # the end, too
            return


def parts(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a value is made of, as pickle would meet it."""
    if isinstance(value, dict):
        for key, item in list(value.items()):
            yield f"[{short(key)}]", item
            yield f".keys()[{short(key)}]", key
    elif isinstance(value, list | tuple | deque):
        fields = getattr(value, "_fields", None) if isinstance(value, tuple) else None
        named = isinstance(fields, tuple) and len(fields) == len(value)
        for index, item in enumerate(list(value)):
            yield f".{fields[index]}" if named and fields else f"[{index}]", item
    elif isinstance(value, set | frozenset):
        for item in list(value):
            yield f"[{short(item)}]", item
    code = getattr(value, "__code__", None)
    if code is not None:
        names = getattr(code, "co_freevars", ())
        for name, cell in zip(names, getattr(value, "__closure__", None) or (), strict=False):
            try:
                yield f".<closure>[{name!r}]", cell.cell_contents
            except ValueError:  # an empty cell
                continue
        yield ".__defaults__", getattr(value, "__defaults__", None)
        yield ".__kwdefaults__", getattr(value, "__kwdefaults__", None)
        namespace = getattr(value, "__globals__", {})
        for name in getattr(code, "co_names", ()):
            if name in namespace:
                yield f".<globals>[{name!r}]", namespace[name]
    bound = getattr(value, "__self__", None)
    if bound is not None and not isinstance(value, type):
        yield ".__self__", bound
    yield from attributes(value)


def attributes(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the attributes of an instance, those in slots included, or of a class."""
    if isinstance(value, type):
        # Functions last: those that say `super()` carry the class with them.
        for name, item in sorted(vars(value).items(), key=lambda pair: callable(pair[1])):
            if not isinstance(item, GetSetDescriptorType | MemberDescriptorType):
                yield f".{name}", item
        return
    state = getattr(value, "__dict__", None)
    if isinstance(state, dict):
        for name, item in list(state.items()):
            yield f".{name}", item
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in [slots] if isinstance(slots, str) else slots:
            try:
                yield f".{name}", object.__getattribute__(value, name)
            except AttributeError:
                continue


def short(key: Any) -> str:
    """Return a key's repr, cut to what a path can carry."""
    try:
        text = LIMITED.repr(key) if type(key) in (tuple, frozenset) else repr(key)
    except Exception:
        text = f"<{type(key).__name__}>"
    return text if len(text) <= 60 else text[:59] + "…"
