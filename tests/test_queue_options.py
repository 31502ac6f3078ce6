"""The options of tasks, the decorator, and schedules."""

import pickle
from datetime import UTC, datetime, timedelta

import pytest

import calls
from holdall import SQLiteBackend, SyncTaskQueue, TaskQueue, ValidationError
from working import SOON, run, working


def test_options_reach_the_task(queue):
    bound = queue.options(
        queue="mail",
        priority=7,
        retries=3,
        max_lost=0,
        backoff=[1, timedelta(seconds=2.5)],
        timeout=timedelta(minutes=1),
        result_ttl=60,
        retry_on=(OSError, calls.Refused),
        fail_on=KeyError,
        unique="key",
        expires=30,
    )
    found = queue.get_task(bound.enqueue(calls.add, 1))
    assert (found.queue, found.priority, found.unique) == ("mail", 7, "key")
    # When it was taken in is a moment later than when it was written.
    late = found.due_at + timedelta(seconds=30) - found.expires_at
    assert timedelta(0) <= late < timedelta(seconds=SOON)
    assert found.options == {
        "retries": 3,
        "max_lost": 0,
        "backoff": [1.0, 2.5],
        "timeout": 60.0,
        "result_ttl": 60.0,
        "retry_on": ["builtins.OSError", "calls.Refused"],
        "fail_on": ["builtins.KeyError"],
    }


def test_defaults_are_not_written_down(queue):
    for bound in (queue, queue.options(), queue.options(retries=0, max_lost=2, fail_on=())):
        found = queue.get_task(bound.enqueue(calls.add, 1))
        assert (found.options, found.queue, found.priority) == ({}, "default", 0)
        assert (found.expires_at, found.unique) == (None, None)


def test_later_options_win(queue):
    bound = queue.options(queue="a", priority=1).options(queue="b")
    found = queue.get_task(bound.enqueue(calls.add, 1))
    assert (found.queue, found.priority) == ("b", 1)


def test_expiry_is_counted_from_when_it_is_due(queue):
    eta = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    found = queue.get_task(queue.options(expires=60, eta=eta).enqueue(calls.add, 1))
    assert found.expires_at == eta + timedelta(seconds=60)
    found = queue.get_task(queue.options(expires=eta).enqueue(calls.add, 1))
    assert found.expires_at == eta


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("retrys", "did you mean 'retries'"),
        ("time_out", "did you mean 'timeout'"),
        ("colour", "there are queue, priority"),
    ],
)
def test_an_unknown_option_suggests_the_near_one(queue, name, hint):
    for take in (queue.options, queue.task, queue.options().options):
        with pytest.raises(ValidationError, match=hint) as caught:
            take(**{name: 1})
        assert caught.value.parameter == name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("queue", ""),
        ("queue", 5),
        ("priority", 1.5),
        ("priority", 1 << 15),
        ("priority", True),
        ("retries", -1),
        ("retries", "3"),
        ("max_lost", None),
        ("backoff", "fast"),
        ("backoff", []),
        ("backoff", -1),
        ("backoff", [1, "2"]),
        ("timeout", 0),
        ("timeout", -1),
        ("timeout", float("nan")),
        ("timeout", float("inf")),
        ("result_ttl", timedelta(seconds=-1)),
        ("expires", "soon"),
        ("expires", datetime(2026, 1, 1)),
        ("unique", 5),
        ("after", 5),
        ("after", [5]),
        ("after", [""]),
        ("retry_on", ValueError("one")),
        ("retry_on", "ValueError"),
        ("retry_on", [int]),
        ("fail_on", [None]),
        ("task_id", 5),
        ("eta", 5),
    ],
)
def test_a_bad_value_is_named(queue, name, value):
    with pytest.raises(ValidationError, match=name) as caught:
        queue.options(**{name: value})
    assert caught.value.parameter in (name, None)


def test_a_retry_follows_the_rules(backend, queue):
    with working(backend):
        task = queue.options(retries=2, backoff=0.01).enqueue(calls.boom)
        queue.join([task], SOON)
        found = queue.get_task(task)
        assert (found.status, found.starts, found.retried) == ("failed", 3, 2)
        task = queue.options(retries=2, backoff=0, retry_on=OSError).enqueue(calls.boom)
        queue.join([task], SOON)
        assert queue.get_task(task).starts == 1


def test_priorities(backend, queue):
    ids = [queue.options(priority=n).enqueue(calls.nothing) for n in (0, 5, -5, 5)]
    with working(backend):
        queue.join(timeout=SOON)
    started = sorted(ids, key=lambda task: (queue.get_task(task).started_at, task))
    assert (
        started[0] == ids[1]
        or queue.get_task(ids[1]).started_at == queue.get_task(started[0]).started_at
    )
    assert queue.get_task(ids[2]).started_at >= queue.get_task(ids[1]).started_at


# The decorator


def test_a_decorated_function_is_called_as_before():
    assert calls.decorated(1) == 2
    assert calls.decorated.__name__ == "decorated"
    assert pickle.loads(pickle.dumps(calls.decorated)) is calls.decorated


