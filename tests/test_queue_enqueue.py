"""What goes in: functions and arguments of every kind, options, and what is refused."""

import asyncio
import math
import threading
import time
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

import calls
import holdall
from holdall import SerializationError, SyncTaskQueue, TaskQueue, ValidationError
from processes import finish, start, wait_for
from same import same
from working import SOON, run, working

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_any_value_goes_in_and_comes_out_exactly(backend, queue):
    values = [
        None,
        True,
        -0.0,
        1 << 200,
        "text \ud800",
        b"\x00\xff",
        (1, [2, {3: (4,)}]),
        {1: "int", "1": "text", (2,): {3}},
        NOW,
        np.arange(50_000, dtype=">i4"),
        calls.Adder(3),
        calls.add,
        Ellipsis,
    ]
    with working(backend, max_concurrency=4):
        ids = queue.enqueue_many([(calls.identity, (value,)) for value in values])
        for task, value in zip(ids, values, strict=True):
            found = queue.get_result(task, SOON)
            assert found == value if isinstance(value, calls.Adder) else same(found, value)


def test_every_kind_of_function_runs(backend, queue):
    captured = [1, 2]
    functions = [
        (calls.add, (1, 2), 3),
        (math.sqrt, (4.0,), 2.0),
        (len, ([1],), 1),
        (calls.later, ("x",), "x"),
        (lambda value: [*captured, value], (3,), [1, 2, 3]),
        (calls.Adder(2).add, (1,), 3),
        (calls.Adder(2), (1,), 3),
        (calls.Adder.make, (1,), 1),
        (calls.Adder.twice, (1,), 2),
        (calls.Adder, (7,), calls.Adder(7)),
        (calls.add_five, (1,), 6),
        (calls.decorated, (1,), 2),
        (calls.posted, (5,), 5),
        ([9].count, (9,), 1),
    ]
    with working(backend, max_concurrency=4):
        ids = queue.enqueue_many([(function, args) for function, args, _ in functions])
        for task, (function, _, value) in zip(ids, functions, strict=True):
            assert queue.get_result(task, SOON) == value, function


def test_what_can_be_imported_goes_by_name(queue):
    named = queue.enqueue(calls.add, 1)
    assert queue.get_task(named).function == "calls:add"
    valued = queue.enqueue(lambda: None)
    assert queue.get_task(valued).function.endswith("<lambda>")
    assert queue.get_task(queue.enqueue(calls.add_five)).function == "calls:add"
    assert queue.get_task(queue.enqueue(calls.Adder(1))).function == "calls:Adder"


def test_a_name_that_leads_elsewhere_by_now_is_no_name(queue, monkeypatch):
    original = calls.add
    assert queue.get_task(queue.enqueue(original, 1)).function == "calls:add"
    monkeypatch.setattr(calls, "add", calls.identity)
    task = queue.enqueue(original, 1, b=5)
    with working(queue.backend):
        assert queue.get_result(task, SOON) == 6


def test_no_keyword_of_the_function_is_swallowed(backend, queue):
    names = ("self", "func", "function", "args", "kwargs", "queue", "timeout", "retries", "terms")
    given = dict.fromkeys(names, 1)
    with working(backend):
        assert queue.get_result(queue.enqueue(calls.give, **given), SOON) == ((), given)
        task = queue.options(retries=1).enqueue(calls.give, eta=5, **given)
        assert queue.get_result(task, SOON) == ((), {"eta": 5, **given})


def test_shared_arguments_stay_shared(backend, queue):
    one = [1]
    with working(backend):
        (a, b), kwargs = queue.get_result(queue.enqueue(calls.give, one, one, c=one), SOON)
    assert a is b is kwargs["c"]


@pytest.mark.parametrize("function", [None, 5, "calls:add", [calls.add]])
def test_what_cannot_be_called_is_refused(queue, function):
    with pytest.raises(ValidationError, match="must be callable"):
        queue.enqueue(function)
    assert sum(queue.counts().values()) == 0


