"""Write the golden frames, their keyset and index, and a database: `python tests/golden/make.py`.

This is a second implementation of docs/format.md that shares no line with the engine, so that a
mistake must be made twice to pass. It needs `pip install blake3 pynacl xxhash`. Once a format version is
promised, its files are never written again; new ones are added.
"""

import base64
import json
import pickle
import struct
from pathlib import Path

import make_cbor
from blake3 import blake3
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt
from xxhash import xxh3_64_intdigest

HERE = Path(__file__).parent
CODECS = {"raw": 0, "text": 1, "json": 2, "cbor": 3, "pickle": 4}
COMPRESSED, SIGNED, SEALED, EXPIRY, PYTHON, SEGMENTS, BOUND, MORE = (1 << bit for bit in range(8))
KEY = 1
CHUNK = 65_536

# Public test values: these keys sign nothing but the golden files.
PRIMARY, OLDER, DISABLED, FOREIGN = 0x9F86D081, 0x5EED0001, 0x00C0FFEE, 0xDEADBEEF
SECRETS = {
    PRIMARY: bytes(range(32)),
    OLDER: bytes(range(32, 64)),
    DISABLED: bytes(range(64, 96)),
    FOREIGN: bytes(range(96, 128)),
}

index = []


def checksum(head, payload):
    digest = xxh3_64_intdigest(payload, seed=xxh3_64_intdigest(head))
    return struct.pack("<I", digest & 0xFFFFFFFF)


def mac(key_id, purpose, head, payload, context):
    subkey = blake3(
        SECRETS[key_id], derive_key_context=f"holdall 2026-11 frame signature: {purpose}"
    ).digest()
    lengths = struct.pack("<QQQ", len(head), len(payload), len(context))
    return blake3(head + payload + context + lengths, key=subkey).digest()


def seal(key_id, purpose, nonce, context, before, fields, payload):
    """Return a sealed frame's header, its checksum apart, and its payload.

    `before` and `fields` stand before and behind the field of the flag sealed.
    """
    root = blake3(
        SECRETS[key_id], derive_key_context=f"holdall 2026-11 frame sealing: {purpose}"
    ).digest()
    keys = blake3(nonce, key=root).digest(length=64)
    own, commitment = keys[:32], keys[32:]
    head = before + struct.pack("<I", key_id) + nonce + commitment + fields
    data = head + context + struct.pack("<QQ", len(head), len(context))
    chunks = [payload[at : at + CHUNK] for at in range(0, len(payload), CHUNK)] or [b""]
    body = b""
    for index, chunk in enumerate(chunks):
        place = nonce[:15] + struct.pack("<QB", index, index == len(chunks) - 1)
        body += crypto_aead_xchacha20poly1305_ietf_encrypt(chunk, data, place, own)
    return head, body


def place(base, payload, segments):
    """Return payload and segments as they follow a header that ends at `base`."""
    body = payload
    for segment in segments:
        body += bytes(-(base + len(body)) % 64) + segment
    return body


def keep(folder, name, head, payload, *, segments=(), **entry):
    path = f"{folder}/{name}.frame"
    (HERE / path).write_bytes(head + place(len(head), payload, segments))
    if segments:
        entry["segments"] = [base64.b64encode(segment).decode() for segment in segments]
    index.append(
        {
            "name": name,
            "file": path,
            "header": head.hex(),
            "payload": base64.b64encode(payload).decode(),
            **entry,
        }
    )


def table(payload, segments, signed):
    """Return the field of the flag segments."""
    field = struct.pack("<QI", len(payload), len(segments))
    for segment in segments:
        field += struct.pack("<Q", len(segment))
        field += (
            blake3(segment).digest() if signed else struct.pack("<Q", xxh3_64_intdigest(segment))
        )
    return field


