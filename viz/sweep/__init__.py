"""Sweep: f and its exact derivatives over a range, and all that happens on the way."""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from ..readers import terms
from .arguments import bind_arguments, function_name
from .classify import classify
from .derivatives import SweepError
from .evaluate import Evaluator
from .event import KINDS, SINGULAR, SMOOTH, Band, Event, UndefinedInterval
from .insert_events import insert_events
from .result import Sweep
from .sampling import (CELLS, CELLS_LOOPED, find_bands, robust_range, grid, join, refine,
                       oscillating_cells, sample_weights)
from .search import find_candidates
from .smooth import smooth_events
from .undefined import make_notes, undefined_everywhere, undefined_intervals

__all__ = ["KINDS", "SINGULAR", "SMOOTH", "Band", "Event", "UndefinedInterval", "Sweep",
           "SweepError",
           "family", "robust_range", "sample_weights", "sweep"]

Array = Any

MOST = 12                        # the highest derivative
CHUNK = 8192                     # points evaluated at a time: they stay in the processor's cache
CROWD = 2000                     # more singular places than that are not looked at one by one


def sweep(f: Callable[..., Any], low: float = -3.0, high: float = 3.0, *, order: int = 1,
          points: int | None = None, name: str | None = None,
          fixed: Mapping[str, float] | None = None) -> Sweep:
    """f and its derivatives up to `order` on [low, high], with the events of all these curves.

    f takes a Tensor, of tinytorch or another framework, and returns one; `fixed` gives its other
    arguments. points: how many samples,
    evenly spaced, besides those at events; None: as many as the picture needs. One pass evaluates
    all of them, where that is what f of single points gives; else f is called once per point.
    Raises SweepError for a range or an f that cannot be drawn, and what f raises.
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
    """A sweep for every combination of the values of the other arguments: {"a": [1, 2, 3]}."""
    return [sweep(f, low, high, order=order, points=points, name=name, fixed=dict(zip(values, row)))
            for row in itertools.product(*values.values())]


def _sweep(f: Callable[..., Any], low: float, high: float, order: int, points: int | None,
           name: str, fixed: Mapping[str, float]) -> Sweep:
    (argument,), g = bind_arguments(f, fixed, 1, terms(f))
    passes = Evaluator(g, max(order + 1, 2), low, high)
    base = grid(low, high, CELLS_LOOPED if passes.looped else CELLS)
    batch = passes(base)
    restive = oscillating_cells(batch, order)
    found = find_candidates(passes, batch, _still(batch.x, restive, base))
    if found.seeds or found.candidates:            # with samples around them all of it shows
        near = np.union1d(_near(found.seeds, low, high, 9.0),
                          _near([c.x for c in found.candidates], low, high, 4.0))
        batch = join(batch, passes(near))
        found = find_candidates(passes, batch, _still(batch.x, restive, base))
    candidates = found.candidates
    if len(candidates) > CROWD:
        candidates = [c for c in candidates if c.watched][:CROWD]
    singular = classify(passes, candidates, order, low, high)
    smooth = smooth_events(passes, batch, found.turns, singular, order, passes.sizes(batch.x))
    blank = undefined_intervals(passes, [c.x for c in candidates], low, high)
    if len(blank) == 1 and blank[0][:2] == (low, high) and not any(
            e.value is not None for e in singular):
        raise SweepError(undefined_everywhere(passes, blank[0], name))
    if points is None:
        if smooth:
            batch = join(batch, passes(np.unique([e.x for e in smooth])))
        still = _still(batch.x, restive, base).all(axis=0)
        batch = refine(passes, batch, order, np.array(sorted({e.x for e in singular})), still)
        x, curves = batch.x, batch.curves[:order + 1]
    else:
        x = np.linspace(low, high, points)
        curves = _dense(passes, x, order)
    x, curves = insert_events(passes, x, curves, singular, [c.x for c in candidates], low, high)
    events = sorted([*singular, *smooth], key=lambda e: (e.x, e.order, KINDS.index(e.kind)))
    return Sweep(name, low, high, x, curves, tuple(events), tuple(blank),
                 tuple(find_bands(passes, base, restive)), argument,
                 passes.expression(argument, low, high), passes.looped,
                 make_notes(blank, passes, batch, order),
                 tuple(fixed.items()), passes)


def _dense(passes: Evaluator, x: Array, order: int) -> Array:
    """(order + 1, N): the curves alone, in chunks that stay in the processor's cache."""
    curves = np.empty((order + 1, len(x)))
    for i in range(0, len(x), CHUNK):
        curves[:, i:i + CHUNK] = passes.curves(x[i:i + CHUNK], order)
    return curves


def _near(places: list[float], low: float, high: float, depth: float) -> Array:
    """Points that close in on each place from both sides, to 10**-depth of the range."""
    steps = (high - low) * 10.0 ** -np.arange(2.5, depth + 0.1, 0.25)
    steps = np.concatenate([-steps, steps])
    x = np.unique(np.array(places[:CROWD])[:, None] + steps)
    return x[(x > low) & (x < high)]


def _still(x: Array, restive: Array, base: Array) -> Array:
    """For the curves and the cells of x: whether it is not restless there, by cells of the base."""
    cell = np.clip(np.searchsorted(base, 0.5 * (x[1:] + x[:-1])) - 1, 0, restive.shape[1] - 1)
    return ~restive[:, cell]


class _Callable(ModuleType):
    """viz.sweep is this module and the function: viz.sweep(f, -3, 3)."""

    def __call__(self, *args: Any, **options: Any) -> Sweep:
        return sweep(*args, **options)


sys.modules[__name__].__class__ = _Callable
