"""SVG: the scene, one element a line, as plain attributes: no style of the page's can reach it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import ceil
from typing import NamedTuple

from ..graph import Graph, text
from ..graph.theme import FAMILY, THEMES, Shape, Theme, Type
from ..layout.build_scene import Options, compose
from ..layout.gc_pause import uncollected
from ..layout.scene import Group, Mark, Path, Polygon, Rect, Scene, Text

_ANCHORS = {"start": "", "middle": ' text-anchor="middle"', "end": ' text-anchor="end"'}


class Look(NamedTuple):
    """The attributes of each role, as they are written."""

    shapes: Mapping[str, str]
    texts: Mapping[str, str]
    fonts: Mapping[str, str]     # of a text, apart: what all texts of a group share stands once
    types: Mapping[str, Type]    # for the width


def escape(string: str) -> str:
    """The text for an SVG's content or attribute: the one place where this format escapes."""
    if not (string.isprintable() or string.replace("\n", "").isprintable()):
        string = "".join(c if c.isprintable() or c in "\n\u200c\u200d\ufe0f" else "�"
                         for c in string)
    return string.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace(
        '"', "&quot;").replace("'", "&#39;")


def write(graph: Graph, options: Options = Options()) -> bytes:
    """The picture of a graph as SVG."""
    with uncollected():
        return draw(compose(graph, options), options)


def draw(scene: Scene, options: Options = Options()) -> bytes:
    """A scene as the file."""
    return paint(scene, THEMES[options.theme]).encode()


def paint(scene: Scene, theme: Theme, *, prefix: str = "") -> str:
    """A scene as an SVG document.

    The prefix is put before each id: two pictures in one page must not share any.
    """
    look = attributes(theme)
    lines: list[str] = []
    for group in scene.groups:
        _group(lines, group, look, prefix)
    return document(scene, theme, lines)


def document(scene: Scene, theme: Theme, lines: list[str]) -> str:
    """An SVG document around lines of elements: its size, its name and what it shows, its paper.

    What most marks have stands at the root: `attributes` leaves it out.
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
def attributes(theme: Theme) -> Look:
    """A theme's roles as plain attributes of elements in a `document`."""
    usual, line = theme.texts["key"], theme.shapes["edge"].width
    return Look({role: _shape(shape, line) for role, shape in theme.shapes.items()},
                {role: _type(type, usual) for role, type in theme.texts.items()},
                {role: f' font-family="{FAMILY[type.font]}"' if type.font == "mono" else ""
                 for role, type in theme.texts.items()}, theme.texts)


def _group(lines: list[str], group: Group, look: Look, prefix: str) -> None:
    """Adds a group's lines."""
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


def element(mark: Mark, look: Look, *, more: str = "", shared: bool = False) -> str:
    """A mark as an element, with more attributes; `shared` where its group says font and anchor."""
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


@lru_cache(1 << 14)              # few words, many times
def _content(string: str, type: Type) -> str:
    """The end of a text's tag, which holds how wide it is, and what it encloses."""
    width = number(text.width(string, type.size, type.font))
    return f' textLength="{width}">{escape(string)}</text>'


def _d(path: Path) -> str:
    """A path's data: a straight Bézier is written as a line, a level or upright one as H or V."""
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


def short(color: str) -> str:
    """A colour in as few characters as there are: #fff for #ffffff."""
    return "#" + color[1::2] if color[1::2] == color[2::2] else color


@lru_cache(1 << 16)              # most places are in whole pixels: few numbers, many times
def number(x: float) -> str:
    """A coordinate, to a tenth of a pixel: 12, 12.5."""
    return f"{x + 0.0:.1f}".removesuffix(".0")     # -0.0 equals 0.0: the same text for both
