"""Sweep: what a sweep returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...notebook import mimebundle
from .evaluate import Evaluator
from .event import Band, Event, UndefinedInterval

Array = Any


@dataclass(frozen=True, eq=False)
class Sweep:
    """f over a range. Where a curve is interrupted a row of nan stands between its branches."""

    name: str
    low: float
    high: float
    x: Array                     # (N,), sorted; at an event x itself and its neighbouring floats
    curves: Array                # (order + 1, N): f, f', f'' ...; nan where undefined
    events: tuple[Event, ...]    # sorted by x, then order
    undefined: tuple[UndefinedInterval, ...]             # where f is
    bands: tuple[Band, ...]
    argument: str = "x"
    expression: str = ""         # what f computes, written, where that is short
    looped: str = ""             # why f was called once per point, or ""
    notes: tuple[str, ...] = ()  # what the reader should know: an overflow, a better function
    fixed: tuple[tuple[str, float], ...] = ()      # the other arguments of f
    passes: Evaluator | None = field(default=None, repr=False)

    @property
    def order(self) -> int:
        """The highest derivative that was swept."""
        return len(self.curves) - 1

    def at(self, x: float, order: int | None = None) -> Array:
        """f, f' ... up to the order (None: that of the sweep) at one place: (order + 1,)."""
        assert self.passes is not None
        return self.passes.curves(np.array([x], dtype=float),
                                  self.order if order is None else order)[:, 0]

    _repr_mimebundle_ = mimebundle
