"""lock: excludes threads and processes, outlives slow work, and is handed over when its holder dies."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import holdall
from holdall import get_store
from processes import finish, start, wait_for

HOLD = """
store = get_store(sys.argv[1])
lock = store.lock("name", ttl=float(sys.argv[2]))
lock.acquire()
print("held", flush=True)
sys.stdin.readline()
lock.release()
"""


def test_a_held_lock_makes_others_wait_and_then_fail(store):
    with store.lock("name"):
        began = time.monotonic()
        with pytest.raises(holdall.StoreBusy, match="name") as caught:
            store.lock("name", timeout=0.2).acquire()
        assert 0.2 <= time.monotonic() - began < 5
        assert isinstance(caught.value, TimeoutError)
        assert caught.value.retryable
    store.lock("name", timeout=0).acquire()


def test_a_lock_can_be_tried_without_waiting(store):
    with store.lock("name"):
        began = time.monotonic()
        with pytest.raises(holdall.StoreBusy):
            store.lock("name", timeout=0).acquire()
        assert time.monotonic() - began < 1


def test_other_names_and_stores_are_not_held(store):
    with (
        store.lock("one"),
        store.lock("two", timeout=0),
        get_store("memory://").lock("one", timeout=0),
    ):
        store.put("one", 1)
        assert store.get("one") == 1


@pytest.mark.parametrize("name", ["a/b", "../x", "", " ", "%_*?[", "é", "n" * 300])
def test_any_text_is_a_name(store, name):
    with store.lock(name), pytest.raises(holdall.StoreBusy):
        store.lock(name, timeout=0).acquire()


def test_locks_are_not_listed_nor_cleared(store):
    with store.lock("name"):
        assert list(store) == []
        assert len(store) == 0
        store.clear()
        with pytest.raises(holdall.StoreBusy):
            store.lock("name", timeout=0).acquire()


def test_an_error_in_the_block_releases_the_lock(store):
    with pytest.raises(ZeroDivisionError), store.lock("name"):
        1 / 0  # noqa: B018
    store.lock("name", timeout=0).acquire()


def test_a_lock_is_used_again_and_again_but_not_twice_at_once(store):
    lock = store.lock("name")
    for _ in range(3):
        with lock:
            with pytest.raises(holdall.ValidationError, match="held already"):
                lock.acquire()
    with pytest.raises(holdall.ValidationError, match="not held"):
        lock.release()


def test_a_forgotten_lock_is_released(store):
    store.lock("name").acquire()
    with store.lock("name", timeout=5):
        pass


@pytest.mark.parametrize("bad", [{"ttl": 0}, {"ttl": -1}, {"timeout": -1}, {"ttl": "x"}])
def test_impossible_times_are_refused(store, bad):
    with pytest.raises(ValueError, match=r"ttl|timeout"):
        store.lock("name", **bad).acquire()


def test_a_lock_lasts_as_long_as_the_work(store):
    with store.lock("name", ttl=0.3):
        with pytest.raises(holdall.StoreBusy):
            store.lock("name", timeout=1.2).acquire()


def test_threads_exclude_each_other(store):
    inside, most, done = 0, 0, 0

    def work():
        nonlocal inside, most, done
        for _ in range(10):
            with store.lock("name"):
                inside += 1
                most = max(most, inside)
                time.sleep(0.001)
                inside -= 1
                done += 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert (most, done) == (1, 40)


def test_processes_exclude_each_other(disk_uri, tmp_path):
    code = """
    store = get_store(sys.argv[1])
    for _ in range(15):
        with store.lock("name"):
            number = int(open(sys.argv[2]).read())
            time.sleep(0.002)
            open(sys.argv[2], "w").write(str(number + 1))
    """
    counter = tmp_path / "counter"
    counter.write_text("0")
    for child in [start(code, disk_uri, counter) for _ in range(3)]:
        finish(child)
    assert counter.read_text() == "45"


def test_the_lock_of_a_killed_process_is_handed_over_at_once(disk_uri):
    holder = start(HOLD, disk_uri, 600)
    wait_for(holder, "held")
    with get_store(disk_uri) as store:
        with pytest.raises(holdall.StoreBusy):
            store.lock("name", timeout=0).acquire()
        holder.kill()
        holder.communicate()
        with store.lock("name", timeout=10):
            pass


def test_a_holder_that_was_stopped_for_too_long_is_told(disk_uri):
    holder = start(HOLD, disk_uri, 0.3)
    wait_for(holder, "held")
    os.kill(holder.pid, signal.SIGSTOP)
    with get_store(disk_uri) as store:
        other = store.lock("name", timeout=10)
        other.acquire()
        os.kill(holder.pid, signal.SIGCONT)
        _, err = holder.communicate("\n", timeout=20)
        assert holder.returncode == 1
        assert "LeaseLostError" in err
        assert "longer ttl" in err
        other.release()


def test_ctrl_c_ends_the_wait(disk_uri):
    with get_store(disk_uri) as store, store.lock("name"):
        waiter = start(
            """
            lock = get_store(sys.argv[1]).lock("name")
            print("waiting", flush=True)
            try:
                lock.acquire()
            except KeyboardInterrupt:
                print("interrupted", flush=True)
            """,
            disk_uri,
        )
        wait_for(waiter, "waiting")
        time.sleep(0.3)
        began = time.monotonic()
        waiter.send_signal(signal.SIGINT)
        wait_for(waiter, "interrupted")
        assert time.monotonic() - began < 1
        finish(waiter)


def test_threads_that_share_a_lock_object_wait_for_each_other(store):
    lock, inside, most = store.lock("name"), [], []

    def work():
        for _ in range(5):
            with lock:
                inside.append(1)
                most.append(len(inside))
                time.sleep(0.001)
                inside.pop()

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(work) for _ in range(4)]:
            done.result(timeout=60)
    assert most == [1] * 20
