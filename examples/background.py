"""Real work in the background, on the tables that the package vega_datasets carries.

A task for each column of each table says what is in it; one that comes after them all makes the report. They
are kept in `.holdall/tasks.db`, a worker runs them, and they are left behind for the command line.
"""

import asyncio
import statistics
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tour import TABLES, records

from holdall import SQLiteBackend, TaskQueue, Worker

COLUMNS = 40  # of the report


def summary(table: str, column: str, values: list[Any]) -> dict[str, Any]:
    """What a column holds: runs in a worker."""
    numbers = [value for value in values if isinstance(value, int | float)]
    found: dict[str, Any] = {"table": table, "column": column, "different": len(set(values))}
    if len(numbers) > len(values) // 2:
        low, middle, high = statistics.quantiles(numbers, n=4)
        found |= {"low": low, "middle": middle, "high": high, "mean": statistics.fmean(numbers)}
    return found


def report(*columns: dict[str, Any]) -> list[str]:
    """A line for each column: runs when they are all there, which come as its arguments."""
    return [
        f"{found['table']}.{found['column']}".ljust(32)
        + f"{found['different']:6} different"
        + (
            f", quartiles {found['low']:g}, {found['middle']:g}, {found['high']:g}"
            if "mean" in found
            else ""
        )
        for found in columns
    ]


def columns() -> list[tuple[str, str, list[Any]]]:
    folder = Path(find_spec("vega_datasets").origin).parent / "_data"
    found = []
    for name in TABLES:
        rows = records(folder / name)
        found += [(Path(name).stem, column, [row[column] for row in rows]) for column in rows[0]]
    return found


async def main() -> None:
    backend = SQLiteBackend(".holdall/tasks.db")
    async with TaskQueue(backend) as queue:
        work = columns()
        began = time.perf_counter()
        ids = await queue.enqueue_many([(summary, arguments) for arguments in work])
        last = await queue.options(after=ids[:COLUMNS]).enqueue(report)
        print(f"  enqueued {len(ids)} tasks in {(time.perf_counter() - began) * 1e3:.0f} ms")

        worker = Worker(backend, max_concurrency=4)
        running = asyncio.create_task(worker.start())
        await queue.join()
        print(f"  all done after {(time.perf_counter() - began) * 1e3:.0f} ms\n")

        result = await queue.get_result(last)
        for line in queue.deserialize_result(result)[::4]:
            print("  " + line)
        print(
            "\n  "
            + ", ".join(
                f"{count} {state}" for state, count in (await queue.counts()).items() if count
            )
        )
        await worker.stop()
        await running


if __name__ == "__main__":
    print("Tasks in the background")
    asyncio.run(main())
    print("\nThe tasks stay in .holdall/tasks.db. Try:")
    for command in ("tasks stats .holdall/tasks.db", "tasks list .holdall/tasks.db --limit 5"):
        print(f"  .venv/bin/holdall {command}")
