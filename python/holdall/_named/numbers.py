"""Decimals that tag 4 does not take, and fractions."""

import decimal
from fractions import Fraction
from typing import Any

from holdall._named.check import exact

# The reader's own context may turn a text that is no number into a NaN.
STRICT = decimal.Context(traps=[decimal.InvalidOperation])


def build_decimal(text: Any) -> decimal.Decimal:
    """Make a decimal of its text, all digits kept."""
    try:
        return decimal.Decimal(exact(text, str), STRICT)
    except decimal.InvalidOperation:
        raise ValueError(f"{text[:50]!r} is no decimal number") from None


def build_fraction(content: Any) -> Fraction:
    """Make a fraction of its two integers."""
    numerator, denominator = exact(content, list)
    if exact(denominator, int) == 0:
        raise ValueError("a fraction over 0")
    return Fraction(exact(numerator, int), denominator)


REDUCERS: dict[type, Any] = {}
NAMES = {"decimal.Decimal": build_decimal}
TAGS = {30: build_fraction}
