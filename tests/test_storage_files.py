"""What a file storage has on the disk, and what the disk may do to it."""

import hashlib
import os
import pickle
import resource
import signal
from pathlib import Path

import pytest

from holdall.errors import (
    CorruptFrame,
    NotAFrame,
    SerializationError,
    StoreFull,
    UntrustedPayloadError,
    ValidationError,
)
from holdall.storage import storage_factory
from processes import run
from storages import ABOUT, KEY, OTHER, Place


@pytest.fixture
def place(tmp_path):
    return Place("file", tmp_path)


@pytest.fixture
def storage(place):
    return place.open()


def test_where_entries_lie(storage, place):
    storage.keep("flow", "task", KEY, 1, ABOUT)
    storage.keep("flow", "task", OTHER, 2, ABOUT)
    storage.save("flow", "a/b", 3)
    assert place.left() == ["flow/.lock", "flow/=a%2fb", "flow/task", f"flow/task@{KEY[:32]}"]
    assert (place.path / "flow/.lock").read_bytes() == b""
    # Another reader's view of the format: what is said is JSON in a frame behind eight bytes.
    data = (place.path / "flow/task").read_bytes()
    assert data[:4] == b"\xc1\x65\0\0"
    length = int.from_bytes(data[4:8], "little")
    assert f'"key":"{OTHER}"'.encode() in data[8 : 8 + length]
    assert data[8 + length :].startswith(b"\xc1\x48")


def test_a_storage_makes_nothing_until_something_is_kept(storage, place):
    assert storage.list_tasks("flow", "*") == []
    assert storage.look("flow", "task", KEY) is None
    assert storage.prune() == 0
    assert not place.path.exists()


def test_another_process_may_remove_the_folder(storage, place):
    import shutil

    storage.save("flow", "task", 1)
    shutil.rmtree(place.path)
    assert storage.look("flow", "task", KEY) is None
    storage.save("flow", "task", 2)
    with storage.claim("flow", "task", KEY):
        shutil.rmtree(place.path)
        storage.save("flow", "task", 3)
    assert place.open().read_task("flow", "task") == 3


def test_links_are_not_followed(storage, place, tmp_path):
    storage.save("flow", "task", 1)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "victim").write_bytes(b"victim")
    (place.path / "flow/link").symlink_to(place.path / "flow/task")
    (place.path / "linked").symlink_to(place.path / "flow")
    for workflow, name in [("flow", "link"), ("linked", "task")]:
        with pytest.raises(ValidationError, match="symbolic link"):
            storage.read_task(workflow, name)
        with pytest.raises(ValidationError, match="symbolic link"):
            storage.look(workflow, name, KEY)
    assert storage.list_tasks("flow", "*") == ["task"]
    with pytest.raises(ValidationError, match="symbolic link"):
        storage.save("linked", "task", 2)
    storage.save("flow", "link", 2)
    assert storage.read_task("flow", "link") == 2
    assert storage.read_task("flow", "task") == 1
    # The storage itself may be reached by one.
    (tmp_path / "way").symlink_to(place.path)
    way = storage_factory({"kind": "file", "options": {"path": tmp_path / "way"}})
    assert way.read_task("flow", "task") == 1
    # Nor does removing side data lead anywhere.
    (place.path / "flow/.side").symlink_to(elsewhere)
    storage.remove_task("flow", "task")
    storage.remove_workflow("flow")
    assert (elsewhere / "victim").read_bytes() == b"victim"


def test_what_is_no_file_is_no_entry(storage, place):
    storage.save("flow", "task", 1)
    (place.path / "flow/folder").mkdir()
    os.mkfifo(place.path / "flow/pipe")
    assert storage.list_tasks("flow", "*") == ["task"]
    for name in ("folder", "pipe"):
        assert not storage.file_exists("flow", name)
        with pytest.raises(ValidationError, match="not a regular file"):
            storage.read_task("flow", name)
    storage.remove_workflow("flow")
    assert not (place.path / "flow").exists()


def test_a_folder_that_is_only_read(storage, place):
    storage.keep("flow", "task", KEY, [1], ABOUT)
    program = """
    from holdall.errors import StoreReadOnly
    from holdall.storage import storage_factory
    if os.geteuid() == 0:
        # Root may write anywhere: be somebody else, who has the keyset.
        os.setgid(65534)
        os.setuid(65534)
    storage = storage_factory({"kind": "file", "options": {"path": sys.argv[1], "keyset": sys.argv[2]}})
    key = sys.argv[3]
    assert storage.load(storage.look("flow", "task", key)) == [1]
    assert storage.read_task("flow", "task") == [1]
    assert storage.list_tasks("flow", "*") == ["task"]
    assert storage.look("flow", "task", key[::-1]) is None
    for call in (
        lambda: storage.save("flow", "task", 2),
        lambda: storage.save("other", "task", 2),
        lambda: storage.remove_task("flow", "task"),
        lambda: storage.claim("flow", "other", key).__enter__(),
    ):
        try:
            call()
        except StoreReadOnly as error:
            assert isinstance(error, PermissionError)
        else:
            raise AssertionError(call)
    print("done")
    """
    text = Path(os.environ["XDG_CONFIG_HOME"], "holdall", "keyset.json").read_text()
    folders = [place.path / "flow", place.path]
    above = [folder for folder in place.path.parents if folder.stat().st_uid == os.geteuid()]
    modes = {folder: folder.stat().st_mode for folder in (*folders, *above)}
    try:
        for folder in above:
            folder.chmod(folder.stat().st_mode | 0o111)
        (place.path / "flow/.lock").chmod(0o444)
        for folder in folders:
            folder.chmod(0o555)
        assert run(program, place.path, text, KEY) == "done\n"
    finally:
        for folder, mode in modes.items():
            folder.chmod(mode)
    assert place.left() == ["flow/.lock", "flow/task"]


