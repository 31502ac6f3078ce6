"""What a CBOR library that is not ours sees in a payload, held against the value.

Nothing here is holdall's: it is `docs/format.md` once more, in plain Python over cbor2's data. The
value is compared with what cbor2 gives, not built from it, so that any cycle can be followed.
"""

import array
import collections
import datetime as dt
import decimal
import pathlib
import re
import uuid
import zoneinfo

import cbor2
import numpy as np

from same import same

TUPLE, FROZENSET = 49480, 49481
NUMBERS = [27, 40, *range(64, 88), 273, 1002, 1040, TUPLE, FROZENSET]
KEPT = (list, dict, set, collections.deque, bytearray, array.array, np.ndarray)
ZERO, SECOND = dt.timedelta(0), dt.timedelta(seconds=1)


class Tag:
    """A tag that cbor2 leaves to its user, and what is in it. There before its content is."""

    def __init__(self, number):
        self.tag = number
        self.value = None


def decoder(number):
    """How cbor2 makes a `Tag`; references to it may come from inside."""

    @cbor2.shareable_decoder
    def begin(_):
        made = Tag(number)

        def fill(content):
            made.value = content
            return made

        return made, fill

    return begin


DECODERS = {number: decoder(number) for number in NUMBERS}


def seen_by_cbor2(payload):
    """What cbor2 makes of a payload."""
    return cbor2.loads(payload, semantic_decoders=DECODERS)


class View:
    """One payload beside one value."""

    def __init__(self):
        self.partners = {}
        self.verdicts = {}
        self.alive = []

    def agrees(self, seen, value):
        """Whether what cbor2 saw is the value."""
        if isinstance(value, KEPT) and not isinstance(seen, bytes):
            # Whatever is one object there is one object here.
            for one, other in ((seen, value), (value, seen)):
                if self.partners.setdefault(id(one), id(other)) != id(other):
                    return False
        if type(seen) is Tag:
            return self.tagged(seen, value)
        return self.plain(seen, value)

    def once(self, compare, seen, value):
        """Compare two containers for the first time; what is being compared is taken for the same."""
        pair = id(seen), id(value)
        if pair not in self.verdicts:
            self.alive += [seen, value]
            self.verdicts[pair] = True
            self.verdicts[pair] = compare(seen, value)
        return self.verdicts[pair]

    def plain(self, seen, value):
        """What CBOR itself, or a tag that cbor2 knows, says."""
        match value:
            case list():
                # What is in a key or a set cannot be a list: there it is a tuple.
                return type(seen) in (list, tuple) and self.items(seen, value)
            case dict() if type(value) is dict:
                return self.pairs(seen, value)
            case set() if type(value) is set:
                return self.unordered(seen, value)
            case dt.datetime():
                # Only what is UTC or so many minutes from it is written as a moment.
                whole = type(value.tzinfo) is dt.timezone and not value.fold
                return whole and type(seen) is dt.datetime and same(value, moment(seen))
            case dt.date() | int() | None | float() | str() | bytes() | complex():
                return same(seen, value)
            case uuid.UUID():
                return same(seen, value) and value.is_safe is uuid.SafeUUID.unknown
        return type(value).__module__ in ("decimal", "fractions", "ipaddress") and same(seen, value)

    def items(self, seen, value):
        def compare(seen, value):
            return len(seen) == len(value) and all(map(self.agrees, seen, value))

        return self.once(compare, seen, value)

    def pairs(self, seen, value):
        def compare(seen, value):
            return (
                len(seen) == len(value)
                and all(map(self.agrees, seen, value))
                and all(map(self.agrees, seen.values(), value.values()))
            )

        return self.once(compare, seen, value)

    def unordered(self, seen, value):
        def compare(seen, value):
            rest = list(seen)
            for item in value:
                at = next((at for at, one in enumerate(rest) if self.agrees(one, item)), None)
                if at is None:
                    return False
                del rest[at]
            return not rest

        return isinstance(seen, set | frozenset) and self.once(compare, seen, value)

    def tagged(self, seen, value):
        """What a tag says that cbor2 leaves to its user."""
        number, content = seen.tag, seen.value
        if number == TUPLE:
            return type(value) is tuple and self.items(content, value)
        if number == FROZENSET:
            return type(value) is frozenset and self.unordered(frozenset(content), value)
        if number == 27:
            name, *arguments = content
            return self.named(name, arguments, value)
        if number == 273:
            return same(content.decode("utf-8", "surrogatepass"), value)
        if number == 1002:
            seconds = content[1] * SECOND
            return same(seconds + dt.timedelta(microseconds=content.get(-6, 0)), value)
        return same(typed(number, content), value)

    def named(self, name, arguments, value):
        """What tag 27 says."""
        if name in ("Ellipsis", "NotImplemented"):
            return not arguments and repr(value) == name
        kind = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
        if name == "numpy.scalar" and isinstance(value, np.generic):
            return same(scalar(*arguments), value)
        if name == "numpy.dtype" and isinstance(value, np.dtype):
            return same(dtype(arguments[0]), value)
        # Where a class is defined is no business of a format's: Python 3.13 has moved the paths.
        if name.rpartition(".")[2] != kind.rpartition(".")[2]:
            return False
        if name in ("range", "slice"):
            return all(map(self.agrees, arguments, (value.start, value.stop, value.step)))
        match name, arguments:
            case "bytearray", [data]:
                return data == bytes(value)
            case "collections.OrderedDict" | "collections.Counter", [pairs]:
                return self.pairs(pairs, value)
            case "collections.defaultdict", [factory, pairs]:
                named = getattr(value.default_factory, "__name__", None)
                return factory == named and self.pairs(pairs, value)
            case "collections.deque", [items, most]:
                return most == value.maxlen and self.items(items, value)
            case (("datetime.datetime" | "datetime.time"), [text, *rest]):
                fold, zone = rest or (0, None)
                naive = type(value).fromisoformat(text).replace(fold=fold)
                return same(value.replace(tzinfo=None), naive) and self.agrees(zone, value.tzinfo)
            case "datetime.timezone", [offset, *own]:
                span = offset.value[1] * SECOND + offset.value.get(-6, 0) * dt.timedelta.resolution
                return same(dt.timezone(span, *own), value)
            case "zoneinfo.ZoneInfo", [key]:
                return same(zoneinfo.ZoneInfo(key), value)
            case "decimal.Decimal", [text]:
                return same(decimal.Decimal(text), value)
            case "uuid.UUID", [data, safe]:
                return same(uuid.UUID(bytes=data, is_safe=uuid.SafeUUID(safe)), value)
            case "re.Pattern", [pattern, flags]:
                return same(re.compile(pattern, flags), value)
            case "array.array", ["u" | "w" as code, text]:
                return same(array.array(code, text), value)
            case "array.array", [code, layout, data]:
                fits = np.dtype(layout).itemsize == value.itemsize
                return fits and same(array.array(code, data), value)
            case "numpy.ndarray", [description, shape, order, data]:
                kept = np.ndarray(shape, dtype(description), bytearray(data), order=order)
                return same(kept, value)
        return hasattr(pathlib, name.rpartition(".")[2]) and str(value) == arguments[0]


