"""Processes that run functions: one for each thread that asks."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from multiprocessing import Pipe
from typing import Any

from holdall.errors import ConfigurationError, WorkerError
from holdall.workflow.decorator import is_importable
from holdall.workflow.node import BaseNode
from holdall.workflow.parcel import opened, packed, receive, send

# The program's own paths, so that what it can import its children can.
START = """\
__import__("sys").path[:] = {path!r}
__import__("holdall.workflow.child", fromlist=["main"]).main({descriptor}, {parent})
"""
# How long one may take to end by itself before it is killed.
PATIENCE = 2.0


class Children:
    """The processes of one run."""

    def __init__(self) -> None:
        if os.name != "posix":
            raise ConfigurationError(
                "executor='process' is for POSIX systems so far; take executor='thread'",
                parameter="executor",
                value="process",
            )
        self.own = threading.local()
        self.all: list[Child] = []

    def call(
        self,
        node: BaseNode,
        args: tuple[Any, ...],
        kargs: dict[str, Any],
        initializer: Callable[[], Any] | None,
    ) -> Any:
        """Call a node's function in the process of this thread."""
        owner = node.rules.owner
        function = owner if owner.func is node.func and is_importable(owner) else node.func
        pieces = packed((function, args, kargs, initializer))
        child: Child | None = getattr(self.own, "child", None)
        if child is None or child.is_over:
            child = self.own.child = Child()
            self.all.append(child)
        what, value = child.ask(pieces, node.name)
        if what == "done":
            return value
        error, failure = value
        if error is None:
            raise WorkerError(
                f"the node {node.name!r} failed: {failure.kind}: {failure.message}\n{failure.traceback}"
            )
        error.add_note(f"in another process:\n{failure.traceback.rstrip()}")
        raise error

    def close(self) -> None:
        """Let all end that wait for more."""
        for child in self.all:
            child.pipe.close()
        for child in self.all:
            child.end()

    def kill(self) -> None:
        """End all at once."""
        for child in list(self.all):
            child.process.kill()


class Child:
    """One process, as its thread holds it."""

    def __init__(self) -> None:
        self.is_over = False
        self.pipe, theirs = Pipe()
        descriptor = theirs.fileno()
        code = START.format(path=sys.path, descriptor=descriptor, parent=os.getpid())
        command = [sys.executable, "-c", code]
        self.process = subprocess.Popen(command, pass_fds=[descriptor])  # noqa: S603
        theirs.close()
        self.ask(None, "")

    def ask(self, pieces: list[Any] | None, name: str) -> Any:
        """Send a call, and return what came of it."""
        try:
            if pieces is not None:
                send(self.pipe, pieces)
            answer = receive(self.pipe)
        except (EOFError, OSError) as error:
            self.is_over = True
            self.end()
            raise WorkerError(self.epitaph(name)) from error
        return opened(answer)

    def epitaph(self, name: str) -> str:
        """Say how it died."""
        code = self.process.returncode
        how = f"exit code {code}"
        if code is not None and code < 0:
            how = f"by {signal.Signals(-code).name}"
        if not name:
            return f"a process to run nodes could not start ({how}); its error output says why"
        return (
            f"the process died that ran the node {name!r} ({how}); what it had not given back is lost, "
            "and everything else is kept. Killed by SIGKILL it was mostly out of memory"
        )

    def end(self) -> None:
        """See that it ends."""
        self.pipe.close()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