def test_an_error_leads_to_the_argument(queue):
    with open("/dev/null") as file:  # noqa: PTH123
        for call, path in [
            (lambda: queue.enqueue(calls.give, 1, {"k": [file]}), "$.args[1]['k'][0]"),
            (lambda: queue.enqueue(calls.give, x=(1, file)), "$.kwargs['x'][1]"),
        ]:
            with pytest.raises(SerializationError) as caught:
                call()
            assert caught.value.path == path
            assert str(caught.value).startswith(f"enqueue calls:give: {path}: ")
        with pytest.raises(SerializationError, match=r"call 1: enqueue calls:give: \$.args\[0\]"):
            queue.enqueue_many([(calls.give, (1,)), (calls.give, (file,))])
    assert sum(queue.counts().values()) == 0, "all or none"


@pytest.mark.parametrize(
    "call", [5, (), (calls.add, 5), (calls.add, (), 5), (calls.add, (), {}, 1), "ab"]
)
def test_a_call_that_is_none_is_refused(queue, call):
    with pytest.raises(ValidationError):
        queue.enqueue_many([(calls.add, (1,)), call])
    assert sum(queue.counts().values()) == 0


def test_calls_come_in_several_forms(backend, queue):
    ids = queue.enqueue_many(
        iter([(calls.add, (1,)), (calls.add, [1], {"b": 5}), calls.nothing, (calls.nothing,)])
    )
    assert len(set(ids)) == 4
    assert queue.enqueue_many([]) == []
    with working(backend):
        assert [queue.get_result(task, SOON) for task in ids] == [2, 6, None, None]


# Time


def test_an_eta_is_an_instant(queue):
    eta = datetime.now(UTC) + timedelta(hours=1)
    for hours in (-11, -8, 0, 5.75, 14):
        task = queue.enqueue(calls.nothing, eta=eta.astimezone(timezone(timedelta(hours=hours))))
        found = queue.get_task(task)
        assert found.status == "scheduled"
        assert timedelta(0) <= found.due_at - eta < timedelta(milliseconds=1), "never before"


def test_a_past_eta_is_now(queue):
    for eta in (datetime.now(UTC) - timedelta(days=1), datetime(1, 1, 1, tzinfo=UTC)):
        east = timezone(timedelta(hours=5))
        task = queue.enqueue(
            calls.nothing, eta=max(eta, eta.min.replace(tzinfo=UTC)).astimezone(east)
        )
        assert queue.get_task(task).status == "available"


def test_a_delayed_task_runs_when_it_is_due(backend, queue):
    with working(backend):
        eta = datetime.now(UTC) + timedelta(seconds=0.3)
        task = queue.enqueue(calls.nothing, eta=eta)
        assert queue.get_result(task, 0.1) is None
        assert queue.get_task(task).status == "scheduled"
        queue.join([task], SOON)
        assert queue.get_task(task).started_at >= eta


@pytest.mark.parametrize("eta", [datetime(2026, 1, 1), "2026-01-01", 5])
def test_a_bad_eta_is_refused(queue, eta):
    with pytest.raises(ValidationError, match="timezone-aware"):
        queue.enqueue(calls.nothing, eta=eta)
    with pytest.raises(ValidationError, match="timezone-aware"):
        queue.options(eta=eta)


# Ids and uniqueness


def test_an_id_of_ones_own_makes_it_safe_to_repeat(backend, queue):
    mine = queue.options(task_id="order-7")
    assert mine.enqueue(calls.add, 1) == mine.enqueue(calls.add, 2) == "order-7"
    several = queue.options(task_id=["a", "b"])
    assert several.enqueue_many([(calls.add, (1,)), (calls.add, (2,))]) == ["a", "b"]
    assert several.enqueue_many([(calls.add, (3,)), (calls.add, (4,))]) == ["a", "b"]
    assert queue.counts()["available"] == 3
    with working(backend):
        assert [queue.get_result(task, SOON) for task in ("order-7", "a", "b")] == [2, 2, 3]
    with pytest.raises(ValidationError, match="one id a call"):
        several.enqueue_many([(calls.add, (1,))])
    with pytest.raises(ValidationError, match="one id a call"):
        mine.enqueue_many([(calls.add, (1,)), (calls.add, (1,))])
    for bad in ("x" * 256, "cron:mine:5"):
        with pytest.raises(ValidationError):
            queue.options(task_id=bad)


def test_ids_come_in_order(queue):
    ids = queue.enqueue_many([(calls.nothing, ())] * 1000)
    ids += [queue.enqueue(calls.nothing) for _ in range(100)]
    assert ids == sorted(set(ids))
    assert {len(task) for task in ids} == {26}


