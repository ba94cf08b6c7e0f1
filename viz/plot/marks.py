"""Marks that are asked for: roots, extrema, points, tangents, secants, Taylor polynomials."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import text
from ..sweep import Event, Sweep
from .curves import dot, symbol
from .frame import Curve
from .options import PlotError, PlotOptions

Look = Any

# Where a label may stand beside its point, in points to the right and up; the first are preferred.
PLACES = [(0, 12), (0, -12), (9, 9), (-9, 9), (9, -9), (-9, -9), (12, 0), (-12, 0), (0, 24),
          (0, -24), (14, 22), (-14, 22), (14, -22), (-14, -22), (24, 36), (-24, 36), (24, -36),
          (-24, -36)]
MOST = 24                        # labels on a curve; of more marks only the dots are drawn
SHAPES = {"root": "o", "inflection": "s", "extremum": "D"}
KINDS = {"roots": "root", "extrema": "extremum", "inflections": "inflection"}


def draw(axes: Any, curve: Curve, color: str, look: Look, asked: PlotOptions) -> None:
    """All marks of one curve."""
    labels = Labels(axes, look)
    events = [e for e in curve.sweep.events if e.order == curve.order and
              e.kind in [KINDS[name] for name in asked.mark] and not _hidden(curve, e)]
    told = set()
    for e in sorted(events, key=lambda e: list(SHAPES).index(e.kind), reverse=True):
        y = 0.0 if e.value is None else e.value
        axes.plot([e.x], [y], ls="none", marker=SHAPES[e.kind], ms=5, color=color,
                  mec=look["paper"], mew=0.8, zorder=6)
        if len(events) <= MOST and e.x not in told:
            told.add(e.x)
            above = e.detail != "minimum"
            labels.put(e.x, y, _written(e), color, above=above)
    for x in asked.at:
        y = float(curve.sweep.at(x)[curve.order])
        if not math.isfinite(y):
            continue
        axes.plot([x, x], [0, y], color=color, lw=0.9, ls=(0, (1, 2)), zorder=2)
        dot(axes, x, y, color, color)
        labels.put(x, y, f"{symbol(curve.sweep.name, curve.order)}({text.number(x)}) = "
                   f"{text.number(y)}", color, above=True)
    if curve.order == 0:
        for x in asked.tangent:
            _tangent(axes, curve.sweep, x, labels, look)
        if asked.secant is not None:
            _secant(axes, curve.sweep, *asked.secant, labels, look)
        for x, n in asked.taylor:
            _taylor(axes, curve.sweep, x, n, look)


def _hidden(curve: Curve, e: Event) -> bool:
    return any(b.order == curve.order and b.low < e.x < b.high for b in curve.sweep.bands)


def _written(e: Event) -> str:
    if e.kind == "root":
        return text.number(e.x, 4)
    return f"({text.number(e.x, 4)}, {text.number(e.value, 4)})"


class Labels:
    """Texts beside points: each lies on no other, and on as little of a curve as can be."""

    def __init__(self, axes: Any, look: Look) -> None:
        self.axes, self.look = axes, look
        self.taken: list[tuple[float, float, float, float]] = axes.__dict__.setdefault(
            "_tinyviz_labels", [])
        inked = [_along(axes, line) for line in axes.lines]
        self.inked = np.concatenate([np.empty((0, 2)), *inked])

    def line(self, x: float, y: float, slope: float) -> None:
        """A straight line that labels should keep off."""
        low, high = self.axes.get_xlim()
        points = np.linspace(low, high, 400)
        self.inked = np.concatenate([self.inked, self.axes.transData.transform(
            np.stack([points, y + slope * (points - x)], axis=1))])

    def put(self, x: float, y: float, words: str, color: str, *, above: bool = True,
            size: float = 9.0) -> None:
        """Write words near (x, y), above if there is room."""
        scale = self.axes.figure.dpi / 72
        wide, high = text.width(words, size) * scale, 1.25 * size * scale
        at = self.axes.transData.transform((x, y))
        frame = self.axes.get_window_extent()
        best, least = None, math.inf
        for n, (dx, dy) in enumerate(PLACES):
            left = at[0] + dx * scale - wide / 2 + np.sign(dx) * wide / 2
            left = min(max(left, frame.x0 + 3), frame.x1 - wide - 3)
            low = at[1] + (dy if above else -dy) * scale - high / 2
            box = (left, low, left + wide, low + high)
            if low < frame.y0 or low + high > frame.y1 + 8 or any(
                    _overlap(box, other) for other in self.taken):
                continue
            inside = ((self.inked >= (box[0] - 3, box[1] - 2))
                      & (self.inked <= (box[2] + 3, box[3] + 2))).all(axis=1).sum()
            cost = 0.5 * float(inside) + n
            if cost < least:
                best, least = box, cost
        if best is None:
            return
        self.taken.append(best)
        self.axes.annotate(words, (x, y), xycoords="data", color=color, fontsize=size, zorder=8,
                           xytext=(round((best[0] - at[0]) / scale, 3),
                                   round((best[1] - at[1]) / scale, 3)),
                           textcoords="offset points", ha="left", va="bottom", parse_math=False,
                           bbox={"boxstyle": "round,pad=0.15", "fc": self.look["paper"],
                                 "ec": "none", "alpha": 0.8})


def _along(axes: Any, line: Any) -> Any:
    """Points of a curve in pixels, close enough that no label fits between two."""
    if len(line.get_xdata()) < 3:
        return np.empty((0, 2))
    points = axes.transData.transform(np.asarray(line.get_xydata(), dtype=float))
    points = points[np.isfinite(points).all(axis=1)]
    if len(points) < 2:
        return points
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    if not length[-1] > 0:
        return points[:1]
    even = np.linspace(0, length[-1], int(min(length[-1] / 4 + 2, 20000)))
    return np.stack([np.interp(even, length, points[:, k]) for k in (0, 1)], axis=1)


def _overlap(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _value(s: Sweep, x: float, what: str, order: int) -> Any:
    """f and its derivatives at x. Raises PlotError with what happens there if they are none."""
    for e in s.events:
        if abs(e.x - x) <= 1e-12 * max(1.0, abs(x)) and e.order < order and (
                e.slit or e.kind in ("kink", "cusp", "vertical_tangent")):
            kind = e.kind.replace("_", " ")
            cause = f" ({e.cause})" if e.cause else ""
            raise PlotError(f"{s.name} has no {what} at {x:g}: it has a {kind} there{cause}")
    found = s.at(x, order)
    if not np.isfinite(found).all():
        raise PlotError(f"{s.name} has no {what} at {x:g}: it is undefined there")
    return found


def _tangent(axes: Any, s: Sweep, x: float, labels: Labels, look: Look) -> None:
    """The tangent, its slope triangle, and the numbers."""
    y, slope = (float(v) for v in _value(s, x, "tangent", 1))
    color = look["df"]
    axes.axline((x, y), slope=slope, color=color, lw=1.3, alpha=0.9, zorder=3.5)
    labels.line(x, y, slope)
    low, high = axes.get_ylim()
    run = 0.12 * (s.high - s.low)
    if abs(slope * run) > 0.3 * (high - low):
        run = 0.3 * (high - low) / abs(slope)
    run = -run if x + run > s.high else run
    axes.fill([x, x + run, x + run], [y, y, y + slope * run], color=color, alpha=0.14, lw=0,
              zorder=2)
    axes.plot([x, x + run, x + run], [y, y, y + slope * run], color=color, lw=0.9, zorder=3.4)
    dot(axes, x, y, look["f"], look["f"])
    prime = symbol(s.name, 1)
    rise = slope * abs(run)
    labels.put(x + run / 2, min(y, y + slope * run), f"Δx {text.number(abs(run), 3)}, "
               f"Δy {text.number(rise, 3)}", color, above=False, size=8)
    labels.put(x, y, f"{prime}({text.number(x)}) = {text.number(slope)}", color, above=slope < 0)
    labels.put(x, y, f"{s.name}({text.number(x)}) = {text.number(y)}", look["f"], above=True)


def _secant(axes: Any, s: Sweep, a: float, b: float, labels: Labels, look: Look) -> None:
    """The line through (a, f(a)) and (b, f(b)), and its slope."""
    fa, fb = (float(_value(s, x, "value", 0)[0]) for x in (a, b))
    slope = (fb - fa) / (b - a)
    color = look["d2f"]
    axes.axline((a, fa), slope=slope, color=color, lw=1.1, ls=(0, (5, 3)), zorder=3.5)
    labels.line(a, fa, slope)
    for x, y in ((a, fa), (b, fb)):
        dot(axes, x, y, color, color)
    labels.put((a + b) / 2, (fa + fb) / 2, f"Δ{s.name}/Δx = {text.number(slope)}", color)


def _taylor(axes: Any, s: Sweep, x: float, n: int, look: Look) -> None:
    """The Taylor polynomial of degree n at x, from exact derivatives."""
    found = _value(s, x, "Taylor polynomial", n)
    points = np.linspace(s.low, s.high, 801)
    y = np.zeros_like(points)
    for k in range(n, -1, -1):
        y = y * (points - x) + found[k] / math.factorial(k)
    low, high = axes.get_ylim()
    y[(y < low - 5 * (high - low)) | (y > high + 5 * (high - low))] = np.nan
    axes.plot(points, y, color=look["d2f"], lw=1.4, ls=(0, (4, 2)), zorder=3.6,
              label=f"Taylor, degree {n} at {text.number(x)}")
    dot(axes, x, float(found[0]), look["d2f"], look["d2f"])
