"""What happens at a place: limits from both sides, of every curve, and the names for them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .evaluate import Passes
from .event import Event
from .limits import Limit, ladder, limit
from .search import Candidate

Array = Any


def classify(passes: Passes, candidates: list[Candidate], order: int, low: float, high: float
             ) -> list[Event]:
    """The events at the candidates, for the curves 0 .. order. Candidates where all is well have none."""
    if not candidates:
        return []
    width = high - low
    places = [c.x for c in candidates]
    points, slices = [], []
    start = 0
    for i, c in enumerate(candidates):
        for side in (-1, 1):
            gap = min(abs(p - c.x) for p in [*places[max(i - 1, 0):i], *places[i + 1:i + 2],
                                             c.x + width])
            rungs = ladder(c.x, min(0.01 * width, 0.4 * gap), side, c.error)
            points.append(rungs)
            slices.append(slice(start, start + len(rungs)))
            start += len(rungs)
    at = passes(np.array(places))
    curves = passes(np.concatenate(points)).curves
    events: list[Event] = []
    for i, c in enumerate(candidates):
        sides = []
        for j in (0, 1):
            part = slices[2 * i + j]
            sides.append([limit(c.x, points[2 * i + j], row[part]) for row in curves])
        events += _at(c, sides[0], sides[1], at.curves[:, i], order, low, high)
    return events


def _at(c: Candidate, left: list[Limit], right: list[Limit], values: Array, order: int,
        low: float, high: float) -> list[Event]:
    """The events of one place. A curve is singular where the one before it is."""
    events: list[Event] = []
    broken = False                                 # whether f^(k) has no value at x because f^(k-1) has not
    for k in range(order + 1):
        value = float(values[k])
        event = _of_curve(c, k, left, right, value, broken)
        if event is None:
            continue
        if c.x <= low or c.x >= high:
            event = _at_the_edge(event, c.x <= low, left[k], right[k])
            if event is None:
                broken = True
                continue
        events.append(event)
        broken = True
    return events


def _of_curve(c: Candidate, k: int, lefts: list[Limit], rights: list[Limit], value: float,
              broken: bool) -> Event | None:
    left, right = lefts[k], rights[k]
    there = math.isfinite(value) and not broken
    engine = value if broken and math.isfinite(value) else None
    L, R = _number(left), _number(right)
    V = _snapped(value, left, right) if there else None

    def event(kind: str, detail: str = "") -> Event:
        return Event(kind, c.x, k, L, R, V, detail, c.cause, c.line, engine)

    if left.kind == right.kind == "undefined":
        return event("isolated") if there and c.watched and k == 0 else None
    if "undefined" in (left.kind, right.kind):
        side = right if left.kind == "undefined" else left
        if side.kind == "none":
            return None
        if broken and k and side.kind == "finite" and engine is not None:
            V, engine = engine, None               # one-sided derivative at a closed end
        closed = V is not None and side.kind == "finite"
        return event("end", "closed" if closed else "open")
    if "infinite" in (left.kind, right.kind):
        both = left.kind == right.kind == "infinite"
        if k and not broken and math.isfinite(value):
            return None
        return event("pole", ("even" if L == R else "odd") if both else "one-sided")
    if "none" in (left.kind, right.kind):
        return None
    if not _same(left, right):
        return event("jump")
    if broken:
        return event("hole") if not _restored(k) else None
    if V is None:
        if k:                                      # f is smooth here: f' is its own limit
            return None
        return event("hole")
    if abs(V - left.value) > _slack(left, right):
        return event("hole", "isolated value") if k == 0 else None
    if k + 1 >= len(lefts):
        return None
    return _of_slopes(event, lefts[k + 1], rights[k + 1])


def _of_slopes(event: Any, left: Limit, right: Limit) -> Event | None:
    """A continuous curve, by the one-sided limits of its derivative."""
    kinds = {left.kind, right.kind}
    if kinds == {"infinite"}:
        return event("vertical_tangent") if left.value == right.value else event("cusp")
    if "infinite" in kinds and "finite" in kinds:
        return event("kink")
    if kinds == {"finite"} and not _same(left, right):
        return event("kink")
    return None


def _at_the_edge(event: Event, first: bool, left: Limit, right: Limit) -> Event | None:
    """At an end of the range only what its inner side shows: a pole, an end, a lone value."""
    inner = right if first else left
    if inner.kind == "undefined":
        return None if event.value is None else event
    shown = event.right if first else event.left
    if event.kind == "end":
        return event
    if shown is not None and math.isinf(shown):
        return event._replace(**{"left" if first else "right": None})
    if event.order and event.kind in ("jump", "hole"):
        return None
    if event.value is None or (shown is not None and abs(event.value - shown) > 1e-9 * (
            1 + abs(shown))):
        return event._replace(**{"left" if first else "right": None})
    return None


def _restored(k: int) -> bool:
    return False


def _number(limit: Limit) -> float | None:
    return limit.value if limit.kind in ("finite", "infinite") else None


def _slack(left: Limit, right: Limit) -> float:
    size = max(abs(left.value), abs(right.value))
    return 8 * (left.error + right.error) + 1e-9 * size + 1e-300


def _same(left: Limit, right: Limit) -> bool:
    return abs(left.value - right.value) <= _slack(left, right)


def _snapped(value: float, left: Limit, right: Limit) -> float:
    return value
