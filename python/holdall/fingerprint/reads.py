"""What code reads and what it changes, by name: found in its instructions, without running it."""

from functools import lru_cache
from types import CodeType
from typing import NamedTuple

from holdall.fingerprint.bytecode import Step, digest_of, steps_of

GLOBALS = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"})
CELLS = frozenset({"LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF"})
LOCALS = frozenset({"LOAD_FAST", "LOAD_FAST_AND_CLEAR"})
ATTRIBUTES = frozenset({"LOAD_ATTR", "LOAD_METHOD"})
INSIDE = frozenset({"BINARY_SUBSCR", "BINARY_SLICE"})
STORES = frozenset({"STORE_FAST", "STORE_NAME", "STORE_DEREF", "STORE_GLOBAL"})
# What leaves the top of the stack to what lay there before.
NOTHING = STORES | {"PUSH_NULL", "POP_TOP", "KW_NAMES"}
# Where, counted from the top of the stack, lies what is changed.
CHANGES = {
    "STORE_ATTR": 1,
    "DELETE_ATTR": 1,
    "STORE_SUBSCR": 2,
    "DELETE_SUBSCR": 2,
    "STORE_SLICE": 3,
}
# The methods by which containers, arrays and frames are changed.
MUTATORS = frozenset(
    {
        "__delitem__", "__iadd__", "__ior__", "__setitem__", "add", "append", "appendleft", "clear",
        "difference_update", "discard", "extend", "extendleft", "fill", "insert",
        "intersection_update", "itemset", "move_to_end", "pop", "popitem", "popleft", "put",
        "remove", "resize", "reverse", "rotate", "setdefault", "setflags", "sort", "subtract",
        "symmetric_difference_update", "update",
    }
)  # fmt: skip


class Read(NamedTuple):
    """A name that code reads, and the attributes that it reads of it at once.

    kind: "global", "name" (a global, or none), "cell" (of a closure), "local" (an argument), or
    "import", where the name is a module's. level: of a relative import. imported: whether it is
    only imported here, not yet used.
    """

    kind: str
    name: str
    chain: tuple[str, ...] = ()
    level: int = 0
    imported: bool = False


class Reading(NamedTuple):
    """What is known of code by itself.

    binds: the names that it gives another value. changes: the objects that it changes.
    """

    digest: bytes
    reads: tuple[Read, ...]
    binds: frozenset[Read]
    changes: frozenset[Read]


@lru_cache(maxsize=4096)
def reading_of(code: CodeType) -> Reading:
    """Return what code does, reads and changes, the functions that it makes included."""
    count = code.co_argcount + code.co_kwonlyargcount
    found = Finder(code, {}, frozenset(code.co_freevars), frozenset(code.co_varnames[:count]))
    return Reading(
        digest_of(code),
        tuple(dict.fromkeys(found.reads)),
        frozenset(found.binds),
        frozenset(found.changes),
    )


