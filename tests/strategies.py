"""What hypothesis makes: nested values of all the types that are to come back as they were."""

import array
import collections
import datetime as dt
import decimal
import ipaddress
import pathlib
import re
import zoneinfo

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from models import (
    Access,
    Bare,
    Color,
    Frozen,
    Label,
    Level,
    Name,
    Node,
    Pair,
    Planet,
    Point,
    Right,
    Slotted,
    Solid,
    Table,
    Text,
    Triple,
    Words,
)


def brief(strategy):
    """A strategy whose repr is short: hypothesis warns of long ones, and writes them for an age."""

    @st.composite
    def values(draw):
        return draw(strategy)

    return values()


# What JSON holds

TEXT = st.text()
JSON_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)
JSON_VALUES = st.recursive(
    JSON_SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=25
)
JSON_DOCUMENTS = st.lists(JSON_VALUES) | st.dictionaries(TEXT, JSON_VALUES)

# Scalars of the standard library

ZONES = st.sampled_from(
    [
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Asia/Kathmandu",
        "Etc/GMT+5",
        "Australia/Lord_Howe",
    ]
)
A_DAY = dt.timedelta(hours=24) - dt.timedelta.resolution
OFFSETS = st.timedeltas(-A_DAY, A_DAY).map(dt.timezone)
MINUTES = st.integers(-1439, 1439).map(lambda number: dt.timezone(dt.timedelta(minutes=number)))
NAMED = st.builds(dt.timezone, st.timedeltas(-A_DAY, A_DAY), st.text(max_size=5))
TZ = st.none() | st.just(dt.UTC) | ZONES.map(zoneinfo.ZoneInfo) | OFFSETS | MINUTES | NAMED
FOLD = st.integers(0, 1)
SURROGATES = st.text(st.characters(categories=["Cs", "L"]), max_size=5)
DECIMALS = (
    st.decimals(allow_nan=False)
    | st.sampled_from(
        ["-0.00", "1E+999", "-Infinity", "0E-400", "1E-999999", f"{2**63}", f"-{2**63}", f"{2**63 - 1}E7"]
    ).map(decimal.Decimal)
)  # fmt: skip
PATTERNS = st.builds(
    re.compile,
    st.sampled_from(["", "a(?P<b>.)[^c]*", "é", "(?i)a", "\\w+\\b"]),
    st.sampled_from([0, re.I, re.M | re.S, re.X, re.A]),
) | st.builds(re.compile, st.sampled_from([b"", b"a|\xff"]), st.sampled_from([0, re.I]))
SCALARS = st.one_of(
    JSON_SCALARS,
    SURROGATES,
    st.integers(-(10**400), 10**400),
    st.sampled_from([2**64 - 1, 2**64, -(2**63), -(2**63) - 1, -(2**64), -(2**64) - 1, 2**127]),
    st.floats(),
    st.complex_numbers(),
    st.binary(),
    st.builds(dt.datetime.replace, st.datetimes(timezones=TZ), fold=FOLD),
    st.builds(dt.time.replace, st.times(timezones=TZ), fold=FOLD),
    st.dates(),
    st.timedeltas(),
    TZ,
    DECIMALS,
    st.fractions(),
    st.uuids(),
    st.ip_addresses(),
    st.sampled_from(["10.0.0.0/8", "::/0", "2001:db8::/33", "0.0.0.0/0"]).map(ipaddress.ip_network),
    TEXT.map(pathlib.PurePosixPath),
    TEXT.map(pathlib.PureWindowsPath),
    st.text("ab/.é", max_size=8).map(pathlib.Path),
    st.builds(range, st.integers(), st.integers(), st.integers().filter(bool)),
    PATTERNS,
    st.sampled_from([..., NotImplemented]),
)
SCALARS = brief(SCALARS)

# Arrays

