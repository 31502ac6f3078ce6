"""Registered serializers on stores: what lies beside a value comes and goes with it."""

import gc
import os
import pickle
import shutil
import tempfile
import threading
import time
from pathlib import Path

import pytest

from boxes import Box, BoxSerializer, Crate, asked, forget
from conftest import uri_in
from holdall import get_store
from holdall.errors import (
    CorruptFrame,
    DoesNotExist,
    SerializationError,
    UntrustedPayloadError,
    ValidationError,
)
from holdall.serializers import FILE_PROTOCOL


@pytest.fixture(autouse=True)
def clean():
    forget()
    yield
    forget()


@pytest.fixture(autouse=True)
def own_temporary(tmp_path_factory, monkeypatch):
    """What lies beside stores in memory can be told from that of others."""
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


@pytest.fixture
def store(uri):
    with get_store(uri, serializers=[BoxSerializer]) as opened:
        yield opened


def place(store, temporary):
    """The folder beside a store's values."""
    if store.scheme == "memory":
        found = [path for path in temporary.glob("holdall-beside-*") if path.is_dir()]
        assert len(found) <= 1
        return found[0] if found else temporary / "none"
    return (
        store.path / ".holdall/beside" if store.scheme == "file" else Path(f"{store.path}.beside")
    )


@pytest.fixture
def beside(store, own_temporary):
    """Says what lies beside the values: the bytes of all boxes, sorted; nothing else may be there."""

    def look():
        folder = place(store, own_temporary)
        files = [path for path in folder.rglob("*") if path.is_file()]
        boxes = [path for path in files if path.name == "data.bin"]
        others = {path.name for path in files} - {"data.bin"}
        assert others <= {"key", "references", "lock", "alive"}
        tokens = {path.parent for path in files if path.name == "key"}
        assert {path.parents[2] for path in boxes} <= tokens
        assert len(tokens) == len([path for path in files if path.name == "references"])
        return sorted(path.read_bytes() for path in boxes)

    return look


# Coming and going


def test_a_value_comes_back_with_what_is_beside_it(store, beside):
    box = Box(b"data")
    store.put("a/b", {"boxes": [box, box, Crate(b"more")], box: (1, 2)})
    value = store.get("a/b")
    assert value == {"boxes": [box, box, Crate(b"more")], box: (1, 2)}
    assert value["boxes"][0] is value["boxes"][1]
    assert type(value["boxes"][2]) is Crate
    assert beside() == [b"data", b"more"]
    assert store["a/b"] == value
    assert asked("pickle") == [b"data", b"more"]


def test_other_values_make_nothing_beside_them(store, own_temporary):
    store.put("plain", {"a": [1, (2, 3)]})
    store.put("pickled", lambda: 1)
    assert store.get("pickled")() == 1
    assert not place(store, own_temporary).exists()


OTHER = b"other"


def overwrite(store):
    store.put("key", {"n": 1})


def overwrite_with_another(store):
    store.put("key", [Box(OTHER)])


def overwrite_many(store):
    store.put_many({"key": Box(OTHER), "plain": 1})


def overwrite_by_file(store):
    with store.open("key", "wb") as file:
        file.write(b"bytes")


def swap(store):
    assert store.compare_and_swap("key", [Box(b"data")], Box(OTHER))


def delete(store):
    store.delete("key")


def delete_item(store):
    del store["key"]


def delete_many(store):
    assert store.delete_many(["key", "none"]) == 1


def pop(store):
    assert store.pop("key") == [Box(b"data")]


def clear(store):
    store.clear()


def touch(store):
    store.touch("key")


WAYS = [
    (overwrite, []),
    (overwrite_with_another, [OTHER]),
    (overwrite_many, [OTHER]),
    (overwrite_by_file, []),
    (swap, [OTHER]),
    (delete, []),
    (delete_item, []),
    (delete_many, []),
    (pop, []),
    (clear, []),
    (touch, []),
]


@pytest.mark.parametrize(("way", "left"), WAYS)
def test_it_goes_with_its_value(store, beside, way, left):
    store.put("key", [Box(b"data")])
    assert beside() == [b"data"]
    forget()
    way(store)
    if way is pop:
        assert store.get("key", None) is None
        return
    assert beside() == left
    # Its serializer was told.
    assert asked("remove") == [("1", False, "parts/data.bin")]
    if left:
        assert store.get("key") in (Box(OTHER), [Box(OTHER)])


