"""Where the boxes of a graph go: columns from left to right, few crossings, no box upon another.

The way of Sugiyama, Tagawa and Toda, in four steps, each of which decides one thing for good:

1. `columns_of`: in which column. Right of everything it comes from, and no column too tall.
2. `grid_of`: an arrow over several columns gets a place in each that it passes, as if it were a
   thin box, so that it never runs behind a real one. Arrows from one box, or into one box, share
   these places; otherwise a graph of 500 boxes would be mostly places.
3. `ordered`: in which order within a column. Each goes to the mean place of its neighbours, back
   and forth, and the order with the fewest crossings is kept.
4. `heights`: how far down. As near to its neighbours' mean as the order and the gaps allow, which
   is isotonic regression, solved by pooling.

Parts of the graph that no arrow joins are laid out by themselves and set side by side.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil, sqrt

from holdall.workflow.grid import BAND, GAP, HEIGHT, Arrow, Grid, grid_of, heights, ordered

CLEFT = 52.0  # between two columns, before there is anything to cross
LONGEST = 3600.0  # a row of columns, before it goes on below
LANE = 7.0  # between two arrows that go to the row below
TURN = 16.0  # between such an arrow and the boxes
MARGIN = 36.0  # between two parts that no arrow joins

Point = tuple[float, float]
Piece = tuple[Point, Point]


@dataclass(frozen=True)
class Box:
    """A node's place: its upper left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Wire:
    """Arrows that are drawn as one line: from one box to several, or from several into one.

    `pieces` go from left to right, as curves where the heights differ. `folds` are the straight
    ways from the end of a row of columns to the row below it.
    """

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    chain: bool
    pieces: tuple[Piece, ...]
    folds: tuple[Piece, ...]


@dataclass(frozen=True)
class Layout:
    """The whole picture, from (0, 0)."""

    width: float
    height: float
    boxes: dict[str, Box]
    wires: list[Wire]


def layout(nodes: Sequence[str], arrows: Iterable[Arrow], chains: set[Arrow], box: float) -> Layout:
    """Lay out a graph of boxes of one width. The arrows in `chains` are kept as straight as can be.

    # Raises
    ValueError: the arrows go in a circle.
    """
    arrows = list(dict.fromkeys(arrows))
    parts = [_part(part, inside, chains, box) for part, inside in _parts(nodes, arrows)]
    return _side_by_side(parts)


def _parts(nodes: Sequence[str], arrows: list[Arrow]) -> list[tuple[list[str], list[Arrow]]]:
    """The parts of the graph that no arrow joins, in the order of their first nodes."""
    head = {node: node for node in nodes}

    def find(node: str) -> str:
        while head[node] != node:
            head[node] = node = head[head[node]]
        return node

    for source, target in arrows:
        head[find(target)] = find(source)
    parts: dict[str, tuple[list[str], list[Arrow]]] = {}
    for node in nodes:
        parts.setdefault(find(node), ([], []))[0].append(node)
    for arrow in arrows:
        parts[find(arrow[0])][1].append(arrow)
    return list(parts.values())


def _part(nodes: list[str], arrows: list[Arrow], chains: set[Arrow], box: float) -> Layout:
    before: dict[str, list[str]] = {node: [] for node in nodes}
    after: dict[str, list[str]] = {node: [] for node in nodes}
    for source, target in arrows:
        before[target].append(source)
        after[source].append(target)
    order = _sequence(nodes, before, after)
    # About as wide as high: a box takes three to five times more room to the side than down.
    most = max(24, ceil(sqrt(3.5 * len(nodes))))
    grid = grid_of(columns_of(order, before, after, most), order, arrows, chains)
    ordered(grid)
    return _Placed(grid, heights(grid), box).layout()


def _sequence(
    nodes: list[str], before: Mapping[str, list[str]], after: Mapping[str, list[str]]
) -> list[str]:
    """The nodes so that each comes after those it needs, and what belongs together stays so.

    Depth first: a column that is full then breaks between branches, not through each of them.
    """
    waits = {node: len(before[node]) for node in nodes}
    ready = [node for node in reversed(nodes) if not waits[node]]
    sequence = []
    while ready:
        sequence.append(node := ready.pop())
        for child in reversed(after[node]):
            waits[child] -= 1
            if not waits[child]:
                ready.append(child)
    if len(sequence) < len(nodes):
        raise ValueError("the arrows go in a circle: there is no order to draw these nodes in")
    return sequence


def columns_of(
    order: list[str],
    before: Mapping[str, list[str]],
    after: Mapping[str, list[str]],
    most: int,
) -> dict[str, int]:
    """The column of each: one right of the last that it needs, or the next that is not full."""
    column: dict[str, int] = {}
    taken: Counter[int] = Counter()
    for node in order:
        at = max((column[parent] + 1 for parent in before[node]), default=0)
        while taken[at] >= most:
            at += 1
        column[node] = at
        taken[at] += 1
    # What needs nothing stands just before what needs it, instead of far left with a long arrow.
    for node in reversed(order):
        if after[node] and not before[node]:
            at = min(column[child] for child in after[node]) - 1
            while taken[at] >= most and at > column[node]:
                at -= 1
            taken[column[node]] -= 1
            taken[at] += 1
            column[node] = at
    number = {at: index for index, at in enumerate(sorted(set(column.values())))}
    return {node: number[at] for node, at in column.items()}


