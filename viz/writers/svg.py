"""SVG: the scene, one element a line, as plain attributes: no style of the page's can reach it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from math import ceil
from typing import NamedTuple

from .. import text
from ..graph import Graph
from ..layout.compose import Options, compose
from ..layout.scene import Group, Mark, Path, Polygon, Rect, Scene, Text
from ..theme import FAMILY, THEMES, Shape, Theme, Type

_ESCAPES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord('"'): "&quot;",
            ord("'"): "&#39;"}


class Look(NamedTuple):
    """The attributes of each role, as they are written."""

    shapes: Mapping[str, str]
    texts: Mapping[str, str]
    fonts: Mapping[str, str]     # of a text, apart: what all texts of a group share stands once
    types: Mapping[str, Type]    # for the width


def escape(string: str) -> str:
    """The text for an SVG's content or attribute: the one place where this format escapes."""
    if not string.isprintable():
        string = "".join(c if c.isprintable() or c in "\n\u200c\u200d\ufe0f" else "�"
                         for c in string)
    return string.translate(_ESCAPES)


def write(graph: Graph, options: Options = Options()) -> bytes:
    """The picture of a graph as SVG."""
    return draw(compose(graph, options), options)


def draw(scene: Scene, options: Options = Options()) -> bytes:
    """A scene as the file."""
    return paint(scene, THEMES[options.theme]).encode()


def paint(scene: Scene, theme: Theme, *, prefix: str = "") -> str:
    """A scene as an SVG document.

    The prefix is put before each id: two pictures in one page must not share any.
    """
    look = attributes(theme)
    lines = [line for group in scene.groups for line in _group(group, look, prefix)]
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


def attributes(theme: Theme) -> Look:
    """A theme's roles as plain attributes of elements in a `document`."""
    usual, line = theme.texts["key"], theme.shapes["edge"].width
    return Look({role: _shape(shape, line) for role, shape in theme.shapes.items()},
                {role: _type(type, usual) for role, type in theme.texts.items()},
                {role: f' font-family="{FAMILY[type.font]}"' if type.font == "mono" else ""
                 for role, type in theme.texts.items()}, theme.texts)


def _group(group: Group, look: Look, prefix: str) -> Iterator[str]:
    shared = ""
    if len(group.marks) > 1:
        texts = [mark for mark in group.marks if isinstance(mark, Text)]
        fonts = {_anchor(mark) + look.fonts[mark.role] for mark in texts}
        shared = fonts.pop() if len(fonts) == 1 else ""
    yield f'<g id="{escape(prefix + group.id)}" class="{group.role}"{shared}>'
    if group.tip:
        yield f"<title>{escape(group.tip)}</title>"
    for mark in group.marks:
        yield element(mark, look, shared=bool(shared))
    yield "</g>"


def element(mark: Mark, look: Look, *, more: str = "", shared: bool = False) -> str:
    """A mark as an element, with more attributes; `shared` where its group says font and anchor."""
    if isinstance(mark, Text):
        type = look.types[mark.role]
        own = "" if shared else _anchor(mark) + look.fonts[mark.role]
        return (f'<text x="{number(mark.x)}" y="{number(mark.y)}"{own}{look.texts[mark.role]}{more}'
                f' textLength="{number(text.width(mark.text, type.size, type.font))}">'
                f'{escape(mark.text)}</text>')
    paint = look.shapes[mark.role] + more
    if isinstance(mark, Rect):
        radius = f' rx="{number(mark.radius)}"' if mark.radius else ""
        return (f'<rect x="{number(mark.x)}" y="{number(mark.y)}" width="{number(mark.width)}" '
                f'height="{number(mark.height)}"{radius}{paint}/>')
    if isinstance(mark, Polygon):
        points = " ".join(f"{number(x)},{number(y)}" for x, y in mark.points)
        return f'<polygon points="{points}"{paint}/>'
    return f'<path d="{_d(mark)}"{paint}/>'


def _d(path: Path) -> str:
    """A path's data: a straight Bézier is written as a line, a level or upright one as H or V."""
    (x, y), *rest = path.points
    parts = [f"M{number(x)},{number(y)}"]
    for (ax, ay), (bx, by), (cx, cy) in zip(rest[0::3], rest[1::3], rest[2::3], strict=True):
        flat = abs((ax - x) * (cy - y) - (ay - y) * (cx - x)) < 0.5 and \
            abs((bx - x) * (cy - y) - (by - y) * (cx - x)) < 0.5
        end = f"{number(cx)},{number(cy)}"
        if not flat:
            parts.append(f"C{number(ax)},{number(ay)} {number(bx)},{number(by)} {end}")
        elif number(cy) == number(y):
            parts.append(f"H{number(cx)}")
        else:
            parts.append(f"V{number(cy)}" if number(cx) == number(x) else f"L{end}")
        x, y = cx, cy
    return "".join(parts)


def _anchor(mark: Text) -> str:
    return "" if mark.anchor == "start" else f' text-anchor="{mark.anchor}"'


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


@lru_cache(1 << 14)              # most places are in whole pixels: few numbers, many times
def number(x: float) -> str:
    """A coordinate, to a tenth of a pixel: 12, 12.5."""
    return f"{x + 0.0:.1f}".removesuffix(".0")     # -0.0 equals 0.0: the same text for both
