"""Where a curve is sampled: a grid that resonates with nothing, finer where it bends; bands."""

from __future__ import annotations

from typing import Any

import numpy as np

from .event import Band
from .evaluate import Batch, Evaluator

Array = Any

CELLS = 2000                     # of the base grid
CELLS_LOOPED = 600               # of that of a function that is called point by point
PIXELS = 800                     # how wide a plot is taken to be
HEIGHT = 420                     # and how high
FLAT = 0.25                      # pixels a chord may be off
BUDGET = 20_000                  # points that refinement may add
COLUMNS = 4                      # columns that are judged together
WIDE = 30.0                      # times as high as low: the range is sampled by its decades too
GOLDEN = 0.6180339887498949


def grid(low: float, high: float, cells: int) -> Array:
    """Points from low to high, both included, off the regular ones by the golden ratio's multiples.

    A regular grid may resonate with a periodic function: sin(2 pi n x) would be 0 on all of it.
    """
    i = np.arange(cells + 1)
    shift = 0.7 * ((i * GOLDEN) % 1.0 - 0.5)
    shift[0] = shift[-1] = 0.0
    x = low + (high - low) * (i + shift) / cells
    x[-1] = high
    if low > 0 and high > WIDE * low:              # a log axis may be asked for
        x = np.union1d(x, np.clip(np.geomspace(low, high, cells // 4), low, high))
    return x


def robust_range(y: Array, weight: Array | None = None, *, keep: Array = ()) -> tuple[float, float]:
    """A robust range of values: all of them, unless a few run far away; `keep` is always within.

    Far away is more than 3 times the span of the middle 80 percent from it.
    """
    fine = np.isfinite(y)
    keep = np.asarray(keep, dtype=float)
    keep = keep[np.isfinite(keep)]
    if not fine.any():
        values = keep if len(keep) else np.array([0.0])
        return float(values.min()), float(values.max())
    y = y[fine]
    weight = np.ones(len(y)) if weight is None else weight[fine]
    rank = np.argsort(y, kind="stable")
    share = np.cumsum(weight[rank])
    share = share / share[-1]
    inner = y[rank[np.searchsorted(share, [0.1, 0.9])]]
    inner = np.concatenate([inner, keep])
    low, high = float(inner.min()), float(inner.max())
    reach = high - low
    least, most = float(y.min()), float(y.max())
    if high == low:
        return min(low, least), max(high, most)
    return (low - 0.4 * reach if least < low - 3 * reach else least,
            high + 0.4 * reach if most > high + 3 * reach else most)


def sample_weights(x: Array) -> Array:
    """The share of the axis that each sample stands for."""
    if len(x) < 2:
        return np.ones(len(x))
    gaps = np.diff(x)
    return 0.5 * (np.concatenate([gaps[:1], gaps]) + np.concatenate([gaps, gaps[-1:]]))


def oscillating_cells(batch: Batch, order: int) -> Array:
    """(order + 1, N - 1), bool: the cells where a curve turns faster than pixels show.

    Over a few columns of pixels one cell in four contradicts its neighbours: f' changes its sign,
    or f goes where f' does not point.
    """
    x = batch.x
    out = np.zeros((order + 1, len(x) - 1), dtype=bool)
    per = max(int(round(COLUMNS * (len(x) - 1) / PIXELS)), 10)
    tall = [np.subtract(*robust_range(curve, sample_weights(x))[::-1]) for curve in batch.curves]
    for k in range(order + 1):
        with np.errstate(all="ignore"):
            step = np.diff(batch.curves[k])
            slope = np.sign(batch.curves[k + 1])
            turned = slope[1:] * slope[:-1] < 0
            against = (slope[1:] == slope[:-1]) & (np.sign(step) * slope[1:] < 0)
            odd = (turned | against) & (np.abs(step) > tall[k] / HEIGHT)
        if not odd.any():
            continue
        kernel = np.ones(per)
        share = np.convolve(odd, kernel, "same") / per
        dense = share >= 0.25    # a period of 3 pixels
        out[k] = np.convolve(dense, np.ones(per), "same") > 0.5
        runs = np.flatnonzero(np.diff(np.concatenate([[0], out[k].astype(int), [0]])))
        for start, stop in runs.reshape(-1, 2):
            if odd[start:stop].sum() < 5:
                out[k, start:stop] = False
    return out


def find_bands(passes: Evaluator, x: Array, cells: Array) -> list[Band]:
    """The bands of all curves, from the restless cells: (order + 1, N - 1)."""
    found = []
    fractions = ((np.arange(24) * GOLDEN) % 1.0)[:, None]
    width = (x[-1] - x[0]) / PIXELS
    for k, row in enumerate(cells):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(int), [0]])))
        for start, stop in edges.reshape(-1, 2):
            low, high = float(x[start]), float(x[stop])
            columns = max(int(np.ceil((high - low) / width)), 1)
            borders = np.linspace(low, high, columns + 1)
            points = borders[:-1] + fractions * np.diff(borders)
            values = passes(points.ravel()).curves[k].reshape(points.shape)
            finite = np.isfinite(values)
            least = np.where(finite, values, np.inf).min(axis=0)
            most = np.where(finite, values, -np.inf).max(axis=0)
            some = finite.any(axis=0)
            middles = 0.5 * (borders[:-1] + borders[1:])
            found.append(Band(low, high, k, middles[some], least[some], most[some]))
    return found


