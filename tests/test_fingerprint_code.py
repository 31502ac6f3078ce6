"""The fingerprint of code: what its parts are, what changes them, and what does not."""

import ast
import dataclasses
import difflib
import enum
import functools
import inspect
import itertools
import logging
import pickle
import random
import textwrap
import threading
import types

import numpy as np
import pytest

from holdall.errors import SerializationError
from holdall.fingerprint import call_parts, code_of, explain_parts, fingerprint
from holdall.fingerprint.bytecode import digest_of
from holdall.fingerprint.parts import Parts
from holdall.fingerprint.reads import reading_of

SOURCES = [difflib, functools, inspect, logging, random, textwrap, dataclasses, enum]


def codes(code):
    """All code objects in a code object."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from codes(constant)


def on_lines(tree, line):
    """Move every node of a program to a line."""
    for node in ast.walk(tree):
        if hasattr(node, "lineno"):
            node.lineno = node.end_lineno = line()
            node.col_offset = node.end_col_offset = 0
    return compile(tree, "elsewhere", "exec")


@pytest.mark.parametrize("module", SOURCES, ids=lambda module: module.__name__)
def test_formatting_changes_no_digest(module):
    source = inspect.getsource(module)
    expected = digest_of(compile(source, "file", "exec"))
    assert digest_of(compile(ast.unparse(ast.parse(source)), "other", "exec")) == expected
    assert digest_of(on_lines(ast.parse(source), lambda: 1)) == expected
    numbers = itertools.count(1)
    assert digest_of(on_lines(ast.parse(source), lambda: next(numbers))) == expected


def test_the_docstring_of_a_class_inside_a_function_does_not_count():
    source = "def f():\n class C:\n  'Docs.'\n  a = 1\n return C"
    digests = [
        made(text).__code__
        for text in (source, source.replace("Docs", "Other"), source.replace("  'Docs.'\n", ""))
    ]
    assert len(set(map(digest_of, digests))) == 1
    assert digest_of(made(source.replace("a = 1", "a = 2")).__code__) != digest_of(digests[0])


def test_different_code_has_different_digests():
    met = {}
    for module in SOURCES:
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.FunctionDef):
                node.name, node.decorator_list, node.returns = "f", [], None
                if any(isinstance(each, ast.Nonlocal) for each in ast.walk(node)):
                    continue
                if ast.get_docstring(node) is not None:
                    node.body = node.body[1:] or [ast.Pass()]
                for each in ast.walk(node.args):
                    if isinstance(each, ast.arg):
                        each.annotation = None
                # Defaults are no part of what a body does.
                node.args.defaults = [ast.Constant(0) for _ in node.args.defaults]
                node.args.kw_defaults = [each and ast.Constant(0) for each in node.args.kw_defaults]
                code = compile(ast.unparse(node), "file", "exec")
                inner = next(each for each in code.co_consts if isinstance(each, types.CodeType))
                met.setdefault(digest_of(inner), set()).add(ast.dump(node))
    assert len(met) > 400
    # `pass` and `return None`, a name in quotes: what is written in two ways and does one thing.
    assert sum(len(texts) > 1 for texts in met.values()) <= 3


def made(source, name="f", **given):
    """A function of a program that was executed, as at the prompt."""
    space = {"__name__": "__main__", **given}
    exec(textwrap.dedent(source), space)
    return space[name]


BODIES = [
    "return x + 1", "return x + 1.0", "return x + True", "return x - 1", "return 1 + x", "return x.a", "return x.b",
    "return x and 1", "return x or 1", "return not x", "return g(x)", "return x[1]", "return x['1']", "return x[b'1']",
    "return -0.0", "return 0.0", "return x if x else 1", "return 1 if x else x", "yield x", "return [x]", "return (x,)",
    "return {x}", "return x in {1, 2}", "return x in {1, 3}", "return x in (1, 2)", "return lambda: x", "return lambda: 1",
    "return lambda y: x", "return [y for y in x]", "return (y for y in x)", "return {y for y in x}", "import a", "import b",
    "import a.b", "from a import b", "from . import b", "from .. import b", "return f'{x}'", "return f'{x!r}'", "return f'{x:2}'",
    "for y in x: pass", "while x: pass", "for y in x: break", "for y in x: return y", "try: x()\nexcept A: pass",
    "try: x()\nexcept B: pass", "try: x()\nfinally: y()", "x()\ny()", "with x: pass", "with x as y: pass", "assert x", "assert x, 1",
    "global z; z = x", "z = x", "del x", "raise x", "raise", "raise x from None", "return x(1, a=2)", "return x(1, b=2)", "return x(*y)",
    "return x(**y)", "return x == 1", "return x is 1", "return x != 1", "return x < 1 < y", "return ...", "return None, x", "x += 1",
    "x -= 1", "x[1] += 1", "x.a = 1", "return 10**30", "return '1'", "return b'1'", "return 1j", "return x @ 1", "def y(a): pass\nreturn y",
    "def y(a, b): pass\nreturn y", "def y(a=1): pass\nreturn y", "def y(a=2): pass\nreturn y", "class Y: a = 1\nreturn Y", "class Y: a = 2\nreturn Y",
    "class Y(x): a = 1\nreturn Y", "if x: y()", "if x: y()\nz()", "if x: y()\nelse: z()", "return (1, 2.0)", "return (1, 2)", "return (1, (2,))",
]  # fmt: skip


@pytest.mark.filterwarnings("ignore")
def test_each_body_has_a_digest_of_its_own():
    digests = {}
    for body in BODIES:
        code = made(f"def f(x):\n{textwrap.indent(body, ' ')}").__code__
        assert digests.setdefault(digest_of(code), body) == body
    assert len(digests) == len(BODIES)
    for signature in ["y", "x, y", "x, /", "*, x", "*x", "**x", "x, *y"]:
        assert digest_of(made(f"def f({signature}): pass").__code__) not in digests


# What is read


def parts(function):
    return dict(code_of(function).current())


def of(function, kind):
    return {
        key.partition(":")[2]: value
        for key, value in parts(function).items()
        if key.startswith(kind)
    }


def test_what_a_program_at_the_prompt_reads():
    source = """
        RATE, NAMES, MISSING = 0.5, ["a"], None
        del MISSING
        def helper(x): return x * RATE
        def f(x, k=2): return [helper(x) for _ in NAMES] + MISSING
    """
    f = made(source)
    assert set(parts(f)) == {
        "code:__main__.f", "helper:__main__.helper", "global:__main__.RATE", "global:__main__.NAMES",
        "global:__main__.MISSING", "default:__main__.f.k", "python",
    }  # fmt: skip
    assert parts(f)["global:__main__.MISSING"] == "missing"
    assert parts(f) == parts(made(source)) != parts(made(source.replace("0.5", "0.25")))


def test_recursion_ends():
    f = made("""
        def f(n): return g(n - 1) if n else 0
        def g(n): return f(n) + h(n)
        def h(n): return h(n - 1) if n else [C, C.make]
        class C:
            def make(self): return C(), f, D
        class D(C): pass
        C.self = C
    """)
    assert {"code:__main__.f", "helper:__main__.g", "helper:__main__.h", "class:__main__.C"} < set(
        parts(f)
    )
    # Wherever one begins, it comes to an end, and to the same each time.
    g = f.__globals__["g"]
    assert set(of(g, "helper")) == {"__main__.f", "__main__.h"}
    assert code_of(f).current().digest() == code_of(f).current().digest()


def test_lambdas_of_one_line_differ():
    add, subtract = (lambda x: x + 1), (lambda x: x - 1)
    assert code_of(add).current() != code_of(subtract).current()
    f = made("a = lambda x: x\nb = lambda x: -x\ndef f(x): return a(b(x))")
    assert set(of(f, "helper")) == {"__main__.<lambda>", "__main__.<lambda>#2"}
    # Which of the two is called first counts, though both are read.
    exchanged = made("b = lambda x: x\na = lambda x: -x\ndef f(x): return a(b(x))")
    assert code_of(f).current().digest() != code_of(exchanged).current().digest()


def test_names_that_were_exchanged_are_noticed():
    """The same functions are reached, in one case each by the other's name."""
    source = """
        from math import floor as down, ceil as up
        def a(x): return x
        def b(x): return -x
        first, second = a, b
        def g(x): return first(x), second(x), down(x), up(x)
        def f(x): return a(x), b(x), g(x)
    """
    was = code_of(made(source)).current().digest()
    for old, new in [
        ("= a, b", "= b, a"),
        ("floor as down, ceil as up", "ceil as down, floor as up"),
    ]:
        assert code_of(made(source.replace(old, new))).current().digest() != was


