"""SVG: the scene, one element a line, as plain attributes: no style of the page's can reach it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from .. import text
from ..graph import Graph
from ..layout.compose import Options, compose
from ..layout.scene import Group, Mark, Path, Polygon, Rect, Scene, Text
from ..theme import FAMILY, THEMES, Theme

_ESCAPES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord('"'): "&quot;",
            ord("'"): "&#39;"}


def escape(string: str) -> str:
    """The text for an SVG's content or attribute: the one place where this format escapes."""
    return "".join(c if c.isprintable() or c in "\n\u200d\ufe0f" else "�"
                   for c in string).translate(_ESCAPES)


def write(graph: Graph, options: Options = Options()) -> bytes:
    """The picture of a graph as SVG."""
    return paint(compose(graph, options), THEMES[options.theme]).encode()


def paint(scene: Scene, theme: Theme) -> str:
    """A scene as an SVG document."""
    w, h = _n(scene.width), _n(scene.height)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" viewBox="0 0 {w} {h}"'
        f' role="img" font-family="{FAMILY["sans"]}">',
        f"<title>{escape(scene.title)}</title>",
        f"<desc>{escape(scene.description)}</desc>",
        f'<rect width="100%" height="100%" fill="{theme.paper}"/>',
        *(line for group in scene.groups for line in _group(group, theme)),
        "</svg>\n"])


def _group(group: Group, theme: Theme) -> Iterator[str]:
    yield f'<g id="{escape(group.id)}" class="{group.role}">'
    if group.tip:
        yield f"<title>{escape(group.tip)}</title>"
    for mark in group.marks:
        yield _mark(mark, theme)
    yield "</g>"


def _mark(mark: Mark, theme: Theme) -> str:
    if isinstance(mark, Text):
        length = text.width(mark.text, theme.texts[mark.role].size, theme.texts[mark.role].font)
        anchor = "" if mark.anchor == "start" else f' text-anchor="{mark.anchor}"'
        return (f'<text x="{_n(mark.x)}" y="{_n(mark.y)}"{anchor}{_type(theme.name, mark.role)} '
                f'textLength="{_n(length)}">{escape(mark.text)}</text>')
    paint = _shape(theme.name, mark.role)
    if isinstance(mark, Rect):
        radius = f' rx="{_n(mark.radius)}"' if mark.radius else ""
        return (f'<rect x="{_n(mark.x)}" y="{_n(mark.y)}" width="{_n(mark.width)}" '
                f'height="{_n(mark.height)}"{radius}{paint}/>')
    if isinstance(mark, Polygon):
        points = " ".join(f"{_n(x)},{_n(y)}" for x, y in mark.points)
        return f'<polygon points="{points}"{paint}/>'
    return f'<path d="{_d(mark)}"{paint}/>'


def _d(path: Path) -> str:
    """A path's data: a straight Bézier is written as a line."""
    (x, y), *rest = path.points
    parts = [f"M{_n(x)},{_n(y)}"]
    for (ax, ay), (bx, by), (cx, cy) in zip(rest[0::3], rest[1::3], rest[2::3], strict=True):
        flat = abs((ax - x) * (cy - y) - (ay - y) * (cx - x)) < 0.5 and \
            abs((bx - x) * (cy - y) - (by - y) * (cx - x)) < 0.5
        parts.append(f"L{_n(cx)},{_n(cy)}" if flat else
                     f"C{_n(ax)},{_n(ay)} {_n(bx)},{_n(by)} {_n(cx)},{_n(cy)}")
        x, y = cx, cy
    return "".join(parts)


@lru_cache(maxsize=None)
def _type(theme: str, role: str) -> str:
    color, size, font = THEMES[theme].texts[role]
    family = f' font-family="{FAMILY[font]}"' if font == "mono" else ""
    weight = ' font-weight="bold"' if font == "bold" else ""
    return f' fill="{color}" font-size="{_n(size)}"{family}{weight}'


@lru_cache(maxsize=None)
def _shape(theme: str, role: str) -> str:
    fill, stroke, width, dash = THEMES[theme].shapes[role]
    paint = f' fill="{fill or "none"}"'
    if stroke:
        paint += f' stroke="{stroke}" stroke-width="{_n(width)}"'
    if dash:
        paint += f' stroke-dasharray="{" ".join(map(_n, dash))}"'
    return paint


def _n(x: float) -> str:
    """A coordinate, to a tenth of a pixel: 12, 12.5."""
    written = f"{x:.1f}"
    return written[:-2] if written.endswith(".0") else written
