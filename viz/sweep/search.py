"""Search for places where f may be singular: by detectors, domain, branches and residuals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from .arrays import Bools, Floats, Ints
from .evaluate import Batch, Evaluator
from .explain import distance_to_zero, examined_slopes, rounding_size
from .locate import SECTIONS, Brackets, local_minima, narrow, round_between, shrink, state_changes
from .residuals import MOST, find_discontinuities

EPS = float(np.finfo(float).eps)
BRANCH = "f takes another branch"
FEW = 8                          # changes of one detector that are examined within bands
STEEP = 0.5                      # of exp: an operand that moves so far in a cell may hide a turn
HIDDEN = 1e-4                    # of the range, beside a pole or a hole: there rounding makes jumps


class Candidate(NamedTuple):
    """A place where a curve may be singular."""

    x: float
    cause: str = ""              # "division by 0"
    row: int = -1                # of the detector that is zero here
    error: float = 0.0           # of x, and the distance within which rounding hides f
    exact: bool = False          # the detector is 0 at x, not only next to it
    line: str = ""
    pole: bool = False           # the op of the detector has no value here
    closed: int = 0              # f has its limit from the right (1) or the left (-1); 0: unknown
    overflow: tuple[float, float] = (0.0, 0.0)     # distance of overflows on the left and right

    @property
    def by_detector(self) -> bool:
        """Return whether an op states that it is singular here."""
        return self.row >= 0


class SearchResult(NamedTuple):
    """Candidates, sign changes of the curves, and places to sample closely."""

    candidates: list[Candidate]
    turns: Brackets              # narrowed sign changes of the curves: roots, extrema, inflections
    seeds: list[float]           # spikes and steps


def find_candidates(evaluator: Evaluator, batch: Batch, steady: Bools) -> SearchResult:
    """Search a sorted batch. steady: (order + 1, N - 1), the cells without oscillations.

    In other cells turns of the curves are ignored, and so are frequent changes of a detector.
    """
    sections = 1 if evaluator.looped else SECTIONS
    brackets = state_changes(batch)
    curves = len(batch.curves)
    cell = np.minimum(np.searchsorted(batch.x, brackets.a), len(steady[0]) - 1)
    level = np.where(brackets.row < curves, np.minimum(brackets.row, len(steady) - 1), 0)
    keep = steady[level, cell]
    for row in np.unique(brackets.row[~keep]):     # within oscillations: what happens once or twice
        same = ~keep & (brackets.row == row)
        if row >= curves and same.sum() <= FEW:
            keep |= same
    brackets = narrow(evaluator, brackets.select(keep), sections=sections)
    width = float(batch.x[-1] - batch.x[0])
    found, seeds = [], []
    turning = np.zeros(len(brackets.a), dtype=bool)
    edges = evaluator(np.concatenate([brackets.a, brackets.b])).states
    detectors = evaluator.detectors
    for i, (a, b, row, _) in enumerate(zip(*brackets)):
        before, after = edges[row, i], edges[row, i + len(turning)]
        x = round_between(b if after == 0.0 else a, a if before == 0.0 and after != 0.0 else b)
        number = int(row) - curves
        if row < curves and 2.0 not in (before, after):
            turning[i] = True
        elif not 0 <= number < len(detectors) or 2.0 in (before, after):
            branch = number == len(detectors) + 1
            found.append(Candidate(round_between(a, b), BRANCH if branch else ""))
        elif not detectors[number].steep:
            found.append(_candidate(evaluator, x, number))
        elif _moves(batch, number, x):
            seeds.append(x)
    for x, row, touches in _touching(evaluator, batch, steady[0], sections):
        if touches and not detectors[row].steep:
            found.append(_candidate(evaluator, x, row))
        else:
            seeds.append(x)
    regular = steady[0].copy()
    for c in found:
        if c.by_detector:
            near = [c.x - HIDDEN * width, c.x + HIDDEN * width]
            first, last = np.searchsorted(batch.x, near)
            regular[max(first - 1, 0):last] = False
    if not evaluator.low_precision:                # else rounding alone makes jumps
        found += [Candidate(x, error=error)
                  for x, error in find_discontinuities(evaluator, batch, regular)]
    merged = _merged(_measured(evaluator, found, width), width)
    turns = brackets.select(turning)
    return SearchResult(_without_overflows(evaluator, merged), turns,
                        seeds + _spikes(evaluator, batch, turns))


def _candidate(evaluator: Evaluator, x: float, row: int) -> Candidate:
    detector = evaluator.detectors[row]
    return Candidate(x, detector.singularity.cause.format(op=detector.op), row)


def _moves(batch: Batch, row: int, x: float) -> bool:
    """Return whether a steep op may hide a turn in the cell of x."""
    i = min(max(int(np.searchsorted(batch.x, x)), 1), len(batch.x) - 1)
    return bool(abs(batch.detector_values[row, i] - batch.detector_values[row, i - 1]) > STEEP)


def _measured(evaluator: Evaluator, found: list[Candidate], width: float) -> list[Candidate]:
    """Measure the error of each candidate: the distance within which its detector is rounding."""
    measured = [c for c in found if c.by_detector]
    if not measured:
        return found
    x = np.array([c.x for c in measured])
    rows = np.array([c.row for c in measured])
    reach = np.concatenate([[0.0], 10.0 ** np.arange(-17.0, -2.0, 0.25)])
    points = x[:, None] + np.stack([-reach, reach], axis=1).ravel() * width
    batch = evaluator(points.ravel())
    u = np.abs(batch.detector_values[np.repeat(rows, points.shape[1]), np.arange(points.size)])
    noise = np.zeros(len(x))
    for row in np.unique(rows):
        noise[rows == row] = np.nan_to_num(
            8 * EPS * rounding_size(evaluator, x[rows == row], row), posinf=0.0)
    u = np.where(np.isfinite(u), u, np.inf).reshape(points.shape)
    hidden: Bools = np.all((u <= 4 * noise[:, None]).reshape(len(x), -1, 2), axis=2)
    last = np.where(hidden.all(axis=1), len(reach), np.argmin(hidden, axis=1))
    errors = reach[np.maximum(last - 1, 0)] * width
    exact = u[:, 0] == 0.0
    beyond = np.zeros(len(x))    # the sign of the detector on the right
    for row in np.unique(rows):
        same = rows == row
        if evaluator.detectors[row].singularity.side:
            right = x[same] + np.maximum(1e-9 * width, 4 * errors[same])
            beyond[same] = np.nan_to_num(np.sign(distance_to_zero(evaluator, right, row)))
    new = iter(zip(errors, exact, beyond))
    out = []
    for c in found:
        if c.by_detector:
            error, at, sign = next(new)
            singularity = evaluator.detectors[c.row].singularity
            c = c._replace(error=float(error), exact=bool(at), pole=singularity.pole,
                           closed=int(singularity.side * sign))
        out.append(c)
    return out


def _merged(found: list[Candidate], width: float) -> list[Candidate]:
    """Merge candidates at the same place.

    The statement of an op takes precedence, then an exact zero, then the roundest x.
    """
    out: list[Candidate] = []
    blurred = [w for w in found if w.by_detector and w.error > 0]
    found = [c for c in found if c.by_detector or not any(
        abs(c.x - w.x) <= 8 * w.error for w in blurred)]
    for c in sorted(found, key=lambda c: (c.x, not c.by_detector)):
        near = 1e-11 * width + 8 * max(c.error, out[-1].error if out else 0.0)
        if out and c.x - out[-1].x <= near:
            old = out[-1]
            best = min((old, c), key=lambda c: (not c.by_detector, not c.exact, len(repr(c.x))))
            causes = dict.fromkeys(cause for both in (old.cause, c.cause)
                                   for cause in both.split(", ") if cause)
            out[-1] = best._replace(
                cause=", ".join(causes), pole=old.pole or c.pole, closed=old.closed or c.closed,
                error=max(old.error, c.error) if old.by_detector == c.by_detector else best.error)
        else:
            out.append(c)
    return out


def _without_overflows(evaluator: Evaluator, found: list[Candidate]) -> list[Candidate]:
    """Drop the places that are only the edge of an overflow beside a pole: exp(1/x) at 0.0014."""
    fractions = np.array([0.2, 0.5, 0.8])
    dropped = set()
    overflows: dict[int, dict[int, float]] = {}
    for i, w in enumerate(found):
        for side, step in ((0, -1), (1, 1)):
            j = i + step
            while w.by_detector and 0 <= j < len(found) and not found[j].by_detector:
                near, far = found[j - step].x, found[j].x
                curves = evaluator(near + (far - near) * fractions).curves
                if np.isnan(curves[0]).any() or np.isfinite(curves).any(axis=1).all():
                    break
                dropped.add(j)
                overflows.setdefault(i, {})[side] = abs(far - w.x)
                j += step
    sides = {i: (found.get(0, 0.0), found.get(1, 0.0)) for i, found in overflows.items()}
    return [c._replace(overflow=sides.get(i, (0.0, 0.0)))
            for i, c in enumerate(found) if i not in dropped]


def _touching(evaluator: Evaluator, batch: Batch, steady: Bools, sections: int
              ) -> Iterator[tuple[float, int, bool]]:
    """Yield places where a detector turns back: (x, row of the detector, is it zero there?)."""
    for row, detector in enumerate(evaluator.detectors):
        values = batch.detector_values[row]
        near = local_minima(values)
        if detector.steep:       # exp: a spike where its operand peaks
            near = np.flatnonzero((values[1:-1] > values[:-2]) & (values[1:-1] > values[2:])) + 1
            near = near[np.minimum(values[near] - values[near - 1],
                                   values[near] - values[near + 1]) > 0.1 * STEEP]
        near = near[steady[near - 1] & steady[near]][:MOST]
        if not len(near):
            continue

        def turning(x: Floats, _: Ints, row: int = row) -> Floats:
            return np.sign(examined_slopes(evaluator, x, row))
        rest = np.zeros(len(near), dtype=int)
        a, b = shrink(turning, batch.x[near - 1], batch.x[near + 1], rest, sections)
        level = turning(b, rest) == 0.0            # rounding may make it constant there
        last = np.where(level, shrink(turning, b, batch.x[near + 1], rest, sections)[0], b)
        x = np.array([round_between(*(pair if flat else ends)) for flat, pair, ends in
                      zip(level, zip(b, last), zip(a, b))])
        at = np.abs(evaluator(np.concatenate([x, a, b])).detector_values[row]).reshape(3, -1)
        best = np.argmin(at, axis=0)
        x, least = np.choose(best, [x, a, b]), at.min(axis=0)
        noise = np.nan_to_num(8 * EPS * rounding_size(evaluator, x, row))
        for at_x, small, size, i in zip(x, least, noise, near):
            touches = bool(small <= size)
            if touches or detector.steep or (
                    small < 0.5 * min(abs(values[i - 1]), abs(values[i + 1]))):
                yield float(at_x), row, touches


def _spikes(evaluator: Evaluator, batch: Batch, turns: Brackets) -> list[float]:
    """Return extrema that stand out between two samples, so that the samples do not show them."""
    x = 0.5 * (turns.a + turns.b)[turns.row == 1]
    if not len(x):
        return []
    curve = batch.curves[0]
    fine = curve[np.isfinite(curve)]
    value = evaluator(x).curves[0]
    spread = np.ptp(np.concatenate([fine, value[np.isfinite(value)]])) if len(fine) else 0.0
    i = np.clip(np.searchsorted(batch.x, x), 1, len(batch.x) - 1)
    off = np.minimum(np.abs(value - curve[i]), np.abs(value - curve[i - 1]))
    return [float(p) for p in x[off > 0.01 * spread]]
