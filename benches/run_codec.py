"""Measures holdall's codec beside its peers and writes docs/benchmarks-codec.md: `make bench-codec`.

`BENCH_ROUNDS` says how many rounds; more take longer and vary less.
"""

import gc
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import chart
import codec_works
import machine
import report

from holdall._holdall import keyset_new

HERE = Path(__file__).resolve().parent
DOCS = HERE.parent / "docs"


def main() -> None:
    rounds = int(os.environ.get("BENCH_ROUNDS", "40"))
    if rounds < 2:
        raise SystemExit("BENCH_ROUNDS must be 2 or more: a median of one round says nothing")
    # A keyset of the run's own: measuring leaves nothing in the user's home.
    os.environ["HOLDALL_KEYSET"] = keyset_new()
    # What was imported is never garbage; looking through it in each round would take half the time.
    gc.collect()
    gc.freeze()
    begun = time.monotonic()
    results = []
    with TemporaryDirectory(prefix="holdall-bench-") as name:
        folder = Path(name).resolve()
        facts = machine.codec_facts(folder, rounds)
        for result in codec_works.everything(folder, rounds):
            print(report.line(result), flush=True)
            results.append(result)
    rows = report.rows(results)
    notes = (HERE / "codec_notes.md").read_text("utf-8")
    page = report.codec_page(results, facts, notes, "benchmarks-codec.svg")
    (DOCS / "benchmarks-codec.md").write_text(page, "utf-8")
    (DOCS / "benchmarks-codec.svg").write_text(chart.svg(rows), "utf-8")
    print(report.summary(rows, time.monotonic() - begun))
    print("Written: docs/benchmarks-codec.md, docs/benchmarks-codec.svg")


if __name__ == "__main__":
    main()
