"""anycache: what a function returns, kept under a key of the function and its arguments."""

import collections
import dataclasses
import datetime as dt
import functools
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import holdall
from holdall import anycache, get_store
from models import Model, Pair, Point
from processes import finish, start
from same import same


def counting(store, **options):
    """A cached function that gives its arguments back, and the calls that really ran."""
    calls = []

    @anycache(store=store, **options)
    def function(*args, **kwargs):
        calls.append((args, kwargs))
        return args, kwargs

    return function, calls


def test_the_second_call_is_answered_from_the_store(store):
    function, calls = counting(store)
    assert function(1, a=2) == function(1, a=2) == ((1,), {"a": 2})
    assert len(calls) == 1


def test_the_first_and_the_second_result_are_the_same(store):
    for value in [
        (1,),
        {1: 2},
        "1",
        b"",
        float("nan"),
        Model(hello="a"),
        None,
        [Point(1)],
        Pair(1, 2),
    ]:
        cached = anycache(store=store, key_func=lambda x: f"{type(x)}{x!r}")(lambda x: x)
        assert same(cached(value), cached(value)) or cached(value) == value
        assert type(cached(value)) is type(value)


def test_a_pydantic_instance_comes_back_as_an_instance(store):
    calls = []

    @anycache(store=store)
    def make(name):
        calls.append(name)
        return [Model(hello=name)] if name == "inside" else Model(hello=name)

    assert make("a") == make("a") == Model(hello="a")
    assert make("inside") == make("inside") == [Model(hello="inside")]
    assert calls == ["a", "inside"]
    assert store.get(make.cache_key("a")) == Model(hello="a")


DIFFERENT = [
    (), (None,), ("",), (0,), (False,), (0.0,), (-0.0,), (1,), (True,), (1.0,), ("1",), (b"1",), (bytearray(b"1"),),
    (1, 23), (12, 3), ("1", "23"), ((1, 2),), ([1, 2],), (1, 2), ({1, 2},), (frozenset({1, 2}),), ({1: 2},), ({"1": 2},),
    ([],), ((),), ({},), (set(),), ([[]],), ([[], []],), ("a", "b"), ("ab",), (["a", "b"],), (["ab"],), (Point(1),), (Point(1.0),),
    (Pair(1, 2),), (np.arange(10_000),), (np.arange(10_001),), (np.r_[np.arange(9_999), 0],), (np.zeros((2, 3)),),
    (np.zeros((3, 2)),), (np.int64(1),), (np.int32(1),), (collections.OrderedDict(a=1),), ({"a": 1},),
    (dt.date(2020, 1, 1),), (dt.datetime(2020, 1, 1),), (int,), (float,), (10**400,), (10**400 + 1,), ("\ud800",),
]  # fmt: skip


def test_arguments_of_another_type_or_value_are_another_call(store):
    function, calls = counting(store)
    for arguments in DIFFERENT:
        assert same(function(*arguments), (arguments, {}))
    assert len(calls) == len(DIFFERENT)
    keys = [function.cache_key(*arguments) for arguments in DIFFERENT]
    assert len(set(keys)) == len(keys)


def test_equal_arguments_are_one_call_however_they_were_made(store):
    function, calls = counting(store)

    def fresh(length=100):
        return ("".join(["x"] * length),)

    shared = fresh()
    assert fresh() is not fresh()
    for equal in [
        [({"b", "a", "c"},), ({"c", "b", "a"},)],
        [((shared, shared),), ((fresh(), fresh()),)],
        [("ab",), ("ab",)],
        [(Point(shared, shared),), (Point(fresh(), fresh()),)],
        [
            (collections.OrderedDict(a=shared, b=shared),),
            (collections.OrderedDict(a=fresh(), b=fresh()),),
        ],
        [(lambda x: x + 1,), (lambda x: x + 1,)],
        [(np.arange(6).reshape(2, 3),), (np.array([[0, 1, 2], [3, 4, 5]]),)],
    ]:
        calls.clear()
        for arguments in equal:
            function(*arguments)
        assert len(calls) == 1, equal


