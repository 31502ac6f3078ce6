"""kill -9 of processes that write beside their values: nothing is lost, and nothing is left.

`HOLDALL_KILLS` sets how often, `HOLDALL_SEED` replays a run.
"""

import os
import random
import tempfile
import time
from pathlib import Path

import pytest

from boxes import Box, BoxSerializer
from holdall import get_store
from processes import run, start, wait_for

KILLS = int(os.environ.get("HOLDALL_KILLS", "10"))
SEED = int(os.environ.get("HOLDALL_SEED", random.randrange(2**32)))

WRITER = """
from boxes import Box, BoxSerializer
store = get_store(sys.argv[1], serializers=[BoxSerializer])
count = int(sys.argv[2])
os.write(1, b"\\n")
while True:
    count += 1
    key = "key%d" % (count % 3)
    data = b"%d-" % count + b"x" * (count % 5) * 20_000
    if count % 7 == 0:
        store.delete(key, ignore_errors=True)
    elif count % 7 == 3:
        store.put_many({key: [Box(data), Box(data)], "many": Box(data)})
    else:
        store.put(key, {"box": Box(data), "count": count})
    os.write(1, b"+")
"""


def beside(store):
    return (
        store.path / ".holdall/beside" if store.scheme == "file" else Path(f"{store.path}.beside")
    )


def boxes_in(value):
    if isinstance(value, Box):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [box for part in parts for box in boxes_in(part)]


def test_a_killed_writer_leaves_whole_values_and_nothing_else(disk_uri):
    chance = random.Random(SEED)
    count = 0
    left = 0
    for kill in range(KILLS):
        told = f"HOLDALL_SEED={SEED} HOLDALL_KILLS={KILLS}, kill {kill}"
        process = start(WRITER, disk_uri, count)
        with process:
            wait_for(process, "")
            process.stdout.read(1 + chance.randrange(30))
            time.sleep(chance.random() * 0.02)
            process.kill()
            process.stdout.read()
        count += 100
        with get_store(disk_uri) as store:
            before = len(list(beside(store).glob("*/*/key")))
        with get_store(disk_uri, serializers=[BoxSerializer]) as store:
            values = dict(store.items())
            named = sorted(box.data for value in values.values() for box in boxes_in(value))
            assert named, told
            found = sorted(path.read_bytes() for path in beside(store).rglob("data.bin"))
            assert found == named, told
            tokens = list(beside(store).glob("*/*/key"))
            assert len(tokens) == len([value for value in values.values() if boxes_in(value)]), told
            assert not list(beside(store).glob("gone/*")), told
            left += before - len(tokens)
    print(f"{KILLS} kills, {left} folders were left behind and found")


def test_what_a_writer_at_work_has_written_is_not_swept(disk_uri, tmp_path):
    process = start(
        """
        from boxes import Box, BoxSerializer

        class Slow(BoxSerializer):
            @classmethod
            def pickle(cls, box, protocols):
                answer = super().pickle(box, protocols)
                print("written", flush=True)
                sys.stdin.readline()
                return answer

        get_store(sys.argv[1], serializers=[Slow]).put("key", Box(b"data"))
        print("put", flush=True)
        """,
        disk_uri,
    )
    with process:
        wait_for(process, "written")
        with get_store(disk_uri, serializers=[BoxSerializer]) as store:
            assert [path.read_bytes() for path in beside(store).rglob("data.bin")] == [b"data"]
            store.put("key", 1)
            store.clear()
            process.stdin.write("\n")
            process.stdin.flush()
            wait_for(process, "put")
            assert store.get("key") == Box(b"data")


@pytest.mark.parametrize("end", ["sys.exit(0)", "raise RuntimeError", "os.kill(os.getpid(), 9)"])
def test_what_lies_beside_memory_goes_with_the_process(tmp_path, monkeypatch, end):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    process = start(
        f"""
        from boxes import Box, BoxSerializer
        store = get_store("memory://", serializers=[BoxSerializer])
        store.put("key", Box(b"data"))
        store.put("popped", Box(b"data"))
        box = store.pop("popped")
        store.get("key")
        {end}
        """
    )
    with process:
        process.communicate()
    if "kill" in end:
        assert list(tmp_path.rglob("data.bin"))
        # The next one finds it.
        monkeypatch.setattr(tempfile, "tempdir", None)
        run(
            """
            from boxes import Box, BoxSerializer
            get_store("memory://", serializers=[BoxSerializer]).put("key", Box(b"data"))
            """
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("end", ["pass", "os.kill(os.getpid(), 9)"])
def test_what_was_popped_goes_with_the_process(disk_uri, end):
    process = start(
        f"""
        from boxes import Box, BoxSerializer
        store = get_store(sys.argv[1], serializers=[BoxSerializer])
        store.put("key", Box(b"data"))
        box = store.pop("key")
        {end}
        """,
        disk_uri,
    )
    with process:
        process.communicate()
    with get_store(disk_uri, serializers=[BoxSerializer]) as store:
        assert not list(beside(store).rglob("data.bin"))
        assert not list(beside(store).rglob("key"))
