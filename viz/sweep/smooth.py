"""Roots, extrema and inflections: where a curve, its slope or its bend changes sign."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
import numpy as np

from .arrays import Floats
from .evaluate import Batch, Evaluator
from .event import Event
from .locate import Brackets, round_between
from .search import HIDDEN


NEAR = 0.006                     # of the range, on either side: a sign change must show there


def smooth_events(evaluator: Evaluator, batch: Batch, brackets: Brackets, singular: list[Event],
                  order: int, sizes: Floats) -> list[Event]:
    """Return the smooth events of the curves 0 .. order, from the sign changes of all curves.

    A zero that lasts (a flat stretch) is no root, nor is one due to rounding alone. sizes: (N,),
    the rounding error of f at every point of the batch, in units of eps.
    """
    events: list[Event] = []
    crossings: dict[int, list[tuple[float, int, int]]] = {}
    for row, x, before, after in _crossings(evaluator, brackets, batch):
        crossings.setdefault(row, []).append((x, before, after))
    width = float(batch.x[-1] - batch.x[0])
    taken = {k: [(s.x, HIDDEN * width if s.is_break else 1e-9 * width) for s in singular
                 if s.order == k] for k in range(order + 1)}
    for row in sorted(crossings):
        values = _values(evaluator, [x for x, _, _ in crossings[row]])
        for (x, before, after), at in zip(crossings[row], values.T):
            for kind, k in (("root", row), ("extremum", row - 1), ("inflection", row - 2)):
                if not 0 <= k <= order or not math.isfinite(at[k]):
                    continue
                if kind != "root" and before == after:
                    continue
                if any(abs(x - t) < far for t, far in taken[k]):
                    continue
                edges = [s.x for s in singular if s.order <= k + 1 and s.x != x]
                if not _is_visible(batch, _around(batch, x, edges), at, kind, k, sizes):
                    continue
                value = 0.0 if kind == "root" else float(at[k])
                detail = ("" if kind != "extremum" else "maximum" if before > after else "minimum")
                if kind == "root" and before == after:
                    detail = "double"
                events.append(Event(kind, x, k, value, value, value, detail))
    events += _touching(events, batch, order)
    unique = {(e.order, e.kind, e.x): e for e in events}
    return sorted(unique.values(), key=lambda e: (e.x, e.order, e.kind))


def _crossings(evaluator: Evaluator, brackets: Brackets, batch: Batch
               ) -> Iterator[tuple[int, float, int, int]]:
    """Yield every isolated zero: (row, x, sign before, sign after)."""
    if not len(brackets.a):
        return
    n = len(brackets.a)
    states = evaluator(np.concatenate([brackets.a, brackets.b])).states
    width = float(batch.x[-1] - batch.x[0])
    order = np.lexsort((brackets.a, brackets.row))
    opened: dict[int, tuple[float, int]] = {}
    for i in order:
        row = int(brackets.row[i])
        a, b = float(brackets.a[i]), float(brackets.b[i])
        before, after = int(states[row, i]), int(states[row, n + i])
        beyond = int(brackets.beyond[i])
        if before and (after or beyond in (-1, 1)):
            yield row, round_between(b if after == 0 else a, b), before, after or beyond
        elif before:             # into a zero that may last
            opened[row] = b, before
        elif row in opened:
            start, sign = opened.pop(row)
            if a - start <= 1e-7 * width:
                yield row, 0.5 * (start + a), sign, after


def _values(evaluator: Evaluator, x: list[float]) -> Floats:
    return evaluator(np.array(x)).curves


def _is_visible(batch: Batch, around: slice, at: Floats, kind: str, k: int, sizes: Floats) -> bool:
    """Return whether the samples around the event show it, beyond rounding."""
    eps = 16 * np.finfo(float).eps
    size = np.nanmax(sizes[around], initial=0.0)
    level = {"root": k, "extremum": k, "inflection": k + 1}[kind]
    curve = batch.curves[level, around]
    rise = np.nanmax(np.abs(curve - (0.0 if kind == "root" else at[level])), initial=0.0)
    if level == 0:
        return bool(rise > eps * size)
    return bool(rise > 1e-9 * np.nanmax(np.abs(curve), initial=0.0))


def _around(batch: Batch, x: float, edges: Sequence[float] = ()) -> slice:
    """Return the slice of the samples around x, up to the singular places."""
    reach = NEAR * float(batch.x[-1] - batch.x[0])
    low = max([x - reach, *(e for e in edges if e < x)])
    high = min([x + reach, *(e for e in edges if e > x)])
    return slice(*np.searchsorted(batch.x, [low, high]))


def _touching(events: list[Event], batch: Batch, order: int) -> list[Event]:
    """Return double roots: extrema whose value is zero, as of x**2 at 0."""
    found = []
    roots = {(e.order, e.x) for e in events if e.kind == "root"}
    for e in events:
        if e.kind == "extremum" and e.value is not None and (e.order, e.x) not in roots:
            near = np.abs(batch.curves[e.order, _around(batch, e.x)])
            if abs(e.value) <= 1e-12 * np.nanmax(near, initial=0.0):
                found.append(e._replace(kind="root", detail="double", value=0.0, left=0.0,
                                        right=0.0))
    return found
