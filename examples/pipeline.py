"""A small workflow over real data: four years of Seattle's weather, from the package vega_datasets.

It is run three times, and tells what happened: everything runs, nothing runs, and, once a helper
function was edited, exactly what depends on it. Results, helpers and pictures are in the folder
`.holdall/pipeline` of the working directory.
"""

import csv
import importlib
import io
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from holdall.storage import storage_factory
from holdall.workflow import LocalWorkflow, workflow

FOLDER = Path(".holdall/pipeline")
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

# The helpers are a module of their own, which this program writes, and edits later.
HELPERS = '''"""Small questions about a day."""

import math

WET = 0.0


def season(day: int) -> tuple[float, float]:
    """Where in the year a day is, as a point on a circle."""
    angle = 2 * math.pi * day / 365.25
    return math.sin(angle), math.cos(angle)


def is_wet(rain: float) -> bool:
    return rain > WET
'''
EDIT = ("return rain > WET", "return rain >= 5.0  # a shower is not worth an umbrella")


@dataclass(frozen=True)
class Model:
    """The temperature of a day, from the day before it and its season."""

    names: tuple[str, ...]
    weights: tuple[float, ...]
    error: float


@workflow
def load(text: str) -> list[dict[str, str]]:
    # The file's text is the argument, not its name: another text is another node.
    return list(csv.DictReader(io.StringIO(text)))


@workflow
def clean(rows: list[dict[str, str]]) -> dict[str, np.ndarray]:
    days = np.array([row["date"].replace("/", "-") for row in rows], "datetime64[D]")
    columns = {
        name: np.array([float(row[name]) for row in rows]) for name in ("temp_max", "precipitation")
    }
    whole = np.isfinite(columns["temp_max"]) & np.isfinite(columns["precipitation"])
    return {"day": days[whole]} | {name: column[whole] for name, column in columns.items()}


@workflow
def features(table: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    warm, day = table["temp_max"], table["day"]
    number = (day - day.astype("datetime64[Y]")).astype(int)
    circle = np.array([weather.season(n) for n in number.tolist()])
    known = np.column_stack([np.ones(len(warm) - 1), warm[:-1], circle[1:]])
    return known, warm[1:]


@workflow
def fit(known: np.ndarray, wanted: np.ndarray) -> Model:
    weights = np.linalg.lstsq(known, wanted, rcond=None)[0]
    error = float(np.abs(known @ weights - wanted).mean())
    return Model(("base", "yesterday", "sine", "cosine"), tuple(weights.round(9).tolist()), error)


@workflow
def wet_days(table: dict[str, np.ndarray]) -> list[int]:
    month = table["day"].astype("datetime64[M]").astype(int) % 12
    wet = np.array([weather.is_wet(rain) for rain in table["precipitation"].tolist()])
    return [int(wet[month == number].sum()) for number in range(12)]


@workflow
def picture(wet: list[int], title: str) -> str:
    """A chart of bars, in SVG."""
    scale = 140 / max(*wet, 1)
    bars = [
        f'<rect x="{20 + 40 * place}" y="{180 - scale * count:.1f}" width="30" '
        f'height="{scale * count:.1f}" fill="#218bff"/>'
        f'<text x="{35 + 40 * place}" y="195" text-anchor="middle">{month}</text>'
        f'<text x="{35 + 40 * place}" y="{175 - scale * count:.1f}" text-anchor="middle">{count}</text>'
        for place, (month, count) in enumerate(zip(MONTHS, wet, strict=True))
    ]
    return "\n".join(
        [
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 510 210" font-family="sans-serif" font-size="11">',
            f'<rect width="510" height="210" fill="#ffffff"/><text x="20" y="20" font-size="14">{title}</text>',
            *bars,
            "</svg>\n",
        ]
    )


@workflow
def report(model: Model, wet: list[int]) -> str:
    wettest = max(range(12), key=wet.__getitem__)
    return (
        f"tomorrow's high is off by {model.error:.2f} °C on average; "
        f"of {sum(wet)} wet days most, {wet[wettest]}, are in {MONTHS[wettest]}"
    )


def graph(text: str) -> tuple[Any, Any]:
    table = clean(load(text).set_name("load")).set_name("clean")
    data = features(table).set_name("features")
    model = fit(data[0], data[1]).set_name("fit")
    wet = wet_days(table).set_name("wet days")
    chart = picture(wet, title="Wet days in Seattle, 2012 to 2015").set_name("picture")
    return chart, report(model, wet).set_name("report")


def run(title: str, text: str, storage: Any) -> None:
    chart, said = graph(text)
    local = LocalWorkflow(chart, said, workflow_name="weather")
    local.set_storage(storage)
    print(title)
    drawn, told = local.run()
    for step in local.record.steps:
        reason = f"  {step.reason}" if step.state == "ran" else ""
        print(f"  {step.state:<7} {step.name:<10}{step.seconds * 1e3:8.2f} ms{reason}")
    print(f"  {told}\n")
    (FOLDER / "wet-days.svg").write_text(drawn, "utf-8")
    local.draw(str(FOLDER / "graph.svg"))


def write_helpers(code: str) -> ModuleType:
    """Write the module, and take it as a new process would."""
    (FOLDER / "weather.py").write_text(code, "utf-8")
    importlib.invalidate_caches()
    sys.modules.pop("weather", None)
    return importlib.import_module("weather")


if __name__ == "__main__":
    print("A workflow that is run three times\n")
    FOLDER.mkdir(parents=True, exist_ok=True)
    sys.path.insert(0, str(FOLDER))
    # No compiled copy: two edits within a second would be one to it.
    sys.dont_write_bytecode = True
    source = Path(find_spec("vega_datasets").origin).parent / "_data/seattle-weather.csv"
    data = source.read_text("utf-8")
    kept = storage_factory({"kind": "file", "options": {"path": str(FOLDER / "results")}})
    kept.remove_workflow("weather")

    weather = write_helpers(HELPERS)
    run("The first time everything runs:", data, kept)
    run("The second time nothing does:", data, kept)
    weather = write_helpers(HELPERS.replace(*EDIT))
    run("Once `is_wet` was edited, what depends on it:", data, kept)
    print(f"The run as a picture: {FOLDER}/graph.svg. What it drew: {FOLDER}/wet-days.svg")
