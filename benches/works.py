"""The works: what is measured, on whom, and how many times faster than whom holdall is to be."""

import pickle
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import contenders
import orjson
from measure import Times, Work, each, each_with, interleaved

import holdall
import values

OURS = "holdall"

# None stands for a peer that did not install.
Makers = dict[str, Callable[[Path], Any] | None]


@dataclass(frozen=True)
class Result:
    """One work, measured."""

    place: str
    verb: str
    times: Times
    targets: dict[str, float] = field(default_factory=dict)
    missing: tuple[str, ...] = ()


def everything(folder: Path, rounds: int) -> Iterator[Result]:
    """Do all the works, one result after the other."""
    yield from sqlite(folder / "sqlite", rounds)
    yield sqlite_many(folder / "many", max(2, rounds // 4))
    yield from memory(folder / "memory", rounds)
    yield from files(folder / "file", rounds)
    yield from codecs("small dict", values.SMALL, 2_000, rounds)
    yield from codecs("500 records", values.records(), 4, rounds)
    yield from codecs("5,000 coordinates", values.coordinates(), 4, rounds)


def sqlite(folder: Path, rounds: int) -> Iterator[Result]:
    targets = {
        "put": {"diskcache": 6, "sqlite3 + orjson": 1},
        "get": {"diskcache": 3, "sqlite3 + orjson": 1.3},
    }
    # So many that the log is written back in the course of every round, and that is in the median.
    rounds = max(2, rounds // 2)
    yield from put_and_get("SQLite store", folder, databases(), targets, rounds, batch=4_000)


def memory(folder: Path, rounds: int) -> Iterator[Result]:
    makers: Makers = {
        OURS: lambda _: contenders.Holdall("memory://"),
        "anystore": contenders.anystore and (lambda _: contenders.Anystore("memory://bench")),
        "dict of orjson bytes": lambda _: contenders.Dict(),
    }
    targets = {"put": {"anystore": 6}, "get": {"anystore": 6}}
    yield from put_and_get("memory store", folder, makers, targets, rounds, batch=500)


def files(folder: Path, rounds: int) -> Iterator[Result]:
    makers: Makers = {
        OURS: lambda folder: contenders.Holdall(str(folder)),
        "anystore": contenders.anystore and (lambda folder: contenders.Anystore(str(folder))),
        "open + rename": contenders.Files,
    }
    targets = {"put": {"anystore": 1}, "get": {"anystore": 3}}
    yield from put_and_get("file store", folder, makers, targets, rounds, batch=200)


def databases() -> Makers:
    return {
        OURS: lambda folder: contenders.Holdall(f"sqlite:///{folder}/holdall.db"),
        "diskcache": contenders.diskcache and contenders.Diskcache,
        "sqlite3 + orjson": contenders.Sqlite,
    }


def put_and_get(
    place: str,
    folder: Path,
    makers: Makers,
    targets: dict[str, dict[str, float]],
    rounds: int,
    batch: int,
) -> Iterator[Result]:
    """New keys in every round, then a thousand of them at random, five thousand times a round.

    Not all of them at random: then every contender waits for memory, and Python's own key strings
    are a large part of what is measured.
    """
    reads = 5_000
    missing = tuple(name for name, make in makers.items() if make is None)
    keys = values.keys(batch * (rounds + 1))

    def puts(store: contenders.Contender) -> Work:
        return lambda number: each_with(
            store.put, keys[number * batch : (number + 1) * batch], values.SMALL
        )

    def gets(store: contenders.Contender) -> Work:
        return lambda number: each(store.get, random.Random(number).choices(keys[:1_000], k=reads))

    with opened(folder, makers) as stores:
        for verb, work, count in ("put", puts, batch), ("get", gets, reads):
            works = {name: work(store) for name, store in stores.items()}
            times = interleaved(works, rounds, count)
            yield Result(place, verb, times, targets[verb], missing)


def sqlite_many(folder: Path, rounds: int, count: int = 5_000) -> Result:
    """New keys in every round, each with a dict of its own."""
    makers = databases()
    missing = tuple(name for name, make in makers.items() if make is None)
    items = [
        {key: {**values.SMALL, "id": n} for n, key in enumerate(values.keys(count, start))}
        for start in range(0, count * (rounds + 1), count)
    ]

    def work(store: Any) -> Work:
        return lambda number: lambda: store.put_many(items[number])

    with opened(folder, makers) as stores:
        works = {name: work(store) for name, store in stores.items()}
        times = interleaved(works, rounds, count)
    return Result("SQLite store", f"put_many of {count:,}", times, {"diskcache": 10}, missing)


class opened(ExitStack):  # noqa: N801 - used like `closing`
    """Every contender that installed, open in a folder of its own, and known to give back."""

    def __init__(self, folder: Path, makers: Makers) -> None:
        super().__init__()
        self.stores = {}
        for number, (name, make) in enumerate(makers.items()):
            if make is None:
                continue
            place = folder / str(number)
            place.mkdir(parents=True)
            self.stores[name] = store = self.enter_context(closing(make(place)))
            store.put("first", values.SMALL)
            if store.get("first") != values.SMALL:
                raise AssertionError(f"{name} gives back another value than it was given")

    def __enter__(self) -> dict[str, Any]:
        return self.stores


def codecs(what: str, value: Any, batch: int, rounds: int) -> Iterator[Result]:
    """A value to bytes and back, without a store. What comes of it is for information."""
    pairs: dict[str, tuple[Callable[[Any], bytes], Callable[[bytes], Any]]] = {
        OURS: (holdall.dumps, holdall.loads),
        "orjson": (orjson.dumps, orjson.loads),
        "pickle": (pickle.dumps, pickle.loads),
    }

    def work(function: Callable[[Any], object], argument: object) -> Work:
        return lambda _: each(function, [argument] * batch)

    dumps = {name: work(dumps, value) for name, (dumps, _) in pairs.items()}
    yield Result(what, "dumps", interleaved(dumps, rounds, batch))
    loads = {name: work(loads, dumps(value)) for name, (dumps, loads) in pairs.items()}
    yield Result(what, "loads", interleaved(loads, rounds, batch))
