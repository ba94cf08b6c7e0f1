"""Paint charts as SVG: plain elements, one per line, without ids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import ceil

import numpy as np

from ..graph import text
from ..graph.svg_text import escape, number, short
from ..graph.theme import FAMILY
from . import layout, simplify
from .chart import (
    Annotation, Area, Chart, Color, Dot, HatchedSpan, Line, Mark, MultiPolygon, Palette, Panel,
    ReferenceLine, hex_color, is_grayscale, zorder)

HATCH = 10.0                     # px between hatching lines
BASE = 0.36                      # from the middle of a line to its baseline, times the size
SPREAD = 1.25                    # line height, times the size


def write(chart: Chart) -> bytes:
    """Return a chart as an SVG file."""
    return svg_text(chart).encode()


def svg_text(chart: Chart) -> str:
    """Return a chart as an SVG document."""
    colors = chart.palette
    w, h = ceil(chart.width), ceil(chart.height)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" viewBox="0 0 {w} {h}"'
        f' role="img" font-family="{FAMILY["sans"]}" font-size="{number(layout.NUMBER)}" '
        f'fill="{short(colors["muted"])}">',
        f"<title>{escape(chart.name)}</title>",
        f"<desc>{escape(chart.description)}</desc>",
        f'<rect width="{w}" height="{h}" fill="{short(colors["paper"])}"/>']
    if chart.title:
        lines.append(_text(chart.title, layout.EDGE, layout.EDGE / 2 + layout.TITLE, layout.TITLE,
                           f' fill="{short(colors["ink"])}" font-size="{number(layout.TITLE)}"'))
    for panel in chart.panels:
        above = list(_axes(panel, colors))           # above the marks if they are boxed
        if not panel.boxed:
            lines += above
        pairs = zip(panel.marks, outlines(panel), strict=True)
        for mark, data in sorted(pairs, key=lambda pair: zorder(pair[0])):
            lines += _mark(mark, panel, colors, data)
        if panel.boxed:
            lines += above
        lines += _legend(panel, colors, chart.width)
    return "\n".join([*lines, "</svg>\n"])


@lru_cache(8)                    # pictures are painted light, then dark
def outlines(panel: Panel) -> list[str]:
    """Return the path of each mark of a panel, or "": the same in every theme."""
    return [_outline(mark, panel) for mark in panel.marks]


def _outline(mark: Mark, panel: Panel) -> str:
    if isinstance(mark, Line):
        return simplify.line_path(*panel.places(mark.x, mark.y), panel.frame)
    if isinstance(mark, Area):
        _, low = panel.places(mark.x, mark.low)
        return simplify.area_path(*panel.places(mark.x, mark.high), low, panel.frame)
    if isinstance(mark, MultiPolygon):
        points = np.concatenate(mark.rings)
        x, y = panel.places(points[:, 0], points[:, 1])
        return simplify.ring_path(x, y, [len(ring) for ring in mark.rings])
    return ""


def _axes(panel: Panel, colors: Palette) -> Iterator[str]:
    """Yield the grid, zero lines, the axes with ticks, and their words."""
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
        yield from _grid(panel, colors, across, up)
    axes = [f"M{number(left)},{number(top)}V{number(bottom)}H{number(right)}"]
    if panel.boxed:
        axes.append(f"V{number(top)}z")
    for x, words in across:
        axes.append(f"M{number(x)},{number(bottom)}v{number(layout.TICK if words else 2.5)}")
    for y, words in up:
        axes.append(f"M{number(left)},{number(y)}h{number(-(layout.TICK if words else 2.5))}")
    yield f'<path d="{"".join(axes)}" fill="none" stroke="{short(colors["line"])}"/>'
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


def _grid(panel: Panel, colors: Palette, across: Sequence[tuple[float, str]],
          up: Sequence[tuple[float, str]]) -> Iterator[str]:
    """Yield a line at each number, and where x and y are 0."""
    left, top, wide, tall = panel.frame
    right, bottom = left + wide, top + tall
    lines = [f"M{number(x)},{number(top)}V{number(bottom)}" for x, words in across if words]
    lines += [f"M{number(left)},{number(y)}H{number(right)}" for y, words in up if words]
    yield f'<path d="{"".join(lines)}" stroke="{short(colors["line"])}" stroke-opacity="0.18"/>'
    zero = []
    if not panel.x.log and panel.x.low < 0 < panel.x.high:
        x = left + wide * float(panel.x.share(0.0))
        zero.append(f"M{number(x)},{number(top)}V{number(bottom)}")
    if not panel.y.log and panel.y.low < 0 < panel.y.high:
        y = bottom - tall * float(panel.y.share(0.0))
        zero.append(f"M{number(left)},{number(y)}H{number(right)}")
    if zero:
        yield f'<path d="{"".join(zero)}" stroke="{short(colors["muted"])}" stroke-opacity="0.55"/>'


def _mark(mark: Mark, panel: Panel, colors: Palette, data: str) -> Iterator[str]:
    if isinstance(mark, Line) and data:
        title = f"><title>{escape(mark.label)}</title></path>" if mark.label else "/>"
        yield f'<path d="{data}"{_stroke(mark, colors)}{title}'
    elif isinstance(mark, Area) and data:
        yield (f'<path d="{data}" fill="{_hex(mark.color, colors)}" '
               f'fill-opacity="{_share(mark.opacity)}"/>')
    elif isinstance(mark, MultiPolygon) and data:
        faint = f' fill-opacity="{_share(mark.opacity)}"' if mark.opacity < 1 else ""
        edge = f' stroke="{_hex(mark.edge, colors)}" stroke-width="0.3"' if mark.edge else ""
        fill = _hex(mark.color, colors)
        yield f'<path d="{data}" fill="{fill}" fill-rule="evenodd"{faint}{edge}/>'
    elif isinstance(mark, ReferenceLine):
        yield _reference_line(mark, panel, colors)
    elif isinstance(mark, HatchedSpan):
        yield from _hatched_span(mark, panel, colors)
    elif isinstance(mark, Dot):
        yield _dot(mark, panel, colors)
    elif isinstance(mark, Annotation):
        yield from _annotation(mark, panel, colors)


def _stroke(mark: Line | ReferenceLine, colors: Palette) -> str:
    dash = mark.plain if isinstance(mark, Line) and is_grayscale(colors) else mark.dash
    out = f' fill="none" stroke="{_hex(mark.color, colors)}" stroke-width="{number(mark.width)}"'
    if dash:
        out += f' stroke-dasharray="{" ".join(map(number, dash))}"'
    elif isinstance(mark, Line):
        out += ' stroke-linecap="round"'
    if isinstance(mark, Line):
        out += ' stroke-linejoin="round"'
    return out + (f' stroke-opacity="{_share(mark.opacity)}"' if mark.opacity < 1 else "")


def _reference_line(mark: ReferenceLine, panel: Panel, colors: Palette) -> str:
    left, top, wide, tall = panel.frame
    if mark.upright:
        d = f"M{number(left + wide * float(panel.x.share(mark.at)))},{number(top)}v{number(tall)}"
    else:
        d = f"M{number(left)},{number(top + tall * (1 - float(panel.y.share(mark.at))))}"
        d += f"h{number(wide)}"
    return f'<path d="{d}"{_stroke(mark, colors)}/>'


def _hatched_span(mark: HatchedSpan, panel: Panel, colors: Palette) -> Iterator[str]:
    """Yield a span and lines across it, at 45 degrees."""
    left, top, wide, tall = panel.frame
    a, b = (left + wide * float(share) for share in panel.x.share([mark.low, mark.high]))
    a, b = max(a, left), min(b, left + wide)
    yield (f'<rect x="{number(a)}" y="{number(top)}" width="{number(b - a)}" '
           f'height="{number(tall)}" fill="{_hex(mark.color, colors)}" fill-opacity="0.07"/>')
    lines, bottom = [], top + tall
    for k in range(ceil((a + top) / HATCH), int((b + bottom) // HATCH) + 1):
        x, end = max(a, k * HATCH - bottom), min(b, k * HATCH - top)           # on x + y = k HATCH
        if end - x > 1:
            lines.append(f"M{number(x)},{number(k * HATCH - x)}l{number(end - x)},"
                         f"{number(x - end)}")
    yield (f'<path d="{"".join(lines)}" stroke="{_hex(mark.hatch, colors)}" stroke-width="0.8" '
           'stroke-opacity="0.35"/>')


def _dot(mark: Dot, panel: Panel, colors: Palette) -> str:
    x, y = map(float, panel.places(mark.x, mark.y))
    r = mark.size / 2
    paint = (f' fill="{_hex(mark.fill, colors)}" stroke="{_hex(mark.edge, colors)}" '
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


def _annotation(mark: Annotation, panel: Panel, colors: Palette) -> Iterator[str]:
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
               f'fill="{_hex("paper", colors)}"{faint}{turn}/>')
    more = "" if mark.color == "muted" else f' fill="{_hex(mark.color, colors)}"'
    if mark.anchor != "start":
        more += f' text-anchor="{mark.anchor}"'
    if mark.size != layout.NUMBER:
        more += f' font-size="{number(mark.size)}"'
    for i, line in enumerate(lines):
        base = top + SPREAD * mark.size * (i + 0.5) + BASE * mark.size
        yield _text(line, x, base, mark.size, more + turn)


def _legend(panel: Panel, colors: Palette, width: float) -> Iterator[str]:
    entries = layout.legend_entries(panel, width)
    if not entries:
        return
    yield f'<g fill="{short(colors["ink"])}" font-size="{number(layout.LEGEND)}">'
    for entry in entries:
        mark, x, y = entry
        if isinstance(mark, Line):
            yield f'<path d="M{number(x)},{number(y)}h{number(layout.SAMPLE)}"' \
                  f'{_stroke(mark._replace(opacity=1.0), colors)}/>'
        else:
            yield (f'<rect x="{number(x)}" y="{number(y - 5)}" width="{number(layout.SAMPLE)}" '
                   f'height="10" fill="{_hex(mark.color, colors)}" '
                   f'fill-opacity="{_share(mark.opacity)}"/>')
        yield _text(mark.label, x + layout.SAMPLE + layout.BESIDE, y + BASE * layout.LEGEND,
                    layout.LEGEND)
    yield "</g>"


def _text(words: str, x: float, y: float, size: float, more: str = "") -> str:
    """Return a line of words of fixed width, whatever font the reader has."""
    words = text.literal(words)
    return (f'<text x="{number(x)}" y="{number(y)}"{more} '
            f'textLength="{number(text.width(words, size))}">{escape(words)}</text>')


def _hex(color: Color, colors: Palette) -> str:
    return short(hex_color(color, colors))


def _share(opacity: float) -> str:
    return f"{opacity:.2g}"