CARRIERS = {
    "partial": "part = functools.partial(inner, 1)\ndef f(): return part()",
    "partial's argument": "part = functools.partial(abs, CONSTANT)\ndef f(): return part()",
    "lru_cache": "cached = functools.lru_cache(inner)\ndef f(): return cached(1)",
    "singledispatch": "single = functools.singledispatch(outer)\nsingle.register(int, inner)\ndef f(): return single(1)",
    "callable object": "class C:\n def __init__(s): s.n = CONSTANT\n def __call__(s): return inner(s.n)\nc = C()\ndef f(): return c()",
    "state of a callable object": "class C:\n def __init__(s): s.n = CONSTANT\n def __call__(s): return s.n\nc = C()\ndef f(): return c()",
    "bound method": "class C:\n def m(s): return inner(1)\nbound = C().m\ndef f(): return bound()",
    "static method": "class C:\n @staticmethod\n def m(): return inner(1)\ndef f(): return C.m()",
    "class method": "class C:\n @classmethod\n def m(c): return inner(1)\ndef f(): return C.m()",
    "property": "class C:\n @property\n def p(s): return inner(1)\ndef f(): return C().p",
    "cached property": "class C:\n @functools.cached_property\n def p(s): return inner(1)\ndef f(): return C().p",
    "wrapped": "@functools.wraps(inner)\ndef g(*a): return inner(*a)\ndef f(): return g()",
    "dispatch table": "table = {'a': [inner]}\ndef f(): return table['a'][0](1)",
    "nested function": "def f():\n def g(): return inner(1)\n return g()",
    "comprehension": "def f(): return [inner(x) for x in ()]",
    "class in the body": "def f():\n class C:\n  def m(s): return inner(1)\n return C",
    "default of a helper": "def g(x=CONSTANT): return x\ndef f(): return g()",
    "keyword default of a helper": "def g(*, x=CONSTANT): return x\ndef f(): return g()",
    "class attribute": "class C:\n a = CONSTANT\ndef f(): return C.a",
    "metaclass": "class M(type):\n def __call__(c): return inner(1)\nclass C(metaclass=M): pass\ndef f(): return C()",
    "base": "class B:\n def m(s): return inner(1)\nclass C(B): pass\ndef f(): return C().m()",
    "dataclass default": "@dataclasses.dataclass\nclass C:\n a: int = CONSTANT\ndef f(): return C()",
    "dataclass factory": "@dataclasses.dataclass\nclass C:\n a: list = dataclasses.field(default_factory=inner)\ndef f(): return C()",
    "enum": "class E(enum.Enum):\n a = CONSTANT\ndef f(): return E('x')",
    "enum member": "class E(enum.Enum):\n a = CONSTANT\nm = E.a\ndef f(): return m",
    "frozen instance": "@dataclasses.dataclass(frozen=True)\nclass C:\n a: int\nc = C(CONSTANT)\ndef f(): return c",
    "class of a frozen instance": "@dataclasses.dataclass(frozen=True)\nclass C:\n a: int\n def m(s): return inner(1)\nc = C(1)\ndef f(): return c.m()",
    "class of an opaque object": "class C:\n def m(s): return inner(1)\nc = C()\ndef f(): return c.m()",
    "named tuple": "N = collections.namedtuple('N', 'a', defaults=[CONSTANT])\ndef f(): return N()",
    "array": "array = np.full(3, CONSTANT)\ndef f(): return array",
    "closure": "def make(n):\n def g(): return n\n return g\nf = make(CONSTANT)",
    "super": "class B:\n def m(s): return inner(1)\nclass C(B):\n def m(s): return super().m()\nf = C.m",
    "own default": "def f(x=CONSTANT): return x",
    "generator": "def g():\n yield inner(1)\ndef f(): return list(g())",
    "coroutine": "async def g():\n return inner(1)\nasync def f(): return await g()",
    "__getattr__": "class C:\n def __getattr__(s, n): return inner(1)\ndef f(): return C().x",
    "pydantic default": "class C(pydantic.BaseModel):\n a: int = CONSTANT\ndef f(): return C()",
    "pydantic validator": "class C(pydantic.BaseModel):\n a: int = 1\n @pydantic.field_validator('a')\n def v(cls, value): return inner(value)\ndef f(): return C(a=1)",
    "attrs default": "@attrs.define\nclass C:\n a: int = CONSTANT\ndef f(): return C()",
    "msgspec default": "class C(msgspec.Struct):\n a: int = CONSTANT\ndef f(): return C()",
}  # fmt: skip


