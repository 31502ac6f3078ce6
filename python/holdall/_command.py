"""`holdall worker`: what it does; clap, in the extension, reads its arguments."""

import asyncio
import importlib
import logging
import sys
import time
from pathlib import Path
from typing import Any, TextIO

from holdall.backend import SQLiteBackend
from holdall.errors import ValidationError
from holdall.worker import Worker

log = logging.getLogger("holdall.worker")

# How often the status line is drawn, in seconds, and over how long the rate is taken.
EVERY = 0.5
SPAN = 5.0


def work(path: str, durability: str, apps: list[str], options: dict[str, Any]) -> int:
    """Run a worker until it is stopped, and return the command's exit code."""
    serializer = None
    if apps:
        # A console script has its own folder there, not the user's.
        sys.path.insert(0, str(Path.cwd()))
    for app in apps:
        serializer = getattr(imported(app), "serializer", serializer)
    shown = sys.stderr is not None and sys.stderr.isatty()
    if not shown:
        # In a pipe: only what somebody should look at.
        log.setLevel(logging.WARNING)
    worker = Worker(SQLiteBackend(path, durability=durability), serializer, **options)
    worker.imports = tuple(apps)
    asyncio.run(run(worker, sys.stderr if shown else None))
    return 0


async def run(worker: Worker, out: TextIO | None) -> None:
    """Work, and say on a terminal how it goes."""
    status = asyncio.create_task(show(worker, out)) if out else None
    try:
        await worker.start()
    finally:
        if status:
            status.cancel()


async def show(worker: Worker, out: TextIO) -> None:
    """Draw the status line again and again."""
    seen: list[tuple[float, int]] = []

    def clear(_: object = None) -> bool:
        out.write("\r\x1b[K")
        return True

    log.addFilter(clear)
    try:
        while True:
            await asyncio.sleep(EVERY)
            running, completed, failed = worker.tally()
            now, ended = time.monotonic(), completed + failed
            seen = [*(then for then in seen if now - then[0] <= SPAN), (now, ended)]
            since, before = seen[0]
            rate = (ended - before) / (now - since) if now > since else 0.0
            line = f"running {running:,}, done {completed:,}, failed {failed:,}, {rate:,.0f}/s"
            clear()
            out.write(line)
            out.flush()
    finally:
        log.removeFilter(clear)
        clear()
        out.flush()


def imported(name: str) -> Any:
    """Import the user's module."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ValidationError(
            f"--app {name} cannot be imported: {error}; name a module that is in the current folder or installed",
            parameter="app",
            value=name,
        ) from error
