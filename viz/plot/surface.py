"""Surface charts: the graph of a function of two variables, in parallel projection."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike

from ..graph import text
from ..options.plotting import PlotOptions
from ..sweep.arrays import Floats
from ..sweep.scalar_field import DescentPath, ScalarField
from . import layout
from .chart import (
    Annotation, Chart, ColorMix, Line, Mark, MultiPolygon, Palette, Panel, PanelFrame, Scale)
from .contours import band_color, levels, masked_values
from .curves import circle
from .description import describe_field

Point = tuple[float, float, float]

CELLS = 60                       # cells per side of the surface
SHADES = 25                      # from the lowest to the highest
TALL = 0.75                      # height of the box relative to its sides (from -1 to 1)
AZIMUTH, ELEVATION = math.radians(-58), math.radians(32)         # of the viewer
RIGHT = np.array([-math.sin(AZIMUTH), math.cos(AZIMUTH), 0.0])
UP = np.array([-math.sin(ELEVATION) * math.cos(AZIMUTH),
               -math.sin(ELEVATION) * math.sin(AZIMUTH), math.cos(ELEVATION)])
AROUND = (56.0, 64.0, 44.0)      # px for numbers: left and right, above, below
OUT, BEYOND = 18.0, 44.0         # px from an edge to its numbers, to its name


def surface_chart(field: ScalarField, path: DescentPath | None, options: PlotOptions, colors:
                  Palette) -> Chart:
    """Return the chart of a field as a surface, with a descent path on it."""
    wide, high = options.size[0], max(options.size[1], 0.75 * options.size[0])
    box = Projection(field, z_scale(field.z), wide, high)
    made = [*_walls(field, box), *_cells(field, box)]
    if path is not None:
        made += _descent(path, box)
    panel = Panel(Scale(0.0, wide), Scale(0.0, high), tuple(made), numbered=False, bar=True,
                  frame=PanelFrame(0.0, 0.0, wide, high))
    title = options.title or f"{field.name}({field.names[0]}, {field.names[1]})"
    return Chart(wide, high, (panel,), colors, describe_field(field, path, surface=True), title)


def z_scale(z: Floats) -> Scale:
    """Return the visible range of the values: all of them, but poles are cut."""
    fine, steps = z[np.isfinite(z)], levels(z)
    span = steps[-1] - steps[0]
    low, high = (float(end) if abs(end - step) <= span else float(step)
                 for end, step in ((fine.min(), steps[0]), (fine.max(), steps[-1])))
    digits = 6 - math.floor(math.log10(span))      # hide digits that vary by processor
    if not high > low:
        low, high = low - 1.0, low + 1.0
    return Scale(round(low, digits), round(high, digits)) if abs(digits) < 300 else Scale(low, high)


class Projection:
    """Parallel projection of a box in space to px of the picture, to the right and up."""

    def __init__(self, field: ScalarField, z: Scale, wide: float, high: float) -> None:
        self.scales = (Scale(float(field.x[0]), float(field.x[-1])),
                       Scale(float(field.y[0]), float(field.y[-1])), z)
        corners = np.array(list(itertools.product((-1, 1), (-1, 1), (-TALL, TALL))))
        flat = np.stack([corners @ RIGHT, corners @ UP], axis=1)
        side, above, below = AROUND
        room = np.array([wide - 2 * side, high - above - below])
        self.zoom = max(float(np.min(room / np.ptp(flat, axis=0))), 1.0)
        self.middle = np.array([wide / 2, below + room[1] / 2]) - self.zoom * (
            flat.max(axis=0) + flat.min(axis=0)) / 2

    def flat(self, points: ArrayLike) -> Floats:
        """Project points of the box, (..., 3), from -1 to 1, into the picture: (..., 2)."""
        p = np.asarray(points, dtype=float) * np.array([1, 1, TALL])
        flat: Floats = self.middle + self.zoom * np.stack([p @ RIGHT, p @ UP], axis=-1)
        return flat

    def places(self, x: Floats, y: Floats, z: Floats) -> Floats:
        """Project points of the data into the picture: (..., 2)."""
        return self.flat(np.stack([2 * scale.share(v) - 1 for scale, v in zip(
            self.scales, (x, y, z), strict=True)], axis=-1))


def _walls(field: ScalarField, box: Projection) -> Iterator[Mark]:
    """Yield the floor and the two walls behind, with lines, numbers and names."""
    ticks = [layout.axis_ticks(scale, 7) for scale in box.scales]
    lines: list[list[Point]] = [[(-1, -1, -1), (1, -1, -1), (1, 1, -1), (-1, 1, -1),
                                 (-1, -1, -1), (-1, -1, 1),
                                 (-1, 1, 1), (1, 1, 1), (1, 1, -1)], [(-1, 1, -1), (-1, 1, 1)]]
    yield _polylines(lines, box, 1.0)
    grid: list[list[Point]] = []
    for axis, found in enumerate(ticks):
        for tick in found:
            at = 2 * float(box.scales[axis].share(tick.at)) - 1
            around: list[list[Point]] = [[(at, -1, -1), (at, 1, -1), (at, 1, 1)],
                                         [(-1, at, 1), (-1, at, -1), (1, at, -1)],
                                         [(-1, -1, at), (-1, 1, at), (1, 1, at)]]
            grid.append(around[axis])
    yield _polylines(grid, box, 0.35)
    across = box.flat([(0, 0, 0), (1, 0, 0), (0, 1, 0)])
    along, away = across[1] - across[0], across[0] - across[2]   # x to the right, y to the front
    outs = [away / np.hypot(*away), along / np.hypot(*along), np.array([1.0, 0.0])]
    edges: list[Point] = [(0, -1, -1), (1, 0, -1), (1, 1, 0)]
    for axis, (found, out, edge) in enumerate(zip(ticks, outs, edges)):
        widest = max((text.width(tick.words, layout.NUMBER) for tick in found), default=0.0)
        for tick in found:
            place = list(edge)
            place[axis] = 2 * float(box.scales[axis].share(tick.at)) - 1
            yield _words(tick.words, box.flat(place) + (OUT if axis < 2 else 8) * out,
                         layout.NUMBER, "middle" if axis < 2 else "start")
        if axis < 2:
            yield _words(field.names[axis], box.flat(edge) + (BEYOND + 0.3 * widest) * out,
                         layout.NAME, "middle")


def _polylines(lines: Sequence[Sequence[Point]], box: Projection, opacity: float) -> Line:
    gap = np.full((1, 2), np.nan)
    x, y = np.concatenate([part for line in lines for part in (box.flat(line), gap)]).T
    return Line(x, y, "line", 1.0, 0.1, opacity=opacity)


def _words(words: str, place: Floats, size: float, anchor: str) -> Annotation:
    return Annotation(words, float(place[0]), float(place[1]), "muted", size, anchor=anchor,
                      rise="middle", zorder=0.2)


def _cells(field: ScalarField, box: Projection) -> Iterator[Mark]:
    """Yield the surface, its farthest cells first: each hides those behind it."""
    every = max((len(field.x) - 1) // CELLS, 1)
    z = masked_values(field)[::every, ::every].filled(np.nan)
    x, y = field.x[::every], field.y[::every]
    low, high = box.scales[2].low, box.scales[2].high
    across, up = np.meshgrid(x, y)
    points = box.places(across, up, np.clip(z, low, high))
    middle = (z[1:, 1:] + z[1:, :-1] + z[:-1, 1:] + z[:-1, :-1]) / 4
    shares = np.nan_to_num((np.clip(middle, low, high) - low) / (high - low))
    shades = np.rint(np.round(shares, 9) * (SHADES - 1)).astype(int)
    corners = np.stack([points[:-1, :-1], points[:-1, 1:], points[1:, 1:], points[1:, :-1]], axis=2)
    for row in range(len(y) - 2, -1, -1):          # seen from x high, y low
        columns = [i for i in range(len(x) - 1) if np.isfinite(middle[row, i])]
        for level, group in itertools.groupby(columns, key=lambda i: int(shades[row, i])):
            yield MultiPolygon(tuple(corners[row, i] for i in group),
                               band_color(level, SHADES, 0.95), 1.0, 1.0,
                               ColorMix("paper", "muted", 0.5))


def _descent(path: DescentPath, box: Projection) -> list[Mark]:
    """Return the path of descent on the surface."""
    z = box.scales[2]
    x, y = box.places(path.x, path.y, np.clip(path.z, z.low, z.high)).T
    return [Line(x, y, "d2f", 2.6, 5.0),
            circle(float(x[0]), float(y[0]), "d2f", "paper")._replace(zorder=6.0),
            circle(float(x[-1]), float(y[-1]), "d2f", "d2f")._replace(zorder=6.0)]
