"""What blocks of an array are read from."""

import os
import threading
from typing import Any

import numpy as np

from holdall.serializers._dtype import restored
from holdall.serializers._medium import File


class Source:
    """An array in a file: opened at the first read, in every process anew.

    dtype: that of the array, or None if it is that of what lies there.
    """

    def __init__(self, file: File, name: str, dtype: np.dtype[Any] | None) -> None:
        self._file = file
        self._name = name
        self._dtype = dtype
        self._opened: tuple[int, Any] | None = None
        self._lock = threading.Lock()

    def __reduce__(self) -> Any:
        return type(self), (self._file, self._name, self._dtype)

    def read(self, region: tuple[slice, ...]) -> np.ndarray[Any, Any]:
        """Return a block."""
        there = self._part(self.open(), region)
        return np.asarray(there) if self._dtype is None else restored(there, self._dtype)

    def open(self) -> Any:
        """Return what lies there, which has `shape`, `dtype` and `chunks`."""
        with self._lock:
            # A child shares the place in the file with its parent, and each would move the other's.
            if self._opened is None or self._opened[0] != os.getpid():
                self._opened = os.getpid(), self._fresh()
            return self._opened[1]

    def _fresh(self) -> Any:
        """Open it."""
        raise NotImplementedError

    def _part(self, there: Any, region: tuple[slice, ...]) -> Any:
        """Return a region of what lies there."""
        raise NotImplementedError
