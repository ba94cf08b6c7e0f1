"""Labels of points and intervals, placed where there is room without overlapping."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..graph import text
from ..sweep.arrays import Floats
from .chart import Color, Dot, Line, Annotation, Panel, IntervalLabel, PointLabel

Rectangle = tuple[float, float, float, float]

# Positions relative to the point, in px to the right and up; the first ones are preferred.
PLACES = [(0, 16), (0, -16), (12, 12), (-12, 12), (12, -12), (-12, -12), (16, 0), (-16, 0), (0, 32),
          (0, -32), (19, 29), (-19, 29), (19, -29), (-19, -29), (32, 48), (-32, 48), (32, -48),
          (-32, -48)]
DOT = 20                         # points of a curve that a dot counts as
LINE = 1.25                      # line height, times the size


def place_point_labels(panel: Panel, labels: Sequence[PointLabel]) -> list[Annotation]:
    """Place the labels that find room, over as little of the curves as possible."""
    if not labels:
        return []
    inked = [_along(panel, mark) for mark in panel.marks if isinstance(mark, Line)]
    inked += [np.repeat([panel.places(mark.x, mark.y)], DOT, axis=0) for mark in panel.marks
              if isinstance(mark, Dot)]
    ink = np.concatenate([np.empty((0, 2)), *inked])
    f, taken, placed = panel.frame, list[Rectangle](), []
    for label in labels:
        wide, high = text.width(label.words, label.size), LINE * label.size
        x, y = map(float, panel.places(label.x, label.y))
        best, least = None, math.inf
        for n, (dx, up) in enumerate(PLACES):
            left = x + dx - (dx <= 0) * wide / 2 - (dx < 0) * wide / 2
            left = min(max(left, f.left + 4), f.left + f.width - wide - 4)
            bottom = y - (up if label.above else -up) + high / 2
            box = (left, bottom - high, left + wide, bottom)
            if bottom > f.top + f.height or bottom - high < f.top - 8 or any(
                    _overlap(box, other) for other in taken):
                continue
            cost = n + 0.5 * float(((ink >= (box[0] - 4, box[1] - 3))
                                    & (ink <= (box[2] + 4, box[3] + 3))).all(axis=1).sum())
            if cost < least:
                best, least = box, cost
        if best is not None:
            taken.append(best)
            placed.append(Annotation(label.words, label.x, label.y, label.color, label.size,
                                     round(best[0] - x, 1), round(y - best[3], 1), plate=0.8,
                                     zorder=8.0))
    return placed


def _along(panel: Panel, line: Line) -> Floats:
    """Return points of a curve in px, close enough that no label fits between two."""
    points = np.stack(panel.places(line.x, line.y), axis=1)
    points = points[np.isfinite(points).all(axis=1)]
    if len(points) < 2:
        return points
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    if not length[-1] > 0:
        return points[:1]
    even = np.linspace(0, length[-1], int(min(length[-1] / 4 + 2, 20000)))
    return np.stack([np.interp(even, length, points[:, k]) for k in (0, 1)], axis=1)


def _overlap(a: Rectangle, b: Rectangle) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def place_interval_labels(panel: Panel, labels: Sequence[IntervalLabel], color: Color = "muted",
                          size: float = 12.0
                          ) -> list[Annotation]:
    """Place words in their intervals, wrapped or rotated to fit; or leave them out."""
    placed = []
    f = panel.frame
    for label in labels:
        left, right = map(float, panel.x.share([label.low, label.high]))
        across = (right - left) * f.width
        for along, room, upright in ((0.9 * across, f.height, False),
                                     (0.9 * f.height, across, True)):
            lines = _lines(label.words, along, size)
            if lines and 1.3 * size * len(lines) < 0.9 * room:
                placed.append(Annotation("\n".join(lines), (left + right) / 2, 0.5, color, size,
                                         anchor="middle", rise="middle", plate=1.0, upright=upright,
                                         inside=True))
                break
    return placed


def _lines(words: str, width: float, size: float) -> list[str]:
    """Wrap the words at the width; return nothing if a word does not fit."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if text.width(longer, size) <= width:
            lines[-1] = longer
        elif text.width(word, size) <= width:
            lines.append(word)
        else:
            return []
    return [line for line in lines if line]
