"""A function that looks at its values, `if x > 0`: one compiled program for each way it takes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import numpy as np

MOST_DECISIONS = 24                   # on a way with more of them nothing is compiled: a long loop
MOST_PATHS = 64
Decisions = tuple[bool, ...]           # the answers that f was given, in order


class BranchPaths:
    """The ways through f that have been met, the last one first."""

    def __init__(self, f: Callable[..., Any]) -> None:
        self.f = f
        self._asked: dict[Decisions, Callable[..., Any]] = {}    # what f asks on this way
        self._compiled: dict[Any, Callable[..., Any]] = {}
        self.over = False        # there are too many, or f cannot be traced along one

    def run(self, key: Any, make: Callable[[Any], Callable[..., Any]], xs: Sequence[Any]) -> Any:
        """What the function that `make` makes of f computes at a point, as (result,); None where f
        has to be asked itself. key: tells such functions apart."""
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
        """f along the way that it takes at a point. Raises what tracing it raises, and Lost."""
        return self._along(self._way(xs))

    def _way(self, xs: Sequence[Any]) -> Decisions:
        """The way that f takes at a point. A new one is found question by question."""
        for known, asked in self._asked.items():
            if self._true(asked, xs) == known:
                self._asked = {known: asked} | self._asked     # the next point takes it too, mostly
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
            way = found[:wrong + 1]                # what is after it was asked on another way

    @staticmethod
    def _true(asked: Callable[..., Any], xs: Sequence[Any]) -> Decisions:
        return tuple(np.asarray(asked(*xs)).tolist())

    def _asking(self, way: Decisions) -> Callable[..., Any]:
        """What f asks, of a point: it is answered along the way, and then no."""
        def asking(*xs: Any) -> Any:
            asked: list[Any] = []
            with _answered(way, asked):
                self.f(*xs)
            return jax.numpy.stack([jax.numpy.asarray(a).astype(bool) for a in asked]) \
                if asked else jax.numpy.zeros(0, bool)
        return jax.jit(asking)

    def _along(self, way: Decisions) -> Callable[..., Any]:
        def along(*xs: Any) -> Any:
            with _answered(way, []):
                return self.f(*xs)
        return along


class TooManyPaths(Exception):
    """There are too many questions, or too many ways."""


@contextlib.contextmanager
def _answered(way: Decisions, asked: list[Any]) -> Iterator[None]:
    """Meanwhile `if` asks of what is traced are answered: along a way, then no. asked: receives
    what was asked."""
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
