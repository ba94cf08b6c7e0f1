"""Insert rows at singular places: both limits, the value, and nan where a curve is cut."""

from __future__ import annotations

import math
import numpy as np

from .arrays import Floats
from .evaluate import Evaluator
from .event import Event
from .limits import approaching_points


TINY = 1e-60


def insert_events(evaluator: Evaluator, x: Floats, curves: Floats, events: list[Event], places:
                  list[float],
                  low: float, high: float) -> tuple[Floats, Floats]:
    """Add samples at the places, and ever closer ones beside those where a curve is steep."""
    places = sorted({e.x for e in events} | {p for p in places if low <= p <= high})
    if not places:
        return x, curves
    by_place: dict[float, dict[int, Event]] = {}
    for e in events:
        by_place.setdefault(e.x, {})[e.order] = e
    floats = np.array([_floats(p) for p in places])
    values = evaluator(floats.ravel()).curves[:len(curves)].reshape(len(curves), *floats.shape)
    for i, p in enumerate(places):
        here = by_place.get(p, {})
        for k in range(len(curves)):
            values[k, i] = (_rows(here[k], values[k, i]) if k in here
                            else _mended(values[k, i]))
    wide = high - low
    gaps = np.diff([low - wide, *places, high + wide])
    steep = [approaching_points(p, min(0.01 * wide, 0.4 * min(gaps[i:i + 2])), side)
             for i, p in enumerate(places) for side in (-1, 1)
             if any(map(_steep, by_place.get(p, {}).values()))]
    near = np.concatenate([np.empty(0), *steep, *(0.5 * (x[1:] + x[:-1]) for x in steep)])
    extra_x = [floats.ravel(), near]
    extra = [values.reshape(len(curves), -1), evaluator(near).curves[:len(curves)]]
    x = np.concatenate([*extra_x, x])              # of equal x the rows made here are kept
    x, keep = np.unique(x, return_index=True)
    curves = np.hstack([*extra, curves])[:, keep]
    curves[~np.isfinite(curves)] = np.nan
    inside = (x >= low) & (x <= high)
    return x[inside], curves[:, inside]


def _steep(e: Event) -> bool:
    """Return whether the curve may become vertical at the event."""
    return e.kind in ("vertical_tangent", "cusp", "end") or any(
        v is not None and math.isinf(v) for v in (e.left, e.right))


def _floats(p: float) -> list[float]:
    """Return p and the two floats on either side; beside 0, numbers whose powers do not vanish."""
    if p == 0.0:
        return [-2 * TINY, -TINY, 0.0, TINY, 2 * TINY]
    below, above = np.nextafter(p, -np.inf), np.nextafter(p, np.inf)
    return [np.nextafter(below, -np.inf), below, p, above, np.nextafter(above, np.inf)]


def _mended(values: Floats) -> Floats:
    """Fill in a regular curve where the engine has no number for it at x itself."""
    if not np.isfinite(values[2]) and np.isfinite(values[[0, 4]]).all():
        values[1:4] = values[0]
    return values


def _rows(e: Event, values: Floats) -> Floats:
    """Return the values at the five floats around an event: limit, limit or cut, value, and back.
    """
    left = values[0] if e.left is None or math.isinf(e.left) else e.left
    right = values[4] if e.right is None or math.isinf(e.right) else e.right
    left = math.nan if e.left is None else left
    right = math.nan if e.right is None else right
    value = math.nan if e.value is None else e.value
    if not e.is_break:
        return np.array([left, left, value, right, right])
    return np.array([left, left if value == e.left else math.nan, value,
                     right if value == e.right else math.nan, right])