def refine(passes: Evaluator, batch: Batch, order: int, stops: Array, quiet: Array) -> Batch:
    """The batch with points added where a chord is off the curve by more than a quarter of a pixel.

    How far it is off is told by f' at both ends, h |f'b - f'a| / 8, and by the residual; the exact
    derivatives make it cheap. Cells that hold a `stop` (a singular place) are left alone.
    """
    budget = BUDGET if not passes.looped else BUDGET // 20
    x = batch.x
    tall = []
    for k in range(order + 1):
        low, high = robust_range(batch.curves[k], sample_weights(x))
        span = max(high - low, 1e-9 * max(abs(low), abs(high)), 1e-300)
        tall.append((low - 0.2 * span, high + 0.2 * span, span))
    least = (x[-1] - x[0]) / PIXELS / 16
    calm = quiet.copy()
    for _ in range(8):
        h = np.diff(batch.x)
        rough = np.zeros(len(h))
        for k in range(order + 1):
            low, high, span = tall[k]
            value, slope = batch.curves[k], batch.curves[k + 1]
            with np.errstate(all="ignore"):
                bend = h * np.abs(np.diff(slope)) / 8
                left = np.abs(np.diff(value) - h * (slope[1:] + slope[:-1]) / 2)
                off = np.fmax(np.fmax(bend, left), 0.0)
                outside = (np.minimum(value[1:], value[:-1]) > high) | (
                    np.maximum(value[1:], value[:-1]) < low)
            rough = np.maximum(rough, np.where(outside, 0.0, off * HEIGHT / span))
        rough[~calm | (h < least)] = 0.0
        if len(stops):
            cell: Any = np.clip(np.searchsorted(batch.x, stops) - 1, 0, len(h) - 1)
            rough[cell[h[cell] < 8 * least]] = 0.0
        split = np.flatnonzero(rough > FLAT)
        room = budget - (len(batch.x) - len(x))
        if not len(split) or room <= 0:
            break
        if len(split) > room:
            split = np.sort(split[np.argsort(-rough[split], kind="stable")[:room]])
        middle = 0.5 * (batch.x[split] + batch.x[split + 1])
        batch = join(batch, passes(middle))
        calm = np.insert(calm, split + 1, calm[split])
    return batch


def join(first: Batch, second: Batch) -> Batch:
    """Both batches, sorted by x; of equal x the first's."""
    x = np.concatenate([first.x, second.x])
    _, keep = np.unique(x, return_index=True)
    rows = max(len(first.watched), len(second.watched))
    watched = [np.pad(b.watched, ((0, rows - len(b.watched)), (0, 0)), constant_values=np.nan)
               for b in (first, second)]
    return Batch(x[keep], np.hstack([first.curves, second.curves])[:, keep],
                 np.hstack(watched)[:, keep], np.concatenate([first.path, second.path])[keep])
