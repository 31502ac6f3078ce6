"""A run as a picture: SVG written here, with no other program, that is its own light and dark.

What a node did is said three times, so that nobody depends on telling colours apart: by colour, by
a mark of its own shape, and by a word. Nothing has an id and every rule begins with the picture's
class, because a notebook puts many pictures into one page.
"""

from collections.abc import Iterable, Sequence
from html import escape
from itertools import pairwise
from unicodedata import category, combining, east_asian_width

from holdall.workflow.grid import BAND, HEIGHT
from holdall.workflow.layout import Box, Layout, Piece, Wire, layout
from holdall.workflow.record import Record, Step

# In the order of the legend: the word, and the mark in a square of 14.
MARKS = {
    "hit": "M7 1a6 6 0 1 0 .01 0zM4 7.2l2.2 2.3L10.2 5",
    "ran": "M3 1.5v11l9.5-5.5z",
    "skipped": "M2 3l4.5 4L2 11M7.5 3L12 7l-4.5 4",
    "failed": "M2.5 2.5l9 9M11.5 2.5l-9 9",
    "waiting": "M7 1a6 6 0 1 0 .01 0zM7 3.8V7l2.4 1.6",
}
SOLID = {"ran"}  # marks that are filled, not drawn as lines
# The fill of a box, its border and its mark: by day and by night.
COLOURS = {
    "hit": (("#dafbe1", "#2da44e", "#1a7f37"), ("#12261e", "#2ea043", "#3fb950")),
    "ran": (("#ddf4ff", "#218bff", "#0969da"), ("#121d2f", "#388bfd", "#58a6ff")),
    "skipped": (("#f6f8fa", "#afb8c1", "#6e7781"), ("#161b22", "#484f58", "#8b949e")),
    "failed": (("#ffebe9", "#cf222e", "#cf222e"), ("#2d1315", "#f85149", "#f85149")),
    "waiting": (("#fff8c5", "#bf8700", "#9a6700"), ("#272115", "#bb8009", "#d29922")),
}
DASHED = {"skipped", "waiting"}
TIMED = {"hit", "ran", "failed"}
# The ground, the ink, what is said beside it, the arrows, the band round a chain.
PAPER = (
    ("#ffffff", "#24292f", "#57606a", "#8c959f", "#f0e8fd"),
    ("#0d1117", "#e6edf3", "#9198a1", "#6e7681", "#241a3a"),
)
EDGE = 24.0  # round the whole
HEAD = 62.0  # the title and the legend
NARROWEST, WIDEST = 132.0, 236.0  # a box
TEXT = 36.0  # of a box: the mark on the left, and the edges
LETTER, SMALL = 7.3, 6.3  # the mean width of a letter, at 13 and at 11 pixels


def draw(record: Record) -> str:
    """The run as an SVG document: a box for each node, with what it did, and an arrow for each input."""
    steps = {str(number): step for number, step in enumerate(record.steps)}
    number = {step.id: key for key, step in steps.items()}
    arrows = [
        (number[parent], key)
        for key, step in steps.items()
        for parent in step.parents
        if parent in number
    ]
    chains = _chains(steps, number)
    links = {link for chain in chains for link in pairwise(chain)}
    place = layout(list(steps), [*arrows, *sorted(links)], links, _width(record.steps))
    head = _head(record)
    width = round(max(place.width, head[1]) + 2 * EDGE, 1)
    height = round(place.height + HEAD + EDGE + (EDGE if steps else 0), 1)
    title = _text(f"{record.workflow_name}: {_totals(record)}")
    return "\n".join(
        [
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" class="holdall-graph" role="img" '
                f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}">'
            ),
            f"<title>{title}</title>",
            f"<style>{_style()}</style>",
            f'<rect class="paper" width="{width:g}" height="{height:g}" rx="6"/>',
            head[0],
            f'<g transform="translate({EDGE:g} {HEAD + EDGE:g})">',
            *(_band(chain, steps, place) for chain in chains),
            *(_wire(wire, steps, place) for wire in place.wires if not wire.chain),
            *(_wire(wire, steps, place) for wire in place.wires if wire.chain),
            *(_node(step, place.boxes[key]) for key, step in steps.items()),
            "</g>",
            "</svg>",
            "",
        ]
    )


def _chains(steps: dict[str, Step], number: dict[int, str]) -> list[list[str]]:
    """The calls of each actor, in order: a call's first parent is the one before, or the actor."""
    following: dict[str, str] = {}
    for key, step in steps.items():
        if step.kind == "method" and step.parents and step.parents[0] in number:
            before = number[step.parents[0]]
            if steps[before].kind != "function":
                following.setdefault(before, key)
    chains = []
    for key in sorted(set(following) - set(following.values()), key=int):
        chain = [key]
        while chain[-1] in following:
            chain.append(following[chain[-1]])
        chains.append(chain)
    return chains


