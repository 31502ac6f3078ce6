"""Values that others get wrong, each with the codec that `auto` must take for it."""

import collections
import datetime as dt
import decimal
import fractions
import ipaddress
import pathlib
import pickle
import uuid
import zoneinfo

import numpy as np

import holdall
from models import Color, Frozen, Level, Name, Pair, Point, Right, Table, Text, Words

DEEP = [[]]
for _ in range(198):
    DEEP = [DEEP]
TOO_DEEP_FOR_JSON = [DEEP]
SHARED = ["shared"]

VALUES = {
    "text": ("hello", "text"),
    "text that is a number": ("1", "text"),
    "text that is JSON": ('{"data": 1}', "text"),
    "text that is quoted": ('"quoted"', "text"),
    "text true": ("true", "text"),
    "text padded": (" 1 ", "text"),
    "text date": ("2020-01-01", "text"),
    "text timestamp": ('"2020-01-01T00:00:00"', "text"),
    "text like a pickle": ("cos\nsystem\n(S'exit 1'\ntR.", "text"),
    "text empty": ("", "text"),
    "text with NUL": ("a\0b", "text"),
    "text with returns": ("a\r\nb\rc\n", "text"),
    "text with byte order mark": ("\ufeffa", "text"),
    "text long": ("é" * 200_000, "text"),
    "text emoji": ("\N{GRINNING FACE}", "text"),
    "text decomposed": ("e\u0301", "text"),
    "lone surrogate": ("\ud800", "cbor"),
    "lone surrogate inside": (["a\udfff"], "cbor"),
    "bytes": (b"\xff\x00", "raw"),
    "bytes that are text": (b"hello", "raw"),
    "bytes that are a number": (b"1", "raw"),
    "bytes that are JSON": (b'{"a": 1}', "raw"),
    "bytes empty": (b"", "raw"),
    "bytes like a pickle": (pickle.dumps({"a": 1}), "raw"),
    "bytes like a frame": (holdall.dumps("inner"), "raw"),
    "bytes that begin as a frame": (b"\xc1H", "raw"),
    "bytes long": (bytes(range(256)) * 2000, "raw"),
    "None": (None, "json"),
    "True": (True, "json"),
    "False": (False, "json"),
    "zero": (0, "json"),
    "minus one": (-1, "json"),
    "int 2**63-1": (2**63 - 1, "json"),
    "int -2**63": (-(2**63), "json"),
    "int 2**64-1": (2**64 - 1, "json"),
    "int 2**64": (2**64, "cbor"),
    "int -2**63-1": (-(2**63) - 1, "cbor"),
    "int 10**400": (10**400, "cbor"),
    "float": (0.1, "json"),
    "float whole": (1.0, "json"),
    "float minus zero": (-0.0, "json"),
    "float smallest": (5e-324, "json"),
    "float largest": (1.7976931348623157e308, "json"),
    "float 1e22": (1e22, "json"),
    "nan": (float("nan"), "cbor"),
    "inf inside": ({"a": [float("inf")]}, "cbor"),
    "list": ([1, "a", None, [True, {"b": 0.5}]], "json"),
    "list empty": ([], "json"),
    "dict": ({"data": 1, "": 2, "é": {}}, "json"),
    "dict empty": ({}, "json"),
    "dict order": ({"z": 1, "a": 2}, "json"),
    "dict of ints": ({1: 2}, "cbor"),
    "dict of mixed keys": ({1: 1, "1": 2, None: 3, (1,): 4, True and 2.5: 5}, "cbor"),
    "dict of None": ({None: 1}, "cbor"),
    "200 deep": (DEEP, "json"),
    "201 deep": (TOO_DEEP_FOR_JSON, "cbor"),
    "shared": ([SHARED, SHARED], "cbor"),
    "tuple": ((1,), "cbor"),
    "tuple inside": ([1, (2, [3])], "cbor"),
    "tuple empty": ((), "cbor"),
    "set": ({1, "1", None}, "cbor"),
    "frozenset": (frozenset({1, (2,)}), "cbor"),
    "complex": (complex(-0.0, float("nan")), "cbor"),
    "bytearray": (bytearray(b"ab"), "cbor"),
    "range": (range(1, 9, 2), "cbor"),
    "slice": (slice(1, None, 2), "cbor"),
    "Ellipsis": (..., "cbor"),
    "OrderedDict": (collections.OrderedDict(b=1, a=2), "cbor"),
    "defaultdict": (collections.defaultdict(list, a=[1]), "cbor"),
    "deque": (collections.deque([1, 2], maxlen=2), "cbor"),
    "Counter": (collections.Counter("aab"), "cbor"),
    "datetime": (dt.datetime(2020, 1, 1, 1, 2, 3, 4), "cbor"),
    "datetime fold": (dt.datetime(2020, 10, 25, 2, 30, fold=1), "cbor"),
    "datetime offset": (
        dt.datetime(2020, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=5.5), "X")),
        "cbor",
    ),
    "datetime zone": (
        dt.datetime(2020, 10, 25, 2, 30, fold=1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")),
        "cbor",
    ),
    "date": (dt.date(2020, 1, 1), "cbor"),
    "time": (dt.time(1, 2, 3, fold=1), "cbor"),
    "timedelta": (dt.timedelta(days=-1, microseconds=1), "cbor"),
    "Decimal": (decimal.Decimal("1.10"), "cbor"),
    "Decimal sNaN": ([decimal.Decimal("sNaN123")], "cbor"),
    "Fraction": (fractions.Fraction(1, 3), "cbor"),
    "UUID": (uuid.UUID(int=1), "cbor"),
    "path": (pathlib.PurePosixPath("/a/b"), "cbor"),
    "ip": (ipaddress.ip_network("10.0.0.0/8"), "cbor"),
    "Enum": (Color.RED, "cbor"),
    "IntEnum": (Level.HIGH, "cbor"),
    "StrEnum": (Name.ANNA, "cbor"),
    "Flag": (Right.READ | Right.WRITE, "cbor"),
    "IntEnum inside": ({"level": Level.LOW}, "cbor"),
    "str subclass": (Text("a"), "pickle"),
    "list subclass": (Words([1]), "pickle"),
    "dict subclass": (Table(a=1), "pickle"),
    "dataclass": (Point(1, Point((2,), {"z": float("nan")})), "cbor"),
    "dataclass frozen": (Frozen("a"), "cbor"),
    "NamedTuple": (Pair(1, [2]), "cbor"),
    "exception class": (KeyError, "pickle"),
    "numpy array": (np.arange(6, dtype=">i2").reshape(2, 3), "cbor"),
    "numpy Fortran": (np.asfortranarray(np.ones((3, 2), dtype="f4")), "cbor"),
    "numpy nan": (np.array([float("nan"), -0.0]), "cbor"),
    "numpy empty": (np.empty((0, 3)), "cbor"),
    "numpy scalar": (np.float32(0.1), "cbor"),
    "numpy datetime": (np.array(["2020-01-01", "NaT"], dtype="M8[D]"), "cbor"),
    "numpy record": (np.array([(1, b"a")], dtype=[("n", "i4"), ("s", "S3")]), "cbor"),
    "numpy objects": (np.array([1, None, "a"], dtype=object), "pickle"),
    "numpy large": (np.arange(100_000), "cbor"),
}

# Keys that some medium has another opinion about.
KEYS = [
    "a", "a/b", "a/b/c", "A", "a b", " ", "  lead", "trail ", "%", "%41", "100%", "_", "a_b", "*", "a*", "?",
    "[a]", "[!a]", "{a,b}", "#", "a#b", "a?b=c&d", "é", "e\u0301", "ß", "\N{GRINNING FACE}", "日本/語",
    "a.b", ".hidden", "a/.hidden", "...", "a..", "..a", "~", "~/x", "-", "--help", "a\tb", "a\nb", "a\\b", 'a"b',
    "a'b", "a;b", "a:b", "C:", "con", "NUL.txt", "a|b", "<a>", "$HOME", "\x7f", ".holdall", ".holdall/ttl",
    ".holdall/keys/x", "a/.holdall", ".tmp", "x.tmp", "x.db", "x.db-wal", "n" * 255, "n" * 256, "é" * 200,
    "x" * 300 + "/" + "y" * 300, "/".join("d" * 40 for _ in range(40)), "z" * 16384,
]  # fmt: skip
