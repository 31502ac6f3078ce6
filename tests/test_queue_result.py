"""What comes back: results, failures, waiting for them, and what is not believed."""

import asyncio
import pickle
import threading
import time
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

import calls
import holdall
from holdall import (
    Result,
    SyncTaskQueue,
    TaskExecutionError,
    TaskNotFoundError,
    TaskQueue,
    UntrustedPayloadError,
    ValidationError,
)
from working import SOON, run, working


def test_a_result_knows_everything(backend):
    async def main():
        async with TaskQueue(backend) as queue:
            before = datetime.now(UTC) - timedelta(milliseconds=1)
            task = await queue.enqueue(calls.add, 1)
            with working(backend):
                result = await queue.get_result(task, SOON)
            assert result.task_id == task
            assert (result.status, result.error, result.traceback) == ("success", None, None)
            times = [before, result.enqueued_at, result.started_at, result.finished_at]
            assert times == sorted(times)
            assert all(moment.utcoffset() == timedelta(0) for moment in times)
            assert holdall.inspect(result.value).signed_by
            assert queue.deserialize_result(result) == 2
            assert queue.deserialize_result(result) == 2, "as often as it is asked for"

    run(main)


def test_a_failure_knows_why(backend, queue):
    async def main():
        async with TaskQueue(backend) as queue:
            task = await queue.enqueue(calls.boom, "no such luck")
            with working(backend):
                result = await queue.get_result(task, SOON)
            assert (result.status, result.value) == ("failed", None)
            assert result.error == "failed: ValueError: no such luck"
            assert "in boom" in result.traceback
            assert queue.deserialize_result(result) is None

    run(main)


def test_a_result_travels(backend, queue):
    async def main():
        async with TaskQueue(backend) as queue:
            value = {"a": np.arange(50_000), "b": calls.Adder(1)}
            task = await queue.enqueue(calls.identity, value)
            with working(backend):
                result = await queue.get_result(task, SOON)
            copy = pickle.loads(pickle.dumps(result))
            assert copy == result
            for one in (copy, result, result):
                opened = queue.deserialize_result(one)
                assert opened["b"] == value["b"]
                assert (opened["a"] == value["a"]).all()
            # Bytes of another task are those of another task.
            copy.task_id = "other"
            with pytest.raises(UntrustedPayloadError):
                queue.deserialize_result(copy)

    run(main)


@pytest.mark.parametrize("given", [None, b"bytes", 5])
def test_what_is_no_result_is_refused(queue, given):
    with pytest.raises(ValidationError, match="get_result"):
        queue.deserialize_result(given)
    assert queue.deserialize_result(Result()) is None


def test_a_wait_ends_with_its_time(backend):
    async def main():
        async with TaskQueue(backend) as queue:
            task = await queue.enqueue(calls.nothing)
            assert await queue.get_result(task, timeout=0) is None
            began = time.monotonic()
            assert await queue.get_result(task, timeout=timedelta(seconds=0.2)) is None
            assert 0.2 <= time.monotonic() - began < 2
            for bad in (-1, "1", float("nan"), True):
                with pytest.raises(ValidationError, match="timeout"):
                    await queue.get_result(task, timeout=bad)

    run(main)


@pytest.mark.parametrize("task", ["nobody", ""])
def test_nobody_waits_for_what_is_not_there(backend, queue, task):
    wrong = ValidationError if not task else TaskNotFoundError
    began = time.monotonic()
    with pytest.raises(wrong):
        queue.get_result(task)

    async def main():
        async with TaskQueue(backend) as other:
            with pytest.raises(wrong):
                await other.get_result(task)

    run(main)
    assert time.monotonic() - began < SOON


def test_waiters_are_woken(backend):
    """By the backend, not by a clock: a poll of the waiters would show in the best of many."""

    async def main():
        async with TaskQueue(backend) as queue:
            best = SOON
            for _ in range(20):
                task = await queue.enqueue(calls.nothing)
                waiting = asyncio.create_task(queue.get_result(task))
                await asyncio.sleep(0.02)
                began = time.monotonic()
                assert await queue.cancel(task)
                assert (await waiting).status == "failed"
                best = min(best, time.monotonic() - began)
            assert best < 0.02

    run(main)


def test_many_wait_at_once(backend):
    async def main():
        async with TaskQueue(backend) as queue:
            ids = await queue.enqueue_many([(calls.identity, (n,)) for n in range(500)])
            waiting = [asyncio.create_task(queue.get_result(task)) for task in ids]
            with working(backend, max_concurrency=16):
                results = await asyncio.gather(*waiting)
            assert [queue.deserialize_result(result) for result in results] == list(range(500))

    run(main)


def test_a_wait_may_be_given_up(backend):
    async def main():
        async with TaskQueue(backend) as queue:
            task = await queue.enqueue(calls.nothing)
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(queue.get_result(task), 0.05)
            with working(backend):
                assert (await queue.get_result(task, SOON)).status == "success"

    run(main)


