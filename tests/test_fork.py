"""Open stores survive a fork: parent and child go on, and neither holds or loses what is the other's."""

import multiprocessing
import os
import threading
from contextlib import contextmanager

import pytest

import holdall
from holdall import get_store
from processes import finish, fork, join, run, start, wait_for

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no os.fork")

ROUNDS = 20
FOREIGN = """
import sqlite3
connection = sqlite3.connect(sys.argv[1])
print(connection.execute("SELECT count(*) FROM entries").fetchone()[0])
connection.close()
"""


def work(store, name):
    """All that one does with a store; what others do meanwhile makes no difference."""
    assert store.get("before") == (1,)
    for number in range(ROUNDS):
        value = {"name": name, "number": (number,), "large": bytes(1 << 17 if number == 7 else 9)}
        store.put(f"{name}/{number}", value)
        assert store.get(f"{name}/{number}") == value
        with store.lock("counter", timeout=30):
            store.put("counter", store.get("counter", 0) + 1)
    store.put_many({f"{name}/many/{number}": number for number in range(ROUNDS)})
    store.delete(f"{name}/0")
    own = list(store.iterate_keys(prefix=f"{name}/"))
    assert len(own) == len(store.get_many(own)) == 2 * ROUNDS - 1
    # What others delete meanwhile is left out.
    assert set(own) < set(dict(store.items()))


def check(store, names):
    assert {key.partition("/")[0] for key in store} == {"before", "counter", *names}
    assert store.get("counter") == ROUNDS * len(names)
    assert len(store) == len(names) * (2 * ROUNDS - 1) + 2


def child_with_children(store):
    grandchild = fork(work, store, "grandchild")
    work(store, "child")
    join(grandchild)
    if store.scheme == "memory":
        check(store, ["child"])


def test_parent_child_and_grandchild_go_on_with_an_open_store(store):
    store.put("before", (1,))
    child, other = fork(child_with_children, store), fork(work, store, "other")
    work(store, "parent")
    join(child)
    join(other)
    memory = store.scheme == "memory"
    check(store, ["parent"] if memory else ["parent", "child", "other", "grandchild"])


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_multiprocessing_goes_on_with_an_open_store(disk_store, method):
    disk_store.put("before", (1,))
    context = multiprocessing.get_context(method)
    children = [context.Process(target=work, args=(disk_store, name)) for name in "ab"]
    for child in children:
        child.start()
    work(disk_store, "parent")
    for child in children:
        child.join(60)
        assert child.exitcode == 0
    check(disk_store, ["parent", "a", "b"])


def test_a_store_in_memory_is_made_anew_by_spawn(tmp_path):
    with get_store("memory://") as store:
        store.put("k", 1)
        child = multiprocessing.get_context("spawn").Process(target=store.put, args=("k", 2))
        child.start()
        child.join(60)
        assert child.exitcode == 0
        assert store.get("k") == 1


def test_a_child_that_closes_the_store_closes_its_own(store):
    store.put("k", 1)
    join(fork(store.close))
    store.put("k", 2)
    assert store.get("k") == 2
    store.close()

    def use():
        with pytest.raises(holdall.ValidationError, match="closed"):
            store.get("k")

    join(fork(use))


def test_a_fork_while_another_thread_writes(store):
    store.put("before", (1,))
    stop, failed, written = threading.Event(), [], []

    def write():
        try:
            while not stop.is_set():
                store.put_many({f"thread/{number}": bytes(20_000) for number in range(10)})
                with store.lock("thread"):
                    store.put("thread", len(written))
                written.append(1)
        except Exception as error:
            failed.append(error)

    def child(name):
        store.put(name, 1)
        assert store.get(name) == 1
        assert store.get("before") == (1,)
        assert name in set(store)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        children = [fork(child, f"child{number}") for number in range(20)]
        for pid in children:
            join(pid)
    finally:
        stop.set()
        thread.join()
    assert not failed
    assert store.get("thread") == len(written) - 1
    found = {key for key in store if key.startswith("child")}
    assert found == (set() if store.scheme == "memory" else {f"child{n}" for n in range(20)})


@contextmanager
def idle_child():
    """A child that lives on and never touches what it inherited."""
    read, write = os.pipe()
    pid = fork(os.read, read, 1)
    try:
        yield
    finally:
        os.write(write, b"x")
        join(pid)
        os.close(read)
        os.close(write)


