"""Contrast: every text at 4.5:1 on what it stands on, every line at 3:1 (WCAG 2.2, AA)."""

import re

import numpy as np
import pytest

import viz
from tinytorch import Tensor
from viz.graph import Edge, Graph, Node, text
from viz import writers
from viz.layout.build_scene import build_scene
from viz.options.drawing import DrawOptions
from viz.layout.scene import Path, Polygon, Rect, Text
from viz.graph.theme import THEMES
from viz.transforms.diff import diff
from viz.transforms.diagnose import flag
from viz.fold import fold
from viz.transforms.heat import heat


def luminance(color: str) -> float:
    parts = [int(color[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


BOXES = ["input", "parameter", "constant", "value", "output"]


@pytest.mark.parametrize("name", THEMES)
def test_text_is_readable(name):
    theme = THEMES[name]
    for role in ("name", "tag", "key", "data", "grad", "sum", "constant", "chip"):
        for box in BOXES:
            ratio = contrast(theme.texts[role].color, theme.shapes[box].fill)
            assert ratio >= 4.5, f"{name}: {role} on {box}: {ratio:.2f}"
    for role in ("local", "contribution", "title", "result"):
        ratio = contrast(theme.texts[role].color, theme.paper)
        assert ratio >= 4.5, f"{name}: {role} on paper: {ratio:.2f}"
    for role in ("symbol", "word"):
        assert contrast(theme.texts[role].color, theme.shapes["op"].fill) >= 4.5
    for role in ("head", "note", "local", "contribution"):
        assert contrast(theme.texts[role].color, theme.shapes["frame"].fill) >= 4.5
    for box in ("port", "through"):
        assert contrast(theme.texts["port"].color, theme.shapes[box].fill) >= 4.5
    assert contrast(theme.texts["times"].color, theme.shapes["pill"].fill) >= 4.5


@pytest.mark.parametrize("name", THEMES)
def test_lines_are_visible(name):
    theme = THEMES[name]
    for role, shape in theme.shapes.items():
        if shape.stroke:
            ratio = contrast(shape.stroke, theme.paper)
            assert ratio >= 3, f"{name}: {role}: {ratio:.2f}"
            ratio = contrast(shape.stroke, theme.shapes["frame"].fill)
            assert ratio >= 3, f"{name}: {role} on a frame: {ratio:.2f}"
    for role in ("f", "df", "d2f"):
        assert contrast(theme.plot[role], theme.paper) >= 3


# ---- What is painted, on what it is painted on: no pair is forgotten

def every_kind(x=0.7, y=-2.0):
    """All kinds of nodes; a NaN; a loop that folds, with a leaf that it shares and one per step."""
    with np.errstate(all="ignore"):
        bad = np.log(x - 1) * Tensor(3.0, name="w") + np.zeros(3) @ Tensor(np.ones(3), name="many")
    for k in range(200):
        y = y * Tensor(1.0 + 0.001 * k, name="step") + x * 1e-9
    return bad + y


def loop(turns: int, x):
    """A loop that shares a parameter, a constant and a value with all its turns."""
    w, c = Tensor(1.01, name="w"), Tensor(2.0, name="c", requires_grad=False)
    h = y = x * x
    for _ in range(turns):
        y = y * w + c * h
    return y


@pytest.fixture(scope="module")
def painted():
    """Scenes that together have every role of a theme but those of an animation."""
    graph = viz.trace(every_kind, 0.7, -2.0)
    small = viz.trace(lambda x: x * x * np.exp(-3 * x) - 5 * x, 1.2)
    repeated = viz.trace(lambda x: sum((x * k for k in range(1, 12)), x), 1.5)
    cut = Graph("cut", small.nodes, tuple(e._replace(facts={**e.facts, "break": "no_grad"})
                                          for e in small.edges))
    other = viz.trace(lambda x: x * np.sin(x) * np.exp(-2 * x) - 5, 1.2)
    graphs = [cut, diff(small, other).graph, flag(small), fold(graph), fold(flag(graph)), repeated,
              viz.trace(lambda x: loop(9, x), 1.5),
              fold(viz.trace(lambda x: loop(200, x), 1.5)),
              *(g for by in ("grad", "data", "contribution")
                for g in (heat(small, by), fold(heat(graph, by))))]
    return [build_scene(g, DrawOptions(edges="both")) for g in graphs]


def under(fills, x: float, y: float, paper: str) -> str:
    """The colour at a point, of what is painted so far."""
    return next((color for left, top, right, bottom, color in reversed(fills)
                 if left <= x <= right and top <= y <= bottom), paper)


@pytest.mark.parametrize("name", THEMES)
def test_all_that_is_painted_can_be_seen(painted, name):
    theme = THEMES[name]
    seen = set()
    for scene in painted:
        fills: list[tuple[float, float, float, float, str]] = []
        for group in scene.groups:
            for mark in group.marks:
                seen.add(mark.role)
                if isinstance(mark, Text):
                    look = theme.texts[mark.role]
                    wide = text.width(mark.text, look.size, look.font)
                    left = mark.x - {"start": 0, "middle": wide / 2, "end": wide}[mark.anchor]
                    for x in (left + 1, left + wide - 1):
                        ground = under(fills, x, mark.y - look.size / 3, theme.paper)
                        ratio = contrast(look.color, ground)
                        assert ratio >= 4.5, (mark, ground, round(ratio, 2))
                    continue
                shape = theme.shapes[mark.role]
                x, y = mark[:2] if isinstance(mark, Rect) else mark.points[0]
                if isinstance(mark, Path):         # it begins at the border of what it leaves
                    x, y = (x + mark.points[3][0]) / 2, (y + mark.points[3][1]) / 2
                ground = under(fills, x - 0.5, y, theme.paper)
                if mark.role not in ("sheet", "frame", "veil") or shape.stroke:
                    line = shape.stroke or shape.fill
                    assert line and contrast(line, ground) >= 3, (mark, line, ground)
                if isinstance(mark, Rect) and shape.fill:
                    fills.append((x, y, x + mark.width, y + mark.height, shape.fill))
                elif isinstance(mark, Polygon):
                    assert shape.fill and contrast(shape.fill, ground) >= 3
    missing = {*theme.shapes, *theme.texts} - seen
    assert {re.sub(r"\d", "", role) for role in missing} <= {"heat-", "heat+", "line-", "line+"}


@pytest.mark.parametrize("name", THEMES)
def test_every_step_of_a_heat_can_be_seen_where_it_stands(name):
    """A bar in a box of any kind, a line on paper and in a frame, both in the legend."""
    theme = THEMES[name]
    for role, shape in theme.shapes.items():
        if role.startswith("heat"):
            for ground in [theme.paper, *(theme.shapes[box].fill for box in BOXES)]:
                ratio = contrast(shape.fill or shape.stroke, ground)
                assert ratio >= 3, (role, ground, round(ratio, 2))
        if role.startswith("line"):
            for ground in theme.paper, theme.shapes["frame"].fill:
                assert contrast(shape.stroke, ground) >= 3, (role, ground)


@pytest.mark.parametrize("name", THEMES)
def test_graphviz_and_mermaid_write_on_what_they_fill(name):
    """In DOT and Mermaid a node's text has one colour."""
    theme = THEMES[name]
    graph = heat(viz.trace(lambda x: x * Tensor(2.0, name="w") + 1, 1.2), "grad")
    mermaid = writers.write(graph, "mermaid", DrawOptions(theme=name)).decode()
    pairs = re.findall(r"fill:(#\w{6}),.*color:(#\w{6})", mermaid)
    pairs += [pair[::-1] for pair in re.findall(r"color:(#\w{6}),.*?fill:(#\w{6})", mermaid)]
    assert len(pairs) >= 5
    dot = writers.write(graph, "dot", DrawOptions(theme=name)).decode()
    ink = re.search(r'node \[.*?fontcolor="(#\w{6})"', dot, re.S)[1]
    for line in dot.splitlines():
        fill = re.search(r'fillcolor="(#\w{6})"', line)
        if fill:
            own = re.search(r'fontcolor="(#\w{6})"', line)
            pairs.append((fill[1], own[1] if own else ink))
    pairs += [(theme.paper, color) for color in re.findall(r'fontcolor="(#\w{6})"', "".join(
        re.findall(r"\t(?:graph|edge) \[.*?\]", dot, re.S)))]
    assert len(pairs) >= 12
    for ground, color in pairs:
        assert contrast(ground, color) >= 4.5, (ground, color)


def test_high_contrast_is_higher():
    """AAA: 7:1 for all text."""
    theme = THEMES["contrast"]
    for role, look in theme.texts.items():
        if role not in ("symbol", "word", "times"):            # light on an op's dark
            assert contrast(look.color, theme.paper) >= 7, role


def test_print_has_no_colour():
    theme = THEMES["print"]
    colors = [theme.paper, *(look.color for look in theme.texts.values()),
              *(c for shape in theme.shapes.values() for c in shape[:2] if c)]
    assert all(c[1:3] == c[3:5] == c[5:7] for c in colors)


def test_themes_have_the_same_roles():
    light, *others = THEMES.values()
    for theme in others:
        assert theme.shapes.keys() == light.shapes.keys()
        assert theme.texts.keys() == light.texts.keys()
        for role in light.texts:                 # a layout holds in every theme
            assert theme.texts[role][1:] == light.texts[role][1:]


def test_a_value_without_parents_could_not_be_copied_beside_its_uses():
    """A graph from a file may have one that is used often: its chip had no colours."""
    names = ["root", *"abcdefghijklmnopqr"]
    graph = Graph("g", [Node(name, "value", name) for name in names],
                  [*map(Edge, names, names[1:]), *[Edge("root", name) for name in "fghijklmnopqr"]])
    scene = build_scene(graph)
    assert any(group.role == "chip" for group in scene.groups)
    roles = {mark.role for group in scene.groups for mark in group.marks}
    assert roles <= THEMES["light"].shapes.keys() | THEMES["light"].texts.keys()


def test_kinds_differ_without_colour():
    """In black and white, kinds differ in the line: its width, its dashes or a second border."""
    shapes = THEMES["light"].shapes
    looks = {kind: (shapes[kind].width, shapes[kind].dash, kind == "output") for kind in BOXES}
    assert len(set(looks.values())) == len(BOXES)


@pytest.mark.parametrize("name", THEMES)
def test_the_sign_of_a_heat_was_lost_in_grey(name):
    shapes = THEMES[name].shapes
    for i in range(1, 5):
        assert shapes[f"heat+{i}"].fill and not shapes[f"heat-{i}"].fill
        assert shapes[f"line-{i}"].dash and not shapes[f"line+{i}"].dash
