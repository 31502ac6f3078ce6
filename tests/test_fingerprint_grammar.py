"""Fingerprints that stay: what is kept today is found again by every later version."""

import json
import re
import sys
from pathlib import Path

import pytest

from holdall.fingerprint import fingerprint

GOLDEN = Path(__file__).parent / "golden"
sys.path.insert(0, str(GOLDEN))

import make_grammar as make  # noqa: E402

KEPT = json.loads((GOLDEN / "grammar.json").read_text("utf-8"))


@pytest.mark.parametrize("name", KEPT)
def test_a_golden_fingerprint_stays(name):
    assert fingerprint(make.values()[name]).hex() == KEPT[name]


def test_they_are_those_of_the_second_implementation():
    pytest.importorskip("blake3", reason="the second implementation needs it")
    found = {name: make.fingerprint(value).hex() for name, value in make.values().items()}
    assert found == KEPT
    assert len(set(KEPT.values())) == len(KEPT)


def test_the_example_of_the_format_page_is_right():
    page = (GOLDEN.parents[1] / "docs" / "format.md").read_text("utf-8")
    (line,) = re.findall(r"^So `\[1, \"a\"\]` is (.*)\.", page, re.M)
    run = bytes.fromhex("".join(re.findall(r"`([0-9a-f ]+)`", line)))
    assert run == make.run([1, "a"])
