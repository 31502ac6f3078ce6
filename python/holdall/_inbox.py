"""Where an asyncio loop waits for the answers of the engine's threads."""

import asyncio
from typing import Any

from holdall import _holdall as engine


class Inbox:
    """The mailbox of one loop, and who waits for what in it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.mailbox = engine.Mailbox()
        self.waiting: dict[int, asyncio.Future[Any]] = {}
        loop.add_reader(self.mailbox.fileno(), self.heard)

    def heard(self) -> None:
        """Hand out what has arrived."""
        for number, answer in self.mailbox.hear():
            future = self.waiting.pop(number, None)
            if future is None or future.done():
                continue
            if isinstance(answer, BaseException):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    async def answer(self, number: int) -> Any:
        """Wait for an answer."""
        future = self.waiting[number] = self.loop.create_future()
        try:
            return await future
        finally:
            self.waiting.pop(number, None)

    def close(self) -> None:
        """Listen no longer; who still waits is told so."""
        if not self.loop.is_closed():
            self.loop.remove_reader(self.mailbox.fileno())
        waiting, self.waiting = self.waiting, {}
        for future in waiting.values():
            future.cancel()
