"""The example of a workflow: three runs, and what ran in each."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

from test_docs import ROOT, run

NODES = ["load", "clean", "features", "fit", "wet days", "picture", "report"]


def states(printed: str) -> list[dict[str, str]]:
    """What became of each node in each run."""
    found = []
    for part in printed.split("\n\n"):
        lines = re.findall(r"^  (hit|ran|skipped|failed|waiting) +(\S+(?: \S+)?) ", part, re.M)
        if lines:
            found.append({name: state for state, name in lines})
    return found


def test_only_what_depends_on_an_edit_runs_again(tmp_path):
    printed = run(ROOT / "examples/pipeline.py", tmp_path)
    first, second, third = states(printed)
    assert set(first) == set(second) == set(third) == set(NODES)
    assert set(first.values()) == {"ran"}
    assert "ran" not in second.values()
    assert [name for name in NODES if third[name] == "ran"] == ["wet days", "picture", "report"]
    assert "helper weather.is_wet changed" in printed
    # The result is another, because fewer days are wet.
    told = re.findall(r"of (\d+) wet days", printed)
    assert told[0] == told[1] > told[2]


def test_its_pictures_are_pictures(tmp_path):
    run(ROOT / "examples/pipeline.py", tmp_path)
    folder = Path(tmp_path, "work", ".holdall", "pipeline")
    assert len(ET.parse(folder / "wet-days.svg").findall(".//{*}rect")) == 13
    graph = "".join(ET.parse(folder / "graph.svg").getroot().itertext())
    for name in NODES:
        assert name in graph


def test_each_start_is_the_first(tmp_path):
    assert run(ROOT / "examples/pipeline.py", tmp_path)
    again = run(ROOT / "examples/pipeline.py", tmp_path)
    assert set(states(again)[0].values()) == {"ran"}