@pytest.mark.parametrize("carrier", CARRIERS)
def test_what_carries_code_or_values_is_followed(carrier):
    source = """
import attrs, collections, dataclasses, enum, functools, msgspec, numpy as np, pydantic, sys, types
sys.modules[__name__] = types.SimpleNamespace(__dict__=globals())
CONSTANT = 7
def inner(*x): return (x, 3)
def outer(x): return 5
"""
    name = f"program_{carrier.replace(' ', '_')}"

    def digest(text):
        f = made(text + CARRIERS[carrier], __name__=name)
        return code_of(f).current().digest()

    was = digest(source)
    assert digest(source) == was
    edit = (
        ("CONSTANT = 7", "CONSTANT = 8")
        if "CONSTANT" in CARRIERS[carrier]
        else ("(x, 3)", "(x, 4)")
    )
    assert digest(source.replace(*edit)) != was
    assert digest(source.replace("return 5", "return 6")) == was or carrier == "singledispatch"
    import sys

    sys.modules.pop(name, None)


def test_a_check_of_a_model_is_followed():
    source = """
        import pydantic, typing
        def check(x): return x + LIMIT
        LIMIT = 1
        class C(pydantic.BaseModel):
            a: typing.Annotated[int, pydantic.AfterValidator(check), pydantic.Field(gt=3)]
        def f(): return C(a=5)
    """
    digests = [
        code_of(made(text)).current().digest()
        for text in (
            source,
            source,
            source.replace("LIMIT = 1", "LIMIT = 2"),
            source.replace("gt=3", "gt=4"),
        )
    ]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


