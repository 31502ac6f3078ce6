"""Pickles that run code when opened, by the ways that scanners of pickles have missed.

Each calls something that an audit hook sees, so that "nothing ran" can be shown. They are
generated, not copied; the families are those of the published advisories.
"""

import io
import pickle
import pickletools
import struct
import types
from unittest import mock

import holdall

CALLS = {
    "os.system": ("os", "system", ("true",)),
    "posix.system": ("posix", "system", ("true",)),
    "exec": ("builtins", "exec", ("import this",)),
    "eval": ("builtins", "eval", ("__import__('os').getcwd()",)),
    "open": ("builtins", "open", ("/etc/hostname",)),
    "io.open": ("io", "open", ("/etc/hostname",)),
    "compile": ("builtins", "compile", ("1", "x", "eval")),
    "__import__": ("builtins", "__import__", ("this",)),
    "runpy": ("runpy", "run_path", ("/etc/hostname",)),
    "subprocess": ("subprocess", "check_output", (["true"],)),
    "socket": ("socket", "create_connection", (("127.0.0.1", 9),)),
    "shutil": ("shutil", "rmtree", ("/nonexistent",)),
    "pty": ("pty", "spawn", ("true",)),
    "importlib": ("importlib", "import_module", ("this",)),
    "pip.main": ("pip", "main", (["--version"],)),
    "webbrowser": ("webbrowser", "open", ("http://127.0.0.1",)),
    "ctypes": ("ctypes", "CDLL", ("libc.so.6",)),
    "code": ("code", "InteractiveInterpreter", ()),
    "timeit": ("timeit", "timeit", ("import this",)),
    "cProfile": ("cProfile", "run", ("import this",)),
    "bdb": ("bdb", "Bdb", ()),
    "logging": ("logging.config", "dictConfig", ({"version": 1},)),
    "_interpreters": ("_interpreters", "create", ()),
    "asyncio": ("asyncio.unix_events", "_UnixSelectorEventLoop", ()),
}


def frame_of(payload, keyset):
    """Return a frame of any bytes as an active payload, signed by a keyset, its checksum right."""
    with mock.patch("holdall._pickle.dumps", return_value=(payload, False)):
        return holdall.dumps(None, mode="pickle", keyset=keyset)


def text(value):
    encoded = value.encode()
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def argument(value):
    """The opcodes of plain data, without frames and memo."""
    return pickletools.optimize(pickle.dumps(value, 2))[2:-1]


def direct(module, name, arguments, protocol):
    head = b"" if protocol < 2 else b"\x80" + bytes([protocol])
    if protocol < 4:
        return head + f"c{module}\n{name}\n".encode() + argument(arguments) + b"R."
    return head + text(module) + text(name) + b"\x93" + argument(arguments) + b"R."


