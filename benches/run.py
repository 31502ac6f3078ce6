"""Measures holdall beside its peers and writes docs/benchmarks.md: `make bench`.

`BENCH_ROUNDS` says how many rounds; more take longer and vary less.
"""

import gc
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import chart
import machine
import report
import works

HERE = Path(__file__).resolve().parent
DOCS = HERE.parent / "docs"


def main() -> None:
    rounds = int(os.environ.get("BENCH_ROUNDS", "40"))
    if rounds < 2:
        raise SystemExit("BENCH_ROUNDS must be 2 or more: a median of one round says nothing")
    # What was imported is never garbage; looking through it in each round would take half the time.
    gc.collect()
    gc.freeze()
    begun = time.monotonic()
    results = []
    with TemporaryDirectory(prefix="holdall-bench-") as name:
        folder = Path(name).resolve()
        facts = machine.facts(folder, rounds)
        for result in works.everything(folder, rounds):
            print(report.line(result), flush=True)
            results.append(result)
    rows = report.rows(results)
    notes = (HERE / "notes.md").read_text("utf-8")
    page = report.page(results, facts, notes, "benchmarks.svg")
    (DOCS / "benchmarks.md").write_text(page, "utf-8")
    (DOCS / "benchmarks.svg").write_text(chart.svg(rows), "utf-8")
    print(report.summary(rows, time.monotonic() - begun))
    print("Written: docs/benchmarks.md, docs/benchmarks.svg")


if __name__ == "__main__":
    main()
