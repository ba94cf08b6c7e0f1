"""SVG: a chart painted as plain elements, one a line. Curves are cut at the frame: no id is needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import ceil

import numpy as np

from ..graph import text
from ..graph.svg_text import escape, number, short
from ..graph.theme import FAMILY
from . import layout, simplify
from .chart import (Area, Chart, Color, Dot, Line, Palette, Mark, Annotation, Panel, MultiPolygon,
                    ReferenceLine, HatchedSpan,
                    hex_color, is_grayscale, level)

HATCH = 10.0                     # px between the lines of a hatched strip
BASE = 0.36                      # of the size: from the middle of a line of words to its baseline
SPREAD = 1.25                    # of the size: from line to line


def write(chart: Chart) -> bytes:
    """A chart as the file."""
    return svg_text(chart).encode()


def svg_text(chart: Chart) -> str:
    """A chart as an SVG document."""
    look = chart.palette
    w, h = ceil(chart.width), ceil(chart.height)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" viewBox="0 0 {w} {h}"'
        f' role="img" font-family="{FAMILY["sans"]}" font-size="{number(layout.NUMBER)}" '
        f'fill="{short(look["muted"])}">',
        f"<title>{escape(chart.name)}</title>",
        f"<desc>{escape(chart.said)}</desc>",
        f'<rect width="{w}" height="{h}" fill="{short(look["paper"])}"/>']
    if chart.title:
        lines.append(_text(chart.title, layout.EDGE, layout.EDGE / 2 + layout.TITLE, layout.TITLE,
                           f' fill="{short(look["ink"])}" font-size="{number(layout.TITLE)}"'))
    for panel in chart.panels:
        above = list(_axes(panel, look))           # of the marks, where a box holds them
        if not panel.boxed:
            lines += above
        pairs = zip(panel.marks, outlines(panel), strict=True)
        for mark, data in sorted(pairs, key=lambda pair: level(pair[0])):
            lines += _mark(mark, panel, look, data)
        if panel.boxed:
            lines += above
        lines += _legend(panel, look, chart.width)
    return "\n".join([*lines, "</svg>\n"])


@lru_cache(8)                    # of the last pictures: they are painted light, then dark
def outlines(panel: Panel) -> list[str]:
    """Of each mark of a panel the data of its path, or nothing; the same in every look."""
    return [_outline(mark, panel) for mark in panel.marks]


def _outline(mark: Mark, panel: Panel) -> str:
    if isinstance(mark, Line):
        return simplify.line_path(*panel.places(mark.x, mark.y), panel.frame)
    if isinstance(mark, Area):
        return simplify.area_path(*panel.places(mark.x, mark.high), panel.places(mark.x,
                                                                                 mark.low)[1],
                                  panel.frame)
    if isinstance(mark, MultiPolygon):
        points = np.concatenate(mark.rings)
        return simplify.ring_path(*panel.places(*points.T), [len(ring) for ring in mark.rings])
    return ""


def _axes(panel: Panel, look: Palette) -> Iterator[str]:
    """Grid, zero lines, the two axes with their ticks, and their words."""
    left, top, wide, tall = panel.frame
    right, bottom = left + wide, top + tall
    across = [(left + wide * float(panel.x.share(t.at)), t.words) for t in panel.x_ticks]
    up = [(bottom - tall * float(panel.y.share(t.at)), t.words) for t in panel.y_ticks]
    if panel.bar:
        yield f'<g font-size="{number(layout.SMALL)}">'
        for y, words in up:
            yield _text(words, right + 6, y + BASE * layout.SMALL, layout.SMALL)
        yield "</g>"
        return
    if not panel.boxed:
        yield from _grid(panel, look, across, up)
    axes = [f"M{number(left)},{number(top)}V{number(bottom)}H{number(right)}"]
    if panel.boxed:
        axes.append(f"V{number(top)}z")
    for x, words in across:
        axes.append(f"M{number(x)},{number(bottom)}v{number(layout.TICK if words else 2.5)}")
    for y, words in up:
        axes.append(f"M{number(left)},{number(y)}h{number(-(layout.TICK if words else 2.5))}")
    yield f'<path d="{"".join(axes)}" fill="none" stroke="{short(look["line"])}"/>'
    beside = layout.TICK + layout.GAP
    yield '<g text-anchor="end">'
    for y, words in up:
        if words:
            yield _text(words, left - beside, y + BASE * layout.NUMBER, layout.NUMBER)
    yield "</g>"
    if panel.side:
        yield _text(panel.side, layout.EDGE / 2, top + tall / 2 + BASE * layout.NAME, layout.NAME,
                    f' font-size="{number(layout.NAME)}"')
    if not panel.numbered:
        return
    yield '<g text-anchor="middle">'
    base = bottom + beside + layout.NUMBER - 2
    for x, words in across:
        if words:
            yield _text(words, x, base, layout.NUMBER)
    if panel.name:
        yield _text(panel.name, left + wide / 2, base + layout.NAME + 6, layout.NAME,
                    f' font-size="{number(layout.NAME)}"')
    yield "</g>"


def _grid(panel: Panel, look: Palette, across: Sequence[tuple[float, str]],
          up: Sequence[tuple[float, str]]) -> Iterator[str]:
    """A line at each number, and where x and y are 0."""
    left, top, wide, tall = panel.frame
    right, bottom = left + wide, top + tall
    lines = [f"M{number(x)},{number(top)}V{number(bottom)}" for x, words in across if words]
    lines += [f"M{number(left)},{number(y)}H{number(right)}" for y, words in up if words]
    yield f'<path d="{"".join(lines)}" stroke="{short(look["line"])}" stroke-opacity="0.18"/>'
    zero = []
    if not panel.x.log and panel.x.low < 0 < panel.x.high:
        x = left + wide * float(panel.x.share(0.0))
        zero.append(f"M{number(x)},{number(top)}V{number(bottom)}")
    if not panel.y.log and panel.y.low < 0 < panel.y.high:
        y = bottom - tall * float(panel.y.share(0.0))
        zero.append(f"M{number(left)},{number(y)}H{number(right)}")
    if zero:
        yield f'<path d="{"".join(zero)}" stroke="{short(look["muted"])}" stroke-opacity="0.55"/>'


def _mark(mark: Mark, panel: Panel, look: Palette, data: str) -> Iterator[str]:
    if isinstance(mark, Line) and data:
        said = f"><title>{escape(mark.label)}</title></path>" if mark.label else "/>"
        yield f'<path d="{data}"{_stroke(mark, look)}{said}'
    elif isinstance(mark, Area) and data:
        yield (f'<path d="{data}" fill="{_hex(mark.color, look)}" '
               f'fill-opacity="{_share(mark.opacity)}"/>')
    elif isinstance(mark, MultiPolygon) and data:
        faint = f' fill-opacity="{_share(mark.opacity)}"' if mark.opacity < 1 else ""
        edge = f' stroke="{_hex(mark.edge, look)}" stroke-width="0.3"' if mark.edge else ""
        yield f'<path d="{data}" fill="{_hex(mark.color, look)}" fill-rule="evenodd"{faint}{edge}/>'
    elif isinstance(mark, ReferenceLine):
        yield _rule(mark, panel, look)
    elif isinstance(mark, HatchedSpan):
        yield from _shade(mark, panel, look)
    elif isinstance(mark, Dot):
        yield _dot(mark, panel, look)
    elif isinstance(mark, Annotation):
        yield from _note(mark, panel, look)


def _stroke(mark: Line | ReferenceLine, look: Palette) -> str:
    dash = mark.plain if isinstance(mark, Line) and is_grayscale(look) else mark.dash
    out = f' fill="none" stroke="{_hex(mark.color, look)}" stroke-width="{number(mark.width)}"'
    if dash:
        out += f' stroke-dasharray="{" ".join(map(number, dash))}"'
    elif isinstance(mark, Line):
        out += ' stroke-linecap="round"'
    if isinstance(mark, Line):
        out += ' stroke-linejoin="round"'
    return out + (f' stroke-opacity="{_share(mark.opacity)}"' if mark.opacity < 1 else "")


def _rule(mark: ReferenceLine, panel: Panel, look: Palette) -> str:
    left, top, wide, tall = panel.frame
    if mark.upright:
        d = f"M{number(left + wide * float(panel.x.share(mark.at)))},{number(top)}v{number(tall)}"
    else:
        d = f"M{number(left)},{number(top + tall * (1 - float(panel.y.share(mark.at))))}"
        d += f"h{number(wide)}"
    return f'<path d="{d}"{_stroke(mark, look)}/>'


def _shade(mark: HatchedSpan, panel: Panel, look: Palette) -> Iterator[str]:
    """A strip and lines across it, at 45 degrees."""
    left, top, wide, tall = panel.frame
    a, b = (left + wide * float(share) for share in panel.x.share([mark.low, mark.high]))
    a, b = max(a, left), min(b, left + wide)
    yield (f'<rect x="{number(a)}" y="{number(top)}" width="{number(b - a)}" '
           f'height="{number(tall)}" fill="{_hex(mark.color, look)}" fill-opacity="0.07"/>')
    lines, bottom = [], top + tall
    for k in range(ceil((a + top) / HATCH), int((b + bottom) // HATCH) + 1):
        x, end = max(a, k * HATCH - bottom), min(b, k * HATCH - top)           # on x + y = k HATCH
        if end - x > 1:
            lines.append(f"M{number(x)},{number(k * HATCH - x)}l{number(end - x)},"
                         f"{number(x - end)}")
    yield (f'<path d="{"".join(lines)}" stroke="{_hex(mark.hatch, look)}" stroke-width="0.8" '
           'stroke-opacity="0.35"/>')


def _dot(mark: Dot, panel: Panel, look: Palette) -> str:
    x, y = map(float, panel.places(mark.x, mark.y))
    r = mark.size / 2
    paint = (f' fill="{_hex(mark.fill, look)}" stroke="{_hex(mark.edge, look)}" '
             f'stroke-width="{number(mark.width)}"/>')
    if mark.shape == "circle":
        return f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(r)}"{paint}'
    if mark.shape == "square":
        return (f'<rect x="{number(x - r)}" y="{number(y - r)}" width="{number(2 * r)}" '
                f'height="{number(2 * r)}"{paint}')
    if mark.shape == "diamond":
        s = number(1.3 * r)
        return f'<path d="M{number(x - 1.3 * r)},{number(y)}l{s},-{s}l{s},{s}l-{s},{s}z"{paint}'
    s = number(2 * r)
    return f'<path d="M{number(x - r)},{number(y - r)}l{s},{s}m0,-{s}l-{s},{s}"{paint}'


def _note(mark: Annotation, panel: Panel, look: Palette) -> Iterator[str]:
    f = panel.frame
    if mark.inside:
        x, y = f.left + f.width * mark.x, f.top + f.height * (1 - mark.y)
    else:
        x, y = map(float, panel.places(mark.x, mark.y))
    x, y = x + mark.dx, y - mark.dy
    lines = mark.words.split("\n")
    wide = max(text.width(line, mark.size) for line in lines)
    high = SPREAD * mark.size * len(lines)
    left = x - {"start": 0.0, "middle": 0.5, "end": 1.0}[mark.anchor] * wide
    top = y - {"top": 0.0, "middle": 0.5, "bottom": 1.0}[mark.rise] * high
    turn = f' transform="rotate(-90 {number(x)} {number(y)})"' if mark.upright else ""
    if mark.plate:
        pad = 5.0 if mark.plate == 1 else 2.0
        faint = f' fill-opacity="{_share(mark.plate)}"' if mark.plate < 1 else ""
        yield (f'<rect x="{number(left - pad)}" y="{number(top - pad / 2)}" '
               f'width="{number(wide + 2 * pad)}" height="{number(high + pad)}" rx="3" '
               f'fill="{_hex("paper", look)}"{faint}{turn}/>')
    more = "" if mark.color == "muted" else f' fill="{_hex(mark.color, look)}"'
    if mark.anchor != "start":
        more += f' text-anchor="{mark.anchor}"'
    if mark.size != layout.NUMBER:
        more += f' font-size="{number(mark.size)}"'
    for i, line in enumerate(lines):
        base = top + SPREAD * mark.size * (i + 0.5) + BASE * mark.size
        yield _text(line, x, base, mark.size, more + turn)


def _legend(panel: Panel, look: Palette, width: float) -> Iterator[str]:
    entries = layout.legend_entries(panel, width)
    if not entries:
        return
    yield f'<g fill="{short(look["ink"])}" font-size="{number(layout.LEGEND)}">'
    for entry in entries:
        mark, x, y = entry
        if isinstance(mark, Line):
            yield f'<path d="M{number(x)},{number(y)}h{number(layout.SAMPLE)}"' \
                  f'{_stroke(mark._replace(opacity=1.0), look)}/>'
        else:
            yield (f'<rect x="{number(x)}" y="{number(y - 5)}" width="{number(layout.SAMPLE)}" '
                   f'height="10" fill="{_hex(mark.color, look)}" '
                   f'fill-opacity="{_share(mark.opacity)}"/>')
        yield _text(mark.label, x + layout.SAMPLE + layout.BESIDE, y + BASE * layout.LEGEND,
                    layout.LEGEND)
    yield "</g>"


def _text(words: str, x: float, y: float, size: float, more: str = "") -> str:
    """A line of words. Its width is said, so that another font takes no other room."""
    words = text.literal(words)
    return (f'<text x="{number(x)}" y="{number(y)}"{more} '
            f'textLength="{number(text.width(words, size))}">{escape(words)}</text>')


def _hex(asked: Color, look: Palette) -> str:
    return short(hex_color(asked, look))


def _share(opacity: float) -> str:
    return f"{opacity:.2g}"
