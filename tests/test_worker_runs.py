"""What a worker runs, where, and what it says of it."""

import asyncio
import logging
import threading
from functools import partial

import pytest

import holdall
import worker_tasks as do
from holdall.queue import TaskQueue
from holdall.worker import Worker
from working import backend_at, queueing, state_of, until, working

WAIT = 30


@pytest.fixture(params=["memory", "sqlite"])
def backend(request, tmp_path):
    return backend_at(":memory:" if request.param == "memory" else tmp_path / "tasks.db")


@pytest.fixture
def queue(backend):
    with queueing(backend) as queue:
        yield queue


class Local:
    """A class that no worker could import by its name."""

    @staticmethod
    def fixed(x):
        return [x]


def closure(by):
    return lambda x: x + by


CALLS = {
    "function": (do.double, (2,), 4),
    "coroutine function": (do.treble, (2,), 6),
    "lambda": (lambda x: x - 1, (2,), 1),
    "closure": (closure(5), (2,), 7),
    "partial": (partial(do.add, 1, plus=10), (2,), 13),
    "partial of a coroutine function": (partial(do.add_slowly, 1), (2,), 3),
    "object with __call__": (do.Adder(3), (2,), 5),
    "object with async __call__": (do.AsyncAdder(3), (2,), 5),
    "partial of such an object": (partial(do.AsyncAdder(3)), (2,), 5),
    "bound async method": (do.Adder(4).method, (2,), 6),
    "static method": (do.Adder.fixed, (2,), 102),
    "async class method": (do.Adder.made, (2,), 9),
    "class": (do.Point, (2,), do.Point(2)),
    "function that gives a coroutine": (do.give_awaitable, (2,), 6),
    "built-in": (len, ("four",), 4),
    "local static method": (Local.fixed, (2,), [2]),
}


def test_every_kind_of_callable_runs(backend, queue):
    with working(backend, max_concurrency=4):
        ids = {name: queue.enqueue(call, *args) for name, (call, args, _) in CALLS.items()}
        found = {name: queue.get_result(task, timeout=WAIT) for name, task in ids.items()}
    assert found == {name: wanted for name, (_, _, wanted) in CALLS.items()}


def test_keywords_go_to_the_function(backend, queue):
    with working(backend):
        task = queue.enqueue(do.add, 1, 2, plus=3)
        assert queue.get_result(task, timeout=WAIT) == 6


def test_a_large_argument_and_a_large_result(backend, queue):
    np = pytest.importorskip("numpy")
    values = np.arange(300_000, dtype="f8")
    with working(backend):
        task = queue.enqueue(do.double, values)
        np.testing.assert_array_equal(queue.get_result(task, timeout=WAIT), values * 2)


# Failures


@pytest.mark.parametrize("call", [do.fail, do.fail_async])
@pytest.mark.parametrize("kind", do.KINDS)
def test_whatever_a_task_raises_it_alone_fails(tmp_path, call, kind, caplog):
    backend = backend_at(":memory:")
    with queueing(backend) as queue, working(backend), caplog.at_level("INFO", "holdall.worker"):
        task = queue.enqueue(call, kind)
        until(lambda: state_of(queue, task) == "failed")
        assert queue.get_result(queue.enqueue(do.double, 1), timeout=WAIT) == 2
        seen = queue.get_task(task)
    error = do.KINDS[kind]()
    name = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    if not (call is do.fail_async and kind == "stop"):  # which Python makes a RuntimeError of
        assert seen.error.startswith(f"failed: {name}"), seen.error
    assert seen.starts == 1
    # Once.
    assert sum("Traceback" in record.getMessage() for record in caplog.records) == 1


def test_a_task_that_cancels_itself_fails(backend, queue):
    with working(backend):
        task = queue.enqueue(do.cancel_itself)
        until(lambda: state_of(queue, task) == "failed")
        assert "CancelledError" in queue.get_task(task).error


