"""@memo: what a function returned, kept for as long as the function is what it was."""

import asyncio
import dataclasses
import logging
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import holdall
from edits import Program
from holdall import memo
from holdall._holdall import keyset_new
from holdall.storage import storage_factory


@pytest.fixture
def storage(tmp_path):
    return storage_factory({"kind": "file", "options": {"path": tmp_path / "kept"}})


def counting(storage, **options):
    """A memoised function, and the calls that really ran."""
    calls = []

    @memo(store=storage, **options)
    def function(x, y=2, *rest, z=3, verbose=False, **more):
        calls.append(x)
        return x, y, rest, z, more

    return function, calls


def test_the_second_call_runs_nothing(storage):
    function, calls = counting(storage)
    assert function(1) == function(1) == (1, 2, (), 3, {})
    assert calls == [1]


def test_one_call_however_it_is_written(storage):
    function, _ = counting(storage)
    keys = {
        function.key(1),
        function.key(x=1),
        function.key(1, 2),
        function.key(1, z=3),
        function.key(y=2, x=1, verbose=False),
    }
    assert len(keys) == 1
    assert function.key(1, a=1, b=2) == function.key(1, b=2, a=1)
    others = [
        function.key(*args)
        for args in [
            (1,),
            (1.0,),
            (True,),
            ("1",),
            (b"1",),
            ([1],),
            ((1,),),
            (1, 3),
            (1, 2, 3),
            (1, 2, 4),
        ]
    ]
    others += [
        function.key(1, a=1),
        function.key(1, a=2),
        function.key(1, b=1),
        function.key(1, z=4),
    ]
    assert len(set(others)) == len(others)


def test_what_is_ignored_does_not_count(storage):
    function, calls = counting(storage, ignore=["verbose", "quiet"])
    function(1, verbose=True)
    function(1, verbose=threading.Lock())
    function(1, quiet=True)  # among what **more takes
    assert calls == [1]
    function(1, loud=True)
    assert calls == [1, 1]
    with pytest.raises(holdall.ValidationError, match="no such argument"):
        memo(store=storage, ignore=["x", "why"])(lambda x: x)
    with pytest.raises(holdall.ValidationError, match="list"):
        memo(store=storage, ignore="x")


def test_a_version_by_hand(storage):
    def square(x):
        return x * x

    one, two = (memo(store=storage, version=version)(square) for version in (1, 2))
    assert one.key(3) != two.key(3) == memo(store=storage, version="2")(square).key(3)


def test_methods_count_the_object_that_they_are_of(storage):
    ran = []

    @dataclasses.dataclass
    class Scale:
        factor: float

        @memo(store=storage)
        def apply(self, x):
            ran.append(x)
            return self.factor * x

    assert Scale(2.0).apply(3) == Scale(2.0).apply(3) == 6
    assert Scale(3.0).apply(3) == 9
    assert ran == [3, 3]
    assert Scale(2.0).apply(4) == 8


def test_an_argument_without_a_fingerprint_raises_with_its_path(storage):
    function, calls = counting(storage)
    lock = threading.Lock()
    for call, path in [
        (lambda: function(lock), "$.args[0]"),
        (lambda: function(1, {"a": [lock]}), "$.args[1]['a'][0]"),
        (lambda: function(1, 2, 3, lock), "$.args[3]"),
        (lambda: function(1, z=lock), "$.kwargs['z']"),
        (lambda: function(1, a=lock), "$.kwargs['a']"),
    ]:
        with pytest.raises(holdall.SerializationError, match="ignore=") as caught:
            call()
        assert caught.value.path == path
    assert not calls


def test_a_result_that_cannot_be_kept_raises_and_leaves_nothing(storage):
    @memo(store=storage)
    def function(x):
        return {"a": [threading.Lock()]}

    with pytest.raises(holdall.SerializationError) as caught:
        function(1)
    assert caught.value.path == "$['a'][0]"
    assert storage.list_tasks("memo") == []


def test_an_exception_is_not_kept(storage):
    calls = []

    @memo(store=storage)
    def function(x):
        calls.append(x)
        if len(calls) == 1:
            raise OSError("once")
        return x

    with pytest.raises(OSError, match="once"):
        function(1)
    assert function(1) == function(1) == 1
    assert len(calls) == 2