def test_a_function_that_is_called_while_an_object_is_looked_at_counts_as_ever():
    f = made("""
        def helper(x): return x
        def g(x): return helper(x)
        class C:
            def __holdall_fingerprint__(self): return keys.append(key()) or 1
        c, keys = C(), []
        def f(): return c
    """)
    g = f.__globals__["g"]
    f.__globals__["key"] = lambda: call_parts(code_of(g), g, (1,), {}).digest()
    expected = f.__globals__["key"]()
    code_of(f).current()
    assert set(f.__globals__["keys"]) == {expected}


def test_what_is_not_followed_goes_by_its_name():
    assert dict(code_of(max).current())["code:builtins.max"] == "by its name"
    assert code_of(max).current() != code_of(min).current()
    found = dict(code_of(np.linalg.norm).current())
    assert found["library:numpy"] == np.__version__


def test_an_argument_counts_by_the_code_of_its_class():
    source = "class C:\n def m(s): return 1\ndef make(): return C()"
    one, two = (made(text, "make") for text in (source, source.replace("return 1", "return 2")))
    assert fingerprint(one()) == fingerprint(one()) != fingerprint(two())


# Variables that do not count by value

OPAQUE = {
    "logger": ("import logging\nv = logging.getLogger('a')", "v", "logging.Logger"),
    "lock": ("import threading\nv = threading.Lock()", "v", "_thread.lock"),
    "object of a class": ("class C: pass\nv = C()", "v", "__main__.C"),
    "list with a lock": ("import threading\nv = [threading.Lock()]", "v", "builtins.list"),
    "generator": ("v = (x for x in [])", "v", "builtins.generator"),
    "random": ("import random\nv = random.Random(1)", "v", "random.Random"),
    "numpy generator": ("import numpy\nv = numpy.random.default_rng(1)", "v", "numpy.random._generator.Generator"),
    "append": ("v = []", "v.append(x)", "builtins.list"),
    "update": ("v = {}", "v.update(a=1)", "builtins.dict"),
    "subscript": ("v = {}", "v[x] = 1", "builtins.dict"),
    "deep subscript": ("v = {}", "v[x]['a'][1 if x else 2] = x + g(x, v)", "builtins.dict"),
    "deep append": ("v = {'a': []}", "v['a'].append(x)", "builtins.dict"),
    "augmented subscript": ("v = {}", "v[x] += 1", "builtins.dict"),
    "slice": ("v = []", "v[1:x] = []", "builtins.list"),
    "deletion": ("v = {}", "del v[x]", "builtins.dict"),
    "deletion of a slice": ("v = []", "del v[1:]", "builtins.list"),
    "augmented assignment": ("v = 1", "global v\n v += 1", "builtins.int"),
    "assignment": ("v = 1", "global v\n print(v)\n v = x", "builtins.int"),
    "in a helper": ("v = []\ndef h(): v.append(1)", "h(), v", "builtins.list"),
    "in a nested function": ("v = []", "return [v.append(y) for y in x]", "builtins.list"),
    "under another name": ("v = w = []\ndef h(): w.append(1)", "h(), v", "builtins.list"),
    "in a method": ("v = []\nclass C:\n def m(s): v.append(1)", "C().m(), v", "builtins.list"),
    "attribute": ("import types\nv = types.SimpleNamespace()", "v.a = x", "types.SimpleNamespace"),
}  # fmt: skip


