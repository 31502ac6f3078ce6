"""CBOR that nobody honest wrote: a typed error with a path, nothing imported, bounded memory."""

import contextlib
import json
import struct
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import holdall
from processes import run
from test_roundtrip import PROPERTY

GOLDEN = Path(__file__).parent / "golden" / "cbor"
INDEX = json.loads((GOLDEN / "index.json").read_text("utf-8"))
PAYLOADS = {entry["name"]: (GOLDEN / entry["file"]).read_bytes() for entry in INDEX}


def head(major, number):
    for low, form in ((24, ">B"), (25, ">H"), (26, ">I"), (27, ">Q")):
        if number < 24:
            return bytes([major << 5 | number])
        if number < 256 ** struct.calcsize(form):
            return bytes([major << 5 | low]) + struct.pack(form, number)
    raise OverflowError(number)


def number(value):
    return head(0, value) if value >= 0 else head(1, -1 - value)


def text(value):
    return head(3, len(value.encode())) + value.encode()


def data(value):
    return head(2, len(value)) + value


def array(*items):
    return head(4, len(items)) + b"".join(items)


def pairs(*items):
    return head(5, len(items) // 2) + b"".join(items)


def tag(number, content):
    return head(6, number) + content


def named(name, *arguments):
    return tag(27, array(text(name), *arguments))


def shared(content):
    return tag(28, content)


def reference(number):
    return tag(29, head(0, number))


NULL, ONE, UNDEFINED, FLOAT = b"\xf6", b"\x01", b"\xf7", b"\xfb" + struct.pack(">d", 1.5)
TUPLE, FROZENSET, OBJECT, SET = 49480, 49481, 49482, 258


def read(payload, **options):
    return holdall.loads(payload, mode="cbor", frame=False, **options)


def read_or_refused(payload):
    """Read it, or see it refused as it should be."""
    with contextlib.suppress(holdall.HoldallError):
        holdall._holdall.inspect_cbor(payload, 200)
    refusal = None
    try:
        read(payload)
    except holdall.HoldallError as error:
        refusal = error
    if isinstance(refusal, holdall.SerializationError):
        assert refusal.path.startswith("$"), refusal
        assert "\n" not in str(refusal)
    return refusal is None


def refused(payload):
    assert not read_or_refused(payload)


@pytest.fixture(autouse=True)
def nothing_is_imported():
    """Whatever the bytes name: only what the registered tags always need, and that is here."""
    for payload in PAYLOADS.values():
        with contextlib.suppress(holdall.HoldallError):
            read(payload)
    before = set(sys.modules)
    yield
    # A zone's key may be one of the package of time zones; and hypothesis loads what it needs.
    fine = ("tzdata", "importlib.", "numpy.random", "hypothesis", "_hypothesis")
    fine += ("cython", "_cython")
    assert not [name for name in set(sys.modules) - before if not name.startswith(fine)]


@pytest.mark.parametrize("name", PAYLOADS)
def test_each_cut_and_each_flipped_bit_of_a_golden_payload(name):
    payload = PAYLOADS[name][:300]
    for length in range(len(payload)):
        read_or_refused(payload[:length])
    for bit in range(8 * len(payload)):
        damaged = bytearray(payload)
        damaged[bit // 8] ^= 1 << bit % 8
        read_or_refused(bytes(damaged))


@PROPERTY
@given(st.binary(max_size=60))
def test_any_bytes(payload):
    read_or_refused(payload)


@PROPERTY
@given(st.lists(st.sampled_from(sorted(PAYLOADS.values())), max_size=4), st.data())
def test_payloads_inside_each_other(parts, draw):
    wraps = [
        array,
        lambda *items: tag(TUPLE, array(*items)),
        lambda *items: tag(FROZENSET, array(*items)),
        lambda *items: tag(SET, array(*items)),
        lambda *items: pairs(*items, *items),
        lambda *items: shared(array(*items, reference(0))),
        lambda *items: named("collections.deque", array(*items), NULL),
        lambda *items: tag(OBJECT, array(*items)),
        lambda *items: named(*(["slice"] if items else ["range"]), *items),
    ]
    for _ in range(3):
        parts = [draw.draw(st.sampled_from(wraps))(*parts)]
    read_or_refused(parts[0])


# Sizes

LENGTHS = [2**16 - 1, 2**16, 2**31, 2**32 - 1, 2**40, 2**62, 2**63 - 1, 2**63, 2**64 - 1]
MEMORY = """
import resource
import test_hostile_cbor as hostile

used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 100_000_000,) * 2)
for payload in hostile.forged():
    hostile.refused(payload)
"""


def forged():
    """Payloads that announce far more than they have."""
    for length in LENGTHS:
        for major in (2, 3, 4, 5):
            yield head(major, length)
            yield head(major, length) + b"\x00" * 70_000
            yield array(head(major, length), ONE)
            yield tag(TUPLE, head(major, length))
            yield tag(TUPLE, head(major, length)) + b"\x01" * 1000
            yield shared(tag(TUPLE, head(major, length))) + b"\x01" * 1000
            yield tag(27, head(major, length))
            yield tag(OBJECT, head(major, length))
            yield tag(2, head(major, length))
    # Each announces only what might follow.
    yield head(4, 60_000) * 30_000
    yield tag(TUPLE, head(4, 60_000)) * 15_000
    yield shared(tag(TUPLE, head(4, 60_000))) * 15_000
    yield array(*[head(4, 500_000)] * 500_000)
    yield array(shared(tag(SET, head(4, 2**20)))) * 100_000
    zeros = data(b"\0" * 8)
    for shape in ([2**62], [2**31, 2**31], [0, 2**62], [1] * 1000, [-1], [2**64 - 1]):
        sizes = array(*map(number, shape))
        yield named("numpy.ndarray", text("<i8"), sizes, text("C"), zeros)
        yield tag(40, array(sizes, tag(71, zeros)))
    wide = named("numpy.dtype", array(text("<i8"), array(head(0, 2**31), head(0, 2**31))))
    yield wide
    yield named("numpy.scalar", text("|S2147483647"), zeros)
    yield named("collections.deque", array(), head(0, 2**64 - 1))
    yield tag(4, array(head(0, 2**63), ONE))
    yield tag(4, array(head(1, 2**64 - 1), ONE))


def test_announced_lengths_take_no_memory():
    run(MEMORY)


NESTINGS = {
    "lists": lambda depth: b"\x81" * depth + b"\x01",
    "maps": lambda depth: b"\xa1\x01" * depth + b"\x01",
    "keys": lambda depth: b"\xa1" * depth + b"\x01",
    "tuples": lambda depth: b"\xd9\xc1\x48\x81" * depth + b"\x01",
    "frozensets": lambda depth: b"\xd9\xc1\x49\x81" * depth + b"\x01",
    "sets": lambda depth: b"\xd9\x01\x02\x81" * depth + b"\x01",
    "shared lists": lambda depth: b"\xd8\x1c\x81" * depth + b"\x01",
    "shared tuples": lambda depth: b"\xd8\x1c\xd9\xc1\x48\x81" * depth + b"\x01",
    "named": lambda depth: (b"\xd8\x1b\x84\x65slice" * depth) + b"\x01" + b"\xf6\xf6" * depth,
    "tags": lambda depth: b"\xd8\x63" * depth + b"\x01",
    "marks": lambda depth: b"\xd8\x1c" * depth + b"\x01",
    "tags and marks": lambda depth: b"\xd8\x63\xd8\x1c" * depth + b"\x01",
    "sets of marks": lambda depth: b"\xd9\x01\x02\xd8\x1c" * depth + b"\x80",
    "objects": lambda depth: b"\xd9\xc1\x4a\x81" * depth,
    "definitions": lambda depth: b"\xd9\xc1\x4a\x82" * depth + b"\x01",
    "without end": lambda depth: b"\x9f" * depth,
    "maps without end": lambda depth: b"\xbf\x01" * depth,
}


@pytest.mark.parametrize("name", NESTINGS)
def test_a_million_levels_are_refused(name):
    for depth in (10_001, 50_000, 1_000_000):
        refused(NESTINGS[name](depth))


@pytest.mark.parametrize(
    "name", ["lists", "maps", "tuples", "frozensets", "shared lists", "shared tuples"]
)
def test_ten_thousand_levels_are_read_and_dropped(name):
    value = read(NESTINGS[name](10_000))
    del value
    # Dropped by an error, with all of it on the stack.
    refused(NESTINGS[name](9_999)[:-1])
    refused(NESTINGS[name](9_999) + b"\x01")


# References


def lists_bomb(levels):
    inside = shared(array())
    parts = [inside]
    parts += [shared(array(*[reference(level)] * 10)) for level in range(levels)]
    return array(*parts)


def test_a_bomb_of_references_stays_small():
    value = read(lists_bomb(100))
    assert value[-1][0][0] is value[-3]
    broken = lists_bomb(100)[:-1] + b"\xff"
    refused(broken)


def test_a_bomb_in_a_path_is_cut():
    """The path names the key that the culprit is under: its repr would take for ever."""
    levels = [shared(tag(TUPLE, array()))]
    levels += [shared(tag(TUPLE, array(*[reference(n)] * 4))) for n in range(60)]
    with pytest.raises(holdall.SerializationError, match="tag 99") as caught:
        read(array(*levels, pairs(reference(60), tag(99, NULL))))
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize(
    "payload",
    [
        reference(0),
        shared(reference(0)),
        shared(shared(array())),
        array(reference(1), shared(array())),
        tag(29, text("a")),
        tag(29, b"\x20"),
        tag(29, head(0, 2**64 - 1)),
        # What cannot be there before its content.
        shared(tag(FROZENSET, array(reference(0)))),
        shared(named("range", ONE, reference(0), ONE)),
        shared(named("slice", ONE, reference(0), ONE)),
        shared(named("numpy.ndarray", reference(0))),
        shared(tag(30, array(reference(0), ONE))),
        shared(tag(99, reference(0))),
        # A key or an item whose hash is not known yet.
        shared(tag(TUPLE, array(pairs(reference(0), ONE)))),
        shared(tag(TUPLE, array(tag(SET, array(reference(0)))))),
        shared(tag(TUPLE, array(tag(FROZENSET, array(reference(0)))))),
        shared(tag(TUPLE, array(pairs(tag(TUPLE, array(reference(0))), ONE)))),
        shared(tag(TUPLE, array(named("collections.OrderedDict", pairs(reference(0), ONE))))),
        shared(pairs(reference(0), ONE)),
        shared(array(pairs(reference(0), ONE))),
        shared(tag(SET, array(reference(0)))),
    ],
)
def test_references_that_lead_nowhere(payload):
    refused(payload)


def test_cycles_through_tuples_are_read():
    value = read(shared(tag(TUPLE, array(array(reference(0)), ONE))))
    assert value[0][0] is value
    value = read(shared(tag(TUPLE, array(reference(0)))))
    assert value[0] is value
    value = read(shared(array(tag(TUPLE, array(reference(0))))))
    assert value[0][0] is value


# Content

CONTENTS = [
    b"\x00", ONE, b"\x20", head(0, 2**64 - 1), head(1, 2**64 - 1), FLOAT, NULL, b"\xf4", UNDEFINED,
    text(""), text("a"), text("2020-01-01"), text("9999-12-31T23:59:59.999999+23:59"), data(b""), data(b"\0" * 16),
    data(b"\xed\xa0\x80\xff"), array(), array(ONE), array(ONE, ONE), array(ONE, NULL, ONE), array(text("a"), ONE),
    array(array(), data(b"")), array(data(b"\0" * 4), head(0, 99)), pairs(), pairs(ONE, ONE), pairs(ONE, text("a")),
    pairs(b"\x25", head(0, 2**64 - 1), ONE, ONE), tag(2, data(b"\xff" * 200)), array(array(ONE), tag(64, data(b"a"))),
    tag(TUPLE, array(ONE, ONE)), named("Ellipsis"), shared(array()), tag(1004, text("2020-01-01")),
]  # fmt: skip
TAGS = [
    0,
    1,
    2,
    3,
    4,
    5,
    16,
    24,
    27,
    28,
    29,
    30,
    32,
    35,
    37,
    40,
    52,
    54,
    *range(64, 88),
    100,
    256,
    258,
]
TAGS += [
    260,
    273,
    1002,
    1004,
    1040,
    43000,
    TUPLE,
    FROZENSET,
    OBJECT,
    49483,
    55799,
    2**32,
    2**64 - 1,
]


@pytest.mark.parametrize("number", TAGS)
def test_a_tag_on_content_of_any_kind(number):
    for content in CONTENTS:
        for payload in (
            tag(number, content),
            array(tag(number, content)),
            pairs(tag(number, content), ONE),
        ):
            read_or_refused(payload)
        read_or_refused(tag(TUPLE, array(shared(tag(number, content)), reference(0))))


def names():
    from holdall import _named

    for home in _named.HOMES.values():
        _named.learn(home)
    return sorted(_named.names)


@pytest.mark.parametrize(
    "name", [*names(), "os.system", "builtins.eval", "models.Point", "", "numpy", "\0"]
)
def test_a_name_with_arguments_of_any_kind(name):
    for first in CONTENTS:
        for rest in (
            [],
            [ONE],
            [text("a"), data(b"\0" * 8)],
            [array(), ONE, ONE],
            [NULL, NULL],
            [text("<i8")] * 3,
        ):
            read_or_refused(named(name, first, *rest))
            read_or_refused(named(name, *rest, first))
            read_or_refused(shared(named(name, first, *rest, reference(0))))
    read_or_refused(named(name))


@pytest.mark.parametrize(
    "name", [ONE, NULL, data(b"range"), array(text("range")), shared(text("range")), FLOAT]
)
def test_a_name_that_is_no_text(name):
    read_or_refused(tag(27, array(name, ONE, ONE, ONE)))
    refused(tag(27, array(name, ONE)))
    refused(tag(27, array()))


def test_undefined_stands_only_for_a_field():
    for payload in (
        UNDEFINED,
        array(UNDEFINED),
        pairs(UNDEFINED, ONE),
        pairs(ONE, UNDEFINED),
        tag(0, UNDEFINED),
    ):
        refused(payload)
        refused(shared(payload))
        refused(named("slice", payload, ONE, ONE))


# Instances


def defined(name, *fields, form="dataclass", extras=()):
    return array(
        text(form),
        text(name),
        ONE[:0] + b"\x00",
        array(*map(text, fields)),
        array(*map(text, extras)),
    )


CLASSES = [
    "antigravity:A",
    "models:Point",
    "__main__:Point",
    "this:s",
    "os:system",
    "builtins:eval",
    "nowhere:X",
]


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("form", ["dataclass", "namedtuple", "enum", "flag"])
def test_no_class_of_a_stranger_is_looked_at(name, form):
    payload = tag(OBJECT, array(defined(name, "x", form=form), ONE))
    for wrapped in (
        payload,
        array(payload),
        shared(payload),
        pairs(ONE, payload),
        tag(TUPLE, array(payload)),
    ):
        with pytest.raises(holdall.UntrustedPayloadError, match=name):
            read(wrapped)


DAMAGED = [
    array(), ONE, NULL, text("models:Point"), array(text("dataclass")), array(ONE, ONE, ONE, ONE, ONE),
    array(text("dataclass"), ONE, b"\x00", array(), array()),
    array(text("dataclass"), text("models:Point"), text("0"), array(), array()),
    array(text("dataclass"), text("models:Point"), b"\x20", array(), array()),
    array(text("dataclass"), text("models:Point"), b"\x00", array(ONE), array()),
    array(text("dataclass"), text("models:Point"), b"\x00", text("xy"), array()),
    array(text("dataclass"), text("models:Point"), b"\x00", array(text("x")), array(text("x"))),
    array(text("klass"), text("models:Point"), b"\x00", array(text("x")), array()),
    array(text("enum"), text("models:Color"), b"\x00", array(), array(text("x"))),
    array(*[text("x")] * 8), array(*[text("x")] * 9), array(*[array()] * 5), array(*[pairs()] * 5),
    shared(defined("models:Point", "x")), array(shared(text("dataclass")), reference(0), reference(0), reference(0)),
    array(text("dataclass"), text("models:Point"), b"\x00", shared(array(reference(0))), array()),
    array(text("dataclass"), tag(OBJECT, array(b"\x00")), b"\x00", array(), array()),
]  # fmt: skip


@pytest.mark.parametrize("definition", DAMAGED)
def test_a_definition_that_is_none(definition):
    for trust in (None, "all"):
        for payload in (tag(OBJECT, array(definition, ONE)), tag(OBJECT, array(definition))):
            with pytest.raises(holdall.HoldallError):
                read(payload, trust=trust)


def test_instances_with_other_values_than_their_class_has():
    import models

    assert models
    point, pair = (
        defined("models:Point", "x", "y"),
        defined("models:Pair", "left", "right", form="namedtuple"),
    )
    color, right = defined("models:Color", form="enum"), defined("models:Right", form="flag")
    for definition in (point, pair, color, right):
        for values in (
            [],
            [ONE],
            [ONE] * 3,
            [UNDEFINED] * 2,
            [ONE, UNDEFINED],
            [reference(0)] * 2,
            [text("RED"), ONE],
        ):
            payload = tag(OBJECT, array(definition, *values))
            for wrapped in (payload, shared(payload), tag(FROZENSET, array(payload))):
                with contextlib.suppress(holdall.HoldallError):
                    read(wrapped, trust="all")
    for number in (b"\x00", b"\x01", b"\x20", text("a"), head(0, 2**64 - 1)):
        with pytest.raises(holdall.SerializationError):
            read(tag(OBJECT, array(number, ONE)), trust="all")
    with pytest.raises(holdall.SerializationError, match="another number of values"):
        read(tag(OBJECT, array(point, ONE)), trust="all")
    with pytest.raises(holdall.HoldallError):
        read(tag(OBJECT, array(pair, ONE, UNDEFINED)), trust="all")
