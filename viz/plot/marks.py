"""Marks on request: roots, extrema, points, tangents, secants, Taylor polynomials."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ..graph import text
from ..options.message import Message, Option
from ..options.plotting import PlotError, PlotOptions
from ..sweep import Event, Sweep
from ..sweep.arrays import Floats
from .chart import Area, Color, Dot, Line, Mark, Scale, PointLabel
from .curves import circle, derivative_symbol
from .y_limits import Curve

MOST = 24                        # labels on a curve; more marks have only dots
SHAPES = {"root": "circle", "inflection": "square", "extremum": "diamond"}
KINDS = {"roots": "root", "extrema": "extremum", "inflections": "inflection"}


def requested_marks(curve: Curve, color: Color, x: Scale, y: Scale, options: PlotOptions
                    ) -> Iterator[Mark | PointLabel]:
    """Yield the requested marks of one curve on an axis, and their labels."""
    events = [e for e in curve.sweep.events if e.order == curve.order and
              e.kind in [KINDS[name] for name in options.mark] and not _hidden(curve, e)]
    labelled = set()
    for e in sorted(events, key=lambda e: list(SHAPES).index(e.kind), reverse=True):
        at = 0.0 if e.value is None else e.value
        yield Dot(e.x, at, SHAPES[e.kind], 7.0, color, "paper", 1.0, 6.0)
        if len(events) <= MOST and e.x not in labelled:
            labelled.add(e.x)
            yield PointLabel(_written(e), e.x, at, color, e.detail != "minimum")
    for place in (*options.at, *options.tangent):
        if not x.low <= place <= x.high:
            raise PlotError(Message(
                f"{text.number(place)} is not in the picture, which shows {curve.sweep.argument} "
                f"from {text.number(x.low)} to {text.number(x.high)} (", Option("range"),
                " changes that)"))
    for place in options.at:
        at = float(curve.sweep.at(place)[curve.order])
        if not math.isfinite(at):
            continue
        yield Line(np.array([place, place]), np.array([y.low if y.log else 0.0, at]), color, 1.2,
                   2.0, (1.2, 2.4))
        yield circle(place, at, color, color)
        name = derivative_symbol(curve.sweep.name, curve.order)
        yield PointLabel(f"{name}({text.number(place)}) = {text.number(at)}", place, at, color)
    if curve.order == 0:
        for place in options.tangent:
            yield from _tangent(curve.sweep, place, x, y)
        if options.secant is not None:
            yield from _secant(curve.sweep, *options.secant, x)
        for place, n in options.taylor:
            yield from _taylor(curve.sweep, place, n, y)


def _hidden(curve: Curve, e: Event) -> bool:
    return any(b.order == curve.order and b.low < e.x < b.high for b in curve.sweep.bands)


def _written(e: Event) -> str:
    if e.kind == "root":
        return text.number(e.x, 4)
    return f"({text.number(e.x, 4)}, {text.number(e.value, 4)})"


def _value(s: Sweep, x: float, what: str, order: int) -> Floats:
    """Return f and its derivatives at x. Raises PlotError with the event there if it has none."""
    for e in s.events:
        if abs(e.x - x) <= 1e-12 * max(1.0, abs(x)) and e.order < order and (
                e.is_break or e.kind in ("kink", "cusp", "vertical_tangent")):
            kind = e.kind.replace("_", " ")
            cause = f" ({e.cause})" if e.cause else ""
            raise PlotError(f"{s.name} has no {what} at {x:g}: it has a {kind} there{cause}")
    found = s.at(x, order)
    if not np.isfinite(found).all():
        raise PlotError(f"{s.name} has no {what} at {x:g}: it is undefined there")
    return found


def _straight(x: float, y: float, slope: float, scale: Scale, color: Color, width: float,
              opacity: float, dash: tuple[float, ...] = ()) -> Line:
    """Return the line through a point, from side to side; it is curved on a log axis."""
    space = np.geomspace if scale.log else np.linspace
    over = space(scale.low, scale.high, 201)
    return Line(over, y + slope * (over - x), color, width, 3.5, dash, dash, opacity=opacity)


def _tangent(s: Sweep, x: float, across: Scale, up: Scale) -> Iterator[Mark | PointLabel]:
    """Yield the tangent, its slope triangle, and the numbers."""
    y, slope = (float(v) for v in _value(s, x, "tangent", 1))
    yield _straight(x, y, slope, across, "df", 1.7, 0.9)
    low, high = up.low, up.high
    run = 0.12 * (s.high - s.low)
    if abs(slope * run) > 0.3 * (high - low):
        run = 0.3 * (high - low) / abs(slope)
    run = -run if x + run > s.high else run
    end, top = x + run, y + slope * run
    ends = np.array(sorted((x, end)))
    yield Area(ends, np.array([y, y]), y + slope * (ends - x), "df", 0.14, 2.0)
    yield Line(np.array([x, end, end]), np.array([y, y, top]), "df", 1.2, 3.4)
    yield circle(x, y, "f", "f")
    yield PointLabel(f"Δx {text.number(abs(run), 3)}, Δy {text.number(slope * abs(run), 3)}",
                     x + run / 2, min(y, top), "df", False, 10.5)
    yield PointLabel(f"{derivative_symbol(s.name, 1)}({text.number(x)}) = {text.number(slope)}", x,
                     y, "df", slope < 0)
    yield PointLabel(f"{s.name}({text.number(x)}) = {text.number(y)}", x, y, "f")


def _secant(s: Sweep, a: float, b: float, x: Scale) -> Iterator[Mark | PointLabel]:
    """Yield the line through (a, f(a)) and (b, f(b)), and its slope."""
    fa, fb = (float(_value(s, at, "value", 0)[0]) for at in (a, b))
    slope = (fb - fa) / (b - a)
    yield _straight(a, fa, slope, x, "d2f", 1.5, 1.0, (7.5, 4.5))
    yield circle(a, fa, "d2f", "d2f")
    yield circle(b, fb, "d2f", "d2f")
    yield PointLabel(f"Δ{s.name}/Δx = {text.number(slope)}", (a + b) / 2, (fa + fb) / 2, "d2f")


def _taylor(s: Sweep, x: float, n: int, up: Scale) -> Iterator[Mark]:
    """Yield the Taylor polynomial of degree n at x, from exact derivatives."""
    found = _value(s, x, "Taylor polynomial", n)
    points = np.linspace(s.low, s.high, 801)
    y = np.zeros_like(points)
    for k in range(n, -1, -1):
        y = y * (points - x) + found[k] / math.factorial(k)
    low, high = up.low, up.high
    y[(y < low - 5 * (high - low)) | (y > high + 5 * (high - low))] = np.nan
    yield Line(points, y, "d2f", 1.9, 3.6, (7.5, 3.75), (7.5, 3.75),
               f"Taylor, degree {n} at {text.number(x)}")
    yield circle(x, float(found[0]), "d2f", "d2f")
