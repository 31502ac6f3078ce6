"""Code that lies where it is easily missed: inside objects, in annotations, behind wrappers."""

import copy
import os
import subprocess
import sys
import textwrap

import pytest

from holdall.fingerprint import code_of

CASES = {
    "a function in a table with a logger": (
        """
        import logging
        def clean(x): return x + 1
        TABLE = {"clean": clean, "log": logging.getLogger("x")}
        def f(x): return TABLE["clean"](x)
        """,
        "x + 1",
        "x + 2",
    ),
    "a bound method in a list": (
        """
        class S:
            def __init__(self): self.made = object()
            def a(self): return 1
        K = [S().a]
        def f(x): return K[0]()
        """,
        "return 1",
        "return 2",
    ),
    "a function that an object holds": (
        """
        import threading
        def step(x): return x + 1
        class Pipe:
            def __init__(self, s): self.s, self.lock = s, threading.Lock()
            def run(self, x): return self.s(x)
        P = Pipe(step)
        def f(x): return P.run(x)
        """,
        "x + 1",
        "x + 2",
    ),
    "a function that was registered": (
        """
        class Registry:
            def __init__(self): self.held = {}
            def add(self, function): self.held[function.__name__] = function; return function
            def get(self, name): return self.held[name]
        REG = Registry()
        @REG.add
        def a(x): return x + 1
        def f(x): return REG.get("a")(x)
        """,
        "x + 1",
        "x + 2",
    ),
    "a model that an annotation names": (
        """
        from __future__ import annotations
        from pydantic import BaseModel
        class Inner(BaseModel):
            r: float = 1.0
        class Outer(BaseModel):
            i: Inner
        def f(x): return Outer(**x).i.r
        """,
        "= 1.0",
        "= 2.0",
    ),
    "a dict of types": (
        """
        from typing import Optional
        K = {"a": Optional[int], "b": 1}
        def f(x): return K["b"]
        """,
        '"b": 1',
        '"b": 2',
    ),
    "a getter": (
        """
        import operator
        GET = operator.itemgetter("a")
        def f(x): return GET(x)
        """,
        '"a"',
        '"b"',
    ),
    "a class attribute with underscores": (
        """
        class A:
            __tablename__ = "a"
            def go(self): return self.__tablename__
        def f(x): return A().go()
        """,
        '= "a"',
        '= "b"',
    ),
    "a context manager as a decorator": (
        """
        import contextlib
        class Q(contextlib.ContextDecorator):
            def __enter__(self): return 11
            def __exit__(self, *a): pass
        @Q()
        def q(): return 1
        def f(x): return q()
        """,
        "return 11",
        "return 12",
    ),
}
STABLE = {
    "slots in a set": """
        class A:
            __slots__ = {"alpha", "beta", "gamma", "delta"}
        def f(x): return A()
        """,
    "functions in a set beside a lock": """
        import threading
        def a(): return 1
        def b(): return 2
        K = [{a, b}, threading.Lock()]
        def f(x): return K
        """,
}


class Copied:
    """Python notes names on it when an instance is copied or pickled."""

    made = 1


def copied():
    return Copied()


ASK = (
    "import sys; sys.path.insert(0, sys.argv[1]); import m; from holdall.fingerprint import code_of; "
    "print(code_of(m.f).current().digest().hex())"
)


def key(folder, source, seed="0"):
    (folder / "m.py").write_text(textwrap.dedent(source))
    command = [sys.executable, "-B", "-c", ASK, str(folder)]
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.parametrize("case", CASES)
def test_an_edit_there_is_seen(case, tmp_path):
    source, old, new = CASES[case]
    assert source.count(old) == 1
    before = key(tmp_path, source, "1")
    assert key(tmp_path, source, "77") == before
    assert key(tmp_path, source.replace(old, new), "1") != before


@pytest.mark.parametrize("case", STABLE)
def test_hash_seeds_do_not_count(case, tmp_path):
    assert len({key(tmp_path, STABLE[case], seed) for seed in ("1", "5", "77")}) == 1


def test_a_copied_instance_changes_no_class():
    before = code_of(copied).current().digest()
    copy.deepcopy(Copied())
    assert "__slotnames__" in vars(Copied)
    assert code_of(copied).current().digest() == before
