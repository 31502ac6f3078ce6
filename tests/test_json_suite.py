"""Reading JSON is strict, and as exact as the text: judged by other people's documents.

JSONTestSuite's 318 parsing cases, and whatever CPython's own tests of `json` write and read.
"""

import base64
import contextlib
import importlib
import json
import math
import random
import sys
import unittest
from pathlib import Path

import pytest

import holdall
from same import same

CASES = json.loads(
    (Path(__file__).parent / "data/json_test_suite/test_parsing.json").read_text("utf-8")
)

# Refused by a limit before the mistake is reached: 100,000 levels.
TOO_DEEP = {"n_structure_100000_opening_arrays", "n_structure_open_array_object"}


def document(name):
    case = CASES[name]
    if isinstance(case, str):
        return case.encode()
    if "base64" in case:
        return base64.b64decode(case["base64"])
    return (case["repeated"] * case["times"] + case["then"]).encode()


def read(data):
    return holdall.loads(data, mode="json", frame=False)


def names(prefix):
    return [name for name in CASES if name.startswith(prefix)]


def test_the_suite_is_all_there():
    assert {prefix: len(names(prefix)) for prefix in "yni"} == {"y": 95, "n": 188, "i": 35}


@pytest.mark.parametrize("name", names("y_"))
def test_what_is_json_is_read(name):
    data = document(name)
    assert same(read(data), json.loads(data))


@pytest.mark.parametrize("name", names("n_"))
def test_what_is_no_json_is_refused(name):
    kind = holdall.LimitExceeded if name in TOO_DEEP else holdall.SerializationError
    with pytest.raises(kind):
        read(document(name))


@pytest.mark.parametrize("name", names("i_"))
def test_what_is_left_to_the_reader_is_read_or_refused(name):
    """Read as what it says, or refused by an error of ours: what a float or UTF-8 does not hold."""
    data = document(name)
    try:
        found = read(data)
    except holdall.SerializationError:
        return
    # By repr, which tells types apart too: one case is too deep for `same`.
    assert repr(found) == repr(json.loads(data))


# Numbers


@contextlib.contextmanager
def integers_of_any_length():
    before = sys.get_int_max_str_digits()
    assert before, "what is read without a limit would prove nothing"
    sys.set_int_max_str_digits(0)
    try:
        yield
    finally:
        sys.set_int_max_str_digits(before)


@pytest.mark.parametrize("digits", [19, 20, 512, 513, 1024, 1025, 4301, 5000, 10_000, 54_321])
@pytest.mark.parametrize("sign", ["", "-"])
def test_an_integer_of_any_length_is_exact(digits, sign):
    text = sign + "".join(random.Random(digits).choices("0123456789", k=digits - 1)) + "7"
    text = text.replace("0", "1", 1) if text.lstrip("-").startswith("0") else text
    found = read(f"[{text}]".encode())[0]
    with integers_of_any_length():
        assert str(found) == text


def test_zeros_inside_a_long_integer_stay():
    assert read(b"1" + b"0" * 9_999) == 10**9_999
    assert read(b"-1" + b"0" * 1024) == -(10**1024)


def test_an_integer_longer_than_the_limit_says_so():
    with pytest.raises(holdall.LimitExceeded, match=r"1000001 digits.*string"):
        read(b"1" * 1_000_001)


@pytest.mark.parametrize(
    "text", ["-0.0", "5e-324", "2.2250738585072011e-308", "9007199254740993.0"]
)
def test_a_float_is_the_nearest(text):
    assert same(read(text.encode()), float(text))


# Keys


def check_keys(keys):
    records = [{key: number} for number, key in enumerate(keys)]
    assert read(json.dumps(records, ensure_ascii=False).encode()) == records
    whole = dict.fromkeys(keys, 0) | {key: number for number, key in enumerate(keys)}
    for _ in range(2):  # the second time everything that is cached was cached by other keys
        found = read(json.dumps(whole, ensure_ascii=False).encode())
        assert list(found.items()) == list(whole.items())


def test_keys_that_share_a_slot_stay_apart():
    """There are about a thousand slots, whatever the seed: each of these is met by a hundred keys."""
    check_keys([f"key {number:x}" for number in range(100_000)])


def test_keys_of_one_hash_stay_apart():
    """Each pair has one hash of 64 bits, under half of the seeds: the difference that the first word
    leaves is one bit, which the second word takes away again."""
    keys = []
    for number in range(5_000):
        keys += [f"{number:07x}10000000", f"{number:07x}q8000000"]
    check_keys(keys)


# CPython's own tests


MODULES = [
    "decode", "default", "dump", "encode_basestring_ascii", "enum", "fail", "float", "indent",
    "pass1", "pass2", "pass3", "scanstring", "separators", "unicode",
]  # fmt: skip


@pytest.fixture(scope="module")
def cpython():
    """What CPython's tests of json write, and the documents that they read."""
    package = pytest.importorskip("test.test_json", reason="this Python has no test package")
    values, documents = [], []

    class Recorded(package.PyTest):
        @staticmethod
        def dumps(value, **options):
            values.append(value)
            return json.dumps(value, **options)

        @staticmethod
        def loads(text, **options):
            if not options:
                documents.append(text)
            value = json.loads(text, **options)
            values.append(value)
            return value

    suite = unittest.TestSuite()
    for name in MODULES:
        module = importlib.import_module(f"test.test_json.test_{name}")
        for kind in list(vars(module).values()):
            if isinstance(kind, type) and issubclass(kind, package.PyTest):
                recording = type(kind.__name__, (Recorded, kind), {})
                suite.addTests(unittest.defaultTestLoader.loadTestsFromTestCase(recording))
    suite.run(unittest.TestResult())
    return values, documents


PLAIN = (type(None), bool, int, float, str)


def is_plain(value, inside=()):
    """Whether a value is made of what JSON, lists, tuples and dicts hold, without an end in itself."""
    if type(value) in PLAIN:
        return True
    if any(value is outer for outer in inside):
        return False
    if type(value) in (list, tuple):
        return all(is_plain(item, (*inside, value)) for item in value)
    return type(value) is dict and all(
        is_plain(key) and is_plain(item, (*inside, value)) for key, item in value.items()
    )


def test_the_values_of_cpythons_tests_make_the_round_trip(cpython):
    values = [value for value in cpython[0] if is_plain(value)]
    assert len(values) > 100
    for value in values:
        assert same(holdall.loads(holdall.dumps(value)), value), value


def is_strict(value):
    """Whether RFC 8259 and UTF-8 hold a value that Python's json has read."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, str):
        return not any("\ud800" <= letter <= "\udfff" for letter in value)
    if isinstance(value, dict):
        return all(is_strict(key) and is_strict(item) for key, item in value.items())
    return not isinstance(value, list) or all(map(is_strict, value))


def test_the_documents_of_cpythons_tests_are_read_as_python_does_or_refused(cpython):
    documents = [text for text in cpython[1] if isinstance(text, str)]
    assert len(documents) > 100
    for text in documents:
        data = text.encode("utf-8", "surrogatepass")
        try:
            with integers_of_any_length():
                expected = json.loads(text)
        except ValueError:
            expected = math.nan
        if is_strict(expected):
            assert same(read(data), expected), text
        else:
            with pytest.raises(holdall.SerializationError):
                read(data)
