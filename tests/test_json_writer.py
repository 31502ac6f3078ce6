"""The fast JSON writer: byte for byte what the safe one writes, and no crash without memory."""

import json
import subprocess
import sys
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

import holdall
from holdall._holdall import _safe_json

SPECIAL = ['"', "\\", "\n", "\x00", "\x1f", "\b"]

texts = st.one_of(
    st.text(max_size=100),
    # Long enough for several blocks, with something to escape here and there.
    st.text(st.sampled_from(["a", "z", "é", "日", "😀", "\x7f", *SPECIAL]), max_size=100),
)
numbers = st.one_of(
    st.integers(-(2**63), 2**64 - 1),
    st.integers(-1000, 1000),
    st.sampled_from([10**n + d for n in range(20) for d in (-1, 0, 1) if 10**n + d < 2**64]),
    st.floats(allow_nan=False, allow_infinity=False),
)
leaves = st.one_of(st.none(), st.booleans(), numbers, texts)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(texts, inner, max_size=8),
    max_leaves=50,
)


def written(value) -> bytes:
    # In a list: a str alone is text.
    return holdall.dumps([value], mode="json", frame=False)


@given(values)
def test_the_fast_and_the_safe_writer_agree(value):
    found = written(value)
    assert found == _safe_json([value])
    assert json.loads(found) == [value]


@pytest.mark.parametrize("special", SPECIAL)
def test_every_place_of_an_escape_in_every_length(special):
    for length in range(70):
        for at in range(length):
            text = "x" * at + special + "y" * (length - at - 1)
            assert written({text: text}) == _safe_json([{text: text}])


def test_every_length_of_plain_text():
    for length in range(2100):
        value = ["x" * length, length]
        assert written(value) == _safe_json([value])


def test_numbers_of_every_length():
    for power in range(19):
        for number in (10**power - 1, 10**power, -(10**power), 7 * 10**power + 3, 2**60 + power):
            assert written(number) == b"[%d]" % number
    for bits in (29, 30, 31, 59, 60, 61, 62, 63):
        for number in (2**bits - 1, 2**bits, -(2**bits), 1 - 2**bits):
            assert written(number) == b"[%d]" % number
    assert written(2**64 - 1) == b"[18446744073709551615]"


def test_what_is_not_json_is_not_written():
    for value in (float("nan"), (1,), {1: 2}, 2**64, "\ud800", b""):
        assert _safe_json([value]) is None


def test_large_values_outgrow_the_room_they_begin_in():
    value = {f"key {n}": ["x" * (n % 700), n, n / 7, None, {}] for n in range(3000)}
    assert written(value) == _safe_json([value])
    assert holdall.loads(holdall.dumps(value)) == value


def run(program: str) -> None:
    """Runs a program that limits its own memory."""
    pytest.importorskip("resource")
    limit = """
        import gc, resource
        import holdall
        holdall.loads(holdall.dumps([1, "a"]))  # Whatever is imported late is imported now.

        def limit(more):
            gc.collect()
            with open("/proc/self/statm") as file:
                size = int(file.read().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (size + more, resource.RLIM_INFINITY))
    """
    source = textwrap.dedent(limit) + textwrap.dedent(program)
    done = subprocess.run(
        [sys.executable, "-c", source], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what a process takes")
def test_writing_without_memory_is_a_memory_error():
    run("""
        # Little in memory, 200 MB of JSON: a str may stand anywhere.
        value = ["x" * 1000] * 200_000
        many = [{"a": 1} for _ in range(100_000)]
        seen = [item for item in many for _ in range(1)]
        limit(64 << 20)
        for _ in range(3):
            try:
                holdall.dumps(value)
            except MemoryError:
                pass
            else:
                raise SystemExit("there was memory")
            assert len(holdall.dumps(value[:1000])) == 1_003_009
            # Each is met with two references: they are looked up.
            assert len(holdall.dumps(seen)) == 800_009
    """)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what a process takes")
@pytest.mark.parametrize(
    "piece",
    ["[]", '{"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6}', "12345", '"some text"', "1.5"],
)
def test_reading_without_memory_is_a_memory_error(piece):
    run(f"""
        data = ("[" + {piece!r} + (", " + {piece!r}) * 3_000_000 + "]").encode()
        limit(24 << 20)
        for _ in range(3):
            try:
                holdall.loads(data, mode="json", frame=False)
            except MemoryError:
                pass
            else:
                raise SystemExit("there was memory")
    """)
