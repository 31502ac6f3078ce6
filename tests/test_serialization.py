"""The serializers of tasks: what each gives back, what each refuses, and that none runs a stranger's code."""

import asyncio
import collections
import enum
import json
import math
import pickle
import sys
from pathlib import Path

import cryptography.fernet
import msgpack
import numpy as np
import pytest

import holdall
from holdall._holdall import keyset_new
from holdall.serialization import (
    CloudpickleSerializer,
    EncryptedSerializer,
    JsonSerializer,
    MsgpackSerializer,
    Serializer,
)
from models import Point, lock

FERNET = cryptography.fernet.Fernet.generate_key()
MAKERS = {
    "cloudpickle": CloudpickleSerializer,
    "json": JsonSerializer,
    "msgpack": MsgpackSerializer,
    "sealed": EncryptedSerializer,
    "fernet": lambda: EncryptedSerializer(FERNET),
}
ANY = ["cloudpickle", "sealed", "fernet"]
EVERY = list(MAKERS)

SIMPLE = [None, True, 0, -1, 2**63 - 1, 1.5, "", "héllo", [], {}, [1, [2, {"a": [None, "b"]}]]]
CALLS = [[[], {}], [[1, "two", None], {"key": [3.5]}], [["x"] * 1000, {}]]


@pytest.fixture(params=EVERY)
def serializer(request):
    return MAKERS[request.param]()


@pytest.fixture(params=ANY)
def any_serializer(request):
    return MAKERS[request.param]()


def check_same(again, value):
    assert again == value
    assert type(again) is type(value)


def test_simple_values_and_calls_come_back(serializer):
    for value in [*SIMPLE, *CALLS]:
        data = serializer.dumps(value)
        assert type(data) is bytes
        check_same(serializer.loads(data), value)


def test_any_value_comes_back(any_serializer):
    for value in [
        (1, 2),
        {1: {2}},
        2**70,
        b"\x00",
        Point(1, [2]),
        float("inf"),
        "\ud800",
        {(1, "a"): 1j},
    ]:
        check_same(any_serializer.loads(any_serializer.dumps(value)), value)
    array = np.arange(100_000)
    np.testing.assert_array_equal(any_serializer.loads(any_serializer.dumps(array)), array)


# Every snippet of the seed's page on serialization


def make_adder(n):
    def adder(x):
        return x + n

    return adder


def test_functions_of_every_kind_come_back(any_serializer):
    class MyClass:
        def __init__(self, value):
            self.value = value

    async def async_func(x):
        return x * 2

    def again(value):
        return any_serializer.loads(any_serializer.dumps(value))

    assert again(make_adder)(1)(2) == 3
    assert again(make_adder(5))(2) == 7
    assert again(lambda x: x * 2)(21) == 42
    assert again(MyClass(42)).value == 42
    assert asyncio.run(again(async_func)(4)) == 8


def test_a_serializer_of_ones_own_is_a_serializer():
    class MySerializer(Serializer):
        """Custom serializer."""

        def dumps(self, obj) -> bytes:
            return json.dumps(obj).encode("utf-8")

        def loads(self, data: bytes):
            return json.loads(data.decode("utf-8"))

    assert MySerializer().loads(MySerializer().dumps({"a": [1]})) == {"a": [1]}
    assert isinstance(MySerializer(), Serializer)
    assert isinstance(pickle, Serializer)
    assert not isinstance(object(), Serializer)

    class Half(Serializer):
        def dumps(self, obj) -> bytes:
            return b""

    with pytest.raises(TypeError, match="abstract"):
        Half()


def test_the_size_of_what_is_written_can_be_measured():
    data = {"large": "data" * 10000}
    serialized = CloudpickleSerializer().dumps(data)
    assert 40_000 < len(serialized) < 41_000


def test_all_are_exported_and_every_one_is_a_serializer(serializer):
    assert isinstance(serializer, Serializer)
    for name in ("Serializer", *{type(MAKERS[name]()).__name__ for name in EVERY}):
        assert name in holdall.__all__
        assert getattr(holdall, name) is getattr(holdall.serialization, name)


def test_a_serializer_goes_to_other_processes(serializer):
    again = pickle.loads(pickle.dumps(serializer))
    assert again.loads(serializer.dumps([1])) == [1]
    assert serializer.loads(again.dumps([1])) == [1]


# What is refused


class Colour(enum.IntEnum):
    RED = 1


class Word(str):
    __slots__ = ()


