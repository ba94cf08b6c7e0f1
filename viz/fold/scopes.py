"""Scopes: the modules of a model and the loops of a program as frames, around and within folds."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from ..graph.program import Program
from .find_repeats import Repetition

OPS = 2                          # smaller scopes have no frame: their op is descriptive enough


class Scope(NamedTuple):
    """A sequence of ops made within a scope."""

    start: int
    end: int
    path: str                    # layer1/0


def add_scopes(program: Program, found: Sequence[Repetition], named: Collection[str], *, every: bool
               ) -> list[Repetition]:
    """Add a run of one repeat for each scope; return all runs, nested, in order.

    named: scopes by path (`layer1/0`) that always get one; with `every`, all scopes of some ops do.
    A scope that was entered twice is a frame each time. Scopes that a fold already shows, or cuts,
    get none. Linear in the program, times the depth of nesting.
    """
    runs, above = _flatten(found)
    inside = [-1] * len(program.label)             # op -> the innermost run that holds it
    for i, run in enumerate(runs):
        inside[run.start:_end(run)] = [i] * (run.period * run.times)
    shown = {(run.start, run.start + run.period * n) for run in runs for n in (1, run.times)}
    kept: dict[tuple[int, int], Repetition] = {}
    for start, end, path in find_scopes(program):
        if path not in named and not (every and end - start >= OPS) or \
                not program.parts.isdisjoint((start, end)) or (start, end) in shown:
            continue
        if _fits(start, end, runs, above, inside):
            kept[start, end] = Repetition(start, end - start, 1)
    return _nest([*runs, *kept.values()])


def find_scopes(program: Program) -> Iterator[Scope]:
    """Yield each scope of a program, each time it was entered; inner ones after those around them.
    """
    opened: list[int] = []                         # the starts of the open scopes
    path: tuple[str, ...] = ()
    found = []
    for o, group in enumerate([*program.group, ()]):
        if group == path:
            continue
        same = next((k for k, (a, b) in enumerate(zip(group, path)) if a != b),
                    min(len(group), len(path)))
        for k in range(len(path) - 1, same - 1, -1):
            found.append(Scope(opened.pop(), o, "/".join(path[:k + 1])))
        opened += [o] * (len(group) - same)
        path = group
    yield from sorted(found, key=lambda scope: (scope.start, -scope.end, len(scope.path)))


def _flatten(found: Sequence[Repetition]) -> tuple[list[Repetition], list[int]]:
    """Return the runs and all runs within them, outer ones first, and the index of the one around
    each, or -1."""
    runs, above = list(found), [-1] * len(found)
    for i, run in enumerate(runs):                 # grows during the loop
        runs += run.inner
        above += [i] * len(run.inner)
    return runs, above


def _end(run: Repetition) -> int:
    return run.start + run.period * run.times


def _fits(start: int, end: int, runs: Sequence[Repetition], above: Sequence[int],
          inside: Sequence[int]) -> bool:
    """Return whether ops lie within the first repeat of all runs around them, and cut none."""
    around = []
    for i in (inside[start], inside[end - 1]):
        while i >= 0 and not _holds(runs[i], start, end):
            if runs[i].start < start or _end(runs[i]) > end:
                return False
            i = above[i]
        around.append(i)
    return around[0] == around[1]


def _holds(run: Repetition, start: int, end: int) -> bool:
    return run.start <= start and end <= run.start + run.period


def _nest(runs: Sequence[Repetition]) -> list[Repetition]:
    """Nest a flat list of runs."""
    order = sorted(runs, key=lambda run: (run.start, -_end(run), -run.period))
    top: list[Repetition] = []
    inner: list[list[Repetition]] = [[] for _ in order]
    around: list[int] = []
    open_: list[int] = []
    for i, run in enumerate(order):
        while open_ and not _holds(order[open_[-1]], run.start, _end(run)):
            open_.pop()
        around.append(open_[-1] if open_ else -1)
        open_.append(i)
    for i in reversed(range(len(order))):          # inner ones first
        run = order[i]._replace(inner=tuple(reversed(inner[i])))
        (inner[around[i]] if around[i] >= 0 else top).append(run)
    return top[::-1]
