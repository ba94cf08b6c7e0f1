"""Find jumps and kinks that no op states, by residuals: Δf against f' at both ends of a cell."""

from __future__ import annotations

from collections.abc import Iterator
import numpy as np

from .arrays import Bools, Floats
from .evaluate import Batch, Evaluator
from .locate import round_between


LEVELS = 44                      # halvings of a cell that narrow it to a float
MOST = 200                       # cells that are examined


def find_discontinuities(evaluator: Evaluator, batch: Batch, steady: Bools
                         ) -> Iterator[tuple[float, float]]:
    """Yield places where Δf disagrees with f' at both ends, however near: (x, error).

    The residual Δf - h (f'a + f'b) / 2 of a smooth curve falls as h**3; at a jump it stays. A jump
    of f' is a kink of f.
    """
    x, h = batch.x, np.diff(batch.x)
    width = float(x[-1] - x[0])
    for k in range(len(batch.curves) - 1):
        value, slope = batch.curves[k], batch.curves[k + 1]
        left = np.abs(np.diff(value) - h * (slope[1:] + slope[:-1]) / 2)
        size = np.abs(value[1:]) + np.abs(value[:-1])
        windows = np.lib.stride_tricks.sliding_window_view(np.pad(left, 3, mode="edge"), 7)
        usual = np.sort(windows, axis=1)[:, 3]
        floor = 1e-9 * size + 1e-12 * np.nanmax(np.abs(value), initial=0.0)
        cells = np.flatnonzero((left > np.maximum(12 * usual, floor)) & steady & np.isfinite(left))
        if len(cells) > MOST:
            cells = np.sort(cells[np.argsort(-left[cells], kind="stable")[:MOST]])
        a, b = x[cells], x[cells + 1]
        history = [left[cells]]
        for _ in range(LEVELS):
            if not len(a):
                break
            m = 0.5 * (a + b)
            ends = evaluator(np.concatenate([a, m, b])).curves[k:k + 2].reshape(2, 3, -1)
            halves = np.abs(np.diff(ends[0], axis=0) - np.stack([m - a, b - m]) * (
                ends[1][1:] + ends[1][:-1]) / 2)
            halves = np.where(np.isnan(halves), np.inf, halves)
            right = halves[1] > halves[0]
            a, b = np.where(right, m, a), np.where(right, b, m)
            history.append(halves.max(axis=0))
            if len(history) > 8:                   # smooth: a factor of 8 at every halving
                alive = (history[-1] > history[-6] / 20) | (b - a < 1e-15 * width)
                a, b = a[alive], b[alive]
                history = [old[alive] for old in history[-7:]]
            if len(a) and (b - a <= 2 * np.spacing(np.maximum(np.abs(a), np.abs(b)))).all():
                break
        for i in np.flatnonzero(_steps(evaluator, a, b, k, width)):
            yield round_between(a[i], b[i]), 2 * float(b[i] - a[i])


def _steps(evaluator: Evaluator, a: Floats, b: Floats, k: int, width: float) -> Bools:
    """Return where curve k steps between a and b by more than it scatters on both sides: (M,)."""
    if not len(a):
        return np.zeros(0, dtype=bool)
    away = np.arange(1, 9)[:, None] * 1e-9 * width
    values = evaluator(np.concatenate([a - away, b + away]).ravel()).curves[k].reshape(2, 8, -1)
    scatter = np.ptp(values, axis=1).sum(axis=0)
    step = np.abs(values[1].mean(axis=0) - values[0].mean(axis=0))
    above: Bools = ~(step <= 4 * scatter)          # nan: a boundary of the domain, which counts
    return above