def _rows(grid: Grid, middle: list[float], box: float) -> list[list[list[int]]]:
    """The columns, cut where a long graph goes on below, as a long line of text does."""
    columns = grid.columns
    places = range(len(middle))
    top = min(middle[place] - grid.size[place] / 2 for place in places)
    bottom = max(middle[place] + grid.size[place] / 2 for place in places)
    width, height = len(columns) * (box + 1.5 * CLEFT), bottom - top + 4 * GAP
    wanted = round(sqrt(width / (1.8 * height))) if width > LONGEST else 1
    most = max(6, ceil(len(columns) / max(1, wanted)))
    return [columns[at : at + most] for at in range(0, len(columns), most)]


class _Placed:
    """From columns and heights to coordinates, a row of columns after the other."""

    def __init__(self, grid: Grid, middle: list[float], box: float) -> None:
        self.grid, self.box = grid, box
        rows = _rows(grid, middle, box)
        self.row = {
            place: number for number, row in enumerate(rows) for column in row for place in column
        }
        # Each wire that leaves a row has a lane to the next: right of the row, under it, left below.
        self.lanes: list[list[tuple[str, ...]]] = [[] for _ in rows]
        for name, (_, joints) in grid.wires.items():
            ends = [self.row[one] for one, other in joints if self.row[one] != self.row[other]]
            for number in dict.fromkeys(ends):
                self.lanes[number].append(name)
        self.x, self.y = [0.0] * len(middle), [0.0] * len(middle)
        self.right: list[float] = []  # of each row, where its last boxes end
        self.bottom: list[float] = []
        for number, row in enumerate(rows):
            self.set(number, row, middle)

    def set(self, number: int, row: list[list[int]], middle: list[float]) -> None:
        """Place what stands in a row."""
        grid, inside = self.grid, [place for column in row for place in column]
        came = len(self.lanes[number - 1]) if number else 0
        left = BAND + (TURN + LANE * came if came else 0)
        down = self.bottom[-1] + 2 * GAP + LANE * came if number else 0.0
        down -= min(middle[place] - grid.size[place] / 2 for place in inside)
        for column in row:
            reach = 0.0
            for place in column:
                self.x[place], self.y[place] = left, round(middle[place] + down, 1)
                near = [other for other in grid.right[place] if self.row[other] == number]
                reach = max([reach, *(abs(middle[place] - middle[other]) for other in near)])
            # The steeper the arrows, the more room they get to cross in.
            left = round(left + self.box + CLEFT + min(110.0, reach / 7), 1)
        self.right.append(max(self.x[place] for place in inside) + self.box)
        lowest = max(self.y[place] + grid.size[place] / 2 for place in inside)
        self.bottom.append(round(lowest, 1))

    def wire(self, name: tuple[str, ...]) -> Wire:
        """The line of a wire, and what it joins."""
        arrows, joints = self.grid.wires[name]
        pieces: dict[Piece, None] = {}
        folds: dict[Piece, None] = {}
        for one, other in joints:
            begin = (self.x[one] + self.box, self.y[one])
            end = (self.x[other], self.y[other])
            if self.grid.node[one] is None:
                pieces[(self.x[one], self.y[one]), begin] = None
            if self.row[one] == self.row[other]:
                pieces[begin, end] = None
            else:
                folds |= dict.fromkeys(pairwise(self.fold(name, self.row[one], begin, end)))
        sources, targets = (tuple(dict.fromkeys(arrow[end] for arrow in arrows)) for end in (0, 1))
        return Wire(sources, targets, name[0] == "chain", tuple(pieces), tuple(folds))

    def fold(self, name: tuple[str, ...], row: int, begin: Point, end: Point) -> list[Point]:
        """The corners of the way to the row below."""
        lane, many = self.lanes[row].index(name), len(self.lanes[row])
        right = self.right[row] + TURN + LANE * lane
        under = self.bottom[row] + LANE * (lane + 1)
        left = end[0] - TURN - LANE * (many - 1 - lane)
        return [
            begin, (right, begin[1]), (right, under), (left, under), (left, end[1]), end
        ]  # fmt: skip

    def layout(self) -> Layout:
        """All of it."""
        boxes = {
            node: Box(self.x[place], round(self.y[place] - HEIGHT / 2, 1), self.box, HEIGHT)
            for place, node in enumerate(self.grid.node)
            if node is not None
        }
        width = max(
            right + BAND + (TURN + LANE * len(lanes) if lanes else 0)
            for right, lanes in zip(self.right, self.lanes, strict=True)
        )
        return Layout(width, self.bottom[-1], boxes, [self.wire(name) for name in self.grid.wires])


def _side_by_side(parts: list[Layout]) -> Layout:
    """Set the parts into rows, the tall ones first, in a picture that is somewhat wider than high."""
    area = sum((part.width + MARGIN) * (part.height + GAP) for part in parts)
    widest = max([1.6 * sqrt(area), *(part.width for part in parts)])
    boxes: dict[str, Box] = {}
    wires: list[Wire] = []
    x = y = row = width = 0.0
    for part in sorted(parts, key=lambda part: -part.height):
        if x and x + part.width > widest:
            x, y, row = 0.0, round(y + row + GAP, 1), 0.0

        def moved(pieces: Iterable[Piece], x: float = x, y: float = y) -> tuple[Piece, ...]:
            return tuple(
                ((round(x + x1, 1), round(y + y1, 1)), (round(x + x2, 1), round(y + y2, 1)))
                for (x1, y1), (x2, y2) in pieces
            )

        for node, at in part.boxes.items():
            boxes[node] = Box(round(x + at.x, 1), round(y + at.y, 1), at.width, at.height)
        wires += [
            replace(wire, pieces=moved(wire.pieces), folds=moved(wire.folds)) for wire in part.wires
        ]
        width = max(width, x + part.width)
        x, row = round(x + part.width + MARGIN, 1), max(row, part.height)
    return Layout(round(width, 1), round(y + row, 1), boxes, wires)
