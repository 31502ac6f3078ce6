"""Storages among threads and processes, some of which are killed.

`HOLDALL_KILLS` sets how often, `HOLDALL_SEED` replays a run.
"""

import os
import random
import signal
import threading
import time

import pytest

from processes import fork, join, run, start, wait_for
from storages import ABOUT, KEY, OTHER, Place

KILLS = int(os.environ.get("HOLDALL_KILLS", "10"))
SEED = int(os.environ.get("HOLDALL_SEED", random.randrange(2**32)))

OPEN = """
import json, threading
from holdall.storage import storage_factory
from boxes import Box, BoxSerializer
storage = storage_factory(json.loads(sys.argv[1]))
KEY = "ab" * 32
"""


def program(place, code, *arguments):
    import json
    import textwrap

    kind, options = place.options
    return (
        OPEN + textwrap.dedent(code),
        json.dumps({"kind": kind, "options": options}),
        *arguments,
    )


@pytest.fixture(params=["file", "sqlite", "store", "S3"])
def place(request, tmp_path):
    bucket = request.getfixturevalue("s3") if request.param == "S3" else None
    return Place(request.param, tmp_path, bucket)


@pytest.fixture
def files(tmp_path):
    return Place("file", tmp_path)


COMPUTE = """
print("ready", flush=True)
sys.stdin.readline()
with storage.claim("flow", "task", KEY):
    if storage.look("flow", "task", KEY) is None:
        time.sleep(0.2)
        storage.keep("flow", "task", KEY, os.getpid(), {})
        print("computed")
print(storage.load(storage.look("flow", "task", KEY)))
"""


def test_processes_compute_a_key_once(place):
    processes = [start(*program(place, COMPUTE)) for _ in range(3)]
    for process in processes:
        wait_for(process, "ready")
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[0].split() for process in processes]
    assert sum("computed" in words for words in said) == 1
    assert len({words[-1] for words in said}) == 1
    place.open().remove_task("flow", "task")
    assert place.left() == []


HOLD = """
with storage.claim("flow", "task", KEY):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_claim_is_handed_over_when_its_holder_is_killed(place):
    storage = place.open()
    process = start(*program(place, HOLD))
    wait_for(process, "held")
    got = threading.Event()

    def work():
        with storage.claim("flow", "task", KEY):
            got.set()

    thread = threading.Thread(target=work)
    thread.start()
    with storage.claim("flow", "task", OTHER), storage.claim("flow", "other", KEY):
        assert not got.wait(0.3), "two holders"
    process.kill()
    killed = time.monotonic()
    assert got.wait(30)
    # A server does not see a process die: there a lease runs out, of 2 seconds here.
    assert time.monotonic() - killed < (15 if place.kind == "S3" else 5)
    thread.join()
    process.communicate()
    assert place.left() == []


def test_a_lease_is_kept_alive(tmp_path, s3):
    place = Place("S3", tmp_path, s3)
    kind, options = place.options
    place.__class__ = type("Short", (Place,), {"options": (kind, {**options, "lease": 0.5})})
    storage = place.open()
    process = start(
        *program(
            place, "with storage.claim('flow', 'task', KEY): print(1, flush=True); time.sleep(60)"
        )
    )
    wait_for(process, "1")
    got = threading.Event()

    def work():
        with storage.claim("flow", "task", KEY):
            got.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert not got.wait(2.5), "taken over from one who lives"
    process.kill()
    assert got.wait(30)
    thread.join()
    process.communicate()


def test_ctrl_c_ends_the_wait_for_a_claim(place):
    storage = place.open()
    with storage.claim("flow", "task", KEY):
        code = """
        print("waiting", flush=True)
        try:
            storage.claim("flow", "task", KEY).__enter__()
        except KeyboardInterrupt:
            print("interrupted")
        """
        process = start(*program(place, code))
        wait_for(process, "waiting")
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
        assert out == "interrupted\n", err
    assert place.left() == []


def test_other_threads_run_while_one_waits(files):
    storage = files.open()
    process = start(*program(files, HOLD))
    wait_for(process, "held")
    thread = threading.Thread(target=lambda: storage.claim("flow", "task", KEY).__enter__())
    thread.start()
    began = time.monotonic()
    for _ in range(100):
        storage.save("flow", "another", 1)
    assert time.monotonic() - began < 5
    process.kill()
    process.communicate()
    thread.join(10)
    assert not thread.is_alive()


def test_a_forked_child_has_a_storage_of_its_own(files):
    storage = files.open()
    storage.save("flow", "task", 1)

    def child():
        assert storage.read_task("flow", "task") == 1
        storage.save("flow", "child", 2)
        with storage.claim("flow", "child", KEY):
            pass

    with storage.claim("flow", "task", KEY):
        pid = fork(child)
        # A child that lives on holds nothing of its parent's.
        sleeper = os.fork()
        if sleeper == 0:
            time.sleep(60)
            os._exit(0)
        join(pid)
    try:
        code = "with storage.claim('flow', 'task', KEY): print('got')"
        assert run(*program(files, code), timeout=20) == "got\n"
    finally:
        os.kill(sleeper, signal.SIGKILL)
        os.waitpid(sleeper, 0)
    assert storage.list_tasks("flow", "*") == ["child", "task"]
    storage.remove_workflow("flow")
    assert files.left() == []


def test_a_child_does_not_let_go_of_its_parents_claim(files):
    storage = files.open()
    claim = storage.claim("flow", "task", KEY)
    claim.__enter__()

    def child():
        claim.__exit__(None, None, None)

    join(fork(child))
    process = start(*program(files, "with storage.claim('flow', 'task', KEY): print('got')"))
    time.sleep(0.8)
    assert process.poll() is None, "two holders"
    claim.__exit__(None, None, None)
    assert process.communicate(timeout=20)[0] == "got\n"


def test_forks_beside_busy_threads(files):
    storage = files.open()
    ended = threading.Event()

    def work(name):
        while not ended.is_set():
            with storage.claim("flow", name, KEY):
                storage.save("flow", name, 1)

    threads = [threading.Thread(target=work, args=(f"t{number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(20):
            join(fork(lambda: storage.save("flow", "child", 1)), timeout=20)
    finally:
        ended.set()
        for thread in threads:
            thread.join()


CHURN = """
number = 0
while time.monotonic() < float(sys.argv[2]):
    number += 1
    name = "task%d" % (number % 3)
    with storage.claim("flow", name, KEY):
        # The holder's own mark: two of them would not both make it.
        mark = os.path.join(sys.argv[3], name)
        os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
        storage.save("flow", name, number)
        os.unlink(mark)
    try:
        storage.remove_task("flow", name)
    except FileNotFoundError:
        pass
