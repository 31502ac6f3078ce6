"""A coroutine function whose results are kept."""

import asyncio
import inspect
import threading
import time
from contextlib import AbstractContextManager
from typing import Any, ParamSpec, TypeVar

from holdall._memo import MISS, WORKFLOW, Memo, find

__all__ = ["AsyncMemo"]

P = ParamSpec("P")
R = TypeVar("R")


class AsyncMemo(Memo[P, R]):
    """A coroutine function whose results are kept."""

    # For asyncio.iscoroutinefunction, which looks for it before Python 3.12.
    _is_coroutine = getattr(asyncio.coroutines, "_is_coroutine", None)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        if mark := getattr(inspect, "markcoroutinefunction", None):
            mark(self)

    async def __call__(  # type: ignore[override]
        self, *args: P.args, **kwargs: P.kwargs
    ) -> Any:
        """Return what is kept for these arguments, or await the function and keep what it returns."""
        parts = self._call(args, kwargs)
        place = self._place(parts)
        storage = await asyncio.to_thread(self.storage)
        found = await asyncio.to_thread(find, storage, *place)
        if found is not MISS:
            return found
        holder = Holder(storage.claim(WORKFLOW, *place))
        try:
            await holder.entered()
            found = await asyncio.to_thread(find, storage, *place)
            if found is MISS:
                started = time.perf_counter()
                awaited: Any = self._function(*args, **kwargs)
                found = await awaited
                seconds = time.perf_counter() - started
                await asyncio.to_thread(self._keep, storage, parts, found, seconds)
        finally:
            holder.leave()
        return found


class Holder:
    """A thread that waits for a claim and holds it, so that the loop goes on meanwhile.

    One of its own and not one of a pool: there those who wait could keep out who is to let go.
    """

    def __init__(self, claim: AbstractContextManager[Any]) -> None:
        self._claim = claim
        self._loop = asyncio.get_running_loop()
        self._entered: asyncio.Future[None] = self._loop.create_future()
        self._left = threading.Event()
        threading.Thread(target=self._hold, name="holdall-memo", daemon=True).start()

    async def entered(self) -> None:
        """Wait until the claim is held."""
        await self._entered

    def leave(self) -> None:
        """Let the claim go, or wait for it no more."""
        self._left.set()

    def _hold(self) -> None:
        try:
            with self._claim:
                self._tell(None)
                self._left.wait()
        except BaseException as error:
            self._tell(error)

    def _tell(self, error: BaseException | None) -> None:
        try:
            self._loop.call_soon_threadsafe(self._told, error)
        except RuntimeError:  # the loop is gone, and with it whoever waited
            self._left.set()

    def _told(self, error: BaseException | None) -> None:
        if self._entered.done():
            return
        if error is None:
            self._entered.set_result(None)
        else:
            self._entered.set_exception(error)
