"""The golden payloads of the `cbor` codec, in `cbor/`; `make.py` calls it.

As there, this is a second implementation of docs/format.md: CBOR by hand, not one value of holdall's.
`value` is the Python that a test compares with; `says` is a part of the error of what is refused.
"""

import json
import struct
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent / "cbor"


class Tag(NamedTuple):
    number: int
    item: Any


class Pairs(NamedTuple):
    """A map with keys that Python's dict has no hash for."""

    pairs: list


class Raw(NamedTuple):
    """Bytes as others may write them, and their diagnostic notation."""

    data: bytes
    notation: str = ""


class Undefined:
    pass


UNDEFINED = Undefined()


def head(major, number):
    for extra, form in (24, "B"), (25, "H"), (26, "I"), (27, "Q"):
        if number < 24:
            return bytes([major << 5 | number])
        if number < 1 << 8 * struct.calcsize(form):
            return bytes([major << 5 | extra]) + struct.pack(f">{form}", number)
    raise OverflowError(number)


def encode(item):
    match item:
        case None | True | False | Undefined():
            return {None: b"\xf6", True: b"\xf5", False: b"\xf4"}.get(item, b"\xf7")
        case int():
            return head(0, item) if item >= 0 else head(1, -1 - item)
        case float():
            return b"\xfb" + struct.pack(">d", item)
        case bytes():
            return head(2, len(item)) + item
        case str():
            return head(3, len(item.encode())) + item.encode()
        case Tag(number, inner):
            return head(6, number) + encode(inner)
        case Raw(data):
            return data
        case Pairs(pairs):
            return head(5, len(pairs)) + b"".join(encode(k) + encode(v) for k, v in pairs)
        case list():
            return head(4, len(item)) + b"".join(map(encode, item))
    return encode(Pairs(list(item.items())))


def notation(item):
    """Write an item in diagnostic notation (RFC 8949, section 8)."""
    match item:
        case None | True | False | str():
            return json.dumps(item, ensure_ascii=False)
        case Undefined():
            return "undefined"
        case int():
            return str(item)
        case float():
            return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(str(item), str(item))
        case bytes():
            return f"h'{item.hex()}'"
        case Tag(number, inner):
            return f"{number}({notation(inner)})"
        case Raw(_, text):
            return text
        case Pairs(pairs):
            return "{" + ", ".join(f"{notation(k)}: {notation(v)}" for k, v in pairs) + "}"
        case list():
            return f"[{', '.join(map(notation, item))}]"
    return notation(Pairs(list(item.items())))


index = []


def keep(folder, name, item, **entry):
    path = f"{folder}/{name}.cbor"
    (HERE / path).write_bytes(encode(item))
    index.append({"name": name, "file": path, **entry})


def value(name, expression, item, *, active=False, writes=True, segments=()):
    """Keep a payload. `writes`: holdall writes just this; else it only reads it."""
    keep("values", name, item, value=expression, notation=notation(item), active=active,
         writes=writes, segments=[segment.hex() for segment in segments])  # fmt: skip


def refused(name, item, says, error="SerializationError"):
    keep("refused", name, item, error=error, says=says)


def tuple_of(*items):
    return Tag(0xC148, list(items))


def frozenset_of(*items):
    return Tag(0xC149, list(items))


def instance(definition, *values):
    return Tag(0xC14A, [definition, *values])


def named(name, *arguments):
    return Tag(27, [name, *arguments])


def duration(seconds, micros=0):
    return Tag(1002, {1: seconds, -6: micros} if micros else {1: seconds})


def plain():
    value("null", "[None, True, False]", [None, True, False])
    numbers = [0, 23, 24, 255, 256, 65536, 2**32, 2**64 - 1, -1, -25, -(2**64)]
    value("int", repr(numbers), numbers)
    value("int-long", "2**64", Tag(2, (2**64).to_bytes(9, "big")))
    value("int-long-negative", "-2**64 - 1", Tag(3, (2**64).to_bytes(9, "big")))
    value("float", "[1.5, -0.0, inf]", [1.5, -0.0, float("inf")])
    value("float-nan", "nan", float("nan"))
    value("text", "['', 'é', 'a\"\\n']", ["", "é", 'a"\n'])
    value("text-surrogate", "'a\\ud800'", Tag(273, b"a\xed\xa0\x80"))
    value("bytes", "[b'', b'\\x00\\xff']", [b"", b"\x00\xff"])
    value("map", "{1: 'a', None: 'b', (1, 2): 'c'}",
          Pairs([(1, "a"), (None, "b"), (tuple_of(1, 2), "c")]))  # fmt: skip
    value("tuple", "(1, (2,), ())", tuple_of(1, tuple_of(2), tuple_of()))
    value("set", "{1}", Tag(258, [1]))
    value("frozenset", "frozenset({1})", frozenset_of(1))
    value("complex", "complex(1, -0.0)", Tag(43000, [1.0, -0.0]))
    value("bytearray", "bytearray(b'ab')", named("bytearray", b"ab"))
    value("range", "range(0, 10, 2)", named("range", 0, 10, 2))
    value("slice", "slice(None, 3, None)", named("slice", None, 3, None))
    value("ellipsis", "[..., NotImplemented]", [named("Ellipsis"), named("NotImplemented")])


