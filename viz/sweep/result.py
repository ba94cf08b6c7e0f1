"""The result of a sweep."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ...notebook import mimebundle
from .arrays import Floats
from .evaluate import Evaluator
from .event import Band, Event, UndefinedInterval


@dataclass(frozen=True, eq=False)
class Sweep:
    """f and its derivatives over a range. A row of nan separates the branches of a curve."""

    name: str
    low: float
    high: float
    x: Floats                    # (N,), sorted; at an event x itself and its neighbouring floats
    curves: Floats               # (order + 1, N): f, f', f'' ...; nan where undefined
    events: tuple[Event, ...]    # sorted by x, then order
    undefined: tuple[UndefinedInterval, ...]
    bands: tuple[Band, ...]
    argument: str = "x"
    expression: str = ""         # what f computes, as an expression; "" if it has branches
    looped: str = ""             # why f was called once per point; "" if it was not
    notes: tuple[str, ...] = ()  # hints for users: an overflow, a better function
    fixed: tuple[tuple[str, float], ...] = ()      # values of the other arguments of f
    evaluator: Evaluator | None = field(default=None, repr=False)

    @property
    def order(self) -> int:
        """The highest derivative."""
        return len(self.curves) - 1

    def at(self, x: float, order: int | None = None) -> Floats:
        """Return f, f' ... up to `order` (default: all that were swept) at x: (order + 1,)."""
        assert self.evaluator is not None
        return self.evaluator.curves(np.array([x], dtype=float),
                                     self.order if order is None else order)[:, 0]

    _repr_mimebundle_ = mimebundle
