"""What `@anycache` and `@memo` have in common: a function with its results kept."""

import functools
import inspect
import sys
from collections.abc import Callable, Collection
from types import MethodType
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

from holdall.errors import ValidationError

if TYPE_CHECKING:
    from holdall.fingerprint.code import Code
    from holdall.fingerprint.parts import Parts

P = ParamSpec("P")
R = TypeVar("R")

# A result of these is used up by the first who takes it.
GENERATORS = (inspect.isgeneratorfunction, inspect.isasyncgenfunction)
COROUTINES = (inspect.iscoroutinefunction,)


class Wrapper(Generic[P, R]):
    """A function whose results are kept. A class, so that it pickles with what it belongs to."""

    __wrapped__: Callable[P, R]

    def __init__(self, function: Callable[P, R], *, what: str, coroutines: bool) -> None:
        """Take the function. what: the decorator's name. coroutines: whether it may be one."""
        if not callable(function):
            raise ValidationError(f"{what} keeps what a function returns; {function!r} is none")
        refused = GENERATORS if coroutines else (*COROUTINES, *GENERATORS)
        if any(is_kind(function, kind) for kind in refused):
            given = "generator" if coroutines else "coroutine or a generator"
            raise ValidationError(
                f"{what} keeps results, and {name_of(function)} gives a {given}, which cannot "
                "be kept; cache a function that returns the result itself"
            )
        functools.update_wrapper(self, function)
        self._function = function
        self._opened: Any = None
        self._code: Code | None = None
        self._named: str | None = None

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what is kept for these arguments, or run the function and keep what it returns."""
        raise NotImplementedError

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """Bind to an instance, as a function in a class does."""
        return self if instance is None else MethodType(self, instance)

    def __reduce__(self) -> Any:
        # By name where that finds it, as any function goes, and so to the workers of a pool.
        return name_of(self) if is_importable(self) else self.by_value()

    def by_value(self) -> tuple[Any, ...]:
        """Reduce to the function and the options: for a script's, whose name means nothing elsewhere."""
        return object.__new__, (type(self),), self.__getstate__()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_opened": None, "_code": None}

    def __repr__(self) -> str:
        return f"<{type(self).__name__.lower()} of {self._function!r}>"

    def _name(self) -> str:
        """Return the name of the function that the user wrote, with its module's."""
        if self._named is None:
            from holdall.fingerprint.callables import innermost, name_of

            self._named = name_of(innermost(self._function)) or type(self._function).__qualname__
        return self._named

    def _changed(self, parts: "Parts") -> list[str]:
        """Return the variables that are others than they were for these parts."""
        return [] if self._code is None else self._code.changed(parts.code)

    def _parts(
        self,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        version: Any = None,
        ignore: Collection[str] = (),
    ) -> "Parts":
        """Return what the fingerprint of a call is made of."""
        if self._code is None:
            # In here: whoever only keeps values need not wait for what takes code apart.
            from holdall.fingerprint.code import Code

            self._code = Code(self._function)
        return self._code.call(args, kwargs, version=version, ignore=ignore)


def is_kind(function: Any, kind: Callable[[Any], bool]) -> bool:
    """Whether a function is of a kind; an object that is called is asked by its method."""
    return kind(function) or kind(type(function).__call__)


def name_of(function: Any) -> str:
    """Return the name of a function below its module."""
    return str(getattr(function, "__qualname__", function))


def is_importable(wrapper: Wrapper[..., Any]) -> bool:
    """Whether the module and the name of a function lead to its wrapper."""
    found: Any = sys.modules.get(getattr(wrapper, "__module__", None) or "")
    for name in name_of(wrapper).split("."):
        found = getattr(found, name, None)
    return found is wrapper
