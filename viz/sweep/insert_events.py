"""Rows at singular places: both limits, the value, and nan where a curve is cut."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .evaluate import Evaluator
from .event import Event
from .limits import approaching_points

Array = Any

TINY = 1e-60


def insert_events(passes: Evaluator, x: Array, curves: Array, events: list[Event], places:
                  list[float],
                  low: float, high: float) -> tuple[Array, Array]:
    """The samples, with rows at the places, and ever nearer to those where a curve is steep."""
    places = sorted({e.x for e in events} | {p for p in places if low <= p <= high})
    if not places:
        return x, curves
    by_place: dict[float, dict[int, Event]] = {}
    for e in events:
        by_place.setdefault(e.x, {})[e.order] = e
    floats = np.array([_floats(p) for p in places])
    seen = passes(floats.ravel()).curves[:len(curves)].reshape(len(curves), *floats.shape)
    for i, p in enumerate(places):
        here = by_place.get(p, {})
        for k in range(len(curves)):
            seen[k, i] = _rows(here[k], seen[k, i]) if k in here else _mended(seen[k, i])
    wide = high - low
    gaps = np.diff([low - wide, *places, high + wide])
    steep = [approaching_points(p, min(0.01 * wide, 0.4 * min(gaps[i:i + 2])), side)
             for i, p in enumerate(places) for side in (-1, 1)
             if any(map(_steep, by_place.get(p, {}).values()))]
    near = np.concatenate([np.empty(0), *steep, *(0.5 * (x[1:] + x[:-1]) for x in steep)])
    extra_x = [floats.ravel(), near]
    extra = [seen.reshape(len(curves), -1), passes(near).curves[:len(curves)]]
    x = np.concatenate([*extra_x, x])              # of equal places the rows made here count
    x, keep = np.unique(x, return_index=True)
    curves = np.hstack([*extra, curves])[:, keep]
    curves[~np.isfinite(curves)] = np.nan
    inside = (x >= low) & (x <= high)
    return x[inside], curves[:, inside]


def _steep(e: Event) -> bool:
    """Whether the curve may turn upright at the event."""
    return e.kind in ("vertical_tangent", "cusp", "end") or any(
        v is not None and math.isinf(v) for v in (e.left, e.right))


def _floats(p: float) -> list[float]:
    """p and the two floats on either side of it; beside 0 those whose powers are numbers still."""
    if p == 0.0:
        return [-2 * TINY, -TINY, 0.0, TINY, 2 * TINY]
    below, above = np.nextafter(p, -np.inf), np.nextafter(p, np.inf)
    return [np.nextafter(below, -np.inf), below, p, above, np.nextafter(above, np.inf)]


def _mended(seen: Array) -> Array:
    """A curve to which nothing happens, though at x itself the engine may have no number for it."""
    if not np.isfinite(seen[2]) and np.isfinite(seen[[0, 4]]).all():
        seen[1:4] = seen[0]
    return seen


def _rows(e: Event, seen: Array) -> Array:
    """Values at the five floats around an event: limit, it or a cut, value, a cut or it, limit."""
    left = seen[0] if e.left is None or math.isinf(e.left) else e.left
    right = seen[4] if e.right is None or math.isinf(e.right) else e.right
    left = math.nan if e.left is None else left
    right = math.nan if e.right is None else right
    value = math.nan if e.value is None else e.value
    if not e.is_break:
        return np.array([left, left, value, right, right])
    return np.array([left, left if value == e.left else math.nan, value,
                     right if value == e.right else math.nan, right])
