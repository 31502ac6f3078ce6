"""The golden files: what was once written is read as it was meant, from Python, and without holdall."""

import base64
import contextlib
import json
import re
import sqlite3
import sys
from datetime import datetime
from pathlib import Path

import pytest

import holdall

GOLDEN = Path(__file__).parent / "golden"
FORMAT = GOLDEN.parents[1] / "docs" / "format.md"
FRAMES = {entry["name"]: entry for entry in json.loads((GOLDEN / "frames.json").read_text("utf-8"))}
READABLE = [name for name, entry in FRAMES.items() if entry["error"] is None]
REFUSED = [name for name, entry in FRAMES.items() if entry["error"] is not None]


@pytest.fixture(autouse=True)
def golden_keyset(monkeypatch):
    monkeypatch.setenv("HOLDALL_KEYSET", str(GOLDEN / "keyset.json"))


def bytes_of(name):
    return (GOLDEN / FRAMES[name]["file"]).read_bytes()


def test_every_golden_file_has_its_entry():
    files = {path.relative_to(GOLDEN).as_posix() for path in GOLDEN.rglob("*.frame")}
    assert files == {entry["file"] for entry in FRAMES.values()}
    assert len(READABLE) > 20
    assert len(REFUSED) > 20


@pytest.mark.parametrize("name", READABLE)
def test_a_golden_frame_says_what_it_was_made_of(name):
    entry, data = FRAMES[name], bytes_of(name)
    seen, fields = holdall.inspect(data), entry["fields"]
    assert seen.codec == entry["codec"]
    assert seen.header_size == len(entry["header"]) // 2
    assert seen.size == len(data)
    assert seen.segments == len(entry.get("segments", ()))
    assert seen.bare is False
    assert seen.active is (entry["codec"] == "pickle" or name == "sealed-cbor")
    assert seen.signed_by == (fields["signed"] and fields["signed"]["key_id"])
    assert seen.sealed_by == (sealed_of(name) and sealed_of(name)["key_id"])
    assert seen.python == (fields["python"] and "{}.{}".format(*fields["python"]))
    if fields["expires"] is None:
        assert seen.expires_at is None
    elif fields["expires"] < 2**62:
        assert seen.expires_at.timestamp() * 1000 == fields["expires"]
    else:
        assert seen.expires_at.year == datetime.max.year


def sealed_of(name):
    return FRAMES[name]["fields"].get("sealed")


def expected(entry, payload=None):
    payload = base64.b64decode(entry["payload"]) if payload is None else payload
    read = {
        "raw": lambda: payload,
        "text": payload.decode,
        "json": lambda: json.loads(payload),
        "cbor": lambda: {"d9c1488101": (1,)}[payload.hex()],
    }
    return read[entry["codec"]]()


@pytest.mark.parametrize("name", [name for name in READABLE if sealed_of(name)])
def test_a_sealed_golden_frame_is_read_by_who_holds_its_key(name):
    entry, sealed, data = FRAMES[name], sealed_of(name), bytes_of(name)
    error = sealed["open"] and getattr(holdall, sealed["open"])
    if sealed["purpose"] != "value" or sealed["context"]:
        error = holdall.UntrustedPayloadError
    plain = base64.b64decode(sealed["plain"])
    for trust in ("keyset", "all"):
        if error:
            for mode in ("auto", "raw"):
                with pytest.raises(error) as caught:
                    holdall.loads(data, mode=mode, trust=trust)
                assert type(caught.value) is error
            continue
        assert holdall.loads(data, mode="raw", trust=trust) == plain
        if entry["fields"]["python"] not in (None, list(sys.version_info[:2])):
            with pytest.raises(holdall.PythonVersionError):
                holdall.loads(data, trust=trust)
        elif entry["codec"] == "pickle":
            assert holdall.loads(data, trust=trust) is None
        else:
            assert holdall.loads(data, trust=trust) == expected(entry, plain)


@pytest.mark.parametrize("name", [name for name in READABLE if not sealed_of(name)])
def test_a_golden_frame_is_read_as_far_as_it_is_trusted(name):
    entry, data = FRAMES[name], bytes_of(name)
    signed = entry["fields"]["signed"]
    if "segments" in entry:
        with pytest.raises(holdall.SerializationError, match=f"{len(entry['segments'])} segments"):
            holdall.loads(data, mode="raw")
    else:
        assert holdall.loads(data, mode="raw") == base64.b64decode(entry["payload"])
    if entry["codec"] != "pickle":
        assert holdall.loads(data) == expected(entry)
        return
    other_python = entry["fields"]["python"] not in (None, list(sys.version_info[:2]))
    ours = signed and signed["purpose"] == "value" and not signed["context"]
    if not signed or (not ours and not signed["verify"]):
        error = holdall.UntrustedPayloadError
    elif signed["verify"]:
        error = getattr(holdall, signed["verify"])
    else:
        error = holdall.PythonVersionError if other_python else None
    if error is None:
        value = holdall.loads(data)
        if name == "segments-pickle":
            assert value == base64.b64decode(entry["segments"][0])
            assert value.readonly
        else:
            assert value in (None, list(range(1000)))
    else:
        with pytest.raises(error) as caught:
            holdall.loads(data)
        assert type(caught.value) is error


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_frame_is_refused_with_its_error(name):
    error = getattr(holdall, FRAMES[name]["error"])
    for call in (
        holdall.loads,
        holdall.inspect,
        lambda data: holdall.loads(data, trust="all", mode="raw"),
    ):
        with pytest.raises(error) as caught:
            call(bytes_of(name))
        assert type(caught.value) is error


