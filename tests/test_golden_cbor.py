"""The golden payloads of the `cbor` codec: holdall writes them, reads them, and the page shows them."""

import datetime as dt
import ipaddress
import json
import math
import re
import sys
from array import array
from collections import Counter, OrderedDict, defaultdict, deque
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath, PureWindowsPath
from uuid import UUID, SafeUUID
from zoneinfo import ZoneInfo

import numpy as np
import pytest

import holdall
from models import Color, Frozen, Pair, Point, Right
from same import same

GOLDEN = Path(__file__).parent / "golden" / "cbor"
FORMAT = GOLDEN.parents[2] / "docs" / "format.md"
INDEX = {entry["name"]: entry for entry in json.loads((GOLDEN / "index.json").read_text("utf-8"))}
VALUES = [name for name, entry in INDEX.items() if "error" not in entry]
REFUSED = [name for name, entry in INDEX.items() if "error" in entry]
# An array in a segment has no payload of its own to be read from.
PAYLOADS = [name for name in VALUES if not INDEX[name]["segments"]]


@dataclass
class Song:
    title: str


def twice(item):
    return [item, item]


def crossed(one, two):
    return [one, two, two, one]


def cycle():
    return cycle_of([])


def cycle_of(container):
    container.append(container)
    return container


def with_note(point):
    point.note = "n"
    return point


def without(point, name):
    delattr(point, name)
    return point


def with_itself(point):
    point.y = point
    return point


NAMES = {
    **{"dt": dt, "ipaddress": ipaddress, "re": re, "np": np, "nan": math.nan, "inf": math.inf},
    **{kind.__name__: kind for kind in (Counter, OrderedDict, defaultdict, deque, array)},
    **{kind.__name__: kind for kind in (Decimal, Fraction, UUID, SafeUUID, ZoneInfo)},
    **{kind.__name__: kind for kind in (PurePosixPath, PureWindowsPath)},
    **{kind.__name__: kind for kind in (Color, Frozen, Pair, Point, Right, Song)},
    **{f.__name__: f for f in (twice, crossed, cycle, cycle_of, with_note, without, with_itself)},
}


@pytest.fixture(autouse=True)
def song(registry, monkeypatch):
    """Song is registered, and a class of the script as well."""
    holdall.register(Song, name="song", version=2)
    monkeypatch.setattr(sys.modules["__main__"], "Song", Song, raising=False)


def bytes_of(name):
    return (GOLDEN / INDEX[name]["file"]).read_bytes()


def value_of(name):
    return eval(INDEX[name]["value"], NAMES)


def read(payload, trust=None):
    return holdall.loads(payload, mode="cbor", frame=False, trust=trust)


def test_every_golden_payload_has_its_entry():
    files = {path.relative_to(GOLDEN).as_posix() for path in GOLDEN.rglob("*.cbor")}
    assert files == {entry["file"] for entry in INDEX.values()}
    assert len(VALUES) > 80
    assert len(REFUSED) > 30


@pytest.mark.parametrize("name", [name for name in VALUES if INDEX[name]["writes"]])
def test_what_is_written_today_is_the_golden_payload(name):
    value = value_of(name)
    assert holdall.dumps(value, mode="cbor", frame=False) == bytes_of(name)


def is_open(name):
    """Whether a payload is read without trust in whoever wrote it."""
    return not INDEX[name]["active"] or name == "registered"


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_golden_payload_is_read_as_what_it_was(name):
    value = value_of(name)
    found = read(bytes_of(name), None if is_open(name) else "all")
    if name.startswith("cycle"):
        assert type(found) is type(value)
        assert found[0] is found
    elif name == "dataclass-cycle":
        assert found.x == 1
        assert found.y is found
    elif name == "dataclass-unset":
        assert vars(found) == vars(value) == {"y": None}
    else:
        assert same(found, value)
        assert getattr(found, "__dict__", None) == getattr(value, "__dict__", None)


@pytest.mark.parametrize("name", [name for name in PAYLOADS if not is_open(name)])
def test_an_instance_is_not_read_without_trust(name):
    with pytest.raises(holdall.UntrustedPayloadError, match="instance of"):
        read(bytes_of(name))


def test_what_was_shared_is_shared():
    one, two = read(bytes_of("shared"))
    assert one is two
    one, two, three, four = read(bytes_of("shared-two"))
    assert one is four
    assert two is three
    assert one is not two


@pytest.mark.parametrize("name", [name for name in PAYLOADS if INDEX[name]["writes"]])
def test_the_active_ones_are_signed(name):
    frame = holdall.dumps(value_of(name), mode="cbor")
    assert bool(holdall.inspect(frame).signed_by) is INDEX[name]["active"]


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_payload_is_refused_with_its_error(name):
    error = getattr(holdall, INDEX[name]["error"])
    with pytest.raises(error, match=re.escape(INDEX[name]["says"])) as caught:
        read(bytes_of(name))
    assert type(caught.value) is error
