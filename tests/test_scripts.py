"""Classes of a script, kept in a store: by the script again, by its workers, by other Pythons."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import holdall
from processes import run

ROOT = Path(__file__).parents[1]

SCRIPT = """
import dataclasses, enum, sys
import holdall
from models import Point

@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    name: str
    near: list = dataclasses.field(default_factory=list)

    def shout(self):
        return self.name.upper()

class Color(enum.Enum):
    RED = "r"

store = holdall.get_store(sys.argv[1])
"""
WRITE = """
store.put("place", Place("Bergen", [Place("Voss")]))
store.put("both", {Color.RED: Place("Odda")})
store.put("point", Point(1, Point(2)))
store.put("function", lambda x: x + 1)
"""
READ_OWN = """
place = store.get("place")
assert type(place) is type(place.near[0]) is Place and place == Place("Bergen", [Place("Voss")])
((color, odda),) = store.get("both").items()
assert odda == Place("Odda") and color is Color.RED
assert store.get("point") == Point(1, Point(2))
"""
READ_COPY = """
import sys
import holdall
store = holdall.get_store(sys.argv[1])
place = store.get("place")
assert (type(place).__name__, place.shout(), place.near[0].name) == ("Place", "BERGEN", "Voss")
assert type(place) is type(place.near[0]) is type(store.get("place"))
store.put("place", place)
print(store.info("place").codec)
"""


@pytest.fixture
def at(tmp_path):
    return f"sqlite:///{tmp_path / 'store.db'}"


def test_a_script_that_is_run_again_gets_instances_of_its_own_classes(at):
    run(SCRIPT + WRITE + READ_OWN, at)
    run(SCRIPT + READ_OWN, at)
    with holdall.get_store(at) as store:
        assert store.info("place").codec == store.info("both").codec == "cbor"


def test_a_worker_that_has_not_the_class_gets_a_copy_and_what_it_gives_back_is_the_scripts_own(at):
    run(SCRIPT + WRITE, at)
    assert run(READ_COPY, at) == "cbor\n"
    run(SCRIPT + READ_OWN, at)


def test_a_field_that_is_new_takes_its_default_and_one_that_is_gone_is_an_error(at):
    run(SCRIPT + WRITE, at)
    grown = SCRIPT.replace("    def shout", "    height: int = 7\n\n    def shout")
    run(grown + "assert store.get('place').height == store.get('place').near[0].height == 7", at)
    cut = SCRIPT.replace("    near: list = dataclasses.field(default_factory=list)\n", "")
    said = run(
        cut + "try: store.get('place')\nexcept holdall.SerializationError as e: print(e, e.path)",
        at,
    )
    assert "the class has no field 'near' any more" in said


def by_other(python, *arguments):
    # What the tests tell their own Python's children is not for another one.
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [python, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=env)


def other_pythons():
    """The Pythons beside this one that have holdall: `make build PYTHON=...` makes one."""
    for python in sorted(ROOT.glob(".venv*/bin/python")):
        asked = "import sys, holdall; print('%d.%d' % sys.version_info[:2])"
        told = by_other(python, "-c", asked)
        version = told.stdout.strip()
        if told.returncode == 0 and version != "{}.{}".format(*sys.version_info):
            yield version, python


def test_another_python_gets_its_own_classes_and_refuses_code_of_this_one(at, tmp_path):
    others = dict(other_pythons())
    if not others:
        pytest.skip("no other Python has holdall; make one: make build PYTHON=python3.13")
    run(SCRIPT + WRITE, at)
    refused = """
for key in ("place", "function"):
    try:
        print(key, store.get(key))
    except holdall.PythonVersionError as error:
        print(key, "refused")
"""
    script = tmp_path / "script.py"
    for python in others.values():
        for code, said in [
            (SCRIPT + READ_OWN, ""),
            (READ_COPY.partition("place =")[0] + refused, "place refused\nfunction refused\n"),
        ]:
            script.write_text(
                f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n{code}"
            )
            done = by_other(python, script, at)
            assert (done.returncode, done.stdout) == (0, said), done.stderr