def test_a_traceback_is_the_users(backend, queue):
    with working(backend, max_concurrency=2):
        tasks = [queue.enqueue(do.fail_deep), queue.enqueue(do.fail_async, "value")]
        until(lambda: all(state_of(queue, task) == "failed" for task in tasks))
        first, second = (queue.get_task(task).traceback for task in tasks)
    assert "in fail_deep" in first
    assert "The above exception was the direct cause" in first
    assert "in fail_async" in second
    for text in (first, second):
        assert "holdall" not in text


def test_an_endless_recursion_fails(backend, queue):
    with working(backend):
        task = queue.enqueue(do.recurse)
        until(lambda: state_of(queue, task) == "failed")
        assert queue.get_task(task).error.startswith("failed: RecursionError")


def test_a_result_that_cannot_be_kept(backend, queue):
    with working(backend):
        task = queue.options(retries=3, backoff=0).enqueue(do.give_lock)
        until(lambda: state_of(queue, task) == "failed")
        seen = queue.get_task(task)
    assert seen.error.startswith(
        "failed: holdall.errors.SerializationError: the result of worker_tasks:give_lock: $: _thread.lock"
    )
    assert seen.starts == 1, "another run would do no better"


def test_a_function_that_is_not_there(backend, queue, monkeypatch):
    def gone():
        return 1

    gone.__qualname__ = "gone"
    gone.__module__ = do.__name__
    monkeypatch.setattr(do, "gone", gone, raising=False)
    task = queue.options(retries=3, backoff=0).enqueue(do.gone)
    monkeypatch.delattr(do, "gone")
    with working(backend):
        until(lambda: state_of(queue, task) == "failed")
    seen = queue.get_task(task)
    assert "worker_tasks:gone cannot be imported here" in seen.error
    assert seen.starts == 1


@holdall.register
class Registered(Exception):
    def __init__(self, code, extra):
        super().__init__(code, extra)
        self.code = code


def raise_registered():
    raise Registered(7, ("x", b"y"))


def test_a_registered_exception_travels_with_its_arguments(backend, queue):
    holdall.register(Registered)
    with working(backend):
        task = queue.enqueue(raise_registered)
        with pytest.raises(holdall.TaskExecutionError) as failed:
            queue.get_result(task, timeout=WAIT)
    assert type(failed.value.__cause__) is Registered
    assert failed.value.__cause__.args == (7, ("x", b"y"))


# Where


def test_coroutines_run_on_the_loop_and_functions_in_threads(backend, queue):
    with working(backend, max_concurrency=3):
        threads = {queue.get_result(queue.enqueue(do.where), timeout=WAIT)[1] for _ in range(5)}
        loop = queue.get_result(queue.enqueue(do.where_async), timeout=WAIT)[1]
    assert loop == "the worker's loop"
    assert all(name.startswith("holdall-worker_") for name in threads)


@pytest.mark.parametrize("call", [do.crowd, do.crowd_async])
def test_as_many_run_at_once_as_may(backend, queue, call):
    do.running = do.most = 0
    ids = queue.enqueue_many([(call, (0.02,))] * 40)
    with working(backend, max_concurrency=5):
        queue.join(ids, timeout=WAIT, progress=False)
    assert do.most == 5


def test_no_more_is_claimed_than_can_run(backend, queue):
    ids = queue.enqueue_many([(do.doze, (0.2,)), (do.nap, (0.2,))] * 4)
    with working(backend, max_concurrency=2):
        for _ in range(10):
            threading.Event().wait(0.02)
            assert len(queue.tasks(status="running")) <= 2
    states = [state_of(queue, task) for task in ids]
    assert states.count("available") >= 4, "what was not begun was given back, or never taken"


def test_context_variables_are_each_tasks_own(backend, queue):
    do.VARIABLE.set("outside")
    calls = [(do.set_variable, (1,)), (do.set_variable_async, (2,))] * 3
    with working(backend, max_concurrency=1):
        ids = queue.enqueue_many(calls)
        # The worker's thread began with a context of its own.
        assert {queue.get_result(task, timeout=WAIT) for task in ids} == {"unset"}