PASSIVE = {"raw": [b"\xff\x00\x01", b""], "text": ["hello é", ""], "json": [{"data": 1}, None, 10]}


@pytest.mark.parametrize("codec", PASSIVE)
def test_what_is_written_today_is_the_golden_file(codec):
    for value in PASSIVE[codec]:
        frame = holdall.dumps(value)
        same = [n for n in READABLE if FRAMES[n]["codec"] == codec and bytes_of(n) == frame]
        assert same, f"no golden file is {value!r}"


def test_a_signature_of_today_is_the_golden_one():
    assert holdall.dumps(None, mode="pickle") == bytes_of("pickle-signed")


ROWS = ["raw", "raw-empty", "text", "text-like-json", "json", "json-null", "expiry-2100"]
SCHEMA = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name"
NUMBERS = ["application_id", "user_version", "page_size", "journal_mode"]
COLUMNS = "key, expires, size, hex(header), side IS NULL, typeof(value), hex(value)"


@pytest.fixture
def golden_database(tmp_path):
    path = tmp_path / "golden.db"
    script = (GOLDEN / "store.sql").read_text("utf-8")
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.executescript(script)
    side = tmp_path / "golden.db.side" / "ab" / ("ab" * 16)
    side.parent.mkdir(parents=True)
    side.write_bytes(b"\xff" * 131_072)
    return path


def test_the_golden_database_is_read(golden_database):
    with holdall.get_store(f"sqlite:///{golden_database}") as store:
        for name in ROWS:
            assert store.get(name) == expected(FRAMES[name])
            assert store.info(name).created_at.timestamp() == 1_700_000_000
        assert store.get("pickle-signed") is None
        assert store.get("beside") == b"\xff" * 131_072
        assert len(store) == len(ROWS) + 2


def test_a_database_of_today_is_as_the_golden_one(golden_database, tmp_path):
    ours = tmp_path / "ours.db"
    with holdall.get_store(f"sqlite:///{ours}") as store:
        for name in ROWS[:-1]:
            store.put(name, expected(FRAMES[name]))
        store.put("pickle-signed", None, mode="pickle")
        store.put("beside", b"\xff" * 131_072)

    def seen(path):
        with contextlib.closing(sqlite3.connect(path)) as database:
            rows = f"SELECT {COLUMNS} FROM entries WHERE key <> 'expiry-2100' ORDER BY key"
            numbers = [database.execute(f"PRAGMA {name}").fetchone() for name in NUMBERS]
            return database.execute(SCHEMA).fetchall(), numbers, database.execute(rows).fetchall()

    assert seen(ours) == seen(golden_database)


def test_the_schema_is_the_one_on_the_page():
    page = re.search(r"^```sql\n(.*?)^```$", FORMAT.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert page[1] in (GOLDEN / "store.sql").read_text("utf-8")


def reader(name="read_frame"):
    """A function of the reader in plain Python that the format's page prints."""
    page = FORMAT.read_text("utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    code = next(block for block in blocks if "def read_frame" in block)
    namespace = {}
    exec(code, namespace)
    return namespace[name]


@pytest.mark.parametrize("name", READABLE)
def test_the_plain_reader_of_the_format_page_reads_what_is_passive(name):
    entry, read = FRAMES[name], reader()
    if sealed_of(name):
        with pytest.raises(ValueError, match="sealed"):
            read(bytes_of(name))
    elif entry["codec"] in ("cbor", "pickle"):
        with pytest.raises(ValueError, match=r"passive|CBOR"):
            read(bytes_of(name))
    else:
        assert read(bytes_of(name)) == expected(entry)


@pytest.mark.parametrize("name", [name for name in READABLE if not sealed_of(name)])
def test_the_plain_reader_finds_payload_and_segments(name):
    entry = FRAMES[name]
    _, payload, segments = reader("parts_of")(bytes_of(name))
    assert payload == base64.b64decode(entry["payload"])
    assert segments == [base64.b64decode(segment) for segment in entry.get("segments", ())]


@pytest.mark.parametrize(
    "name", [name for name in REFUSED if FRAMES[name]["error"] == "UnsupportedVersion"]
)
def test_the_plain_reader_refuses_what_is_not_built(name):
    with pytest.raises((ValueError, IndexError)):
        reader()(bytes_of(name))


def test_the_plain_reader_reads_what_is_written_today():
    for value in ["héllo", b"\xff\x00", {"a": [1, None, "é"]}, 1.5, None, "", b""]:
        assert reader()(holdall.dumps(value)) == value
