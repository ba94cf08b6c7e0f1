"""Contour charts of functions of two variables: filled contours, the gradient, a descent."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..graph import text
from ..options.plotting import PlotOptions
from ..sweep.arrays import Floats
from ..sweep.scalar_field import DescentPath, ScalarField
from . import layout, ticks
from .chart import (
    Annotation, Chart, Color, ColorMix, Line, Mark, MultiPolygon, Palette, Panel, PanelFrame, Scale,
    Tick)
from .curves import circle
from .description import describe_field


LEVELS = 14                      # contours
STEPS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)      # between levels
ARROWS = 17                      # along the x axis
STRENGTH = 0.55                  # of a band's colour, below lines and words
HATCH = 10.0                     # px between lines where f is undefined
BAR = 15.0                       # px: width of the colour bar
SHORT = 70.0                     # px: shorter contours have no number
HEAD, HALF, SHAFT = 8.0, 3.4, 1.6          # px of an arrow: length and half width of its head


def contour_chart(field: ScalarField, path: DescentPath | None, options: PlotOptions,
                  colors: Palette, *, arrows: bool = True) -> Chart:
    """Return the chart of a field: filled contours, the gradient as arrows, a descent path."""
    wide, high = options.size[0], max(options.size[1], 0.75 * options.size[0])
    steps = levels(field.z)
    panel, bar = _framed(field, steps, wide, high)
    panel = replace(panel, marks=(
        *_bands(field, steps), *_lines(field, steps, panel), *_blank(field, panel),
        *(_arrows(field, panel) if arrows else ()), *(_descent(field, path) if path else ())))
    title = options.title or f"{field.name}({field.names[0]}, {field.names[1]})"
    return Chart(wide, high, (panel, bar), colors, describe_field(field, path), title)


def levels(z: Floats) -> Floats:
    """Return round contour levels, robust against poles; closer together where f is flat."""
    fine = z[np.isfinite(z)]
    low, high = (float(f"{v:.12g}") for v in np.percentile(fine, [2, 98]))
    if high <= low:
        low, high = low - 1.0, high + 1.0
    if low > 0 and high > 200 * low or low >= 0 and np.median(fine) < 0.05 * high:
        low = max(float(fine.min()), 1e-4 * high)
        return np.unique(np.round(np.geomspace(low, high, LEVELS), 12))
    at = [tick.at for tick in ticks.linear(Scale(low, high), LEVELS, STEPS)]
    return np.array([at[0] - (at[1] - at[0]), *at, at[-1] + (at[1] - at[0])])


def band_color(i: int, count: int, strength: float = STRENGTH) -> Color:
    """Return the colour of a band: from f's through the paper to that of f′."""
    share = 2 * i / max(count - 1, 1) - 1
    return ColorMix("paper", "df" if share > 0 else "f", round(strength * abs(share), 4))


def masked_values(field: ScalarField) -> Any:
    """Return the values, masked where f is undefined and around torn cells."""
    mask = ~np.isfinite(field.z)
    torn = np.zeros_like(mask)
    for a in (slice(None, -1), slice(1, None)):
        for b in (slice(None, -1), slice(1, None)):
            torn[a, b] |= field.torn
    return np.ma.masked_array(field.z, mask | torn)


def _framed(field: ScalarField, steps: Floats, wide: float, high: float) -> tuple[Panel, Panel]:
    """Return the axes of the picture and its colour bar, without contours."""
    x, y = (Scale(float(v[0]), float(v[-1])) for v in (field.x, field.y))
    top = layout.EDGE + layout.TITLE + 12
    tall = high - top - (layout.TICK + layout.GAP + layout.NUMBER + layout.NAME + 16)
    y_ticks = layout.axis_ticks(y, tall / 24)
    left = math.ceil(layout.EDGE + layout.TICK + layout.GAP + 6
                     + text.width(field.names[1], layout.NAME)
                     + max(text.width(t.words, layout.NUMBER) for t in y_ticks))
    every = max(math.ceil(len(steps) * 20 / tall), 1)
    named = [Tick(float(i), text.number(float(v), 3)) for i, v in enumerate(steps) if not i % every]
    room = BAR + 6 + max(text.width(t.words, layout.SMALL) for t in named)
    width = math.floor(wide - left - layout.EDGE - room - 18)
    panel = Panel(x, y, (), field.names[0], y_ticks=y_ticks, side=field.names[1], boxed=True,
                  frame=PanelFrame(left, top, width, tall))
    count = len(steps) + 1
    cells = [MultiPolygon((np.array([(0, i - 1), (1, i - 1), (1, i), (0, i)], dtype=float),),
                          band_color(i, count), 1.0) for i in range(1, count - 1)]
    ends = [MultiPolygon((np.array(points, dtype=float),), band_color(i, count), 1.0) for i,
            points in (
        (0, [(0, 0), (1, 0), (0.5, -0.7)]), (count - 1, [(0, count - 2), (1, count - 2),
                                                         (0.5, count - 1.3)]))]
    bar = Panel(Scale(0.0, 1.0), Scale(0.0, float(count - 2)), (*cells, *ends), numbered=False,
                y_ticks=tuple(named), bar=True,
                frame=PanelFrame(left + width + 18, top + 0.06 * tall, BAR, 0.88 * tall))
    return layout.with_x_ticks(panel, width, None), bar