STRUCTURED = [
    np.dtype([("n", ">i4"), ("s", "S3"), ("when", "<M8[ms]")]),
    np.dtype([("a", "u1"), ("b", "f8")], align=True),
    np.dtype({"names": ["a", "b"], "formats": ["i1", ">f8"], "offsets": [3, 16], "itemsize": 40}),
    np.dtype([(("title", "a"), "u1"), ("b", "i2", (2, 3))]),
]
UNITS = st.sampled_from(["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "25s"])
DATES = st.builds("{}{}8[{}]".format, st.sampled_from("<>"), st.sampled_from("mM"), UNITS)
LONG = st.sampled_from(["g", "G"]).map(np.dtype)
SCALAR_TYPES = (
    hnp.scalar_dtypes()
    | hnp.unicode_string_dtypes()
    | hnp.byte_string_dtypes()
    | DATES.map(np.dtype)
    | LONG
)
DTYPES = SCALAR_TYPES | hnp.array_dtypes(SCALAR_TYPES) | st.sampled_from(STRUCTURED)
DTYPES = brief(DTYPES)


def noise(dtype, shape, seed):
    """An array of any bits: of all that its elements could be, hypothesis draws only a part."""
    if dtype.kind in "bU" or dtype.fields or dtype.subdtype:
        return np.zeros(shape, dtype)
    size = int(np.prod(shape, dtype=int)) * dtype.itemsize
    return np.ndarray(shape, dtype, bytearray(np.random.default_rng(seed).bytes(size)))


SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
FULL = st.builds(noise, DTYPES, SHAPES, st.integers(0, 99)) | hnp.arrays(DTYPES, SHAPES)
LAYOUTS = [
    lambda one: one,
    lambda one: one.T,
    lambda one: one[::2] if one.ndim else one,
    lambda one: one[::-1] if one.ndim else one,
    np.asfortranarray,
    lambda one: np.broadcast_to(one, (2, *one.shape)),
]
ARRAYS = st.builds(lambda layout, one: layout(one), st.sampled_from(LAYOUTS), FULL)
ARRAYS = brief(ARRAYS)
NUMPY_SCALARS = hnp.arrays(DTYPES, 1).map(lambda one: one[0])
STDLIB_ARRAYS = st.one_of(
    *(
        st.lists(numbers, max_size=5).map(lambda items, code=code: array.array(code, items))
        for code, numbers in [
            *((code, st.integers(0, 100)) for code in "bBhHiIlLqQ"),
            *((code, st.floats(width=32)) for code in "fd"),
        ]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5).map(
        lambda text: array.array("u", text)
    ),
)
STDLIB_ARRAYS = brief(STDLIB_ARRAYS)

# Nested values

FACTORIES = st.sampled_from([None, int, list, dict, set, collections.OrderedDict])


def hashable(leaves, *more):
    """Values that may be keys, and those that such values are in."""
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4).map(tuple),
            st.frozensets(inner, max_size=4),
            *(build(inner) for build in more),
        ),
        max_leaves=5,
    )


def own(value):
    """A part that contains itself, in each way that there is."""
    kind, inner = value
    if kind in ("list", "deque"):
        made = [inner] if kind == "list" else collections.deque([inner], 7)
        made.append(made)
    elif kind == "tuple":
        made = ([inner],)
        made[0].append(made)
    else:
        made = getattr(collections, kind, dict)()
        made["inner"], made["self"] = inner, made
    return made


OWN = ["list", "deque", "tuple", "dict", "OrderedDict", "defaultdict"]


def several(inner):
    """The same parts several times, side by side and inside each other."""
    return st.lists(inner, min_size=1, max_size=3).flatmap(
        lambda parts: st.lists(st.sampled_from([*parts, parts[:1]]), max_size=5)
    )


def containers(keys, itself=(*OWN, "Counter")):
    """What values may be in, and which kinds of containers may be in themselves."""

    def build(inner):
        few = st.lists(inner, max_size=4)
        mappings = st.dictionaries(keys, inner, max_size=4)
        return st.one_of(
            few,
            few.map(tuple),
            mappings,
            mappings.map(collections.OrderedDict),
            mappings.map(collections.Counter),
            st.builds(collections.defaultdict, FACTORIES, mappings),
            st.builds(collections.deque, few, st.none() | st.integers(0, 4)),
            st.builds(slice, inner, inner, st.none()),
            st.sets(keys, max_size=4),
            st.frozensets(keys, max_size=4),
            several(inner),
            st.tuples(st.sampled_from(itself), inner).map(own),
        )

    return build


