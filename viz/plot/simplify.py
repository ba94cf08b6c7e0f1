"""Simplified SVG paths: clipped at the frame, without points that make no visible difference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..sweep.arrays import Bools, Floats
from .chart import PanelFrame

Pixels: TypeAlias = NDArray[np.int64]              # points in parts of a px

FINE = 100                       # parts of a px that coordinates are rounded to
SEEN = 0.05                      # px: points closer to their chord are dropped
SMALL = 8                        # points of a ring that is kept whole: arrows, cells of a surface
CHORD = 128                      # points that a chord spans at first, to keep the recursion shallow


def line_path(x: Floats, y: Floats, frame: PanelFrame) -> str:
    """Return a polyline in px, clipped above and below the frame. nan interrupts it."""
    parts = list(_inside(x, y, frame.top, frame.top + frame.height))
    return "".join(map(_path, simplify_polylines(parts)))


def area_path(x: Floats, high: Floats, low: Floats, frame: PanelFrame) -> str:
    """Return the area between two polylines over x, in px, clipped at the frame."""
    ends = frame.top, frame.top + frame.height
    out = []
    for part in _runs(np.isfinite(x + high + low)):
        if part.stop - part.start > 1:
            up, down = simplify_polylines([_points(x[part], np.clip(side[part], *ends))
                                           for side in (high, low)])
            out.append(_path(np.concatenate([up, down[::-1]])) + "z")
    return "".join(out)


def ring_path(x: Floats, y: Floats, sizes: Sequence[int]) -> str:
    """Return closed polylines in px, one after another, each of so many points."""
    points, ends = _points(x, y), np.cumsum(sizes).tolist()
    found = [points[end - size:end] for end, size in zip(ends, sizes, strict=True)]
    large = iter(simplify_polylines([np.append(points, points[:1], axis=0) for points in found
                                     if len(points) > SMALL]))
    rings = (next(large)[:-1] if len(points) > SMALL else points for points in found)
    return "".join(_path(points) + "z" for points in rings if len(points) > 2)


def _runs(fine: Bools) -> list[slice]:
    """Return the maximal runs of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], fine, [False]]).astype(np.int8)))
    return [slice(a, b) for a, b in edges.reshape(-1, 2)]


def _inside(x: Floats, y: Floats, top: float, bottom: float) -> Iterator[Pixels]:
    """Yield the parts of a polyline between two heights, with points at the crossings."""
    for run in _runs(np.isfinite(x + y)):
        px, py = x[run], y[run]
        if py.min() < top or py.max() > bottom:
            for edge in (top, bottom):
                px, py = _crossed(px, py, edge)
        for part in _runs((py >= top) & (py <= bottom)):
            if part.stop - part.start > 1:
                yield _points(px[part], py[part])


def _crossed(x: Floats, y: Floats, edge: float) -> tuple[Floats, Floats]:
    """Insert a point wherever a polyline crosses a height."""
    i = np.flatnonzero((y[:-1] - edge) * (y[1:] - edge) < 0)
    share = (edge - y[i]) / (y[i + 1] - y[i])
    return np.insert(x, i + 1, x[i] + share * (x[i + 1] - x[i])), np.insert(y, i + 1, edge)


def _points(x: Floats, y: Floats) -> Pixels:
    """Round points to parts of a px: (N, 2)."""
    return np.rint(np.stack([x, y], axis=1) * FINE).astype(np.int64)


def simplify_polylines(parts: Sequence[Pixels]) -> list[Pixels]:
    """Drop the invisible points of polylines, (N, 2) integers each."""
    for longest in (CHORD, 4 * CHORD):
        if parts:
            parts = _bent(parts, longest)
    return list(parts)


def _bent(parts: Sequence[Pixels], longest: int) -> list[Pixels]:
    """Keep the points farther than SEEN from a chord (Ramer 1972; Douglas and Peucker 1973).

    All chords of a depth are processed at once; a chord spans at most so many points.
    """
    x, y = np.ascontiguousarray(np.concatenate(parts).T)
    ends = np.cumsum([len(part) for part in parts])
    # Chords that may need a bend
    start = np.concatenate([np.arange(b - len(part), max(b - 1, b - len(part) + 1), longest)
                            for b, part in zip(ends, parts)])
    end = np.append(start[1:], 0)
    end[np.searchsorted(start, ends) - 1] = ends - 1
    kept = np.zeros(len(x), dtype=bool)
    kept[start], kept[ends - 1] = True, True
    while len(start):
        between = end - start - 1
        start, end, between = start[between > 0], end[between > 0], between[between > 0]
        if not len(start):
            break
        first = np.cumsum(between) - between
        inner = np.arange(first[-1] + between[-1]) + np.repeat(start + 1 - first, between)
        dx, dy = x[end] - x[start], y[end] - y[start]
        dx[(dx == 0) & (dy == 0)] = 1
        off = y[inner] - np.repeat(y[start], between)
        away = np.abs(off * np.repeat(dx, between)
                      - (x[inner] - np.repeat(x[start], between)) * np.repeat(dy, between))
        # A spike beside a vertical chord is near its line, but beyond its ends
        beyond = np.maximum(off - np.repeat(np.maximum(dy, 0), between),
                            np.repeat(np.minimum(dy, 0), between) - off)
        away += np.maximum(beyond, 0) * np.repeat(np.maximum(np.abs(dx), np.abs(dy)), between)
        # The farthest point of each chord, in integers: the same on every machine
        most, left = np.divmod(np.maximum.reduceat(away * len(x) + (len(x) - 1 - inner), first),
                               len(x))
        bent = most > SEEN * FINE * np.hypot(dx, dy)
        far = len(x) - 1 - left[bent]
        kept[far] = True
        start, end = np.concatenate([start[bent], far]), np.concatenate([far, end[bent]])
    points = np.stack([x, y], axis=1)
    return [points[b - len(part):b][kept[b - len(part):b]] for b, part in zip(ends, parts)]


def _path(points: Pixels) -> str:
    """Return M x,y and relative steps, in px; nothing for a single point."""
    if (points == points[0]).all():
        return ""
    parts = ["M%s,%s" % tuple(map(_px, points[0].tolist()))]
    for dx, dy in np.diff(points, axis=0).tolist():
        if dx and dy:
            parts.append(f"l{_px(dx)},{_px(dy)}")
        elif dx or dy:
            parts.append(f"h{_px(dx)}" if dx else f"v{_px(dy)}")
    return "".join(parts)


@lru_cache(1 << 14)              # most steps are short, and repeat
def _px(parts: int) -> str:
    """Format parts of a px in px: 12, −0.5, 3.25."""
    return f"{parts / FINE:g}" if -100_000 < parts < 100_000 else f"{parts / FINE:.8g}"
