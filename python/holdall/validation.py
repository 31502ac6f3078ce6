"""Checks of arguments that read as a sentence.

validate(timeout, "timeout").is_non_negative().in_range(0, 3600).validate()
"""

from collections.abc import Callable, Collection
from datetime import datetime
from numbers import Real
from typing import Any, Self

from holdall.errors import ValidationError

__all__ = ["ValidationBuilder", "validate"]


class ValidationBuilder:
    """Checks of one value, each of which returns this object; `validate` then says what fails.

    None passes every check but `is_required`. Numbers are real ones, and True is none of them.
    """

    def __init__(self, value: Any, param_name: str = "parameter") -> None:
        self.value = value
        self.param_name = param_name
        self.failures: list[str] = []

    def check(self, holds: Callable[[Any], bool], failure: str) -> Self:
        """Note `failure` unless the value is None or `holds`."""
        if self.value is not None and not holds(self.value):
            self.failures.append(failure)
        return self

    def is_required(self) -> Self:
        """Refuse None."""
        if self.value is None:
            self.failures.append("is required")
        return self

    def is_callable(self) -> Self:
        """Take what can be called."""
        return self.check(callable, "must be callable")

    def is_string(self) -> Self:
        """Take a str."""
        return self.check(lambda value: isinstance(value, str), "must be a string")

    def is_positive_number(self) -> Self:
        """Take a number above zero."""
        return self.check(lambda value: number(value) and value > 0, "must be a positive number")

    def is_non_negative(self) -> Self:
        """Take a number, zero or more."""
        return self.check(
            lambda value: number(value) and value >= 0, "must be a number, not negative"
        )

    def is_timezone_aware(self) -> Self:
        """Take a datetime that knows its offset."""
        return self.check(
            lambda value: isinstance(value, datetime) and value.utcoffset() is not None,
            "must be timezone-aware",
        )

    def min_length(self, length: int) -> Self:
        """Take what has so many parts or more."""
        return self.check(
            lambda value: size(value) >= length, f"must have a length of {length} or more"
        )

    def max_length(self, length: int) -> Self:
        """Take what has so many parts at most."""
        return self.check(
            lambda value: 0 <= size(value) <= length, f"must have a length of {length} at most"
        )

    def in_range(self, low: float, high: float) -> Self:
        """Take a number between the two, which count."""
        return self.check(
            lambda value: number(value) and low <= value <= high,
            f"must be between {low} and {high}",
        )

    def in_choices(self, choices: Collection[Any]) -> Self:
        """Take one of these."""
        listed = ", ".join(map(repr, choices))
        return self.check(lambda value: value in choices, f"must be one of {listed}")

    def validate(self) -> Any:
        """Return the value, or raise a ValidationError that says all that is wrong with it."""
        if self.failures:
            raise ValidationError(
                f"{self.param_name} {' and '.join(self.failures)}; it is {shown(self.value)}",
                parameter=self.param_name,
                value=self.value,
            )
        return self.value


def validate(value: Any, param_name: str = "parameter") -> ValidationBuilder:
    """Begin the checks of a value, which messages call `param_name`."""
    return ValidationBuilder(value, param_name)


def number(value: Any) -> bool:
    """Say whether it is a real number."""
    return isinstance(value, Real) and not isinstance(value, bool)


def size(value: Any) -> int:
    """Return the length, or -1 of what has none."""
    return len(value) if hasattr(type(value), "__len__") else -1


def shown(value: Any) -> str:
    """Show a value in a message, cut to what one reads."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
