"""Large arrays: kept beside the payload, written from their own memory, read into their own."""

import array
import pickle
import sys
import threading

import numpy as np
import pytest

import holdall
from conftest import DISK, SCHEMES, uri_in
from holdall import get_store
from processes import run

LARGE = 64 * 1024


BOTH = pytest.mark.parametrize("mode", ["auto", "pickle"])


def floats(count=50_000, seed=0):
    return np.random.default_rng(seed).random(count)


@BOTH
def test_only_large_buffers_are_segments(store, mode):
    small, large = floats(LARGE // 8 - 1), floats(LARGE // 8 + 64)
    for value, segments in [
        (small, 0),
        (large, 1),
        ([small, large, large.astype("f4"), floats(LARGE, seed=1)], 2),
        ({"same": [large, large]}, 1),
        (large[::2], 0),
        (floats(LARGE)[::2], mode == "auto"),
        (np.asfortranarray(large.reshape(64, -1)), 1),
        (bytearray(LARGE), 0),
        (bytes(2 * LARGE), 0),
        (array.array("d", large), 0),
    ]:
        store.put("key", value, mode=mode)
        assert store.info("key").segments == segments
        if isinstance(value, np.ndarray):
            assert (store.get("key") == value).all()


@BOTH
def test_an_array_comes_back_as_it_was_and_may_be_written(store, mode):
    values = [floats(), floats().astype(">i8"), floats().reshape(100, -1).T, floats().astype("c16")]
    values[0][0] = np.nan
    values.append(np.zeros(50_000, [("a", "<M8[ns]"), ("b", "u1")]))
    store.put("key", values, mode=mode)
    for _ in range(2):
        for value, found in zip(values, store.get("key"), strict=True):
            assert found.dtype == value.dtype
            assert found.flags.f_contiguous == value.flags.f_contiguous
            assert found.tobytes() == value.tobytes()
            assert found.flags.writeable
            # What is read belongs to the reader alone.
            found[...] = np.zeros((), found.dtype)


def test_identity_is_kept(store):
    value = floats()
    store.put("key", [value, value, bytearray(b"x" * LARGE)])
    first, second, data = store.get("key")
    assert first is second
    assert data == b"x" * LARGE
    data[0] = 1


def test_code_by_value_takes_its_buffers_along(store):
    data = floats()
    store.put("key", lambda: data)
    assert store.info("key").segments == 1
    assert (store.get("key")() == data).all()


def test_every_verb_takes_segments(store, tmp_path):
    one, two = floats(seed=1), floats(seed=2)
    assert store.put("a", one, if_absent=True)
    assert not store.put("a", two, if_absent=True)
    assert (store.get("a") == one).all()
    store.put_many({"b": two, "c/d": [one, two], "e": 5})
    found = store.get_many(["c/d", "e", "b"])
    assert (found["b"] == two).all()
    assert (found["c/d"][1] == two).all()
    assert not store.compare_and_swap("b", one, 1)
    assert store.compare_and_swap("b", two, {"now": one})
    assert (store.pop("b")["now"] == one).all()
    assert "b" not in store
    store.put("brief", one, ttl=0.01)
    threading.Event().wait(0.05)
    assert store.get("brief", None) is None
    assert store.get("brief", None, mmap=True) is None
    store.delete("a")
    assert sorted(store) == ["c/d", "e"]


@pytest.mark.parametrize("other", SCHEMES)
def test_copies_carry_segments(store, other, tmp_path):
    value = {"one": floats(), "empty": np.zeros(0), "two": floats(20_000, seed=2)}
    store.put("key", value, ttl=3600)
    with get_store(uri_in(other, tmp_path, "other")) as target:
        assert store.copy_to(target) == 1
        found = target.get("key")
        assert all((found[name] == value[name]).all() for name in value)
        assert target.info("key").segments == 2
        assert target.info("key").expires_at is not None
        assert target.info("key").size == store.info("key").size
        assert target.checksum("key") == store.checksum("key")


def test_sizes_count_what_is_beside(store):
    value = floats()
    store.put("key", value)
    info = store.info("key")
    payload = info.size - value.nbytes
    assert 0 < payload < 300
    seen = holdall.inspect(store.frame_bytes("key"))
    assert (seen.segments, seen.size >= info.size) == (1, True)
    assert "1 large buffer(s)" in str(seen)
    assert len(seen.preview) > 0


def test_there_is_no_one_run_of_bytes(store, tmp_path):
    store.put("key", floats())
    for read in (
        lambda: store.get("key", mode="raw"),
        lambda: store.open("key"),
        lambda: holdall.loads(holdall.dumps(floats()), mode="raw"),
    ):
        with pytest.raises(holdall.SerializationError, match="1 segments"):
            read()


@BOTH
def test_bytes_are_one_piece(mode):
    value = [floats(), floats().astype("f4"), 5]
    data = holdall.dumps(value, mode=mode)
    assert data[3] & 0x20
    found = holdall.loads(data)
    assert all((one == other) for one, other in zip(value[2:], found[2:], strict=True))
    assert (found[0] == value[0]).all()
    found[0][0] = 7
    assert (holdall.loads(data)[0] == value[0]).all()
    assert (holdall.loads(bytearray(data))[1] == value[1]).all()
    bare = holdall.dumps(value, mode=mode if mode == "pickle" else "cbor", frame=False)
    read = (
        pickle.loads
        if mode == "pickle"
        else lambda data: holdall.loads(data, mode="cbor", frame=False)
    )
    assert (read(bare)[0] == value[0]).all()


@BOTH
@pytest.mark.parametrize("trust", ["keyset", "all"])
def test_a_damaged_segment_is_named(tmp_path, disk_uri, trust, mode):
    value = [floats(seed=1), floats(seed=2), floats(seed=3)]
    with get_store(disk_uri, trust=trust) as store:
        store.put("key", value, mode=mode)
        (path,) = big_files(tmp_path)
        data = bytearray(path.read_bytes())
        at = data.index(value[1].tobytes())
        data[at + 1000] ^= 1
        path.write_bytes(data)
        for read in (
            lambda: store.get("key"),
            lambda: store.get_many(["key"]),
            lambda: store.pop("key"),
            lambda: store.get("key", mmap=True, verify=True),
            lambda: store.copy_to(get_store("memory://")),
        ):
            with pytest.raises(holdall.CorruptFrame, match="segment 2 of 3"):
                read()
        # The gap before it.
        data[at + 1000] ^= 1
        data[at - 1] ^= 1
        if data[at - 1] == 1:
            path.write_bytes(data)
            with pytest.raises(holdall.CorruptFrame, match="segment 2 of 3"):
                store.get("key")
        store.put("key", 1)
        assert store.get("key") == 1


@pytest.mark.parametrize("mmap", [False, True])
def test_a_cut_or_longer_file_is_refused(tmp_path, disk_store, mmap):
    store = disk_store
    store.put("key", [floats(), floats(seed=1)])
    (path,) = big_files(tmp_path)
    data = path.read_bytes()
    for changed in [
        data[:-1],
        data[: len(data) // 2],
        data[:200],
        data[:50],
        data[:5],
        data + b"\0",
    ]:
        path.write_bytes(changed)
        with pytest.raises(holdall.CorruptFrame):
            store.get("key", mmap=mmap)
    path.write_bytes(data)
    assert (store.get("key", mmap=mmap)[0] == floats()).all()


def big_files(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return [path for path in files if path.stat().st_size > 300_000]


def test_what_is_written_meanwhile_passes_its_checksum(store):
    value = np.zeros(4_000_000, dtype="u4")
    stop = threading.Event()

    def write():
        while not stop.is_set():
            value[...] += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(5):
            store.put("key", value)
            assert store.get("key").shape == value.shape
            holdall.loads(holdall.dumps(value))
    finally:
        stop.set()
        writer.join()


PEAK = """
import resource
import numpy as np

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

MB = 1 << 20
store = get_store(sys.argv[1])
store.put("warm", np.ones(1 << 20))
store.get("warm")
value = np.full(256 * MB // 8, 1.5)
before = peak()
store.put("key", value)
put = peak() - before
del value
found = store.get("key")
get = peak() - before
assert found[-1] == 1.5
del found
before = peak()
found = store.get("key", mmap=True)
assert found.shape == (256 * MB // 8,)
print(put // MB, get // MB)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere ru_maxrss counts otherwise")
def test_no_second_copy_is_made(disk_uri):
    put, get = map(int, run(PEAK, disk_uri).split())
    assert put < 64
    # The array of before is gone; the one that was read takes its place.
    assert get < 64


def test_a_full_disk_is_told_before_it_is_filled(tmp_path):
    code = """
import resource, signal
import numpy as np
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (8 << 20, 8 << 20))
store = get_store(sys.argv[1])
store.put("key", 1)
try:
    store.put("key", np.ones(4 << 20))
except holdall.StoreFull as error:
    print("full", store.get("key"))
"""
    for scheme in DISK:
        assert run(code, uri_in(scheme, tmp_path)).strip() == "full 1"
    assert not big_files(tmp_path)
