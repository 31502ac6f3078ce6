"""A bar on a terminal, nothing in a pipe."""

import shutil
import sys
import time
from types import TracebackType
from typing import Self, TextIO

WIDTH = 30
EVERY = 0.1


class Progress:
    """How far a long work is: `with Progress("copy", total) as bar: bar.step()`.

    show: whether to draw; by default where standard error is a terminal.
    """

    def __init__(
        self, what: str, total: int, *, show: bool | None = None, to: TextIO | None = None
    ) -> None:
        self._to = sys.stderr if to is None else to
        self._what, self._total, self._done = what, total, 0
        self._show = self._to.isatty() if show is None else show
        self._began = time.monotonic()
        self._drawn = 0.0

    @property
    def shown(self) -> bool:
        """Whether it is drawn."""
        return self._show

    def step(self, count: int = 1) -> None:
        """Say that so much more is done."""
        self.count(count)
        if self._show and time.monotonic() - self._drawn >= EVERY:
            self._draw()

    def count(self, count: int = 1) -> None:
        """Note that so much more is done, and draw nothing."""
        self._done += count

    def tail(self) -> str:
        """Return what else is to be said."""
        elapsed = time.monotonic() - self._began
        return f", {self._done / elapsed if elapsed else 0.0:,.0f}/s"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._show:
            self._draw()
            self._to.write("\n")
            self._to.flush()

    def _draw(self) -> None:
        self._drawn = time.monotonic()
        elapsed = self._drawn - self._began
        share = self._done / self._total if self._total else 1.0
        bar = "█" * round(share * WIDTH)
        rate = self._done / elapsed if elapsed else 0.0
        left = (self._total - self._done) / rate if rate else 0.0
        line = f"{self._what} {bar:░<{WIDTH}} {self._done:,} of {self._total:,}{self.tail()}"
        line += f", {left:.0f} s left" if left >= 1 else ""
        # A line that wraps cannot be drawn over.
        self._to.write(f"\r\x1b[K{line[: shutil.get_terminal_size().columns - 1]}")
        self._to.flush()