@pytest.mark.parametrize(
    ("way", "left"), [pair for pair in WAYS if pair[1] == [] and pair[0] is not pop]
)
def test_it_goes_though_whoever_removes_it_knows_no_serializers(disk_uri, own_temporary, way, left):
    with get_store(disk_uri, serializers=[BoxSerializer]) as store:
        store.put("key", [Box(b"data")])
    forget()
    with get_store(disk_uri) as store:
        folder = place(store, own_temporary)
        assert list(folder.rglob("data.bin"))
        way(store)
        assert not list(folder.rglob("*.bin"))
        assert asked("remove") == []


def test_a_value_that_was_not_written_leaves_nothing(store, beside):
    assert store.put("key", [Box(b"data")], if_absent=True)
    assert not store.put("key", [Box(OTHER)], if_absent=True)
    assert not store.compare_and_swap("key", [Box(b"none")], Box(OTHER))
    assert not store.compare_and_swap("none", [Box(b"none")], Box(OTHER))
    assert beside() == [b"data"]
    assert store.get("key") == [Box(b"data")]


def test_a_failed_save_leaves_nothing_and_the_former_value(store, beside):
    store.put("key", [Box(b"data")])
    for fail in (
        lambda: store.put("key", [Box(b"1"), Box(b"fail")]),
        lambda: store.put("key", [Box(b"1"), (i for i in ())]),
        lambda: store.put_many({"other": Box(b"1"), "key": Box(b"fail")}),
        lambda: store.compare_and_swap("key", [Box(b"data")], [Box(b"fail")]),
        lambda: store.put("new", Box(b"fail")),
    ):
        with pytest.raises(SerializationError):
            fail()
        assert beside() == [b"data"]
    assert store.get("key") == [Box(b"data")]
    assert list(store) == ["key"]


def test_interrupting_a_save_leaves_nothing(store, beside):
    class Interrupted(BoxSerializer):
        @classmethod
        def pickle(cls, box, protocols):
            super().pickle(box, protocols)
            raise KeyboardInterrupt

    store.register_persistent_serializers(Interrupted)
    with pytest.raises(KeyboardInterrupt):
        store.put("key", [Box(b"data")])
    assert beside() == []


def test_it_expires_with_its_value(store, beside):
    store.put("short", Box(b"short"), ttl=0.05)
    store.put("long", Box(b"long"), ttl=3600)
    assert beside() == [b"long", b"short"]
    time.sleep(0.1)
    with pytest.raises(DoesNotExist):
        store.get("short")
    assert beside() == [b"long"]
    assert store.get("long") == Box(b"long")


def test_what_nobody_asks_for_expires_too(store, beside):
    store.put("short", Box(b"short"), ttl=0.05)
    time.sleep(1.1)
    store.put("other", 1)
    assert beside() == []


def test_many_values_share_nothing(store, beside):
    box = Box(b"data")
    store.put_many({"a": box, "b": [box], "c": 1})
    assert beside() == [b"data", b"data"]
    assert store.get_many(["a", "b", "c"]) == {"a": box, "b": [box], "c": 1}
    store.delete("a")
    assert store.get("b") == [box]
    assert dict(store.items()) == {"b": [box], "c": 1}
    assert sorted(map(str, map(type, store.iterate_values()))) == [str(int), str(list)]


# Reading


def test_reading_without_the_serializer(disk_uri):
    with get_store(disk_uri, serializers=[BoxSerializer]) as store:
        store.put("key", [Box(b"data")])
    with get_store(disk_uri) as store:
        for read in (
            lambda: store.get("key"),
            lambda: store.pop("key"),
            lambda: store.get_many(["key"]),
            lambda: list(store.iterate_values()),
            lambda: store.get("key", trust="all"),
        ):
            with pytest.raises(SerializationError, match=r"'Box'.*register_persistent_serializers"):
                read()
        assert store.info("key").codec == "pickle"
        assert store.get("key", mode="raw").startswith(b"\x80\x05")
        store.register_persistent_serializers(BoxSerializer)
        assert store.get("key") == [Box(b"data")]


def the_file(store, temporary):
    [file] = place(store, temporary).rglob("data.bin")
    return file


