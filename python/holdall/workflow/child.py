"""What a process does that runs nodes: one call after another, as they come through a pipe.

It imports nothing of the program by itself, so that a script needs no `if __name__ == "__main__"`:
functions of the script come by value, and what can be imported is imported by its name.
"""

import os
import signal
from multiprocessing.connection import Connection
from typing import Any

from holdall import _pickle
from holdall._failure import describe
from holdall._holdall import end_with_parent
from holdall.workflow.call import called
from holdall.workflow.decorator import Decorated
from holdall.workflow.parcel import opened, packed, receive, send


def main(descriptor: int, parent: int) -> None:
    """Answer calls until the pipe is closed, or the parent is gone."""
    # Ctrl-C is for the program, which ends this process. A function, since programs started from here
    # inherit what is ignored.
    signal.signal(signal.SIGINT, lambda *_: None)
    end_with_parent(parent)
    with Connection(descriptor) as pipe:
        send(pipe, packed(os.getpid()))
        while True:
            try:
                call = receive(pipe)
            except EOFError:
                return
            send(pipe, answer(call))


def answer(call: list[Any]) -> list[Any]:
    """Return what came of a call."""
    try:
        function, args, kargs, initializer = opened(call)
        if isinstance(function, Decorated):
            function = function.func
        return packed(("done", called(function, args, kargs, initializer)))
    except BaseException as error:
        failure = describe(error)
        try:
            _pickle.loads(_pickle.dumps(error)[0])
        except Exception:
            return packed(("failed", (None, failure)))
        return packed(("failed", (error, failure)))
