"""Where something may happen: from the graph's guards, the domain, branches and residuals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from .evaluate import Batch, Evaluator
from .locate import SECTIONS, Brackets, state_changes, local_minima, narrow, round_between, shrink
from .residuals import MOST, find_discontinuities

Array = Any

EPS = float(np.finfo(float).eps)
BRANCH = "f takes another branch"
FEW = 8                          # changes of one guard within bands that are looked at
STEEP = 0.5                      # of exp, tanh: an operand that moves so far in a cell hides a turn
HIDDEN = 1e-4                    # of the range, at a pole or a hole: there rounding makes jumps


class Candidate(NamedTuple):
    """A place where a curve may be singular."""

    x: float
    cause: str = ""              # "division by 0"
    row: int = -1                # of the guard that vanishes here
    error: float = 0.0           # how far off x may be, and how near rounding hides f
    exact: bool = False          # the guard is 0 at x, not only next to it
    line: str = ""
    pole: bool = False           # the op of the guard has no value here
    closed: int = 0              # 1: f is here what it is to the right, -1: to the left; 0: look
    blind: tuple[float, float] = (0.0, 0.0)        # how far to the left and right numbers overflow

    @property
    def watched(self) -> bool:
        return self.row >= 0


class SearchResult(NamedTuple):
    candidates: list[Candidate]
    turns: Brackets              # narrowed sign changes of the curves: roots, extrema, inflections
    seeds: list[float]           # places to sample closely: spikes, steps


def find_candidates(passes: Evaluator, batch: Batch, still: Array) -> SearchResult:
    """All places on a sorted batch. still: (order + 1, N - 1), cells where curves can be followed.

    Where one cannot, its turns are not looked for, nor what happens to a guard again and again.
    """
    sections = 1 if passes.looped else SECTIONS
    brackets = state_changes(batch)
    curves, quiet = len(batch.curves), still[0]
    cell = np.minimum(np.searchsorted(batch.x, brackets.a), len(quiet) - 1)
    level = np.where(brackets.row < curves, np.minimum(brackets.row, len(still) - 1), 0)
    keep = still[level, cell]
    for row in np.unique(brackets.row[~keep]):     # where it oscillates: what happens once or twice
        same = ~keep & (brackets.row == row)
        if row >= curves and same.sum() <= FEW:
            keep |= same
    brackets = narrow(passes, Brackets(*(part[keep] for part in brackets)), sections=sections)
    width = float(batch.x[-1] - batch.x[0])
    found, seeds = [], []
    turning = np.zeros(len(brackets.a), dtype=bool)
    edges = passes(np.concatenate([brackets.a, brackets.b])).states
    for i, (a, b, row, _) in enumerate(zip(*brackets)):
        before, after = edges[row, i], edges[row, i + len(turning)]
        x = round_between(b if after == 0.0 else a, a if before == 0.0 and after != 0.0 else b)
        detector = row - curves
        watch = passes.detectors[detector] if 0 <= detector < len(passes.detectors) else None
        if row < curves and 2.0 not in (before, after):
            turning[i] = True
        elif watch is None or 2.0 in (before, after):
            path = row == curves + len(passes.detectors) + 1
            found.append(Candidate(round_between(a, b), BRANCH if path else ""))
        elif not watch.steep:
            found.append(Candidate(x, watch.guard.cause.format(op=watch.op), int(row) - curves))
        elif _moves(batch, row - curves, x):
            seeds.append(x)
    for x, row, touches in _touching(passes, batch, quiet, sections):
        watch = passes.detectors[row]
        if touches and not watch.steep:
            found.append(Candidate(x, watch.guard.cause.format(op=watch.op), row))
        else:
            seeds.append(x)
    calm = quiet.copy()
    for c in found:
        if c.watched:
            near = [c.x - HIDDEN * width, c.x + HIDDEN * width]
            first, last = np.searchsorted(batch.x, near)
            calm[max(first - 1, 0):last] = False
    if not passes.rough:         # else rounding alone makes jumps
        found += [Candidate(x, error=error) for x, error in find_discontinuities(passes, batch,
                                                                                 calm)]
    turns = Brackets(*(part[turning] for part in brackets))
    merged = _merged(_measured(passes, found, width), width)
    return SearchResult(_seeing(passes, merged), turns, seeds + _spikes(passes, batch, turns))


def _moves(batch: Batch, row: int, x: float) -> bool:
    i = min(max(int(np.searchsorted(batch.x, x)), 1), len(batch.x) - 1)
    return bool(abs(batch.watched[row, i] - batch.watched[row, i - 1]) > STEEP)


def _measured(passes: Evaluator, found: list[Candidate], width: float) -> list[Candidate]:
    """The candidates with their error: so far around them the guard is nothing but rounding."""
    watched = [c for c in found if c.watched]
    if not watched:
        return found
    x = np.array([c.x for c in watched])
    rows = np.array([c.row for c in watched])
    reach = np.concatenate([[0.0], 10.0 ** np.arange(-17.0, -2.0, 0.25)])
    points = x[:, None] + np.stack([-reach, reach], axis=1).ravel() * width
    batch = passes(points.ravel())
    u = np.abs(batch.watched[np.repeat(rows, points.shape[1]), np.arange(points.size)])
    noise = np.zeros(len(x))
    for row in np.unique(rows):
        noise[rows == row] = np.nan_to_num(8 * EPS * passes.sizes(x[rows == row], row), posinf=0.0)
    u = np.where(np.isfinite(u), u, np.inf).reshape(points.shape)
    hidden: Array = (u <= 4 * noise[:, None]).reshape(len(x), -1, 2).all(axis=2)
    last = np.where(hidden.all(axis=1), len(reach), np.argmin(hidden, axis=1))
    errors = reach[np.maximum(last - 1, 0)] * width
    exact = u[:, 0] == 0.0
    beyond = np.zeros(len(x))    # the sign of the guard to the right
    for row in np.unique(rows):
        same = rows == row
        if passes.detectors[row].guard.side:
            right = x[same] + np.maximum(1e-9 * width, 4 * errors[same])
            beyond[same] = np.nan_to_num(np.sign(passes.inner(right, row)))
    new = iter(zip(errors, exact, beyond))
    out = []
    for c in found:
        if c.watched:
            error, at, sign = next(new)
            guard = passes.detectors[c.row].guard
            c = c._replace(error=float(error), exact=bool(at), pole=guard.pole,
                           closed=int(guard.side * sign))
        out.append(c)
    return out


def _merged(found: list[Candidate], width: float) -> list[Candidate]:
    """One candidate per place: what an op's guard says counts most, then the roundest x."""
    out: list[Candidate] = []
    blurred = [w for w in found if w.watched and w.error > 0]
    found = [c for c in found if c.watched or not any(
        abs(c.x - w.x) <= 8 * w.error for w in blurred)]
    for c in sorted(found, key=lambda c: (c.x, not c.watched)):
        near = 1e-11 * width + 8 * max(c.error, out[-1].error if out else 0.0)
        if out and c.x - out[-1].x <= near:
            old = out[-1]
            best = min((old, c), key=lambda c: (not c.watched, not c.exact, len(repr(c.x))))
            causes = dict.fromkeys(cause for both in (old.cause, c.cause)
                                   for cause in both.split(", ") if cause)
            out[-1] = best._replace(
                cause=", ".join(causes), pole=old.pole or c.pole, closed=old.closed or c.closed,
                error=max(old.error, c.error) if old.watched == c.watched else best.error)
        else:
            out.append(c)
    return out


