"""Trust: what may run code is opened only under the reader's keyset, or where the reader says so."""

import json
import pickle
import sqlite3
import sys
import time
from pathlib import Path

import pytest

import holdall
import hostile
from holdall import get_store
from holdall._holdall import keyset_new
from hostile import frame_of
from processes import run

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def frame():
    return holdall.dumps(KeyError)


def with_id(key_id):
    """A keyset with a key of that id and a secret of its own."""
    document = json.loads(keyset_new())
    document["primary"] = document["keys"][0]["id"] = key_id
    return json.dumps(document)


def test_our_own_active_values_are_opened(frame):
    assert holdall.loads(frame) == KeyError


def test_an_unsigned_frame_is_not_opened():
    data = (GOLDEN / "frames/pickle.frame").read_bytes()
    with pytest.raises(holdall.UntrustedPayloadError, match="trust") as caught:
        holdall.loads(data)
    assert type(caught.value) is holdall.UntrustedPayloadError
    assert holdall.loads(data, trust="all") is None


def test_a_frame_of_another_keyset_is_not_opened(frame):
    with pytest.raises(holdall.UnknownKey):
        holdall.loads(frame, keyset=keyset_new())
    assert holdall.loads(frame, keyset=keyset_new(), trust="all") == KeyError


def test_a_key_of_the_same_id_and_another_secret_does_not_verify(frame):
    forged = frame_of(pickle.dumps({2}), with_id(holdall.inspect(frame).signed_by))
    assert holdall.inspect(forged).signed_by == holdall.inspect(frame).signed_by
    with pytest.raises(holdall.UntrustedPayloadError) as caught:
        holdall.loads(forged)
    assert type(caught.value) is holdall.UntrustedPayloadError


def test_every_tampered_byte_is_noticed_before_the_payload_is_opened(frame, monkeypatch):
    opened = []
    monkeypatch.setattr("holdall._pickle.loads", opened.append)
    for position in range(len(frame)):
        for flip in (1, 0x80):
            damaged = bytearray(frame)
            damaged[position] ^= flip
            with pytest.raises(holdall.HoldallError):
                holdall.loads(damaged)
    assert not opened


@pytest.mark.parametrize(
    "name", ["signed-task", "signed-result", "signed-workflow", "signed-context"]
)
def test_a_signature_for_another_purpose_is_none_for_a_value(monkeypatch, name):
    monkeypatch.setenv("HOLDALL_KEYSET", str(GOLDEN / "keyset.json"))
    assert holdall.loads((GOLDEN / "frames/pickle-signed.frame").read_bytes()) is None
    with pytest.raises(holdall.UntrustedPayloadError):
        holdall.loads((GOLDEN / f"frames/{name}.frame").read_bytes())


def test_passive_values_are_open_to_everyone(store):
    store.put_many({"text": "a", "json": {"a": 1}, "raw": b"\xff"})
    stranger = store.derive(keyset=keyset_new())
    assert stranger.get_many(["text", "json", "raw"]) == {
        "text": "a",
        "json": {"a": 1},
        "raw": b"\xff",
    }


def test_a_store_opens_what_its_keyset_signed_and_all_only_if_told_so(store):
    store.put("k", KeyError)
    stranger = store.derive(keyset=keyset_new())
    for call in [
        lambda: stranger.get("k"), lambda: stranger["k"], lambda: stranger.pop("k"), lambda: stranger.get_many(["k"]),
        lambda: list(stranger.iterate_values()), lambda: list(stranger.items()), lambda: stranger.compare_and_swap("k", KeyError, 2),
        lambda: stranger.get("k", mode="pickle"), lambda: stranger.copy_to(get_store("memory://")),
    ]:  # fmt: skip
        with pytest.raises(holdall.UntrustedPayloadError):
            call()
    assert stranger.get("k", trust="all") == KeyError
    assert store.derive(keyset=keyset_new(), trust="all").get("k") == KeyError
    with pytest.raises(holdall.UntrustedPayloadError):
        store.derive(keyset=keyset_new(), trust="all").get("k", trust="keyset")
    assert store.get("k") == KeyError