def times():
    value("datetime-utc", "dt.datetime(2026, 12, 1, 8, 30, tzinfo=dt.UTC)",
          Tag(0, "2026-12-01T08:30:00Z"))  # fmt: skip
    value("datetime-offset",
          "dt.datetime(2026, 12, 1, 8, 30, 0, 5, dt.timezone(dt.timedelta(minutes=-330)))",
          Tag(0, "2026-12-01T08:30:00.000005-05:30"))  # fmt: skip
    value("datetime", "dt.datetime(2026, 12, 1, 8, 30)",
          named("datetime.datetime", "2026-12-01T08:30:00"))  # fmt: skip
    value("datetime-fold", "dt.datetime(2026, 10, 25, 2, 30, fold=1)",
          named("datetime.datetime", "2026-10-25T02:30:00", 1, None))  # fmt: skip
    zone = named("zoneinfo.ZoneInfo", "Europe/Oslo")
    value("datetime-zone", "dt.datetime(2026, 12, 1, tzinfo=ZoneInfo('Europe/Oslo'))",
          named("datetime.datetime", "2026-12-01T00:00:00", 0, zone))  # fmt: skip
    value("date", "dt.date(2026, 12, 1)", Tag(1004, "2026-12-01"))
    value("time", "dt.time(8, 30)", named("datetime.time", "08:30:00"))
    value("time-utc", "dt.time(8, 30, tzinfo=dt.UTC)",
          named("datetime.time", "08:30:00", 0, named("datetime.timezone", duration(0))))  # fmt: skip
    value("timedelta", "dt.timedelta(days=1)", duration(86400))
    value("timedelta-negative", "dt.timedelta(microseconds=-1)", duration(-1, 999_999))
    value("timezone", "dt.timezone(dt.timedelta(hours=1), 'CET')",
          named("datetime.timezone", duration(3600), "CET"))  # fmt: skip


def numbers_and_names():
    value("decimal", "Decimal('1.30')", Tag(4, [-2, 130]))
    value("decimal-zero", "Decimal('-0.0')", named("decimal.Decimal", "-0.0"))
    value("decimal-nan", "Decimal('sNaN12')", named("decimal.Decimal", "sNaN12"))
    value("fraction", "Fraction(-1, 3)", Tag(30, [-1, 3]))
    octets = bytes(range(16))
    value("uuid", "UUID(bytes=bytes(range(16)))", Tag(37, octets))
    value("uuid-safe", "UUID(bytes=bytes(range(16)), is_safe=SafeUUID.safe)",
          named("uuid.UUID", octets, 0))  # fmt: skip
    four, six = b"\xc0\x00\x02\x01", bytes.fromhex("fe80") + bytes(13) + b"\x01"
    value("ip", "ipaddress.ip_address('192.0.2.1')", Tag(52, four))
    value("ip-zone", "ipaddress.ip_address('fe80::1%eth0')", Tag(54, [six, None, b"eth0"]))
    value("ip-interface", "ipaddress.ip_interface('192.0.2.1/24')", Tag(52, [four, 24]))
    value("ip-network", "ipaddress.ip_network('192.0.2.0/24')", Tag(52, [24, b"\xc0\x00\x02"]))
    value("path", "PurePosixPath('a/b')", named("pathlib.PurePosixPath", "a/b"))
    value("path-windows", "PureWindowsPath('c:/a')", named("pathlib.PureWindowsPath", "c:\\a"))
    value("pattern", "re.compile('a+', re.I)", named("re.Pattern", "a+", 34))
    value("array", "array('h', [1, -1])", named("array.array", "h", "<i2", b"\x01\x00\xff\xff"))
    value("array-text", "array('u', 'ab')", named("array.array", "u", "ab"))


def containers():
    value(
        "ordereddict", "OrderedDict(b=1, a=2)", named("collections.OrderedDict", {"b": 1, "a": 2})
    )
    value("defaultdict", "defaultdict(list, a=[1])",
          named("collections.defaultdict", "list", {"a": [1]}))  # fmt: skip
    value("counter", "Counter(a=2)", named("collections.Counter", {"a": 2}))
    value("deque", "deque([1, 2], 5)", named("collections.deque", [1, 2], 5))


