"""Every snippet of the documents and every example runs.

A page is one program: its ```python snippets in order, in a fresh folder and a fresh process, as a
reader would type them. In README.md the ```console blocks belong to it too: each `$ holdall ...`
line runs at its place, and the lines below it are what it must print (`...` stands for anything).
A block after `<!-- skip: reason -->` is not run, and counted.
"""

import doctest
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
EXAMPLES = sorted(ROOT.glob("examples/*.py"))
SKIP = re.compile(r"<!-- skip: (.+?) -->")
COMMAND = re.compile(r"^\$ (.*\bholdall\b.*)$")


class Block(NamedTuple):
    language: str
    line: int  # of the first line inside, from 0
    lines: list[str]
    skip: str | None


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def blocks(text: str) -> list[Block]:
    found: list[Block] = []
    fence = language = skip = None
    for number, line in enumerate(text.splitlines()):
        if fence:
            if line.strip() == fence:
                fence = skip = None
            else:
                found[-1].lines.append(line)
        elif opening := re.match(r"(```+)(\w*)", line):
            fence, language = opening.groups()
            found.append(Block(language, number + 1, [], skip))
        elif line.strip():
            comment = SKIP.fullmatch(line.strip())
            skip = comment and comment[1]
    assert not fence, "a block is not closed"
    return found


def program(page: Path) -> str:
    """The page with everything blanked out but what runs, so that line numbers stay."""
    text = page.read_text("utf-8")
    lines = [""] * len(text.splitlines())
    for block in blocks(text):
        if block.skip:
            continue
        if block.language == "python":
            lines[block.line : block.line + len(block.lines)] = block.lines
        elif block.language == "console" and page.name == "README.md":
            for number, command, expected in commands(block):
                lines[number] = f"_console({command!r}, {expected!r})"
    return "\n".join(lines)


def commands(block: Block) -> list[tuple[int, str, str]]:
    """The lines that call holdall, each with what stands below it up to the next prompt."""
    found = []
    for offset, line in enumerate(block.lines):
        if call := COMMAND.match(line):
            below = block.lines[offset + 1 :]
            stop = next((i for i, other in enumerate(below) if other.startswith("$ ")), len(below))
            expected = "".join(f"{printed}\n" for printed in below[:stop] if printed.strip())
            found.append((block.line + offset, call[1], expected))
    return found


def console(command: str, expected: str) -> None:
    """What a console line becomes inside a page's program."""
    done = subprocess.run(
        command, shell=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert done.returncode == 0, f"$ {command}\n{done.stdout}"
    how = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    same = doctest.OutputChecker().check_output(expected, done.stdout, how)
    assert same or not expected, f"$ {command}\nprints\n{done.stdout}not\n{expected}"


def run(script: Path, folder: Path) -> str:
    """Runs a program as a new user would: in an empty folder, with an empty home, no settings.

    Returns what it printed. A folder in which it ran before is as it left it.
    """
    home = folder / "home"
    work = folder / "work"
    home.mkdir(exist_ok=True)
    work.mkdir(exist_ok=True)
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("HOLDALL_", "XDG_", "PYTHON"))
    }
    env = kept | {
        "HOME": str(home),
        "PATH": os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]]),
        "PYTHONPATH": str(ROOT / "tests"),
    }
    done = subprocess.run(
        [sys.executable, script], cwd=work, env=env, stdin=subprocess.DEVNULL, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_snippets_of_a_page_run(page, tmp_path):
    code = program(page)
    if not code.strip():
        return  # Nothing to run, and nothing left out: no skip.
    script = tmp_path / f"{page.stem}.py"
    # A page begins with its title, so its first line is free.
    script.write_text("from test_docs import console as _console" + code, "utf-8")
    run(script, tmp_path)


SKIPPED = [
    pytest.param(block.skip, id=f"{name_of(page)}:{block.line}")
    for page in PAGES
    if page.is_file()
    for block in blocks(page.read_text("utf-8"))
    if block.skip
]


if SKIPPED:

    @pytest.mark.parametrize("reason", SKIPPED)
    def test_a_block_that_is_left_out(reason):
        pytest.skip(reason)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("example", EXAMPLES, ids=name_of)
def test_an_example_runs(example, tmp_path):
    run(example, tmp_path)


def test_a_page_is_read_as_it_is_meant(tmp_path):
    page = tmp_path / "README.md"
    page.write_text(
        "# Title\n```python\nx = 1\n```\n<!-- skip: needs a server -->\n```python\nboom\n```\n"
        "```console\n$ ls\n$ holdall get x | cat\n1\n\n$ pwd\n```\n```python\nassert x\n```\n"
    )
    lines = program(page).splitlines()
    assert {n: line for n, line in enumerate(lines, 1) if line} == {
        3: "x = 1",
        11: "_console('holdall get x | cat', '1\\n')",
        17: "assert x",
    }
    assert [block.skip for block in blocks(page.read_text("utf-8"))] == [
        None, "needs a server", None, None,
    ]  # fmt: skip


def test_what_a_command_prints_is_compared():
    console("echo one; echo two", "one\n...\n")
    console("echo one", "")
    with pytest.raises(AssertionError, match="prints"):
        console("echo one", "two\n")
    with pytest.raises(AssertionError, match="exit 3"):
        console("exit 3", "")