def test_an_idle_child_holds_up_neither_writers_nor_a_clean_close(tmp_path):
    path = tmp_path / "a.db"
    store = get_store(f"sqlite:///{path}", busy_timeout=10)
    store.put("before", 1)
    with idle_child():
        run("get_store(sys.argv[1], busy_timeout=10).put('other', 2)", store.uri)
        store.put("after", 3)
        store.close()
        assert {found.name for found in tmp_path.iterdir()} == {"a.db", "a.db.lock"}
        # Leaving WAL takes a lock that nobody else may share.
        mode = "import sqlite3\nprint(*sqlite3.connect(sys.argv[1]).execute('PRAGMA journal_mode = DELETE'))"
        assert run(mode, path) == "('delete',)\n"
    with get_store(store.uri) as again:
        assert sorted(again) == ["after", "before", "other"]


def test_a_killed_writer_is_succeeded_while_its_children_live(disk_uri):
    parent = start(
        """
        import threading
        store = get_store(sys.argv[1])
        def write():
            while True:
                store.put_many({f"k{n}": n for n in range(500)})
        threading.Thread(target=write, daemon=True).start()
        lock = store.lock("name", ttl=600)
        lock.acquire()
        for _ in range(10):
            time.sleep(0.02)
            if os.fork() == 0:
                os.read(0, 1)
                os._exit(0)
        print("writing", flush=True)
        time.sleep(600)
        """,
        disk_uri,
    )
    try:
        wait_for(parent, "writing")
        parent.kill()
        parent.wait()
        with get_store(disk_uri, busy_timeout=10) as store:
            with store.lock("name", timeout=10):
                store.put("k0", "successor")
            store.put_many({f"k{n}": "successor" for n in range(500)})
            assert set(store.iterate_values()) == {"successor"}
    finally:
        # Its end is what the children wait for.
        assert parent.communicate(timeout=30) == ("", "")


@pytest.mark.parametrize(
    "action",
    ["os._exit(0)", "sys.exit()", "store.close(); sys.exit()", "store.put('k', 1); sys.exit()"],
)
def test_the_end_of_a_child_costs_its_parent_no_commit(tmp_path, action):
    """Closed there as usual, SQLite's connection would write the log back and remove it."""
    parent = start(
        f"""
        store = get_store(sys.argv[1])
        store.put("k", 0)
        if not (pid := os.fork()):
            {action}
        assert os.waitpid(pid, 0)[1] == 0
        print("forked", flush=True)
        for number in range(20):
            sys.stdin.readline()
            store.put(f"after{{number}}", number)
            print("written", flush=True)
        sys.stdin.readline()
        """,
        f"sqlite:///{tmp_path}/a.db",
    )
    wait_for(parent, "forked")
    log = (tmp_path / "a.db-wal").stat().st_ino
    assert run(FOREIGN, tmp_path / "a.db") == "1\n"
    assert (tmp_path / "a.db-wal").stat().st_ino == log
    for _ in range(20):
        parent.stdin.write("\n")
        parent.stdin.flush()
        wait_for(parent, "written")
    assert run(FOREIGN, tmp_path / "a.db") == "21\n"
    parent.stdin.write("\n")
    finish(parent)
    assert {found.name for found in tmp_path.iterdir()} == {"a.db", "a.db.lock"}


def test_a_lock_of_the_parent_is_not_the_childs(disk_store):
    held = disk_store.lock("name")
    held.acquire()

    def child():
        with pytest.raises(holdall.StoreBusy):
            disk_store.lock("name", timeout=0).acquire()
        # What it inherited is not its own to give back.
        held.release()
        with pytest.raises(holdall.StoreBusy):
            disk_store.lock("name", timeout=0.1).acquire()

    join(fork(child))
    with pytest.raises(holdall.StoreBusy):
        disk_store.lock("name", timeout=0).acquire()
    held.release()
    join(fork(lambda: disk_store.lock("name", timeout=0).acquire()))


def test_in_memory_a_child_does_not_wait_for_who_cannot_let_go():
    """Its store is a copy that nobody else can reach, the holder included."""
    with get_store("memory://") as store, store.lock("name", ttl=60):
        join(fork(lambda: store.lock("name", timeout=2).acquire()))
