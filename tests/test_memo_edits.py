"""What makes a memoised function run again: each edit of a program, in a fresh process.

The first run is made once. Its folder is copied for each edit, which moves the program as well.
"""

import pytest

from edits import Program
from holdall._holdall import keyset_new

KEYSET = keyset_new()

PROGRAM = {
    "program.py": '''
        """A program."""
        import helpers
        from helpers import Model, scale
        from holdall import memo
        from holdall.storage import storage_factory
        import decorators
        import tables

        STORAGE = storage_factory({"kind": "file", "options": {"path": CACHE}})
        RATE = 0.25
        STEPS = {"first": helpers.first, "names": ["a", "b"]}
        UNUSED = 1

        def make(power):
            def inner(x):
                return x**power
            return inner

        square = make(2)

        def argument():
            return 3

        @memo(store=STORAGE)
        def work(x, k=2):
            """Work."""
            # A comment.
            from lazily import late
            print("ran")
            total = scale(x) + k + RATE + square(x) + late(x)
            total += Model(1).value() + decorators.loud(x) + STEPS["first"](x)
            total += sum(each + tables.OFFSET for each in range(3))
            return total

        def main():
            print(work(argument()))
        ''',
    "helpers.py": '''
        """Helpers."""
        from deeper import deep

        def scale(x):
            return deep(x) * 2

        def first(x):
            return x

        def unused(x):
            return x

        class Base:
            factor = 1

            def extra(self):
                return 0

        class Model(Base):
            """A model."""
            limit = 10

            def __init__(self, start):
                self.start = start

            def value(self):
                return self.start * self.factor + self.extra()

            @property
            def unread(self):
                return 7
        ''',
    "deeper.py": """
        CONSTANT = 1

        def deep(x):
            return x + CONSTANT
        """,
    "decorators.py": """
        import functools

        def louder(amount):
            def decorate(function):
                @functools.wraps(function)
                def wrapper(*args):
                    return function(*args) + amount + 0
                return wrapper
            return decorate

        @louder(1)
        def loud(x):
            return x
        """,
    "tables.py": """
        OFFSET = 1
        OTHER = 2
        """,
    "lazily.py": """
        def late(x):
            return x
        """,
}

RERUNS = {
    "argument": ("program.py", "return 3", "return 4"),
    "own body": ("program.py", "total = scale(x)", "total = 1 + scale(x)"),
    "default argument": ("program.py", "k=2", "k=3"),
    "global": ("program.py", "RATE = 0.25", "RATE = 0.5"),
    "type of a global": ("tables.py", "OFFSET = 1", "OFFSET = 1.0"),
    "container": ("program.py", '["a", "b"]', '["a", "c"]'),
    "function in a container": ("program.py", "helpers.first", "helpers.unused"),
    "body of a function in a container": ("helpers.py", "def first(x):\n    return x", "def first(x):\n    return x + 1"),
    "closure": ("program.py", "square = make(2)", "square = make(3)"),
    "code of a closure": ("program.py", "return x**power", "return x**power + 1"),
    "helper": ("helpers.py", "deep(x) * 2", "deep(x) * 3"),
    "helper of a helper": ("deeper.py", "return x + CONSTANT", "return x - CONSTANT"),
    "global of a helper of a helper": ("deeper.py", "CONSTANT = 1", "CONSTANT = 2"),
    "helper by another name": ("program.py", "from helpers import Model, scale", "from helpers import Model, first as scale"),
    "called class: its init": ("helpers.py", "self.start = start", "self.start = start + 1"),
    "called class: a method": ("helpers.py", "self.start * self.factor", "self.start + self.factor"),
    "called class: an attribute": ("helpers.py", "limit = 10", "limit = 11"),
    "called class: a base's attribute": ("helpers.py", "factor = 1", "factor = 2"),
    "called class: a base's method": ("helpers.py", "return 0", "return 1"),
    "called class: another base": ("helpers.py", "class Model(Base)", "class Model(Base, dict)"),
    "called class: a property": ("helpers.py", "return 7", "return 8"),
    "import inside the body": ("lazily.py", "return x", "return -x"),
    "attribute of a module": ("tables.py", "OFFSET = 1", "OFFSET = 2"),
    "decorator's own code": ("decorators.py", "+ amount + 0", "+ amount + 1"),
    "decorator's argument": ("decorators.py", "@louder(1)", "@louder(2)"),
    "decorated function": ("decorators.py", "def loud(x):\n    return x", "def loud(x):\n    return 2 * x"),
    "decorator taken off": ("decorators.py", "@louder(1)\n", ""),
    "code inside a comprehension": ("program.py", "each + tables.OFFSET for", "each - tables.OFFSET for"),
}  # fmt: skip