def test_a_unique_task_is_there_once(backend, queue):
    unique = queue.options(unique=True)
    first = unique.enqueue(calls.give, [1], a=1, b=2)
    assert unique.enqueue(calls.give, [1], b=2, a=1) == first
    others = [
        unique.enqueue(calls.give, [2], a=1, b=2),
        unique.enqueue(calls.give, (1,), a=1, b=2),
        unique.enqueue(calls.add, 1),
        queue.enqueue(calls.give, [1], a=1, b=2),
    ]
    assert len({first, *others}) == 5
    large = np.zeros(100_000)
    assert unique.enqueue(calls.identity, large) == unique.enqueue(calls.identity, large.copy())
    assert unique.enqueue(calls.identity, large) != unique.enqueue(calls.identity, large + 1)
    with working(backend):
        queue.join(timeout=SOON)
        again = unique.enqueue(calls.give, [1], a=1, b=2)
        assert again != first, "it is over"


def test_a_unique_key_is_one_for_all_functions(queue):
    keyed = queue.options(unique="import")
    assert keyed.enqueue(calls.add, 1) == keyed.enqueue(calls.boom)
    assert queue.options(unique="other").enqueue(calls.boom) != keyed.enqueue(calls.boom)


# What does not stop others


HOLDER = """
import sqlite3
other = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
other.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
other.execute("ROLLBACK")
"""


def test_the_loop_is_not_held_up(disk_backend):
    """While another program writes for a long time, enqueuing waits and the loop does not."""

    async def main():
        async with TaskQueue(disk_backend) as queue:
            await queue.enqueue(calls.nothing)
            other = start(HOLDER, disk_backend.path)
            wait_for(other, "held")
            gaps, last, ticking = [], time.monotonic(), True

            async def tick():
                nonlocal last
                while ticking:
                    await asyncio.sleep(0.001)
                    gaps.append(time.monotonic() - last)
                    last += gaps[-1]

            ticker = asyncio.create_task(tick())
            pending = [asyncio.create_task(queue.enqueue(calls.add, n)) for n in range(20)]
            await asyncio.sleep(0.3)
            assert not any(task.done() for task in pending)
            other.stdin.write("\n")
            other.stdin.flush()
            assert len(set(await asyncio.gather(*pending))) == 20
            ticking = False
            await ticker
            finish(other)
            # Each might have held the loop for as long as the other program held the database.
            assert sorted(gaps)[-3] < 0.1

    run(main)


def test_a_busy_enqueuer_lets_others_run(backend):
    async def main():
        async with TaskQueue(backend) as queue:
            ticks = 0

            async def tick():
                nonlocal ticks
                while True:
                    await asyncio.sleep(0)
                    ticks += 1

            ticker = asyncio.create_task(tick())
            for _ in range(5000):
                await queue.enqueue(calls.nothing)
            ticker.cancel()
            assert ticks > 3

    run(main)


def test_many_share_one_commit(tmp_path):
    """With an fsync each, so many would take far longer."""
    backend = holdall.SQLiteBackend(tmp_path / "tasks.db", durability="full")

    async def main():
        async with TaskQueue(backend) as queue:
            ids = await asyncio.gather(*(queue.enqueue(calls.add, n) for n in range(500)))
            assert len(set(ids)) == 500
            assert (await queue.counts())["available"] == 500

    run(main)


def test_one_bad_enqueue_does_not_spoil_the_others(tmp_path):
    backend = holdall.SQLiteBackend(tmp_path / "tasks.db", durability="full")

    async def main():
        async with TaskQueue(backend) as queue:
            orphan = queue.options(after="nobody")
            done = await asyncio.gather(
                *(queue.enqueue(calls.add, n) for n in range(5)),
                orphan.enqueue(calls.add, 1),
                *(queue.enqueue(calls.add, n) for n in range(5)),
                return_exceptions=True,
            )
            assert [type(one) for one in done].count(str) == 10
            assert isinstance(done[5], holdall.TaskQueueError)
            assert (await queue.counts())["available"] == 10

    run(main)


def test_threads_enqueue_at_once(backend):
    with SyncTaskQueue(backend) as queue:
        found = []

        def work():
            found.extend(queue.enqueue(calls.add, n) for n in range(50))

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(found)) == 400
        assert queue.counts()["available"] == 400
