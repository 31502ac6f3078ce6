"""Other processes, for tests about them."""

import subprocess
import sys
import textwrap

PREAMBLE = "import os, sys, time\nimport holdall\nfrom holdall import get_store\n"


def start(code, *arguments, **options):
    """Start a Python program; `sys.argv[1:]` is the arguments."""
    command = [sys.executable, "-c", PREAMBLE + textwrap.dedent(code), *map(str, arguments)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, text=True, **{**pipes, **options})


def finish(process, timeout=60):
    """Wait for a program and return what it printed."""
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"not done after {timeout} s\n{out}\n{err}") from None
    assert process.returncode == 0, f"exit code {process.returncode}\n{out}\n{err}"
    return out


def run(code, *arguments, timeout=60, **options):
    """Run a Python program and return what it printed."""
    return finish(start(code, *arguments, **options), timeout)


def wait_for(process, line):
    """Wait until a program prints a line."""
    said = process.stdout.readline().strip()
    assert said == line, (
        f"{said!r} instead of {line!r}\n{process.stderr.read() if not said else ''}"
    )
