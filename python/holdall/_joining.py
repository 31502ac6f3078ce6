"""How far a `join` is, and the bar that shows it."""

from typing import Self

from holdall.errors import TimeoutError
from holdall.progress import Progress


class Joining:
    """How far a `join` is."""

    def __init__(self, progress: bool | None) -> None:
        self.show = progress
        self.bar: Progress | None = None
        self.left: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self.bar is not None:
            self.bar.__exit__(None, None, None)

    def than(self) -> int:
        """Return below which count of unfinished tasks there is something new."""
        if self.left is None:
            # The first answer is what there is to do.
            return 2**63
        if self.bar is None or not self.bar.shown:
            return 1
        return max(1, self.left - self.left // 50)

    def seen(self, left: int | None, limit: float | None) -> bool:
        """Take in a count, and say whether that is the end."""
        if left is None:
            raise TimeoutError(
                f"join: {self.left or 'some'} tasks have not ended after {limit} s; "
                "start a worker, or wait longer",
                timeout_seconds=limit,
                operation="join",
            )
        if self.bar is None:
            self.bar = Progress("join", left, show=self.show)
            self.bar.__enter__()
        elif self.left is not None:
            self.bar.step(max(0, self.left - left))
        self.left = left
        return left == 0