def test_by_position_by_name_or_by_default_it_is_one_call(store):
    calls = []

    @anycache(store=store)
    def function(a, b=2, *, c=3):
        calls.append((a, b, c))
        return a + b + c

    assert {
        function(1),
        function(1, 2),
        function(a=1),
        function(b=2, a=1, c=3),
        function(1, c=3),
    } == {6}
    assert calls == [(1, 2, 3)]


def test_the_order_of_keywords_does_not_matter(store):
    function, calls = counting(store)
    assert function(a=1, b=2) == function(b=2, a=1)
    assert len(calls) == 1


def test_two_functions_do_not_share_results(store):
    @anycache(store=store)
    def one(x):
        return "one", x

    @anycache(store=store)
    def two(x):
        return "two", x

    assert one(1) == ("one", 1)
    assert two(1) == ("two", 1)


def test_two_lambdas_do_not_share_results(store):
    one, two = (anycache(store=store)(f) for f in (lambda x: ("one", x), lambda x: ("two", x)))
    assert one(1) == ("one", 1)
    assert two(1) == ("two", 1)


def test_two_closures_do_not_share_results(store):
    def power(n):
        @anycache(store=store)
        def function(x):
            return x**n

        return function

    square, cube = power(2), power(3)
    assert (square(3), cube(3)) == (9, 27)
    assert (square(3), cube(3)) == (9, 27)


def test_bound_methods_of_two_objects_do_not_share_results(store):
    one, two = (anycache(store=store)(Point(n).__eq__) for n in (1, 2))
    assert one(Point(1)) is True
    assert two(Point(1)) is False


def test_what_a_closure_cannot_keep_does_not_stop_it(store):
    lock, calls = threading.Lock(), []

    @anycache(store=store)
    def function(x):
        with lock:
            calls.append(x)
            return x

    assert function(1) == function(1) == 1
    assert calls == [1]


@pytest.mark.parametrize("depth", [3, 200])
def test_a_circular_or_deep_argument_has_a_key(store, depth):
    function, _calls = counting(store, key_func=None)
    circular = []
    circular.append(circular)
    deep = [1]
    for _ in range(depth):
        deep = [deep]
    for argument in (circular, deep, {"a": circular}):
        assert function.cache_key(argument) == function.cache_key(argument)
    assert function.cache_key(deep) != function.cache_key([deep])
    for _ in range(100_000):
        deep = [deep]
    assert function.cache_key(deep) == function.cache_key(deep)
    with pytest.raises(holdall.LimitExceeded, match=r"nested deeper"):
        function(deep)  # It has a key, but cannot be kept.
    while deep:  # Taken apart by hand: the interpreter's own way recurses.
        deep = deep[0] if isinstance(deep, list) else None


def test_scripts_do_not_share_the_results_of_functions_with_one_name(disk_uri, tmp_path):
    script = """
import sys, holdall
@holdall.anycache(uri=sys.argv[1])
def name(x):
    return helper(x)
def helper(x):
    return %r
print(name(1))
"""
    for number in (1, 2):
        (tmp_path / f"script{number}.py").write_text(script % f"script {number}")
    said = [
        subprocess.run(
            [sys.executable, tmp_path / f"script{n}.py", disk_uri],
            stdout=subprocess.PIPE,
            text=True,
        ).stdout
        for n in (1, 2, 1)
    ]
    assert said == ["script 1\n", "script 2\n", "script 1\n"]


def test_results_are_kept_for_the_next_process(disk_uri):
    code = """
    @holdall.anycache(uri=sys.argv[1])
    def function(x, *, y):
        print("ran")
        return (x, y)
    from models import Point
    for argument in [("a", {"b", "c", "d"}), Point({"b", "c", "d"}, frozenset("xyz"))]:
        assert function(argument, y=[1.5]) == (argument, [1.5])
    local = (lambda n: holdall.anycache(uri=sys.argv[1])(lambda x: print("ran", x in {"a", "b"}) or n))(5)
    assert local("a") == 5
    """
    assert [finish(start(code, disk_uri)) for _ in range(3)] == ["ran\nran\nran True\n", "", ""]