class Finder:
    """A pass over code and the code inside it.

    known: what names of variables stand for that an import set. free: the variables that come
    from outside the outermost function. given: its arguments.
    """

    def __init__(
        self, code: CodeType, known: dict[str, Read], free: frozenset[str], given: frozenset[str]
    ) -> None:
        self.reads: list[Read] = []
        self.binds: list[Read] = []
        self.changes: list[Read] = []
        self.known = dict(known)
        self.free, self.given = free, given
        self.steps, handlers = steps_of(code)
        self.depths = depths_of(
            self.steps, {h.target: h.depth + h.lasti + 1 for h in handlers if h}
        )
        if "__class__" in code.co_freevars:  # `super()` reads it without saying so
            self.reads.append(Read("cell", "__class__"))
        self.stored = {step.value for step in self.steps if step.name == "STORE_NAME"}
        for place, step in enumerate(self.steps):
            self.look(place, step)
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                self.enter(constant)

    def enter(self, code: CodeType) -> None:
        """Take over what the code of an inner function reads: of its cells, those from outside."""
        inside = {name: read for name, read in self.known.items() if name in code.co_freevars}
        cells = frozenset(code.co_freevars)
        found = Finder(code, inside, self.free & cells, self.given & cells)
        self.reads += found.reads
        self.binds += found.binds
        self.changes += found.changes

    def look(self, place: int, step: Step) -> None:
        """Take note of what one step reads or changes."""
        name = step.name
        if name == "IMPORT_NAME":
            self.imports(place, step)
        elif name in ATTRIBUTES and step.value in MUTATORS:
            self.change(place, 1)
        elif name in CHANGES:
            # In `x[i] += 1` the value was swapped under what it is stored in.
            swapped = self.steps[place - 1].name == "SWAP"
            self.change(place, CHANGES[name] + swapped, attribute=step)
        elif name in ("STORE_GLOBAL", "DELETE_GLOBAL"):
            if self.steps[place - 1].name not in ("IMPORT_NAME", "IMPORT_FROM"):
                self.binds.append(Read("global", step.value))
        elif name in ("STORE_DEREF", "DELETE_DEREF"):
            if step.value in self.free:
                self.binds.append(Read("cell", step.value))
        elif (root := self.root(step)) is not None and root.kind != "local":
            self.reads.append(root._replace(chain=root.chain + self.chain(place + 1)))

    def root(self, step: Step) -> Read | None:
        """Return what a step loads that comes from outside."""
        name, value = step.name, step.value
        if name not in GLOBALS and name not in CELLS and name not in LOCALS:
            return None
        if value in self.known:
            return self.known[value]
        if name in GLOBALS:
            # In the body of a class a name may be its own.
            return Read("name" if value in self.stored else "global", value)
        if name in CELLS and value in self.free:
            return Read("cell", value)
        return Read("local", value) if value in self.given else None

    def chain(self, place: int) -> tuple[str, ...]:
        """Return the attributes that are read one of the other from a step on."""
        end = place
        while end < len(self.steps) and self.steps[end].name in ATTRIBUTES:
            end += 1
        return tuple(step.value for step in self.steps[place:end])

    def imports(self, place: int, step: Step) -> None:
        """Follow an import statement to the variables that it sets."""
        level = self.steps[place - 2].value if self.steps[place - 2].name == "LOAD_CONST" else 0
        asked = self.steps[place - 1].value
        whole = Read("import", step.value, (), level, imported=True)
        self.reads.append(whole)
        after = self.steps[place + 1]
        if asked is None and after.name in STORES:  # import a.b.c sets a
            top = step.value.partition(".")[0]
            self.known[after.value] = Read("import", top, (), level)
            return
        steps = iter(enumerate(self.steps[place + 1 :], place + 1))
        part: Read = whole
        for where, each in steps:
            if each.name == "IMPORT_FROM":
                # Of `import a.b.c as d` each part is taken out of the one before.
                part = part if asked is None else whole
                part = part._replace(chain=(*part.chain, each.value))
                if asked is not None:
                    self.reads.append(part)
            elif each.name in STORES and self.steps[where - 1].name == "IMPORT_FROM":
                top = step.value if asked is not None else step.value.partition(".")[0]
                self.known[each.value] = part._replace(name=top, imported=False)
            elif each.name not in ("SWAP", "POP_TOP"):
                break

    def change(self, place: int, below: int, attribute: Step | None = None) -> None:
        """Take note that a step changes what lies so far below the top of the stack."""
        depth = self.depths[place]
        origin = None if depth is None else self.origin(place, depth - below)
        if origin is not None:
            self.changes.append(origin)
            if attribute is not None and attribute.name == "STORE_ATTR":
                # An attribute of a module or a class is a variable as well.
                self.binds.append(origin._replace(chain=(*origin.chain, attribute.value)))

    def origin(self, place: int, slot: int) -> Read | None:
        """Return what was loaded into a slot of the stack, as it is before a step."""
        chain: tuple[str, ...] = ()
        while place > 0:
            place -= 1
            depth = self.depths[place + 1]
            if depth is None:
                return None
            if depth > slot + 1:
                continue
            step = self.steps[place]
            if step.name in NOTHING or step.jump >= 0 or not step.goes_on:
                continue
            if step.name in ATTRIBUTES:
                chain = (step.value, *chain)
            elif step.name in INSIDE:
                chain = ()
            elif step.name == "COPY":
                before = self.depths[place]
                if before is None:
                    return None
                slot = before - step.value
            else:
                root = self.root(step)
                return None if root is None else root._replace(chain=root.chain + chain)
        return None


def depths_of(steps: list[Step], known: dict[int, int]) -> list[int | None]:
    """Return how many values are on the stack before each step; None where nobody gets to."""
    depths: list[int | None] = [known.get(place) for place in range(len(steps) + 1)]
    depths[0] = 0
    for place, step in enumerate(steps):
        depth = depths[place]
        if depth is None:
            continue
        if step.jump >= 0 and depths[step.jump] is None:
            depths[step.jump] = depth + step.effect(jump=True)
        if step.goes_on and depths[place + 1] is None:
            depths[place + 1] = depth + step.effect(jump=False)
    return depths