INEXACT = {
    "$[0][0]": lambda: [[(1, 2)], {}],
    "$[1]['when']": lambda: [[], {"when": {1, 2}}],
    "$[0][1]['x']": lambda: [[0, {"x": Colour.RED}], {}],
    "$": lambda: Word("a"),
    "$['a'][2]": lambda: {"a": [1, 2, lock()]},
    "$[1]": lambda: [1, 2**70],
    "$[2]": lambda: ["a", "b", "\ud800"],
    "$['o']": lambda: {"o": collections.OrderedDict(a=1)},
    "$['p']": lambda: {"p": Point(1, 2)},
    "$['n']": lambda: {"n": np.arange(3)},
    "$['b']": lambda: {"b": bytearray(b"x")},
    "$['m'][0]": lambda: {"m": [memoryview(b"x")]},
}


@pytest.mark.parametrize("name", ["json", "msgpack"])
@pytest.mark.parametrize("path", INEXACT)
def test_what_would_come_back_as_something_else_is_refused_with_its_path(name, path):
    value = INEXACT[path]()
    with pytest.raises(holdall.SerializationError) as caught:
        MAKERS[name]().dumps(value)
    assert caught.value.path == path
    assert str(caught.value).startswith(f"{path}: ")
    assert caught.value.operation == "dumps"
    assert caught.value.data_type == type(value).__name__


ONLY_JSON = {
    "$[0]": [b"bytes"],
    "$[1]": [1, math.nan],
    "$['i'][0]": {"i": [-math.inf]},
    "$['k']": {"k": {1: "a"}},
}


@pytest.mark.parametrize("path", ONLY_JSON)
def test_messagepack_holds_more_than_json(path):
    value = ONLY_JSON[path]
    with pytest.raises(holdall.SerializationError) as caught:
        JsonSerializer().dumps(value)
    assert caught.value.path == path
    assert repr(MsgpackSerializer().loads(MsgpackSerializer().dumps(value))) == repr(value)


def test_json_says_what_would_have_come_back():
    with pytest.raises(holdall.SerializationError, match=r"as \{'1': \[2\]\}; .*strict=False"):
        JsonSerializer().dumps([{1: [2]}])


def test_lossy_json_is_there_for_who_asks():
    lossy = JsonSerializer(strict=False)
    assert lossy.loads(lossy.dumps([(1, 2), {3: math.nan}])) == [[1, 2], {"3": None}]
    with pytest.raises(holdall.SerializationError) as caught:
        lossy.dumps([1, lock()])
    assert caught.value.path == "$[1]"


@pytest.mark.parametrize("name", ["json", "msgpack"])
def test_what_stands_in_two_places_is_written_twice(name):
    row = {"a": 1}
    assert MAKERS[name]().loads(MAKERS[name]().dumps([row, row])) == [row, row]
    endless = []
    endless.append(endless)
    with pytest.raises(holdall.SerializationError):
        MAKERS[name]().dumps(endless)


def test_what_cannot_be_written_is_named(any_serializer):
    with pytest.raises(holdall.SerializationError) as caught:
        any_serializer.dumps([["fine", lock()], {}])
    assert caught.value.path == "$[0][1]"
    assert caught.value.operation == "dumps"
    assert caught.value.data_type == "list"


DAMAGED = [b"", b"\xc1", b'{"a":1}!', b"\xff\xfe", b"\x92\x01", b"\x80\x05N.", b"\x81\x90\x00"]


@pytest.mark.parametrize("name", ["json", "msgpack"])
@pytest.mark.parametrize("data", DAMAGED, ids=repr)
def test_bytes_that_are_not_theirs_are_refused(name, data):
    with pytest.raises(holdall.SerializationError) as caught:
        MAKERS[name]().loads(data)
    assert caught.value.operation == "loads"


