"""Whether two values are the same: type and value, all the way down."""

from collections import Counter, OrderedDict, defaultdict, deque
from typing import Any

SEQUENCES = (list, tuple, deque)
MAPPINGS = (dict, OrderedDict, defaultdict, Counter)


def same(left: Any, right: Any) -> bool:
    """Compare two values, by an explicit stack.

    `1`, `1.0` and `True` differ, being of different types. A NaN is the same as a NaN. The order of
    a dict counts only where Python counts it, in an OrderedDict. Instances of other classes are
    what their own `==` says.
    """
    pairs = [(left, right)]
    met: set[tuple[int, int]] = set()
    while pairs:
        one, two = pairs.pop()
        kind = type(one)
        if one is two:
            continue
        if kind is not type(two):
            return False
        if kind is float:
            if one != two and (one == one or two == two):  # noqa: PLR0124 - only a NaN is not itself
                return False
        elif kind is complex:
            pairs += [(one.real, two.real), (one.imag, two.imag)]
        elif kind in (set, frozenset) or kind in SEQUENCES or kind in MAPPINGS:
            if len(one) != len(two):
                return False
            # A pair that is being compared already holds unless something else says no.
            if (id(one), id(two)) in met:
                continue
            met.add((id(one), id(two)))
            inner = parts(one, two)
            if inner is None:
                return False
            pairs += inner
        elif not equal(one, two):
            return False
    return True


def parts(one: Any, two: Any) -> list[tuple[Any, Any]] | None:
    """Return what has to be the same in two containers of one type and length; None if nothing can be."""
    kind = type(one)
    if kind in SEQUENCES:
        return [*zip(one, two, strict=True), (getattr(one, "maxlen", 0), getattr(two, "maxlen", 0))]
    if kind is OrderedDict:
        return [*zip(one, two, strict=True), *zip(one.values(), two.values(), strict=True)]
    twins = {key: key for key in two}
    if any(key not in twins for key in one):
        return None
    keys = [(key, twins[key]) for key in one]
    if kind in (set, frozenset):
        return keys
    factories = (getattr(one, "default_factory", None), getattr(two, "default_factory", None))
    return [*keys, *((one[key], two[key]) for key in one), factories]


def equal(one: Any, two: Any) -> bool:
    """Ask Python, and take an array's answer for all of its items, where a NaN is one as well."""
    answer = one == two
    if isinstance(answer, bool):
        return answer
    if hasattr(answer, "all"):
        alike = getattr(one, "shape", None) == getattr(two, "shape", None)
        alike = alike and getattr(one, "dtype", None) == getattr(two, "dtype", None)
        return alike and bool((answer | ((one != one) & (two != two))).all())  # noqa: PLR0124
    return bool(answer)
