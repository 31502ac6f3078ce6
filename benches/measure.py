"""Measuring side by side: in each round every contender does the same work, one after the other.

A machine that slows down for a while slows all of them down. Each round begins with another one, so
that none always runs in the same one's wake.
"""

import gc
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

# The nanoseconds of one operation, a number for each round.
Times = dict[str, list[float]]

# A round's operations, made ready before the clock runs.
Work = Callable[[int], Callable[[], object]]


def interleaved(works: dict[str, Work], rounds: int, batch: int) -> Times:
    """Run each work, of so many operations, once a round. The first round is not counted."""
    names = list(works)
    times: Times = {name: [] for name in names}
    for number in range(rounds + 1):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            took = seconds(works[name](number))
            if number:
                times[name].append(took / batch * 1e9)
    return times


def seconds(operations: Callable[[], object]) -> float:
    # A collection would be charged to whoever happens to run when its count is full.
    gc.collect()
    gc.disable()
    try:
        begun = perf_counter()
        operations()
        return perf_counter() - begun
    finally:
        gc.enable()


def each(function: Callable[[Any], object], arguments: Sequence[Any]) -> Callable[[], None]:
    """A loop of calls that costs the same whoever is called."""

    def loop() -> None:
        for argument in arguments:
            function(argument)

    return loop


def each_with(
    function: Callable[[str, Any], object], keys: Sequence[str], value: Any
) -> Callable[[], None]:
    """As `each`, with one value for all keys."""

    def loop() -> None:
        for key in keys:
            function(key, value)

    return loop