def _head(record: Record) -> tuple[str, float]:
    """The title with the totals, below it the legend with the counts. And how wide they are."""
    name, totals = _shortened(_clean(record.workflow_name), 60), _totals(record)
    widest = _measure(name) * 9.5 + _measure(totals) * SMALL + 14
    lines = [
        f'<text x="{EDGE:g}" y="30"><tspan class="title">{escape(name)}</tspan>',
        f'<tspan class="said" dx="14">{totals}</tspan></text>',
    ]
    x = EDGE
    for state in MARKS:
        if count := sum(step.state == state for step in record.steps):
            said = f"{count:,} {state}"
            lines += [
                f'<g class="{state}">{_mark(state, x, 43)}</g>',
                f'<text class="said" x="{x + 20:g}" y="54">{said}</text>',
            ]
            x = round(x + 20 + _measure(said) * SMALL + 14, 1)
    if any(step.kind == "method" for step in record.steps):
        said = "an actor and its calls, in their order"
        lines += [
            f'<rect class="swatch" x="{x:g}" y="42" width="26" height="16" rx="8"/>',
            f'<text class="said" x="{x + 33:g}" y="54">{said}</text>',
        ]
        x += 33 + _measure(said) * SMALL
    return "\n".join(lines), max(x - EDGE, widest)


def _totals(record: Record) -> str:
    count = len(record.steps)
    sizes = [step.size for step in record.steps if step.size is not None]
    saved = sum(step.seconds for step in record.steps if step.state == "hit")
    said = [f"{count:,} node{'' if count == 1 else 's'} in {_time(record.seconds)}"]
    if saved:
        said.append(f"{_time(saved)} saved")
    if sizes:
        said.append(f"{_size(sum(sizes))} kept")
    return ", ".join(said)


def _node(step: Step, at: Box) -> str:
    name = _clean(step.name)
    said = _said(step)
    room = int((at.width - TEXT) / LETTER)
    title = f"{name}\n{' '.join(said)}"
    if step.reason:
        title += f"\n{_clean(step.reason)}"
    return "\n".join(
        [
            f'<g class="{step.state}" transform="translate({at.x:g} {at.y:g})">',
            f"<title>{escape(title)}</title>",
            f'<rect class="box" width="{at.width:g}" height="{at.height:g}" rx="7"/>',
            *(['<path class="actor" d="M.5 11v18"/>'] if step.kind == "actor" else []),
            _mark(step.state, 9, 13),
            f'<text x="30" y="17">{escape(_shortened(name, room))}</text>',
            f'<text class="said" x="30" y="32">{escape(" · ".join(said))}</text>',
            "</g>",
        ]
    )


def _said(step: Step) -> list[str]:
    said: list[str] = [step.state]
    if step.state in TIMED and step.seconds:
        # Those of a hit are what it took when it ran.
        said.append(f"saved {_time(step.seconds)}" if step.state == "hit" else _time(step.seconds))
    if step.size is not None:
        said.append(_size(step.size))
    return said


def _mark(state: str, x: float, y: float) -> str:
    kind = "mark solid" if state in SOLID else "mark"
    return f'<path class="{kind}" transform="translate({x:g} {y:g})" d="{MARKS[state]}"/>'


def _band(chain: Sequence[str], steps: dict[str, Step], place: Layout) -> str:
    """What lies behind an actor and its calls, along the arrows between them."""
    links = {(wire.sources[0], wire.targets[0]): wire.pieces for wire in place.wires if wire.chain}
    first = place.boxes[chain[0]]
    end = HEIGHT / 2  # less than the box, as the line's ends are round
    path = [f"M{first.x + end:g} {first.y + HEIGHT / 2:g}h{first.width - 2 * end:g}"]
    for link in pairwise(chain):
        path += [_run(piece) for piece in links[link]]
        at = place.boxes[link[1]]
        path.append(f"M{at.x + end:g} {at.y + HEIGHT / 2:g}h{at.width - 2 * end:g}")
    title = escape(f"the calls of {_clean(steps[chain[0]].name)}, in their order")
    return f'<path class="band" d="{"".join(path)}"><title>{title}</title></path>'


def _wire(wire: Wire, steps: dict[str, Step], place: Layout) -> str:
    sources, targets = (
        ", ".join(_clean(steps[key].name) for key in end) for end in (wire.sources, wire.targets)
    )
    heads = "".join(
        f"M{place.boxes[key].x:g} {place.boxes[key].y + HEIGHT / 2:g}l-8 -4v8z"
        for key in wire.targets
    )
    path = "".join(_run(piece) for piece in [*wire.pieces, *wire.folds])
    kind = "link chain" if wire.chain else "link"
    return (
        f'<g class="{kind}"><title>{escape(sources)} → {escape(targets)}</title>'
        f'<path class="line" d="{path}"/><path class="head" d="{heads}"/></g>'
    )


