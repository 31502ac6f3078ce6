"""Write the golden messages and results of tasks: `python tests/golden/make_tasks.py`.

As make.py, whose frames they are, this shares no line with the engine.
"""

import struct
from pathlib import Path

from make import CODECS, PRIMARY, PYTHON, SIGNED, checksum, mac

HERE = Path(__file__).parent


def head(major, number):
    """Return the head of a CBOR item."""
    if number < 24:
        return bytes([major << 5 | number])
    for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * size:
            return bytes([major << 5 | code]) + number.to_bytes(size, "big")
    raise ValueError(number)


def item(value):
    """Return what these payloads consist of as CBOR."""
    if value is None:
        return b"\xf6"
    if isinstance(value, int):
        return head(0, value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    return head(4, len(value)) + b"".join(map(item, value))


def signed(purpose, context, payload, python=None):
    """Return a signed frame with CBOR in it."""
    flags = SIGNED | PYTHON * (python is not None)
    front = b"\xc1\x48" + bytes([CODECS["cbor"], flags, *(python or ())])
    front += struct.pack("<I", PRIMARY)
    front += mac(PRIMARY, purpose, front, payload, context)
    return front + checksum(front, payload) + payload


def message(task, function, after, arguments, python=None):
    """Return a task's message."""
    return signed("task", task.encode(), item([1, 1, function, after, *arguments]), python)


def result(task, start, value):
    """Return what a task gave at one of its starts."""
    return signed("result", task.encode() + struct.pack("<I", start), item([1, 1, *value]))


JSON, PICKLE = CODECS["json"], CODECS["pickle"]
FILES = {
    # calls.add(1, b=2)
    "named.task": message("golden", "calls:add", [], [None, [JSON, b'[[1],{"b":2}]']]),
    # divmod(7, 2), as a pickle says it
    "valued.task": message(
        "golden",
        [PICKLE, b"\x80\x05\x8c\x08builtins\x8c\x06divmod\x93."],
        [],
        [None, [JSON, b"[[7,2],{}]"]],
    ),
    # The same from a Python that is to come, which only that can open.
    "python.task": message(
        "golden",
        [PICKLE, b"\x80\x05\x8c\x08builtins\x8c\x06divmod\x93."],
        [],
        [None, [JSON, b"[[7,2],{}]"]],
        (3, 99),
    ),
    # Arguments by the user's own serializer, whose class is `Json`, and the result of another first.
    "custom.task": message("golden", "calls:give", ["parent"], ["Json", b'[[], {"a": 1}]']),
    "value.result": result("golden", 1, [None, [JSON, b'{"a":[1,2.5]}']]),
    "custom.result": result("golden", 3, ["Json", b"[1, 2]"]),
}

if __name__ == "__main__":
    for name, content in FILES.items():
        (HERE / "tasks" / name).write_bytes(content)