HITS = {
    "nothing": None,
    "comment": ("program.py", "# A comment.", "# Another comment.\n    # Of two lines."),
    "docstring": ("program.py", '"""Work."""', '"""Work hard."""'),
    "docstring taken off": ("program.py", '    """Work."""\n', ""),
    "module's docstring": ("program.py", '"""A program."""', '"""A program."""\n\n\n# and lines'),
    "class's docstring": ("helpers.py", '"""A model."""', '"""A model of a thing."""'),
    "formatting": (
        "program.py",
        "total = scale(x) + k + RATE + square(x) + late(x)",
        "total = (\n        scale(x)  # first\n        + k\n        + RATE\n\n        + square(\n            x,\n        ) + late(x))",
    ),
    "lines above a helper": ("helpers.py", "from deeper import deep", "from deeper import deep\n\n\n\n"),
    "unused global": ("program.py", "UNUSED = 1", "UNUSED = 2"),
    "unused function": ("helpers.py", "def unused(x):\n    return x", "def unused(x):\n    return 5"),
    "unused name of a module": ("tables.py", "OTHER = 2", "OTHER = 3"),
    "another name for the same number": ("program.py", "return 3", "return 1 + 2"),
    "order of methods": (
        "helpers.py",
        "    limit = 10\n\n    def __init__(self, start):\n        self.start = start\n",
        "    def __init__(self, start):\n        self.start = start\n\n    limit = 10\n",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """The program after its first run, and what it said."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOLDALL_KEYSET", KEYSET)
        program = Program(tmp_path_factory.mktemp("begun"), PROGRAM)
        said = program.says(seed="1")
    assert said[0] == "ran"
    return program, said


@pytest.fixture
def program(begun, tmp_path, monkeypatch):
    monkeypatch.setenv("HOLDALL_KEYSET", KEYSET)
    return begun[0].copy(tmp_path)


@pytest.mark.parametrize("edit", RERUNS)
def test_what_an_edit_reaches_runs_again(program, edit):
    program.edit(*RERUNS[edit])
    assert program.says(seed="2")[0] == "ran"


@pytest.mark.parametrize("edit", HITS)
def test_what_changes_nothing_is_a_hit(program, begun, edit):
    if HITS[edit] is not None:
        program.edit(*HITS[edit])
    assert program.says(seed="2") == begun[1][1:]


def test_an_edit_taken_back_meets_what_was_kept(program, begun):
    name, old, new = RERUNS["helper of a helper"]
    program.edit(name, old, new)
    assert program.says()[0] == "ran"
    program.edit(name, new, old)
    assert program.says() == begun[1][1:]


def test_the_result_is_that_of_the_edited_program(program):
    program.edit(*RERUNS["helper of a helper"])
    fresh = program.run("import program; print(program.work.__wrapped__(3))")
    assert program.says() == fresh.splitlines()


def test_an_edit_after_the_import_does_not_count(program):
    """What runs is what was imported."""
    said = program.run(
        """
        import pathlib, sys, program
        program.work(1)
        path = pathlib.Path(sys.argv[1], "helpers.py")
        path.write_text(path.read_text().replace("* 2", "* 3"))
        program.work(1)
        """
    )
    assert said.count("ran") == 1


def test_the_version_of_a_library_counts(tmp_path):
    site = tmp_path / "site-packages"
    for version in ("1.0", "1.1"):
        (site / f"lib_of_mine-{version}.dist-info").mkdir(parents=True, exist_ok=True)
    (site / "mine").mkdir()
    (site / "mine" / "__init__.py").write_text("def f(x):\n    return x\n")

    def install(version, other):
        folder = site / f"lib_of_mine-{version}.dist-info"
        folder.mkdir(exist_ok=True)
        (folder / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: lib-of-mine\nVersion: {version}\n"
        )
        (folder / "RECORD").write_text("mine/__init__.py,,\n")
        for path in [*(site / f"lib_of_mine-{other}.dist-info").glob("*")]:
            path.unlink()
        if (site / f"lib_of_mine-{other}.dist-info").exists():
            (site / f"lib_of_mine-{other}.dist-info").rmdir()

    program = Program(
        tmp_path,
        {
            "program.py": f"""
            import sys
            sys.path.insert(0, {str(site)!r})
            import mine
            from holdall import memo
            from holdall.storage import storage_factory

            @memo(store=storage_factory({{"kind": "file", "options": {{"path": CACHE}}}}))
            def work(x):
                print("ran")
                return mine.f(x)

            def main():
                print(*work.explain(1))
                work(1)
            """
        },
    )
    install("1.0", "1.1")
    assert program.says() == ["nothing is kept for these arguments", "ran"]
    # The library's own code is not looked at.
    (site / "mine" / "__init__.py").write_text("def f(x):\n    return 2 * x\n")
    assert program.says() == ["the result is kept"]
    install("1.1", "1.0")
    assert program.says() == ["lib-of-mine 1.0 is now 1.1", "ran"]
