"""Programs that are edited: modules in a folder, run in fresh processes, and what the processes say."""

import os
import shutil
import subprocess
import sys
import textwrap

# The folder that a program keeps its results in: it moves with the program.
CACHE = "__import__('pathlib').Path(__file__).parents[1] / 'cache'"


class Program:
    """A program of modules in a folder, with a cache beside them."""

    def __init__(self, folder, modules=()):
        self.home = folder
        self.folder = folder / "program"
        self.write(modules)

    def write(self, modules):
        """Write modules: a text each, by the names of their files."""
        for name, text in dict(modules).items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text).replace("CACHE", CACHE))

    def copy(self, folder):
        """Return the same program with what it has kept, in another folder."""
        shutil.copytree(self.home, folder, dirs_exist_ok=True)
        return Program(folder)

    def edit(self, name, old, new):
        """Edit a module; the edit must be one."""
        path = self.folder / name
        text = path.read_text()
        assert text.count(old) == 1, f"{old!r} is not there once:\n{text}"
        path.write_text(text.replace(old, new))

    def run(self, code, *, seed="0"):
        """Run code in a fresh process and return what it prints."""
        start = "import sys; sys.path.insert(0, sys.argv[1])\n"
        done = subprocess.run(
            [sys.executable, "-B", "-c", start + textwrap.dedent(code), self.folder],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def says(self, **options):
        """Return the lines that the program says."""
        return self.run("import program; program.main()", **options).splitlines()