TYPED = {
    "u1": 64, ">u2": 65, ">u4": 66, ">u8": 67, "<u2": 69, "<u4": 70, "<u8": 71,
    "i1": 72, ">i2": 73, ">i4": 74, ">i8": 75, "<i2": 77, "<i4": 78, "<i8": 79,
    ">f2": 80, ">f4": 81, ">f8": 82, "<f2": 84, "<f4": 85, "<f8": 86,
}  # fmt: skip
CODES = {"u1": "B", "u2": "H", "u4": "I", "u8": "Q", "i1": "b", "i2": "h", "i4": "i", "i8": "q",
         "f2": "e", "f4": "f", "f8": "d"}  # fmt: skip


def packed(dtype, *items):
    return struct.pack(
        f"{dtype[0] if dtype[0] in '<>' else '='}{len(items)}{CODES[dtype[-2:]]}", *items
    )


def arrays():
    for dtype, number in TYPED.items():
        value(f"typed-{number}", f"np.array([1, 2], {dtype!r})", Tag(number, packed(dtype, 1, 2)))
    flat = packed("<i2", 1, 2, 3, 4, 5, 6)
    value(
        "typed-shape",
        "np.arange(1, 7, dtype='<i2').reshape(2, 3)",
        Tag(40, [[2, 3], Tag(77, flat)]),
    )
    value("typed-fortran", "np.array([[1, 3, 5], [2, 4, 6]], '<i2', order='F')",
          Tag(1040, [[2, 3], Tag(77, flat)]))  # fmt: skip
    value("typed-scalar-shape", "np.array(1, '<i2')", Tag(40, [[], Tag(77, packed("<i2", 1))]))
    value("ndarray-bool", "np.array([True, False])",
          named("numpy.ndarray", "|b1", [2], "C", b"\x01\x00"))  # fmt: skip
    value("ndarray-datetime", "np.array(['1970-01-02'], '<M8[D]')",
          named("numpy.ndarray", "<M8[D]", [1], "C", packed("<i8", 1)))  # fmt: skip
    fields = {
        "names": ["id", "at"],
        "formats": ["<u2", ["<f4", [2]]],
        "offsets": [0, 2],
        "itemsize": 10,
    }
    value("ndarray-fields", "np.array([(1, (2, 3))], [('id', '<u2'), ('at', '<f4', 2)])",
          named("numpy.ndarray", fields, [1], "C", packed("<u2", 1) + packed("<f4", 2, 3)))  # fmt: skip
    value("numpy-scalar", "np.float32(1.5)", named("numpy.scalar", "<f4", packed("<f4", 1.5)))
    value("numpy-dtype", "np.dtype('>U3')", named("numpy.dtype", ">U3"))
    value("ndarray-segment", "np.arange(3, dtype='<u2')",
          named("numpy.ndarray", "<u2", [3], "C", 0),
          writes=False, segments=[packed("<u2", 0, 1, 2)])  # fmt: skip


def shared():
    value("shared", "twice([1])", [Tag(28, [1]), Tag(29, 0)])
    value("shared-two", "crossed([1], [2])", [Tag(28, [1]), Tag(28, [2]), Tag(29, 1), Tag(29, 0)])
    value("cycle", "cycle()", Tag(28, [Tag(29, 0)]))
    value(
        "cycle-deque", "cycle_of(deque())", Tag(28, named("collections.deque", [Tag(29, 0)], None))
    )


def objects():
    point = ["dataclass", "models:Point", 0, ["x", "y"], []]
    value("dataclass", "[Point(1), Point(2, 'b')]",
          [instance(point, 1, None), instance(0, 2, "b")], active=True)  # fmt: skip
    value("dataclass-frozen", "Frozen('a')",
          instance(["dataclass", "models:Frozen", 0, ["name"], []], "a"), active=True)  # fmt: skip
    value("dataclass-extra", "with_note(Point(1))",
          instance(["dataclass", "models:Point", 0, ["x", "y"], ["note"]], 1, None, "n"), active=True)  # fmt: skip
    value(
        "dataclass-unset", "without(Point(1), 'x')", instance(point, UNDEFINED, None), active=True
    )
    value("dataclass-cycle", "with_itself(Point(1))",
          Tag(28, instance(point, 1, Tag(29, 0))), active=True)  # fmt: skip
    value("namedtuple", "Pair(1, 2)",
          instance(["namedtuple", "models:Pair", 0, ["left", "right"], []], 1, 2), active=True)  # fmt: skip
    value("enum", "[Color.RED, Color.GREEN]",
          [instance(["enum", "models:Color", 0, [], []], "RED", "red"), instance(0, "GREEN", 2)],
          active=True)  # fmt: skip
    value("flag", "Right.READ | Right.WRITE",
          instance(["flag", "models:Right", 0, [], []], 3, {"READ": 1, "WRITE": 2}), active=True)  # fmt: skip
    value("registered", "Song('a')",
          instance(["dataclass", "song", 2, ["title"], []], "a"), active=True)  # fmt: skip
    value("of-the-script", "Song('a')",
          instance(["dataclass", "__main__:Song", 0, ["title"], [], b"a pickle", 3, 11], "a"),
          active=True, writes=False)  # fmt: skip