def test_threads_run_it_once(store):
    ran, barrier = [], threading.Barrier(8)

    @anycache(store=store)
    def slow(x):
        ran.append(x)
        time.sleep(0.1)
        return x

    def call():
        barrier.wait()
        assert slow(1) == 1

    threads = [threading.Thread(target=call) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert ran == [1]


def test_processes_run_it_once(disk_uri):
    code = """
    @holdall.anycache(uri=sys.argv[1])
    def slow(x):
        print("ran", x)
        time.sleep(0.3)
        return x
    print("ready", flush=True)
    sys.stdin.readline()
    for n in range(3):
        assert slow(n) == n
    """
    children = [start(code, disk_uri) for _ in range(4)]
    for child in children:
        assert child.stdout.readline() == "ready\n"
    for child in children:
        child.stdin.write("\n")
        child.stdin.flush()
    ran = "".join(finish(child) for child in children).splitlines()
    assert sorted(ran) == ["ran 0", "ran 1", "ran 2"]


def test_other_keys_run_meanwhile(store):
    inside = threading.Barrier(2)

    @anycache(store=store)
    def together(x):
        inside.wait(timeout=20)  # Only passes if both are inside at once.
        return x

    threads = [threading.Thread(target=together, args=(n,)) for n in range(2)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert not inside.broken
    assert len(store) == 2


def test_a_function_may_call_itself(store):
    calls = []

    @anycache(store=store)
    def fibonacci(n):
        calls.append(n)
        return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

    assert fibonacci(15) == 610
    assert len(calls) == 16


def test_an_exception_is_not_kept(store):
    calls = []

    @anycache(store=store)
    def fails(x):
        calls.append(x)
        if len(calls) == 1:
            raise OSError("first")
        return "fine"

    with pytest.raises(OSError, match="first"):
        fails(1)
    assert fails(1) == fails(1) == "fine"
    assert len(calls) == 2


def test_a_result_that_cannot_be_kept_says_so(store):
    @anycache(store=store)
    def function():
        return [threading.Lock()]

    with pytest.raises(holdall.SerializationError, match=r"\$\[0\]"):
        function()
    assert len(store) == 0


def test_an_argument_that_cannot_be_a_key_says_so(store):
    function, calls = counting(store)
    with pytest.raises(
        holdall.SerializationError,
        match=r"'args' of .*function.* \$\.args\[0\]\['a'\]\[0\]: .*lock",
    ):
        function({"a": [threading.Lock()]})
    with pytest.raises(TypeError, match=r"unexpected|argument"):
        anycache(store=store)(lambda x: x)(1, 2, 3)
    assert not calls


def test_key_func_makes_the_key_and_none_means_not_to_cache(store):
    function, calls = counting(store, key_func=lambda x, **rest: None if x < 0 else f"key/{x % 10}")
    function(1)
    assert function(11) == ((1,), {})
    assert list(store) == ["key/1"]
    function(-1)
    function(-1)
    assert len(calls) == 3
    assert len(store) == 1


def test_results_expire(store):
    function, calls = counting(store, ttl=0.05)
    function(1)
    time.sleep(0.08)
    function(1)
    assert len(calls) == 2


def test_without_the_cache_it_runs_and_keeps(store):
    function, calls = counting(store, use_cache=False)
    function(1)
    function(1)
    assert len(calls) == 2
    assert store.get(function.cache_key(1)) == ((1,), {})


def test_the_store_given_keeps_its_own_options(tmp_path):
    with get_store(tmp_path / "folder") as store:
        anycache(store=store, key_func=lambda: "cached.json")(lambda: {"a": 1})()
        assert not store.info("cached.json").bare
        store.put("plain.json", {"a": 1})
        assert store.info("plain.json").bare
        store.put("model", Model(hello="a"))
        assert store.get("model") == {"hello": "a"}


def test_with_and_without_arguments_and_on_methods(tmp_path, monkeypatch):
    monkeypatch.setenv("HOLDALL_URI", f"sqlite:///{tmp_path}/env.db")

    @anycache
    def bare(x):
        """Docs."""
        return x

    assert bare(1) == bare(1) == 1
    assert (bare.__name__, bare.__doc__) == ("bare", "Docs.")
    assert (tmp_path / "env.db").exists()

    @dataclasses.dataclass
    class Owner:
        name: str

        @anycache
        def method(self, x):
            return self.name, x

    assert Owner("a").method(1) == ("a", 1)
    assert Owner("b").method(1) == ("b", 1)


def test_the_store_is_opened_at_the_first_call_only(tmp_path):
    cached = anycache(uri=f"sqlite:///{tmp_path}/lazy.db")(lambda: 1)
    assert not list(tmp_path.iterdir())
    assert cached() == 1
    assert cached.cache_store().uri == f"sqlite:///{tmp_path}/lazy.db"


def test_builtins_and_partials_can_be_cached(store):
    assert anycache(store=store)(max)(1, 3) == 3
    partial = functools.partial(pow, 2)
    assert anycache(store=store)(partial)(5) == 32
    assert anycache(store=store)(functools.partial(pow, 3))(5) == 243


def test_a_function_goes_by_what_it_carries(store):
    def make(name):
        lock = threading.Lock()

        @anycache(store=store)
        def function(x):
            with lock:
                return name, x

        return function

    class Api:
        def __init__(self, name):
            self.name, self.lock = name, threading.Lock()

        def get(self, x):
            return self.name, x

    one, two = make("one"), make("two")
    assert (one(1), two(1), one(1)) == (("one", 1), ("two", 1), ("one", 1))
    # What a method is bound to is its first argument, and this one is known by nothing but its place.
    with pytest.raises(holdall.SerializationError, match=r"\$\.self\.lock"):
        anycache(store=store)(Api("a").get)(1)


def test_the_first_call_gives_what_later_ones_will(tmp_path):
    function = anycache(uri=f"sqlite:///{tmp_path}/c.db", mode="json")(lambda: (1, {2: 3}))
    assert function() == function() == [1, {"2": 3}]


def test_a_cached_function_goes_to_the_workers_of_a_pool(tmp_path):
    (tmp_path / "mod.py").write_text(
        "from holdall import anycache\n"
        f"@anycache(uri='sqlite:///{tmp_path}/c.db')\n"
        "def square(x):\n    return x * x\n"
    )
    script = """
import mod, multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
from holdall import anycache

@anycache(uri=mod.square.cache_store().uri)
def double(x):
    return 2 * x

if __name__ == "__main__":
    for method in ("fork", "spawn"):
        with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(method)) as pool:
            print(*pool.map(mod.square, [1, 2]), *pool.map(double, [1, 2]))
"""
    (tmp_path / "script.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", tmp_path / "script.py"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.stdout, done.returncode) == ("1 4 2 4\n" * 2, 0), done.stderr


@pytest.mark.parametrize(
    "options",
    [{"store": "memory://"}, {"store": 1}, {"uri": "memory://", "store": get_store("memory://")},
     {"store": get_store("memory://"), "tll": 3}],
)  # fmt: skip
def test_options_that_do_not_fit_are_refused_at_once(options):
    with pytest.raises(holdall.ValidationError):
        anycache(**options)


def test_a_place_without_its_name_is_refused():
    with pytest.raises(holdall.ValidationError, match="uri="):
        anycache("sqlite:///c.db")
    with pytest.raises(holdall.ValidationError, match="key"):
        anycache(uri="memory://", key_func=lambda: 1)(lambda: 2)()


def test_what_is_asynchronous_or_a_generator_is_refused():
    async def coroutine(): ...
    def generator():
        yield

    async def both():
        yield

    class Called:
        async def __call__(self): ...

    for function in (coroutine, generator, both, Called()):
        with pytest.raises(holdall.ValidationError, match="cannot be kept"):
            anycache(uri="memory://")(function)