def test_a_full_disk_changes_nothing(storage, place):
    storage.keep("flow", "task", KEY, "before", ABOUT)
    before = {name: place.read(name) for name in place.left()}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, limits[1]))
        for size in (40_000, 4_000_000):
            with pytest.raises(StoreFull) as caught:
                storage.keep("flow", "task", OTHER, "x" * size, ABOUT)
            assert "free some space" in str(caught.value)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert {name: place.read(name) for name in place.left()} == before
    storage.keep("flow", "task", OTHER, "x" * 40_000, ABOUT)
    assert storage.load(storage.look("flow", "task", KEY)) == "before"


def test_without_a_keyset_nothing_can_be_kept(place, monkeypatch):
    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name)
    storage = place.open()
    with pytest.raises(ValidationError, match="HOLDALL_KEYSET"):
        storage.save("flow", "task", 1)
    assert place.left() == []


def test_durability_full(place):
    storage = place.open(durability="full")
    storage.keep("flow", "task", KEY, 1, ABOUT)
    storage.keep("flow", "task", OTHER, 2, ABOUT)
    assert storage.read_task("flow", "task") == 2


def test_every_bit_of_an_entry_counts(storage, place):
    storage.keep("flow", "task", KEY, ["value"], ABOUT)
    whole = place.read("flow/task")
    for bit in range(8 * len(whole)):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << (bit % 8)
        place.write("flow/task", bytes(flipped))
        with pytest.raises(Exception, match="task"):
            storage.load(storage.look("flow", "task", KEY))
    for cut in range(len(whole)):
        place.write("flow/task", whole[:cut])
        with pytest.raises(CorruptFrame, match="task"):
            storage.look("flow", "task", KEY)


# Function Fuse

FUSE = pickle.dumps({"x": [1, 2.5], "y": (None, "text")})


class Pickler(pickle.Pickler):
    def persistent_id(self, value):
        return ("Box", ("1", False, "data.bin")) if type(value).__name__ == "Box" else None


def fuse(body):
    """The very format: a pickle, then its SHA-1."""
    return body + hashlib.sha1(body).digest()


def test_function_fuse_is_read_by_who_trusts_it(storage, place):
    place.write("flow/load_0000", fuse(FUSE))
    (place.path / "flow/bigdata").mkdir()
    with pytest.raises(UntrustedPayloadError, match='trust="all"'):
        storage.read_task("flow", "load_0000")
    with pytest.raises(NotAFrame):
        storage.look("flow", "load_0000", KEY)
    assert storage.list_tasks("flow", "*") == ["load_0000"]
    trusting = place.open(trust="all")
    assert trusting.read_task("flow", "load_0000") == {"x": [1, 2.5], "y": (None, "text")}
    # What is computed again is kept over it.
    storage.keep("flow", "load_0000", KEY, 1, ABOUT)
    assert trusting.read_task("flow", "load_0000") == 1
    storage.remove_workflow("flow")
    assert place.left() == []


@pytest.mark.parametrize("damage", [0, 5, len(FUSE) - 1, len(FUSE), len(FUSE) + 19])
def test_a_damaged_one_of_function_fuse_is_never_unpickled(place, damage):
    data = bytearray(fuse(FUSE))
    data[damage] ^= 4
    place.write("flow/task", bytes(data))
    for body in (bytes(data), fuse(FUSE)[:-1], b"", b"x"):
        place.write("flow/task", body)
        with pytest.raises(CorruptFrame, match="task"):
            place.open(trust="all").read_task("flow", "task")


def test_function_fuse_may_have_side_data(place):
    import io

    from boxes import Box, BoxSerializer

    file = io.BytesIO()
    Pickler(file).dump(["a", Box(b"bytes")])
    place.write("flow/task", fuse(file.getvalue()))
    place.write("flow/bigdata/data.bin", b"bytes")
    trusting = place.open(trust="all")
    with pytest.raises(SerializationError, match="'Box'"):
        trusting.read_task("flow", "task")
    trusting.register_persistent_serializers(BoxSerializer)
    assert trusting.read_task("flow", "task") == ["a", Box(b"bytes")]


def test_a_storage_may_be_used_from_any_folder(place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    storage = storage_factory({"kind": "file", "options": {"path": "storage"}})
    storage.save("flow", "task", 1)
    monkeypatch.chdir("/")
    assert storage.read_task("flow", "task") == 1
    assert place.left() == ["flow/.lock", "flow/task"]
