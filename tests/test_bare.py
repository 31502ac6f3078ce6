"""A folder store is a folder of plain files: which values have no frame, and how foreign files are read."""

import json
import threading

import pytest

import holdall
from holdall import get_store
from processes import run
from same import same
from values import VALUES


@pytest.fixture
def folder(tmp_path):
    with get_store(tmp_path) as store:
        yield store


BARE = {
    "text": ("hello é", "hello é".encode()),
    "number as text": ("1", b"1"),
    "spaces": (" {", b" {"),
    "dict": ({"a": [1, None]}, b'{"a":[1,null]}'),
    "empty dict": ({}, b"{}"),
    "list": ([1.5, "x"], b'[1.5,"x"]'),
    "bytes": (b"\xff\x00", b"\xff\x00"),
}


@pytest.mark.parametrize("name", BARE)
def test_a_value_that_reads_back_is_a_plain_file(folder, tmp_path, name):
    value, content = BARE[name]
    folder.put("folder/name", value)
    assert (tmp_path / "folder" / "name").read_bytes() == content
    assert folder.info("folder/name").bare
    assert same(folder.get("folder/name"), value)


FRAMED = [
    1,
    1.5,
    True,
    None,
    "",
    b"",
    b"hello",
    b"{}",
    "{",
    "[x",
    '{"a":1}',
    b"\xc1H",
    b"[",
    (1,),
    {1},
    b"{\xff",
]


@pytest.mark.parametrize("value", FRAMED, ids=repr)
def test_a_value_that_would_not_read_back_has_a_frame(folder, tmp_path, value):
    folder.put("k", value)
    content = (tmp_path / "k").read_bytes()
    assert content.startswith(b"\xc1H")
    assert not folder.info("k").bare
    assert same(folder.get("k"), value)
    assert same(holdall.loads(content), value)


def test_a_ttl_has_a_frame(folder, tmp_path):
    folder.put("k", "text", ttl=100)
    assert holdall.inspect((tmp_path / "k").read_bytes()).expires_at
    folder.put("k", "text")
    assert (tmp_path / "k").read_bytes() == b"text"


def test_without_bare_everything_has_a_frame(tmp_path):
    with get_store(tmp_path, bare=False) as store:
        for value, _ in BARE.values():
            store.put("k", value)
            assert holdall.loads((tmp_path / "k").read_bytes()) == value
        with get_store(tmp_path) as reader:
            assert same(reader.get("k"), value)


def test_the_codecs_on_disk_are_those_of_every_backend(tmp_path):
    """Bare or not, the same value is the same value in every store."""
    values = {name: value for name, (value, _) in VALUES.items()}
    with get_store(tmp_path / "f") as files, get_store("memory://") as memory:
        files.put_many(values)
        memory.put_many(values)
        for name in values:
            assert files.info(name).codec == memory.info(name).codec
            assert files.checksum(name) == memory.checksum(name)


def test_any_tool_can_write_the_files(folder, tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "data.json").write_text('{ "a": [1, 2.5, null, "é"] }\n')
    (tmp_path / "note.txt").write_text("just text\n")
    (tmp_path / "image").write_bytes(b"\x89PNG\r\n\x1a\n\xff")
    (tmp_path / "empty").write_bytes(b"")
    assert folder.get("sub/data.json") == {"a": [1, 2.5, None, "é"]}
    assert folder.get("note.txt") == "just text\n"
    assert folder.get("image") == b"\x89PNG\r\n\x1a\n\xff"
    assert folder.get("empty") == b""
    assert sorted(folder) == ["empty", "image", "note.txt", "sub/data.json"]
    assert folder.info("note.txt").size == 10
    assert folder.pop("empty") == b""
    folder.delete("sub/data.json")
    assert sorted(folder) == ["image", "note.txt"]


def test_any_tool_can_read_the_files(folder, tmp_path):
    folder.put("data.json", {"a": [1, {"b": "é\n"}], "f": 0.1})
    folder.put("note.txt", "text\n")
    assert json.loads((tmp_path / "data.json").read_bytes()) == {"a": [1, {"b": "é\n"}], "f": 0.1}
    assert (tmp_path / "note.txt").read_text() == "text\n"


@pytest.mark.parametrize(
    "content", [b"{", b"[1,]", b'{"a":1} trailing', b"[NaN]", b"{'a': 1}", b"[\xff]", b"[" * 20_000]
)
def test_a_file_that_begins_as_json_and_is_none_names_the_ways_to_read_it(
    folder, tmp_path, content
):
    (tmp_path / "k").write_bytes(content)
    with pytest.raises((holdall.SerializationError, holdall.LimitExceeded), match="mode="):
        folder.get("k")
    assert folder.get("k", mode="raw") == content
    if b"\xff" not in content:
        assert folder.get("k", mode="text") == content.decode()


@pytest.mark.parametrize(
    "content",
    [b"\xc1H", b"\xc1H\x02\x00", b"\xc1H\x02\x00\x00\x00\x00\x00{}", b"\xc1H" + b"x" * 100],
)
def test_a_damaged_frame_is_an_error_and_not_text_or_bytes(folder, tmp_path, content):
    (tmp_path / "k").write_bytes(content)
    for mode in ("auto", "raw", "text", "json"):
        with pytest.raises((holdall.CorruptFrame, holdall.UnsupportedVersion), match="k"):
            folder.get("k", mode=mode)
    assert list(folder) == ["k"]
    folder.put("k", "healed")
    assert folder.get("k") == "healed"