def frame(name, codec, payload, *, expires=None, python=None, segments=(), key=None, sign=None):
    """Keep a frame that can be read. `sign` is (key id, purpose, context, what verifying says)."""
    flags = EXPIRY * (expires is not None) | PYTHON * (python is not None)
    flags |= SIGNED * (sign is not None) | MORE * (key is not None) | SEGMENTS * bool(segments)
    head = bytes([0xC1, 0x48, CODECS[codec], flags])
    if key is not None:
        head += bytes([KEY])
    if expires is not None:
        head += struct.pack("<Q", expires)
    if python is not None:
        head += bytes(python)
    if segments:
        head += table(payload, segments, sign is not None)
    if key is not None:
        head += struct.pack("<H", len(key.encode())) + key.encode()
    signed = None
    if sign is not None:
        key_id, purpose, context, verify = sign
        head += struct.pack("<I", key_id)
        code = mac(key_id, purpose, head, payload, context)
        head += code
        signed = {
            "key_id": f"{key_id:08x}",
            "purpose": purpose,
            "context": base64.b64encode(context).decode(),
            "mac": code.hex(),
            "verify": verify,
        }
    head += checksum(head, payload)
    fields = {"expires": expires, "python": python, "key": key, "signed": signed}
    keep("frames", name, head, payload, segments=segments, codec=codec, fields=fields, error=None)


def sealed(name, codec, payload, by, *, expires=None, python=None, key=None, wrong=None):
    """Keep a frame that is sealed. `by` is (key id, purpose, context, what opening says).

    `wrong` changes header and payload, so that it does not open, under a checksum that is right.
    """
    key_id, purpose, context, error = by
    flags = SEALED | EXPIRY * (expires is not None) | PYTHON * (python is not None)
    before = start(flags | MORE * (key is not None), codec)
    fields = b""
    if key is not None:
        before += bytes([KEY])
    if expires is not None:
        fields += struct.pack("<Q", expires)
    if python is not None:
        fields += bytes(python)
    if key is not None:
        fields += struct.pack("<H", len(key.encode())) + key.encode()
    nonce = blake3(name.encode()).digest(length=24)
    head, body = seal(key_id, purpose, nonce, context, before, fields, payload)
    if wrong is not None:
        head, body = wrong(head, body)
        error = "UntrustedPayloadError"
        codec = list(CODECS)[head[2]]
    field = head[len(before) : len(before) + 60]
    seal_field = {
        "key_id": f"{struct.unpack('<I', field[:4])[0]:08x}",
        "purpose": purpose,
        "context": base64.b64encode(context).decode(),
        "nonce": field[4:28].hex(),
        "commitment": field[28:].hex(),
        "open": error,
        "plain": base64.b64encode(payload).decode(),
    }
    head += checksum(head, body)
    fields = {
        "expires": expires,
        "python": python,
        "key": key,
        "signed": None,
        "sealed": seal_field,
    }
    keep("frames", name, head, body, codec=codec, fields=fields, error=None)


def refused(name, error, before, payload, *, codec=None, sum=None, after=b""):
    """Keep a frame that must be refused. `before` is all of the header but its checksum."""
    head = before + (checksum(before, payload) if sum is None else sum)
    keep("refused", name, head, payload + after, codec=codec, fields=None, error=error)


def start(flags, codec="text", version=0):
    number = codec if isinstance(codec, int) else CODECS[codec]
    return bytes([0xC1, 0x48, version << 4 | number, flags])


