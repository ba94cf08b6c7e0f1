"""Sampling: a grid without resonances, refined where a curve bends; bands of oscillation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .arrays import Bools, Floats
from .event import Band
from .evaluate import Batch, Evaluator


CELLS = 2000                     # of the initial grid
CELLS_LOOPED = 600               # the same for a function called once per point
PIXELS = 800                     # assumed width of a plot
HEIGHT = 420                     # and its height
FLAT = 0.25                      # pixels that a chord may be off
BUDGET = 20_000                  # points added at most
COLUMNS = 4                      # columns that are evaluated together
WIDE = 30.0                      # high / low: above this the range is sampled by decades too
GOLDEN = 0.6180339887498949


def grid(low: float, high: float, cells: int) -> Floats:
    """Return points from low to high, both included, shifted by multiples of the golden ratio.

    A regular grid may resonate with a periodic function: sin(2 pi n x) could be 0 on all of it.
    """
    i = np.arange(cells + 1)
    shift = 0.7 * ((i * GOLDEN) % 1.0 - 0.5)
    shift[0] = shift[-1] = 0.0
    x = low + (high - low) * (i + shift) / cells
    x[-1] = high
    if low > 0 and high > WIDE * low:              # for a log axis
        x = np.union1d(x, np.clip(np.geomspace(low, high, cells // 4), low, high))
    return x


def robust_range(y: Floats, weight: Floats | None = None, *, keep: Sequence[float] = ()
                 ) -> tuple[float, float]:
    """Return the range of the values without far outliers; `keep` is always within it.

    An outlier is farther from the middle 80 percent than 3 times their span.
    """
    fine = np.isfinite(y)
    kept = np.asarray(keep, dtype=float)
    kept = kept[np.isfinite(kept)]
    if not fine.any():
        values = kept if len(kept) else np.array([0.0])
        return float(values.min()), float(values.max())
    y = y[fine]
    weight = np.ones(len(y)) if weight is None else weight[fine]
    rank = np.argsort(y, kind="stable")
    share = np.cumsum(weight[rank])
    share = share / share[-1]
    inner = y[rank[np.searchsorted(share, [0.1, 0.9])]]
    inner = np.concatenate([inner, kept])
    low, high = float(inner.min()), float(inner.max())
    reach = high - low
    least, most = float(y.min()), float(y.max())
    if high == low:
        return min(low, least), max(high, most)
    return (low - 0.4 * reach if least < low - 3 * reach else least,
            high + 0.4 * reach if most > high + 3 * reach else most)


def sample_weights(x: Floats) -> Floats:
    """Return the share of the axis that each sample represents."""
    if len(x) < 2:
        return np.ones(len(x))
    gaps = np.diff(x)
    shares: Floats = 0.5 * (np.concatenate([gaps[:1], gaps]) + np.concatenate([gaps, gaps[-1:]]))
    return shares


def oscillating_cells(batch: Batch, order: int) -> Bools:
    """Return the cells where a curve oscillates faster than pixels: (order + 1, N - 1).

    There one cell in four, over a few columns of pixels, contradicts its neighbours: f' changes
    sign, or f moves against f'.
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


def find_bands(evaluator: Evaluator, x: Floats, cells: Bools) -> list[Band]:
    """Return the bands of all curves, from their oscillating cells: (order + 1, N - 1)."""
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
            values = evaluator(points.ravel()).curves[k].reshape(points.shape)
            finite = np.isfinite(values)
            least = np.where(finite, values, np.inf).min(axis=0)
            most = np.where(finite, values, -np.inf).max(axis=0)
            some = finite.any(axis=0)
            middles = 0.5 * (borders[:-1] + borders[1:])
            found.append(Band(low, high, k, middles[some], least[some], most[some]))
    return found


def refine(evaluator: Evaluator, batch: Batch, order: int, stops: Floats, steady: Bools) -> Batch:
    """Add points to the batch where a chord is off the curve by more than a quarter of a pixel.

    The distance is estimated by f' at both ends, h |f'b - f'a| / 8, and by the residual. Only
    steady cells are refined, and none that hold a `stop` (a singular place).
    """
    budget = BUDGET if not evaluator.looped else BUDGET // 20
    x = batch.x
    tall = []
    for k in range(order + 1):
        low, high = robust_range(batch.curves[k], sample_weights(x))
        span = max(high - low, 1e-9 * max(abs(low), abs(high)), 1e-300)
        tall.append((low - 0.2 * span, high + 0.2 * span, span))
    least = (x[-1] - x[0]) / PIXELS / 16
    refinable = steady.copy()
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
        rough[~refinable | (h < least)] = 0.0
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
        batch = join(batch, evaluator(middle))
        refinable = np.insert(refinable, split + 1, refinable[split])
    return batch


def join(first: Batch, second: Batch) -> Batch:
    """Merge two batches, sorted by x; of equal x the first one is kept."""
    x = np.concatenate([first.x, second.x])
    _, keep = np.unique(x, return_index=True)
    rows = max(len(first.detector_values), len(second.detector_values))
    padded = [np.pad(b.detector_values, ((0, rows - len(b.detector_values)), (0, 0)),
                     constant_values=np.nan) for b in (first, second)]
    return Batch(x[keep], np.hstack([first.curves, second.curves])[:, keep],
                 np.hstack(padded)[:, keep], np.concatenate([first.path, second.path])[keep])