def test_results_of_tasks_before_come_first(backend, queue):
    with working(backend, max_concurrency=2):
        one, two = queue.enqueue(do.double, 1), queue.enqueue(do.treble, 1)
        for call in (do.add, do.add_slowly):
            task = queue.options(after=[one, two]).enqueue(call, 10)
            assert queue.get_result(task, timeout=WAIT) == 15
        bad = queue.enqueue(do.fail, "value")
        child = queue.options(after=[one, bad]).enqueue(do.add)
        until(lambda: state_of(queue, child) == "cancelled")
        assert bad in queue.get_task(child).error


def test_queues_in_their_order(backend, queue, tmp_path):
    path = tmp_path / "order"
    for name in ("low", "other", "high"):
        queue.options(queue=name).enqueue_many([(do.note, (str(path), name))] * 3)
    with working(backend, queues=["high", "low"], worker_id="w1"):
        until(lambda: queue.counts()["completed"] == 6)
    assert path.read_text().split() == ["high"] * 3 + ["low"] * 3
    assert {task.worker for task in queue.tasks(status="completed")} == {"w1"}


# Starting


@pytest.mark.parametrize(
    ("options", "about"),
    [
        ({"max_concurrency": 0}, "max_concurrency"),
        ({"max_concurrency": 1001}, "max_concurrency"),
        ({"max_concurrency": "2"}, "max_concurrency"),
        ({"max_concurrency": True}, "max_concurrency"),
        ({"poll_interval": 0}, "poll_interval"),
        ({"poll_interval": -1}, "poll_interval"),
        ({"poll_interval": None}, "poll_interval"),
        ({"lease": 0.5}, "lease"),
        ({"lease": float("inf")}, "lease"),
        ({"lease": float("nan")}, "lease"),
        ({"processes": -1}, "processes"),
        ({"queues": []}, "queues"),
        ({"queues": [""]}, "queues"),
        ({"queues": [1]}, "queues"),
        ({"worker_id": 5}, "worker_id"),
        ({"serializer": object()}, "serializer"),
        ({"backend": None}, "backend"),
        ({"backend": "tasks.db"}, "backend"),
    ],
)
def test_bad_options(options, about):
    with pytest.raises(holdall.ValidationError, match=about) as refused:
        Worker(**{"backend": backend_at(":memory:"), **options})
    assert refused.value.parameter == about


def test_options_are_attributes():
    backend = backend_at(":memory:")
    worker = Worker(backend, None, 3, 0.5, 7)
    assert (worker.backend, worker.serializer, worker.max_concurrency) == (backend, None, 3)
    assert (worker.poll_interval, worker.lease, worker.processes) == (0.5, 7.0, 0)
    assert worker.queues == ("default",)


def test_runs_again(backend):
    async def main():
        worker = Worker(backend)
        await worker.stop()
        async with TaskQueue(backend) as queue:
            for number in range(3):
                task = asyncio.create_task(worker.start())
                answer = await queue.get_result(
                    await queue.enqueue(do.double, number), timeout=WAIT
                )
                assert queue.deserialize_result(answer) == 2 * number
                # A second start returns.
                await asyncio.wait_for(worker.start(), WAIT)
                await worker.stop()
                await asyncio.wait_for(task, WAIT)

    asyncio.run(main())


async def stop_from_inside():
    await do.stopping()


def test_a_task_may_stop_its_worker():
    async def main():
        backend = backend_at(":memory:")
        worker = Worker(backend)
        do.stopping = worker.stop
        async with TaskQueue(backend) as queue:
            task = asyncio.create_task(worker.start())
            ended = await queue.enqueue(stop_from_inside)
            await asyncio.wait_for(task, WAIT)
            assert (await queue.get_task(ended)).status == "completed"

    asyncio.run(main())


def test_it_logs_its_start_and_its_stop(backend, caplog):
    with caplog.at_level(logging.INFO, "holdall.worker"), working(backend, max_concurrency=2):
        pass
    said = [record.getMessage() for record in caplog.records]
    assert said[0].startswith("Starting worker with max_concurrency=2")
    assert said[-1] == "Worker stopped gracefully"