def test_a_decorated_function_enqueues_itself(backend):
    own = SyncTaskQueue(backend)

    @own.task
    def local(value, **kwargs):
        return value, kwargs

    @own.task(queue="mail", priority=3)
    def mail(value):
        return value

    assert local(1) == (1, {})
    with own, working(backend, queues=("default", "mail")):
        assert own.get_result(local.enqueue(1, eta=2, task_id=3), SOON) == (
            1,
            {"eta": 2, "task_id": 3},
        )
        found = own.get_task(mail.enqueue(1))
        assert (found.queue, found.priority) == ("mail", 3)
        found = own.get_task(mail.options(priority=4).enqueue(1))
        assert (found.queue, found.priority) == ("mail", 4)
        assert len(mail.enqueue_many([(1,), (2,)])) == 2
        assert own.get_result(own.enqueue(calls.decorated, 1), SOON) == 2
        assert own.get_task(own.enqueue(calls.decorated, 1)).function == "calls:decorated"
        assert (
            own.get_task(own.enqueue(calls.decorated.__wrapped__, 1)).function == "calls:decorated"
        )


def test_a_decorated_coroutine_function(backend):
    async def main():
        queue = TaskQueue(backend)

        @queue.task(retries=1)
        async def local(value):
            return value

        async with queue:
            task = await local.enqueue(5)
            with working(backend):
                assert queue.deserialize_result(await queue.get_result(task, SOON)) == 5
            assert (await queue.get_task(task)).options == {"retries": 1}
        assert await local(6) == 6

    run(main)


def test_a_decorated_method_stays_one():
    own = SyncTaskQueue(SQLiteBackend(":memory:"))

    class Some:
        @own.task
        def method(self, value):
            return self, value

    one = Some()
    assert one.method(1) == (one, 1)


def test_what_is_no_function_is_not_decorated():
    own = SyncTaskQueue(SQLiteBackend(":memory:"))
    with pytest.raises(ValidationError, match="callable"):
        own.task("mail")


# Dependencies


def test_results_come_first_among_the_arguments(backend, queue):
    first = queue.enqueue_many([(calls.add, (n,)) for n in (1, 2)])
    last = queue.options(after=first).enqueue(calls.give, "own", key="word")
    assert queue.get_task(last).status == "waiting"
    with working(backend):
        assert queue.get_result(last, SOON) == ((2, 3, "own"), {"key": "word"})


def test_a_chain_hands_on(backend, queue):
    ids = queue.chain([(calls.add, (1, 2)), calls.add, (calls.add, (10,)), (calls.identity,)])
    with working(backend):
        assert [queue.get_result(task, SOON) for task in ids] == [3, 4, 14, 14]


def test_a_group_is_joined(backend, queue):
    ids = queue.options(queue="default").group([(calls.add, (n,)) for n in range(5)])
    total = queue.options(after=ids).enqueue(calls.give)
    with working(backend):
        queue.join(ids, SOON)
        assert queue.get_result(total, SOON) == ((1, 2, 3, 4, 5), {})


def test_what_comes_after_a_failure_is_cancelled(backend, queue):
    ids = queue.chain([calls.boom, calls.add])
    with working(backend):
        queue.join(ids, SOON)
    assert [queue.get_task(task).status for task in ids] == ["failed", "cancelled"]
    assert ids[0] in queue.get_task(ids[1]).error


# Schedules


def test_a_schedule_is_written_listed_and_removed(queue):
    assert queue.crons() == []
    assert queue.cron("0 9 * * 1-5", calls.add, 1, b=2, timezone="Europe/Berlin") == "calls:add"
    queue.options(queue="mail").cron("@daily", calls.add, 1, name="again")
    queue.cron("*/5 * * * *", calls.add, 1, name="again")
    found = {cron.name: cron for cron in queue.crons()}
    assert set(found) == {"calls:add", "again"}
    assert "Europe/Berlin" in found["calls:add"].expression
    assert found["again"].expression == "*/5 * * * *"
    assert datetime.now(UTC) < found["again"].next_at < datetime.now(UTC) + timedelta(minutes=6)
    assert (found["again"].function, found["again"].queue) == ("calls:add", "default")
    assert queue.remove_cron("again")
    assert not queue.remove_cron("again")
    assert [cron.name for cron in queue.crons()] == ["calls:add"]


def test_a_bad_schedule_is_refused(queue):
    for expression, options in [
        ("* * *", {}),
        ("61 * * * *", {}),
        ("0 0 30 2 *", {}),
        ("* * * * *", {"timezone": "Mars/Olympus"}),
    ]:
        with pytest.raises(ValidationError):
            queue.cron(expression, calls.add, **options)
    for options in ({"after": "a"}, {"task_id": "a"}, {"eta": datetime.now(UTC)}):
        with pytest.raises(ValidationError, match="schedule"):
            queue.options(**options).cron("* * * * *", calls.add)
    assert queue.crons() == []
