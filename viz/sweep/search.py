"""Where something may happen: places, from the graph's guards, the domain, branches and residuals."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .evaluate import Batch, Passes
from .locate import SECTIONS, Brackets, changes, dips, narrow, place, shrink

Array = Any

FEW = 8                          # changes of one guard within bands that are looked at
RESIDUAL_LEVELS = 44             # halvings of a cell until a jump is at its float


class Candidate(NamedTuple):
    """A place where a curve may be singular."""

    x: float
    cause: str = ""
    line: str = ""
    error: float = 0.0           # how far off x may be
    watched: bool = False        # an op's operand vanishes here
    low: float = 0.0             # x lies between these two floats
    high: float = 0.0


class Found(NamedTuple):
    candidates: list[Candidate]
    turns: Brackets              # narrowed sign changes of the curves: roots, extrema, inflections
    seeds: Array                 # places to sample closely


def search(passes: Passes, batch: Batch, quiet: Array) -> Found:
    """All places on a sorted batch; cells (between samples) that are not `quiet` are left out."""
    sections = 1 if passes.looped else SECTIONS
    brackets = changes(batch)
    cell = np.searchsorted(batch.x, brackets.a)
    keep = quiet[np.minimum(cell, len(quiet) - 1)]
    for row in np.unique(brackets.row[~keep]):     # where it oscillates: only what happens once or twice
        same = ~keep & (brackets.row == row)
        if row >= len(batch.curves) and same.sum() <= FEW:
            keep |= same
    brackets = narrow(passes, Brackets(*(part[keep] for part in brackets)), sections=sections)
    curves = len(batch.curves)
    width = float(batch.x[-1] - batch.x[0])
    found: list[Candidate] = []
    seeds: list[float] = []
    turning = np.zeros(len(brackets), dtype=bool)
    end_states = passes(np.concatenate([brackets.a, brackets.b])).states if len(brackets) else None
    for i in range(len(brackets)):
        a, b, row = (part[i] for part in brackets)
        assert end_states is not None
        before, after = end_states[row, i], end_states[row, i + len(brackets)]
        if row < curves:
            turning[i] = 2.0 not in (before, after)
            if not turning[i]:   # f' leaves the numbers: so may f
                found.append(Candidate(place(a, b), low=a, high=b))
            continue
        watch = passes.watches[row - curves] if row - curves < len(passes.watches) else None
        if watch is not None and watch.steep:
            seeds.append(0.5 * (a + b))
            continue
        x = float(b) if after == 0.0 else float(a) if before == 0.0 else place(a, b)
        if x not in (a, b) and after == 0.0:
            x = float(b)
        cause = watch.guard.cause.format(op=watch.op) if watch else ""
        found.append(Candidate(x, cause, passes.line(row - curves, x) if watch else "", watched=watch is not None,
                               low=a, high=b))
    for x, row, touches in _touching(passes, batch, quiet, sections):
        watch = passes.watches[row]
        if touches and not watch.steep:
            found.append(Candidate(x, watch.guard.cause.format(op=watch.op), passes.line(row, x),
                                   4 * np.spacing(abs(x)), True, x, x))
        else:
            seeds.append(x)
    for x, error in _residuals(passes, batch, quiet, width):
        found.append(Candidate(x, "", "", error, False, x, x))
    turns = Brackets(*(part[turning] for part in brackets))
    return Found(_merged(found, width), turns, np.array(seeds))


def _merged(found: list[Candidate], width: float) -> list[Candidate]:
    """One candidate per place: what an op's guard says counts most, and the roundest x."""
    out: list[Candidate] = []
    for c in sorted(found, key=lambda c: (c.x, not c.watched)):
        if out and c.x - out[-1].x <= 1e-11 * width + 4 * c.error:
            old = out[-1]
            best = min((old, c), key=lambda c: (not c.watched, c.error, len(repr(c.x))))
            causes = [k for k in dict.fromkeys((old.cause, c.cause)) if k]
            out[-1] = best._replace(cause=", ".join(causes), line=best.line or old.line or c.line,
                                    low=min(old.low, c.low), high=max(old.high, c.high))
        else:
            out.append(c)
    return out