def make_frames():
    none = b"\x80\x05N."
    frame("raw", "raw", b"\xff\x00\x01")
    frame("raw-empty", "raw", b"")
    frame("raw-like-a-frame", "raw", b"\xc1\x48\x00\x00")
    frame("raw-like-text", "raw", b"hello")
    frame("text", "text", "hello é".encode())
    frame("text-empty", "text", b"")
    frame("text-like-json", "text", b'{"data":1}')
    frame("json", "json", b'{"data":1}')
    frame("json-null", "json", b"null")
    frame("json-number", "json", b"10")
    frame("json-long", "json", json.dumps(list(range(500)), separators=(",", ":")).encode())
    frame("cbor", "cbor", bytes.fromhex("d9c1488101"))
    frame("pickle", "pickle", none)
    frame("expiry", "text", b"soon gone", expires=1_796_083_200_000)
    frame("expiry-2100", "text", b"gone in 2100", expires=4_102_444_800_000)
    frame("expiry-last", "json", b"0", expires=2**64 - 1)
    frame("key", "text", b"x", key="a/ü b")
    frame("key-long", "json", b"[]", key="k" * 300)
    frame("pickle-signed", "pickle", none, sign=(PRIMARY, "value", b"", None))
    frame("pickle-python", "pickle", none, python=(3, 13), sign=(PRIMARY, "value", b"", None))
    frame("signed-context", "pickle", none, sign=(PRIMARY, "value", b"a/key", None))
    frame("signed-task", "pickle", none, sign=(PRIMARY, "task", b"task 1", None))
    frame("signed-result", "pickle", none, sign=(PRIMARY, "result", b"task 1\0\x01", None))
    frame("signed-workflow", "pickle", none, sign=(PRIMARY, "workflow", b"node", None))
    frame("signed-text", "text", b"signed, though passive", sign=(PRIMARY, "value", b"", None))
    frame("signed-cbor", "cbor", bytes.fromhex("d9c1488101"), sign=(PRIMARY, "value", b"", None))
    frame("signed-empty", "raw", b"", sign=(PRIMARY, "value", b"", None))
    numbers = pickle.dumps(list(range(1000)), protocol=5)
    frame("signed-long", "pickle", numbers, sign=(PRIMARY, "value", b"", None))
    frame("signed-older-key", "pickle", none, sign=(OLDER, "value", b"", None))
    frame("signed-disabled-key", "pickle", none, sign=(DISABLED, "value", b"", "UnknownKey"))
    frame("signed-foreign-key", "pickle", none, sign=(FOREIGN, "value", b"", "UnknownKey"))
    frame("segments", "text", b"hello", segments=[b"data"])
    # Nothing, a gap of nothing, a gap of 63, and a length that XXH3 takes another way.
    several = [b"", bytes(range(64)), b"x", bytes(range(256)) * 3]
    frame("segments-several", "raw", b"", segments=several)
    sign = (PRIMARY, "value", b"", None)
    frame("segments-signed", "pickle", none, segments=[b"data"], sign=sign)
    # NEXT_BUFFER takes the first segment, READONLY_BUFFER makes it one that cannot be written.
    buffers = b"\x80\x05\x97\x98."
    frame("segments-pickle", "pickle", buffers, segments=[b"abc"], sign=sign)
    everything = {"expires": 1_796_083_200_000, "python": (3, 11), "key": "every/field"}
    frame("everything", "pickle", none, **everything, sign=sign)
    frame("everything-beside", "pickle", none, **everything, segments=[b"data", b"2"], sign=sign)
    make_sealed(none, everything)


def make_sealed(none, everything):
    value = (PRIMARY, "value", b"", None)
    sealed("sealed", "text", b"nobody's business", value)
    sealed("sealed-empty", "raw", b"", value)
    sealed("sealed-json", "json", b'{"data":1}', value)
    sealed("sealed-cbor", "cbor", bytes.fromhex("d9c1488101"), value)
    sealed("sealed-pickle", "pickle", none, value)
    sealed("sealed-everything", "pickle", none, value, **everything)
    sealed("sealed-task", "pickle", none, (PRIMARY, "task", b"task 1", None))
    sealed("sealed-older-key", "pickle", none, (OLDER, "value", b"", None))
    sealed("sealed-disabled-key", "pickle", none, (DISABLED, "value", b"", "UnknownKey"))
    sealed("sealed-foreign-key", "pickle", none, (FOREIGN, "value", b"", "UnknownKey"))
    wrongs = {
        "tag": lambda head, body: (head, body[:-1] + bytes([body[-1] ^ 1])),
        "text": lambda head, body: (head, bytes([body[0] ^ 1]) + body[1:]),
        "nonce": lambda head, body: (head[:8] + bytes([head[8] ^ 1]) + head[9:], body),
        "commitment": lambda head, body: (head[:-1] + bytes([head[-1] ^ 1]), body),
        "codec": lambda head, body: (head[:2] + bytes([CODECS["raw"]]) + head[3:], body),
        "key": lambda head, body: (head[:4] + struct.pack("<I", OLDER) + head[8:], body),
        "cut": lambda head, body: (head, body[:-1]),
        "shorter-than-a-tag": lambda head, body: (head, body[-15:]),
        "nothing": lambda head, body: (head, b""),
        "longer": lambda head, body: (head, body + b"!"),
    }
    for what, wrong in wrongs.items():
        sealed(f"sealed-wrong-{what}", "pickle", none, value, wrong=wrong)
    make_sealed_lengths()


def make_sealed_lengths():
    """Keep of frames of several chunks a hash alone: they are long, and nothing else is in them."""
    lengths = []
    for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 77]:
        nonce, payload = bytes(range(24)), bytes(at % 251 for at in range(length))
        before = start(SEALED, "raw")
        head, body = seal(PRIMARY, "value", nonce, b"a/key", before, b"", payload)
        head += checksum(head, body)
        lengths.append({"length": length, "blake3": blake3(head + body).hexdigest()})
    (HERE / "sealed.json").write_text(json.dumps(lengths, indent=1) + "\n", encoding="utf-8")


