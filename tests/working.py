"""Workers for tests: in a thread of this process, or in processes of their own."""

import asyncio
import os
import signal
import threading
import time
from contextlib import contextmanager

from holdall.backend import SQLiteBackend
from holdall.sync_queue import SyncTaskQueue
from holdall.worker import Worker
from processes import start

# Seconds that nothing takes, however busy the machine is.
PATIENCE = SOON = 30


def run(main):
    """Run a coroutine function, and end it if it hangs."""
    return asyncio.run(asyncio.wait_for(main(), 2 * SOON))


@contextmanager
def working(backend, serializer=None, serializers=(), **options):
    """Run a worker on a loop of its own."""
    worker = Worker(backend, serializer, **options)
    if serializers:
        worker.register_persistent_serializers(*serializers)
    begun = threading.Event()
    failed = []

    async def work():
        asyncio.get_running_loop().call_soon(begun.set)
        await worker.start()

    def run():
        try:
            asyncio.run(work())
        except BaseException as error:
            failed.append(error)
            begun.set()

    thread = threading.Thread(target=run, name="the worker's loop")
    thread.start()
    begun.wait(PATIENCE)
    try:
        yield worker
    finally:
        if thread.is_alive():
            # In a thread of its own: the test's may have a loop that is running.
            stopping = threading.Thread(target=lambda: asyncio.run(worker.stop()))
            stopping.start()
            stopping.join(PATIENCE)
        thread.join(PATIENCE)
        assert not thread.is_alive(), "the worker did not stop"
        if failed:
            raise failed[0]


@contextmanager
def queueing(backend, serializer=None, **options):
    with SyncTaskQueue(backend, serializer, **options) as queue:
        yield queue


PROGRAM = """
import logging
logging.basicConfig(level=logging.INFO, format="%(message)s")
from holdall.backend import SQLiteBackend
from holdall.worker import Worker
import json
path, options = sys.argv[1], json.loads(sys.argv[2])
worker = Worker(SQLiteBackend(path, durability="normal"), **options)
if __name__ == "__main__":
    worker.run()
    print("left", flush=True)
"""


def worker_process(path, **options):
    """Start a program that is one worker."""
    import json

    return start(PROGRAM, path, json.dumps(options))


def end(process):
    """End a program, however it fares, and return what it wrote."""
    if process.poll() is None:
        os.kill(process.pid, signal.SIGCONT)
        process.kill()
    return process.communicate(timeout=PATIENCE)


def backend_at(path):
    return SQLiteBackend(path, durability="normal")


def lines(path):
    return path.read_text().splitlines() if path.exists() else []


def until(holds, patience=PATIENCE):
    """Wait until something holds, and return it."""
    limit = time.monotonic() + patience
    while not (found := holds()):
        assert time.monotonic() < limit, "it never came"
        time.sleep(0.005)
    return found


def state_of(queue, task_id):
    task = queue.get_task(task_id)
    return task and task.status
