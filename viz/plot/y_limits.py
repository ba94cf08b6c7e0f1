"""The window of an axis: what of the curves is in view, robustly."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..sweep import Sweep, robust_range, sample_weights

Array = Any

MARGIN = 0.06                    # of the span, above and below
APART = 8.0                      # spans of f and f' that differ more do not share an axis
MOST = 8e307                     # a window's limit: twice it is still a number
BESIDE = 0.01                    # of the range, beside a pole: there a curve goes too far


class Curve(NamedTuple):
    """One curve of one sweep."""

    sweep: Sweep
    order: int

    @property
    def y(self) -> Array:
        return self.sweep.curves[self.order]


def poles(curve: Curve) -> list[float]:
    """The places where the curve goes to infinity, from one side or both."""
    return [e.x for e in curve.sweep.events if e.order == curve.order and any(
        v is not None and math.isinf(v) for v in (e.left, e.right))]


def visible_values(curve: Curve) -> Array:
    """The values without those in bands, whose extremes count instead."""
    y = curve.y.copy()
    for band in curve.sweep.bands:
        if band.order == curve.order:
            y[(curve.sweep.x > band.low) & (curve.sweep.x < band.high)] = np.nan
    return y


def value_span(curve: Curve, keep: Iterable[float] = ()) -> tuple[float, float]:
    """The values of a curve that must be seen: the bulk of it, roots, extrema, ends, jumps."""
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
    """Whether one axis can show them all."""
    sizes = [high - low for low, high in spans if high > low]
    return not sizes or (max(high for _, high in spans) - min(low for low, _ in spans)
                         <= APART * min(sizes))


def limit_spans(curves: Sequence[Curve], spans: Sequence[tuple[float, float]]
                ) -> list[tuple[float, float]]:
    """The spans for one axis: poles of f' do not push f into a corner."""
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
    """The limits of the y axis: a union of spans, with a margin; 0 is in view of a level line."""
    low, high = max(min(s[0] for s in spans), -MOST), min(max(s[1] for s in spans), MOST)
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        low, high = min(low, 0.0), max(high, 0.0)
        pad = 0.25 * (high - low) or 1.0
        return low - pad, high + pad
    pad = MARGIN * (high - low)
    return _calm(low - pad, high + pad)


def _calm(low: float, high: float) -> tuple[float, float]:
    """Limits that another processor's last digit does not change: to a millionth of the window."""
    digits = 6 - math.floor(math.log10(high - low))
    return (round(low, digits), round(high, digits)) if digits < 300 else (low, high)
