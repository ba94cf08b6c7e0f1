"""Curves as marks: branches, asymptotes, open and closed dots, bands, undefined intervals."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from ..graph import text
from ..sweep import Event, Sweep
from ..sweep.arrays import Bools, Floats
from .chart import (
    Annotation, Area, Color, Dash, Dot, HatchedSpan, IntervalLabel, Line, Mark, ReferenceLine,
    Scale)
from .y_limits import Curve, poles, visible_values

PRIMES = ("", "′", "″", "‴")
FAR = 20.0                       # values are clipped at so many heights beyond the window
LABELLED = 6                     # jumps of a curve that have a label at most
WIDTH = 2.5                      # px of a curve


def derivative_symbol(name: str, order: int) -> str:
    """Return the symbol of a derivative: f, f′, f″, f‴, f⁽⁴⁾ ..."""
    return name + (PRIMES[order] if order < len(PRIMES) else f"⁽{text.superscript(order)}⁾")


def branches(curve: Curve, low: float, high: float, *, exact: bool = False
             ) -> list[tuple[Floats, Floats]]:
    """Return the branches of a curve: (x, y) of each, without interruptions, rounded invisibly.

    low, high: the limits of the y axis. exact: keep all digits, for a log axis.
    """
    s = curve.sweep
    y = curve.y.copy()
    for band in s.bands:
        if band.order == curve.order:
            y[(s.x > band.low) & (s.x < band.high)] = np.nan
    tall = high - low
    y = np.clip(y, low - FAR * tall, high + FAR * tall)
    x = s.x
    if not exact:
        x, y = _rounded(x, 6 - math.floor(math.log10(s.high - s.low))), _rounded(
            y, 5 - math.floor(math.log10(tall)))
    fine = np.isfinite(y)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], fine, [False]]).astype(int)))
    return [(x[a:b], y[a:b]) for a, b in edges.reshape(-1, 2)]


def _rounded(values: Floats, digits: int) -> Floats:
    """Round numbers to so many decimals, if powers of ten allow it."""
    return np.round(values * 10.0 ** digits) / 10.0 ** digits if abs(digits) < 300 else values


def curve_marks(curve: Curve, color: Color, y: Scale, *, label: str, dash: Dash, plain: Dash,
                exact: bool) -> Iterator[Mark]:
    """Yield the marks of one curve and its events. exact: an axis is logarithmic."""
    low, high = y.low, y.high
    shown = [piece for piece in branches(curve, low, high, exact=exact)
             if len(piece[0]) > 1 and piece[0][-1] > piece[0][0]]
    for i, (x, values) in enumerate(shown):        # a single value is a dot
        yield Line(x, np.where(values > 0, values, np.nan) if y.log else values, color, WIDTH,
                   3 - 0.1 * curve.order, dash, plain, label if i == 0 else "")
    for i, band in enumerate(b for b in curve.sweep.bands if b.order == curve.order):
        tall = high - low
        yield Area(band.x, np.clip(band.least, low - tall, high + tall),
                   np.clip(band.most, low - tall, high + tall), color, 0.4, 2.0,
                   label if not shown and i == 0 else "")
    bands = [b for b in curve.sweep.bands if b.order == curve.order]
    events = [event for event in curve.sweep.events if event.order == curve.order
              and not any(b.low < event.x < b.high for b in bands)]
    few = sum(event.engine is not None for event in events) <= LABELLED
    for event in events:
        yield from _event(curve.sweep, event, color, few)
    if not y.log:
        yield from _arms(curve, color, low, high)


def _event(s: Sweep, event: Event, color: Color, labelled: bool) -> Iterator[Mark]:
    """Yield an asymptote, or dots: closed where the value is taken, open where it is not."""
    sides = [v for v in (event.left, event.right) if v is not None]
    if any(math.isinf(v) for v in sides) and s.low < event.x < s.high:
        yield ReferenceLine(event.x, True, color, 1.2, 1.5, (4.8, 3.6), 0.55)
    if not event.is_break:
        return
    for v in dict.fromkeys(v for v in sides if math.isfinite(v)):
        if v != event.value:
            yield circle(event.x, v, color, "paper")
    if event.value is not None and math.isfinite(event.value):
        yield circle(event.x, event.value, color, color)
    elif event.engine is not None and event.kind == "jump":
        yield Dot(event.x, event.engine, "cross", 7.0, color, color, 1.7)
        if labelled:
            yield Annotation(f"the engine returns {text.number(event.engine, 3)}", event.x,
                             event.engine, color, 11.0, 10.0, -4.0, rise="top", plate=0.8)


def circle(x: float, y: float, edge: Color, fill: Color, size: float = 7.0) -> Dot:
    """Return a round marker."""
    return Dot(x, y, "circle", size, fill, edge, 2.0)


def _arms(curve: Curve, color: Color, low: float, high: float) -> Iterator[Mark]:
    """Yield how far a curve without a pole goes beyond the window: ▲ 2.6e10."""
    s = curve.sweep
    wide = s.high - s.low
    y = visible_values(curve)
    if not ((y > high) | (y < low)).any():
        return
    ends = [x for b in s.bands if b.order == curve.order for x in (b.low, b.high)]
    if places := sorted({*poles(curve), *ends}):
        y[_rising(s.x, y, places)] = np.nan
    for beyond, best, mark, place, rise in ((y > high, np.nanargmax, "▲", high, "top"),
                                            (y < low, np.nanargmin, "▼", low, "bottom")):
        if beyond.any():
            i = int(best(y))
            first = float(s.x[np.flatnonzero(beyond)[0]]) if s.x[i] > 0.5 * (s.low + s.high) else (
                float(s.x[np.flatnonzero(beyond)[-1]]))
            right = first < s.low + 0.15 * wide
            yield Annotation(f"{mark} {text.number(float(y[i]), 3)}", first, place, color, 11.0,
                             9.0 if right else -9.0, -4.0 if rise == "top" else 4.0,
                             "start" if right else "end", rise)


def _rising(x: Floats, y: Floats, places: Sequence[float]) -> Bools:
    """Return the samples beside poles from which the curve only approaches them: (N,)."""
    out = np.zeros(len(x), dtype=bool)
    first = np.searchsorted(x, places, "left")
    last = np.searchsorted(x, places, "right")
    for a, b, c, d in zip([0, *last[:-1]], first, last, [*first[1:], len(x)], strict=True):
        for i in (np.arange(c, d), np.arange(a, b)[::-1]):       # away from the pole, on both sides
            i = i[np.isfinite(y[i])]
            size = np.abs(y[i])
            rise = np.flatnonzero(np.diff(size) > 1e-12 * size[:-1])
            out[i[:int(rise[0]) + 1 if len(rise) else len(i)]] = True
    return out


def undefined_marks(s: Sweep, *, say: bool) -> Iterator[Mark | IntervalLabel]:
    """Yield a hatched span where f is undefined. say: with the reason, if there is room."""
    for gap in s.undefined:
        yield HatchedSpan(gap.low, gap.high, "muted", "line")
        if say:
            yield IntervalLabel(f"undefined: {gap.reason}", gap.low, gap.high)