PASSIVE_KEYS = brief(hashable(SCALARS))
PASSIVE_LEAVES = st.one_of(
    PASSIVE_KEYS,
    st.sampled_from(["NaN", "sNaN123", "-NaN7"]).map(decimal.Decimal),
    st.binary().map(bytearray),
    st.text("abc").map(collections.Counter),
    ARRAYS,
    NUMPY_SCALARS,
    DTYPES,
    STDLIB_ARRAYS,
)
PASSIVE_LEAVES = brief(PASSIVE_LEAVES)
PASSIVE = st.recursive(PASSIVE_LEAVES, containers(PASSIVE_KEYS), max_leaves=8)

# Instances

SINGLES = [*Color, *Level, *Name, *Right, *Planet, Right.READ | Right.WRITE, Right(0)]
SINGLES += [*Access, Access(0), Access.BOTH | Access.ADMIN, Access(64), Access(67)]
OBJECT_KEYS = hashable(
    SCALARS | st.sampled_from(SINGLES),
    lambda inner: st.tuples(inner, inner).map(Pair._make),
    # Not by `st.builds`, which makes up arguments for `object`: values of any type at all.
    lambda inner: inner.map(Frozen),
    lambda inner: st.tuples(inner, inner).map(lambda parts: Label(*parts)),
)
OBJECT_KEYS = brief(OBJECT_KEYS)


def without(instance, names):
    """Unset some fields."""
    for name in names:
        delattr(instance, name)
    return instance


def with_more(instance, more):
    """Set attributes that the class does not declare."""
    vars(instance).update(more)
    return instance


def linked(name, inner):
    """An instance in a cycle, by a set and a key that are hashed by identity."""
    node = Node(name, [inner])
    node.links += [{node, name}, {(node, 1): node}, node.links]
    return node


NAMES = st.sampled_from(["a", "é", "__dict__x", "with space", "x1"])


def instances(inner):
    """Values inside instances of classes."""
    two = st.tuples(inner, inner)
    return st.one_of(
        two.map(lambda parts: Point(*parts)),
        inner.map(Point),
        inner.map(Frozen),
        two.map(lambda parts: Label(*parts)),
        two.map(lambda parts: Solid(*parts, z=list(parts))),
        two.map(lambda parts: Triple(*parts)),
        two.map(lambda parts: Slotted(*parts)),
        inner.map(lambda part: without(Slotted(part), ["left"])),
        inner.map(lambda part: without(Slotted(part), ["right", "left"])),
        inner.map(lambda part: without(Bare(1, part), ["x"])),
        st.tuples(inner, st.dictionaries(NAMES, inner, max_size=2)).map(
            lambda parts: with_more(Point(parts[0]), parts[1])
        ),
        st.tuples(TEXT, inner).map(lambda parts: linked(*parts)),
    )


OBJECTS = st.recursive(
    PASSIVE_LEAVES | OBJECT_KEYS,
    lambda inner: containers(OBJECT_KEYS)(inner) | instances(inner),
    max_leaves=8,
)

# And what only pickle keeps

ALL_KEYS = hashable(
    SCALARS | st.sampled_from(SINGLES) | SURROGATES.map(Text) | st.sampled_from([int, KeyError]),
    lambda inner: st.tuples(inner, inner).map(Pair._make),
)
ALL_KEYS = brief(ALL_KEYS)
OBJECT_ARRAYS = hnp.arrays(object, hnp.array_shapes(max_dims=2, max_side=2), elements=ALL_KEYS)
VALUES = st.recursive(
    PASSIVE_LEAVES | ALL_KEYS | OBJECT_ARRAYS,
    lambda inner: st.one_of(
        # A Counter in itself is more than pickle can do.
        containers(ALL_KEYS, OWN)(inner),
        instances(inner),
        st.lists(inner, max_size=4).map(Words),
        st.dictionaries(ALL_KEYS, inner, max_size=4).map(Table),
    ),
    max_leaves=8,
)