@pytest.mark.parametrize("trust", ["", "none", "ALL", "yes"])
def test_trust_is_one_of_two_words(frame, trust):
    with pytest.raises(holdall.ValidationError, match="trust"):
        holdall.loads(frame, trust=trust)
    with pytest.raises(TypeError):
        holdall.loads(frame, trust=True)


BARE = pickle.dumps({1})


def test_a_bare_pickle_is_bytes_unless_two_things_are_said(tmp_path):
    (tmp_path / "k").write_bytes(BARE)
    with get_store(tmp_path) as store:
        assert store.get("k") == BARE
        assert store.get("k", trust="all") == BARE
        with pytest.raises(holdall.UntrustedPayloadError, match='trust="all"'):
            store.get("k", mode="pickle")
        assert store.get("k", mode="pickle", trust="all") == {1}
    with get_store(tmp_path, mode="pickle") as store, pytest.raises(holdall.UntrustedPayloadError):
        store.get("k")


def test_bytes_that_are_a_pickle_stay_bytes(store):
    store.put("k", BARE)
    store.put("framed", BARE, ttl=100)
    for key in ("k", "framed"):
        assert store.get(key) == BARE
        assert store.get(key, trust="all") == BARE
    with pytest.raises(holdall.SerializationError):
        store.get("framed", mode="pickle", trust="all")


def test_loads_without_a_frame_opens_a_pickle_only_if_told_so():
    with pytest.raises(holdall.UntrustedPayloadError):
        holdall.loads(BARE, mode="pickle", frame=False)
    assert holdall.loads(BARE, mode="pickle", frame=False, trust="all") == {1}


def test_code_of_another_python_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setenv("HOLDALL_KEYSET", str(GOLDEN / "keyset.json"))
    data = (GOLDEN / "frames/pickle-python.frame").read_bytes()
    if sys.version_info[:2] == (3, 13):
        assert holdall.loads(data) is None
        return
    opened = []
    monkeypatch.setattr("holdall._pickle.loads", opened.append)
    for trust in ("keyset", "all"):
        with pytest.raises(holdall.PythonVersionError, match=r"3\.13"):
            holdall.loads(data, trust=trust)
    assert not opened
    assert holdall.loads(data, mode="raw") == b"\x80\x05N."


# The corpus

WATCH = """
import pathlib
files = sorted(pathlib.Path(sys.argv[1]).iterdir())
frames = [path.read_bytes() for path in files if path.name.startswith("frame")]
bare = [path.name for path in files if path.name.startswith("bare")]
store = get_store(sys.argv[2])
def attempts():
    for frame in frames:
        yield lambda: holdall.loads(frame)
        yield lambda: holdall.loads(frame, mode="pickle")
        yield lambda: holdall.loads(frame[8:])
        yield lambda: holdall.loads(frame[8:], mode="pickle", frame=False)
        yield lambda: holdall.inspect(frame)
    for key in list(store):
        yield lambda: store.get(key)
        yield lambda: store.get(key, mode="pickle")
        yield lambda: store.get(key, mode="auto", trust="keyset")
        yield lambda: store.pop(key, mode="pickle")
        yield lambda: store.compare_and_swap(key, None, None)
        yield lambda: list(store.stream(key))
        yield lambda: store.info(key)
        yield lambda: store.copy_to(get_store("memory://"), prefix=key)
def run():
    refused = tried = 0
    for attempt in attempts():
        tried += 1
        try:
            attempt()
        except holdall.HoldallError:
            refused += 1
    return tried, refused
run()  # What this imports or opens for the first time is ours.
events = []
BAD = ("exec", "import", "compile", "os.", "subprocess", "socket", "pickle.find_class", "ctypes", "shutil", "marshal")
def hook(event, arguments):
    if event.startswith(BAD) or (event == "open" and "hostname" in str(arguments[0])):
        events.append((event, str(arguments)[:200]))
sys.addaudithook(hook)
tried, refused = run()
import_free = [event for event in events if event[0] != "import" or "holdall" not in event[1]]
print(len(frames), tried > len(frames), refused > len(frames), import_free)
import os; os.system("true")
print(events[-1][0])
"""


