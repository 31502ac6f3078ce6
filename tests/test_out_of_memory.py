"""Out of memory is MemoryError, whatever was being written or read; the process lives on.

Each case is a process whose children get a little more memory each, until one has enough.
"""

import os

import pytest

from processes import run

PROGRAM = """
import collections, datetime as dt, decimal, gc, os, resource, uuid
from models import Pair, Point, Slotted

N = 100_000
VALUES = {
    "ints": lambda: list(range(10**9, 10**9 + N)),
    "texts": lambda: [str(number) for number in range(N)],
    "text": lambda: ("x" * (40 * N),),
    "surrogates": lambda: "\\ud800" * (10 * N),
    "bytes": lambda: (b"x" * (40 * N),),
    "bytearray": lambda: bytearray(40 * N),
    "integer": lambda: [1 << (300 * N)],
    "dict": lambda: {number: str(number) for number in range(N)},
    "dict of texts": lambda: {str(number): number for number in range(N)},
    "dicts": lambda: [{"a": number} for number in range(N // 2)],
    "lists": lambda: [[number] for number in range(N)],
    "tuples": lambda: [(number,) for number in range(N)],
    "set": lambda: set(range(N)),
    "frozensets": lambda: [frozenset([number]) for number in range(N // 2)],
    "deques": lambda: [collections.deque([number]) for number in range(N // 20)],
    "dates": lambda: [dt.datetime(2020, 1, 1) + dt.timedelta(number) for number in range(N)],
    "decimals": lambda: [decimal.Decimal(number) for number in range(N // 2)],
    "uuids": lambda: [uuid.UUID(int=number) for number in range(N // 4)],
    "shared": lambda: 2 * [[number] for number in range(N)],
    "dataclasses": lambda: [Point(number) for number in range(N // 4)],
    "slots": lambda: [Slotted(number) for number in range(N // 4)],
    "NamedTuples": lambda: [Pair(number, number) for number in range(N // 4)],
}
ENOUGH, NO_MEMORY, OTHER = 0, 10, 11


def used():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def child(work, *arguments, more):
    # Everything is said before the limit: there may be no memory for a word later.
    pid = os.fork()
    if pid == 0:
        code = OTHER
        try:
            resource.setrlimit(resource.RLIMIT_AS, (base + more, base + more))
            work(*arguments)
            code = ENOUGH
        except MemoryError:
            code = NO_MEMORY
        except BaseException as error:
            os.write(2, repr(error).encode())
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def write(value):
    return holdall.dumps(value, mode="cbor")


value = VALUES[sys.argv[1]]()
payload = write(value)
holdall.loads(payload)
gc.collect()
for work, argument in ((write, value), (holdall.loads, payload)):
    base = used()
    steps = [0, 50_000, 150_000, 400_000, *(1_000_000 * step for step in range(1, 40, 3)), 2**28]
    codes = []
    for more in steps:
        codes.append(child(work, argument, more=more))
        if codes[-1] == ENOUGH and more > 10_000_000:
            break
    assert set(codes) <= {ENOUGH, NO_MEMORY}, (work, codes)
    print(codes.count(NO_MEMORY), codes.count(ENOUGH))
"""
KINDS = [
    line.partition('"')[2].partition('"')[0] for line in PROGRAM.splitlines() if ": lambda:" in line
]
# So much is free in the allocator's own pools that even the smallest limit is enough.
SMALL = {"deques", "lists", "dataclasses", "slots", "NamedTuples", "uuids", "decimals"}


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_a_memory_error(kind):
    # Without a trace of the stack, which wants memory: Rust would wait for its own lock for ever.
    environment = {**os.environ, "RUST_BACKTRACE": "0"}
    codes = [map(int, line.split()) for line in run(PROGRAM, kind, env=environment).splitlines()]
    none, enough = map(sum, zip(*codes, strict=True))
    assert enough
    assert none or kind in SMALL
