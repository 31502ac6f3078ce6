"""Threads that take one piece of work after another."""

import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class End:
    """What ends a thread."""


class Threads(Generic[T]):
    """So many threads at most, each made when there is more work than threads.

    They are daemons: a function that never returns must not keep the program from ending, as it would
    in a ThreadPoolExecutor.
    """

    def __init__(self, most: int, work: Callable[[T], None], name: str) -> None:
        self._most, self._work, self._name = most, work, name
        self._inbox: queue.SimpleQueue[T | End] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._under_way = 0

    def put(self, item: T) -> None:
        """Have an item worked on."""
        with self._lock:
            self._under_way += 1
            if len(self._threads) < min(self._under_way, self._most):
                name = f"{self._name}_{len(self._threads)}"
                thread = threading.Thread(target=self._run, name=name, daemon=True)
                thread.start()
                self._threads.append(thread)
        self._inbox.put(item)

    def more(self) -> T | None:
        """Return what waits to be worked on, for a thread that is at work."""
        try:
            item = self._inbox.get_nowait()
        except queue.Empty:
            return None
        if isinstance(item, End):
            self._inbox.put(item)
            return None
        with self._lock:
            self._under_way -= 1
        return item

    def close(self) -> list[threading.Thread]:
        """Let the threads end when they have done what they are at, and return them."""
        for _ in self._threads:
            self._inbox.put(End())
        return self._threads

    def _run(self) -> None:
        while True:
            item = self._inbox.get()
            if isinstance(item, End):
                return
            try:
                self._work(item)
            finally:
                # Not to hold what was worked on while there is nothing to do.
                del item
                with self._lock:
                    self._under_way -= 1