def _run(piece: Piece) -> str:
    (x1, y1), (x2, y2) = piece
    begin = f"M{x1:g} {y1:g}"
    if y1 == y2:
        return f"{begin}H{x2:g}"
    if x1 == x2:
        return f"{begin}V{y2:g}"
    half = round((x1 + x2) / 2, 1)
    return f"{begin}C{half:g} {y1:g} {half:g} {y2:g} {x2:g} {y2:g}"


def _style() -> str:
    rules = [
        "{font:13px system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}",
        " .title{font-size:16px;font-weight:600}",
        " .said{font-size:11px}",
        " .box{stroke-width:1.2}",
        " .mark{fill:none;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}",
        " .line{fill:none;stroke-width:1.3}",
        " .chain .line{stroke-width:2.4}",
        " .link:hover .line{stroke-width:3.2}",
        " .actor{stroke-width:4;stroke-linecap:round}",
        (
            f" .band{{fill:none;stroke-width:{HEIGHT + 2 * BAND:g};"
            "stroke-linecap:round;stroke-linejoin:round}"
        ),
        *(f" .{state} .box{{stroke-dasharray:5 3}}" for state in sorted(DASHED)),
    ]
    day, night = (list(_colours(time)) for time in (0, 1))
    scope = ".holdall-graph"
    return (
        "\n"
        + "\n".join(scope + rule for rule in [*rules, *day])
        + "\n@media (prefers-color-scheme:dark){\n"
        + "\n".join(scope + rule for rule in night)
        + "\n}\n"
    )


def _colours(time: int) -> Iterable[str]:
    ground, ink, beside, arrow, band = PAPER[time]
    yield f" .paper{{fill:{ground}}}"
    yield f" text{{fill:{ink}}}"
    yield f" .said{{fill:{beside}}}"
    yield f" .line{{stroke:{arrow}}}"
    yield f" .head{{fill:{arrow}}}"
    yield f" .band{{stroke:{band}}}"
    yield f" .swatch{{fill:{band}}}"
    for state, by in COLOURS.items():
        fill, border, mark = by[time]
        yield f" .{state} .box{{fill:{fill};stroke:{border}}}"
        yield f" .{state} .mark,.holdall-graph .{state} .actor{{stroke:{mark}}}"
        if state in SOLID:
            yield f" .{state} .solid{{fill:{mark}}}"


def _width(steps: Sequence[Step]) -> float:
    """Wide enough for the longest name and line, within limits; the same for all."""
    need = max(
        (
            max(_measure(_clean(step.name)) * LETTER, _measure(" · ".join(_said(step))) * SMALL)
            for step in steps
        ),
        default=0.0,
    )
    return float(round(min(max(need + TEXT, NARROWEST), WIDEST)))


def _measure(text: str) -> int:
    """How many letters wide: those of East Asia take two, what only marks the one before takes none."""
    return sum(
        0 if combining(letter) else 2 if east_asian_width(letter) in "WF" else 1 for letter in text
    )


def _shortened(text: str, room: int) -> str:
    """Cut in the middle, because the number at the end tells one call from the other."""
    if _measure(text) <= room:
        return text
    end = room // 3
    begin, rest = text, text[-end:]
    while _measure(begin) + _measure(rest) >= room:
        begin = begin[:-1]
    return f"{begin}…{rest}"


def _clean(text: str) -> str:
    """What XML cannot hold, and what would turn the line around, is shown as a replacement."""
    return "".join(
        letter if letter == "\n" or category(letter) not in {"Cc", "Cs", "Cf", "Cn"} else "\ufffd"
        for letter in text
    )


def _text(text: str) -> str:
    return escape(_clean(text), quote=False)


def _time(seconds: float) -> str:
    for unit, factor in (("µs", 1e6), ("ms", 1e3), ("s", 1.0)):
        if seconds * factor < 999.5 or unit == "s":
            number = seconds * factor
            break
    if unit == "s" and number >= 120:
        minutes, rest = divmod(round(number), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
    return f"{number:.{2 if number < 10 else 1 if number < 100 else 0}f} {unit}"


def _size(size: int) -> str:
    number, unit = float(size), "B"
    for bigger in ("kB", "MB", "GB", "TB"):
        if number < 999.5:
            break
        number, unit = number / 1000, bigger
    return f"{size} B" if unit == "B" else f"{number:.{1 if number < 99.5 else 0}f} {unit}"