def test_a_closed_queue_lets_waiters_go(backend):
    async def main():
        queue = TaskQueue(backend)
        task = await queue.enqueue(calls.nothing)
        waiting = asyncio.create_task(queue.get_result(task))
        await asyncio.sleep(0.05)
        await queue.close()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        with pytest.raises(holdall.TaskQueueError, match="closed"):
            await queue.enqueue(calls.nothing)
        await queue.close()

    run(main)


def test_one_queue_serves_one_loop_after_another(backend):
    queue = TaskQueue(backend)
    with working(backend):
        for number in range(3):

            async def main(number=number):
                task = await queue.enqueue(calls.identity, number)
                return queue.deserialize_result(await queue.get_result(task, SOON))

            assert run(main) == number
    run(queue.close)


# join


def test_join_waits_for_all(backend, queue):
    ids = queue.enqueue_many([(calls.wait, (0.01,))] * 20)
    queue.join([], timeout=0)
    with pytest.raises(holdall.errors.TimeoutError, match="20 tasks"):
        queue.join(ids, timeout=0.05)
    with pytest.raises(TimeoutError):
        queue.join(timeout=0)
    with working(backend, max_concurrency=4):
        queue.join(ids[:5], timeout=SOON)
        queue.join(timeout=SOON)
    assert queue.counts()["completed"] == 20
    queue.join(["nobody"], timeout=0)

    async def main():
        async with TaskQueue(backend) as other:
            await other.join(timeout=SOON)

    run(main)


def test_join_shows_how_far_it_is(backend, queue, capsys):
    queue.pause()
    queue.enqueue_many([(calls.nothing, ())] * 30)
    with working(backend):
        threading.Timer(0.2, queue.resume).start()
        queue.join(progress=True, timeout=SOON)
    shown = capsys.readouterr().err
    assert "30 of 30" in shown
    queue.enqueue(calls.nothing)
    with working(backend):
        queue.join(timeout=SOON)
    assert capsys.readouterr().err == "", "and nothing in a pipe"


# Values of a SyncTaskQueue


def test_a_failed_task_raises(backend, queue):
    with working(backend):
        with pytest.raises(TaskExecutionError) as caught:
            queue.get_result(queue.enqueue(calls.boom, "why"), SOON)
        error = caught.value
        assert "failed: ValueError: why" in str(error)
        assert error.function_name == "calls:boom"
        assert error.execution_time >= 0
        assert type(error.__cause__) is RuntimeError
        assert "ValueError: why" in str(error.__cause__)


def test_a_registered_exception_comes_back(backend, queue):
    with working(backend):
        for args in [(), ("why",), ("why", {3: (4,)}, calls.Adder(2))]:
            with pytest.raises(TaskExecutionError) as caught:
                queue.get_result(queue.enqueue(calls.refuse, *args), SOON)
            assert type(caught.value.__cause__) is calls.Refused
            assert caught.value.__cause__.args == args


def test_what_was_cancelled_raises(queue):
    task = queue.enqueue(calls.nothing)
    assert queue.cancel(task)
    with pytest.raises(TaskExecutionError, match="cancelled"):
        queue.get_result(task, 1)


# Serializers


class Json:
    """As a user writes one."""

    def dumps(self, value):
        import json

        return json.dumps(value).encode()

    def loads(self, data):
        import json

        return json.loads(data)


class Other(Json):
    pass


def test_a_serializer_of_the_users(backend):
    with SyncTaskQueue(backend, serializer=Json()) as queue:
        with working(backend, serializer=Json()):
            assert queue.get_result(queue.enqueue(calls.give, 1, x=[2]), SOON) == [[1], {"x": [2]}]
            with pytest.raises(TaskExecutionError, match="ValueError: boom"):
                queue.get_result(queue.enqueue(calls.boom), SOON)
        with pytest.raises(holdall.SerializationError, match="by Json: TypeError"):
            queue.enqueue(calls.give, {1, 2})


def test_another_serializer_is_told_of(backend):
    with SyncTaskQueue(backend, serializer=Json()) as queue:
        task = queue.enqueue(calls.give)
    with SyncTaskQueue(backend) as queue, working(backend, serializer=Other()):
        with pytest.raises(TaskExecutionError, match="written by Json, and read here by Other"):
            queue.get_result(task, SOON)
        with pytest.raises(TaskExecutionError, match="written by the default serializer"):
            queue.get_result(queue.enqueue(calls.give), SOON)


@pytest.mark.parametrize("serializer", [5, object()])
def test_what_is_no_serializer_is_refused(backend, serializer):
    with pytest.raises(ValidationError, match="dumps"):
        SyncTaskQueue(backend, serializer=serializer)
