"""The server that the tests of S3 use is a real one, and ends with them."""

import socket
import subprocess
import sys
import time

import pytest

import s3_server


def test_a_bucket_is_fresh_and_keeps_what_is_written(s3):
    files = s3.filesystem()
    assert s3.keys() == []
    files.pipe(f"{s3.name}/a/b", b"kept")
    assert s3.keys() == ["a/b"]
    assert s3.filesystem().cat(f"{s3.name}/a/b") == b"kept"


def test_buckets_are_apart(s3, s3_endpoint):
    s3.filesystem().pipe(f"{s3.name}/a", b"")
    assert s3_server.fresh(s3_endpoint).keys() == []


def test_the_server_ends_with_whoever_started_it():
    pytest.importorskip("moto")
    program = (
        "import s3_server, os\nwith s3_server.serving() as e: print(e, flush=True); os._exit(3)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 3
    port = int(done.stdout.strip().rpartition(":")[2])
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.05)
    raise AssertionError(f"still listening on {port}")
