"""The checks of arguments: what each takes, what it refuses, and what it says."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest

from holdall import ValidationBuilder, ValidationError, validate

NOW = dt.datetime(2026, 12, 1)
CHECKS = [
    ("is_callable", (), [len, lambda: 0, int], [1, "len"]),
    ("is_string", (), ["", "a"], [b"a", 1]),
    (
        "is_positive_number",
        (),
        [1, 0.5, Fraction(1, 2)],
        [0, -1, "1", True, float("nan"), Decimal(1)],
    ),
    ("is_non_negative", (), [0, 0.0, 1], [-1, -0.5, "0", False, float("nan")]),
    ("is_timezone_aware", (), [NOW.replace(tzinfo=dt.UTC)], [NOW, NOW.date(), 1]),
    ("min_length", (2,), ["ab", [1, 2, 3]], ["a", [], 7]),
    ("max_length", (2,), ["ab", []], ["abc", [1, 2, 3], 7]),
    ("in_range", (1, 2), [1, 1.5, 2], [0.9, 2.1, "1", True]),
    ("in_choices", (["a", 1],), ["a", 1], ["b", 2, [1]]),
]


@pytest.mark.parametrize(("check", "arguments", "fine", "wrong"), CHECKS, ids=lambda c: str(c)[:20])
def test_each_check_takes_what_it_says_and_nothing_else(check, arguments, fine, wrong):
    for value in [*fine, None]:
        assert getattr(validate(value), check)(*arguments).validate() is value
    for value in wrong:
        with pytest.raises(ValidationError) as caught:
            getattr(validate(value, "thing"), check)(*arguments).validate()
        assert str(caught.value).startswith("thing must ")
        assert caught.value.parameter == "thing"
        assert caught.value.value is value


def test_none_is_refused_where_something_is_required():
    with pytest.raises(ValidationError, match=r"^backend is required; it is None$"):
        validate(None, "backend").is_required().is_callable().validate()


def test_all_that_is_wrong_is_said_at_once_and_not_before():
    builder = validate("x" * 500).is_callable().max_length(3).in_choices(["a"])
    assert isinstance(builder, ValidationBuilder)
    with pytest.raises(ValidationError) as caught:
        builder.validate()
    message = str(caught.value)
    expected = (
        "parameter must be callable and must have a length of 3 at most and must be one of 'a'"
    )
    assert message.startswith(expected)
    assert len(message) < 200
