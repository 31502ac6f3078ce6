"""What code does, written so that where and how it stands in a file does not show.

The compiler lays instructions out by line numbers as well: it keeps a NOP for a line of its own,
shares or copies the end of a function, threads jumps that are on one line. So code is not taken as
it lies. It is cut into runs (what happens from one place on until a branch, jumps followed), runs
that do the same are one, and they are written in the order in which they are first met.
"""

import dis
from functools import lru_cache
from itertools import pairwise
from types import CodeType
from typing import Any, NamedTuple

from holdall._holdall import fingerprint

AHEAD = -1  # for a step that does not jump
# What only helps the interpreter along.
SILENT = frozenset(
    {"NOP", "CACHE", "RESUME", "EXTENDED_ARG", "NOT_TAKEN", "PRECALL", "COPY_FREE_VARS", "MAKE_CELL"}
)  # fmt: skip
JUMPS = frozenset({"JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT"})
ENDS = frozenset({"RETURN_VALUE", "RAISE_VARARGS", "RERAISE", "INTERPRETER_EXIT"})
# Written into the code of a class by where it stands.
PLACES = frozenset(
    {"__module__", "__doc__", "__qualname__", "__firstlineno__", "__static_attributes__"}
)
# Two instructions in one, made where both are on one line.
PAIRS = {
    "LOAD_FAST_LOAD_FAST": ("LOAD_FAST", "LOAD_FAST"),
    "LOAD_FAST_BORROW_LOAD_FAST_BORROW": ("LOAD_FAST", "LOAD_FAST"),
    "STORE_FAST_LOAD_FAST": ("STORE_FAST", "LOAD_FAST"),
    "STORE_FAST_STORE_FAST": ("STORE_FAST", "STORE_FAST"),
}
SPLIT = frozenset(dis.opmap.get(name, AHEAD) for name in (*PAIRS, "RETURN_CONST"))
# The same thing, done faster where the compiler sees that it may.
PLAINER = {
    "LOAD_FAST_BORROW": "LOAD_FAST",
    "LOAD_FAST_CHECK": "LOAD_FAST",
    "LOAD_SMALL_INT": "LOAD_CONST",
}
# What cannot fail: whether it stands inside a `try` is nothing to it.
SAFE = frozenset({"LOAD_FAST", "STORE_FAST", "POP_TOP"} if "LOAD_FAST_CHECK" in dis.opmap else ())

# Jumps that leave the condition where it is, and those that take it off.
KEEPING = {"JUMP_IF_TRUE_OR_POP": True, "JUMP_IF_FALSE_OR_POP": False}
INVERSE = {
    "POP_JUMP_IF_TRUE": "POP_JUMP_IF_FALSE",
    "POP_JUMP_IF_NOT_NONE": "POP_JUMP_IF_NONE",
}
POPPING = {True: "POP_JUMP_IF_TRUE", False: "POP_JUMP_IF_FALSE"}

NAMED = frozenset({*dis.hasconst, *dis.hasname, *dis.haslocal, *dis.hasfree})
JUMPING = frozenset({*dis.hasjrel, *dis.hasjabs})
# Of the flags only those by which a call behaves: *args, **kwargs, generators and coroutines.
FLAGS = 0x04 | 0x08 | 0x20 | 0x80 | 0x100 | 0x200


class Step(NamedTuple):
    """An instruction, the value of its argument, and the number of the step it may jump to."""

    name: str
    value: Any
    jump: int
    opcode: int
    argument: int | None

    @property
    def is_sure(self) -> bool:
        """Whether a local variable is known to have a value."""
        return dis.opname[self.opcode] != "LOAD_FAST_CHECK"

    @property
    def goes_on(self) -> bool:
        """Whether the next step can follow."""
        return self.name not in JUMPS and self.name not in ENDS

    def effect(self, *, jump: bool) -> int:
        """Return by how many values the stack is higher after it."""
        if self.opcode in SPLIT:
            return 1 if self.name.startswith("LOAD") else -1
        return dis.stack_effect(self.opcode, self.argument, jump=jump)


