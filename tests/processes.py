"""Other processes, for tests about them."""

import os
import subprocess
import sys
import textwrap
import time
import traceback

PREAMBLE = "import os, sys, time\nimport holdall\nfrom holdall import get_store\n"
# From Python 3.12 on a fork beside threads warns; the tests fork on purpose.
FORKS = "ignore:This process :DeprecationWarning"


def start(code, *arguments, **options):
    """Start a Python program; `sys.argv[1:]` is the arguments."""
    command = [
        sys.executable,
        "-W",
        FORKS,
        "-c",
        PREAMBLE + textwrap.dedent(code),
        *map(str, arguments),
    ]
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


def fork(work, *arguments):
    """Call a function in a forked child, which ends there: with 0, or 1 if the function raised."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work(*arguments)
            code = 0
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(code)
    return pid


def join(pid, timeout=30):
    """Wait for a forked child, which must end well and in time."""
    limit = time.monotonic() + timeout
    while not (ended := os.waitpid(pid, os.WNOHANG))[0]:
        if time.monotonic() > limit:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
            raise AssertionError(f"the child was not done after {timeout} s")
        time.sleep(0.002)
    assert ended[1] == 0, f"the child failed: {os.waitstatus_to_exitcode(ended[1])}"
