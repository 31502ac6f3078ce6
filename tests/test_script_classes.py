"""Classes of the script: its own when it runs again, a copy for others."""

import sys

import pytest

from holdall import HoldallError, SerializationError
from holdall._classes import resolve
from processes import run

SCRIPT = """
import dataclasses, enum, pickle, sys
from objects import again, made, taken_apart

@dataclasses.dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: list = dataclasses.field(default_factory=list)
    def moved(self): return Point(self.x + STEP, self.y)

class Color(enum.Enum):
    RED = 1

STEP = 10
"""
WRITE = "pickle.dump([taken_apart(v) for v in (Point(1, [2]), Color.RED)], open(sys.argv[1], 'wb'))"
READ = "point, color = [made(*v) for v in pickle.load(open(sys.argv[1], 'rb'))]\n"


def test_a_script_that_is_run_again_has_its_own_classes(tmp_path):
    run(SCRIPT + WRITE, tmp_path / "kept")
    run(
        SCRIPT + READ + "assert type(point) is Point and point == Point(1, [2])\n"
        "assert color is Color.RED",
        tmp_path / "kept",
    )


def test_a_class_of_the_script_is_another_if_it_has_changed(tmp_path):
    run(SCRIPT + WRITE, tmp_path / "kept")
    out = run(
        SCRIPT.replace("y: list", "z: list")
        + "try:\n    made(*pickle.load(open(sys.argv[1], 'rb'))[0])\n"
        "except ValueError as error: print(error)",
        tmp_path / "kept",
    )
    assert "__main__:Point: the class has no field 'y' any more; register" in out


OTHER = (
    """
import pickle, sys
from objects import again, made, taken_apart
"""
    + READ
    + """
assert point.x == 1 and point.y == [2] and point.moved().x == 11
assert color.name == 'RED' and type(color)(1) is color
assert again(point) == point and again(color) is color
# The copy is opened once: what the program does to the class stays.
type(point).moved = lambda self: self
"""
    + READ.replace("point, color", "other, more")
    + """
assert type(other) is type(point) and more is color and other.moved() is other
"""
    + WRITE.replace("Point(1, [2]), Color.RED", "point, color")
)


def test_another_program_opens_the_copy_and_sends_it_back(tmp_path):
    run(SCRIPT + WRITE, tmp_path / "kept")
    run(OTHER, tmp_path / "kept")
    run(
        SCRIPT + READ + "assert type(point) is Point and point.y == [2] and color is Color.RED",
        tmp_path / "kept",
    )


def test_a_child_of_multiprocessing_writes_for_others_too(tmp_path):
    script = tmp_path / "script.py"
    write = f"    with open({str(tmp_path / 'kept')!r}, 'wb') as file:\n"
    write += "        pickle.dump([taken_apart(v) for v in (Point(1, [2]), Color.RED)], file)\n"
    script.write_text(
        SCRIPT + f"def write():\n    assert Point.__module__ == '__mp_main__'\n{write}\n"
        "if __name__ == '__main__':\n    import multiprocessing\n"
        "    child = multiprocessing.get_context('spawn').Process(target=write)\n"
        "    child.start(); child.join(); assert child.exitcode == 0\n"
    )
    run(f"import runpy; runpy.run_path({str(script)!r}, run_name='no')")
    run("import subprocess\nsubprocess.run([sys.executable, sys.argv[1]], check=True)", script)
    run(
        "import pickle\nfrom objects import made\n" + READ + "assert point.moved().x == 11",
        tmp_path / "kept",
    )
    run(SCRIPT + READ + "assert type(point) is Point and color is Color.RED", tmp_path / "kept")


def test_a_copy_of_another_python_is_not_opened(monkeypatch):
    opened = []
    monkeypatch.setattr("cloudpickle.loads", opened.append)
    definition = ["dataclass", "__main__:Nowhere", 0, ["x"], [], b"copy", 3, 2]
    with pytest.raises(HoldallError, match=r"__main__:Nowhere .* Python 3\.2 ") as caught:
        resolve(definition, True)
    assert type(caught.value).__name__ == "PythonVersionError"
    assert not opened


def test_a_copy_that_cannot_be_opened_is_reported():
    definition = ["dataclass", "__main__:Nowhere", 0, ["x"], [], b"copy", *sys.version_info[:2]]
    with pytest.raises(SerializationError, match=r"__main__:Nowhere: the copy .* cannot be opened"):
        resolve(definition, True)


def test_a_class_that_cannot_be_copied_is_for_its_own_script(tmp_path):
    script = SCRIPT.replace("STEP = 10", "import threading\nSTEP = threading.Lock()")
    out = run(script + "definition = taken_apart(Point(1))[0]; print(definition)", tmp_path)
    assert out.strip() == "['dataclass', '__main__:Point', 0, ['x', 'y'], []]"
    run(script + "assert again(Point(1)) == Point(1)")
    with pytest.raises(SerializationError, match="__main__:Point: a class of another script"):
        resolve(["dataclass", "__main__:Point", 0, ["x", "y"], []], True)


def test_a_class_that_is_defined_anew_gets_a_copy_of_its_own():
    run("""
    from objects import taken_apart
    from dataclasses import dataclass
    for source in ("x: int", "y: int"):
        exec("@dataclass\\nclass A:\\n    " + source)
        copy = taken_apart(A(1))[0][5]
        assert copy is taken_apart(A(2))[0][5]
        assert source[0].encode() in copy.split(b"__dataclass_fields__")[1]
        old = globals().get("old") or A
    from holdall._classes import plan
    assert plan(old) is None
    """)
