"""SIGTERM and Ctrl-C, for as long as a worker runs."""

import asyncio
import functools
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["handled"]


@contextmanager
def handled(loop: asyncio.AbstractEventLoop, asked: Callable[[], None]) -> Iterator[None]:
    """Have the loop call `asked` at each signal, unless the program handles signals itself.

    Not by `loop.add_signal_handler`: that one forgets whoever handled them before.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(asked)

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    ours = [number for number, handler in before.items() if is_default(handler)]
    for number in ours:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, before[number])


def is_default(handler: Any) -> bool:
    """Whether nobody asked for this: it is Python's own, or that of `asyncio.run`."""
    if handler in (signal.SIG_DFL, signal.default_int_handler):
        return True
    called = handler.func if isinstance(handler, functools.partial) else None
    return getattr(called, "__func__", None) is getattr(asyncio.Runner, "_on_sigint", handler)
