"""Whoever opens, reads and closes the database, here or elsewhere, costs no acknowledged commit.

The same is done to SQLite without the guard, to show that commits do get lost this way.
"""

import select
import sqlite3
import sys

import pytest

from holdall import get_store
from processes import finish, start, wait_for

ROUNDS, COMMITS = 20, 20
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the guard is tried on Linux only")

# Another program, with Python's own SQLite, that opens and closes whenever it is told to.
FOREIGN = """
import sqlite3
for _ in sys.stdin:
    connection = sqlite3.connect(sys.argv[1], timeout=30)
    print(connection.execute("SELECT count(*) FROM entries").fetchone()[0], flush=True)
    connection.close()
"""
WRITER = """
import threading
store = get_store(f"sqlite:///{sys.argv[1]}")
stop = threading.Event()
def disturb():
    while not stop.is_set():
        for suffix in ("", "-wal", "-shm"):
            open(sys.argv[1] + suffix, "rb").close()
thread = threading.Thread(target=disturb)
thread.start()
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    store.put(f"{sys.argv[2]}/{number}", number)
stop.set()
thread.join()
print("written", flush=True)
sys.stdin.readline()
store.close()
"""


class Guarded:
    def __init__(self, path):
        self.store = get_store(f"sqlite:///{path}")
        self.close = self.store.close

    def commit(self, number):
        self.store.put(f"k{number}", number)


class Unguarded:
    def __init__(self, path):
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("CREATE TABLE entries (number)")
        self.close = self.connection.close

    def commit(self, number):
        self.connection.execute("INSERT INTO entries VALUES (?)", [number])


def files(path):
    return [path.parent / (path.name + suffix) for suffix in ("", "-wal", "-shm")]


def backup(path):
    for file in files(path):
        if file.exists():
            file.read_bytes()


def second_sqlite(path):
    connection = sqlite3.connect(path)
    connection.execute("SELECT count(*) FROM entries").fetchone()
    connection.close()


def lost(writer, path, disturb):
    """How many commits others do not see, if this process opens the file too and others do then."""
    with start(FOREIGN, path) as foreign:

        def seen():
            foreign.stdin.write("\n")
            foreign.stdin.flush()
            return int(foreign.stdout.readline())

        missing = written = 0
        for _ in range(ROUNDS):
            writer.commit(written)
            disturb(path)
            seen()
            for number in range(COMMITS):
                writer.commit(written + 1 + number)
            written += 1 + COMMITS
            missing = max(missing, written - seen())
        foreign.stdin.close()
    return missing


@pytest.mark.parametrize("disturb", [backup, second_sqlite])
def test_no_commit_is_lost_to_foreign_openers(tmp_path, disturb):
    path = tmp_path / "a.db"
    writer = Guarded(path)
    assert lost(writer, path, disturb) == 0
    writer.close()
    with get_store(f"sqlite:///{path}") as store:
        assert len(store) == ROUNDS * (COMMITS + 1)


@pytest.mark.skipif(sqlite3.sqlite_version_info >= (3, 51), reason="SQLite 3.51 keeps such a log")
def test_without_the_guard_they_would_be(tmp_path):
    writer = Unguarded(tmp_path / "a.db")
    assert lost(writer, tmp_path / "a.db", backup) >= COMMITS
    writer.close()


def test_no_commit_is_lost_while_writers_are_disturbed_all_the_time(tmp_path):
    """Each writer closes descriptors of all three files as fast as it can, under the other's writes."""
    path, commits = tmp_path / "a.db", 2000
    writers = [start(WRITER, path, name, commits) for name in "ab"]
    for writer in writers:
        wait_for(writer, "ready")
    for writer in writers:
        writer.stdin.write("\n")
        writer.stdin.flush()
    # This process has no store open: to the writers it is a stranger.
    while all(writer.poll() is None for writer in writers) and not ready(writers):
        second_sqlite(path)
    for writer in writers:
        wait_for(writer, "written")
    # Before and after the log is written back by the last to close.
    for after in (False, True):
        connection = sqlite3.connect(path)
        keys = {key for (key,) in connection.execute("SELECT key FROM entries")}
        assert keys == {f"{name}/{number}" for name in "ab" for number in range(commits)}
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.close()
        if not after:
            for writer in writers:
                writer.stdin.write("\n")
                finish(writer)
    assert [file.exists() for file in files(path)] == [True, False, False]


def ready(processes):
    """Whether each has said something."""
    return len(select.select([process.stdout for process in processes], [], [], 0)[0]) == len(
        processes
    )