def families(module, name, arguments):
    """One call in every disguise."""
    packed = argument(arguments)
    split = b"(" + b"".join(argument(part) for part in arguments)
    reference = text(module) + text(name) + b"\x93"
    for protocol in range(6):
        yield f"reduce {protocol}", direct(module, name, arguments, protocol)
    yield (
        "dotted",
        b"\x80\x04"
        + text("types")
        + text(f"sys.modules.{module}.{name}")
        + b"\x93"
        + packed
        + b"R.",
    )
    yield "getattr", (
        b"\x80\x04" + text("builtins") + text("getattr") + b"\x93(" + text("importlib") + text("import_module")
        + b"\x93" + argument((module,)) + b"R" + text(name) + b"tR" + packed + b"R."
    )  # fmt: skip
    yield (
        "resolve_name",
        (
            b"\x80\x04"
            + text("pkgutil")
            + text("resolve_name")
            + b"\x93"
            + argument((f"{module}:{name}",))
            + b"R"
            + packed
            + b"R."
        ),
    )
    yield "INST", split + f"i{module}\n{name}\n.".encode()
    yield "OBJ", b"(" + reference + split[1:] + b"o."
    yield "NEWOBJ", b"\x80\x02" + f"c{module}\n{name}\n".encode() + packed + b"\x81."
    yield "NEWOBJ_EX", b"\x80\x04" + reference + packed + b"}\x92."
    yield (
        "BUILD",
        (
            b"\x80\x04"
            + text("functools")
            + text("partial")
            + b"\x93"
            + reference
            + b"\x85R("
            + reference
            + packed
            + b"}NtbN."
        ),
    )
    yield (
        "BUILD __setstate__",
        b"\x80\x04" + reference + b"}" + text("__setstate__") + reference + b"sb.",
    )
    yield "EXT", b"\x80\x02\x82\x01" + packed + b"R."
    yield (
        "memo",
        b"\x80\x04"
        + text(module)
        + b"\x940"
        + text(name)
        + b"\x940h\x00h\x01\x93"
        + packed
        + b"R.",
    )
    yield (
        "late memo",
        b"\x80\x02"
        + text(module)
        + b"q\xff0"
        + text(name)
        + b"q\xfe0h\xffh\xfe\x93"
        + packed
        + b"R.",
    )
    body = reference + packed + b"R."
    yield "frame", b"\x80\x04\x95" + struct.pack("<Q", len(body)) + body
    yield "frame straddle", b"\x80\x04\x95" + struct.pack("<Q", len(body) - 3) + body
    yield "short frame", b"\x80\x04\x95" + struct.pack("<Q", 1) + body
    yield "nested", pickle.dumps({"inner": direct(module, name, arguments, 4)})
    yield "second pickle", pickle.dumps("harmless") + direct(module, name, arguments, 4)
    yield "after garbage", direct(module, name, arguments, 2) + b"\xff" * 20
    yield "without stop", direct(module, name, arguments, 2)[:-1]
    yield "in a list", b"\x80\x02]" + f"c{module}\n{name}\n".encode() + packed + b"Ra."
    yield "as a key", b"\x80\x02}" + f"c{module}\n{name}\n".encode() + packed + b"RNs."
    yield (
        "persistent_id",
        b"\x80\x02" + text("id") + b"Q" + f"c{module}\n{name}\n".encode() + packed + b"R.",
    )
    yield (
        "map",
        b"\x80\x04"
        + text("builtins")
        + text("list")
        + b"\x93"
        + text("builtins")
        + text("map")
        + b"\x93"
        + (reference + b"(" + split[1:] + b"l\x86R\x85R."),
    )


def corpus():
    """Yield names and pickles: more than 200."""
    for title, call in CALLS.items():
        for family, data in families(*call):
            yield f"{title} by {family}", data
    yield from others()


def others():
    """What is no plain call."""
    import cloudpickle
    import numpy as np

    def bomb():
        import os

        os.system("true")

    class Raises(Exception):
        def __reduce__(self):
            return (eval, ("__import__('os').system('true')",))

    yield "cloudpickle function", cloudpickle.dumps(bomb)
    module = types.ModuleType("bomb")
    module.bomb = bomb
    yield "cloudpickle module", cloudpickle.dumps(module)
    yield "exception", pickle.dumps(Raises())
    array = np.empty(1, dtype=object)
    array[0] = Raises()
    yield "numpy object array", pickle.dumps(array)
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    yield "npy file", file.getvalue()
    for length in (2**31, 2**40, 2**62):
        yield f"memory {length}", b"\x80\x04\x8e" + struct.pack("<Q", length) + b"x."
        yield f"frame of memory {length}", b"\x80\x04\x95" + struct.pack("<Q", length) + b"N."
    yield "memory of the memo", b"\x80\x02Nr\xff\xff\xff\x7f."
    yield "long", b"\x80\x02\x8b\xff\xff\xff\x7f."
    yield "deep", b"\x80\x02" + b"(" * 100_000 + b"l" * 100_000 + b"."
