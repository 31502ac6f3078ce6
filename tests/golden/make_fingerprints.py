"""Write the golden fingerprints: `python tests/golden/make_fingerprints.py`.

The grammar of docs/format.md a second time, for the values that need nobody's description. As make.py
it shares no line with the engine, and needs blake3.
"""

import json
import struct
from pathlib import Path

try:
    from blake3 import blake3
except ImportError:  # the values are of use without it
    blake3 = None

HERE = Path(__file__).parent
CONTAINERS = {list: 0x10, tuple: 0x11, set: 0x13, frozenset: 0x14}
WORDS = {None: 4, True: 5, False: 6, ...: 7, NotImplemented: 8}


def count(number):
    """Return a count: groups of seven bits, the lowest first."""
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(number & 0x7F)
    return bytes([group | 0x80 for group in groups[:-1]] + [groups[-1]])


def short(run):
    """Return a run, or what stands for one that is long."""
    return run if len(run) <= 128 else b"\x01" + blake3(run).digest()


def sized(tag, data):
    return short(bytes([tag]) + count(len(data)) + data)


def run(value, above=()):
    """Return the run of a value. above: the containers that it is in, from outside."""
    kind = type(value)
    if value is None or kind is bool or value is ... or value is NotImplemented:
        return bytes([WORDS[value]])
    if kind is int:
        if -(1 << 63) <= value < 1 << 63:
            return b"\x09" + struct.pack("<q", value)
        return sized(
            0x0A, value.to_bytes((value + (value < 0)).bit_length() // 8 + 1, "little", signed=True)
        )
    if kind is float:
        return b"\x0b" + struct.pack("<d", value)
    if kind is complex:
        return b"\x0c" + struct.pack("<dd", value.real, value.imag)
    if kind is str:
        return sized(0x0D, value.encode("utf-8", "surrogatepass"))
    if kind in (bytes, bytearray):
        return sized(0x0E if kind is bytes else 0x0F, bytes(value))
    for distance, container in enumerate(reversed(above), 1):
        if container is value:
            return b"\x02" + count(distance)
    inside = [*above, value]
    if kind is dict:
        items = [run(each, inside) for pair in value.items() for each in pair]
        return short(b"\x12" + b"".join(items) + b"\x00")
    items = [run(item, inside) for item in value]
    if kind in (set, frozenset):
        items.sort()
    return short(bytes([CONTAINERS[kind]]) + b"".join(items) + b"\x00")


def fingerprint(value):
    """Return the fingerprint of a value."""
    return blake3(b"\x01" + run(value)).digest()


def values():
    """Return the golden values by name."""
    deep = []
    for _ in range(300):
        deep = [deep]
    itself = []
    itself.append(itself)
    pair = {}
    pair["back"] = [1, pair]
    return {
        "None": None, "True": True, "False": False, "ellipsis": ..., "zero": 0, "one": 1, "minus": -1,
        "64 bits": (1 << 63) - 1, "lowest": -(1 << 63), "65 bits": 1 << 63, "2^70": 1 << 70,
        "-2^70": -(1 << 70), "huge": 7**500, "float": 1.0, "minus zero": -0.0, "complex": 1 - 2j,
        "empty text": "", "text": "a", "other letters": "é水", "lone surrogate": "\ud800",
        "126 bytes": "x" * 126, "127 bytes": "x" * 127, "long text": "ab" * 5000,
        "bytes": b"a", "long bytes": bytes(range(256)) * 9, "bytearray": bytearray(b"a"),
        "empty list": [], "list": [1, "a"], "tuple": (1, "a"), "dict": {"b": 1, "a": [2]},
        "dict in another order": {"a": [2], "b": 1}, "set": {3, 1, 2}, "frozenset": frozenset("ab"),
        "sets in a set": {frozenset({1, 2}), frozenset({2, 3})}, "many": list(range(10_000)),
        "just short": [1] * 14, "just long": [1] * 15, "deep": deep, "itself": itself, "circle": pair,
        "shared": [[1] * 30] * 3,
    }  # fmt: skip


if __name__ == "__main__":
    found = {name: fingerprint(value).hex() for name, value in values().items()}
    text = json.dumps(found, indent=1) + "\n"
    (HERE / "fingerprints.json").write_text(text, "utf-8")
