"""A process that runs plain functions for a worker."""

import asyncio
import importlib
import inspect
import os
import signal
from multiprocessing.connection import Connection
from typing import Any

from holdall._failure import describe
from holdall._holdall import Job, Results, end_with_parent
from holdall._run import arguments, is_coroutine_function


def serve(
    pipe: Connection, parent: int, keyset: str | None, serializer: Any, imports: tuple[str, ...]
) -> None:
    """Run what comes through the pipe until it is closed, or the parent is gone.

    Answers are tuples: ("after", ids) asks for results, ("loop",) says that this is a coroutine function and
    not for here, ("begun",) that the function is called now, and the last is ("done", frame, beside) or
    ("failed", failure, frame, fatal). Where there is something beside the result it is answered: whether that
    is taken over.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        # They are the worker's to act on. A function, since programs started from here inherit what is ignored.
        signal.signal(number, lambda *_: None)
    end_with_parent(parent)
    for name in imports:
        importlib.import_module(name)
    pipe.send(("ready", os.getpid()))
    while True:
        try:
            ident, start, name, *pieces = pipe.recv()
        except EOFError:
            return
        job = Job.of_pieces(ident, start, name, pieces, keyset)
        answer = perform(job, pipe, serializer)
        pipe.send(answer)
        if answer[0] == "done" and answer[2]:
            # What is beside the result is held here until the worker holds it.
            try:
                serializer.let_go(pipe.recv())
            except EOFError:
                return


def perform(job: Job, pipe: Connection, serializer: Any) -> tuple[Any, ...]:
    """Run one task, and return the last answer."""
    fatal = True
    try:
        function, args, kwargs, after = job.open(serializer)
        if is_coroutine_function(function):
            return ("loop",)
        if after:
            pipe.send(("after", after))
            parents = pipe.recv()
            if parents is None:
                return ("orphan",)
            args[:0] = [job.open_parent(parent, serializer) for parent in parents]
        pipe.send(("begun",))
        fatal = False
        value = function(*args, **kwargs)
        if inspect.isawaitable(value):
            value = asyncio.run(waited(value))
        fatal = True
        frame = job.result(value, serializer)
        return ("done", frame, isinstance(serializer, Results) and serializer.is_written)
    except BaseException as error:
        fatal = fatal and not isinstance(error, MemoryError)
        return ("failed", describe(error), arguments(job, error, serializer), fatal)


async def waited(value: Any) -> Any:
    """Wait for what a plain function gave back."""
    return await value
