"""Modules that code reads: what is taken from them, and whose they are."""

import importlib
import importlib.util
from types import ModuleType
from typing import Any

from holdall.fingerprint.changes import Variable
from holdall.fingerprint.libraries import MISSING as NO_VERSION
from holdall.fingerprint.libraries import library_of
from holdall.fingerprint.modules import MAIN, found_home, home_of, module_name
from holdall.fingerprint.reads import Read
from holdall.fingerprint.watch import MISSING, Space, Watch


class Imports:
    """The part of a walk that is about modules."""

    parts: dict[str, str]
    names: dict[int, str]
    watch: Watch

    def variable(self, variable: Variable, chain: list[str]) -> None:
        """Take note of a variable; see `Walk`."""
        raise NotImplementedError

    def attribute(self, module: ModuleType, chain: list[str], *, used: bool = True) -> None:
        """Follow attributes of a module. Without any, all of it is used, if it is used."""
        home = home_of(module.__name__, getattr(module, "__file__", None))
        if home != "own":
            if home == "library":
                self.library(module.__name__)
            return
        if not chain:
            if used:
                self.whole(module)
            return
        name, *rest = chain
        space = vars(module)
        value = self.watch.name(space, name)
        if value is MISSING and "__getattr__" in space:
            value = getattr(module, name, MISSING)
        if isinstance(value, ModuleType):
            self.attribute(value, rest, used=used)
            return
        where = module_name(space)
        self.variable(Variable("global", where, name, value, (id(space), name), space), rest)

    def whole(self, module: ModuleType) -> str:
        """Follow all that a module of the user's holds: nobody can say what is taken from it."""
        name = module.__name__
        if id(module) in self.names:
            return name
        self.names[id(module)] = name
        home = home_of(name, getattr(module, "__file__", None))
        if home == "library":
            self.library(name)
        if home == "own" and name not in MAIN:
            for each, value in list(vars(module).items()):
                if not (each.startswith("__") or isinstance(value, ModuleType)):
                    self.attribute(module, [each])
        return name

    def imported(self, read: Read, space: Space) -> None:
        """Follow an import inside a body. Own modules are imported, as the body will."""
        name = absolute(read, space)
        home = found_home(name) if name else None
        if home is None:
            self.parts[f"library:{name or read.name}"] = NO_VERSION
        elif home == "library":
            self.library(name)
        elif home == "own":
            try:
                module = importlib.import_module(name)
                chain = list(read.chain)
                while chain and is_submodule(module, chain[0]):
                    module = importlib.import_module(f"{module.__name__}.{chain.pop(0)}")
            except Exception as error:  # the body will meet the same
                self.parts[f"global:{name}"] = f"not imported: {type(error).__name__}"
            else:
                self.attribute(module, chain, used=not read.imported)

    def library(self, module: str) -> None:
        """Take note of a library's version."""
        name, version = library_of(module)
        self.parts[f"library:{name}"] = version


def is_submodule(module: Any, name: str) -> bool:
    """Whether `from package import name` has to import a module."""
    return hasattr(module, "__path__") and not hasattr(module, name)


def absolute(read: Read, space: Space) -> str:
    """Return the full name of a module that is imported; "" where there is none."""
    if not read.level:
        return read.name
    package = space.get("__package__") or module_name(space).rpartition(".")[0]
    try:
        return importlib.util.resolve_name("." * read.level + read.name, package)
    except ImportError:
        return ""