def of_others():
    """What holdall reads, though it writes it otherwise."""
    item = Raw(bytes.fromhex("9f190100f93e00fa3fc00000ff"), "[_ 256, 1.5, 1.5]")
    value("long-heads", "[256, 1.5, 1.5]", item, writes=False)
    item = Raw(bytes.fromhex("bf6161180102f4ff"), '{_ "a": 1, 2: false}')
    value("without-lengths", "{'a': 1, 2: False}", item, writes=False)
    value("epoch", "dt.datetime(1970, 1, 1, 0, 0, 1, tzinfo=dt.UTC)", Tag(1, 1), writes=False)
    value("days", "dt.date(1970, 1, 2)", Tag(100, 1), writes=False)
    value("clamped", "np.array([1, 2], 'u1')", Tag(68, b"\x01\x02"), writes=False)
    value("map-twice", "{'a': 2}", Pairs([("a", 1), ("a", 2)]), writes=False)
    value("shared-text", "['ab', 'ab']", [Tag(28, "ab"), Tag(29, 0)], writes=False)


def make_refused():
    code = bytes.fromhex
    refused("empty", Raw(b""), "ends too early")
    refused("cut", Raw(code("8201")), "ends too early")
    refused("trailing", Raw(code("0102")), "more bytes after the value")
    refused("array-forged", Raw(code("9bffffffffffffffff")), "ends too early")
    refused("map-forged", Raw(code("bb7fffffffffffffff01")), "ends too early")
    refused("bytes-forged", Raw(code("5bffffffffffffffff")), "ends too early")
    refused("arrays-forged", Raw(code("84840102030405")), "ends too early")
    refused("head-reserved", Raw(code("1c")), "a head that means nothing")
    refused("pieces", Raw(code("5f4101ff")), "a string in pieces")
    refused("text-not-utf-8", Raw(code("61ff")), "text that is not UTF-8")
    refused("simple", Raw(code("e0")), "a simple value that means nothing")
    refused("break", Raw(code("ff")), "an end of something that has none")
    refused("undefined", [UNDEFINED], "undefined")
    refused("tag-on-tag", Tag(37, Tag(37, bytes(16))), "a tag on a tag")
    refused("tag-unknown", Tag(99, 1), "tag 99 is not one that holdall reads")
    refused("name-unknown", named("os.system", "true"), "no kind of value is called 'os.system'")
    refused("name-missing", Tag(27, []), "without a name")
    refused("tuple-of-nothing", Tag(0xC148, 1), "the array it takes")
    refused("uuid-short", Tag(37, b"1"), "a UUID has 16 bytes")
    refused("date-none", Tag(1004, "2026-02-30"), "cannot be rebuilt")
    refused("decimal-three", Tag(4, [1, 2, 3]), "the pair it takes")
    refused("typed-uneven", Tag(77, b"123"), "3 bytes are no array of items of 2")
    refused("typed-128", Tag(83, bytes(16)), "NumPy has no type")
    refused("shape-wrong", Tag(40, [[2], Tag(64, b"123")]), "3 items do not make an array")
    refused("segment-missing", named("numpy.ndarray", "|u1", [1], "C", 0), "there is no segment 0")
    refused("dtype-objects", named("numpy.dtype", "|O"), "no dtype that holdall knows")
    refused("key-unhashable", Pairs([([1], 2)]), "unhashable")
    refused("reference-early", Tag(29, 0), "a reference to a value that was not marked")
    refused("reference-inside", Tag(28, frozenset_of(Tag(29, 0))), "not complete here")
    refused("class-unknown-number", instance(0, 1), "a class that was not defined")
    refused("class-missing", instance("models:Point", 1), "an instance without a class")
    point = ["dataclass", "models:Point", 0, ["x", "y"], []]
    refused("class-not-trusted", instance(point, 1, 2), "models:Point", "UntrustedPayloadError")
    deep = Raw(b"\x81" * 10_001 + b"\x00")
    refused("too-deep", deep, "nested deeper than 10000 levels", "LimitExceeded")


def main():
    for folder in ("values", "refused"):
        (HERE / folder).mkdir(parents=True, exist_ok=True)
        for old in (HERE / folder).glob("*.cbor"):
            old.unlink()
    for group in (plain, times, numbers_and_names, containers, arrays, shared, objects, of_others):
        group()
    make_refused()
    text = json.dumps(index, indent=1, ensure_ascii=False)
    (HERE / "index.json").write_text(text + "\n", encoding="utf-8")