def make_refused():
    newer, corrupt, text = "UnsupportedVersion", "CorruptFrame", b"hello"
    # One raw zstd block, one LZ4 block of literals.
    zstd = b"\x28\xb5\x2f\xfd\x20\x05" + struct.pack("<I", len(text) << 3 | 1)[:3] + text
    lz4 = b"\x50" + text
    refused(
        "compressed-zstd", newer, start(COMPRESSED) + struct.pack("<BQ", 1, 5), zstd, codec="text"
    )
    refused(
        "compressed-lz4", newer, start(COMPRESSED) + struct.pack("<BQ", 2, 5), lz4, codec="text"
    )
    bomb = start(COMPRESSED) + struct.pack("<BQ", 1, 2**64 - 1)
    refused("compressed-forged", newer, bomb, zstd, codec="text")
    field = struct.pack("<I", PRIMARY) + bytes(range(24)) + bytes(range(32))
    code = bytes(36)
    refused(
        "sealed-signed", corrupt, start(SEALED | SIGNED) + field + code, bytes(21), codec="text"
    )
    beside = table(bytes(21), [b"data"], signed=False)
    refused(
        "sealed-segments", newer, start(SEALED | SEGMENTS) + field + beside, bytes(21), codec="text"
    )
    refused("sealed-compressed", newer, start(SEALED | COMPRESSED) + bytes(9) + field, bytes(21))
    refused("sealed-bound", newer, start(SEALED | BOUND) + field, bytes(21), codec="text")
    refused("sealed-field-cut", corrupt, (start(SEALED) + field)[:-1], b"", sum=b"")
    make_refused_segments()
    payload = b"\x80\x05N."
    head = start(BOUND | SIGNED, "pickle") + struct.pack("<I", PRIMARY)
    head += mac(PRIMARY, "value", head, payload, b"a/key")
    refused("bound", newer, head, payload, codec="pickle")
    refused("every-flag", newer, start(0xFF), text, codec="text")
    refused("version-1", newer, start(0, version=1), text)
    refused("version-15", newer, start(0, version=15), text)
    refused("codec-5", newer, start(0, codec=5), text)
    refused("codec-15", newer, start(0, codec=15), text)
    for bit in range(1, 8):
        refused(
            f"further-flag-{1 << bit:02x}",
            newer,
            start(MORE) + bytes([1 << bit]),
            text,
            codec="text",
        )
    refused("further-flag-none", corrupt, start(MORE) + b"\0", text, codec="text")
    refused("key-empty", corrupt, start(MORE) + b"\x01\0\0", text, codec="text")
    refused("key-not-utf-8", corrupt, start(MORE) + b"\x01\x01\0\xff", text, codec="text")
    refused("key-past-the-end", corrupt, start(MORE) + b"\x01\xff\x3f", text, codec="text")
    refused("key-too-long", "LimitExceeded", start(MORE) + b"\x01\xff\xff", text, codec="text")
    # The frame `raw-like-text`, damaged: undoing the damage gives a frame that the index knows.
    refused("checksum-wrong", corrupt, start(0, "raw"), text, codec="raw", sum=bytes(4))
    refused("trailing-byte", corrupt, start(0, "raw"), text, codec="raw", after=b"!")
    refused("header-cut", corrupt, start(0, "raw")[:3], b"", sum=b"")


