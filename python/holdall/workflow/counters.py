"""Numbers for the names of nodes, from 0 for each function."""

import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakKeyDictionary

counters: WeakKeyDictionary[Callable[..., Any], Iterator[int]] = WeakKeyDictionary()
lock = threading.Lock()


def counter_of(function: Callable[..., Any]) -> Iterator[int]:
    """Return the numbers of a function: one row of them, however often it is decorated or inherited."""
    try:
        with lock:
            return counters.setdefault(function, itertools.count())
    except TypeError:  # what cannot be referred to weakly, or hashed, is nobody else's either
        return itertools.count()


def name_of(function: Callable[..., Any]) -> str:
    """Return what a function's nodes are called, without the number."""
    return str(getattr(function, "__qualname__", None) or type(function).__qualname__)
