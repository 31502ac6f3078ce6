"""A tour of holdall on real data: the tables that the package vega_datasets carries.

It fills the embedded store in the folder `.holdall` of the working directory, reads it back, keeps
values that JSON cannot hold, and leaves the store behind for the command line.
"""

import csv
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from holdall import Store, dumps, get_store, inspect
from holdall.progress import Progress

TABLES = ("cars.json", "airports.csv", "seattle-weather.csv", "us-employment.csv", "la-riots.csv")


class Airport(BaseModel):
    iata: str
    name: str
    city: str
    latitude: float
    longitude: float


@dataclass(frozen=True)
class Span:
    first: str
    last: str
    days: int


def records(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".json":
        return json.loads(path.read_text("utf-8"))
    with path.open(encoding="utf-8", newline="") as file:
        return [{name: number(text) for name, text in row.items()} for row in csv.DictReader(file)]


def number(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def converter(factor: float, offset: float) -> Callable[[float], float]:
    return lambda value: value * factor + offset


@contextmanager
def timed(what: str, count: int = 0) -> Iterator[None]:
    began = time.perf_counter()
    yield
    seconds = time.perf_counter() - began
    rate = f"  {seconds / count * 1e6:6.1f} µs each" if count else ""
    print(f"  {what:<46}{seconds * 1e3:9.1f} ms{rate}")


def fill(store: Store[Any], rows: dict[str, dict[str, Any]]) -> None:
    keys = list(rows)
    half = len(keys) // 2
    with Progress("fill", len(keys)) as bar:
        with timed(f"put {half:,} records one by one", half):
            for key in keys[:half]:
                store.put(key, rows[key])
                bar.step()
        with timed(f"put_many {len(keys) - half:,} records at once", len(keys) - half):
            store.put_many({key: rows[key] for key in keys[half:]})
            bar.step(len(keys) - half)


def read_back(store: Store[Any], rows: dict[str, dict[str, Any]]) -> None:
    with timed(f"get {len(rows):,} records, each compared", len(rows)):
        for key, row in rows.items():
            if store.get(key) != row:
                raise SystemExit(f"{key} did not come back as it was")
    with timed("list the keys of one table"):
        cars = list(store.iterate_keys(prefix="cars/"))
    print(f"  {len(store):,} keys in all, {len(cars)} of them cars, the first one:")
    print(f"    {store[cars[0]]}")


def stream(store: Store[Any], rows: dict[str, dict[str, Any]]) -> None:
    with store.open("weather.jsonl", "w") as file:
        for key, row in rows.items():
            if key.startswith("seattle-weather/"):
                file.write(json.dumps(row) + "\n")
    with timed("stream a table as JSON lines"):
        wet = sum(row["precipitation"] > 0 for row in store.stream("weather.jsonl", mode="json"))
    print(f"  it rained in Seattle on {wet} of those days")


def anything(store: Store[Any], rows: dict[str, dict[str, Any]]) -> None:
    weather = [row for key, row in rows.items() if key.startswith("seattle-weather/")]
    temperatures = np.array([row["temp_max"] for row in weather])
    first, last = weather[0]["date"], weather[-1]["date"]
    airport = next(row for key, row in rows.items() if key.startswith("airports/"))
    with timed("keep a lambda, a closure, a model, an array"):
        store.put("anything/double", lambda x: x * 2)
        store.put("anything/to-fahrenheit", converter(1.8, 32))
        store.put("anything/airport", Airport(**airport), model=Airport)
        store.put("anything/span", Span(first, last, len(weather)))
        store.put("anything/temperatures", temperatures)
    print(f"  the lambda:    double(21) is {store['anything/double'](21)}")
    warmest = store["anything/temperatures"].max()
    print(f"  the closure:   {warmest} °C is {store['anything/to-fahrenheit'](warmest):.1f} °F")
    print(f"  the model:     {store.get('anything/airport', model=Airport)!r}")
    print(f"  the dataclass: {store['anything/span']}")
    array = store["anything/temperatures"]
    print(f"  the array:     {array.dtype}, shape {array.shape}, mean {array.mean():.2f}")


def look(store: Store[Any]) -> None:
    for value in ({"data": 1}, converter(1.8, 32)):
        print("  " + str(inspect(dumps(value))).replace("\n", "\n  "))
    info = store.info("anything/temperatures")
    print(f"  {info.key}: {info.size:,} bytes as {info.codec}, signed by key {info.signed_by}")


def main() -> None:
    folder = Path(find_spec("vega_datasets").origin).parent / "_data"
    rows = {
        f"{Path(table).stem}/{index:05}": row
        for table in TABLES
        for index, row in enumerate(records(folder / table))
    }
    print(f"{len(rows):,} records of {len(TABLES)} tables\n")
    with get_store() as store:
        for title, part in (
            ("Fill", fill),
            ("Read back", read_back),
            ("Stream", stream),
            ("Anything", anything),
        ):
            print(title)
            part(store, rows)
            print()
        print("Look inside, and open nothing")
        look(store)
        print(f"\nThe store stays at {store.uri}. Try:")
    for command in ("keys --prefix anything/", "get cars/00000", "inspect anything/double"):
        print(f"  .venv/bin/holdall {command}")


if __name__ == "__main__":
    main()