def make_refused_segments():
    """Keep what is said wrongly of segments, under a checksum that is right."""
    corrupt, limit, text, data = "CorruptFrame", "LimitExceeded", b"hello", b"data"
    right = xxh3_64_intdigest(data)

    def wrong(name, error, field, after):
        head = start(SEGMENTS) + field
        refused(f"segments-{name}", error, head, text, codec="text", after=after)

    def said(payload=5, count=1, length=4, digest=right):
        return struct.pack("<QIQQ", payload, count, length, digest)

    # 4 bytes of start, 28 of table, 4 of checksum, 5 of payload.
    gap = bytes(64 - 41)
    wrong("damaged", corrupt, said(digest=right ^ 1), gap + data)
    wrong("gap", corrupt, said(), gap[:-1] + b"\x01" + data)
    wrong("unaligned", corrupt, said(), data)
    wrong("missing", corrupt, said(), b"")
    wrong("cut", corrupt, said(), gap + data[:-1])
    wrong("trailing", corrupt, said(), gap + data + b"!")
    wrong("padded", corrupt, said(), gap + data + bytes(60))
    wrong("none", corrupt, struct.pack("<QI", 5, 0), b"")
    wrong("payload-short", corrupt, said(payload=4), gap + data)
    wrong("payload-long", corrupt, said(payload=6), gap + data)
    wrong("longer", corrupt, said(length=5), gap + data)
    two = said(count=2) + struct.pack("<QQ", 4, right)
    wrong("fewer-than-said", corrupt, two, bytes(64 - 57) + data)
    wrong("huge", limit, said(length=2**46), gap + data)
    wrong("overflow", limit, said(length=2**64 - 1), gap + data)
    wrong("payload-overflow", limit, said(payload=2**64 - 1), gap + data)
    many = struct.pack("<QI", 5, 2**16 + 1) + bytes(16)
    wrong("too-many", limit, many, gap + data)
    wrong("forged", limit, struct.pack("<QI", 2**64 - 1, 2**32 - 1), b"")
    empty = struct.pack("<QI", 5, 2**16) + bytes(16)
    wrong("table-cut", corrupt, empty, gap + data)


def make_keyset():
    keys = [(PRIMARY, "enabled"), (OLDER, "enabled"), (DISABLED, "disabled")]
    lines = []
    for key_id, state in keys:
        secret = base64.b64encode(SECRETS[key_id]).decode()
        lines.append(f'    {{"id": "{key_id:08x}", "state": "{state}", "secret": "{secret}"}}')
    text = '{\n  "format": "holdall keyset",\n  "version": 0,\n'
    text += f'  "primary": "{PRIMARY:08x}",\n  "keys": [\n' + ",\n".join(lines) + "\n  ]\n}\n"
    (HERE / "keyset.json").write_text(text)


TABLES = """\
CREATE TABLE entries (
    key TEXT NOT NULL PRIMARY KEY,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    expires INTEGER,
    size INTEGER NOT NULL,
    header BLOB NOT NULL,
    side TEXT,
    value
);
CREATE INDEX entries_expires ON entries (expires) WHERE expires IS NOT NULL;
CREATE INDEX entries_side ON entries (side) WHERE side IS NOT NULL;
CREATE TABLE leases (name TEXT NOT NULL PRIMARY KEY, record BLOB NOT NULL) WITHOUT ROWID;
"""


def make_database():
    """Write the SQL of a store: the values of frames that are in the index, and one beside it."""
    lines = ["PRAGMA page_size = 4096;", TABLES.rstrip()]
    lines += ["PRAGMA application_id = 1752132708;", "PRAGMA user_version = 1;"]
    names = ["raw", "raw-empty", "text", "text-like-json", "json", "json-null", "expiry-2100"]
    for entry in index:
        if entry["name"] not in [*names, "pickle-signed"]:
            continue
        payload = base64.b64decode(entry["payload"])
        expires = (entry["fields"]["expires"]) or "NULL"
        value = f"X'{payload.hex()}'"
        if entry["codec"] in ("text", "json"):
            value = f"CAST({value} AS TEXT)"
        header = entry["header"]
        size = len(header) // 2 + len(payload)
        row = f"'{entry['name']}',1700000000000,1700000000001,{expires},{size},X'{header}',NULL,{value}"
        lines.append(f"INSERT INTO entries VALUES({row});")
    body = b"\xff" * 131_072
    head = start(0, "raw")
    head += checksum(head, body)
    row = f"1700000000000,1700000000001,NULL,{len(head + body)},X'{head.hex()}','{'ab' * 16}',NULL"
    lines.append(f"INSERT INTO entries VALUES('beside',{row});")
    lines.append("PRAGMA journal_mode = WAL;")
    (HERE / "store.sql").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main():
    for folder in ("frames", "refused"):
        (HERE / folder).mkdir(exist_ok=True)
        for old in (HERE / folder).glob("*.frame"):
            old.unlink()
    make_keyset()
    make_frames()
    make_refused()
    make_database()
    make_cbor.main()
    text = json.dumps(index, indent=1, ensure_ascii=False)
    (HERE / "frames.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
