"""Whether two values are the same: type and value, all the way down."""

import struct
from typing import Any


def same(left: Any, right: Any) -> bool:
    """Compare two values, by an explicit stack.

    `1`, `1.0` and `True` differ, and so do `0.0` and `-0.0`; a NaN is the same as a NaN of the same
    bits. Dicts are compared with their order, sets without one. Instances of other classes are what
    their own `==` says.
    """
    pairs = [(left, right)]
    met: set[tuple[int, int]] = set()
    while pairs:
        one, two = pairs.pop()
        if one is two:
            continue
        if type(one) is not type(two):
            return False
        if isinstance(one, float) and type(one) is float:
            if struct.pack("d", one) != struct.pack("d", two):
                return False
        elif type(one) is complex:
            pairs += [(one.real, two.real), (one.imag, two.imag)]
        elif type(one) is set or type(one) is frozenset:
            twins = {item: item for item in two}
            if len(one) != len(two) or any(item not in twins for item in one):
                return False
            pairs.extend((item, twins[item]) for item in one)
        elif type(one) is dict or type(one) is list or type(one) is tuple:
            if len(one) != len(two):
                return False
            # A pair that is being compared already holds unless something else says no.
            if (id(one), id(two)) in met:
                continue
            met.add((id(one), id(two)))
            if type(one) is dict:
                pairs.extend(zip(one, two, strict=True))
                pairs.extend(zip(one.values(), two.values(), strict=True))
            else:
                pairs.extend(zip(one, two, strict=True))
        elif not equal(one, two):
            return False
    return True


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
