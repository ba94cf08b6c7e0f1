"""SVG: the scene, one element per line, with plain attributes, safe from a page's styles."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from ..graph import Graph, text
from ..graph.svg_text import escape, number, short
from ..graph.theme import FAMILY, THEMES, Shape, Theme, Type
from ..graph.size_limits import PICTURE_NODES
from ..layout.build_scene import build_scene
from ..options.drawing import DrawOptions
from ..layout.gc_pause import gc_paused
from ..layout.scene import Group, Mark, Path, Polygon, Rect, Scene, Text

if TYPE_CHECKING:                # imported only if steps are drawn
    from ..animation.timeline import Timeline, TimedMark

BYTES_PER_NODE = 850
MAX_NODES = PICTURE_NODES
STEP_SECONDS, END_SECONDS = 1.6, 5.0               # duration of a step, and of the whole picture

_ANCHORS = {"start": "", "middle": ' text-anchor="middle"', "end": ' text-anchor="end"'}


class Attributes(NamedTuple):
    """The attributes of each role, as text."""

    shapes: Mapping[str, str]
    texts: Mapping[str, str]
    fonts: Mapping[str, str]     # separate: written once if all texts of a group share it
    types: Mapping[str, Type]    # for the width


def write(graph: Graph, options: DrawOptions = DrawOptions()) -> bytes:
    """Return the picture of a graph as SVG."""
    with gc_paused():
        return draw(build_scene(graph, options), options)


def draw(scene: Scene, options: DrawOptions = DrawOptions()) -> bytes:
    """Return a scene as SVG."""
    return paint(scene, THEMES[options.theme]).encode()


def play(graph: Graph, options: DrawOptions = DrawOptions()) -> bytes:
    """Return the steps of a graph as an SVG that plays in a loop, without script.

    With reduced motion preferred it shows the whole picture.
    Raises StepError if there are too many steps.
    """
    from ..animation.timeline import build_timeline
    return _playing(build_timeline(graph, options), options).encode()


def frames(graph: Graph, options: DrawOptions = DrawOptions()) -> Iterator[tuple[str, bytes]]:
    """Yield the steps as (name, SVG): 01.svg, 02.svg ... Raises StepError as `play`."""
    from ..animation.timeline import build_timeline, animation_theme, scene_at
    made, theme = build_timeline(graph, options), animation_theme(THEMES[options.theme])
    digits = len(str(len(made.steps)))
    for i in range(len(made.steps)):
        yield f"{i + 1:0{digits}}.svg", paint(scene_at(made, i), theme).encode()


def paint(scene: Scene, theme: Theme, *, prefix: str = "") -> str:
    """Return a scene as an SVG document.

    prefix: put before each id, since two pictures in one page must not share ids.
    """
    look = attributes(theme)
    lines: list[str] = []
    for group in scene.groups:
        _group(lines, group, look, prefix)
    return document(scene, theme, lines)


def document(scene: Scene, theme: Theme, lines: list[str]) -> str:
    """Return an SVG document of lines of elements, with size, title, description and background.

    The root has the attributes of most marks: `attributes` omits them.
    """
    w, h = ceil(scene.width), ceil(scene.height)
    color, size, font = theme.texts["key"]
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" viewBox="0 0 {w} {h}"'
        f' role="img" font-family="{FAMILY[font]}" font-size="{number(size)}" fill="{short(color)}"'
        f' stroke-width="{number(theme.shapes["edge"].width)}">',
        f"<title>{escape(scene.title)}</title>",
        f"<desc>{escape(scene.description)}</desc>",
        f'<rect width="{w}" height="{h}" fill="{short(theme.paper)}"/>',
        *lines, "</svg>\n"])


@lru_cache(8)
def attributes(theme: Theme) -> Attributes:
    """Return a theme's roles as plain attributes of elements in a `document`."""
    usual, line = theme.texts["key"], theme.shapes["edge"].width
    return Attributes({role: _shape(shape, line) for role, shape in theme.shapes.items()},
                      {role: _type(type, usual) for role, type in theme.texts.items()},
                      {role: f' font-family="{FAMILY[type.font]}"' if type.font == "mono" else ""
                       for role, type in theme.texts.items()}, theme.texts)


def _group(lines: list[str], group: Group, look: Attributes, prefix: str) -> None:
    """Add a group's lines."""
    marks, shared = group.marks, ""
    if len(marks) > 1:
        fonts = {_ANCHORS[mark.anchor] + look.fonts[mark.role] for mark in marks
                 if isinstance(mark, Text)}
        shared = fonts.pop() if len(fonts) == 1 else ""
    lines.append(f'<g id="{escape(prefix + group.id)}" class="{group.role}"{shared}>')
    if group.tip:
        lines.append(f"<title>{escape(group.tip)}</title>")
    lines += [element(mark, look, shared=bool(shared)) for mark in marks]
    lines.append("</g>")