def test_every_cut_and_every_flipped_bit_is_refused(any_serializer):
    data = any_serializer.dumps([[Point(1, 2)], {}])
    refused = (holdall.SerializationError, holdall.UntrustedPayloadError)
    for length in range(len(data)):
        with pytest.raises(refused):
            any_serializer.loads(data[:length])
    for bit in range(0, len(data) * 8, 3):
        wrong = bytearray(data)
        wrong[bit // 8] ^= 1 << bit % 8
        try:
            again = any_serializer.loads(bytes(wrong))
        except refused:
            continue
        # Base64 has bits at its end that mean nothing; what is read is right all the same.
        assert isinstance(any_serializer, EncryptedSerializer)
        assert again == [[Point(1, 2)], {}]


# Who is trusted

RUN = []


def run():
    RUN.append("run")


class Attack:
    def __reduce__(self):
        return run, ()


@pytest.fixture
def judge():
    """What Python's own audit hook saw of unpickling and of running; the hook cannot be taken out."""
    seen = []

    def hook(event, args):
        if watching and event in ("pickle.find_class", "exec", "compile", "os.system", "import"):
            seen.append((event, args))

    watching = True
    sys.addaudithook(hook)
    RUN.clear()
    yield seen
    watching = False


def attacks():
    bare = pickle.dumps(Attack())
    theirs = keyset_new()
    yield "a bare pickle", bare
    yield "an unsigned frame", golden("pickle")
    yield "signed by another", holdall.dumps(Attack(), mode="pickle", keyset=theirs)
    yield "sealed by another", holdall.dumps(Attack(), mode="pickle", keyset=theirs, seal=True)
    yield "an instance of another's", holdall.dumps(Point(1, 2), keyset=theirs)
    yield (
        "encrypted with another key",
        cryptography.fernet.Fernet(cryptography.fernet.Fernet.generate_key()).encrypt(bare),
    )
    # Whoever has the Fernet key alone is none who may run code.
    fernet = cryptography.fernet.Fernet(FERNET)
    yield "a bare pickle, encrypted", fernet.encrypt(bare)
    yield (
        "another's frame, encrypted",
        fernet.encrypt(holdall.dumps(Attack(), mode="pickle", keyset=theirs)),
    )
    yield "a task's signature", golden("signed-task")


def golden(name):
    return (Path(__file__).parent / "golden" / "frames" / f"{name}.frame").read_bytes()


@pytest.mark.parametrize("name", ANY)
def test_nothing_of_a_strangers_bytes_is_run(name, judge):
    serializer = MAKERS[name]()
    for attack, data in attacks():
        # Whatever is imported lazily is there by then.
        with pytest.raises(holdall.HoldallError):
            serializer.loads(data)
        judge.clear()
        # What is no pickle at all is of the wrong kind, whoever wrote it.
        with pytest.raises((holdall.UntrustedPayloadError, holdall.SerializationError)):
            serializer.loads(data)
        assert judge == [], attack
    assert RUN == []
    # The judge is awake: what is trusted is unpickled.
    trusted = CloudpickleSerializer()
    trusted.loads(trusted.dumps(Attack()))
    assert RUN == ["run"]
    assert [event for event, _ in judge].count("pickle.find_class") == 1


def test_what_is_passive_and_unsigned_is_refused_where_a_signature_is_promised():
    for data in (holdall.dumps({"a": 1}), holdall.dumps("text"), holdall.dumps((1, 2))):
        with pytest.raises((holdall.UntrustedPayloadError, holdall.SerializationError)):
            CloudpickleSerializer().loads(data)
        with pytest.raises(holdall.UntrustedPayloadError, match="not sealed"):
            EncryptedSerializer().loads(data)


def test_keysets_part_those_who_trust_each_other(tmp_path):
    path = tmp_path / "keyset.json"
    path.write_text(keyset_new())
    for kind in (CloudpickleSerializer, EncryptedSerializer):
        ours, same, theirs = kind(path), kind(str(path)), kind(keyset_new())
        data = ours.dumps(make_adder(1))
        assert same.loads(data)(2) == 3
        for other in (theirs, kind()):
            with pytest.raises(holdall.UnknownKey):
                other.loads(data)


def test_nothing_of_an_encrypted_value_shows():
    for serializer in (EncryptedSerializer(), EncryptedSerializer(FERNET)):
        value = [["4111 1111 1111 1111"], {"card": "4111 1111 1111 1111"}]
        data = serializer.dumps(value)
        assert b"4111" not in data
        assert b"card" not in data
        assert serializer.dumps(value) != data


@pytest.mark.parametrize(
    "key", [b"", b"short", FERNET[:-1], b"!" * 44, FERNET * 2, FERNET.replace(b"=", b"A")]
)
def test_bytes_that_are_no_fernet_key_are_refused_and_not_shown(key):
    with pytest.raises(holdall.ValidationError, match="44 characters") as caught:
        EncryptedSerializer(key)
    assert not key or repr(key)[2:-1] not in str(caught.value)


@pytest.mark.parametrize(
    ("module", "make"),
    [("msgpack", MsgpackSerializer), ("cryptography.fernet", lambda: EncryptedSerializer(FERNET))],
)
def test_a_package_that_is_not_there_is_named(module, make, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=f"pip install {module.split('.')[0]}"):
        make()


def test_messagepack_takes_no_other_bytes_for_a_key():
    with pytest.raises(holdall.SerializationError, match="memoryview would come back as bytes"):
        MsgpackSerializer().dumps([{memoryview(b"x"): 1}])


def test_messagepack_of_others_is_read():
    data = msgpack.packb({"a": (1, 2), 3: b"x"})
    assert MsgpackSerializer().loads(data) == {"a": [1, 2], 3: b"x"}
