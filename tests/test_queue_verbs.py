"""Looking at tasks, and having them go another way."""

import time
from datetime import UTC, datetime, timedelta

import pytest

import calls
from holdall import TaskQueue, ValidationError
from working import SOON, run, working

STATES = [
    "waiting",
    "scheduled",
    "available",
    "running",
    "retryable",
    "completed",
    "failed",
    "dead",
    "cancelled",
    "expired",
]


def test_what_is_known_of_a_task(backend, queue):
    task = queue.enqueue(calls.boom)
    found = queue.get_task(task)
    assert (found.id, found.function, found.status) == (task, "calls:boom", "available")
    assert (found.starts, found.started_at, found.finished_at, found.worker) == (
        0,
        None,
        None,
        None,
    )
    with working(backend, worker_id="me"):
        queue.join(timeout=SOON)
    found = queue.get_task(task)
    assert (found.status, found.starts, found.worker) == ("failed", 1, "me")
    assert found.created_at <= found.started_at <= found.finished_at
    assert found.error == "failed: ValueError: boom"
    assert "in boom" in found.traceback
    assert queue.get_task("nobody") is None


def test_tasks_are_listed_newest_first(queue):
    ids = [queue.enqueue(calls.add, n) for n in range(5)]
    mail = queue.options(queue="mail").enqueue(calls.add, 1)
    later = queue.enqueue(calls.add, 1, eta=datetime.now(UTC) + timedelta(days=1))
    assert [task.id for task in queue.tasks()] == [later, mail, *reversed(ids)]
    assert [task.id for task in queue.tasks(limit=2)] == [later, mail]
    assert [task.id for task in queue.tasks(queue="mail")] == [mail]
    assert [task.id for task in queue.tasks(status="scheduled")] == [later]
    assert len(queue.tasks(status=["scheduled", "available"], queue="default")) == 6
    assert len(queue.tasks(status="pending")) == 7
    assert queue.tasks(status="success") == []
    assert queue.tasks(queue="nobody") == []
    for bad in ({"status": "done"}, {"status": ["available", "x"]}, {"limit": -1}):
        with pytest.raises(ValidationError):
            queue.tasks(**bad)


def test_counts_are_complete(backend, queue):
    assert queue.counts() == dict.fromkeys(STATES, 0)
    queue.enqueue_many([(calls.add, (1,))] * 3)
    queue.options(queue="mail").enqueue(calls.add, 1)
    assert queue.counts() == {**dict.fromkeys(STATES, 0), "available": 4}
    assert queue.counts("mail")["available"] == 1
    with working(backend):
        queue.join([task.id for task in queue.tasks(queue="default")], SOON)
    assert queue.stats() == {"default": {"completed": 3}, "mail": {"available": 1}}


def test_cancel(backend, queue):
    task = queue.enqueue(calls.nothing)
    assert queue.cancel(task)
    assert not queue.cancel(task), "it has ended"
    assert not queue.cancel("nobody")
    assert queue.get_task(task).status == "cancelled"
    with working(backend):
        queue.join(timeout=SOON)
    assert queue.get_task(task).starts == 0


def test_a_running_coroutine_is_cancelled(backend, queue):
    with working(backend):
        task = queue.enqueue(forever)
        until = time.monotonic() + SOON
        while queue.get_task(task).status != "running" and time.monotonic() < until:
            time.sleep(0.005)
        assert queue.cancel(task)
        queue.join([task], SOON)
    assert queue.get_task(task).status == "cancelled"


async def forever():
    import asyncio

    await asyncio.Event().wait()


def test_retry(backend, queue):
    failed, fine = queue.enqueue(calls.boom), queue.enqueue(calls.nothing)
    cancelled = queue.enqueue(calls.add, 1)
    assert not queue.retry(failed), "it has not ended"
    queue.cancel(cancelled)
    with working(backend):
        queue.join(timeout=SOON)
        assert queue.retry(cancelled)
        assert queue.get_result(cancelled, SOON) == 2
        assert queue.retry(failed)
        queue.join(timeout=SOON)
        assert queue.get_task(failed).starts == 2
        assert not queue.retry(fine), "it has a result"
        assert not queue.retry("nobody")


def test_pause_and_resume(backend, queue):
    queue.pause("mail")
    mail = queue.options(queue="mail").enqueue(calls.nothing)
    other = queue.enqueue(calls.nothing)
    with working(backend, queues=("default", "mail")):
        queue.join([other], SOON)
        assert queue.get_task(mail).status == "available"
        queue.resume("mail")
        queue.join([mail], SOON)
    for bad in ("", None):
        with pytest.raises(ValidationError):
            queue.pause(bad)


def test_purge(backend, queue):
    with working(backend):
        ids = [queue.enqueue(calls.nothing), queue.enqueue(calls.boom)]
        queue.join(timeout=SOON)
    waiting = queue.enqueue(calls.nothing)
    assert queue.purge(older_than=3600) == 0
    assert queue.purge(older_than=timedelta(hours=1)) == 0
    assert queue.purge(status="failed") == 1
    assert queue.get_task(ids[1]) is None
    assert queue.purge() == 1
    assert [task.id for task in queue.tasks()] == [waiting]
    for bad in ({"status": "available"}, {"status": "pending"}, {"older_than": -1}):
        with pytest.raises(ValidationError):
            queue.purge(**bad)
    assert queue.get_task(waiting) is not None


def test_a_result_is_forgotten_in_its_time(backend, queue):
    with working(backend, poll_interval=0.05):
        task = queue.options(result_ttl=0.05).enqueue(calls.nothing)
        queue.join([task], SOON)
        until = time.monotonic() + SOON
        while queue.get_task(task) is not None:
            assert time.monotonic() < until
            time.sleep(0.02)


def test_all_of_it_from_a_loop(backend):
    async def main():
        async with TaskQueue(backend) as queue:
            task = await queue.enqueue(calls.boom)
            assert (await queue.get_task(task)).status == "available"
            await queue.pause()
            await queue.resume()
            assert await queue.cancel(task)
            assert await queue.retry(task)
            assert [found.id for found in await queue.tasks(status="available")] == [task]
            assert (await queue.counts())["available"] == 1
            assert await queue.stats() == {"default": {"available": 1}}
            assert await queue.cancel(task)
            assert await queue.purge() == 1
            assert await queue.get_task(task) is None
            assert await queue.cron("@hourly", calls.add, 1) == "calls:add"
            assert [cron.name for cron in await queue.crons()] == ["calls:add"]
            assert await queue.remove_cron("calls:add")
            ids = await queue.chain([calls.nothing, calls.identity])
            assert (await queue.get_task(ids[1])).status == "waiting"
            assert len(await queue.group([calls.nothing] * 3)) == 3

    run(main)
