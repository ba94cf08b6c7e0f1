"""Labels: words beside points and in strips, each where there is room. No two lie on each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..graph import text
from .chart import Color, Dot, Line, Annotation, Panel, IntervalLabel, PointLabel

Array = Any
Box = tuple[float, float, float, float]

# Where words may stand beside their point, in px to the right and up; the first are preferred.
PLACES = [(0, 16), (0, -16), (12, 12), (-12, 12), (12, -12), (-12, -12), (16, 0), (-16, 0), (0, 32),
          (0, -32), (19, 29), (-19, 29), (19, -29), (-19, -29), (32, 48), (-32, 48), (32, -48),
          (-32, -48)]
DOT = 20                         # points of a curve that a dot counts as
LINE = 1.25                      # height of a line of words, by their size


def place_point_labels(panel: Panel, wishes: Sequence[PointLabel]) -> list[Annotation]:
    """The words that find room: each lies on no other, and on as little of a curve as can be."""
    if not wishes:
        return []
    inked = [_along(panel, mark) for mark in panel.marks if isinstance(mark, Line)]
    inked += [np.repeat([panel.places(mark.x, mark.y)], DOT, axis=0) for mark in panel.marks
              if isinstance(mark, Dot)]
    ink = np.concatenate([np.empty((0, 2)), *inked])
    f, taken, notes = panel.frame, list[Box](), []
    for wish in wishes:
        wide, high = text.width(wish.words, wish.size), LINE * wish.size
        x, y = map(float, panel.places(wish.x, wish.y))
        best, least = None, math.inf
        for n, (dx, up) in enumerate(PLACES):
            left = x + dx - (dx <= 0) * wide / 2 - (dx < 0) * wide / 2
            left = min(max(left, f.left + 4), f.left + f.width - wide - 4)
            bottom = y - (up if wish.above else -up) + high / 2
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
            notes.append(Annotation(wish.words, wish.x, wish.y, wish.color, wish.size,
                                    round(best[0] - x, 1), round(y - best[3], 1), plate=0.8,
                                    level=8.0))
    return notes


def _along(panel: Panel, line: Line) -> Array:
    """Points of a curve in px, close enough that no label fits between two."""
    points = np.stack(panel.places(line.x, line.y), axis=1)
    points = points[np.isfinite(points).all(axis=1)]
    if len(points) < 2:
        return points
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    if not length[-1] > 0:
        return points[:1]
    even = np.linspace(0, length[-1], int(min(length[-1] / 4 + 2, 20000)))
    return np.stack([np.interp(even, length, points[:, k]) for k in (0, 1)], axis=1)


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def place_interval_labels(panel: Panel, reasons: Sequence[IntervalLabel], color: Color = "muted",
                          size: float = 12.0
                          ) -> list[Annotation]:
    """Words in their strips, on lines that fit, upright where it is narrow; or left out."""
    notes = []
    f = panel.frame
    for reason in reasons:
        left, right = map(float, panel.x.share([reason.low, reason.high]))
        across = (right - left) * f.width
        for along, room, upright in ((0.9 * across, f.height, False),
                                     (0.9 * f.height, across, True)):
            lines = _lines(reason.words, along, size)
            if lines and 1.3 * size * len(lines) < 0.9 * room:
                notes.append(Annotation("\n".join(lines), (left + right) / 2, 0.5, color, size,
                                        anchor="middle", rise="middle", plate=1.0, upright=upright,
                                        inside=True))
                break
    return notes


def _lines(words: str, width: float, size: float) -> list[str]:
    """The words on as few lines as fit the width, or none where a word does not."""
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