def test_a_bare_file_may_be_read_in_any_passive_mode(folder, tmp_path):
    (tmp_path / "k").write_bytes(b"[1]")
    assert folder.get("k") == [1]
    assert folder.get("k", mode="text") == "[1]"
    assert folder.get("k", mode="raw") == b"[1]"


def test_a_raw_store_is_a_folder_of_the_bytes_themselves(tmp_path):
    with get_store(tmp_path, mode="raw") as store:
        for content in [b"hello", b"", b"{", b"[1]", b"\xff", b"1"]:
            store.put("k", content)
            assert (tmp_path / "k").read_bytes() == content
            assert store.get("k") == content
        store.put("k", b"\xc1Hx")
        assert (tmp_path / "k").read_bytes() != b"\xc1Hx"
        assert store.get("k") == b"\xc1Hx"
        store.put_many({"a": b"{", "b": b""})
        assert (tmp_path / "a").read_bytes() == b"{"
        with pytest.raises(ValueError, match="raw"):
            store.put("k", "text")


def test_mode_raw_on_another_store_follows_the_rule(folder, tmp_path):
    folder.put("k", b"{", mode="raw")
    assert (tmp_path / "k").read_bytes() != b"{"
    assert folder.get("k") == b"{"


def test_open_writes_the_bytes_themselves(folder, tmp_path):
    with folder.open("k.csv", "w") as file:
        file.write("a,b\n")
    assert (tmp_path / "k.csv").read_bytes() == b"a,b\n"
    with folder.open("k", "wb") as file:
        file.write(b"{")
    assert (tmp_path / "k").read_bytes() == b"{"


def test_a_key_and_keys_below_it_live_side_by_side(folder, tmp_path):
    folder.put("p", "value")
    assert (tmp_path / "p").read_text() == "value"
    folder.put("p/q", {"a": 1})
    folder.put("p/q/r", "deep")
    assert folder.get_many(["p", "p/q", "p/q/r"]) == {
        "p": "value",
        "p/q": {"a": 1},
        "p/q/r": "deep",
    }
    assert sorted(folder) == ["p", "p/q", "p/q/r"]
    assert run("print(sorted(get_store(sys.argv[1])))", tmp_path) == "['p', 'p/q', 'p/q/r']\n"
    folder.delete("p/q/r")
    folder.delete("p/q")
    assert folder.get("p") == "value"
    assert list(folder) == ["p"]


def test_two_processes_that_write_a_key_and_keys_below_it_lose_nothing(tmp_path):
    from processes import finish, start

    code = """
    store = get_store(sys.argv[1])
    for n in range(60):
        for key in sys.argv[2:]:
            store.put(key, f"{key} {n}")
            assert store.get(key) == f"{key} {n}", key
            if n % 3 == 0:
                store.delete(key)
    """
    children = [
        start(code, tmp_path, *keys) for keys in (["p", "a/b"], ["p/q", "a"], ["p/q/r", "a/b/c"])
    ]
    for child in children:
        finish(child)
    with get_store(tmp_path) as store:
        keys = ["a", "a/b", "a/b/c", "p", "p/q", "p/q/r"]
        assert store.get_many(keys) == {key: f"{key} 59" for key in keys}
        assert sorted(store) == keys


@pytest.mark.parametrize("key", ["../outside", "a/../../outside", "/etc/x", "..", "a/.."])
def test_no_key_leaves_the_folder(tmp_path, key):
    inside = tmp_path / "inside"
    with get_store(inside) as store:
        for call in (lambda: store.put(key, "x"), lambda: store.open(key, "wb").close()):
            with pytest.raises(holdall.ValidationError):
                call()
    assert not (tmp_path / "outside").exists()


def test_no_link_leads_out_of_the_folder(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    with get_store(tmp_path / "inside") as store:
        store.put("k", "makes the folder")
        (tmp_path / "inside" / "link").symlink_to(outside)
        (tmp_path / "inside" / "file").symlink_to(outside / "secret")
        for key in ("link/secret", "link/new", "file"):
            with pytest.raises(holdall.ValidationError, match="symbolic link"):
                store.get(key, None)
            with pytest.raises(holdall.ValidationError, match="symbolic link"):
                store.put(key, "overwritten")
    assert {path.name: path.read_text() for path in outside.iterdir()} == {"secret": "secret"}


def test_no_half_file_and_no_temporary_file_is_ever_a_key(tmp_path):
    with get_store(tmp_path) as store:
        stop = threading.Event()
        store.put_many({"k": "first", "other": "first"})

        def write():
            while not stop.is_set():
                store.put("k", "x" * 100_000)
                store.put("other", {"a": 1}, ttl=100)

        thread = threading.Thread(target=write)
        thread.start()
        met = set()
        for _ in range(200):
            met |= set(store.iterate_keys())
        stop.set()
        thread.join()
    assert met == {"k", "other"}
    assert {path.name for path in tmp_path.iterdir()} <= {"k", "other", ".holdall"}


@pytest.mark.parametrize("damage", [b"", bytes(9), b"\xc1\x49", b'{"a": 1}', b"text"])
def test_a_store_that_frames_everything_takes_nothing_without_a_frame(tmp_path, damage):
    with get_store(tmp_path, bare=False) as store:
        store.put("k", {"a": 1})
        (tmp_path / "k").write_bytes(damage)
        for read in (store.get, store.info, store.pop):
            with pytest.raises(holdall.CorruptFrame, match="bare=False"):
                read("k")
        store.put("k", 2)
        assert store.get("k") == 2
