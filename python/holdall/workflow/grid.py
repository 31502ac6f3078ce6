"""A graph put into columns, where each arrow has a place in every column that it passes.

The steps 2 to 4 of `layout`. What stands in a column is a *place*: a box, or a passing arrow.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise

HEIGHT = 40.0  # of a box
GAP = 16.0  # between two boxes of a column
PASSING = 8.0  # what a place of a passing arrow takes
BAND = 8.0  # what the band round a chain adds on each side
HOME = 0.01  # how much the middle of the picture pulls

Arrow = tuple[str, str]
Wires = dict[tuple[str, ...], tuple[list[Arrow], dict[tuple[int, int], None]]]


class Grid:
    """The graph with a place for everything that stands in a column, boxes and passing arrows."""

    def __init__(self, columns: int) -> None:
        self.columns: list[list[int]] = [[] for _ in range(columns)]
        self.node: list[str | None] = []  # None: an arrow passes here
        self.size: list[float] = []  # the room it takes, from top to bottom
        self.left: list[dict[int, float]] = []  # its neighbours, and how much each pulls
        self.right: list[dict[int, float]] = []
        # What is drawn as one line: its arrows, and which places it joins.
        self.wires: Wires = {}

    def add(self, column: int, node: str | None, size: float) -> int:
        """A new place, at the end of a column."""
        self.columns[column].append(place := len(self.node))
        self.node.append(node)
        self.size.append(size)
        self.left.append({})
        self.right.append({})
        return place

    def join(self, wire: dict[tuple[int, int], None], one: int, other: int, chain: bool) -> None:
        """Draw a wire on from one place to another, in the next column."""
        passing = (self.node[one] is None) + (self.node[other] is None)
        wire[one, other] = None
        # A chain is to be straight before all, then what passes; bends belong beside boxes.
        self.right[one][other] = self.left[other][one] = (
            100.0 if chain else (1.0, 2.0, 8.0)[passing]
        )

    def share(self) -> None:
        """Have those who pull at one place share its strength, lest forty outweigh a chain."""
        for one, right in enumerate(self.right):
            for other, pull in right.items():
                if pull < 8.0:
                    many = max(len(right), len(self.left[other]))
                    self.right[one][other] = self.left[other][one] = pull / many**2


def grid_of(
    column: Mapping[str, int], order: list[str], arrows: list[Arrow], chains: set[Arrow]
) -> Grid:
    """A place for each node, and for each arrow wherever it passes; wires through them all."""
    grid = Grid(max(column.values()) + 1)
    chained = {node for arrow in chains for node in arrow}
    place = {
        node: grid.add(column[node], node, HEIGHT + GAP + (2 * BAND if node in chained else 0))
        for node in order
    }
    into, out = (Counter(arrow[end] for arrow in arrows) for end in (1, 0))
    passes: dict[tuple[tuple[str, ...], int], int] = {}
    for arrow in arrows:
        source, target = arrow
        chain = arrow in chains
        wire: tuple[str, ...] = ("from", source)
        if chain:
            wire = ("chain", *arrow)
        elif into[target] > out[source]:
            wire = ("into", target)
        drawn, pieces = grid.wires.setdefault(wire, ([], {}))
        drawn.append(arrow)
        last = place[source]
        for at in range(column[source] + 1, column[target]):
            if (wire, at) not in passes:
                size = HEIGHT + GAP + 2 * BAND if chain else PASSING
                passes[wire, at] = grid.add(at, None, size)
            grid.join(pieces, last, passes[wire, at], chain)
            last = passes[wire, at]
        grid.join(pieces, last, place[target], chain)
    grid.share()
    return grid


def ordered(grid: Grid) -> None:
    """Sort each column so that few arrows cross."""
    columns = grid.columns
    joints = sum(len(right) for right in grid.right)
    rank = [0.0] * len(grid.node)

    def number() -> None:
        for column in columns:
            for index, place in enumerate(column):
                rank[place] = index / len(column)

    number()
    best, fewest = [list(column) for column in columns], crossings(grid)
    # Few sweeps over what is large: a picture of thousands is looked at from afar.
    for sweep in range(min(24, max(4, 200_000 // max(1, joints)))):
        if not fewest:
            break
        rightward = sweep % 2 == 0
        beside = grid.left if rightward else grid.right
        for column in columns if rightward else reversed(columns):
            for place in column:
                if near := beside[place]:
                    rank[place] = sum(rank[other] for other in near) / len(near)
            column.sort(key=rank.__getitem__)
            for index, place in enumerate(column):
                rank[place] = index / len(column)
        if (found := crossings(grid)) < fewest:
            best, fewest = [list(column) for column in columns], found
    grid.columns = best


def crossings(grid: Grid) -> int:
    """How many pairs of pieces cross: for each, those above it that end below it."""
    found = 0
    for column, beyond in pairwise(grid.columns):
        rank = {place: index for index, place in enumerate(beyond)}
        ends: list[int] = []
        for place in column:
            mine = sorted(rank[other] for other in grid.right[place])
            found += sum(len(ends) - bisect_right(ends, end) for end in mine)
            for end in mine:
                ends.insert(bisect_left(ends, end), end)
    return found


def heights(grid: Grid) -> list[float]:
    """The middle of each place, from top to bottom."""
    middle = [0.0] * len(grid.node)
    for column in grid.columns:
        total = -sum(grid.size[place] for place in column) / 2
        for place in column:
            middle[place] = total + grid.size[place] / 2
            total += grid.size[place]
    sweeps = min(150, max(8, 60_000 // len(middle)))
    for sweep in range(sweeps):
        rightward = sweep % 2 == 0
        both = sweep >= sweeps * 2 // 3
        for column in grid.columns if rightward else reversed(grid.columns):
            wished, weights = [], []
            for place in column:
                near = grid.left[place] if rightward else grid.right[place]
                if both:
                    near = grid.left[place] | grid.right[place]
                # A little towards the middle of all, where nothing else has a say.
                weight = sum(near.values()) + HOME
                wished.append(sum(middle[other] * pull for other, pull in near.items()) / weight)
                weights.append(weight)
            for place, at in zip(
                column, _apart(wished, weights, [grid.size[p] for p in column]), strict=True
            ):
                middle[place] = at
    return middle


def _apart(wished: list[float], weights: list[float], sizes: list[float]) -> list[float]:
    """The heights nearest to those wished that keep the order and do not overlap.

    Less the room that those above take, they only must not decrease. So: where one does, it and
    the one above are pooled at their mean, as often as that is so.
    """
    offsets = [0.0]
    for one, other in pairwise(sizes):
        offsets.append(offsets[-1] + (one + other) / 2)
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    for wish, weight, offset in zip(wished, weights, offsets, strict=True):
        mean, total, count = wish - offset, weight, 1
        while pools and pools[-1][0] > mean:
            above, heavy, many = pools.pop()
            mean = (mean * total + above * heavy) / (total + heavy)
            total, count = total + heavy, count + many
        pools.append((mean, total, count))
    means = [mean for mean, _, count in pools for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]
