"""Opening what others made, may not be written, is too new, or is being made by all at once."""

import os
import sqlite3
import tempfile
import time
from pathlib import Path

import pytest

import holdall
from conftest import uri_in
from holdall import get_store
from processes import finish, fork, join, start, wait_for

NOBODY = 65534


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def unprivileged(work):
    """Call a function as a user whom modes bind, as root is not bound by them."""
    if not hasattr(os, "fork"):
        pytest.skip("this system has no os.fork")

    def child():
        if os.geteuid() == 0:
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        work()

    join(fork(child))


@pytest.fixture
def folder():
    """One that every user can reach, as those of `tmp_path` are not."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        folder.chmod(0o755)


def protect(folder):
    for path in folder.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    folder.chmod(0o555)


WRITES = {
    "put": lambda store: store.put("k", "new"),
    "put_many": lambda store: store.put_many({"k": "new"}),
    "delete": lambda store: store.delete("k"),
    "clear": lambda store: store.clear(),
    "lock": lambda store: store.lock("name").acquire(),
}


@pytest.mark.parametrize("scheme", ["file", "sqlite"])
def test_where_one_may_not_write_one_reads_and_is_told(folder, scheme):
    uri = uri_in(scheme, folder)
    with get_store(uri) as store:
        store.put("k", "old")
        store.put("large", bytes(200_000))
        store.put("gone", "x", ttl=0.01)
    time.sleep(0.02)
    protect(folder)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}

    def use():
        for options in ({}, {"read_only": True}):
            with get_store(uri, **options) as store:
                assert dict(store.items()) == {"k": "old", "large": bytes(200_000)}
                for write in WRITES.values():
                    with pytest.raises(holdall.StoreReadOnly, match=r"read|write access"):
                        write(store)
                assert store.get("k") == "old"

    try:
        unprivileged(use)
        assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    finally:
        for path in folder.rglob("*"):
            path.chmod(0o755)


def test_a_database_that_may_not_be_written_is_read_while_others_write(folder):
    """Its own file alone is protected, or its writer is another user."""
    with get_store(uri_in("sqlite", folder)) as store:
        store.put("k", "old")
        for path in folder.iterdir():
            path.chmod(0o644)

        def use():
            with get_store(store.uri) as reader:
                assert reader.get("k") == "old"
                with pytest.raises(holdall.StoreReadOnly):
                    reader.put("k", "theirs")

        if os.geteuid() == 0:
            unprivileged(use)
        store.put("k", "new")
        assert store.get("k") == "new"


@pytest.mark.parametrize("scheme", ["file", "sqlite"])
def test_what_may_not_be_made_says_where_and_what_to_do(folder, scheme):
    protect(folder)

    def use():
        with pytest.raises(holdall.StoreReadOnly, match=f"{folder}.*access") as caught:
            with get_store(uri_in(scheme, folder)) as store:
                store.put("k", 1)
        assert isinstance(caught.value, PermissionError)

    unprivileged(use)
    assert contents(folder) == {}


def test_a_reader_makes_and_changes_nothing(tmp_path, disk_uri):
    with get_store(disk_uri) as store:
        store.put_many({"k": 1, "large": bytes(200_000)})
    before = sorted(tmp_path.rglob("*"))
    with get_store(disk_uri, read_only=True) as reader:
        assert reader.get("k") == 1
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("options", [{}, {"read_only": True}])
def test_a_newer_database_is_refused_untouched(tmp_path, options):
    with get_store(uri_in("sqlite", tmp_path)) as store:
        store.put("k", 1)
    connection = sqlite3.connect(store.path)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    # The upper half is the oldest version that may still use these tables.
    connection.execute(f"PRAGMA user_version = {(99 << 16) | 99}")
    connection.close()
    before = contents(tmp_path)
    with pytest.raises(holdall.UnsupportedVersion, match=r"newer holdall.*99.*install"):
        get_store(store.uri, **options)
    after = contents(tmp_path)
    assert {name: after[name] for name in before} == before
    assert options or after == before
    # The way out: with the holdall that knows it, nothing is lost.
    connection = sqlite3.connect(store.path)
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    with get_store(store.uri) as again:
        assert again.get("k") == 1


@pytest.mark.parametrize("scheme", ["file", "sqlite"])
def test_many_processes_open_a_new_store_first(tmp_path, scheme):
    racers, rounds = 8, 5
    uris = [uri_in(scheme, tmp_path, f"{number}/store") for number in range(rounds)]
    children = [
        start(
            """
            name, *uris = sys.argv[1:]
            print("ready", flush=True)
            for uri in uris:
                sys.stdin.readline()
                store = get_store(uri)
                for number in range(5):
                    store.put(f"{name}/{number}", (name, number))
                # Half of them leave at once, the rest is cut off at the end.
                if int(name) % 2:
                    store.close()
                print("done", flush=True)
            """,
            number,
            *uris,
        )
        for number in range(racers)
    ]
    for child in children:
        wait_for(child, "ready")
    expected = {f"{n}/{k}": (str(n), k) for n in range(racers) for k in range(5)}
    for uri in uris:
        for child in children:
            child.stdin.write("\n")
            child.stdin.flush()
        for child in children:
            wait_for(child, "done")
        with get_store(uri) as store:
            assert store.get_many(store) == {key: expected[key] for key in store}
            assert set(store) == set(expected)
    for child in children:
        finish(child)
    for uri in uris:
        with get_store(uri) as store:
            assert dict(store.items()) == expected


def test_writing_to_a_database_that_was_deleted_is_refused(tmp_path):
    with get_store(f"sqlite:///{tmp_path}/x.db") as store:
        store.put("k", 1)
        (tmp_path / "x.db").unlink()
        with pytest.raises(holdall.Conflict, match="deleted"):
            store.put("k", 2)


@pytest.mark.parametrize("uri", ["sqlite:data.db", "memory:", "file:data", "~/data", "~"])
def test_a_slip_in_a_uri_makes_no_folder(uri, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(holdall.ValidationError):
        get_store(uri)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_header_in_a_database_is_no_bare_value(tmp_path):
    path = tmp_path / "x.db"
    with get_store(f"sqlite:///{path}") as store:
        store.put_many({"k": {"a": 1}, "other": 2})
    database = sqlite3.connect(path)
    database.execute("UPDATE entries SET header = x'0102' WHERE key = 'k'")
    database.commit()
    database.close()
    with get_store(f"sqlite:///{path}") as store:
        for read in (store.get, store.pop, store.info):
            with pytest.raises(holdall.CorruptFrame, match="header is damaged") as caught:
                read("k")
            assert type(caught.value) is holdall.CorruptFrame
        assert store.get("other") == 2
        store.put("k", 3)
        assert store.get("k") == 3
