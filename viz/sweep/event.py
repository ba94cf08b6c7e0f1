"""Results of a sweep: events, intervals where f is undefined, bands where it oscillates."""

from __future__ import annotations

from typing import NamedTuple

from .arrays import Floats

KINDS = ("pole", "jump", "kink", "hole", "end", "vertical_tangent", "cusp", "isolated",
         "root", "extremum", "inflection")
SINGULAR = KINDS[:8]
SMOOTH = KINDS[8:]


def derivative_name(name: str, order: int) -> str:
    """Return the name of a derivative: f, f', f'', f''', f(4) ..."""
    return name + ("'" * order if order < 4 else f"({order})")


class Event(NamedTuple):
    """A root, an extremum, a pole or the like, at one place of one curve.

    The numbers belong to the curve of `order`: f, f', f'' ...
    """

    kind: str                    # one of KINDS
    x: float
    order: int                   # 0 for f, 1 for f' ...
    left: float | None           # limit from the left, may be ±inf; None if there is none
    right: float | None          # limit from the right
    value: float | None          # at x itself; None for f' where f is not differentiable
    detail: str = ""             # pole: odd, even; extremum: minimum, maximum; end: closed, open
    cause: str = ""              # "division by 0"
    line: str = ""               # "f.py:3"
    engine: float | None = None  # what the engine returns at x if there is no value

    @property
    def is_break(self) -> bool:
        """Return whether the curve is interrupted here."""
        return self.kind in ("pole", "jump", "hole", "end", "isolated")


class UndefinedInterval(NamedTuple):
    """An interval on which f is undefined, and the reason."""

    low: float
    high: float
    reason: str                  # "sqrt of a negative number"
    line: str = ""


class Band(NamedTuple):
    """An interval on which a curve oscillates faster than pixels: drawn as its extremes."""

    low: float
    high: float
    order: int
    x: Floats                    # (C,): middles of columns of pixels
    least: Floats                # (C,)
    most: Floats                 # (C,)