@pytest.mark.parametrize("name", OPAQUE)
def test_what_changes_or_is_no_data_counts_by_its_type(name):
    before, body, kind = OPAQUE[name]
    found = parts(made(f"{before}\ndef f(x):\n {body}\n return v"))
    assert found["opaque:__main__.v"] == kind
    assert "global:__main__.v" not in found


def test_what_only_looks_like_a_change_does_not_matter():
    found = parts(
        made(
            "v, w = [1], {}\ndef f(x):\n y = v.copy()\n y.append(1)\n w = {}\n w[1] = v\n return len(v), v[0]"
        )
    )
    assert "global:__main__.v" in found
    assert not [key for key in found if key.startswith("opaque")]


def test_a_closure_and_a_default_that_are_changed_count_by_their_type():
    f = made(
        "def make():\n n, m, k = 0, [], [1]\n def f(x, seen={}, kept=[]):\n  nonlocal n\n  n += 1\n  m.append(k)\n  seen[x] = kept\n return f\nf = make()"
    )
    where = "__main__.make.<locals>.f"
    assert of(f, "opaque") == {
        f"{where}.n": "builtins.int",
        f"{where}.m": "builtins.list",
        f"{where}.seen": "builtins.dict",
    }
    assert set(of(f, "closure")) == {f"{where}.k"}
    assert set(of(f, "default")) == {f"{where}.kept"}


def test_an_attribute_that_methods_change_counts_by_its_type():
    found = parts(
        made(
            "class C:\n seen, count, kept = [], 0, [1]\n def m(self):\n  self.seen.append(1)\n  self.kept = 2\n @classmethod\n def n(cls): cls.count += 1\ndef f(): return C"
        )
    )
    assert {key for key in found if key.startswith("opaque")} == {
        "opaque:__main__.C.seen",
        "opaque:__main__.C.count",
    }
    assert "global:__main__.C.kept" in found


# What is seen later


def test_nothing_new_is_the_same_parts():
    f = made("v, w = 1, [1]\ndef h(): return w\ndef f(x): return v + len(h())")
    code = code_of(f)
    now = code.current()
    assert code.current() is now
    assert code.changed() == []


