"""Locate changes of state: intervals between samples, narrowed to neighbouring floats."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .arrays import Bools, Floats, Ints
from .evaluate import Batch
from .limits import shortest_decimal


SECTIONS = 48                    # points in a bracket per pass: 48**8 > 2**44
CROWD = 4000                     # points per pass


class Brackets(NamedTuple):
    """Pairs of points, a < b, between which row `row` of `Batch.states` changes."""

    a: Floats                    # (M,)
    b: Floats                    # (M,)
    row: Ints                    # (M,)
    beyond: Floats               # (M,): the state at the sample that was b

    def select(self, which: Bools) -> Brackets:
        """Return some of the brackets."""
        return Brackets(self.a[which], self.b[which], self.row[which], self.beyond[which])


def state_changes(batch: Batch) -> Brackets:
    """Return the brackets of all changes of state between neighbouring points, in order of x."""
    states = batch.states
    row, i = np.nonzero(states[:, 1:] != states[:, :-1])
    return Brackets(batch.x[i], batch.x[i + 1], row, states[row, i + 1])


def narrow(evaluator: Callable[[Floats], Batch], brackets: Brackets, *,
           sections: int = SECTIONS) -> Brackets:
    """Narrow the brackets to neighbouring floats: a keeps its state, b has another.

    One pass evaluates `sections` points in every bracket that is still wide.
    """
    def states(x: Floats, row: Ints) -> Floats:
        return evaluator(x).states[row, np.arange(len(x))]
    a, b = shrink(states, brackets.a, brackets.b, brackets.row, sections)
    return Brackets(a, b, brackets.row, brackets.beyond)


def shrink(states: Callable[[Floats, Ints], Floats], a: Floats, b: Floats, row: Ints,
           sections: int = SECTIONS) -> tuple[Floats, Floats]:
    """Narrow intervals [a, b] around the first change of states(x, row), row by row."""
    a, b = a.copy(), b.copy()
    if not len(a):
        return a, b
    before = states(a, row)
    if sections > 1:             # many intervals get fewer points each
        sections = int(np.clip(CROWD // len(a), 3, sections))
    fractions = np.arange(1, sections + 1) / (sections + 1)
    least = 1e-16 * np.max(np.abs([a, b]))         # near 0 floats go on to 1e-300: not needed
    for _ in range(70):
        wide = np.flatnonzero(b - a > np.maximum(
            2 * np.spacing(np.maximum(np.abs(a), np.abs(b))), least))
        if not len(wide):
            break
        low, high = a[wide, None], b[wide, None]
        points = np.clip(low + (high - low) * fractions, low, high)
        found = states(points.ravel(), np.repeat(row[wide], sections)).reshape(points.shape)
        same = found == before[wide, None]
        first = np.where(same.all(axis=1), sections, np.argmin(same, axis=1))
        edges = np.hstack([low, points, high])
        pick = np.arange(len(wide))
        a[wide], b[wide] = edges[pick, first], edges[pick, first + 1]
    return a, b


def round_between(a: float, b: float) -> float:
    """Return the roundest number between two neighbouring floats, give or take an ulp: 0.3."""
    slack = np.spacing(max(abs(a), abs(b))) + 1e-16
    return shortest_decimal(a - slack, b + slack)


def local_minima(u: Floats) -> Ints:
    """Return the indices of samples where |u| has a minimum and u keeps its sign."""
    size = np.abs(u)
    inner = (size[1:-1] <= size[:-2]) & (size[1:-1] <= size[2:])
    inner &= (size[1:-1] < size[:-2]) | (size[1:-1] < size[2:])
    inner &= (u[:-2] * u[2:] > 0)
    return np.flatnonzero(inner) + 1
