"""The page and what the terminal shows while it is measured."""

from dataclasses import dataclass
from statistics import median, quantiles

from works import OURS, Result


@dataclass(frozen=True)
class Row:
    """A target, and what was measured of it. No ratio: the peer did not install."""

    work: str
    peer: str
    target: float
    ratio: float | None

    @property
    def met(self) -> bool:
        return self.ratio is not None and self.ratio >= self.target


def rows(results: list[Result]) -> list[Row]:
    return [
        Row(f"{result.place}, {result.verb}", peer, target, ratio(result, peer))
        for result in results
        for peer, target in result.targets.items()
    ]


def ratio(result: Result, peer: str) -> float | None:
    if peer not in result.times:
        return None
    return median(result.times[peer]) / median(result.times[OURS])


def line(result: Result) -> str:
    """A result on the terminal."""
    parts = [
        f"{name} {span(median(times))}"
        + ("" if name == OURS else f" ({times_of(ratio(result, name))})")
        for name, times in result.times.items()
    ]
    parts += [f"{name} did not install" for name in result.missing]
    return f"{result.place + ', ' + result.verb:<36}" + ", ".join(parts)


def page(results: list[Result], facts: dict[str, str], notes: str, chart: str) -> str:
    """docs/benchmarks.md."""
    stores = [result for result in results if result.targets]
    others = [result for result in results if not result.targets]
    return "\n".join(
        [
            "# Benchmarks",
            "",
            "<!-- Written by `make bench`. What is said below the table is in benches/notes.md. -->",
            "",
            "How many times faster holdall is than its peers at the same work: the peer's median time",
            "divided by holdall's, beside the target that holdall has set itself. The codec without a",
            "store has [a page of its own](benchmarks-codec.md).",
            "",
            *ratios(rows(results), chart),
            "",
            notes.strip(),
            "",
            *times_behind(stores),
            "",
            "Values to bytes and back, without a store (`loads` of `dumps`). Only holdall's bytes carry a",
            "checksum, and only holdall refuses what JSON would change.",
            "",
            *times_table(others),
            "",
            *versions(facts),
        ]
    )


def codec_page(results: list[Result], facts: dict[str, str], notes: str, chart: str) -> str:
    """docs/benchmarks-codec.md."""
    return "\n".join(
        [
            "# Benchmarks of the codec",
            "",
            "<!-- Written by `make bench-codec`. What is said below the table is in benches/codec_notes.md. -->",
            "",
            "Values to bytes and back: how many times faster `holdall.dumps` and `loads` are than their peers",
            "at the same value, the peer's median time divided by holdall's, beside the target that holdall",
            "has set itself. Only holdall's bytes carry a checksum, and only holdall refuses what JSON would",
            "change.",
            "",
            *ratios(rows(results), chart),
            "",
            notes.strip(),
            "",
            *times_behind(results),
            "",
            *versions(facts),
        ]
    )


def queue_page(
    results: list[Result], rows: list[Row], facts: dict[str, str], notes: str, chart: str
) -> str:
    """docs/benchmarks-queue.md."""
    return "\n".join(
        [
            "# Benchmarks of the queue",
            "",
            "<!-- Written by `make bench-queue`. What is said below the table is in benches/queue_notes.md. -->",
            "",
            "How many times faster holdall's queue is than its peers, all of them in one SQLite file: the",
            "peer's median time divided by holdall's, beside the target that holdall has set itself. A",
            "target in ms is the most that it may take, divided by what it took.",
            "",
            *ratios(rows, chart),
            "",
            notes.strip(),
            "",
            *times_behind(results),
            "",
            *versions(facts),
        ]
    )


def workflow_page(results: list[Result], facts: dict[str, str], notes: str, chart: str) -> str:
    """docs/benchmarks-workflow.md."""
    return "\n".join(
        [
            "# Benchmarks of workflows",
            "",
            "<!-- Written by `make bench-workflow`. What is said below the table is in benches/workflow_notes.md. -->",
            "",
            "How many times faster holdall's workflows, memoised functions and fingerprints are than their",
            "peers at the same work: the peer's median time divided by holdall's, beside the target that",
            "holdall has set itself.",
            "",
            *ratios(rows(results), chart),
            "",
            notes.strip(),
            "",
            *times_behind(results),
            "",
            *versions(facts),
        ]
    )


def ratios(rows: list[Row], chart: str) -> list[str]:
    lines = [
        [row.work, row.peer, times_of(row.target), times_of(row.ratio), verdict(row)]
        for row in rows
    ]
    return [
        *table(["work", "against", "target", "measured", "met"], lines),
        "",
        f"![The ratios as bars, with a mark at each target]({chart})",
    ]


def times_behind(results: list[Result]) -> list[str]:
    return [
        "## The times behind the ratios",
        "Medians over the rounds of the time of one operation, with the quartiles. Contenders without",
        "a target are there for orientation.",
        "",
        *times_table(results),
    ]


def versions(facts: dict[str, str]) -> list[str]:
    return [
        "## The machine and the versions",
        "",
        *table(["what", "which"], [list(fact) for fact in facts.items()]),
        "",
    ]


def summary(rows: list[Row], seconds: float) -> str:
    """What the terminal says at the end."""
    met = sum(row.met for row in rows)
    missed = [
        f"  {row.work} against {row.peer}: {times_of(row.ratio)}, target {times_of(row.target)}"
        for row in rows
        if not row.met
    ]
    return "\n".join([f"\n{met} of {len(rows)} targets met, in {seconds:.0f} s.", *missed])


def verdict(row: Row) -> str:
    if row.ratio is None:
        return "not measured"
    return "yes" if row.met else "**no**"


def times_table(results: list[Result]) -> list[str]:
    lines = []
    for result in results:
        lines += [
            [f"{result.place}, {result.verb}", name, *spread(times)]
            for name, times in result.times.items()
        ]
        lines += [
            [f"{result.place}, {result.verb}", name, "did not install", ""]
            for name in result.missing
        ]
    return table(["work", "contender", "median", "quartiles"], lines)


def table(head: list[str], lines: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *lines]]


def spread(times: list[float]) -> list[str]:
    low, _, high = quantiles(times, n=4)
    return [span(median(times)), f"{span(low)} to {span(high)}"]


def span(nanoseconds: float) -> str:
    """Three digits are what a measurement is good for."""
    microseconds = nanoseconds / 1e3
    digits = 2 if microseconds < 10 else 1 if microseconds < 100 else 0
    return f"{microseconds:,.{digits}f} µs"


def times_of(ratio: float | None) -> str:
    if ratio is None:
        return "did not install"
    return f"{ratio:.2f}x" if ratio < 10 else f"{ratio:.1f}x"