CHANGES = {
    "global": lambda space: space.update(v=2),
    "global that was missing": lambda space: space.update(missing=2),
    "global gone": lambda space: space.pop("v"),
    "builtin covered": lambda space: space.update(len=max),
    "container's content": lambda space: space["w"].append(2),
    "helper": lambda space: space.update(h=lambda: 2),
    "helper's code": lambda space: setattr(space["h"], "__code__", (lambda: 2).__code__),
    "helper's default": lambda space: setattr(space["h"], "__defaults__", (5,)),
    "method": lambda space: setattr(space["C"], "m", lambda self: 3),
    "class attribute": lambda space: setattr(space["C"], "a", 3),
    "new class attribute": lambda space: setattr(space["C"], "b", 3),
    "dispatch table": lambda space: space["table"].update(h=space["g"]),
    "function of a dispatch table": lambda space: space["table"].update(
        h=made("def h(): return 2", "h")
    ),
    "closure": lambda space: space["set_n"](5),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_in_the_process_is_seen_at_the_next_look(change):
    f = made("""
        v, w = 1, [1]
        def h(x=1): return 1
        def g(): return 1
        table = {"h": h}
        class C:
            a = 1
            def m(self): return 1
        def make():
            n = 1
            def get(): return n
            def set_n(to):
                nonlocal n
                n = to
            return get, set_n
        get, set_n = make()
        def f(x): return v, w, h(), C().m(), table, get(), len(x), missing
    """)
    code = code_of(f)
    before = code.current()
    CHANGES[change](f.__globals__)
    assert code.current().digest() != before.digest()


def test_a_variable_that_changed_meanwhile_is_told():
    f = made(
        "v, w, n = 1, [1], []\ndef h(): return w\ndef f(x):\n n.append(x)\n return v + len(h())"
    )
    code = code_of(f)
    before = code.current()
    f(1)
    assert code.changed(before) == []
    f.__globals__["v"] = 1.5
    f.__globals__["w"].append(1)
    assert sorted(code.changed(before)) == ["global __main__.v", "global __main__.w"]
    assert code.current() is not before
    # Another thread may have looked meanwhile; what counts is what was before the run.
    assert sorted(code.changed(before)) == ["global __main__.v", "global __main__.w"]
    assert code.changed() == []


def test_threads_may_look_at_once():
    f = made(
        "\n".join(f"def f{n}(x): return f{n + 1}(x) + {n}" for n in range(30))
        + "\ndef f30(x): return x\nf = f0"
    )
    code, found, barrier = code_of(f), [], threading.Barrier(8)

    def look():
        barrier.wait()
        found.extend(code.current().digest() for _ in range(20))

    threads = [threading.Thread(target=look) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(found) == 160
    assert len(set(found)) == 1


def test_a_big_array_that_is_read_counts_by_its_content():
    f = made("def f(): return a", a=np.arange(100_000))
    code = code_of(f)
    before = code.current()
    assert code.current() is before
    f.__globals__["a"][77_777] = 0
    assert code.current() != before


def test_what_code_reads_is_found_by_name_alone():
    reading = reading_of(
        made("""
        def f(x):
            import a.b, c as d
            from e import g as h
            from .i import j
            def inner(): return d.k(h.l, j)
            return a.b.m(inner) + n.o.p[q]
    """).__code__
    )
    found = {(read.kind, read.name, read.chain) for read in reading.reads if not read.imported}
    assert found == {
        ("import", "c", ("k",)), ("import", "e", ("g", "l")), ("import", "i", ("j",)),
        ("import", "a", ("b", "m")), ("global", "n", ("o", "p")), ("global", "q", ()),
    }  # fmt: skip


# Parts


def test_parts_have_one_digest_in_any_order():
    one, two = Parts({"code:a": "1", "argument:x": "2"}), Parts({"argument:x": "2", "code:a": "1"})
    assert (one == two, one.digest() == two.digest(), hash(one) == hash(two)) == (True, True, True)
    assert one.digest() == Parts({"argument:x": "2"}, code=Parts({"code:a": "1"})).digest()
    assert dict(pickle.loads(pickle.dumps(one))) == dict(one) == {"code:a": "1", "argument:x": "2"}
    others = [
        {},
        {"code:a": "1"},
        {"argument:x": "2"},
        {"code:a": "2", "argument:x": "1"},
        {"code:a": "1", "argument:y": "2"},
    ]
    assert len({Parts(other).digest() for other in others} | {one.digest()}) == 6


def test_the_differences_in_words():
    same = {"code:m.f": "a" * 64, "python": "3.11"}
    old = {
        **same,
        "library:numpy": "2.1",
        "global:m.RATE": "b" * 64,
        "argument:x": "c" * 64,
        "helper:m.g": "d" * 64,
        "global:m.up": "math.ceil",
        "version": "1",
    }
    new = {
        **same,
        "library:numpy": "2.2",
        "global:m.RATE": "e" * 64,
        "argument:x": "f" * 64,
        "class:m.C": "d" * 64,
        "global:m.up": "math.floor",
        "version": "2",
    }
    assert explain_parts(old, old) == []
    assert explain_parts(None, new) == ["nothing is kept under this name"]
    assert explain_parts(old, new) == [
        "numpy 2.1 is now 2.2", "global m.RATE changed", "argument x changed", "class m.C is new",
        "global m.up math.ceil is now math.floor", "version 1 is now 2", "helper m.g is no longer used",
    ]  # fmt: skip


def test_a_call_of_a_function_with_an_opaque_default():
    """It counts by its type, as the function's own, and is no argument that must have a fingerprint."""
    f = made("import threading\ndef f(x, lock=threading.Lock()): return x")
    found = dict(call_parts(code_of(f), f, (1,), {}))
    assert found["opaque:__main__.f.lock"] == "_thread.lock"
    assert "argument:lock" not in found
    with pytest.raises(SerializationError) as caught:
        call_parts(code_of(f), f, (1,), {"lock": threading.Lock()})
    assert caught.value.path == "$.kwargs['lock']"