class Handler(NamedTuple):
    """Where an exception in some steps goes to, and how the stack is then."""

    target: int
    depth: int
    lasti: bool


class Run(NamedTuple):
    """What happens from a place on until a branch, and the places it can go on with."""

    does: tuple[Any, ...]
    ahead: tuple[int, ...]


def steps_of(code: CodeType) -> tuple[list[Step], list[Handler | None]]:
    """Return the steps of code, and the handler of each."""
    places: dict[int, int] = {}  # from offsets to numbers of steps
    found: list[tuple[dis.Instruction, str, Any]] = []
    for each in dis.get_instructions(code):
        places[each.offset] = len(found)
        if each.opname in SILENT:
            continue
        if each.opname in PAIRS:
            found += [(each, *pair) for pair in zip(PAIRS[each.opname], each.argval, strict=True)]
        elif each.opname == "RETURN_CONST":
            found += [(each, "LOAD_CONST", each.argval), (each, "RETURN_VALUE", None)]
        else:
            value = each.argval if each.opcode in NAMED else each.arg
            if each.opname == "KW_NAMES" and each.arg is not None:
                value = code.co_consts[each.arg]  # which dis cannot tell in Python 3.11
            found.append((each, PLAINER.get(each.opname, each.opname), value))
    steps = []
    offsets = []
    cells = {*code.co_cellvars, *code.co_freevars}
    for each, name, value in found:
        offsets.append(each.offset)
        if each.opcode in JUMPING:
            plain = name.replace("_FORWARD_IF", "_IF").replace("_BACKWARD_IF", "_IF")
            steps.append(Step(plain, None, places[each.argval], each.opcode, each.arg))
        else:
            # From Python 3.13 on a cell for an inner function is loaded as a local variable is.
            is_cell = name == "LOAD_FAST" and value in cells
            steps.append(
                Step("LOAD_CLOSURE" if is_cell else name, value, AHEAD, each.opcode, each.arg)
            )
    handlers: list[Handler | None] = [None] * len(steps)
    table = exceptions_of(code.co_exceptiontable)
    for start, end, target, depth, lasti in table:
        handler = Handler(places[target], depth, lasti)
        for number, offset in enumerate(offsets):
            if start <= offset < end:
                handlers[number] = handler
    return steps, handlers


def exceptions_of(table: bytes) -> list[tuple[int, int, int, int, bool]]:
    """Return the entries of a table: start, end, target, depth of the stack, and whether lasti is on it."""
    numbers = []
    number = 0
    for byte in table:
        number = number << 6 | byte & 63
        if not byte & 64:
            numbers.append(number)
            number = 0
    return [
        (2 * start, 2 * (start + length), 2 * target, packed >> 1, bool(packed & 1))
        for start, length, target, packed in zip(*[iter(numbers)] * 4, strict=True)
    ]


def run_from(place: int, steps: list[Step], handlers: list[Handler | None]) -> Run:
    """Follow code from a step on until it branches, ends, or comes round."""
    does: list[tuple[str, Any, Handler | None]] = []
    ahead: list[int] = []
    met: dict[int, int] = {}
    while True:
        if place in met:
            does.append(("AGAIN", met[place], None))
            break
        met[place] = len(does)
        step, handler = steps[place], handlers[place]
        if step.name in JUMPS:
            place = step.jump
            continue
        step = threaded(step, steps)
        if step.name == "STORE_NAME" and step.value in PLACES and does:
            does.pop()  # what was stored there
        else:
            guard = None if step.name in SAFE and step.is_sure else handler
            does.append((step.name, constant(step.value), guard))
        if step.jump != AHEAD:
            ahead = [place + 1, step.jump]
            if step.name in INVERSE:
                does[-1] = (INVERSE[step.name], *does[-1][1:])
                ahead.reverse()
            break
        if step.name in ENDS:
            break
        place += 1
    sort_stores(does)
    guards = [handler for _, _, handler in does if handler is not None]
    told = ((name, value, handler and handler[1:]) for name, value, handler in does)
    return Run(tuple(told), (*(handler.target for handler in guards), *ahead))


