"""Calling what a node is of, and saying which node it was if that fails."""

import contextvars
import threading
from collections.abc import Callable, Coroutine, Iterable
from types import CoroutineType
from typing import Any


def called(
    function: Callable[..., Any],
    args: Iterable[Any],
    kargs: dict[str, Any],
    initializer: Callable[[], Any] | None = None,
) -> Any:
    """Return what a function gives; of a coroutine function, what that gives in the end."""
    if initializer is not None:
        initializer()
    value = function(*args, **kargs)
    return waited(value) if type(value) is CoroutineType else value


def waited(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine to its end."""
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    # In a notebook this thread's loop is at work already.
    return elsewhere(lambda: asyncio.run(coroutine))


def elsewhere(function: Callable[[], Any]) -> Any:
    """Call a function in a thread of its own, and wait for it."""
    outcome: list[tuple[Any, BaseException | None]] = []
    context = contextvars.copy_context()

    def work() -> None:
        try:
            outcome.append((context.run(function), None))
        except BaseException as error:
            outcome.append((None, error))

    thread = threading.Thread(target=work, name="holdall-workflow-loop", daemon=True)
    thread.start()
    thread.join()
    value, error = outcome[0]
    if error is not None:
        raise error
    return value


def annotate(error: BaseException, node: str, workflow: str) -> None:
    """Have an exception say in which node it was raised."""
    note = f"in the node {node!r} of the workflow {workflow!r}"
    if note not in getattr(error, "__notes__", ()):
        error.add_note(note)
