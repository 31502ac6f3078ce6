"""Functions that know their queue: `@queue.task`."""

import functools
from collections.abc import Callable
from typing import Any

from holdall.errors import ValidationError

__all__ = ["TaskFunction"]


class TaskFunction:
    """A function with a queue and options; it is called as before.

    Enqueued by itself, `queue.enqueue(function)`, it is the function without these options.
    """

    def __init__(self, queue: Any, function: Callable[..., Any], options: dict[str, Any]) -> None:
        functools.update_wrapper(self, function)
        self.__wrapped__: Callable[..., Any] = function
        self._bound = queue.options(**options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function, here and now."""
        return self.__wrapped__(*args, **kwargs)

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        # In a class it is a method, as the function would be.
        return self if instance is None else self.__wrapped__.__get__(instance, owner)

    def __repr__(self) -> str:
        return f"<task {self.__wrapped__.__module__}:{self.__wrapped__.__qualname__}>"

    def __reduce__(self) -> Any:
        # Where a copy arrives there is no such queue, but whoever calls it calls the function.
        module, name = self.__wrapped__.__module__, self.__wrapped__.__qualname__
        return name if module not in ("__main__", "__mp_main__") else undecorated(self.__wrapped__)

    def enqueue(self, *args: Any, **kwargs: Any) -> Any:
        """Enqueue a call: all arguments are the function's. With a TaskQueue, to be awaited."""
        return self._bound.enqueue(self.__wrapped__, *args, **kwargs)

    def enqueue_many(self, arguments: Any) -> Any:
        """Enqueue a call with each of these tuples of arguments."""
        return self._bound.enqueue_many([(self.__wrapped__, args) for args in arguments])

    def options(self, **options: Any) -> "TaskFunction":
        """Return the same function with further options, which win."""
        return TaskFunction(self._bound, self.__wrapped__, options)


def undecorated(function: Callable[..., Any]) -> tuple[Any, ...]:
    """Return how a decorated function of the script is pickled: as the function."""
    return functools.partial, (function,)


def decorator(queue: Any, function: Callable[..., Any] | None, options: dict[str, Any]) -> Any:
    """Decorate a function, or return what does."""
    if function is None:
        # The options are checked where they are written.
        bound = queue.options(**options)
        return lambda function: TaskFunction(bound, called(function), {})
    return TaskFunction(queue, called(function), options)


def called(function: Any) -> Callable[..., Any]:
    """Return what can be called, or raise."""
    if isinstance(function, TaskFunction):
        return function.__wrapped__
    if not callable(function):
        raise ValidationError(
            f"the function of a task must be callable, not {function!r}; options are given by name, "
            "as in @queue.task(retries=3)",
            parameter="func",
            value=function,
        )
    return function  # type: ignore[no-any-return]
