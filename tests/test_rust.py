"""What Rust writes Python reads, and the reverse: the example of the crate for Rust users, both ways."""

import json
import math
import shutil
import subprocess
from pathlib import Path

import pytest

import holdall
from holdall import get_store
from same import same

ROOT = Path(__file__).resolve().parents[1]

pytestmark = [
    pytest.mark.skipif(not shutil.which("cargo"), reason="cargo is not installed"),
    pytest.mark.timeout(900),  # the first run builds the engine
]

ORDERS = [
    {
        "number": 1,
        "customer": "Åsa",
        "limit": math.inf,
        "account": 2**128 - 1,
        "signature": b"\xff\x00",
        "places": {(1, 7): "tea", (2, 3): None},
    }
]

SHOWN = (
    'Order { number: 1, customer: "Åsa", limit: inf, account: 340282366920938463463374607431768211455, '
    'signature: [255, 0], places: {(1, 7): Some("tea"), (2, 3): None} }\n'
)


@pytest.fixture(scope="module")
def program():
    """The example, built once, before a test gets a home in which there is no cargo."""
    command = ["cargo", "build", "-q", "-p", "holdall", "--example", "exchange"]
    built = subprocess.run(
        [*command, "--message-format=json-render-diagnostics"],
        cwd=ROOT,
        text=True,
        capture_output=True,
    )
    assert built.returncode == 0, built.stderr
    messages = [json.loads(line) for line in built.stdout.splitlines() if line.startswith("{")]
    return next(message["executable"] for message in messages if message.get("executable"))


@pytest.fixture(scope="module")
def cbor():
    try:
        holdall.dumps([], mode="cbor")
    except holdall.UnsupportedVersion:
        pytest.skip("this build has no mode cbor")


def run(program, *arguments, given=b""):
    done = subprocess.run([program, *arguments], input=given, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def test_python_reads_what_rust_writes(program, cbor):
    frame = run(program, "write")
    assert same(holdall.loads(frame), ORDERS)
    assert holdall.inspect(frame).codec == "cbor"


def test_rust_reads_what_python_writes(program, cbor):
    assert run(program, "read", given=holdall.dumps(ORDERS)).decode() == SHOWN
    shared = [ORDERS[0], ORDERS[0]]
    assert run(program, "read", given=holdall.dumps(shared)).decode() == SHOWN * 2


def test_one_value_has_one_frame(program, cbor):
    assert run(program, "write") == holdall.dumps(ORDERS)


def test_rust_reads_json_of_pythons(program):
    plain = ORDERS[0] | {"limit": 0.5, "account": 7, "signature": [1, 2], "places": {}}
    frame = holdall.dumps([plain])
    assert holdall.inspect(frame).codec == "json"
    assert b"limit: 0.5, account: 7, signature: [1, 2], places: {}" in run(
        program, "read", given=frame
    )


def test_what_does_not_fit_names_its_path(program):
    done = subprocess.run(
        [program, "read"], input=holdall.dumps([{"number": "one"}]), capture_output=True
    )
    assert done.returncode == 1
    assert b"$[0].number: invalid type: string" in done.stderr


def test_a_pickle_is_pythons_own(program):
    done = subprocess.run([program, "read"], input=holdall.dumps(print), capture_output=True)
    assert done.returncode == 1
    assert b"only Python reads" in done.stderr


@pytest.mark.parametrize("scheme", ["file", "sqlite"])
def test_both_use_one_store(program, cbor, scheme, tmp_path):
    uri = f"sqlite:///{tmp_path}/shared.db" if scheme == "sqlite" else str(tmp_path / "shared")
    run(program, "put", uri, "from/rust")
    with get_store(uri) as store:
        assert same(store.get("from/rust"), ORDERS)
        store.put("from/python", ORDERS)
    assert run(program, "get", uri, "from/python").decode() == SHOWN
