"""What is measured of the queues, on whom, and how many times faster than whom holdall is to be."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from measure import Times
from queue_process import Failed, Remote
from report import Row
from works import OURS, Result

NORMAL, FULL = "normal", "full"
# Who is measured beside whom, and the peer that the targets speak of.
PLACES = {
    NORMAL: ("holdall, normal", "huey, fsync=False", "FlexiQ", "sitq"),
    FULL: ("holdall, full", "huey, fsync=True"),
}
RIVAL = {NORMAL: "huey, fsync=False", FULL: "huey, fsync=True"}
# So many tasks a round that a turn takes about a third of a second, and never above three.
COUNTS = {
    "holdall, normal": 1_000,
    "huey, fsync=False": 400,
    "holdall, full": 150,
    "huey, fsync=True": 50,
    "FlexiQ": 60,
    "sitq": 25,
}
ENQUEUE, MANY, RUN_8, RUN_1 = "enqueue", "enqueue_many", "run, 8 at once", "run, 1 at once"
BACKLOG = 1_000_000


class Team:
    """Peers, each in its process. A peer that fails is left out from then on, and says why."""

    def __init__(self, names: tuple[str, ...], folder: Path) -> None:
        self.folder = folder
        self.remotes: dict[str, Remote] = {}
        self.failures: dict[str, str] = {}
        for name in names:
            self.guard(
                name, lambda name=name: self.remotes.update({name: Remote(name, self.place(name))})
            )

    def place(self, name: str) -> Path:
        return self.folder / name.replace(", ", "-")

    def guard(self, name: str, work: Callable[[], object]) -> None:
        try:
            work()
        except Failed as error:
            if name.startswith(OURS):
                raise
            self.failures[name] = str(error)
            print(f"{name} is left out: {error}", flush=True)
            if name in self.remotes:
                self.remotes.pop(name).close()

    def each(self, turn: int, work: Callable[[str, Remote], object]) -> None:
        """Have each do something, one after the other; each turn begins with another one."""
        names = list(self.remotes)
        turn %= max(1, len(names))
        for name in names[turn:] + names[:turn]:
            self.guard(name, lambda name=name: work(name, self.remotes[name]))

    def close(self) -> None:
        for remote in self.remotes.values():
            remote.close()


def rates(folder: Path, rounds: int) -> Iterator[Result]:
    """How long a task takes to enqueue and to run, where there are many."""
    team = Team(tuple(name for names in PLACES.values() for name in names), folder)
    times: dict[str, Times] = {verb: {} for verb in (ENQUEUE, MANY, RUN_8, RUN_1)}

    def keep(verb: str, name: str, tasks: int, seconds: float | None, number: int) -> None:
        if number and seconds is not None:
            times[verb].setdefault(name, []).append(seconds / tasks * 1e9)

    for number in range(rounds + 1):

        def enqueue(name: str, remote: Remote, number: int = number) -> None:
            count = COUNTS[name]
            keep(ENQUEUE, name, count, remote.call("enqueue", count), number)

        def fill(name: str, remote: Remote, number: int = number) -> None:
            count = COUNTS[name]
            keep(MANY, name, count, remote.call("fill", count), number)

        def run_8(name: str, remote: Remote, number: int = number) -> None:
            count = 2 * COUNTS[name]
            keep(RUN_8, name, count, remote.call("run", count, 8), number)

        def run_1(name: str, remote: Remote, number: int = number) -> None:
            count = COUNTS[name]
            remote.call("fill", count)
            keep(RUN_1, name, count, remote.call("run", count, 1), number)

        for step in (enqueue, fill, run_8, run_1):
            team.each(number, step)
    team.close()
    yield from rated(times, team.failures)


def rated(times: dict[str, Times], failures: dict[str, str]) -> Iterator[Result]:
    goals = {ENQUEUE: 1.5, RUN_8: 3.0, RUN_1: 3.0}
    for place, names in PLACES.items():
        for verb in (ENQUEUE, MANY, RUN_8, RUN_1):
            found = {
                (OURS if name.startswith(OURS) else name): times[verb].get(name) for name in names
            }
            targets = {RIVAL[place]: goals[verb]} if verb in goals else {}
            if verb == MANY:
                # It has nothing but one by one.
                single = f"{RIVAL[place]}, enqueue"
                found.pop(RIVAL[place])
                found[single] = times[ENQUEUE].get(RIVAL[place])
                targets = {single: 8.0}
            kept = {name: series for name, series in found.items() if series}
            missing = tuple(name for name in names if name in failures and name not in kept)
            if OURS in kept:
                yield Result(place, verb, kept, targets, missing)


def lone(folder: Path, rounds: int, across: bool) -> Result:
    """How long one task takes from `enqueue` to its result, beside an idle worker."""
    team = Team(PLACES[NORMAL], folder)
    workers = team
    if across:
        workers = Team(tuple(team.remotes), folder)
    workers.each(0, lambda _, remote: remote.call("serve"))
    time.sleep(1)
    times: Times = {(OURS if name.startswith(OURS) else name): [] for name in team.remotes}
    for number in range(rounds + 1):

        def once(name: str, remote: Remote, number: int = number) -> None:
            took = remote.call("lone")
            if number:
                times[OURS if name.startswith(OURS) else name].append(took * 1e9)

        team.each(number, once)
    for each in {id(team): team, id(workers): workers}.values():
        each.close()
    verb = "two processes" if across else "one process"
    missing = tuple(name for name in PLACES[NORMAL] if name in team.failures)
    kept = {name: series for name, series in times.items() if series}
    return Result("lone task", verb, kept, missing=missing)


def backlog(folder: Path, rounds: int) -> Result:
    """What a claim costs with a million tasks waiting and a million finished, and with none."""
    name, count = "holdall, normal", 300
    deep, empty = Remote(name, folder / "deep"), Remote(name, folder / "empty")
    begun = time.monotonic()
    deep.call("deepen", BACKLOG, BACKLOG)
    print(f"a million waiting and a million finished were made in {time.monotonic() - begun:.0f} s")
    times: Times = {OURS: [], "empty database": []}
    for number in range(rounds + 1):
        empty.call("fill", count + 100)
        for series, remote in ((OURS, deep), ("empty database", empty)):
            took = remote.call("claim", count)
            if number:
                times[series].append(took / count * 1e9)
    deep.close()
    empty.close()
    # At most one and a half times the time.
    return Result("a million waiting", "run, 1 at once", times, {"empty database": 1 / 1.5})


def limits(results: list[Result]) -> list[Row]:
    """The targets that are times and not ratios."""
    goals = {"one process": 5, "two processes": 20}
    return [
        Row(
            f"{result.place}, {result.verb}",
            f"{goals[result.verb]} ms",
            1.0,
            goals[result.verb] * 1e6 / median(result.times[OURS]),
        )
        for result in results
        if result.verb in goals and OURS in result.times
    ]
