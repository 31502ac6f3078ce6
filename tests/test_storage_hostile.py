"""What others may do to a storage: write keys beside its own, save at the same time, hold its locks."""

import gc
import sqlite3
import tempfile
import threading
from pathlib import Path

import pytest

from boxes import Box, BoxSerializer, forget
from holdall import get_store
from holdall._holdall import Entries, keyset_new
from holdall.errors import CorruptFrame, HoldallError, UntrustedPayloadError
from holdall.storage import storage_factory
from storages import ABOUT, KEY, OTHER, Place


class Harmless:
    """An instance goes as a signed pickle, which could run code."""


@pytest.fixture(autouse=True)
def clean():
    forget()
    yield
    forget()


def opened(place):
    storage = place.open()
    storage.register_persistent_serializers(BoxSerializer)
    return storage


@pytest.mark.parametrize("inside", ["{victim}", "../../../../../../../..{victim}"])
def test_a_key_in_a_database_leads_to_no_file_outside(tmp_path, inside):
    place = Place("sqlite", tmp_path)
    storage = opened(place)
    storage.save("w", "n", Box(b"bytes"))
    victim = tmp_path / "victim.txt"
    victim.write_text("good")
    database = sqlite3.connect(f"{place.path}.db")
    (key,) = database.execute("select key from entries where key like '%.side%'").fetchone()
    prefix = key.rsplit("/0/", 1)[0] + "/0/"
    columns = [row[1] for row in database.execute("pragma table_info(entries)") if row[1] != "key"]
    listed = ", ".join(columns)
    for name in {inside.format(victim=victim), str(victim).lstrip("/")}:
        database.execute(
            f"insert or replace into entries (key, {listed}) "
            f"select ?, {listed} from entries where key = ?",
            (prefix + name, key),
        )
    database.commit()
    database.close()
    with pytest.raises((HoldallError, OSError)):
        opened(place).read_task("w", "n")
    assert victim.read_text() == "good"


@pytest.mark.parametrize("kind", ["file", "sqlite", "memory", "store"])
def test_saves_of_one_name_at_once_leave_one_whole(tmp_path, kind):
    place = Place(kind, tmp_path)
    storage = opened(place)
    failed = []

    def save(number):
        try:
            for each in range(4):
                storage.save("w", "n", [number, Box(b"%d %d" % (number, each))])
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=save, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    number, box = storage.read_task("w", "n")
    assert box.data == b"%d 3" % number
    storage.remove_task("w", "n")
    assert place.left() == []


def test_a_signed_value_is_not_taken_for_that_of_another_place(tmp_path):
    place = Place("store", tmp_path)
    storage = place.open()
    storage.save("w", "other", Harmless())
    kept = storage._medium.look("w", "other", None)
    frame = storage._medium.frame(kept)
    forger = Entries(keyset=keyset_new())
    said = {"result": None, "items": {}, "parts": {}, "seconds": 0.0, "side": None}
    front, _ = forger.write("w", "n", "", frame, **said)
    storage._medium._put("w/n", front + frame)
    with pytest.raises(UntrustedPayloadError, match="share the keyset"):
        storage.read_task("w", "n")


@pytest.mark.timeout(60)
def test_many_workflows_do_not_cost_the_locks_of_one(tmp_path):
    storage = storage_factory({"kind": "file", "options": {"path": str(tmp_path / "s")}})
    for number in range(40):
        storage.save(f"w{number}", "n", number)

    class Meddling(BoxSerializer):
        @classmethod
        def pickle(cls, box, protocols):
            others = [f"w{number}" for number in range(1, 40)]
            thread = threading.Thread(target=lambda: [storage.file_exists(w, "n") for w in others])
            thread.start()
            thread.join()
            return super().pickle(box, protocols)

    storage.register_persistent_serializers(Meddling)
    storage.save("w0", "n", Box(b"bytes"))
    assert storage.read_task("w0", "n") == Box(b"bytes")


def test_what_is_no_entry_stays(tmp_path):
    uri = f"file://{tmp_path}/people"
    with get_store(uri) as store:
        store.put("staff/ann", {"age": 3})
        store.put("staff/ann@x.org", {"age": 4})
        storage_factory({"kind": "store", "options": {"uri": uri}}).prune()
        assert store.get("staff/ann@x.org") == {"age": 4}
    folder = tmp_path / "files"
    storage = storage_factory({"kind": "file", "options": {"path": str(folder)}})
    storage.save("w", "a", 1)
    (folder / "w" / "a@prod").write_bytes(b"somebody's")
    storage.prune()
    storage.remove_task("w", "a")
    assert (folder / "w" / "a@prod").read_bytes() == b"somebody's"


def test_a_save_that_fails_loses_no_older_entry(tmp_path, monkeypatch):
    storage = Place("memory", tmp_path).open()
    storage.keep("w", "n", KEY, "first", ABOUT)
    storage.keep("w", "n", OTHER, "second", ABOUT)
    medium, put = storage._medium, storage._medium._put

    def failing(key, data):
        if key == "w/n":
            raise OSError("the disk is full")
        put(key, data)

    monkeypatch.setattr(medium, "_put", failing)
    with pytest.raises(OSError, match="full"):
        storage.keep("w", "n", KEY, "first", ABOUT)
    assert storage.load(storage.look("w", "n", KEY)) == "first"
    assert storage.load(storage.look("w", "n", OTHER)) == "second"


def test_what_was_read_lazily_outlives_the_storage(tmp_path):
    class Lazy(BoxSerializer):
        @classmethod
        def unpickle(cls, pid, protocols):
            (protocol,) = protocols.values()

            def later():
                with protocol.open(pid[2], "rb") as file:
                    return file.read()

            return later

    place = Place("sqlite", tmp_path)
    opened(place).save("w", "n", Box(b"bytes"))

    def read():
        storage = place.open()
        storage.register_persistent_serializers(Lazy)
        return storage.read_task("w", "n")

    place._opened = None
    later = read()
    place._opened = None
    gc.collect()
    assert later() == b"bytes"


@pytest.mark.parametrize("kind", ["sqlite", "store"])
def test_a_save_without_side_data_leaves_no_folder(tmp_path, kind, monkeypatch):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    storage = opened(Place(kind, tmp_path))
    storage.save("w", "n", 1)
    storage.save("w", "m", Box(b"bytes"))
    with pytest.raises(HoldallError):
        storage.save("w", "m", Box(b"fail"))
    assert list(Path(temporary).iterdir()) == []


def test_a_damaged_database_row_is_told(tmp_path):
    place = Place("sqlite", tmp_path)
    storage = opened(place)
    storage.save("w", "n", Box(b"bytes"))
    (key,) = [key for key in place._store.iterate_keys() if "/.side/" in key]
    place._store.put(key, b"other", mode="raw")
    with pytest.raises(CorruptFrame):
        opened(place).read_task("w", "n")
