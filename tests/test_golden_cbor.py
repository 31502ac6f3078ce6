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
    "dt": dt,
    "ipaddress": ipaddress,
    "re": re,
    "np": np,
    "nan": math.nan,
    "inf": math.inf,
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


@pytest.mark.parametrize("name", VALUES)
def test_the_notation_of_a_golden_payload(name):
    active, classes, notation = holdall._holdall.inspect_cbor(bytes_of(name), 1000)
    assert notation == INDEX[name]["notation"]
    assert active is INDEX[name]["active"]
    assert bool(classes) is active


def page():
    text = FORMAT.read_text("utf-8")
    return text[text.index("## CBOR\n") : text.index("## The bare rule\n")]


def test_the_page_shows_the_golden_bytes():
    blocks = dict(re.findall(r"^```cbor ([\w-]+)\n(.*?)^```$", page(), re.MULTILINE | re.DOTALL))
    assert len(blocks) >= 14
    for name, block in blocks.items():
        lines = [
            re.match(r" *((?:[0-9a-f]{2} )*[0-9a-f]{2})(?:  |$)", line)
            for line in block.splitlines()
        ]
        assert bytes.fromhex("".join(line[1] for line in lines)) == bytes_of(name), name


def test_the_page_shows_the_golden_notations():
    shown = re.findall(r"^\|.*\| `(.+)` \| `(.+)` \|$", page(), re.MULTILINE)
    known = {(entry["value"], entry.get("notation")) for entry in map(INDEX.get, VALUES)}
    assert len(shown) > 20
    assert set(shown) <= known


def test_the_page_lists_every_tag_and_name():
    """As the code has them: a new one needs its row."""
    from holdall import _named

    for home in _named.HOMES.values():
        _named.learn(home)
    for name in _named.names:
        assert f"`{name}`" in page(), name
    ours = {number for name in VALUES for number in re.findall(r"(\d+)\(", INDEX[name]["notation"])}
    rows = re.findall(r"^\| (\d+(?:(?:, | to )\d+)?) \|", page(), re.MULTILINE)
    listed = {int(number) for row in rows for number in re.findall(r"\d+", row)} | set(
        range(64, 87)
    )
    assert {int(number) for number in ours} - listed <= {1, 68, 100}


def reader():
    """The reader of arrays in plain Python that the format's page prints."""
    blocks = re.findall(
        r"^```python\n(.*?)^```$", FORMAT.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    code = next(block for block in blocks if "def arrays_of" in block)
    assert sum(bool(line.strip()) for line in code.splitlines()) <= 30
    namespace = {}
    exec(code, namespace)
    return namespace["arrays_of"]


ARRAYS = [name for name in VALUES if name.startswith(("typed", "ndarray", "clamped"))]


@pytest.mark.parametrize("name", ARRAYS)
def test_the_plain_reader_finds_the_array(name):
    segments = [bytes.fromhex(segment) for segment in INDEX[name]["segments"]]
    ((dtype, shape, order, values),) = reader()(bytes_of(name), segments)
    array = value_of(name)
    assert shape == list(array.shape)
    assert order == ("C" if array.flags.c_contiguous else "F")
    if isinstance(values, bytes):
        assert values == array.tobytes()
    else:
        assert np.dtype(dtype) == array.dtype
        assert values == tuple(array.flatten(order).tolist())


def test_the_plain_reader_finds_arrays_wherever_they_are():
    one, two, three = np.arange(3.0), np.ones((2, 2), ">i4", order="F"), np.arange(2, dtype="u1")
    value = {"a": [one, (two, b"\0" * 300)], None: Point(three, -1.5), 2**70: "é", "b": one}
    found = reader()(holdall.dumps(value, mode="cbor", frame=False))
    assert [(dtype, shape, order) for dtype, shape, order, _ in found] == [
        ("<f8", [3], "C"), (">i4", [2, 2], "F"), (">u1", [2], "C"),
    ]  # fmt: skip
    assert [values for *_, values in found] == [(0, 1, 2), (1, 1, 1, 1), (0, 1)]
