"""What the workers of the tests run; their processes import it."""

import asyncio
import contextlib
import contextvars
import os
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

VARIABLE = contextvars.ContextVar("VARIABLE", default="unset")


def double(x):
    return x * 2


async def treble(x):
    await asyncio.sleep(0)
    return x * 3


def add(*values, plus=0):
    return sum(values) + plus


async def add_slowly(*values):
    await asyncio.sleep(0.01)
    return sum(values)


def give_awaitable(x):
    return treble(x)


class Adder:
    def __init__(self, by):
        self.by = by

    def __call__(self, x):
        return x + self.by

    async def method(self, x):
        return x + self.by

    @staticmethod
    def fixed(x):
        return x + 100

    @classmethod
    async def made(cls, x):
        return cls(7)(x)


class AsyncAdder(Adder):
    async def __call__(self, x):
        return x + self.by


@dataclass
class Point:
    x: int


class Odd(Exception):
    """An exception with a mind of its own."""

    def __init__(self, code, *, detail=None):
        super().__init__(code)
        self.code, self.detail = code, detail

    def __str__(self):
        return f"odd {self.code} \ud800"


class Unspeakable(Exception):
    def __str__(self):
        raise RuntimeError("no text")


KINDS = {
    "value": lambda: ValueError("boom"),
    "odd": lambda: Odd(7),
    "unspeakable": lambda: Unspeakable(),
    "exit": lambda: SystemExit(3),
    "interrupt": lambda: KeyboardInterrupt(),
    "cancelled": lambda: asyncio.CancelledError(),
    "generator": lambda: GeneratorExit(),
    "stop": lambda: StopIteration(5),
    "memory": lambda: MemoryError(),
    "base": lambda: BaseException("bare"),
}


def fail(kind):
    error = KINDS[kind]()
    raise error


async def fail_async(kind):
    await asyncio.sleep(0)
    error = KINDS[kind]()
    raise error


def fail_deep():
    try:
        fail("value")
    except ValueError as error:
        raise Odd(1) from error


async def cancel_itself():
    asyncio.current_task().cancel()
    await asyncio.sleep(1)


def recurse():
    return recurse()


def give_lock():
    return threading.Lock()


def where():
    return os.getpid(), threading.current_thread().name


async def where_async():
    return os.getpid(), threading.current_thread().name


def set_variable(value):
    before = VARIABLE.get()
    VARIABLE.set(value)
    return before


async def set_variable_async(value):
    return set_variable(value)


def note(path, text):
    """Write a line, whole even beside other processes."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(descriptor, f"{text}\n".encode())
    finally:
        os.close(descriptor)


async def note_async(path, text):
    note(path, text)


def doze(seconds, path=None):
    if path:
        note(path, f"begun {os.getpid()}")
    time.sleep(seconds)
    if path:
        note(path, f"done {os.getpid()}")
    return seconds


async def nap(seconds, path=None):
    if path:
        note(path, f"begun {os.getpid()}")
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        if path:
            note(path, f"cancelled {os.getpid()}")
        raise
    if path:
        note(path, f"done {os.getpid()}")
    return seconds


async def shrug_off(seconds):
    """Ask not to be disturbed."""
    ends = time.monotonic() + seconds
    while (left := ends - time.monotonic()) > 0:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(left)
    return "undisturbed"


def spin(seconds):
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        pass
    return seconds


def hold_the_interpreter(seconds, path=None):
    """Be busy in C, in one call after another of which none lets other threads run."""
    if path:
        note(path, f"begun {os.getpid()}")
    # A switch is asked for in vain for as long as one call takes.
    ends = time.monotonic() + seconds
    block = 10**6
    while time.monotonic() < ends:
        began = time.monotonic()
        sum(range(block))
        if time.monotonic() - began < seconds / 2:
            block *= 2
    if path:
        note(path, f"done {os.getpid()}")
    return sys.getswitchinterval()


def die():
    os.kill(os.getpid(), 9)


def die_once(path):
    """Die the first time."""
    if not Path(path).exists():
        note(path, "died")
        die()
    return "alive"


running = 0
most = 0
lock = threading.Lock()


def crowd(seconds):
    """Say how many of these ran at once so far."""
    global running, most
    with lock:
        running += 1
        most = max(most, running)
    time.sleep(seconds)
    with lock:
        running -= 1
    return most


async def crowd_async(seconds):
    global running, most
    running += 1
    most = max(most, running)
    await asyncio.sleep(seconds)
    running -= 1
    return most


def spin_noted(seconds, path):
    note(path, f"begun {os.getpid()}")
    return spin(seconds)
