"""How the arguments of a call get their names."""

import inspect
from collections.abc import Callable
from types import MethodType
from typing import Any

from holdall.fingerprint import callables
from holdall.fingerprint.parts import Parts

POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
PATHS = tuple(f"$.args[{number}]" for number in range(256))  # as many as a call has arguments


# An argument by its name; where it was given, "" for a default; and of `*args` and `**kwargs` the
# single ones, with a path each.
Argument = tuple[str, Any, str, list[tuple[str, Any, str]] | None]


class Binder:
    """The signature of a function, looked at once."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        inner = callables.innermost(function)
        self.where = callables.name_of(inner)
        # What a method is bound to is its first argument.
        self.bound: Any = getattr(function, "__self__", None)
        self.is_method = isinstance(function, MethodType) and not isinstance(self.bound, type)
        try:
            found = inspect.signature(function.__func__ if self.is_method else function)  # type: ignore[attr-defined]
        except (ValueError, TypeError):  # a builtin without one
            self.signature, parameters = None, []
        else:
            self.signature, parameters = found, list(found.parameters.values())
        self.names = [each.name for each in parameters if each.kind in POSITIONAL]
        self.by_keyword = {
            each.name
            for each in parameters
            if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)
        }
        self.defaults = {
            each.name: each.default for each in parameters if each.default is not each.empty
        }
        self.order = [each.name for each in parameters]
        self.rest = next(
            (each.name for each in parameters if each.kind is each.VAR_POSITIONAL), None
        )
        self.more = next((each.name for each in parameters if each.kind is each.VAR_KEYWORD), None)
        # By how many arguments are given by position, those that are not, where no more can be said.
        self.rests: dict[int, list[Argument]] = {}
        if not (self.is_method or self.rest or self.more):
            for count in range(len(self.names) + 1):
                absent = self.order[count:]
                if all(name in self.defaults for name in absent):
                    self.rests[count] = [(name, self.defaults[name], "", None) for name in absent]
        self._opaque: tuple[Parts | None, frozenset[str]] = None, frozenset()

    def opaque(self, code: Parts) -> frozenset[str]:
        """Return the names of defaults that count by their type, which is a part of the code."""
        known, names = self._opaque
        if known is not code:
            names = frozenset(
                name for name in self.defaults if f"opaque:{self.where}.{name}" in code
            )
            self._opaque = code, names
        return names

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Argument]:
        """Return the arguments with defaults applied; of a call that does not fit, as they are given."""
        rest = None if kwargs else self.rests.get(len(args))
        if rest is not None:  # as most calls are
            return [
                (name, value, path, None)
                for name, value, path in zip(self.names, args, PATHS, strict=False)
            ] + rest
        given: list[Argument] = [(*each, None) for each in self.positional(args)]
        extra = self.positional_rest(args)
        taken = {each[0] for each in given}
        named = {}
        for name, value in kwargs.items():
            path = f"$.kwargs[{name!r}]"
            if name in self.by_keyword and name not in taken:
                given.append((name, value, path, None))
                taken.add(name)
            else:
                named[name] = (name, value, path)
        for name, value in self.defaults.items():
            if name not in taken:
                given.append((name, value, "", None))
        # What is left over where the signature has no place for it: a decorator may take it.
        if extra or self.rest:
            given.append((self.rest or "*", None, "$.args", extra))
        if named or self.more:
            parts = [named[name] for name in sorted(named)]
            given.append((self.more or "**", None, "$.kwargs", parts))
        return given

    def positional(self, args: tuple[Any, ...]) -> list[tuple[str, Any, str]]:
        """Return the positional arguments that have names."""
        if self.is_method:
            rest = zip(self.names[1:], args, PATHS, strict=False)
            return [(*self.names[:1], self.bound, "$.self"), *rest] if self.names else []
        return list(zip(self.names, args, PATHS, strict=False))

    def positional_rest(self, args: tuple[Any, ...]) -> list[tuple[str, Any, str]]:
        """Return the positional arguments that have none."""
        start = max(0, len(self.names) - self.is_method)
        return [("", value, f"$.args[{at}]") for at, value in enumerate(args[start:], start)]
