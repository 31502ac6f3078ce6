"""A run on a terminal, and one in a pipe."""

import io
import time

from flow_functions import add, slow
from flows import flow, program
from holdall.workflow import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def drawn(monkeypatch, *nodes, often=0.02, **options):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr(progress, "OFTEN", often)
    monkeypatch.setenv("COLUMNS", "150")
    work = flow(*nodes)
    work.run(**options)
    return terminal.getvalue()


def test_a_terminal_shows_how_far_it_is_and_what_runs(monkeypatch):
    node = add(slow(0.2, 1).set_name("first"), slow(0.2, 2).set_name("second")).set_name("sum")
    shown = drawn(monkeypatch, node)
    assert "flow " in shown
    assert "0 of 3, 0 hits, first" in shown
    assert "1 of 3, 0 hits, second" in shown
    assert shown.endswith("3 of 3, 0 hits\n")


def test_several_that_run(monkeypatch):
    shown = drawn(monkeypatch, slow(0.3, 1).set_name("a"), slow(0.3, 2).set_name("b"), jobs=2)
    assert "a and 1 more" in shown


def test_the_time_left(monkeypatch):
    nodes = [slow(0.4, n) for n in range(5)]
    shown = drawn(monkeypatch, *nodes, jobs=1)
    assert "s left" in shown


def test_what_is_over_at_once_shows_nothing(monkeypatch):
    assert drawn(monkeypatch, add(1, 1), often=60) == ""


def test_a_line_is_no_longer_than_the_terminal(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr(progress, "OFTEN", 0.02)
    monkeypatch.setenv("COLUMNS", "40")
    flow(slow(0.1, 1).set_name("long " * 30)).run()
    lines = terminal.getvalue().split("\r\x1b[K")
    assert len(lines) > 2
    assert max(map(len, lines)) <= 40


def test_a_pipe_gets_nothing():
    text = """
        import subprocess, sys
        from flow_functions import slow
        from holdall.workflow import LocalWorkflow
        sys.stderr = sys.stdout
        LocalWorkflow(slow(0.5, 1), workflow_name="x").run()
        """
    assert program(text) == ""


def test_no_thread_is_left(monkeypatch):
    import threading

    before = threading.active_count()
    drawn(monkeypatch, slow(0.1, 1), slow(0.1, 2), jobs=2)
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == before