def _touching(passes: Passes, batch: Batch, quiet: Array, sections: int) -> Any:
    """Places where what a guard looks at turns back: (x, row of the watch, is it zero there?)."""
    for row, watch in enumerate(passes.watches):
        values = batch.watched[row]
        near = dips(batch.x, values)
        near = near[quiet[near - 1] & quiet[np.minimum(near, len(quiet) - 1)]]
        if watch.steep:          # exp: a spike where its operand peaks
            peaks = np.flatnonzero((values[1:-1] > values[:-2]) & (values[1:-1] > values[2:])) + 1
            bend = np.abs(values[peaks - 1] - 2 * values[peaks] + values[peaks + 1])
            near = np.union1d(near, peaks[bend > 0.5])
        if not len(near):
            continue
        a, b = batch.x[near - 1], batch.x[near + 1]
        a, b = shrink(lambda x, _, row=row: np.sign(passes.slopes(x, row)), a, b,
                      np.zeros(len(a), dtype=int), sections)
        x = np.array([place(*pair) for pair in zip(a, b)])
        at = np.abs(passes(np.concatenate([x, a, b])).watched[row]).reshape(3, -1)
        best = np.argmin(at, axis=0)
        x, least = np.choose(best, [x, a, b]), at.min(axis=0)
        scale = np.array([np.nanmax(np.abs(values[max(i - 12, 0):i + 13])) for i in near])
        for place_x, small, size in zip(x, least, scale):
            yield float(place_x), row, bool(small <= 4e-14 * size)


def _residuals(passes: Passes, batch: Batch, quiet: Array, width: float) -> Any:
    """Places that only the numbers show: where Δf is not what f' at both ends says, however near.

    Of a smooth curve the residual Δf - h (f'a + f'b) / 2 falls as h**3; at a jump it stays. A jump
    of f' is a kink of f. Yields (x, error).
    """
    x, h = batch.x, np.diff(batch.x)
    for k in range(len(batch.curves) - 1):
        value, slope = batch.curves[k], batch.curves[k + 1]
        with np.errstate(all="ignore"):
            step = np.diff(value)
            left = np.abs(step - h * (slope[1:] + slope[:-1]) / 2)
            size = np.abs(value[1:]) + np.abs(value[:-1])
            around = np.full(len(left), np.inf)
            padded = np.pad(left, 3, mode="edge")
            windows = np.lib.stride_tricks.sliding_window_view(padded, 7)
            around = np.sort(windows, axis=1)[:, 3]
            odd = left > np.maximum(12 * around, 1e-9 * size + 1e-12 * np.nanmax(
                np.abs(value), initial=0.0))
        cells = np.flatnonzero(odd & quiet & np.isfinite(left))
        if len(cells) > 200:
            cells = np.sort(cells[np.argsort(-left[cells], kind="stable")[:200]])
        a, b, r = x[cells].copy(), x[cells + 1].copy(), left[cells].copy()
        history = [r.copy()]
        for _ in range(RESIDUAL_LEVELS):
            if not len(a):
                break
            m = 0.5 * (a + b)
            ends = passes(np.concatenate([a, m, b])).curves[k:k + 2].reshape(2, 3, -1)
            with np.errstate(all="ignore"):
                halves = np.abs(np.diff(ends[0], axis=0) - np.stack([m - a, b - m]) * (
                    ends[1][1:] + ends[1][:-1]) / 2)
            halves = np.where(np.isnan(halves), np.inf, halves)
            right = halves[1] > halves[0]
            a, b, r = np.where(right, m, a), np.where(right, b, m), halves.max(axis=0)
            history.append(r)
            if len(history) > 8:                   # smooth: 8 times less at every halving
                alive = (r > history[-6] / 20) & (b > m) & (m > a) | (b - a < 1e-15 * width)
                a, b, r = a[alive], b[alive], r[alive]
                history = [old[alive] for old in history[-7:-1]] + [r]
            if len(a) and (b - a <= 2 * np.spacing(np.maximum(np.abs(a), np.abs(b)))).all():
                break
        for low, high in zip(a, b):
            yield place(low, high), 2 * float(high - low)