def moment(seen):
    """cbor2 says UTC as it likes."""
    return seen.replace(tzinfo=dt.UTC) if seen.utcoffset() == ZERO else seen


def typed(number, content):
    """RFC 8746: an array of numbers, and one of more dimensions."""
    if number in (40, 1040):
        shape, flat = content
        return typed(flat.tag, flat.value).reshape(shape, order="C" if number == 40 else "F")
    is_float, is_signed, is_little = number >> 4 & 1, number >> 3 & 1, number >> 2 & 1
    # A float has no sign of its own, and that bit is its order's neighbour all the same.
    size = 1 << (number & 3) + is_float
    kind = "f" if is_float else "ui"[is_signed]
    order = "|" if size == 1 else "<" if is_little else ">"
    return np.frombuffer(bytearray(content), f"{order}{kind}{size}")


def dtype(description):
    """What a dtype is called."""
    if isinstance(description, list | tuple):
        base, shape = description
        return np.dtype((dtype(base), tuple(shape)))
    if isinstance(description, str):
        text, _, name = description.removesuffix("]").partition("[")
        letters = {"longlong": "q", "ulonglong": "Q", "long": "l", "ulong": "L", "intc": "i"}
        letters |= {"uintc": "I", "x87": "G" if text[1] == "c" else "g"}
        return (
            np.dtype(letters[name]).newbyteorder(text[0])
            if name in letters
            else np.dtype(description)
        )
    spec = {**description, "formats": [dtype(one) for one in description["formats"]]}
    aligned = spec.pop("aligned", False)
    return np.dtype(spec, align=aligned)


def scalar(description, data):
    """One item. Text keeps the zeros at its end, which it would lose in an array."""
    kind = dtype(description)
    if kind.kind == "S":
        return np.bytes_(data)
    if kind.kind == "U":
        encoding = "utf-32-be" if kind.str[0] == ">" else "utf-32-le"
        return np.str_(data.decode(encoding, "surrogatepass"))
    return np.ndarray((), kind, bytearray(data))[()]
