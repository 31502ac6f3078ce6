"""A queue in a process of its own, told what to do through a pipe."""

import contextlib
import gc
import logging
import multiprocessing
import os
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

# A new interpreter: a fork would share the parent's memory, threads and imports.
CONTEXT = multiprocessing.get_context("spawn")


class Failed(Exception):
    """What a queue cannot do here, in its own words."""


class Remote:
    """A peer, its methods called over there."""

    def __init__(self, name: str, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.pipe, theirs = CONTEXT.Pipe()
        self.process = CONTEXT.Process(target=obey, args=(theirs, name, folder), daemon=True)
        self.process.start()
        theirs.close()
        self.answer()

    def call(self, method: str, *arguments: Any) -> Any:
        self.pipe.send((method, arguments))
        return self.answer()

    def answer(self) -> Any:
        if not self.pipe.poll(300):
            self.process.kill()
            raise Failed(f"{self.name} gave no answer for five minutes")
        try:
            right, answer = self.pipe.recv()
        except EOFError:
            raise Failed(f"{self.name} ended without a word") from None
        if not right:
            raise Failed(answer)
        return answer

    def close(self) -> None:
        with contextlib.suppress(Failed, OSError):
            self.call("close")
        self.pipe.close()
        self.process.join(10)
        self.process.kill()


def obey(pipe: Connection, name: str, folder: Path) -> None:
    """Make a peer and do what is asked of it, until it is closed."""
    # Logging is not measured, and a banner is not for the page.
    logging.disable(logging.CRITICAL)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    method, peer = "", None
    while method != "close":
        try:
            if peer is None:
                import queue_peers

                peer = queue_peers.MAKERS[name](folder)
                answer = None
            else:
                try:
                    method, arguments = pipe.recv()
                except EOFError:
                    return
                # A collection would be charged to whoever happens to run when its count is full.
                gc.collect()
                gc.disable()
                try:
                    answer = getattr(peer, method)(*arguments)
                finally:
                    gc.enable()
        except BaseException as error:
            pipe.send((False, f"{type(error).__name__}: {error}"))
            if peer is None:
                return
        else:
            pipe.send((True, answer))
