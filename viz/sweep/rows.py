"""Rows at singular places: both limits, the value, and nan where a curve is cut."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .evaluate import Passes
from .event import Event
from .limits import ladder

Array = Any


def with_events(passes: Passes, x: Array, curves: Array, events: list[Event], places: list[float],
                low: float, high: float) -> tuple[Array, Array]:
    """The samples, with rows at the places, and ever nearer to those where a curve is steep."""
    places = sorted({e.x for e in events} | {p for p in places if low <= p <= high})
    if not places:
        return x, curves
    by_place: dict[float, dict[int, Event]] = {}
    for e in events:
        by_place.setdefault(e.x, {})[e.order] = e
    extra_x, extra = [], []
    for p in places:
        below, above = np.nextafter(p, -np.inf), np.nextafter(p, np.inf)
        rows = np.array([np.nextafter(below, -np.inf), below, p, above,
                         np.nextafter(above, np.inf)])
        values = passes(rows).curves[:len(curves)]
        for k, e in by_place.get(p, {}).items():
            values[k] = _rows(e, values[k])
        for k in range(len(curves)):
            if k not in by_place.get(p, {}):
                values[k, 2] = values[k, 2] if np.isfinite(values[k, 2]) else np.nan
                if not np.isfinite(values[k, 2]) and np.isfinite(values[k, [0, 4]]).all():
                    values[k, 1:4] = values[k, 0]
        inside = (rows >= low) & (rows <= high)
        extra_x.append(rows[inside])
        extra.append(values[:, inside])
        if any(e.left in (math.inf, -math.inf) or e.right in (math.inf, -math.inf)
               for e in by_place.get(p, {}).values()):
            gap = min([abs(p - q) for q in places if q != p] + [high - low])
            for side in (-1, 1):
                rungs = ladder(p, min(0.01 * (high - low), 0.4 * gap), side)
                rungs = rungs[(rungs > low) & (rungs < high)]
                extra_x.append(rungs)
                extra.append(passes(rungs).curves[:len(curves)])
    x = np.concatenate([*extra_x, x])              # of equal places the rows made here count
    x, keep = np.unique(x, return_index=True)
    curves = np.hstack([*extra, curves])[:, keep]
    curves[~np.isfinite(curves)] = np.nan
    return x, curves


def _rows(e: Event, seen: Array) -> Array:
    """Values at the five floats around an event: limit, it or a cut, value, a cut or it, limit."""
    left = seen[0] if e.left is None or math.isinf(e.left) else e.left
    right = seen[4] if e.right is None or math.isinf(e.right) else e.right
    left = math.nan if e.left is None else left
    right = math.nan if e.right is None else right
    value = math.nan if e.value is None else e.value
    if not e.slit:
        return np.array([left, left, value, right, right])
    return np.array([left, left if value == e.left else math.nan, value,
                     right if value == e.right else math.nan, right])
