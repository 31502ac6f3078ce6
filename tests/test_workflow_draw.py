"""The picture of a run: its geometry, and that it is SVG whatever names and reasons hold."""

import random
import re
import time
from collections import defaultdict
from functools import cache
from itertools import combinations, pairwise
from xml.etree import ElementTree as ET

import pytest

from holdall.workflow.draw import COLOURS, MARKS, draw
from holdall.workflow.layout import layout
from holdall.workflow.record import Record, Step

SVG = "{http://www.w3.org/2000/svg}"
STATES = ["hit", "ran", "skipped", "failed", "waiting"]


def step(number, parents=(), *, name=None, kind="function", state="ran", **more):
    given = {"seconds": 0.25, "size": 1000, "reason": "argument x changed"} | more
    return Step(
        id=number, name=name or f"node_{number:04d}", kind=kind, state=state,
        parents=tuple(parents), **given,
    )  # fmt: skip


def record(steps, name="test"):
    return Record(workflow_name=name, steps=tuple(steps), seconds=1.5)


def chain(count):
    return record([step(0), *(step(number, [number - 1]) for number in range(1, count))])


def fan(count):
    """One, then many beside each other, then one."""
    inside = [step(number, [0]) for number in range(1, count - 1)]
    return record([step(0), *inside, step(count - 1, range(1, count - 1))])


def web(count, reach=25, seed=7):
    rng = random.Random(seed)
    steps = []
    for number in range(count):
        before = range(max(0, number - reach), number)
        some = rng.sample(before, k=min(len(before), rng.choice([0, 1, 1, 2, 3])))
        steps.append(step(number, sorted(some), state=rng.choice(STATES)))
    return record(steps)


def actors():
    """Two actors whose calls take turns, each call with an argument of its own."""
    steps, last = [step(0)], {}
    for which in range(2):
        last[which] = len(steps)
        steps.append(step(len(steps), kind="actor", name=f"Counter_{which}"))
    for _ in range(4):
        for which in range(2):
            steps.append(step(len(steps), [0]))
            steps.append(step(len(steps), [last[which], len(steps) - 1], kind="method"))
            last[which] = len(steps) - 1
    return record([*steps, step(len(steps), last.values())])


GRAPHS = {
    "none": record([]), "one": record([step(0)]), "three": chain(3), "long": chain(500),
    "fan": fan(40), "wide": fan(500), "web": web(60), "great web": web(500), "actors": actors(),
    "apart": record([step(number, [number - 1] if number % 3 else []) for number in range(200)]),
}  # fmt: skip


@pytest.fixture(params=GRAPHS)
def run(request):
    return GRAPHS[request.param]


def tree(run):
    return ET.fromstring(draw(run))


def of_class(root, name):
    return [found for found in root.iter() if name in found.get("class", "").split()]


def nodes(root):
    """Each box with its texts: the groups of a state that hold one."""
    groups = [group for state in MARKS for group in of_class(root, state)]
    return [group for group in groups if any("box" in rect.get("class") for rect in group.iter(f"{SVG}rect"))]  # fmt: skip


@cache
def placed(run):
    arrows = [(parent, each.id) for each in run.steps for parent in each.parents]
    return layout([each.id for each in run.steps], arrows, set(), 150.0), set(arrows)


# The whole


def test_it_is_one_well_formed_picture_as_large_as_it_says(run):
    root = tree(run)
    assert root.tag == f"{SVG}svg"
    width, height = float(root.get("width")), float(root.get("height"))
    assert root.get("viewBox") == f"0 0 {width:g} {height:g}"
    across, down = map(
        float, re.findall(r"[\d.]+", root.find(f"{SVG}g[@transform]").get("transform"))
    )
    for group in nodes(root):
        x, y = map(float, re.findall(r"[\d.]+", group.get("transform")))
        box = group.find(f"{SVG}rect")
        assert 0 <= x + across <= width - float(box.get("width"))
        assert 0 <= y + down <= height - float(box.get("height"))


def test_it_needs_nothing_from_elsewhere(run):
    text = draw(run)
    assert text.replace('xmlns="http://www.w3.org/2000/svg"', "").count("http") == 0
    assert "<script" not in text
    assert "url(" not in text


def test_two_pictures_in_one_page_do_not_meet(run):
    root = tree(run)
    assert not [found for found in root.iter() if found.get("id")]
    rules = re.sub(r"@media [^{]+\{", "", root.find(f"{SVG}style").text)
    for rule in re.findall(r"([^{}]+)\{[^}]*\}", rules):
        for selector in rule.split(","):
            assert selector.strip().startswith(".holdall-graph"), rule


def test_it_is_the_same_each_time(run):
    assert draw(run) == draw(run)


