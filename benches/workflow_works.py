"""What is measured of workflows, and how many times faster than whom holdall is to be."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import workflow_peers
from measure import Times, Work, each, interleaved
from works import OURS, Result

from holdall.fingerprint import fingerprint

FUSE, MEMORY, HASH = "Function Fuse", "joblib.Memory", "joblib.hash"
CALLS = 200
# At most one and a half times the time: every save is atomic, signed and fingerprinted.
COLD = 1 / 1.5


def everything(folder: Path, rounds: int) -> Iterator[Result]:
    yield from nodes(folder / "nodes", rounds)
    yield from calls(folder / "calls", rounds)
    yield from hashes(rounds)


def nodes(folder: Path, rounds: int) -> Iterator[Result]:
    """A graph of trivial nodes, each result in a file: computed, and found again."""
    found = workflow_peers.graphs()
    peers = {name: graph for name, graph in found.items() if graph is not None}
    missing = tuple(name for name in found if name not in peers)

    def place(name: str, number: int) -> Path:
        path = folder / name / str(number)
        path.mkdir(parents=True, exist_ok=True)
        return path

    # Each round of the second finds what the same round of the first has kept.
    for verb, target in (("cold", COLD), ("warm", 1.0)):
        works = {
            name: lambda number, name=name, graph=graph: graph.run(place(name, number))
            for name, graph in peers.items()
        }
        times = interleaved(works, rounds, workflow_peers.NODES + 1)
        yield Result("1,000 nodes on files", verb, times, {FUSE: target}, missing)


def calls(folder: Path, rounds: int) -> Iterator[Result]:
    """Calls of a trivial function that is memoised: computed, and found again."""
    functions = {}
    for name, make in workflow_peers.MEMOS.items():
        path = folder / name.replace(", ", "-")
        path.mkdir(parents=True)
        functions[name] = make(path)

    def work(function: Callable[[int], int]) -> Work:
        return lambda number: each(function, range(number * CALLS, (number + 1) * CALLS))

    for verb in ("cold", "warm"):
        times = interleaved(
            {name: work(function) for name, function in functions.items()}, rounds, CALLS
        )
        yield Result("memoised call", verb, times, {MEMORY: 3.0})


def hashes(rounds: int) -> Iterator[Result]:
    """What large arguments cost before anything is looked up."""
    rng = np.random.default_rng(1)
    values: dict[str, Any] = {
        "array of 100 MB": rng.random(12_500_000),
        "dict of 100,000": {
            f"station-{number}": {"mean": number / 7, "days": [number, number + 1], "wet": True}
            for number in range(100_000)
        },
        "frame of 500,000 rows": pd.DataFrame(
            {
                "temperature": rng.random(500_000),
                "day": np.arange(500_000),
                "station": [f"station-{number % 997}" for number in range(500_000)],
            }
        ),
    }
    for name, value in values.items():
        times: Times = interleaved(
            {
                OURS: lambda _, value=value: lambda: fingerprint(value),
                HASH: lambda _, value=value: lambda: joblib.hash(value),
            },
            rounds,
            1,
        )
        yield Result("argument", name, times, {HASH: 3.0})
