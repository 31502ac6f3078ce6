"""How far a run is, on a terminal: nodes done, hits, the one that runs, time left."""

import threading
import time
from types import TracebackType
from typing import Self, TextIO

from holdall.progress import Progress
from holdall.workflow.state import State

OFTEN = 0.2


class Bar(Progress):
    """The progress of a run. It is drawn by a thread, because nothing may happen while a long node runs."""

    def __init__(self, name: str, total: int, *, to: TextIO | None = None) -> None:
        super().__init__(name, total, to=to)
        self.hits = 0
        self.began_at: dict[State, float] = {}
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.draw_often, name="holdall-progress", daemon=True)

    def seen(self, state: State) -> None:
        """Note that a node begins to run, or is settled."""
        if state.is_settled:
            self.began_at.pop(state, None)
            self.hits += state.stage == "hit"
            self.count()
        elif state.stage == "failed":
            self.began_at.pop(state, None)
        else:
            self.began_at[state] = time.monotonic()

    def draw_often(self) -> None:
        """Draw until it is over."""
        while not self.over.wait(OFTEN):
            self._draw()

    def tail(self) -> str:
        """Say how many were hits, and what runs: of several, the one that has run longest."""
        text = f", {self.hits:,} hits"
        running = sorted(self.began_at.copy().items(), key=lambda item: item[1])
        if running:
            others = f" and {len(running) - 1} more" if len(running) > 1 else ""
            text += f", {running[0][0].node.name}{others}"
        return text

    def __enter__(self) -> Self:
        if self.shown:
            self.thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.shown:
            self.over.set()
            self.thread.join()
            # A run that was over before it could be drawn is no news.
            self._show = self._drawn > 0
        super().__exit__(kind, value, traceback)