def test_every_node_is_drawn_once_with_its_name(run):
    names = [group.find(f"{SVG}text").text for group in nodes(tree(run))]
    assert sorted(names) == sorted(each.name for each in run.steps)


# What a node says


@pytest.mark.parametrize("state", STATES)
def test_a_state_is_a_colour_a_mark_and_a_word(state):
    root = tree(record([step(0, state=state)]))
    (group,) = nodes(root)
    assert group.get("class") == state
    (mark,) = of_class(group, "mark")
    assert mark.get("d") == MARKS[state]
    assert group.findall(f"{SVG}text")[1].text.split(" · ")[0] == state
    style = root.find(f"{SVG}style").text
    day, night = style.split("@media (prefers-color-scheme:dark)")
    for css, (fill, _, _) in zip((day, night), COLOURS[state], strict=True):
        assert f".{state} .box{{fill:{fill};" in css


def test_no_two_states_look_alike():
    assert set(MARKS) == set(COLOURS) == set(STATES)
    assert len(set(MARKS.values())) == len(STATES)
    for time_of_day in (0, 1):
        assert len({colours[time_of_day] for colours in COLOURS.values()}) == len(STATES)


@pytest.mark.parametrize(
    ("seconds", "size", "said"),
    [
        (0.0000042, 0, "ran · 4.20 µs · 0 B"),
        (0.0314, 999, "ran · 31.4 ms · 999 B"),
        (0.9996, 1_500, "ran · 1.00 s · 1.5 kB"),
        (119, 123_456_789, "ran · 119 s · 123 MB"),
        (150, 2_000_000_000, "ran · 2 min 30 s · 2.0 GB"),
        (7260, None, "ran · 2 h 1 min"),
    ],
)
def test_time_and_size(seconds, size, said):
    (group,) = nodes(tree(record([step(0, seconds=seconds, size=size)])))
    assert group.findall(f"{SVG}text")[1].text == said


def test_a_hit_says_what_it_saved():
    root = tree(record([step(0, state="hit", seconds=90), step(1, state="hit", seconds=90)]))
    assert nodes(root)[0].findall(f"{SVG}text")[1].text == "hit · saved 90.0 s · 1.0 kB"
    assert "2 nodes in 1.50 s, 3 min 0 s saved, 2.0 kB kept" in "".join(root.itertext())


def test_the_reason_is_its_tooltip():
    (group,) = nodes(tree(record([step(0, reason="helper weather.rain changed")])))
    assert group.find(f"{SVG}title").text.splitlines() == [
        "node_0000", "ran 250 ms 1.0 kB", "helper weather.rain changed",
    ]  # fmt: skip


def test_the_legend_counts():
    run = record([step(n, state=state) for n, state in enumerate(["hit", "hit", "ran", "failed"])])
    said = [text.text for text in tree(run).findall(f"{SVG}text")]
    assert said[1:] == ["2 hit", "1 ran", "1 failed"]
    assert (
        "".join(tree(run).find(f"{SVG}text").itertext())
        == "test\n4 nodes in 1.50 s, 500 ms saved, 4.0 kB kept"
    )


NASTY = [
    "<script>alert(1)</script>", 'a & b " \' >', "]]> <!-- -->", "null\0bell\x07", "\ud800 alone",
    "\u202edrow", "\ufffe", "line\nbreak",
]  # fmt: skip


@pytest.mark.parametrize("text", NASTY)
def test_text_stays_text(text):
    run = record([step(0, name=text, reason=text), step(1, [0], kind="method", name=text)], text)
    root = tree(run)
    assert not root.findall(f".//{SVG}script")
    assert len(nodes(root)) == 2
    shown = re.sub("[\0\x07\ud800\u202e\ufffe]", "\ufffd", text)
    assert nodes(root)[0].find(f"{SVG}title").text.startswith(shown.split("\n")[0])


def test_a_long_name_is_cut_in_its_middle_and_whole_in_its_tooltip():
    name = "a_function_with_" + "a_very_" * 20 + "long_name_0042"
    (group,) = nodes(tree(record([step(0, name=name)])))
    shown = group.find(f"{SVG}text").text
    assert re.fullmatch(r"a_function.*….*_0042", shown)
    assert len(shown) < 32
    assert group.find(f"{SVG}title").text.splitlines()[0] == name


# Actors


def test_an_actor_and_its_calls_lie_on_one_band():
    root = tree(actors())
    bands = of_class(root, "band")
    assert len(bands) == 2
    boxes = {
        group.find(f"{SVG}text").text: tuple(
            map(float, re.findall(r"[\d.]+", group.get("transform")))
        )
        for group in nodes(root)
    }
    for which, band in enumerate(bands):
        assert f"Counter_{which}" in band.find(f"{SVG}title").text
        calls = [each for each in actors().steps if each.kind == "method"][which::2]
        for name in (f"Counter_{which}", *(call.name for call in calls)):
            x, y = boxes[name]
            assert f"M{x + 20:g} {y + 20:g}h" in band.get("d")
    assert (
        len([link for link in of_class(root, "chain") if link.find(f"{SVG}title") is not None]) == 8
    )
    assert "an actor and its calls" in draw(actors())
    assert "an actor and its calls" not in draw(web(10))