def test_damage_is_noticed_before_the_serializer_sees_it(store, own_temporary):
    store.put("key", Box(b"data"))
    for damage in (b"dat", b"datA", b"data+", b""):
        the_file(store, own_temporary).write_bytes(damage)
        for read in (store.get, store.pop):
            with pytest.raises(CorruptFrame, match=r"data\.bin"):
                read("key")
    the_file(store, own_temporary).unlink()
    with pytest.raises(CorruptFrame, match="gone"):
        store.get("key")
    assert asked("unpickle") == []
    # It can be put right.
    store.put("key", Box(b"data"))
    assert store.get("key") == Box(b"data")


def test_the_value_of_one_key_names_nothing_of_another(disk_uri, own_temporary):
    with get_store(disk_uri, serializers=[BoxSerializer], bare=False) as store:
        store.put("mine", Box(b"mine"))
        frame = store.frame_bytes("mine")
        assert isinstance(frame, bytes)
        if store.scheme != "file":
            return
        (store.path / "stolen").write_bytes(frame)
        with pytest.raises(CorruptFrame):
            store.get("stolen")
        assert store.get("mine") == Box(b"mine")


def test_what_another_keyset_signed_is_not_looked_at(disk_uri, tmp_path):
    from holdall._holdall import keyset_new

    with get_store(disk_uri, serializers=[BoxSerializer], keyset=keyset_new()) as store:
        store.put("key", Box(b"data"))
    with get_store(disk_uri, serializers=[BoxSerializer], keyset=keyset_new()) as store:
        with pytest.raises(UntrustedPayloadError):
            store.get("key")
        assert asked("unpickle") == []
        # Nor is its serializer told what to remove; it goes all the same.
        store.delete("key")
        assert asked("remove") == []


def test_a_reader_meets_either_value_while_it_is_overwritten(disk_uri):
    with get_store(disk_uri, serializers=[BoxSerializer]) as store:
        store.put("key", [Box(b"0")])
        stop = threading.Event()

        def write():
            with get_store(disk_uri, serializers=[BoxSerializer]) as other:
                for count in range(60):
                    other.put("key", [Box(b"%d" % count)])
            stop.set()

        writer = threading.Thread(target=write)
        writer.start()
        reads = 0
        while not stop.is_set():
            [box] = store.get("key")
            assert type(box) is Box
            reads += 1
        writer.join()
        assert reads > 0
        assert store.get("key") == [Box(b"59")]


