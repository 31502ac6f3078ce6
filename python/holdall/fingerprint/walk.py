"""The way from a function or a class through all that it reads of the user's own."""

import builtins
import sys
from collections import deque
from types import CellType, FunctionType, ModuleType
from typing import Any

from holdall.fingerprint import callables, carried
from holdall.fingerprint.changes import Changes, Variable, defaults_of
from holdall.fingerprint.classes import describe_class
from holdall.fingerprint.imports import Imports
from holdall.fingerprint.modules import module_name
from holdall.fingerprint.naming import digest_by
from holdall.fingerprint.plain import code_in, is_atom, is_plain
from holdall.fingerprint.reads import Read, reading_of
from holdall.fingerprint.watch import MISSING, Space, Watch

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
# Set by whoever imports the module, and read by nobody for what a function comes to.
NAMES = frozenset(
    {"__name__", "__file__", "__doc__", "__package__", "__spec__", "__loader__", "__builtins__"}
)


class Walk(Imports):
    """One way through a code: collects the parts, and what to watch.

    First all code is followed that can be reached, then variables are judged: one that any of it
    changes counts by its type. Values may lead to more code, and so on until nothing is new.
    """

    def __init__(self, subject: Any) -> None:
        self.parts: dict[str, str] = {}
        self.watch = Watch()
        self.changes = Changes()
        self.names: dict[int, str] = {}  # of all code met, by identity
        self.kept: list[Any] = []  # so that identities stay what they are
        self.waiting: deque[tuple[str, Any]] = deque()
        self.variables: dict[str, Variable] = {}
        self.digests: dict[str, bytes | None] = {}
        self.root = callables.innermost(subject)
        name = self.target(subject)
        if name is None:
            self.carry(callables.module_of(type(subject)), type(subject).__qualname__, subject)
        elif not self.waiting:
            self.parts[f"code:{name}"] = "by its name"  # a library's, or compiled
        self.run()
        self.finish()

    def run(self) -> None:
        """Follow and judge all that waits, and what is found on the way."""
        while len(self.digests) < len(self.variables) or self.waiting:
            while self.waiting:
                key, item = self.waiting.popleft()
                self.parts[key] = self.described(key.partition(":")[2], item).hex()
            for key in [key for key in self.variables if key not in self.digests]:
                self.digests[key] = self.judge(self.variables[key].value)

    def finish(self) -> None:
        """Enter the variables, now that all is known that changes them."""
        for key, variable in self.variables.items():
            digest = self.digests[key]
            if digest is None or self.changes.holds(variable):
                self.parts[f"opaque:{key.partition(':')[2]}"] = type_name(variable.value)
                if self.changes.binds(variable):
                    self.watch.loosen(variable.name, variable.space, variable.cell)
                continue
            self.parts[key] = digest.hex()
            if not is_atom(variable.value):
                self.watch.digests.append((variable.value, digest))
        self.parts["python"] = PYTHON

    def judge(self, value: Any) -> bytes | None:
        """Return the digest of a variable's value; None if it counts by its type only."""
        if is_plain(value):
            return digest_by(self, value)
        for each in code_in(value):
            self.target(each)
        return None

    # Code

    def target(self, value: Any) -> str | None:
        """Follow a value that is code, and return its name; None if it is none."""
        value = callables.unwrapped(value)
        if id(value) in self.names:
            return self.names[id(value)]
        if isinstance(value, ModuleType):
            return self.whole(value)
        name = callables.name_of(value)
        if name is None:
            return None
        self.kept.append(value)
        home = callables.home(value)
        if home == "library":
            self.library(callables.module_of(value))
        if home != "own" and not callables.carries(value):
            self.names[id(value)] = name
            return name
        key = self.free(self.kind_of(value), name)
        self.names[id(value)] = name = key.partition(":")[2]
        self.parts[key] = ""
        self.waiting.append((key, value))
        return name

    def kind_of(self, value: Any) -> str:
        """Return what a piece of code is called in the parts."""
        if isinstance(value, type):
            return "class"
        return "code" if value is self.root else "helper"

    def free(self, kind: str, name: str) -> str:
        """Return a key that no other part has: two lambdas of a module have one name."""
        key, number = f"{kind}:{name}", 1
        while key in self.parts or key in self.variables:
            number += 1
            key = f"{kind}:{name}#{number}"
        return key

    def described(self, name: str, item: Any) -> bytes:
        """Follow what code reads, and return the digest of what it is by itself."""
        if isinstance(item, type):
            return describe_class(self, item)
        if isinstance(item, FunctionType) and callables.home(item) == "own":
            return self.body(item)
        return carried.follow(self, item, name)

    def body(self, function: FunctionType) -> bytes:
        """Follow what a function reads, and return the digest of what it does."""
        reading = reading_of(function.__code__)
        self.watch.function(function)
        self.kept.append(function)
        cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
        self.changes.note(function, reading, cells)
        where = callables.name_of(function) or ""
        for name, value in defaults_of(function):
            self.variable(Variable("default", where, name, value, (id(function), name)))
        for read in reading.reads:
            if read.kind == "import":
                self.imported(read, function.__globals__)
            elif read.kind == "cell":
                self.read_cell(read, cells, where)
            else:
                self.read_global(read, function.__globals__)
        return reading.digest

    def method(self, function: FunctionType, kind: type, *, of_class: bool = False) -> bytes:
        """Follow what a method reads, and return the digest of what it does."""
        self.changes.note_method(function, kind, of_class=of_class)
        if id(function) not in self.names:
            self.names[id(function)] = callables.name_of(function) or ""
            self.body(function)
        return reading_of(function.__code__).digest

    # Variables

    def read_cell(self, read: Read, cells: dict[str, CellType], where: str) -> None:
        """Take note of a variable of a closure."""
        cell = cells.get(read.name)
        if cell is None:
            return
        value = self.watch.cell(cell)
        if read.name == "__class__" and value is not MISSING:
            self.target(value)  # of super(): no variable of the user's
            return
        variable = Variable("closure", where, read.name, value, (id(cell), ""), cell=cell)
        self.variable(variable, list(read.chain))

    def read_global(self, read: Read, space: Space) -> None:
        """Take note of a global variable, or of what an attribute of a global module is."""
        value = self.watch.name(space, read.name)
        if read.name in NAMES:
            return
        if value is MISSING and (hasattr(builtins, read.name) or read.kind == "name"):
            return
        where = module_name(space)
        variable = Variable("global", where, read.name, value, (id(space), read.name), space)
        self.variable(variable, list(read.chain))

    def held(self, kind: type, where: str, name: str, value: Any) -> None:
        """Take note of a value that a class holds."""
        self.variable(Variable("global", where, name, value, (id(kind), name), owner=kind))

    def state(self, kind: type, where: str, name: str, space: Space) -> None:
        """Take note of an attribute of an object of a class that is called."""
        value = self.watch.name(space, name)
        slot = (id(space), f"self.{name}")
        self.variable(Variable("closure", where, name, value, slot, space, owner=kind))

    def carry(self, where: str, name: str, value: Any) -> None:
        """Take note of something that a callable carries, as of a variable of a closure."""
        self.variable(Variable("closure", where, name, value, (id(value), name)))

    def variable(self, variable: Variable, chain: list[str] | None = None) -> None:
        """Take note of a variable; of a module, of what its attributes in a chain lead to.

        What is code is followed, and the variable counts by its name: two of them may have been
        exchanged. Where it is called as its module calls it, that says nothing new.
        """
        value, where, name = variable.value, variable.where, variable.name
        key = f"{variable.kind}:{where}.{name}"
        known = self.variables.get(key)
        if known is not None and known.slot == variable.slot:
            return
        if value is MISSING:
            self.parts[key] = "missing" if variable.kind == "global" else "empty"
        elif isinstance(value, ModuleType):
            if value.__name__ not in (name, f"{where}.{name}"):
                self.parts[key] = value.__name__
            self.attribute(value, chain or [])
        elif (text := self.target(value)) is not None:
            if text != f"{where}.{name}" or variable.kind != "global":
                self.parts[key] = text
        elif carried.is_callable_instance(value):
            self.parts[key] = carried.instance(self, value, where, name)
        else:
            if known is not None or key in self.parts:
                key = self.free(variable.kind, f"{where}.{name}")
            self.variables[key] = variable


def type_name(value: Any) -> str:
    """Return the full name of a value's type."""
    return f"{type(value).__module__}.{type(value).__qualname__}"