def entries(storage, tmp_path):
    return [
        path for path in (tmp_path / "kept" / "memo").iterdir() if not path.name.startswith(".")
    ]


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "foreign"])
def test_a_damaged_entry_is_reported_and_computed_again(storage, tmp_path, caplog, damage):
    function, calls = counting(storage)
    function(1)
    (entry,) = entries(storage, tmp_path)
    data = bytearray(entry.read_bytes())
    if damage == "flip":
        data[len(data) // 2] ^= 1
    entry.write_bytes({"flip": data, "cut": data[:-3], "empty": b"", "foreign": b"x" * 99}[damage])
    assert "cannot be used" in " ".join(function.explain(1))
    with caplog.at_level(logging.WARNING, "holdall"):
        assert function(1) == (1, 2, (), 3, {})
    assert "cannot be used" in caplog.text
    assert function(1) == (1, 2, (), 3, {})
    assert calls == [1, 1]


def test_an_entry_of_another_keyset_is_computed_again(storage, tmp_path, caplog, monkeypatch):
    function, calls = counting(storage)
    function(1)
    other = storage_factory(
        {"kind": "file", "options": {"path": tmp_path / "kept", "keyset": keyset_new()}}
    )
    again = memo(store=other)(function.__wrapped__)
    with caplog.at_level(logging.WARNING, "holdall"):
        assert again(1) == (1, 2, (), 3, {})
    assert calls == [1, 1]


def test_a_variable_that_changes_while_it_runs_is_reported(storage, caplog):
    space = {"__name__": "__main__", "memo": memo, "storage": storage}
    exec(
        "rate = 1\ndef tick():\n globals()['rate'] += 1\n@memo(store=storage)\ndef function(x):\n old = rate\n tick()\n return old",
        space,
    )
    with caplog.at_level(logging.WARNING, "holdall"):
        assert space["function"](1) == 1
    assert "global __main__.rate changed while" in caplog.text
    space["rate"] = 1
    assert space["function"](1) == 1
    assert space["rate"] == 1  # it did not run


def test_threads_run_it_once(storage):
    ran, barrier = [], threading.Barrier(8)

    @memo(store=storage)
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


def test_processes_run_it_once(tmp_path):
    program = Program(
        tmp_path,
        {
            "program.py": """
            import sys, time
            from holdall import memo
            from holdall.storage import storage_factory

            @memo(store=storage_factory({"kind": "file", "options": {"path": CACHE}}))
            def slow(x):
                print("ran", x, flush=True)
                time.sleep(0.4)
                return x
            """
        },
    )
    code = "import sys; sys.path.insert(0, sys.argv[1]); import program; print('ready', flush=True); sys.stdin.readline(); [program.slow(n) for n in range(2)]"
    children = [
        subprocess.Popen([sys.executable, "-B", "-c", code, program.folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]  # fmt: skip
    for child in children:
        assert child.stdout.readline() == "ready\n"
    for child in children:
        child.stdin.write("\n")
        child.stdin.flush()
    said = "".join(child.communicate(timeout=60)[0] for child in children).splitlines()
    assert sorted(said) == ["ran 0", "ran 1"]


def test_a_function_may_call_itself(storage):
    calls = []

    @memo(store=storage)
    def fibonacci(n):
        calls.append(n)
        return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

    assert fibonacci(12) == 144
    assert len(calls) == 13


# Coroutines


def test_coroutines_run_once_and_the_loop_goes_on(storage):
    ran = []

    @memo(store=storage)
    async def slow(x):
        ran.append(x)
        await asyncio.sleep(0.05)
        return x

    async def main():
        assert asyncio.iscoroutinefunction(slow)
        # More than a pool has threads, so that those who wait could keep out who is to be done.
        found = await asyncio.gather(*(slow(n % 2) for n in range(80)))
        assert found == [0, 1] * 40
        return await slow(1)

    assert asyncio.run(main()) == 1
    assert sorted(ran) == [0, 1]


def test_a_coroutine_that_is_cancelled_lets_the_next_one_run(storage):
    ran, begun = [], asyncio.Event()

    @memo(store=storage)
    async def slow(x):
        ran.append(x)
        begun.set()
        await asyncio.sleep(60 if len(ran) == 1 else 0)
        return x

    async def main():
        first = asyncio.create_task(slow(1))
        await begun.wait()
        second = asyncio.create_task(slow(1))
        await asyncio.sleep(0.05)
        first.cancel()
        return await asyncio.wait_for(second, 20)

    assert asyncio.run(main()) == 1
    assert len(ran) == 2


# What one can ask


def test_it_explains_and_forgets(storage):
    space = {"__name__": "__main__", "memo": memo, "storage": storage}
    exec(
        "import logging\nlog = logging.getLogger('a')\nRATE = 1\ndef helper(x): return x\n@memo(store=storage)\ndef f(x): return log and helper(x) * RATE",
        space,
    )
    f = space["f"]
    opaque = "__main__.log counts by its type and name only (logging.Logger)"
    assert f.explain(1) == ["nothing is kept for these arguments", opaque]
    assert f(1) == 1
    assert f.explain(1) == ["the result is kept", opaque]
    space["RATE"] = 2
    assert f.explain(1) == ["global __main__.RATE changed", opaque]
    exec("def helper(x): return x + 1", space)
    assert f.explain(1) == [
        "helper __main__.helper changed",
        "global __main__.RATE changed",
        opaque,
    ]
    assert f(1) == 4
    assert f(2) == 6
    assert f.forget(1) is True
    assert f.forget(1) is False
    assert f.explain(1)[0] == "nothing is kept for these arguments"
    assert f.explain(2)[0] == "the result is kept"
    f.clear()
    assert storage.list_tasks("memo") == []


def test_older_results_can_be_pruned(storage):
    space = {"__name__": "__main__", "memo": memo, "storage": storage}
    exec("RATE = 1\n@memo(store=storage)\ndef f(x): return x * RATE", space)
    for rate in (1, 2, 3):
        space["RATE"] = rate
        assert [space["f"](1), space["f"](2)] == [rate, 2 * rate]
    assert storage.prune("memo", keep=1) == 4
    assert space["f"].explain(1) == ["the result is kept"]


def test_a_folder_is_enough_to_keep_results_in(tmp_path):
    calls = []

    @memo(store=tmp_path / "folder")
    def function(x):
        """Docs."""
        calls.append(1)
        return np.arange(x)

    assert function(3).tolist() == function(3).tolist() == [0, 1, 2]
    assert len(calls) == 1
    assert (function.__name__, function.__doc__) == ("function", "Docs.")
    assert (tmp_path / "folder" / "memo").is_dir()


def test_a_memoised_function_goes_to_other_processes(tmp_path):
    program = Program(
        tmp_path,
        {
            "program.py": """
            from holdall import memo
            from holdall.storage import storage_factory

            @memo(store=storage_factory({"kind": "file", "options": {"path": CACHE}}))
            def double(x):
                print("ran", x, flush=True)
                return 2 * x

            def main():
                import multiprocessing
                double(1)
                for method in ("fork", "spawn"):
                    with multiprocessing.get_context(method).Pool(1) as pool:
                        print(pool.map(double, [1, 2]))
            """
        },
    )
    assert program.says() == ["ran 1", "ran 2", "[2, 4]", "[2, 4]"]


def test_it_pickles_with_its_options(storage):
    function, _ = counting(storage)
    function(1)
    copy = holdall.loads(holdall.dumps(function))
    assert copy(1) == (1, 2, (), 3, {})


def test_what_cannot_be_kept_is_refused(storage):
    def generator():
        yield

    async def generator_too():
        yield

    for function in (generator, generator_too):
        with pytest.raises(holdall.ValidationError, match="cannot be kept"):
            memo(store=storage)(function)
    with pytest.raises(holdall.ValidationError, match="store="):
        memo("cache")
    with pytest.raises(holdall.ValidationError, match="open already"):
        memo(store=storage, durability="full")(len)


def test_any_store_can_keep_results(store):
    calls = []

    @memo(store=store)
    def function(x):
        calls.append(x)
        return [x]

    assert function(1) == function(1) == [1]
    assert calls == [1]
    # Beside the entry there may be what keeps others from the key.
    assert len([key for key in store if "function" in key]) == 1


def test_the_uri_of_a_store_is_opened_at_the_first_call(tmp_path):
    function = memo(store=f"sqlite:///{tmp_path}/kept.db")(lambda x: x + 1)
    assert not list(tmp_path.iterdir())
    assert function(1) == function(1) == 2
    assert function.explain(1) == ["the result is kept"]
    assert (tmp_path / "kept.db").exists()
