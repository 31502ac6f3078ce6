"""dumps and loads: a value as bytes, without a store."""

import threading

import numpy as np
import pytest

import holdall
from models import Model, Words
from processes import run
from same import same
from values import VALUES


@pytest.mark.parametrize("name", VALUES)
def test_what_comes_out_is_what_went_in(name):
    value, _ = VALUES[name]
    assert same(value, holdall.loads(holdall.dumps(value)))


def test_a_small_plain_value_has_eight_bytes_around_it():
    for value, payload in [
        ("hello", b"hello"),
        ({"a": 1}, b'{"a":1}'),
        (b"x", b"x"),
        (None, b"null"),
    ]:
        frame = holdall.dumps(value)
        assert len(frame) == len(payload) + 8
        assert frame.endswith(payload)
        assert holdall.loads(frame, mode="raw") == payload


def test_equal_plain_values_are_equal_bytes_everywhere():
    frame = holdall.dumps({"a": [1.5, "é", None]})
    assert run("print(holdall.dumps({'a': [1.5, 'é', None]}).hex())").strip() == frame.hex()


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_frames_are_read_from_anything_bytes_like(kind):
    assert holdall.loads(kind(holdall.dumps({"a": 1}))) == {"a": 1}


@pytest.mark.parametrize("data", ["text", 1, None, [1]])
def test_what_is_no_bytes_is_refused(data):
    with pytest.raises(holdall.ValidationError, match="bytes"):
        holdall.loads(data)


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"hello", b"\x80\x05N.", b"\xc1", b"\xc1I", b"cos\nsystem\n"]
)
def test_what_is_no_frame_is_not_guessed_at(data):
    with pytest.raises(holdall.NotAFrame) as caught:
        holdall.loads(data)
    assert isinstance(caught.value, ValueError)


def test_a_bare_payload_is_written_and_read_on_request():
    assert holdall.dumps({"a": 1}, frame=False) == b'{"a":1}'
    assert holdall.dumps("é", frame=False) == "é".encode()
    assert holdall.dumps({1: 2}, mode="json", frame=False) == b'{"1":2}'
    assert holdall.loads(b'{"a":1}', mode="json", frame=False) == {"a": 1}
    assert holdall.loads(b"[1]", mode="text", frame=False) == "[1]"
    assert holdall.loads(b"[1]", mode="raw", frame=False) == b"[1]"


def test_a_bare_payload_does_not_say_what_it_is():
    with pytest.raises(holdall.ValidationError, match="mode="):
        holdall.loads(b"{}", frame=False)


def test_the_keywords_of_the_mode_are_those_of_a_store():
    assert holdall.dumps({1: 2}, serialization_mode="json") == holdall.dumps({"1": 2})
    assert holdall.loads(holdall.dumps("[1]"), serialization_mode="json") == [1]
    with pytest.raises(holdall.ValidationError, match="one option"):
        holdall.dumps(1, mode="json", serialization_mode="text")
    with pytest.raises(holdall.ValidationError, match="none of"):
        holdall.dumps(1, mode="yaml")


def test_a_model_is_an_instance_unless_asked_for_as_data():
    value = Model(hello="a")
    assert holdall.loads(holdall.dumps(value)) == value
    assert holdall.loads(holdall.dumps(value, model=Model)) == {"hello": "a"}
    assert holdall.loads(holdall.dumps({"hello": "a"}), model=Model) == value


def test_every_cut_and_every_flipped_bit_of_a_frame_is_an_error():
    frame = holdall.dumps({"data": [1, "two"]})
    for length in range(len(frame)):
        with pytest.raises(holdall.HoldallError):
            holdall.loads(frame[:length])
    for bit in range(len(frame) * 8):
        damaged = bytearray(frame)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(holdall.HoldallError):
            holdall.loads(damaged)
    with pytest.raises(holdall.CorruptFrame):
        holdall.loads(frame + b" ")


