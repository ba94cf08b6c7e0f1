"""Limits of the y axis, robust against poles."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from ..sweep import Sweep, robust_range, sample_weights
from ..sweep.arrays import Floats


MARGIN = 0.06                    # of the span, above and below
APART = 8.0                      # ratio above which spans do not share an axis
MOST = 8e307                     # limit of a window: twice it is still finite
BESIDE = 0.01                    # of the range: values so close to a pole do not count


class Curve(NamedTuple):
    """One curve of a sweep."""

    sweep: Sweep
    order: int

    @property
    def y(self) -> Floats:
        values: Floats = self.sweep.curves[self.order]
        return values


def poles(curve: Curve) -> list[float]:
    """Return the places where the curve goes to infinity, on one side or both."""
    return [e.x for e in curve.sweep.events if e.order == curve.order and any(
        v is not None and math.isinf(v) for v in (e.left, e.right))]


def visible_values(curve: Curve) -> Floats:
    """Return the values outside bands, whose extremes count instead."""
    y = curve.y.copy()
    for band in curve.sweep.bands:
        if band.order == curve.order:
            y[(curve.sweep.x > band.low) & (curve.sweep.x < band.high)] = np.nan
    return y


def value_span(curve: Curve, keep: Iterable[float] = ()) -> tuple[float, float]:
    """Return the values of a curve to show: the bulk of it, roots, extrema, ends, jumps."""
    s, must = curve.sweep, list(keep)
    for e in s.events:
        if e.order != curve.order or s.bands and any(b.low < e.x < b.high for b in s.bands):
            continue
        must += [v for v in (e.left, e.right, e.value) if v is not None and math.isfinite(v)]
    y, share = visible_values(curve), sample_weights(s.x)
    near, far = (np.searchsorted(s.x, np.array(poles(curve)) + side * BESIDE * (s.high - s.low))
                 for side in (-1, 1))
    for first, last in zip(near, far):
        y[first:last] = np.nan
    for band in s.bands:
        if band.order == curve.order:
            y = np.concatenate([y, band.least, band.most])
            share = np.concatenate([share, np.full(2 * len(band.x), (band.high - band.low)
                                                   / max(2 * len(band.x), 1))])
    low, high = robust_range(y, share, keep=must)
    if not poles(curve) and not any(b.order == curve.order for b in s.bands):
        fine = curve.y[np.isfinite(curve.y)]
        if len(fine):
            low, high = min(low, float(fine.min())), max(high, float(fine.max()))
    return low, high


def fit_one_axis(spans: Sequence[tuple[float, float]]) -> bool:
    """Return whether one axis can show all spans."""
    sizes = [high - low for low, high in spans if high > low]
    return not sizes or (max(high for _, high in spans) - min(low for low, _ in spans)
                         <= APART * min(sizes))


def limit_spans(curves: Sequence[Curve], spans: Sequence[tuple[float, float]]
                ) -> list[tuple[float, float]]:
    """Return the spans for one axis, so that poles of f' do not squeeze f."""
    bases = [s for c, s in zip(curves, spans) if c.order == 0]
    if not bases or not any(high > low for low, high in bases):
        return list(spans)
    low, high = min(b[0] for b in bases), max(b[1] for b in bases)
    room = 0.6 * (high - low)
    out = []
    for c, (a, b) in zip(curves, spans):
        if c.order and poles(c):
            must = [e.value for e in c.sweep.events if e.order == c.order and e.value is not None]
            a, b = max(a, min([low - room, *must])), min(b, max([high + room, *must]))
        out.append((min(a, b), max(a, b)))
    return out


def y_window(spans: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return the limits of the y axis: all spans and a margin, with 0 if they are constant."""
    low, high = max(min(s[0] for s in spans), -MOST), min(max(s[1] for s in spans), MOST)
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        low, high = min(low, 0.0), max(high, 0.0)
        pad = 0.25 * (high - low) or 1.0
        return low - pad, high + pad
    pad = MARGIN * (high - low)
    return _rounded_window(low - pad, high + pad)


def _rounded_window(low: float, high: float) -> tuple[float, float]:
    """Round limits to a millionth of the window, to hide last digits that vary by processor."""
    digits = 6 - math.floor(math.log10(high - low))
    return (round(low, digits), round(high, digits)) if digits < 300 else (low, high)
