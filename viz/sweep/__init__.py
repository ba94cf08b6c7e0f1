"""Sweep f and its exact derivatives over a range, and locate poles, kinks, roots and the like."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..callable_module import make_callable
from ..readers import sweep_adapter
from .arguments import bind_arguments, function_name
from .arrays import Bools, Floats
from .classify import classify
from .derivatives import SweepError
from .evaluate import Evaluator
from .event import KINDS, SINGULAR, SMOOTH, Band, Event, UndefinedInterval
from .explain import rounding_size
from .insert_events import insert_events
from .result import Sweep
from .sampling import (
    CELLS, CELLS_LOOPED, find_bands, grid, join, oscillating_cells, refine, robust_range,
    sample_weights)
from .search import find_candidates
from .smooth import smooth_events
from .undefined import make_notes, undefined_everywhere, undefined_intervals

__all__ = ["KINDS", "SINGULAR", "SMOOTH", "Band", "Event", "Sweep", "SweepError",
           "UndefinedInterval", "family", "robust_range", "sample_weights", "sweep"]

MOST = 12                        # the highest derivative
CHUNK = 8192                     # points evaluated at a time, to fit the processor's cache
CROWD = 2000                     # singular places that are classified at most


def sweep(f: Callable[..., Any], low: float = -3.0, high: float = 3.0, *, order: int = 1,
          points: int | None = None, name: str | None = None,
          fixed: Mapping[str, float] | None = None) -> Sweep:
    """Evaluate f and its derivatives up to `order` on [low, high], with the events of all curves.

    f takes a Tensor, of tinytorch or another framework, and returns one; `fixed` gives values for
    its other arguments. points: the number of evenly spaced samples; by default as many as a
    picture needs, plus those at events. All points are evaluated in one pass if that agrees with
    single points, otherwise f is called once per point.

    Raises SweepError for a range or a function that cannot be drawn, and whatever f raises.
    """
    low, high = float(low), float(high)
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise SweepError(f"the range must go from a smaller to a larger finite number, "
                         f"not from {low:g} to {high:g}")
    if not 0 <= order <= MOST:
        raise SweepError(f"order is {order}: it must be from 0 to {MOST}")
    if points is not None and points < 2:
        raise SweepError(f"points is {points}: it must be at least 2")
    with np.errstate(all="ignore"):
        return _sweep(f, low, high, order, points, name or function_name(f), fixed or {})


def family(f: Callable[..., Any], values: Mapping[str, Sequence[float]], low: float = -3.0,
           high: float = 3.0, *, order: int = 1, points: int | None = None,
           name: str | None = None) -> list[Sweep]:
    """Return a sweep for every combination of values of other arguments: {"a": [1, 2, 3]}."""
    return [sweep(f, low, high, order=order, points=points, name=name, fixed=dict(zip(values, row)))
            for row in itertools.product(*values.values())]


def _sweep(f: Callable[..., Any], low: float, high: float, order: int, points: int | None,
           name: str, fixed: Mapping[str, float]) -> Sweep:
    (argument,), g = bind_arguments(f, fixed, 1, sweep_adapter(f))
    evaluator = Evaluator(g, max(order + 1, 2), low, high)
    coarse = grid(low, high, CELLS_LOOPED if evaluator.looped else CELLS)
    batch = evaluator(coarse)
    oscillating = oscillating_cells(batch, order)
    found = find_candidates(evaluator, batch, _steady(batch.x, oscillating, coarse))
    if found.seeds or found.candidates:            # samples around them show the rest
        near = np.union1d(_near(found.seeds, low, high, 9.0),
                          _near([c.x for c in found.candidates], low, high, 4.0))
        batch = join(batch, evaluator(near))
        found = find_candidates(evaluator, batch, _steady(batch.x, oscillating, coarse))
    candidates = found.candidates
    if len(candidates) > CROWD:
        candidates = [c for c in candidates if c.by_detector][:CROWD]
    singular = classify(evaluator, candidates, order, low, high)
    smooth = smooth_events(evaluator, batch, found.turns, singular, order,
                           rounding_size(evaluator, batch.x))
    undefined = undefined_intervals(evaluator, [c.x for c in candidates], low, high)
    if len(undefined) == 1 and undefined[0][:2] == (low, high) and not any(
            e.value is not None for e in singular):
        raise SweepError(undefined_everywhere(evaluator, undefined[0], name))
    if points is None:
        if smooth:
            batch = join(batch, evaluator(np.unique([e.x for e in smooth])))
        steady = np.all(_steady(batch.x, oscillating, coarse), axis=0)
        batch = refine(evaluator, batch, order, np.array(sorted({e.x for e in singular})), steady)
        x, curves = batch.x, batch.curves[:order + 1]
    else:
        x = np.linspace(low, high, points)
        curves = _dense(evaluator, x, order)
    x, curves = insert_events(evaluator, x, curves, singular, [c.x for c in candidates], low, high)
    events = sorted([*singular, *smooth], key=lambda e: (e.x, e.order, KINDS.index(e.kind)))
    return Sweep(name, low, high, x, curves, tuple(events), tuple(undefined),
                 tuple(find_bands(evaluator, coarse, oscillating)), argument,
                 evaluator.expression(argument, low, high), evaluator.looped,
                 make_notes(undefined, evaluator, batch, order),
                 tuple(fixed.items()), evaluator)


def _dense(evaluator: Evaluator, x: Floats, order: int) -> Floats:
    """Return the curves alone, evaluated in chunks that fit the cache: (order + 1, N)."""
    curves = np.empty((order + 1, len(x)))
    for i in range(0, len(x), CHUNK):
        curves[:, i:i + CHUNK] = evaluator.curves(x[i:i + CHUNK], order)
    return curves


def _near(places: list[float], low: float, high: float, depth: float) -> Floats:
    """Return points that approach each place from both sides, to 10**-depth of the range."""
    steps = (high - low) * 10.0 ** -np.arange(2.5, depth + 0.1, 0.25)
    steps = np.concatenate([-steps, steps])
    x = np.unique(np.array(places[:CROWD])[:, None] + steps)
    return x[(x > low) & (x < high)]


def _steady(x: Floats, oscillating: Bools, coarse: Floats) -> Bools:
    """Return the cells of x without oscillations, from those of the grid: (order + 1, N - 1)."""
    cell = np.clip(np.searchsorted(coarse, 0.5 * (x[1:] + x[:-1])) - 1, 0, oscillating.shape[1] - 1)
    return ~oscillating[:, cell]


make_callable(__name__)
