"""Classify places by the one-sided limits of every curve there."""

from __future__ import annotations

import math
import numpy as np

from .arrays import Floats
from .evaluate import Evaluator
from .event import Event
from .explain import has_nonfinite_steps, is_defined, source_line
from .limits import Limit, approaching_points, limit
from .search import Candidate


def classify(evaluator: Evaluator, candidates: list[Candidate], order: int, low: float,
             high: float) -> list[Event]:
    """Return the events of the curves 0 .. order at the candidates; regular points have none."""
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
            overflow = c.overflow[side > 0]
            reach = max(min(0.01 * width, 0.4 * gap), min(16 * overflow, 0.4 * gap))
            near = approaching_points(c.x, reach, side, max(c.error, 0.11 * overflow))
            points.append(near)
            slices.append(slice(start, start + len(near)))
            start += len(near)
    at = evaluator(np.array(places)).curves
    first = {c.row: c.x for c in reversed(candidates) if c.by_detector}
    lines = {row: source_line(evaluator, row, x) for row, x in first.items()}
    candidates = [c._replace(line=lines.get(c.row, "")) for c in candidates]
    suspect = np.flatnonzero(has_nonfinite_steps(evaluator, np.array(places)))
    at[0, [i for i in suspect if not is_defined(evaluator, places[i])]] = np.nan
    curves = evaluator(np.concatenate(points)).curves
    events: list[Event] = []
    for i, c in enumerate(candidates):
        sides = []
        for j in (0, 1):
            part = slices[2 * i + j]
            sides.append([limit(c.x, points[2 * i + j], row[part]) for row in curves])
        events += _at(c, sides[0], sides[1], at[:, i], order, low, high)
    return events


def _at(c: Candidate, left: list[Limit], right: list[Limit], values: Floats, order: int,
        low: float, high: float) -> list[Event]:
    """Return the events of one place. A curve is singular where the one before it is."""
    events: list[Event] = []
    broken = False
    for k in range(order + 1):
        closed_end = bool(events) and events[-1].order == k - 1 and events[-1].detail == "closed"
        event = _of_curve(c, k, left, right, float(values[k]), broken, closed_end)
        if event is None:
            continue
        broken = True
        if c.x <= low or c.x >= high:
            inside = _at_the_edge(event, c.x <= low, left[k], right[k])
            if inside is None:
                continue
            event = inside
        events += [*_also(event, left[k + 1:], right[k + 1:]), event]
    return events


def _of_curve(c: Candidate, k: int, lefts: list[Limit], rights: list[Limit], value: float,
              broken: bool, closed_end: bool) -> Event | None:
    """Return the event of curve k at a candidate, or None.

    broken: f^(k-1) is singular there, so that f^(k) has no value. closed_end: f^(k-1) ends there,
    and has a value.
    """
    left, right = lefts[k], rights[k]
    there = math.isfinite(value) and not broken
    engine = value if broken and math.isfinite(value) and c.exact else None
    V = _snapped(value, left, right) if there else None
    if k == 0 and c.by_detector and not c.exact:    # x is only next to the place
        V = _by_side(c, left, right, V)

    def event(kind: str, detail: str = "") -> Event:
        return Event(kind, c.x + 0.0, k, _number(left), _number(right), V, detail, c.cause, c.line,
                     engine)

    kinds = {left.kind, right.kind}
    if kinds == {"undefined"}:
        return event("isolated") if there and c.by_detector and k == 0 else None
    if "undefined" in kinds:
        side = right if left.kind == "undefined" else left
        if side.kind == "none":
            return None
        if closed_end and side.kind == "finite":         # one-sided derivative at a closed end
            V, engine = side.value + 0.0, None
        return event("end", "closed" if V is not None and side.kind == "finite" else "open")
    if "infinite" in kinds:
        if k and not broken and math.isfinite(value):
            return None
        both = left.kind == right.kind
        return event("pole", "one-sided" if not both else
                     "even" if left.value == right.value else "odd")
    if "none" in kinds:
        return None
    if not _same(left, right):
        return event("jump")
    if broken:
        return event("hole")
    if V is None:                                  # where f is smooth, f' is its own limit
        return None if k else event("hole")
    if abs(V - left.value) > _slack(left, right):
        return None if k else event("hole", "isolated value")
    kind = _by_slopes(lefts[k + 1], rights[k + 1]) if k + 1 < len(lefts) else ""
    return event(kind) if kind else None


def _by_side(c: Candidate, left: Limit, right: Limit, value: float | None) -> float | None:
    """Return the value of f at a place that no float hits, by what its op does at the zero."""
    if c.pole:
        return None
    side = right if c.closed > 0 or left.kind == "undefined" else left
    if (c.closed or "undefined" in (left.kind, right.kind)) and side.kind == "finite":
        return side.value
    return value


def _by_slopes(left: Limit, right: Limit) -> str:
    """Return the event of a continuous curve, by the limits of its derivative; "" for none."""
    kinds = {left.kind, right.kind}
    if kinds == {"infinite"}:
        return "vertical_tangent" if left.value == right.value else "cusp"
    if kinds == {"infinite", "finite"} or kinds == {"finite"} and not _same(left, right):
        return "kink"
    return ""


def _also(event: Event, lefts: list[Limit], rights: list[Limit]) -> list[Event]:
    """Return the roots and extrema at a kink, a cusp or a closed end: abs(x) has both at 0."""
    smooth = event._replace(left=event.value, right=event.value, detail="", engine=None)
    found = []
    bent = event.kind in ("kink", "cusp", "vertical_tangent")
    if event.value == 0.0 and (bent or event.detail == "closed"):
        found.append(smooth._replace(kind="root"))
    if bent and lefts and lefts[0].value * rights[0].value < 0:
        found.append(smooth._replace(kind="extremum",
                                     detail="minimum" if lefts[0].value < 0 else "maximum"))
    return found


def _at_the_edge(event: Event, first: bool, left: Limit, right: Limit) -> Event | None:
    """Return what the inner side shows at an end of the range: a pole, an end, a value."""
    inner = right if first else left
    if inner.kind == "undefined":
        return None if event.value is None else event
    shown = event.right if first else event.left
    if event.kind == "end":
        return event
    within = event._replace(left=None) if first else event._replace(right=None)
    if shown is not None and math.isinf(shown):
        return within
    if event.order and event.kind in ("jump", "hole"):
        return None
    if event.value is None or (shown is not None and abs(event.value - shown) > 1e-9 * (
            1 + abs(shown))):
        return within
    return None


def _number(limit: Limit) -> float | None:
    return limit.value + 0.0 if limit.kind in ("finite", "infinite") else None


def _slack(left: Limit, right: Limit) -> float:
    size = max(abs(left.value), abs(right.value))
    return 8 * (left.error + right.error) + 1e-9 * size + 1e-300


def _same(left: Limit, right: Limit) -> bool:
    return abs(left.value - right.value) <= _slack(left, right)


def _snapped(value: float, left: Limit, right: Limit) -> float:
    """Return the limit that a value is, up to rounding: |sin 3x| is 0 at pi/3, not 1e-16."""
    for side in (left, right):
        if side.kind == "finite" and abs(value - side.value) <= _slack(side, side) + 1e-14:
            return side.value + 0.0
    return value + 0.0