print(number)
"""


def test_a_workflow_that_comes_and_goes_never_lets_two_in(files, tmp_path):
    marks = tmp_path / "marks"
    marks.mkdir()
    until = time.clock_gettime(time.CLOCK_MONOTONIC) + 3
    processes = [start(*program(files, CHURN, until, marks)) for _ in range(3)]
    for process in processes:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert int(out) > 0
    assert files.left() == []


SAVES = """
storage.register_persistent_serializers(BoxSerializer)
number = int(sys.argv[2])
while True:
    number += 1
    name = "task%d" % (number % 4)
    size = (number * 7919) % 200_000
    value = [number, "x" * size]
    if number % 3 == 0:
        value.append(Box(b"y" * (size // 2)))
    key = "%064x" % number
    storage.keep("flow", name, key[::-1], value, {"seconds": float(number)})
    os.write(1, b"%d\\n" % number)
"""


@pytest.mark.timeout(60 + 5 * KILLS)
def test_kill_9_leaves_no_half_entry_and_no_orphan(files, capsys):
    from boxes import BoxSerializer

    chance = random.Random(SEED)
    print(f"HOLDALL_SEED={SEED} HOLDALL_KILLS={KILLS}")
    left = 0
    for round_ in range(KILLS):
        process = start(*program(files, SAVES, round_ * 1_000_000))
        for _ in range(chance.randrange(1, 30)):
            process.stdout.readline()
        time.sleep(chance.random() * 0.02)
        assert process.poll() is None, process.stderr.read()
        process.kill()
        process.communicate()
        storage = files.open()
        storage.register_persistent_serializers(BoxSerializer)
        for name in storage.list_tasks("flow", "task*"):
            entry = storage.newest("flow", name)
            value = storage.load(entry)
            assert value[0] == entry.seconds
            size = (value[0] * 7919) % 200_000
            assert value[1] == "x" * size
            assert len(value) == (3 if value[0] % 3 == 0 else 2)
        left += len(temporary(files)) + len(orphans(files, storage))
        storage.save("flow", "again", round_)
        assert temporary(files) == []
        assert orphans(files, storage) == []
    storage.prune()
    assert orphans(files, storage) == []
    storage.remove_workflow("flow")
    assert files.left() == []
    with capsys.disabled():
        print(f"\n{KILLS} kills, {left} leftovers removed")


def temporary(files):
    return [name for name in files.left() if "/.tmp@" in name]


def orphans(files, storage):
    """Folders of side data that no entry refers to."""
    from holdall._holdall import Entries

    used = set()
    for path in (files.path / "flow").iterdir():
        if path.is_file() and not path.name.startswith("."):
            used.add(Entries.peek(path.read_bytes()).side)
    return [path for path in files.path.glob("flow/.side/*/*") if path.name not in used]


def test_a_killed_writer_of_a_new_workflow_leaves_nothing(files):
    code = """
    storage.register_persistent_serializers(BoxSerializer)
    class Slow:
        def __reduce__(self):
            print("writing", flush=True)
            time.sleep(60)
    storage.save("flow", "task", [Box(b"bytes"), Slow()])
    """
    process = start(*program(files, code))
    wait_for(process, "writing")
    # As long as it lives its files are left alone.
    other = files.open()
    other.save("flow", "other", 1)
    assert any("/.side/" in name for name in files.left())
    process.kill()
    process.communicate()
    other = files.open()
    other.save("flow", "other", 2)
    assert files.left() == ["flow/.lock", "flow/other"]
    other.remove_task("flow", "other")
    assert files.left() == []


def test_storages_write_beside_one_another(place):
    code = """
    for number in range(20):
        storage.save("flow", f"{sys.argv[2]}_{number}", number)
        storage.keep("flow", "shared", "%064x" % int(sys.argv[2]), number, dict(ABOUT))
    """.replace("dict(ABOUT)", repr(ABOUT))
    processes = [start(*program(place, code, number)) for number in range(1, 4)]
    for process in processes:
        _, err = process.communicate(timeout=100)
        assert process.returncode == 0, err
    storage = place.open()
    assert len(storage.list_tasks("flow", "*")) == 61
    assert storage.read_task("flow", "shared") == 19