def element(mark: Mark, look: Attributes, *, more: str = "", shared: bool = False) -> str:
    """Return a mark as an element; `shared`: its group has the font and the anchor."""
    if isinstance(mark, Text):
        x, y, string, role, anchor = mark
        own = "" if shared else _ANCHORS[anchor] + look.fonts[role]
        return (f'<text x="{number(x)}" y="{number(y)}"{own}{look.texts[role]}{more}'
                f'{_content(string, look.types[role])}')
    paint = look.shapes[mark.role] + more
    if isinstance(mark, Rect):
        x, y, width, height, radius, _ = mark
        round = f' rx="{number(radius)}"' if radius else ""
        return (f'<rect x="{number(x)}" y="{number(y)}" width="{number(width)}" '
                f'height="{number(height)}"{round}{paint}/>')
    if isinstance(mark, Polygon):
        points = " ".join([f"{number(x)},{number(y)}" for x, y in mark.points])
        return f'<polygon points="{points}"{paint}/>'
    return f'<path d="{_d(mark)}"{paint}/>'


@lru_cache(1 << 14)              # few distinct texts, many uses
def _content(string: str, type: Type) -> str:
    """Return the end of a text's start tag, with its width, and the element's content."""
    width = number(text.width(string, type.size, type.font))
    return f' textLength="{width}">{escape(string)}</text>'


def _d(path: Path) -> str:
    """Return a path's data: straight Béziers become lines, horizontal or vertical ones H or V."""
    points = path.points
    x, y = points[0]
    parts = [f"M{number(x)},{number(y)}"]
    for k in range(1, len(points), 3):
        (ax, ay), (bx, by), (cx, cy) = points[k:k + 3]
        if ay == by == cy == y:
            parts.append(f"H{number(cx)}")
        elif abs((ax - x) * (cy - y) - (ay - y) * (cx - x)) >= 0.5 or \
                abs((bx - x) * (cy - y) - (by - y) * (cx - x)) >= 0.5:
            parts.append(f"C{number(ax)},{number(ay)} {number(bx)},{number(by)} "
                         f"{number(cx)},{number(cy)}")
        elif number(cy) == number(y):
            parts.append(f"H{number(cx)}")
        else:
            parts.append(f"V{number(cy)}" if number(cx) == number(x) else
                         f"L{number(cx)},{number(cy)}")
        x, y = cx, cy
    return "".join(parts)


def _type(type: Type, usual: Type) -> str:
    color = "" if type.color == usual.color else f' fill="{short(type.color)}"'
    size = "" if type.size == usual.size else f' font-size="{number(type.size)}"'
    return color + size + (' font-weight="bold"' if type.font == "bold" else "")


def _shape(shape: Shape, usual: float) -> str:
    paint = f' fill="{short(shape.fill) if shape.fill else "none"}"'
    if shape.stroke:
        paint += f' stroke="{short(shape.stroke)}"'
        paint += "" if shape.width == usual else f' stroke-width="{number(shape.width)}"'
    if shape.dash:
        paint += f' stroke-dasharray="{" ".join(map(number, shape.dash))}"'
    return paint


def _playing(made: Timeline, options: DrawOptions) -> str:
    """Return the SVG of a timeline.

    Names of rules begin with a hash of the picture, so that two pictures can share a page.
    """
    from ..animation.timeline import DIM, animation_theme, scene_at
    theme = animation_theme(THEMES[options.theme])
    look, n = attributes(theme), len(made.steps)
    key = "tv" + hashlib.sha256(paint(scene_at(made, n - 1), theme).encode()).hexdigest()[:8]
    rules: dict[str, str] = {}   # name -> keyframes

    def rule(seen: str, hidden: str, first: int, last: int) -> str:
        """Return the name of a rule: `seen` from a step until before another, else `hidden`."""
        name = f"{key}{seen[0]}{first}-{last}"
        before = "" if first == 0 else f"0%{{{hidden}}}"
        after = "" if last == n else f"{_percent(last, n)}{{{hidden}}}"
        rules[name] = f"{before}{_percent(first, n)}{{{seen}}}{after}"
        return name

    def animated(timed: TimedMark) -> str:
        mark, first, last = timed
        if first == 0 and last == n:
            return element(mark, look)
        name = rule("visibility:visible", "visibility:hidden", first, last)
        now = "" if last == n else ' visibility="hidden"'
        return element(mark, look, more=f' class="{name}"{now}')

    lines = []
    for group, reached, marks, *_ in made.tracks:
        dim = " " + rule("opacity:1", f"opacity:{DIM}", reached, n) if reached else ""
        lines.append(f'<g id="{escape(group.id)}" class="{group.role}{dim}">')
        if group.tip:
            lines.append(f"<title>{escape(group.tip)}</title>")
        lines += [*map(animated, marks), "</g>"]
    lines += ['<g class="caption">', *map(animated, made.captions), "</g>"]
    length = f"{STEP_SECONDS * (n - 1) + END_SECONDS:g}s"
    style = ["<style>@media (prefers-reduced-motion:no-preference){", *(
        f".{name}{{animation:{name} {length} step-end infinite}}@keyframes {name}{{{frames}}}"
        for name, frames in rules.items()), "}</style>"]
    scene = made.scene._replace(width=made.size.width, height=made.size.height)
    return document(scene, theme, [*style, *lines])


def _percent(step: int, n: int) -> str:
    seconds = STEP_SECONDS * (n - 1) + END_SECONDS
    return f"{100 * STEP_SECONDS * step / seconds:.3f}".rstrip("0").rstrip(".") + "%"
