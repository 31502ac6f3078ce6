"""NumPy's arrays, scalars and dtypes: bits, dtype, shape and order come back; bad bytes make none."""

import math
import mmap
import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carry import Tag, carry, reduced
from holdall import _named
from same import same

UNITS = ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as"]
NUMBERS = [
    "?", "i1", "u1",
    *(order + kind + size for order in "<>" for kind in "iu" for size in "248"),
    *(order + kind for order in "<>" for kind in ["f2", "f4", "f8", "c8", "c16"]),
]  # fmt: skip
# Each of C's types, in both orders; the last two lie as the machine likes.
C_TYPES = [np.dtype(letter).newbyteorder(order) for letter in "bBhHiIlLqQefdFDgG" for order in "<>"]
DATES = [
    f"{order}{kind}8{unit}"
    for order in "<>"
    for kind in "mM"
    for unit in ["", "[25s]", "[2147483647as]", *(f"[{unit}]" for unit in UNITS)]
]
TEXTS = ["S1", "S7", "<U3", ">U3", "V1", "V9"]
SIMPLE = [np.dtype(one) for one in [*NUMBERS, *C_TYPES, *DATES, *TEXTS]]
INNER = np.dtype({"names": ["x", "y"], "formats": ["u1", ">f4"], "offsets": [5, 0], "itemsize": 11})
STRUCTURED = [
    np.dtype([("a", "<i4"), ("b", ">f8"), ("c", "S3")]),
    np.dtype([("a", "u1"), ("b", "f8"), ("c", "g")], align=True),
    np.dtype([(("title", "a"), "u1"), ("b", "M8[3ms]")]),
    np.dtype([("a", "i2", (2, 3)), ("b", INNER), ("c", [("d", INNER, (2,))])]),
    np.dtype([("a", np.dtype([("b", "u1"), ("c", "i8")], align=True)), ("d", "q")]),
    np.dtype({"names": ["a", "b"], "formats": ["i4", "u1"], "offsets": [0, 2], "itemsize": 4}),
    np.dtype([("a", "S0"), ("b", "i4")]),
    np.dtype([("", "i4"), ("é\udcff", "i4")]),
    np.dtype({"names": [""], "formats": ["i4"]}),
    np.dtype([("a", "i4", (1,)), ("b", "i4", (0,))]),
    np.dtype([("a", np.longdouble), ("b", np.longlong)]),
    np.dtype({"names": [], "formats": [], "itemsize": 8}),
]
EMPTY = [np.dtype("S0"), np.dtype("U0"), np.dtype("V0"), np.dtype([]), np.dtype([("a", "S0")])]
SUBARRAYS = [
    np.dtype(("i4", (2, 3))),
    np.dtype((INNER, (1,))),
    np.dtype((np.dtype(("u1", (2,))), (0, 3))),
]
DTYPES = [*SIMPLE, *STRUCTURED, *EMPTY]


def filled(dtype, shape):
    """An array of any bits, those of NaT and NaNs among them."""
    items = math.prod(shape) * dtype.itemsize
    noise = np.random.default_rng(1).bytes(items)
    if dtype.kind in "mMf" and items >= 16:
        noise = b"\0\0\0\0\0\0\0\x80\x01\0\0\0\0\0\xf8\x7f" + noise[16:]
    if dtype.kind == "b":
        noise = bytes(byte & 1 for byte in noise)
    if dtype.kind == "U":
        text = "aé\N{GRINNING FACE}\ud800\0" * items
        noise = text.encode(f"utf-32-{'be' if dtype.str[0] == '>' else 'le'}", "surrogatepass")
    return np.ndarray(shape, dtype, bytearray(noise[:items]))