def _generator(field: ScalarField, z: Any) -> Any:
    from contourpy import contour_generator
    return contour_generator(field.x, field.y, z, corner_mask=False, fill_type="OuterOffset")


def _parts(made: Any, low: float, high: float) -> tuple[Floats, ...]:
    """Return the rings of a filled contour, including holes."""
    return tuple(points[a:b] for points, offsets in zip(*made.filled(low, high))
                 for a, b in zip(offsets[:-1], offsets[1:]))


def _bands(field: ScalarField, steps: Floats) -> Iterator[Mark]:
    """Yield the bands, each above all lower ones, so that no seam shows between them."""
    made = _generator(field, masked_values(field))
    for i, low in enumerate((-np.inf, *steps)):
        rings = _parts(made, low, np.inf)
        if rings:
            yield MultiPolygon(rings, band_color(i, len(steps) + 1), 1.0)


def _lines(field: ScalarField, steps: Floats, panel: Panel) -> Iterator[Mark]:
    """Yield the contours, and numbers at every other one, where it is most nearly horizontal."""
    made = _generator(field, masked_values(field))
    taken: list[tuple[float, float, float, float]] = []
    notes = []
    for i, level in enumerate(steps):
        parts = [part for part in made.lines(float(level)) if len(part) > 1]
        if not parts:
            continue
        gap = np.full((1, 2), np.nan)
        x, y = np.concatenate([piece for part in parts for piece in (part, gap)]).T
        yield Line(x, y, "muted", 0.8, 1.0, opacity=0.7)
        if not i % 2:
            note = _number(text.number(float(level), 3), parts, panel, taken)
            notes += [note] if note else []
    yield from notes


def _number(words: str, parts: Sequence[Floats], panel: Panel,
            taken: list[tuple[float, float, float, float]]) -> Annotation | None:
    """Return a number on its contour, where this is most nearly horizontal and no other is near."""
    f, wide = panel.frame, text.width(words, layout.SMALL) / 2 + 8
    best, least = None, math.inf
    for part in parts:
        x, y = panel.places(part[:, 0], part[:, 1])
        steps = np.hypot(np.diff(x), np.diff(y))
        if steps.sum() < SHORT:
            continue
        middle, up = (x[1:] + x[:-1]) / 2, (y[1:] + y[:-1]) / 2
        steep = np.abs(np.diff(y)) / np.maximum(steps, 1e-9)
        inner = (middle > f.left + wide + 4) & (middle < f.left + f.width - wide - 4)
        inner &= (up > f.top + 14) & (up < f.top + f.height - 14)
        away = np.hypot(middle - f.left - f.width / 2, up - f.top - f.height / 2)
        cost = np.round(steep, 3) + 0.0004 * np.round(away)
        for a, b, c, d in taken:
            inner &= (middle + wide < a) | (middle - wide > c) | (up + 12 < b) | (up - 12 > d)
        if inner.any():
            i = int(np.argmin(np.where(inner, cost, np.inf)))
            if cost[i] < least:
                best, least = ((part[i] + part[i + 1]) / 2, middle[i], up[i]), float(cost[i])
    if best is None:
        return None
    (x, y), middle, up = best
    taken.append((middle - wide, up - 12, middle + wide, up + 12))
    return Annotation(words, float(x), float(y), "ink", layout.SMALL, anchor="middle",
                      rise="middle", plate=0.75, zorder=4.5)