def sort_stores(does: list[tuple[str, Any, Handler | None]]) -> None:
    """Store values in the order in which they lie, where a SWAP changes that: `a, b = b, a`.

    The compiler does so if all of them are on one line, and then stores nothing twice.
    """
    for place in range(len(does) - 1, -1, -1):
        name, count, _ = does[place]
        if name != "SWAP":
            continue
        stores = does[place + 1 : place + 1 + count]
        if len(stores) < count or any(each[0] not in ("STORE_FAST", "POP_TOP") for each in stores):
            continue
        first, last = stores[0][1], stores[-1][1]
        if any(each[1] in (first, last) for each in stores[1:-1]) or first == last is not None:
            continue
        does[place + 1 : place + 1 + count] = [stores[-1], *stores[1:-1], stores[0]]
        del does[place]
    for place, (each, after) in enumerate(pairwise(does)):
        if each[0] == "STORE_FAST" and each[:2] == after[:2]:
            does[place] = ("POP_TOP", None, None if SAFE else each[2])


def threaded(step: Step, steps: list[Step]) -> Step:
    """Follow a jump that keeps its condition on the stack to a branch on the same condition.

    `a and b or c` is compiled to that; whether the compiler joins the two depends on their lines.
    """
    while step.name in KEEPING:
        truth = KEEPING[step.name]
        after = steps[step.jump]
        if after.name in JUMPS:
            step = step._replace(jump=after.jump)
        elif after.name in KEEPING:
            if KEEPING[after.name] == truth:
                step = step._replace(jump=after.jump)
            else:
                step = step._replace(name=POPPING[truth], jump=step.jump + 1)
        elif after.name in POPPING.values():
            jump = after.jump if after.name == POPPING[truth] else step.jump + 1
            step = step._replace(name=POPPING[truth], jump=jump)
        else:
            break
    return step


PLACES_STORED = frozenset({"STORE_NAME"})


def constant(value: Any) -> Any:
    """Return what stands for an argument of an instruction."""
    return ("code", digest_of(value)) if isinstance(value, CodeType) else value


@lru_cache(maxsize=4096)
def digest_of(code: CodeType) -> bytes:
    """Return the digest of what code does."""
    steps, handlers = steps_of(code)
    runs: dict[int, Run] = {}
    waiting = [0]
    while waiting:
        place = waiting.pop()
        if place not in runs:
            runs[place] = run_from(place, steps, handlers)
            waiting += runs[place].ahead
    kinds = alike(runs)
    # The order of the first meeting, of each kind once.
    numbers: dict[int, int] = {}
    written = []
    waiting = [0]
    while waiting:
        place = waiting.pop()
        if kinds[place] in numbers:
            continue
        numbers[kinds[place]] = len(numbers)
        written.append(runs[place])
        waiting += reversed(runs[place].ahead)
    count = (
        code.co_argcount
        + code.co_kwonlyargcount
        + bool(code.co_flags & 4)
        + bool(code.co_flags & 8)
    )
    return fingerprint(
        (
            "code",
            code.co_flags & FLAGS,
            code.co_argcount,
            code.co_posonlyargcount,
            code.co_kwonlyargcount,
            code.co_varnames[:count],
            tuple((run.does, tuple(numbers[kinds[each]] for each in run.ahead)) for run in written),
        )
    )


def alike(runs: dict[int, Run]) -> dict[int, int]:
    """Return a number for each run, the same for those that do the same and go on alike.

    A handler is left out of a run's guard if nothing can be told apart by it.
    """
    firsts: dict[Any, int] = {}
    kinds = {}
    for place, run in runs.items():
        kinds[place] = firsts.setdefault(fingerprint(run.does), len(firsts))
    while True:
        groups: dict[Any, int] = {}
        finer = {
            place: groups.setdefault(
                (kinds[place], tuple(kinds[each] for each in run.ahead)), len(groups)
            )
            for place, run in runs.items()
        }
        if len(groups) == len(set(kinds.values())):
            return kinds
        kinds = finer