OURS = keyset_new()


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Each pickle in a frame of a key that we do not have, and in one that pretends to be ours."""
    folder = tmp_path_factory.mktemp("corpus")
    signers = {"foreign": keyset_new(), "forged": with_id(json.loads(OURS)["primary"])}
    for number, (_, data) in enumerate(hostile.corpus()):
        for name, keyset in signers.items():
            (folder / f"frame-{name}-{number}").write_bytes(frame_of(data, keyset))
    return folder


@pytest.fixture(autouse=True)
def our_keyset(monkeypatch):
    monkeypatch.setenv("HOLDALL_KEYSET", OURS)


def test_the_corpus_is_large_and_really_runs_code():
    names = [name for name, _ in hostile.corpus()]
    assert len(names) == len(set(names)) > 200
    # Opened by pickle itself, most of the families do what they say.
    out = run(
        """
        import hostile, pickle
        ran = []
        sys.addaudithook(lambda event, arguments: event == "os.system" and ran.append(event))
        call = hostile.CALLS["os.system"]
        worked = []
        for family, data in hostile.families(*call):
            before = len(ran)
            try:
                pickle.loads(data)
            except Exception:
                pass
            if len(ran) > before:
                worked.append(family)
        print(len(worked))
        """
    )
    assert int(out) >= 15


@pytest.mark.parametrize("reader", ["with a keyset", "without one"])
def test_no_hostile_frame_runs_anything(corpus, monkeypatch, reader):
    if reader == "without one":
        monkeypatch.delenv("HOLDALL_KEYSET")
    said = run(WATCH, corpus, "memory://", timeout=110).splitlines()
    count = len(list(corpus.iterdir()))
    assert said == [f"{count} True True []", "os.system"]


def test_no_hostile_file_in_a_folder_runs_anything(corpus, tmp_path):
    folder = tmp_path / "store"
    folder.mkdir()
    for number, (_, data) in enumerate(hostile.corpus()):
        (folder / f"bare{number}").write_bytes(data)
    for path in list(corpus.iterdir())[::7]:
        (folder / f"framed-{path.name}").write_bytes(path.read_bytes())
    empty = tmp_path / "none"
    empty.mkdir()
    said = run(WATCH, empty, f"file://{folder}", timeout=110).splitlines()
    assert said == ["0 True True []", "os.system"]


def columns(connection):
    """The table that holds the values, and the columns of the header and the value in it."""
    tables = connection.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'table'"
    ).fetchall()
    for table, _ in tables:
        names = [row[1] for row in connection.execute(f"PRAGMA table_info('{table}')")]
        if {"key", "header", "value"} <= set(names):
            return table
    raise AssertionError(tables)


def test_no_hostile_row_in_a_database_runs_anything(corpus, tmp_path):
    path = tmp_path / "store.db"
    with get_store(f"sqlite:///{path}") as store:
        for number, _ in enumerate(hostile.corpus()):
            store.put(f"k{number}", b"\xff placeholder")
            store.put(f"active{number}", KeyError)
    with sqlite3.connect(path) as connection:
        table = columns(connection)
        for number, (_, data) in enumerate(hostile.corpus()):
            connection.execute(
                f"UPDATE {table} SET value = ? WHERE key = ?", (data, f"active{number}")
            )
            forged = (corpus / f"frame-forged-{number}").read_bytes()
            header = holdall.inspect(forged).header_size
            row = (forged[:header], forged[header:], f"k{number}")
            connection.execute(f"UPDATE {table} SET header = ?, value = ? WHERE key = ?", row)
        changed = connection.total_changes
    connection.close()
    assert changed == 2 * sum(1 for _ in hostile.corpus())
    empty = tmp_path / "none"
    empty.mkdir()
    said = run(WATCH, empty, f"sqlite:///{path}", timeout=110).splitlines()
    assert said == ["0 True True []", "os.system"]


def test_a_pickle_that_asks_for_all_memory_is_refused_at_once():
    names = [name for name, _ in hostile.others() if "memory" in name]
    assert len(names) == 7
    for name, data in hostile.others():
        if name in names:
            began = time.monotonic()
            with pytest.raises(holdall.UntrustedPayloadError):
                holdall.loads(frame_of(data, keyset_new()))
            assert time.monotonic() - began < 1