def test_writers_of_one_key_leave_one_value(disk_uri, own_temporary):
    def write(name):
        with get_store(disk_uri, serializers=[BoxSerializer]) as other:
            for count in range(15):
                other.put("key", [Box(b"%s-%d" % (name, count))])

    writers = [threading.Thread(target=write, args=(name,)) for name in (b"a", b"b", b"c")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    with get_store(disk_uri, serializers=[BoxSerializer]) as store:
        [box] = store.get("key")
        assert [path.read_bytes() for path in place(store, own_temporary).rglob("data.bin")] == [
            box.data
        ]


# Taking out


class Lazy:
    """A box that opens its file when it is asked."""

    def __init__(self, path):
        self.path = path

    @property
    def data(self):
        return Path(self.path).read_bytes()


class LazySerializer(BoxSerializer):
    @classmethod
    def unpickle(cls, pid, protocols):
        return Lazy(protocols[FILE_PROTOCOL].path(pid[2]))


def test_what_was_popped_can_still_be_read(store, beside, own_temporary):
    store.register_persistent_serializers(LazySerializer)
    store.put("key", Box(b"data"))
    box = store.pop("key")
    assert "key" not in store
    assert box.data == b"data"
    store.put("key", Box(OTHER))
    assert box.data == b"data"
    store.close()
    gc.collect()
    assert box.data == b"data"


def test_what_nobody_needs_after_pop_is_gone(store, own_temporary):
    class Eager(BoxSerializer):
        lazy = False

    store.register_persistent_serializers(Eager)
    store.put("key", Box(b"data"))
    assert store.pop("key") == Box(b"data")
    assert not list(own_temporary.rglob("data.bin"))
    assert not list(place(store, own_temporary).rglob("data.bin"))


def test_of_several_that_pop_one_gets_it(disk_uri):
    with get_store(disk_uri, serializers=[BoxSerializer]) as store:
        for round_ in range(5):
            store.put("key", Box(b"%d" % round_))
            got = []
            threads = [
                threading.Thread(target=lambda got=got: got.append(store.pop("key", None)))
                for _ in range(4)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert [box for box in got if box is not None] == [Box(b"%d" % round_)]


# Copying


@pytest.mark.parametrize("to", ["memory", "file", "sqlite"])
def test_a_copy_has_its_own(store, beside, tmp_path, to):
    store.put("key", {"box": Box(b"data"), "more": [Crate(b"more")]}, ttl=3600)
    store.put("plain", 1)
    with get_store(uri_in(to, tmp_path, "copy"), serializers=[BoxSerializer]) as copy:
        assert store.copy_to(copy) == 2
        store.delete("key")
        assert copy.get("key") == {"box": Box(b"data"), "more": [Crate(b"more")]}
        assert copy.info("key").expires_at is not None
        copy.copy_to(copy)
        assert copy.get("key") == {"box": Box(b"data"), "more": [Crate(b"more")]}
        copy.copy_to(store)
    assert store.get("key") == {"box": Box(b"data"), "more": [Crate(b"more")]}
    assert beside() == [b"data", b"more"]


def test_damage_is_not_copied(disk_uri, tmp_path, own_temporary):
    with (
        get_store(disk_uri, serializers=[BoxSerializer]) as store,
        get_store(f"file://{tmp_path}/copy") as copy,
    ):
        store.put("key", Box(b"data"))
        the_file(store, own_temporary).write_bytes(b"datA")
        with pytest.raises(CorruptFrame):
            store.copy_to(copy)
        assert "key" not in copy
        assert not list(place(copy, own_temporary).rglob("data.bin"))


# Opening


def test_a_store_is_derived_and_pickled_with_its_serializers(disk_uri):
    with get_store(disk_uri, serializers=[BoxSerializer]) as store:
        store.put("key", Box(b"data"))
        assert store.derive(default_ttl=60).get("key") == Box(b"data")
        with pickle.loads(pickle.dumps(store)) as again:
            assert again.get("key") == Box(b"data")
        with get_store(**store.to_dict()) as again:
            assert again.get("key") == Box(b"data")


def test_what_is_no_list_of_serializers_is_refused(uri):
    for wrong in (BoxSerializer, "Box", 1):
        with pytest.raises(ValidationError, match="no list of serializers"):
            get_store(uri, serializers=wrong)
    with pytest.raises(ValidationError, match="has no name"):
        get_store(uri, serializers=[Box])


def test_a_store_to_be_read_reads(tmp_path):
    uri = f"sqlite:///{tmp_path}/store.db"
    with get_store(uri, serializers=[BoxSerializer]) as store:
        store.put("key", Box(b"data"))
    with get_store(uri, serializers=[BoxSerializer], read_only=True) as store:
        assert store.get("key") == Box(b"data")
        with pytest.raises(OSError, match="read_only"):
            store.put("key", Box(OTHER))
        assert store.get("key") == Box(b"data")


def test_a_store_in_memory_takes_its_folder_with_it(own_temporary):
    store = get_store("memory://", serializers=[BoxSerializer])
    store.put("key", Box(b"data"))
    assert list(own_temporary.rglob("data.bin"))
    del store
    gc.collect()
    assert list(own_temporary.iterdir()) == []


def test_nothing_is_written_through_links(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    root = tmp_path / "store"
    (root / ".holdall").mkdir(parents=True)
    (root / ".holdall" / "beside").symlink_to(outside)
    with (
        pytest.raises(ValidationError, match="beside"),
        get_store(root, serializers=[BoxSerializer]) as s,
    ):
        s.put("key", Box(b"data"))
    with get_store(root) as store:
        store.put("key", 1)
        assert store.get("key") == 1
    assert list(outside.iterdir()) == []


def test_a_whole_store_can_be_moved(tmp_path):
    with get_store(tmp_path / "one", serializers=[BoxSerializer]) as store:
        store.put("key", Box(b"data"))
    shutil.move(tmp_path / "one", tmp_path / "two")
    with get_store(tmp_path / "two", serializers=[BoxSerializer]) as store:
        assert store.get("key") == Box(b"data")


def test_durable_stores_keep_them_too(disk_uri):
    with get_store(disk_uri, serializers=[BoxSerializer], durability="full") as store:
        store.put("key", Box(b"data"))
        assert store.get("key") == Box(b"data")


def test_a_child_leaves_its_parents_memory_alone(own_temporary):
    store = get_store("memory://", serializers=[BoxSerializer])
    store.put("key", Box(b"data"))
    child = os.fork()
    if child == 0:
        try:
            store.put("key", 1)
            store.clear()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert store.get("key") == Box(b"data")