def test_json_as_deep_as_the_limit_is_read_and_no_deeper():
    deep = b"[" * 10_000 + b"]" * 10_000
    found = holdall.loads(deep, mode="json", frame=False)
    levels = 0
    while found:
        (found,), levels = found, levels + 1
    assert levels == 9_999
    with pytest.raises(holdall.LimitExceeded, match="10000"):
        holdall.loads(b"[" + deep + b"]", mode="json", frame=False)
    with pytest.raises(holdall.LimitExceeded):
        holdall.loads(b'{"a":' * 1_000_000, mode="json", frame=False)


def test_a_value_too_deep_for_pickle_is_an_error_with_a_way_out():
    deep = Words()
    for _ in range(100_000):
        deep = Words([deep])
    with pytest.raises(holdall.SerializationError, match="setrecursionlimit"):
        holdall.dumps(deep)
    while deep:
        (deep,) = deep


def test_deep_lists_and_dicts_within_the_limit_of_pickle_make_the_round_trip():
    value = []
    for _ in range(110):
        value = [{"a": value}]
    assert holdall.loads(holdall.dumps(value)) == value


def test_of_two_equal_keys_in_json_the_last_one_counts():
    assert holdall.loads(b'{"a":1,"b":2,"a":3}', mode="json", frame=False) == {"a": 3, "b": 2}


def test_keys_that_are_nearly_alike_stay_apart():
    """A cache of keys by their hash must compare the keys."""
    value = {f"key-{number}": number for number in range(50_000)}
    for _ in range(2):
        assert holdall.loads(holdall.dumps(value)) == value


def test_a_list_changed_by_another_thread_is_written_as_one_of_its_states():
    """Nothing crashes, nothing is read twice or skipped half-way."""
    value, stop = [[n] for n in range(100)], threading.Event()

    def change():
        while not stop.is_set():
            value.append([1])
            value.pop()
            value[0] = [0]

    thread = threading.Thread(target=change)
    thread.start()
    for _ in range(300):
        found = holdall.loads(holdall.dumps(value))
        assert found[:100] == [[n] for n in range(100)]
        assert len(found) in (100, 101)
    stop.set()
    thread.join()


def test_a_hook_that_changes_what_is_being_written_does_not_crash():
    class Shrinks:
        def __reduce__(self):
            value.clear()
            return (str, ("x",))

    value = [[1], Shrinks(), *([n] for n in range(100))]
    assert isinstance(holdall.loads(holdall.dumps(value)), list)
    value = {"a": Shrinks(), **{str(n): [n] for n in range(100)}}
    with pytest.raises(holdall.SerializationError, match="changed size"):
        holdall.dumps(value)


@pytest.mark.parametrize("depth", [251, 5_000, 200_000])
@pytest.mark.parametrize("wrap", [lambda x: (x,), lambda x: [(x,)], lambda x: {"a": (x,)}])
def test_json_of_deep_tuples_is_refused_and_nothing_breaks(depth, wrap):
    """orjson counts no tuples and would overrun its stack."""
    value = {1}
    for _ in range(depth):
        value = wrap(value)
    with pytest.raises(holdall.SerializationError, match="250"):
        holdall.dumps(value, mode="json")
    value = (1,)
    for _ in range(100):
        value = wrap(value)
    assert holdall.dumps(value, mode="json", frame=False)[:1] in (b"[", b"{")


class Name(str):
    __slots__ = ()


@pytest.mark.parametrize(
    "value", [np.float64(1.5), [np.float64(1.5)], {Name("a"): 1}, [{Name("a"): 1}]]
)
def test_a_subclass_anywhere_is_no_json(value):
    found = holdall.loads(holdall.dumps(value))
    assert holdall.inspect(holdall.dumps(value)).codec in ("cbor", "pickle")
    assert repr(found) == repr(value)
    assert type(found) is type(value)
