"""A worker beside the test, in a thread of its own."""

import asyncio
import threading
import time
from contextlib import contextmanager

from holdall.worker import Worker

SOON = 30  # seconds that nothing takes, however busy the machine is


@contextmanager
def working(backend, **options):
    """Run a worker of a backend for the length of the block."""
    worker = Worker(backend, **options)
    failed = []

    def run():
        try:
            worker.run()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    until = time.monotonic() + SOON
    while worker._runner is None and thread.is_alive() and time.monotonic() < until:
        time.sleep(0.001)
    try:
        yield worker
    finally:
        # In a thread of its own: the test's may have a loop that is running.
        stopping = threading.Thread(target=lambda: asyncio.run(worker.stop()))
        stopping.start()
        stopping.join(SOON)
        thread.join(SOON)
        assert not thread.is_alive()
        assert not failed


def run(main):
    """Run a coroutine function, and end it if it hangs."""
    return asyncio.run(asyncio.wait_for(main(), 2 * SOON))