LAYOUTS = {
    "line": lambda dtype: filled(dtype, (5,)),
    "table": lambda dtype: filled(dtype, (2, 3)),
    "Fortran": lambda dtype: filled(dtype, (2, 3, 2)).T,
    "one": lambda dtype: filled(dtype, ()),
    "none": lambda dtype: filled(dtype, (0,)),
    "none of some": lambda dtype: filled(dtype, (2, 0, 3)),
    "strided": lambda dtype: filled(dtype, (7,))[::3],
    "backwards": lambda dtype: filled(dtype, (3, 4))[::-1, ::-2],
    "turned": lambda dtype: filled(dtype, (2, 3, 4)).transpose(1, 0, 2),
    "broadcast": lambda dtype: np.broadcast_to(filled(dtype, (3,)), (2, 3)),
    "long": lambda dtype: filled(dtype, (65536,)),
    "long Fortran": lambda dtype: filled(dtype, (300, 220)).T,
    "long strided": lambda dtype: filled(dtype, (500, 300))[::2, 1:],
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_array_of_every_dtype_comes_back(layout):
    for dtype in DTYPES:
        value = LAYOUTS[layout](dtype)
        back = carry(value)
        assert same(back, value), dtype
        assert back.flags.writeable, dtype
        assert back.flags.aligned or not dtype.isalignedstruct


def test_items_of_no_size_come_back():
    for dtype in ("S0", "U0", "V0"):
        value = np.zeros((3, 2), [("a", dtype), ("b", "i4")])["a"][::2]
        assert value.dtype.itemsize == 0
        assert same(carry(value), value)


@pytest.mark.parametrize("dtype", [*DTYPES, *SUBARRAYS], ids=str)
def test_every_dtype_comes_back(dtype):
    assert same(carry(dtype), dtype)


def test_a_scalar_of_every_dtype_comes_back():
    for dtype in [*SIMPLE, *STRUCTURED]:
        for value in filled(dtype, (3,)):
            back = carry(value)
            assert type(back) is type(value)
            assert same(back, value), dtype
            if isinstance(value, np.void) and dtype.names:
                name = dtype.names[0]
                back[name] = back[name]


SCALARS = [
    np.bool_(True), np.str_(""), np.str_("a\0"), np.str_("\ud800"), np.bytes_(b""),
    np.bytes_(b"a\0"), np.void(b""), np.void(b"a\0"), np.datetime64("NaT", "s"), np.datetime64("2020"),
    np.timedelta64(7, "25s"), np.float64(-0.0), np.float32(math.nan),
    np.complex64(complex(-0.0, math.inf)), np.longdouble(1) / 3, np.clongdouble(1j) / 3,
    np.longlong(5), np.ulonglong(5), np.intc(5), np.float16(1.5),
    np.zeros((), [("a", "i4")])[()],
]  # fmt: skip


@pytest.mark.parametrize("value", SCALARS, ids=lambda value: f"{type(value).__name__} {value!r}")
def test_a_scalar_comes_back(value):
    back = carry(value)
    assert type(back) is type(value)
    assert same(back, value)
    assert same(back.dtype, value.dtype)


def test_the_oracle_sees_what_numpy_calls_equal():
    plain = np.dtype([("a", "u1"), ("b", "u1")])
    pairs = [
        (plain, np.dtype([("a", "u1"), ("b", "u1")], align=True)),
        (np.dtype("l"), np.dtype("q")) if np.dtype("l") == np.dtype("q") else (plain, INNER),
        (np.dtype("i4"), np.dtype("i4", metadata={"a": 1})),
        (plain, np.dtype([(("t", "a"), "u1"), ("b", "u1")])),
        (np.ones((2, 3)), np.asfortranarray(np.ones((2, 3)))),
        (np.zeros(1), -np.zeros(1)),
    ]
    for left, right in pairs:
        assert same(left, left)
        assert not same(left, right)


def names(count):
    return st.lists(st.text(max_size=3), min_size=count, max_size=count, unique=True)


@st.composite
def structures(draw, inner):
    formats = draw(st.lists(inner, max_size=4))
    fields = draw(names(len(formats)))
    if draw(st.booleans()):
        align = draw(st.booleans())
        return np.dtype({"names": fields, "formats": formats}, align=align)
    offsets = [draw(st.integers(0, 20)) for _ in formats]
    least = max((at + one.itemsize for at, one in zip(offsets, formats, strict=True)), default=0)
    titles = [draw(st.none() | st.just(f"title of {at}")) for at in range(len(formats))]
    spec = {"names": fields, "formats": formats, "offsets": offsets, "titles": titles}
    return np.dtype(spec | {"itemsize": least + draw(st.integers(0, 9))})


def subarrays(inner):
    shapes = st.lists(st.integers(0, 3), min_size=1, max_size=3).map(tuple)
    return st.builds(lambda base, shape: np.dtype((base, shape)), inner, shapes)


ANY_DTYPE = st.recursive(
    st.sampled_from(SIMPLE),
    lambda inner: structures(inner | subarrays(inner.filter(lambda one: one.itemsize))),
    max_leaves=8,
)


@st.composite
def arrays(draw):
    dtype = draw(ANY_DTYPE)
    shape = draw(st.lists(st.integers(0, 4), max_size=4))
    value = filled(dtype, tuple(shape))
    value = value.transpose(draw(st.permutations(range(value.ndim))))
    steps = st.sampled_from([1, 1, 2, -1, -2]).map(lambda step: slice(None, None, step))
    return value[(*(draw(steps) for _ in shape), ...)]


@given(ANY_DTYPE)
@settings(deadline=None)
def test_any_dtype_comes_back(dtype):
    assert same(carry(dtype), dtype)


@given(arrays())
@settings(deadline=None)
def test_any_array_comes_back(value):
    assert same(carry(value), value)


# What is written, which is a format


def written(value):
    tag = reduced(value, [])
    assert isinstance(tag, Tag)
    args = [(one.name, one.args) if isinstance(one, Tag) else one for one in tag.args]
    return (tag.name, args)


def test_typed_arrays_have_the_tags_of_rfc_8746():
    for text in [*NUMBERS[1:], *(f"{order}f2" for order in "<>")]:
        dtype = np.dtype(text)
        if dtype.kind == "c":
            continue
        floating, signed = dtype.kind == "f", dtype.kind == "i"
        little = dtype.itemsize > 1 and dtype.newbyteorder("<").str == dtype.str
        length = int(math.log2(dtype.itemsize)) - floating
        number = 0b010_0_0_0_00 | floating << 4 | signed << 3 | little << 2 | length
        value = np.arange(3).astype(dtype)
        assert written(value) == (number, [value.tobytes()])


def test_what_is_written():
    pair = np.array([[1, 2, 3], [4, 5, 6]], "u1")
    date = np.array(["2020-01-01"], "<M8[D]")
    record = np.zeros(1, [("a", "<i4")])
    shape = {"names": ["a"], "formats": ["<i4"], "offsets": [0], "itemsize": 4}
    cases = [
        # RFC 8746's examples are of this kind.
        (np.array([[2, 4, 8], [4, 16, 256]], ">u2"),
         (40, [[[2, 3], Tag(65, [bytes.fromhex("000200040008000400100100")])]])),
        (pair.T.copy("F"), (1040, [[[3, 2], Tag(64, [bytes([1, 2, 3, 4, 5, 6])])]])),
        (np.array(5, "u1"), (40, [[[], Tag(64, [b"\5"])]])),
        (np.array([True]), ("numpy.ndarray", ["|b1", [1], "C", b"\1"])),
        (date, ("numpy.ndarray", ["<M8[D]", [1], "C", date.tobytes()])),
        (record, ("numpy.ndarray", [shape, [1], "C", bytes(4)])),
        (np.zeros((2, 3), "c8").T, ("numpy.ndarray", ["<c8", [3, 2], "F", bytes(48)])),
        (np.zeros(65536, "u1"), (64, [bytes(65536)])),
        (np.zeros(65537, "u1"), ("numpy.ndarray", ["|u1", [65537], "C", 0])),
        (np.float32(1), ("numpy.scalar", ["<f4", np.float32(1).tobytes()])),
        (np.dtype(">i4"), ("numpy.dtype", [">i4"])),
        (np.dtype(("<i4", (2,))), ("numpy.dtype", [["<i4", [2]]])),
        (np.dtype([("a", "<i4")], align=True), ("numpy.dtype", [shape | {"aligned": True}])),
        (np.dtype([(("t", "a"), "<i4")]), ("numpy.dtype", [shape | {"titles": ["t"]}])),
    ]  # fmt: skip
    for value, expected in cases:
        tag = reduced(value, [])
        assert repr(flattened(tag)) == repr(flattened(Tag(*expected)))


def flattened(item):
    if isinstance(item, Tag):
        return (item.name, flattened(item.args))
    return [flattened(inner) for inner in item] if isinstance(item, list) else item


@pytest.mark.skipif(np.dtype("q").char == np.dtype("<i8").char, reason="long long is int64 here")
def test_types_of_c_that_share_a_width_stay_apart():
    value = np.array([1], "q")
    assert written(value)[1][0] == "<i8[longlong]"
    assert carry(value).dtype.type is np.longlong
    assert carry(value.astype("l")).dtype.type is np.int64


@pytest.mark.skipif(np.finfo(np.longdouble).nmant != 63, reason="a long double is not x87's here")
def test_a_long_double_says_its_layout_and_has_no_loose_bytes():
    size = np.dtype("g").itemsize
    memory = np.frombuffer(b"\xff" * size * 4, "g").copy()
    memory[:] = 1.5
    name, args = written(memory)
    assert (name, args[0]) == ("numpy.ndarray", f"<f{size}[x87]")
    one = args[3][:size]
    assert args[3] == one * 4
    assert one[10:] == bytes(size - 10)
    assert written(memory.astype(">g"))[1][3][:size] == one[::-1]
    for layout in ("binary128", "double-double"):
        with pytest.raises(ValueError, match="read it where it was written"):
            _named.rebuild("numpy.dtype", [f"<f{size}[{layout}]"])


def test_the_gaps_of_a_strided_record_are_its_own():
    dtype = np.dtype({"names": ["a"], "formats": ["u1"], "offsets": [0], "itemsize": 8})
    memory = bytearray(range(256))
    for _ in range(20):
        # NumPy hands out memory that was written before.
        junk = [np.full(64, 0xAA, "u1") for _ in range(50)]
        del junk
        _, args = written(np.frombuffer(memory, dtype)[::2])
        assert args[3] == b"".join(memory[at : at + 8] for at in range(0, 256, 16))


def test_the_same_dtype_renamed_is_described_anew():
    dtype = np.dtype([("a", "i4"), ("b", [("c", "i4")])])
    value = np.zeros(1, dtype)
    carry(value)
    value.dtype["b"].names = ("z",)
    value.dtype.names = ("x", "y")
    assert same(carry(value), value)


def test_dtypes_without_end_are_not_all_remembered():
    from holdall._named import numpy_values

    for length in range(3000):
        carry(np.zeros(1, f"S{length + 1}"))
    assert len(numpy_values.known) <= 1024


# What would be lost


class Sub(np.ndarray):
    pass


class SubVoid(np.void):
    pass


def test_what_would_be_lost_is_left_to_pickle():
    plain = np.dtype([("a", "i4")])
    deep = np.dtype("i4")
    for _ in range(40):
        deep = np.dtype([("a", deep)])
    dtypes = [
        np.dtype("O"),
        np.dtype([("a", "i4"), ("b", "O")]),
        np.dtype([("a", [("b", "O", (2,))])]),
        np.dtypes.StringDType(),
        np.dtype("i4", metadata={"a": 1}),
        np.dtype([("a", np.dtype("i4", metadata={"a": 1}))]),
        np.dtype((np.record, plain)),
        np.dtype(("i4", [("low", "i2"), ("high", "i2")])),
        np.dtype((SubVoid, "V4")),
        np.dtype("c"),
        np.dtype("<M8[0s]"),
        np.dtype({"names": ["a"], "formats": ["i4"], "titles": [5]}),
        deep,
    ]
    for dtype in dtypes:
        # An array does not take over the "c".
        for value in (dtype, np.zeros(2, dtype) if dtype.char != "c" else dtype):
            reducer = _named.reducer_of(type(value))
            assert reducer is None or reducer(value) is None, dtype
    assert _named.reducer_of(Sub) is None
    assert _named.reducer_of(np.recarray) is None
    assert _named.reducer_of(np.memmap) is None
    assert _named.reducer_of(np.record) is None
    assert _named.reducer_of(np.ma.MaskedArray) is None


# Segments


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_segment_is_taken_as_it_is(order):
    memory = bytearray(range(24))
    value = _named.rebuild("numpy.ndarray", ["<i2", [3, 4], order, 1], [b"", memory])
    memory[0] = 200
    assert value.ravel(order)[0] == 200 + (1 << 8)
    assert value.flags.writeable
    assert value.flags[f"{order}_CONTIGUOUS"]
    with pytest.raises(BufferError):
        memory.append(1)


def test_a_mapped_segment_is_read_only():
    with mmap.mmap(-1, 80, access=mmap.ACCESS_READ) as mapped:
        value = _named.rebuild("numpy.ndarray", ["<f8", [10], "C", 0], [mapped])
        assert not value.flags.writeable
        del value


def test_a_large_array_is_written_from_its_own_memory():
    value = np.zeros((1000, 1000))
    for view in (value, value.T, value[:500]):
        data = _named.reducer_of(np.ndarray)(view)[4]
        assert np.shares_memory(np.frombuffer(data, "u1"), value)


def test_small_data_are_copied_once():
    data = bytes(65536)
    tracemalloc.start()
    try:
        value = _named.rebuild_tag(64, data)
        assert tracemalloc.get_traced_memory()[1] < 1.5 * len(data)
    finally:
        tracemalloc.stop()
    value[0] = 1
    assert data[0] == 0


# Bytes that somebody else may have written

FIELDS = {"names": ["a"], "formats": ["<i4"], "offsets": [0], "itemsize": 4}
ENDLESS = {"names": ["a"], "offsets": [0], "itemsize": 4}
ENDLESS["formats"] = [ENDLESS]
# Each level twice in the next: 2**30 dtypes out of thirty small maps.
LAUGHS = "|V0"
for _ in range(30):
    LAUGHS = {"names": ["a", "b"], "formats": [LAUGHS] * 2, "offsets": [0, 0], "itemsize": 0}

BAD_DTYPES = [
    "O", "|O", "|O8", "O8", "object", "i4", "int", "int32", "<i3", "=i4", "<i1", ">b1", "|i4", "",
    "i4,i4", "(2,)i4", "3i4", "<i4,<i4", "{'names':['a']}", "<i4\n", " <i4", "<i4 ", "<\u0664",
    "<M8[0s]", "<M8[s/10]", "<M8[xs]", "<M8[99999999999s]", "<M8[9999999999s]", "<M8[generic]",
    "<U9999999999", "|S99999999999", "|S-1", "|S01", "|T16", "<f16", "<c32", "<f12[x87]",
    "<f8[x87]", "<i4[longlong]", "<u8[longlong]", "<i8[os]", "<i8[]", "<f16[binary64]", "|S1[c]",
    "a", "c", "numpy.float64", "__import__('os')", None, 5, b"<i4", True, ("<i4", [2]),
    [], ["<i4"], ["<i4", []], ["<i4", [-1]], ["<i4", [True]], ["<i4", [2**31]],
    ["<i4", [2**16, 2**16]], ["<i4", "2"], ["<i4", 2], ["<i4", [1] * 65], ["<i4", {}], ["|O", [2]],
    {}, FIELDS | {"extra": 1}, FIELDS | {"metadata": {}}, FIELDS | {"names": ["a", "b"]},
    FIELDS | {"names": "a"}, FIELDS | {"names": [1]}, FIELDS | {"formats": ["|O"]},
    FIELDS | {"offsets": [-4]}, FIELDS | {"offsets": [1]}, FIELDS | {"offsets": [2**31]},
    FIELDS | {"offsets": [True]}, FIELDS | {"itemsize": 3}, FIELDS | {"itemsize": 2**31},
    FIELDS | {"itemsize": "4"}, FIELDS | {"aligned": 1}, FIELDS | {"titles": [5]},
    FIELDS | {"titles": ["a"]}, FIELDS | {"itemsize": 5, "aligned": True},
    {"names": ["a", "a"], "formats": ["<i4", "<i4"], "offsets": [0, 4], "itemsize": 8},
    {"a": ("<i4", 0)}, ENDLESS, LAUGHS,
]  # fmt: skip


@pytest.mark.parametrize("description", BAD_DTYPES, ids=range(len(BAD_DTYPES)))
def test_a_bad_dtype_is_refused(description):
    started = time.monotonic()
    for name, args in [
        ("numpy.dtype", []),
        ("numpy.scalar", [bytes(4)]),
        ("numpy.ndarray", [[1], "C", bytes(4)]),
    ]:
        with pytest.raises((ValueError, TypeError)) as caught:
            _named.rebuild(name, [description, *args])
        assert str(caught.value)
    assert time.monotonic() - started < 5


HUGE = [2**31, 2**31, 2**31, 2**31]


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("numpy.ndarray", ["<i4", [2], "C", bytes(7)]),
        ("numpy.ndarray", ["<i4", [2], "C", bytes(9)]),
        ("numpy.ndarray", ["<i4", [2, 0], "C", bytes(8)]),
        ("numpy.ndarray", ["<i4", HUGE, "C", bytes(8)]),
        ("numpy.ndarray", ["<i4", [2**62, 4], "C", b""]),
        ("numpy.ndarray", ["<i4", [2**63], "C", b""]),
        ("numpy.ndarray", ["<i4", [0, 2**62], "C", b""]),
        ("numpy.ndarray", ["|V0", [2**70], "C", b""]),
        ("numpy.ndarray", ["<i4", [-1], "C", bytes(8)]),
        ("numpy.ndarray", ["<i4", [-1, -2], "C", bytes(8)]),
        ("numpy.ndarray", ["<i4", [True], "C", bytes(4)]),
        ("numpy.ndarray", ["<i4", [1.0], "C", bytes(4)]),
        ("numpy.ndarray", ["<i4", 1, "C", bytes(4)]),
        ("numpy.ndarray", ["<i4", [1] * 65, "C", bytes(4)]),
        ("numpy.ndarray", ["<i4", [1], "K", bytes(4)]),
        ("numpy.ndarray", ["<i4", [1], None, bytes(4)]),
        ("numpy.ndarray", ["<i4", [1], "C", bytearray(4)]),
        ("numpy.ndarray", ["<i4", [1], "C", "abcd"]),
        ("numpy.ndarray", ["<i4", [1], "C", -1]),
        ("numpy.ndarray", ["<i4", [1], "C", True]),
        ("numpy.ndarray", ["<i4", [1], "C", 2]),
        ("numpy.ndarray", ["<i4", [1], "C", 2**70]),
        ("numpy.ndarray", ["<i4", [2], "C", 0]),
        ("numpy.ndarray", [["<i4", [2]], [1], "C", bytes(8)]),
        ("numpy.ndarray", ["<i4", [1], "C"]),
        ("numpy.ndarray", ["<i4", [1], "C", bytes(4), [b"abcd"]]),
        ("numpy.scalar", ["<i4", bytes(3)]),
        ("numpy.scalar", ["|S2147483647", b""]),
        ("numpy.scalar", [["<i4", [1]], bytes(4)]),
        ("numpy.scalar", ["<i4", 0]),
        ("numpy.scalar", ["<U1", b"\xff\xff\xff\xff"]),
        ("numpy.matrix", [[1]]),
        ("numpy.core.multiarray._reconstruct", []),
    ],
)
def test_a_bad_array_is_refused_before_anything_is_allocated(name, args):
    tracemalloc.start()
    try:
        with pytest.raises((ValueError, TypeError)) as caught:
            _named.rebuild(name, args, [bytes(4)])
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert str(caught.value)


