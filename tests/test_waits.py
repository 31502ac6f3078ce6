"""Ctrl-C ends every wait for somebody else, at once, and nothing was done by halves."""

import os
import select
import signal
import time

import pytest

from conftest import uri_in
from holdall import get_store
from processes import finish, start, wait_for

HOLD = """
def hold():
    print("held", flush=True)
    sys.stdin.readline()
"""
# Each holds something until it is told to let go.
HOLDERS = {
    "lock": """
with get_store(sys.argv[1]).lock("name"):
    hold()
""",
    "function": """
from holdall import anycache
@anycache(uri=sys.argv[1], key_func=lambda: "call")
def function():
    hold()
    return "theirs"
function()
""",
    # As another program that writes to the database does, for as long as its transaction lasts.
    "transaction": """
import sqlite3
connection = sqlite3.connect(sys.argv[1].removeprefix("sqlite:///"), isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
hold()
connection.execute("COMMIT")
""",
    # As a writer that was stopped in the middle of a write.
    "writer": """
import fcntl, pathlib
path = pathlib.Path(sys.argv[1].partition("://")[2])
locks = path.glob(".holdall/lock/*") if path.is_dir() else [path.parent / (path.name + ".lock")]
files = [open(lock, "rb") for lock in locks]
assert files
for file in files:
    fcntl.flock(file, fcntl.LOCK_EX)
hold()
""",
}
WAITS = {
    "lock": "store.lock('name').acquire()",
    "lock, with": "with store.lock('name'): pass",
    "put": "store.put('k', 'new')",
    "put_many": "store.put_many({'k': 'new'})",
    "delete": "store.delete('k')",
    "call": "holdall.anycache(lambda: 'ours', store=store, key_func=lambda: 'call')()",
    "get_store": "get_store(sys.argv[1]).delete('k')",
}
WAITER = """
store = get_store(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
try:
    {wait}
except KeyboardInterrupt:
    print("interrupted", flush=True)
sys.stdin.readline()
print(sorted(store.items()))
store.close()
"""


@pytest.mark.skipif(os.name == "nt", reason="one process cannot press Ctrl-C for another")
@pytest.mark.parametrize(
    ("held", "wait", "scheme"),
    [
        ("lock", "lock", "file"), ("lock", "lock, with", "sqlite"),
        ("function", "call", "file"), ("function", "call", "sqlite"),
        ("transaction", "put", "sqlite"), ("transaction", "put_many", "sqlite"), ("transaction", "delete", "sqlite"),
        ("writer", "put", "file"), ("writer", "put", "sqlite"), ("writer", "get_store", "sqlite"),
    ],
)  # fmt: skip
def test_ctrl_c_ends_the_wait(tmp_path, held, wait, scheme):
    uri = uri_in(scheme, tmp_path)
    with get_store(uri) as store:
        store.put("k", "old")
    with start(WAITER.format(wait=WAITS[wait]), uri) as waiter:
        wait_for(waiter, "ready")
        holder = start(HOLD + HOLDERS[held], uri)
        wait_for(holder, "held")
        waiter.stdin.write("\n")
        waiter.stdin.flush()
        assert select.select([waiter.stdout], [], [], 0.3)[0] == [], "it did not wait"
        began = time.monotonic()
        waiter.send_signal(signal.SIGINT)
        wait_for(waiter, "interrupted")
        took = time.monotonic() - began
        print(f"{held}, {wait}, {scheme}: {1000 * took:.0f} ms")
        holder.stdin.write("\n")
        finish(holder)
        waiter.stdin.write("\n")
        kept = [("k", "old")] if held != "function" else [("call", "theirs"), ("k", "old")]
        assert finish(waiter) == f"{kept}\n"
    # Promised are 100 ms; a machine that is busy with other tests gets more.
    assert took < 2
