"""pop: get and delete in one step."""

import threading

import pytest

import holdall
from holdall import get_store
from processes import finish, start


def test_pop_gives_the_value_and_removes_it(store):
    store.put("k", (1,))
    assert store.pop("k") == (1,)
    assert "k" not in store


def test_pop_of_a_missing_key(store):
    with pytest.raises(holdall.DoesNotExist):
        store.pop("gone")
    assert store.pop("gone", "default") == "default"
    assert store.pop("gone", None) is None
    assert store.pop("gone", raise_on_nonexist=False) is None


def test_pop_reads_as_get_does(store):
    store.put("k", "a")
    assert store.pop("k", mode="raw") == b"a"
    store.put("k", 1)
    assert store.pop("k", deserialization_func=lambda value: value + 1) == 2


@pytest.mark.parametrize("reading", [{"mode": "text"}, {"deserialization_func": lambda _: 1 / 0}])
def test_a_value_that_cannot_be_read_stays(store, reading):
    store.put("k", {"a": 1}, ttl=100)  # A bare file could be read as text.
    with pytest.raises((holdall.SerializationError, ZeroDivisionError)):
        store.pop("k", **reading)
    assert store.get("k") == {"a": 1}


def test_an_untrusted_value_stays(store):
    store.put("k", KeyError)
    stranger = store.derive(keyset=holdall._holdall.keyset_new())
    with pytest.raises(holdall.UntrustedPayloadError):
        stranger.pop("k")
    assert store.get("k") == KeyError


def test_each_value_has_one_taker_among_threads(store):
    store.put_many({f"k{n}": n for n in range(100)})
    taken, barrier = [], threading.Barrier(4)

    def take():
        barrier.wait()
        for n in range(100):
            value = store.pop(f"k{n}", None)
            if value is not None:
                taken.append(value)

    threads = [threading.Thread(target=take) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(taken) == list(range(100))


def test_each_value_has_one_taker_among_processes(disk_uri):
    code = """
    store = get_store(sys.argv[1])
    print("ready", flush=True)
    sys.stdin.readline()
    print(*[n for n in range(100) if store.pop(f"k{n}", None) is not None])
    """
    with get_store(disk_uri) as store:
        store.put_many({f"k{n}": n for n in range(100)})
        children = [start(code, disk_uri) for _ in range(3)]
        for child in children:
            assert child.stdout.readline() == "ready\n"
        for child in children:
            child.stdin.write("\n")
            child.stdin.flush()
        taken = [int(n) for child in children for n in finish(child).split()]
        assert sorted(taken) == list(range(100))
        assert len(store) == 0


def test_a_value_written_between_is_popped_or_stays(store):
    """What pop gives and what is left are, together, everything that was written."""
    stop, written = threading.Event(), []

    def write():
        n = 0
        while not stop.is_set():
            n += 1
            if store.put("k", n, if_absent=True):
                written.append(n)

    writer = threading.Thread(target=write)
    writer.start()
    popped = []
    while len(popped) < 100:
        value = store.pop("k", None)
        if value is not None:
            popped.append(value)
    stop.set()
    writer.join()
    rest = store.pop("k", None)
    assert popped + ([] if rest is None else [rest]) == written