def _seeing(passes: Evaluator, found: list[Candidate]) -> list[Candidate]:
    """Without the places that are but the edge of an overflow beside a pole: exp(1/x) at 0.0014."""
    fractions = np.array([0.2, 0.5, 0.8])
    dropped = set()
    blind: dict[int, dict[int, float]] = {}
    for i, w in enumerate(found):
        for side, step in ((0, -1), (1, 1)):
            j = i + step
            while w.watched and 0 <= j < len(found) and not found[j].watched:
                near, far = found[j - step].x, found[j].x
                curves = passes(near + (far - near) * fractions).curves
                if np.isnan(curves[0]).any() or np.isfinite(curves).any(axis=1).all():
                    break
                dropped.add(j)
                blind.setdefault(i, {})[side] = abs(far - w.x)
                j += step
    return [c._replace(blind=(blind.get(i, {}).get(0, 0.0), blind.get(i, {}).get(1, 0.0)))
            for i, c in enumerate(found) if i not in dropped]


def _touching(passes: Evaluator, batch: Batch, quiet: Array, sections: int
              ) -> Iterator[tuple[float, int, bool]]:
    """Places where what a guard looks at turns back: (x, row of the watch, is it zero there?)."""
    for row, watch in enumerate(passes.detectors):
        values = batch.watched[row]
        near = local_minima(batch.x, values)
        if watch.steep:          # exp: a spike where its operand peaks
            near = np.flatnonzero((values[1:-1] > values[:-2]) & (values[1:-1] > values[2:])) + 1
            near = near[np.minimum(values[near] - values[near - 1],
                                   values[near] - values[near + 1]) > 0.1 * STEEP]
        near = near[quiet[near - 1] & quiet[near]][:MOST]
        if not len(near):
            continue

        def turning(x: Array, _: Array, row: int = row) -> Array:
            return np.sign(passes.slopes(x, row))
        rest = np.zeros(len(near), dtype=int)
        a, b = shrink(turning, batch.x[near - 1], batch.x[near + 1], rest, sections)
        level = turning(b, rest) == 0.0            # by rounding it may be level for a while
        last = np.where(level, shrink(turning, b, batch.x[near + 1], rest, sections)[0], b)
        x = np.array([round_between(*(pair if flat else ends)) for flat, pair, ends in
                      zip(level, zip(b, last), zip(a, b))])
        at = np.abs(passes(np.concatenate([x, a, b])).watched[row]).reshape(3, -1)
        best = np.argmin(at, axis=0)
        x, least = np.choose(best, [x, a, b]), at.min(axis=0)
        noise = np.nan_to_num(8 * EPS * passes.sizes(x, row))
        for at_x, small, size, i in zip(x, least, noise, near):
            touches = bool(small <= size)
            if touches or watch.steep or small < 0.5 * min(abs(values[i - 1]), abs(values[i + 1])):
                yield float(at_x), row, touches


def _spikes(passes: Evaluator, batch: Batch, turns: Brackets) -> list[float]:
    """Extrema that stand out between two samples: the samples alone do not show them."""
    x = 0.5 * (turns.a + turns.b)[turns.row == 1]
    if not len(x):
        return []
    curve = batch.curves[0]
    fine = curve[np.isfinite(curve)]
    value = passes(x).curves[0]
    spread = np.ptp(np.concatenate([fine, value[np.isfinite(value)]])) if len(fine) else 0.0
    i = np.clip(np.searchsorted(batch.x, x), 1, len(batch.x) - 1)
    off = np.minimum(np.abs(value - curve[i]), np.abs(value - curve[i - 1]))
    return [float(p) for p in x[off > 0.01 * spread]]
