"""Measures holdall's queue beside its peers and writes docs/benchmarks-queue.md: `make bench-queue`.

`BENCH_ROUNDS` says how many rounds; more take longer and vary less.
"""

import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import chart
import machine
import queue_works
import report

from holdall._holdall import keyset_new

HERE = Path(__file__).resolve().parent
DOCS = HERE.parent / "docs"


def main() -> None:
    rounds = int(os.environ.get("BENCH_ROUNDS", "6"))
    if rounds < 2:
        raise SystemExit("BENCH_ROUNDS must be 2 or more: a median of one round says nothing")
    # A keyset of the run's own: measuring leaves nothing in the user's home.
    os.environ["HOLDALL_KEYSET"] = keyset_new()
    begun = time.monotonic()
    results = []
    with TemporaryDirectory(prefix="holdall-bench-") as name:
        folder = Path(name).resolve()
        facts = machine.queue_facts(folder, rounds)
        for result in everything(folder, rounds):
            print(report.line(result), flush=True)
            results.append(result)
    rows = [*report.rows(results), *queue_works.limits(results)]
    notes = (HERE / "queue_notes.md").read_text("utf-8")
    page = report.queue_page(results, rows, facts, notes, "benchmarks-queue.svg")
    (DOCS / "benchmarks-queue.md").write_text(page, "utf-8")
    (DOCS / "benchmarks-queue.svg").write_text(chart.svg(rows), "utf-8")
    print(report.summary(rows, time.monotonic() - begun))
    print("Written: docs/benchmarks-queue.md, docs/benchmarks-queue.svg")


def everything(folder: Path, rounds: int):
    yield from queue_works.rates(folder / "rates", rounds)
    yield queue_works.lone(folder / "one", 2 * rounds, across=False)
    yield queue_works.lone(folder / "two", 2 * rounds, across=True)
    yield queue_works.backlog(folder, rounds)


if __name__ == "__main__":
    main()
