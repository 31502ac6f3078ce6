"""kill -9 of writing processes at random points: no acknowledged write is lost, none is torn.

`HOLDALL_KILLS` sets how often, `HOLDALL_SEED` replays a run.
"""

import collections
import inspect
import os
import random
import shutil
import sqlite3
import time

import pytest

from conftest import uri_in
from holdall import get_store
from processes import start
from same import same

KILLS = int(os.environ.get("HOLDALL_KILLS", "10"))
SEED = int(os.environ.get("HOLDALL_SEED", random.randrange(2**32)))
SIDE_FILE = 128 * 1024
SHARED = "shared"


def plan(seed, writer):
    """What a writer does, without end: pairs of {key: value} and a TTL; a missing value is a delete.

    The writer and the test both make it, so that neither has to tell the other.
    """
    import random

    import numpy as np

    chance = random.Random(f"{seed}/{writer}")
    # One key that is the folder of another, one with a path by hash, one that all write.
    names = [f"{writer}/{n}" for n in range(8)] + [f"{writer}/1/below", f"{writer}/{'x' * 300}"]

    def value(count):
        size = chance.choice([0, 9, 2_000, 40_000, 128 * 1024, 500_000])
        body = chance.randbytes(size)
        return chance.choice(
            [
                (writer, count, body),
                {"writer": writer, "count": count, "body": body.hex()},
                b"%d:" % count + body,
                [writer, count, np.frombuffer(body, "u1")],
            ]
        )

    count = 0
    while True:
        count += 1
        kind = chance.choice(["put"] * 8 + ["many", "many", "shared", "delete", "ttl"])
        if kind == "many":
            changes = {key: value(count) for key in chance.sample(names, 4)}
        elif kind == "shared":
            changes = {"shared": (writer, count, value(count))}
        else:
            changes = {chance.choice(names): None if kind == "delete" else value(count)}
        yield changes, 3600 if kind == "ttl" else 0


WRITER = (
    inspect.getsource(plan)
    + """
store = get_store(sys.argv[1])
for changes, ttl in plan(sys.argv[2], sys.argv[3]):
    [(key, value), *more] = changes.items()
    if more:
        store.put_many(changes, ttl=ttl)
    elif value is None:
        store.delete(key, ignore_errors=True)
    else:
        store.put(key, value, ttl=ttl)
    # Only now it is acknowledged, in one piece.
    os.write(1, b"+")
"""
)


class Writers:
    """Some processes that write to one store until they are killed."""

    def __init__(self, uri, seed, chance):
        self.names = "ab"[: chance.choice([1, 1, 2])]
        self.plans = {name: plan(seed, name) for name in self.names}
        self.processes = {name: start(WRITER, uri, seed, name) for name in self.names}

    def kill(self, chance):
        """Kill each at a point of its own and return how many of its writes were acknowledged."""
        acknowledged = collections.Counter()
        for name, process in self.processes.items():
            # Sometimes while it opens the store, else in the middle of its work.
            if chance.random() < 0.8:
                acknowledged[name] += len(process.stdout.read(1 + chance.randrange(40)))
                time.sleep(chance.random() * 0.01)
            else:
                time.sleep(chance.random() * 0.3)
            assert process.poll() is None, "the writer ended by itself"
            process.kill()
        for name, process in self.processes.items():
            with process:
                acknowledged[name] += len(process.stdout.read())
        return acknowledged


def apply(expected, shared, writers, acknowledged):
    """Take in what was acknowledged, and return the writes that were in flight.

    `shared` is what the key that all write may hold: of each writer the last, and what flies.
    """
    flying = []
    for name, steps in writers.plans.items():
        for _ in range(acknowledged[name]):
            changes, ttl = next(steps)
            if SHARED in changes:
                shared.pop("before", None)
                shared[name] = [changes[SHARED]]
            else:
                expected.update({key: (value, ttl) for key, value in changes.items()})
        changes, ttl = next(steps)
        if SHARED in changes:
            shared[name] = [*shared.get(name, []), changes[SHARED]]
        else:
            flying.append((changes, ttl))
    return flying


def check(store, expected, shared, flying, atomic):
    """Every value is what was acknowledged or, where one was in flight, that; nothing else is."""
    found = {key: store.get(key) for key in store}
    for changes, ttl in flying:
        arrived = [key for key, value in changes.items() if same(value, found.get(key))]
        assert not atomic or len(arrived) in (0, len(changes)), "half of one transaction"
        expected.update({key: (changes[key], ttl) for key in arrived})
    for key, (value, ttl) in expected.items():
        assert same(value, found.pop(key, None)), f"{key}: not what was acknowledged"
        if value is not None:
            assert (store.info(key).expires_at is not None) is bool(ttl), key
    last = found.pop(SHARED, None)
    assert any(same(last, value) for values in shared.values() for value in values), SHARED
    assert not found, "values that nobody wrote"


def leftovers(store):
    """Files that hold a value under construction, or none any more."""
    if store.scheme == "file":
        return set((store.path / ".holdall/tmp").glob("*"))
    sides = {path for path in store.path.parent.glob("*.side/*/*") if path.is_file()}
    connection = sqlite3.connect(store.path)
    named = {name for (name,) in connection.execute("SELECT side FROM entries WHERE side NOT NULL")}
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    assert named <= {path.name for path in sides}
    return {path for path in sides if path.name not in named}


def make_old(store):
    """As if all of it had been there for two hours, living values included."""
    folder = store.path if store.scheme == "file" else store.path.parent
    then = time.time() - 7200
    for path in folder.rglob("*"):
        os.utime(path, (then, then))


@pytest.mark.timeout(60 + 5 * KILLS)
@pytest.mark.parametrize("scheme", ["file", "sqlite"])
def test_kill_9_loses_no_acknowledged_write(tmp_path, scheme, capsys):
    chance = random.Random(f"{SEED}/{scheme}")
    told = f"HOLDALL_SEED={SEED} HOLDALL_KILLS={KILLS}"
    print(told)
    kills = writes = left = number = 0
    began = time.monotonic()
    while kills < KILLS:
        # A few rounds to a store, so that making one is interrupted too, and repairs are repaired.
        number += 1
        uri = uri_in(scheme, tmp_path, f"{number}/store")
        expected, shared = {}, {"before": [None]}
        for round_ in range(chance.randrange(1, 6)):
            writers = Writers(uri, f"{SEED}/{number}/{round_}", chance)
            acknowledged = writers.kill(chance)
            kills += len(writers.names)
            writes += acknowledged.total()
            flying = apply(expected, shared, writers, acknowledged)
            opened = time.monotonic()
            with get_store(uri) as store:
                assert time.monotonic() - opened < 5
                check(store, expected, shared, flying, atomic=scheme == "sqlite")
                store.put(SHARED, ("test", round_))
                shared = {"before": [("test", round_)]}
                left += len(leftovers(store))
            make_old(store)
            with get_store(uri) as store:
                store.put("again", round_)
                assert store.pop("again") == round_
                assert not leftovers(store), "orphans are kept for ever"
                check(store, expected, shared, [], atomic=True)
        shutil.rmtree(tmp_path / str(number))
    with capsys.disabled():
        seconds = time.monotonic() - began
        print(
            f"\n{scheme}: {kills} kills, {writes} acknowledged writes, {left} leftovers removed, "
            f"{seconds:.0f} s"
        )