def typed(*items):
    return np.array(items, "u1")


@pytest.mark.parametrize(
    ("number", "content"),
    [
        (76, b"a"),
        (83, bytes(16)),
        (87, bytes(16)),
        (71, bytes(7)),
        (64, "a"),
        (64, bytearray(1)),
        (64, [1]),
        (40, typed(1)),
        (40, [[1]]),
        (40, [[1], [1]]),
        (40, [[2], typed(1)]),
        (40, [[-1], typed(1)]),
        (40, [[True], typed(1)]),
        (40, [HUGE, typed(1)]),
        (40, [[1] * 65, typed(1)]),
        (40, [[0, 2**62], np.zeros(0, "f8")]),
        (1040, [typed(1), typed(1)]),
        (1040, [[1, 1], typed(1).reshape(1, 1)]),
        (1040, [[1], b"a"]),
    ],
)
def test_a_bad_typed_array_is_refused(number, content):
    with pytest.raises((ValueError, TypeError)) as caught:
        _named.rebuild_tag(number, content)
    assert str(caught.value)


def test_arrays_of_other_writers_are_read():
    assert same(_named.rebuild_tag(68, b"\xff"), typed(255))
    assert same(_named.rebuild_tag(81, bytes.fromhex("3fc00000")), np.array([1.5], ">f4"))
