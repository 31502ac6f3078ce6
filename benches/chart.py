"""The chart of the page: a bar for each target, with a mark where the target is."""

from html import escape
from math import log2

from report import Row, times_of

LABEL, BARS, LINE = 270, 430, 26
WIDTH = LABEL + BARS + 90
MET, MISSED, INK, GRID = "#2f7d5b", "#c2702d", "#24292f", "#d0d7de"


def svg(rows: list[Row]) -> str:
    """Bars on a scale where each step doubles; they begin at 1x, where both are equally fast."""
    rows = [row for row in rows if row.ratio is not None]
    reach = max([log2(max(row.ratio, row.target)) for row in rows], default=1.0)
    # Room to the left for what is slower than its peer.
    back = max([0.0, *(-log2(row.ratio) for row in rows)])

    def x(ratio: float) -> float:
        return LABEL + BARS * (log2(ratio) + back) / (reach + back)

    height = LINE * (len(rows) + 2)
    lines = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            f'font-family="system-ui, sans-serif" font-size="13" fill="{INK}">'
        ),
        "<title>holdall's speed as a multiple of its peers'</title>",
        f'<rect width="{WIDTH}" height="{height}" rx="6" fill="#ffffff"/>',
    ]
    for step in range(int(reach) + 1):
        at, bottom = x(2**step), height - LINE
        lines += [
            f'<path d="M{at:.1f} 8V{bottom}" stroke="{GRID}"/>',
            f'<text x="{at:.1f}" y="{bottom + 17}" text-anchor="middle">{2**step}x</text>',
        ]
    for number, row in enumerate(rows):
        top = LINE * number + 14
        left, right = sorted((x(1), x(row.ratio)))
        mark, colour = x(row.target), MET if row.met else MISSED
        label = escape(f"{row.work} / {row.peer}")
        lines += [
            f'<text x="{LABEL - 10}" y="{top + 12}" text-anchor="end" font-size="12">{label}</text>',
            f'<rect x="{left:.1f}" y="{top}" width="{max(right - left, 1):.1f}" height="16" fill="{colour}"/>',
            f'<path d="M{mark:.1f} {top - 3}v22" stroke="{INK}" stroke-width="2"/>',
            f'<text x="{max(right, mark) + 8:.1f}" y="{top + 13}">{times_of(row.ratio)}</text>',
        ]
    legend = "green: target met; orange: not; black mark: the target"
    lines.append(f'<text x="12" y="{height - 9}" font-size="11">{legend}</text>')
    return "\n".join([*lines, "</svg>", ""])