def _blank(field: ScalarField, panel: Panel) -> Iterator[Mark]:
    """Yield lines at 45 degrees where f is undefined; not on a mere curve."""
    blank = ~np.isfinite(field.z)
    blank[1:-1, 1:-1] &= blank[:-2, 1:-1] & blank[2:, 1:-1] & blank[1:-1, :-2] & blank[1:-1, 2:]
    if not blank.any():
        return
    f, rows, columns = panel.frame, *(n - 1 for n in blank.shape)
    found = []
    for k in range(1, int((f.width + f.height) // HATCH) + 1):
        x = np.arange(max(0.0, k * HATCH - f.height), min(f.width, k * HATCH) + 1e-9)
        if len(x) < 2:
            continue
        row = np.rint((f.height - (k * HATCH - x)) / f.height * rows).astype(int)
        inside = blank[row, np.rint(x / f.width * columns).astype(int)]
        edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(np.int8)))
        found += [(x[a], k * HATCH - x[a], x[b - 1], k * HATCH - x[b - 1])
                  for a, b in edges.reshape(-1, 2) if b - a > 1]
    if found:
        a = np.array(found)
        gap = np.full(len(a), np.nan)
        right, down = np.stack([a[:, 0], a[:, 2], gap], 1), np.stack([a[:, 1], a[:, 3], gap], 1)
        yield Line(panel.x.low + (panel.x.high - panel.x.low) * right.ravel() / f.width,
                   panel.y.high - (panel.y.high - panel.y.low) * down.ravel() / f.height,
                   "line", 0.8, 1.5, opacity=0.6)


def _arrows(field: ScalarField, panel: Panel) -> Iterator[Mark]:
    """Yield the gradient: exact direction, length by the root of its norm, cut at 90 percent."""
    every = max((len(field.x) - 1) // ARROWS, 1)
    part = slice(every // 2, None, every)
    g = field.gradient[:, part, part].reshape(2, -1)
    size = np.hypot(*g)
    fine = np.isfinite(size) & (size > 0)
    if not fine.any():
        return
    most = np.percentile(size[fine], 90)
    if not 0 < most < np.inf:
        return
    x, y = (v.ravel()[fine] for v in np.meshgrid(field.x[part], field.y[part]))
    length = panel.frame.width / (1.25 * ARROWS) * np.sqrt(np.minimum(size[fine], most) / most)
    along = g[:, fine] / size[fine]
    across = np.stack([-along[1], along[0]])
    head = np.minimum(HEAD, 0.7 * length)
    half, shaft = HALF * head / HEAD, np.minimum(SHAFT, 0.2 * length) / 2
    tip, tail = length / 2, -length / 2
    scale = [(s.high - s.low) / n for s, n in ((panel.x, panel.frame.width),
                                               (panel.y, panel.frame.height))]
    corners = [np.stack([x + scale[0] * (u * along[0] + v * across[0]),
                         y + scale[1] * (u * along[1] + v * across[1])], axis=1)
               for u, v in ((tail, shaft), (tip - head, shaft), (tip - head, half), (tip, 0 * tip),
                            (tip - head, -half), (tip - head, -shaft), (tail, -shaft))]
    shapes = np.stack(corners, axis=1)[length >= 2.5]
    if len(shapes):
        yield MultiPolygon(tuple(shapes), "ink", 0.65, 4.0)


def _descent(field: ScalarField, path: DescentPath) -> Iterator[Mark]:
    """Yield the path of descent, with its start and its end."""
    yield Line(path.x, path.y, "d2f", 2.6, 5.0)
    yield circle(float(path.x[0]), float(path.y[0]), "d2f", "paper", 8.0)._replace(zorder=6.0)
    yield circle(float(path.x[-1]), float(path.y[-1]), "d2f", "d2f", 8.0)._replace(zorder=6.0)
    if path.end != "left the picture":
        digits = 5 - int(np.floor(np.log10(field.x[-1] - field.x[0])))
        x, y, z = (text.number(float(np.round(v[-1], digits)) + 0.0, 4) for v in path[:3])
        right = path.x[-1] > 0.5 * (field.x[0] + field.x[-1])
        yield Annotation(f"({x}, {y}) → {z}", float(path.x[-1]), float(path.y[-1]), "d2f", 12.0,
                         -10.0 if right else 10.0, -10.0, "end" if right else "start", "top", 0.85,
                         zorder=7.0)
