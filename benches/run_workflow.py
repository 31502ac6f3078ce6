"""Measures holdall's workflows beside their peers and writes docs/benchmarks-workflow.md: `make bench-workflow`.

`BENCH_ROUNDS` says how many rounds; more take longer and vary less.
"""

import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import chart
import machine
import report
import workflow_works

from holdall._holdall import keyset_new

HERE = Path(__file__).resolve().parent
DOCS = HERE.parent / "docs"


def main() -> None:
    rounds = int(os.environ.get("BENCH_ROUNDS", "7"))
    if rounds < 2:
        raise SystemExit("BENCH_ROUNDS must be 2 or more: a median of one round says nothing")
    # A keyset of the run's own: measuring leaves nothing in the user's home.
    os.environ["HOLDALL_KEYSET"] = keyset_new()
    begun = time.monotonic()
    results = []
    with TemporaryDirectory(prefix="holdall-bench-") as name:
        folder = Path(name).resolve()
        facts = machine.workflow_facts(folder, rounds)
        for result in workflow_works.everything(folder, rounds):
            print(report.line(result), flush=True)
            results.append(result)
    rows = report.rows(results)
    notes = (HERE / "workflow_notes.md").read_text("utf-8")
    page = report.workflow_page(results, facts, notes, "benchmarks-workflow.svg")
    (DOCS / "benchmarks-workflow.md").write_text(page, "utf-8")
    (DOCS / "benchmarks-workflow.svg").write_text(chart.svg(rows), "utf-8")
    print(report.summary(rows, time.monotonic() - begun))
    print("Written: docs/benchmarks-workflow.md, docs/benchmarks-workflow.svg")


if __name__ == "__main__":
    main()