# Geometry


def test_no_box_lies_on_another(run):
    columns = defaultdict(list)
    for box in placed(run)[0].boxes.values():
        columns[box.x].append(box)
    for boxes in columns.values():
        for one, other in pairwise(sorted(boxes, key=lambda box: box.y)):
            assert one.y + one.height < other.y
    for one, other in combinations(columns, 2):
        if abs(one - other) < 150:  # columns of two parts of the graph
            for upper in columns[one]:
                for lower in columns[other]:
                    assert upper.y + 40 < lower.y or lower.y + 40 < upper.y


def test_every_arrow_goes_from_its_box_to_its_box(run):
    place, arrows = placed(run)
    reached = set()
    for wire in place.wires:
        ways = defaultdict(set)
        for begin, end in (*wire.pieces, *wire.folds):
            ways[begin].add(end)
        ends = {
            (place.boxes[target].x, place.boxes[target].y + 20): target for target in wire.targets
        }
        for source in wire.sources:
            box = place.boxes[source]
            found, ahead = set(), [(box.x + box.width, box.y + 20)]
            while ahead:
                at = ahead.pop()
                if at not in found:
                    found.add(at)
                    ahead += ways[at]
            reached |= {(source, ends[at]) for at in found & set(ends)}
            # Nothing ends in the air.
            assert all(ways[at] or at in ends for at in found)
    assert reached == arrows


@pytest.mark.parametrize("name", ["long", "fan", "web", "actors", "apart"])
def test_no_arrow_runs_behind_a_box(name):
    place, _ = placed(GRAPHS[name])
    boxes = list(place.boxes.values())
    for wire in place.wires:
        pieces = [*wire.pieces, *wire.folds]
        for (x1, y1), (x2, y2) in pieces:
            left, right = sorted((x1, x2))
            top, bottom = sorted((y1, y2))
            assert not [
                box
                for box in boxes
                if box.x < right
                and box.x + box.width > left
                and box.y < bottom
                and box.y + box.height > top
            ]


def test_arrows_go_to_the_right_unless_they_go_to_the_next_row(run):
    place, _ = placed(run)
    for wire in place.wires:
        for (x1, _), (x2, _) in wire.pieces:
            assert x1 < x2
        for (x1, y1), (x2, y2) in wire.folds:
            assert (x1 == x2) != (y1 == y2)


def test_what_needs_no_crossing_has_none():
    # Two strands in the worst order, and a fan.
    strands = [("a", "b2"), ("b2", "c"), ("d", "e"), ("e", "f"), ("a", "z"), ("d", "z")]
    place = layout([*"fecdaz", "b2"], strands, set(), 100.0)
    lines = [piece for wire in place.wires for piece in wire.pieces]
    for ((ax, ay), (bx, by)), ((cx, cy), (dx, dy)) in combinations(lines, 2):
        if ax == cx and bx == dx:
            assert (ay - cy) * (by - dy) >= 0


@pytest.mark.parametrize("name", ["long", "wide", "great web"])
def test_five_hundred_nodes_are_no_strip(name):
    root = tree(GRAPHS[name])
    width, height = float(root.get("width")), float(root.get("height"))
    assert 1 / 3 < width / height < 3
    assert width < 10_000


@pytest.mark.parametrize("make", [chain, fan, web])
def test_two_thousand_nodes_are_quick(make):
    run = make(2_000)
    began = time.process_time()
    draw(run)
    assert time.process_time() - began < 5


def test_the_input_that_is_not_in_the_record_is_left_out():
    root = tree(record([step(1, [0]), step(2, [1])]))
    assert len(nodes(root)) == 2
    assert len(of_class(root, "link")) == 1


def test_a_circle_is_refused():
    with pytest.raises(ValueError, match="circle"):
        draw(record([step(0, [1]), step(1, [0])]))


def test_chains_are_straight():
    steps = actors().steps
    calls = [[each for each in steps if each.kind == "method"][which::2] for which in range(2)]
    links = {pair for chain in calls for pair in pairwise(each.id for each in chain)}
    arrows = [(parent, each.id) for each in steps for parent in each.parents]
    place = layout([each.id for each in steps], arrows, links, 150.0)
    for wire in place.wires:
        if wire.chain:
            assert all(abs(y1 - y2) < 12 for (_, y1), (_, y2) in wire.pieces)
