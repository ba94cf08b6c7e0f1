"""Functions that branch on their values, `if x > 0`: one compiled program for each path taken."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import numpy as np

MOST_DECISIONS = 24                   # with more decisions (a long loop) nothing is compiled
MOST_PATHS = 64
Decisions = tuple[bool, ...]           # the outcomes of f's conditions, in order


class BranchPaths:
    """The paths through f seen so far, most recent first."""

    def __init__(self, f: Callable[..., Any]) -> None:
        self.f = f
        self._asked: dict[Decisions, Callable[..., Any]] = {}    # the conditions of f on this path
        self._compiled: dict[Any, Callable[..., Any]] = {}
        self.over = False        # too many paths, or f cannot be traced along one

    def run(self, key: Any, make: Callable[[Any], Callable[..., Any]], xs: Sequence[Any]) -> Any:
        """Return (result,) of the function that `make` derives from f, at a point; None if f has to
        be called directly. key: identifies such functions."""
        try:
            way = None if self.over else self._way(xs)
        except (TypeError, ValueError, jax.errors.UnexpectedTracerError, TooManyPaths):
            way = None
        if way is None:
            self.over = True
            return None
        if (key, way) not in self._compiled:
            self._compiled[key, way] = jax.jit(make(self._along(way)))
        return (self._compiled[key, way](*xs),)

    def at(self, xs: Sequence[Any]) -> Callable[..., Any]:
        """Return f along the path that it takes at a point. Raises the errors of tracing, and Lost.
        """
        return self._along(self._way(xs))

    def _way(self, xs: Sequence[Any]) -> Decisions:
        """Return the path that f takes at a point. A new one is found condition by condition."""
        for known, asked in self._asked.items():
            if self._true(asked, xs) == known:
                self._asked = {known: asked} | self._asked     # the next point mostly takes it too
                return known
        way: Decisions = ()
        while True:
            asked = self._asking(way)
            found = self._true(asked, xs)
            if found == way:
                if len(self._asked) >= MOST_PATHS:
                    raise TooManyPaths
                self._asked = {way: asked} | self._asked
                return way
            wrong = next((i for i, (a, b) in enumerate(zip(found, way)) if a != b), len(way))
            way = found[:wrong + 1]                # later conditions belong to another path

    @staticmethod
    def _true(asked: Callable[..., Any], xs: Sequence[Any]) -> Decisions:
        return tuple(np.asarray(asked(*xs)).tolist())

    def _asking(self, way: Decisions) -> Callable[..., Any]:
        """Return a function that computes f's conditions at a point, true along the path, then
        false."""
        def asking(*xs: Any) -> Any:
            asked: list[Any] = []
            with _answered(way, asked):
                self.f(*xs)
            return jax.numpy.stack([jax.numpy.asarray(a).astype(bool) for a in asked]) \
                if asked else jax.numpy.zeros(0, bool)
        compiled: Callable[..., Any] = jax.jit(asking)
        return compiled

    def _along(self, way: Decisions) -> Callable[..., Any]:
        def along(*xs: Any) -> Any:
            with _answered(way, []):
                return self.f(*xs)
        return along


class TooManyPaths(Exception):
    """Too many conditions or paths."""


@contextlib.contextmanager
def _answered(way: Decisions, asked: list[Any]) -> Iterator[None]:
    """Decide the conditions of traced values in the context: along a path, then false. asked:
    receives the conditions."""
    kind: Any = jax.core.Tracer
    before = kind.__bool__

    def answer(tracer: Any) -> bool:
        try:
            return bool(before(tracer))
        except jax.errors.ConcretizationTypeError:
            if len(asked) == MOST_DECISIONS:
                raise TooManyPaths from None
            asked.append(tracer)
            return way[len(asked) - 1] if len(asked) <= len(way) else False
    kind.__bool__ = answer
    try:
        yield
    finally:
        kind.__bool__ = before
