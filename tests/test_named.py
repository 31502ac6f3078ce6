"""Values that go by a name or a tag of their own: all of each comes back, and bad bytes make none."""

import array
import contextlib
import datetime as dt
import decimal
import fractions
import ipaddress
import itertools
import math
import pathlib
import re
import struct
import subprocess
import sys
import uuid
import warnings
import zoneinfo
from collections import Counter, OrderedDict, defaultdict, deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carry import CannotBeKept, Tag, carry, reduced
from holdall import _named
from same import same


def moved():
    """An OrderedDict whose order is not that of the dict below it."""
    value = OrderedDict(a=1, b=2, c=3)
    value.move_to_end("a")
    return value


def used(network):
    """A network that has been asked for all it computes."""
    assert network.broadcast_address
    assert network.hostmask
    return network


def characters(text):
    """An array of characters, which newer Pythons warn of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return array.array("u", text)


# Making one again warns as making one did.
pytestmark = pytest.mark.filterwarnings("ignore:The 'u' type code is deprecated")
ip = ipaddress.ip_address, ipaddress.ip_interface, ipaddress.ip_network
VALUES = [
    range(0), range(1, 9, 2), range(10**30, -(10**30), -7),
    slice(None), slice(1, None, 2), slice("a", [1, (2,)], None),
    ..., NotImplemented,
    OrderedDict(), moved(), OrderedDict({(1, 2): [OrderedDict(b=1)]}),
    defaultdict(None, a=1), defaultdict(list, {1: [2]}), defaultdict(Counter), defaultdict(deque),
    defaultdict(decimal.Decimal), defaultdict(OrderedDict, a=moved()),
    Counter(), Counter("abca"), Counter({"a": -1, "b": 0, "c": 1.5, "d": None}),
    deque(), deque([1, [2]]), deque([1, 2], maxlen=2), deque(maxlen=0),
    zoneinfo.ZoneInfo("Europe/Berlin"), zoneinfo.ZoneInfo("UTC"), zoneinfo.ZoneInfo("Etc/GMT+5"),
    pathlib.PurePosixPath(), pathlib.PurePosixPath("/a/b/../c"), pathlib.PurePosixPath("//a"),
    pathlib.PurePosixPath("a\\b:c\udc80"), pathlib.PureWindowsPath("C:\\a\\b"),
    pathlib.PureWindowsPath("c:a"), pathlib.PureWindowsPath("\\\\host\\share\\a"),
    pathlib.Path("/a/b"), pathlib.Path(),
    *(make("10.0.0.1") for make in ip), *(make("::1") for make in ip),
    ipaddress.ip_interface("10.0.0.1/0"), ipaddress.ip_interface("2001:db8::1/48"),
    ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("0.0.0.0/0"),
    used(ipaddress.ip_network("2001:db8::/33")), ipaddress.ip_network("::/0"),
    ipaddress.ip_address("fe80::1%eth0"), ipaddress.ip_interface("fe80::1%eth0/64"),
    ipaddress.ip_address("fe80::1%17"), ipaddress.ip_address("fe80::1%\udcff"),
    re.compile("a(?P<b>.)"), re.compile(b"a", re.I), re.compile("(?im)a#", re.X | re.S),
    re.compile("\\w", re.A), re.compile(b"\\w", re.L),
    *(array.array(code, [1, 2, 3]) for code in "bBhHiIlLqQ"), array.array("q"),
    array.array("f", [1.5, math.nan]), array.array("d", [-0.0]), array.array("d", range(10_000)),
    characters("aé\0\N{GRINNING FACE}"), characters(""),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:40])
def test_a_value_comes_back(value):
    assert _named.reducer_of(type(value)) is not None
    assert same(carry(value), value)
    assert same(carry([value, {1: value}]), [value, {1: value}])


@given(
    st.one_of(
        st.builds(OrderedDict, st.lists(st.tuples(st.integers(), st.text()))),
        st.builds(deque, st.lists(st.integers(), max_size=3), st.none() | st.integers(3, 9)),
        st.ip_addresses(),
        st.ip_addresses().map(lambda address: ipaddress.ip_interface(f"{address}/17")),
        st.builds(
            lambda number, length: ipaddress.IPv6Network((number, length), strict=False),
            st.integers(0, 2**128 - 1),
            st.integers(0, 128),
        ),
        st.text().map(pathlib.PurePosixPath),
        st.text(r"ab:\/. ").map(pathlib.PurePosixPath),
        st.builds(array.array, st.just("h"), st.lists(st.integers(-(2**15), 2**15 - 1))),
    )
)
def test_any_value_comes_back(value):
    assert same(carry(value), value)


@given(st.text(r"abc:\/.?"))
def test_a_windows_path_comes_back_or_is_left_to_pickle(text):
    path = pathlib.PureWindowsPath(text)
    try:
        back = carry(path)
    except CannotBeKept:
        return
    assert (str(back), back.parts) == (str(path), path.parts)


def with_attribute(value):
    value.note = 1
    return value


class Named(str):
    __slots__ = ()


class Raw(bytes):
    __slots__ = ()


def test_what_would_be_lost_is_left_to_pickle():
    class Meta(type):
        def __eq__(cls, other):
            raise AssertionError("somebody's code was run")

        __hash__ = None

    class Odd(metaclass=Meta):
        pass

    values = [
        with_attribute(OrderedDict()),
        with_attribute(Counter()),
        with_attribute(ipaddress.ip_network("10.0.0.0/8")),
        with_attribute(ipaddress.ip_interface("10.0.0.1/8")),
        with_attribute(ipaddress.ip_interface("::1/8")),
        ipaddress.ip_network("fe80::%1/64"),
        defaultdict(lambda: 1),
        defaultdict(Odd),
        defaultdict([].copy),
        zoneinfo.ZoneInfo.no_cache("Europe/Berlin"),
        re.compile(Named("a")),
        re.compile(Raw(b"a")),
    ]
    for value in values:
        with pytest.raises(CannotBeKept):
            carry(value)


def test_a_zone_from_a_file_is_left_to_pickle():
    path = pathlib.Path(zoneinfo.TZPATH[0], "Europe/Berlin")
    if not path.exists():
        pytest.skip("no time zone files on this system")
    for key in (None, "UTC", "No/Such", "../x"):
        with path.open("rb") as file:
            zone = zoneinfo.ZoneInfo.from_file(file, key=key)
        with pytest.raises(CannotBeKept):
            carry(zone)


@pytest.mark.parametrize("kind", [OrderedDict, Counter, defaultdict, deque, array.array])
def test_a_subclass_is_not_reduced(kind):
    assert _named.reducer_of(kind) is not None
    assert _named.reducer_of(type("Sub", (kind,), {})) is None


def test_other_classes_have_no_reducer():
    class Meta(type):
        __hash__ = None

        def __eq__(cls, other):
            raise AssertionError("somebody's code was run")

    for kind in (int, str, dict, list, object, Meta("Odd", (), {}), Meta, dt.date):
        assert _named.reducer_of(kind) is None


# Containers that contain themselves


@pytest.mark.parametrize(
    ("name", "args", "expected"),
    [
        ("collections.OrderedDict", lambda me: [{"b": 1, "a": me}], OrderedDict),
        ("collections.defaultdict", lambda me: ["list", {"a": me}], defaultdict),
        ("collections.Counter", lambda me: [{"a": me}], Counter),
        ("collections.deque", lambda me: [[me], 3], deque),
    ],
)
def test_a_container_that_contains_itself(name, args, expected):
    shell = _named.shell(name)
    assert type(shell) is expected
    assert len(shell) == 0
    assert _named.fill(shell, args(shell)) is shell
    assert (shell[0] if expected is deque else shell["a"]) is shell
    assert getattr(shell, "maxlen", 3) == 3
    assert getattr(shell, "default_factory", list) is list


def test_other_names_have_no_shell():
    assert _named.shell("range") is None
    assert _named.shell("os.system") is None


# What is written, which is a format


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (range(1, 9, 2), ("range", [1, 9, 2])),
        (..., ("Ellipsis", [])),
        (Counter("aab"), ("collections.Counter", [{"a": 2, "b": 1}])),
        (defaultdict(list, a=1), ("collections.defaultdict", ["list", {"a": 1}])),
        (deque([1], 2), ("collections.deque", [[1], 2])),
        (zoneinfo.ZoneInfo("UTC"), ("zoneinfo.ZoneInfo", ["UTC"])),
        (pathlib.PureWindowsPath("c:/a"), ("pathlib.PureWindowsPath", ["c:\\a"])),
        (re.compile("a", re.M), ("re.Pattern", ["a", 40])),
        (array.array("B", [1, 2]), ("array.array", ["B", "|u1", b"\1\2"])),
        (characters("é"), ("array.array", ["u", "é"])),
        # The examples of RFC 9164, its appendix A
        (ipaddress.ip_address("192.0.2.1"), (52, [bytes.fromhex("c0000201")])),
        (ipaddress.ip_network("192.0.2.0/24"), (52, [[24, bytes.fromhex("c00002")]])),
        (ipaddress.ip_interface("192.0.2.1/24"), (52, [[bytes.fromhex("c0000201"), 24]])),
        (ipaddress.ip_network("2001:db8:1234::/48"), (54, [[48, bytes.fromhex("20010db81234")]])),
        (
            ipaddress.ip_interface("fe80::202:2ff:ffff:fe03:303%eth0/64"),
            (54, [[bytes.fromhex("fe8000000000020202fffffffe030303"), 64, b"eth0"]]),
        ),
        (
            ipaddress.ip_address("fe80::202:2ff:ffff:fe03:303%eth0"),
            (54, [[bytes.fromhex("fe8000000000020202fffffffe030303"), None, b"eth0"]]),
        ),
    ],
    ids=repr,
)
def test_what_is_written(value, written):
    tag = reduced(value, [])
    assert isinstance(tag, Tag)
    assert same((tag.name, tag.args), written)


def test_a_numbers_array_says_its_byte_order():
    assert same(_named.rebuild("array.array", ["h", ">i2", b"\1\2"]), array.array("h", [258]))
    assert same(_named.rebuild("array.array", ["h", "<i2", b"\1\2"]), array.array("h", [513]))


def test_an_array_of_another_machines_size_keeps_its_numbers():
    data = struct.pack("<2i", -1, 2)
    assert same(_named.rebuild("array.array", ["l", "<i4", data]), array.array("l", [-1, 2]))
    with pytest.raises(ValueError, match="greater than maximum"):
        _named.rebuild("array.array", ["i", "<i8", struct.pack("<q", 2**40)])


# Only rebuilt: the engine writes them itself


@pytest.mark.parametrize(
    ("name", "args", "expected"),
    [
        ("bytearray", [b"a"], bytearray(b"a")),
        ("decimal.Decimal", ["sNaN123"], decimal.Decimal("sNaN123")),
        ("decimal.Decimal", ["-0E+5"], decimal.Decimal("-0E+5")),
        ("decimal.Decimal", ["1" * 100], decimal.Decimal("1" * 100)),
        ("datetime.datetime", ["2020-01-02T03:04:05.000006"], dt.datetime(2020, 1, 2, 3, 4, 5, 6)),
        ("datetime.datetime", ["2020-01-02T03:04:05", 1], dt.datetime(2020, 1, 2, 3, 4, 5, fold=1)),
        (
            "datetime.datetime",
            ["2020-10-25T02:30:00", 1, zoneinfo.ZoneInfo("Europe/Berlin")],
            dt.datetime(2020, 10, 25, 2, 30, fold=1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")),
        ),
        ("datetime.time", ["03:04:05.000006", 1], dt.time(3, 4, 5, 6, fold=1)),
        ("datetime.time", ["03:04:05", 0, dt.UTC], dt.time(3, 4, 5, tzinfo=dt.UTC)),
        (
            "datetime.timezone",
            [dt.timedelta(hours=1), "A"],
            dt.timezone(dt.timedelta(hours=1), "A"),
        ),
        ("datetime.timezone", [dt.timedelta(0)], dt.UTC),
        ("datetime.timezone", [dt.timedelta(0), "UTC"], dt.timezone(dt.timedelta(0), "UTC")),
    ],
)
def test_a_name_is_rebuilt(name, args, expected):
    assert same(_named.rebuild(name, args), expected)


def test_a_reader_who_takes_anything_for_a_decimal_gets_an_error():
    with decimal.localcontext() as context:
        context.traps[decimal.InvalidOperation] = False
        with pytest.raises(ValueError, match="'one' is no decimal number"):
            _named.rebuild("decimal.Decimal", ["one"])


def test_a_uuid_says_whether_it_is_safe():
    made = _named.rebuild("uuid.UUID", [bytes(16), 0])
    assert made == uuid.UUID(int=0)
    assert made.is_safe is uuid.SafeUUID.safe


@pytest.mark.parametrize(
    ("number", "content", "expected"),
    [
        (30, [-1, 3], fractions.Fraction(-1, 3)),
        (30, [10**40, 2], fractions.Fraction(10**40, 2)),
        (43000, [-0.0, math.nan], complex(-0.0, math.nan)),
        (43000, [1, 2], 1 + 2j),
        (1, 0, dt.datetime(1970, 1, 1, tzinfo=dt.UTC)),
        (1, -1.5, dt.datetime(1969, 12, 31, 23, 59, 58, 500_000, tzinfo=dt.UTC)),
        (100, -1, dt.date(1969, 12, 31)),
        (54, [bytes(16), 64, 5], ipaddress.ip_interface("::%5/64")),
        (54, [bytes(16), None, "e"], ipaddress.ip_address("::%e")),
        (54, [bytes(16), None], ipaddress.ip_address("::")),
    ],
)
def test_a_tag_is_rebuilt(number, content, expected):
    assert same(_named.rebuild_tag(number, content), expected)


def test_the_bits_of_a_nan_stay():
    parts = struct.unpack("<2d", bytes.fromhex("010000000000f87f020000000000f8ff"))
    made = _named.rebuild_tag(43000, list(parts))
    assert struct.pack("<2d", made.real, made.imag) == struct.pack("<2d", *parts)


# Bytes that somebody else may have written

ENDLESS = []
ENDLESS.append(ENDLESS)
WRONG = [None, True, -1, 2**70, 1.5, "x", b"x", [], [1], {}, {"a": 1}, (), ENDLESS, dt.UTC]


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("os.system", ["true"]),
        ("collections.UserDict", [{}]),
        ("collections", []),
        ("", []),
        ("numpy", []),
        ("range", [0, 1, 0]),
        ("range", [0, True, 1]),
        ("Ellipsis", [1]),
        ("bytearray", [10**9]),
        ("collections.OrderedDict", [[("a", 1)]]),
        ("collections.defaultdict", ["print", {}]),
        ("collections.defaultdict", [print, {}]),
        ("collections.deque", [[1, 2], 1]),
        ("collections.deque", [[], -1]),
        ("collections.deque", [[], 2**70]),
        ("collections.deque", ["abc", None]),
        ("datetime.datetime", ["2020-01-02T03:04:05+01:00"]),
        ("datetime.datetime", ["2020-01-02T03:04:05", 2]),
        ("datetime.datetime", ["2020-01-02T03:04:05", True]),
        ("datetime.datetime", ["yesterday"]),
        ("datetime.time", ["03:04:05Z"]),
        ("datetime.timezone", [dt.timedelta(days=2)]),
        ("datetime.timezone", [dt.timedelta(0), None]),
        ("decimal.Decimal", ["one"]),
        ("decimal.Decimal", ["1E+99999999999999999999"]),
        ("pathlib.PurePosixPath", [b"a"]),
        ("pathlib.Path", ["a"]),
        ("re.Pattern", ["(", 0]),
        ("re.Pattern", ["(" * 100_000, 0]),
        ("re.Pattern", ["a{99999999999999}", 0]),
        ("re.Pattern", ["a", 128]),
        ("re.Pattern", ["a", 4]),
        ("uuid.UUID", [bytes(15), 0]),
        ("uuid.UUID", [bytes(16), 7]),
        ("array.array", ["O", "<i8", b""]),
        ("array.array", ["", "<i8", b""]),
        ("array.array", ["bB", "<i8", b""]),
        ("array.array", ["q", "<i8", b"1234567"]),
        ("array.array", ["q", "<f8", bytes(8)]),
        ("array.array", ["q", bytes(8)]),
        ("array.array", ["u", b"a"]),
        *(
            ("zoneinfo.ZoneInfo", [key])
            for key in (
                "", "/etc/passwd", "../../etc/passwd", "Europe", "Europe/../UTC", "No/Such",
                "a" * 10_000, "UTC\0", "Europe.x/Berlin", "zone.tab", None,
            )
        ),
    ],
)  # fmt: skip
def test_a_bad_name_or_bad_arguments_are_refused(name, args):
    with pytest.raises((ValueError, TypeError)) as caught:
        _named.rebuild(name, args)
    assert str(caught.value)


@pytest.mark.parametrize(
    ("number", "content"),
    [
        *((number, bytes(4)) for number in (5, 41, 63, 88, 49480, 2**64)),
        (30, [1, 0]),
        (30, [1, True]),
        (30, [1.0, 2]),
        (30, [1]),
        (43000, [1]),
        (43000, [10**400, 0]),
        (43000, [True, 0]),
        (1, math.nan),
        (1, 1e300),
        (1, True),
        (1, "0"),
        (100, 10**9),
        (100, 1.0),
        (52, bytes(16)),
        (54, bytes(4)),
        (52, 1),
        (52, []),
        (52, [33, b""]),
        (52, [True, b""]),
        (52, [8, bytes(5)]),
        (52, [8, b"\1\1"]),
        (52, [bytes(4), 33]),
        (52, [bytes(4), -1]),
        (52, [bytes(3), 8]),
        (52, [bytes(4), 8, b"eth0"]),
        (54, [bytes(16), 8, b"a/b"]),
        (54, [bytes(16), 8, b""]),
        (54, [bytes(16), None, 1.5]),
        (54, [bytes(16), 8, b"e", 1]),
        (54, [8, b"", b"e"]),
    ],
)
def test_a_bad_tag_or_bad_content_is_refused(number, content):
    with pytest.raises((ValueError, TypeError)) as caught:
        _named.rebuild_tag(number, content)
    assert str(caught.value)


def test_no_arguments_make_anything_but_a_value_or_an_error():
    for name in [*_named.names, "os.system"]:
        for count in range(3):
            for args in itertools.product(WRONG, repeat=count):
                attempt(_named.rebuild, name, list(args), [b""])
    for number in [*_named.tags, 5]:
        for content in [*WRONG, *map(list, itertools.product(WRONG, repeat=2))]:
            attempt(_named.rebuild_tag, number, content)


def attempt(call, *args):
    """Call; anything but these two errors fails the test."""
    with contextlib.suppress(ValueError, TypeError):
        call(*args)


def test_a_path_of_another_system():
    # `WindowsPath` on Linux, `PosixPath` on Windows.
    foreign = "PosixPath" if sys.platform == "win32" else "WindowsPath"
    with pytest.raises(ValueError, match=f"keep a Pure{foreign} instead"):
        _named.rebuild(f"pathlib.{foreign}", ["a"])


# What is loaded


def run(program):
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_only_what_is_met_is_loaded():
    run(
        "import sys\n"
        "from holdall import _named\n"
        "before = {'numpy', 'zoneinfo', 'ipaddress'} & set(sys.modules)\n"
        "assert _named.reducer_of(range) and _named.reducer_of(object) is None\n"
        "assert _named.rebuild('range', [1, 2, 3]) == range(1, 2, 3)\n"
        "assert {'numpy', 'zoneinfo', 'ipaddress'} & set(sys.modules) == before\n"
        "assert 'numpy' not in before\n"
        "import numpy\n"
        "assert _named.reducer_of(numpy.ndarray)\n"
    )


def test_without_numpy_the_error_says_so():
    run(
        "import sys\n"
        "sys.modules['numpy'] = None\n"
        "from holdall import _named\n"
        "assert _named.reducer_of(object) is None\n"
        "for call in (lambda: _named.rebuild('numpy.scalar', ['<i4', bytes(4)]),\n"
        "             lambda: _named.rebuild_tag(64, b'')):\n"
        "    try:\n"
        "        call()\n"
        "    except ValueError as error:\n"
        "        assert 'needs numpy: install it' in str(error), error\n"
        "    else:\n"
        "        raise SystemExit('no error')\n"
    )
