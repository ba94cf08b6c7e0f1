"""What a sweep finds: events at places, strips where f is undefined, bands where it oscillates."""

from __future__ import annotations

from typing import Any, NamedTuple

KINDS = ("pole", "jump", "kink", "hole", "end", "vertical_tangent", "cusp", "isolated",
         "root", "extremum", "inflection")
SINGULAR = KINDS[:8]
SMOOTH = KINDS[8:]


def derivative_name(name: str, order: int) -> str:
    """What a curve is called: f, f', f'', f''', f(4) ..."""
    return name + ("'" * order if order < 4 else f"({order})")


class Event(NamedTuple):
    """Something at one place of one curve. Numbers are of that curve: f, f', f'' ... by `order`."""

    kind: str                    # one of KINDS
    x: float
    order: int                   # 0 for f, 1 for f' ...
    left: float | None           # the limit from the left, ±inf; None where there is none
    right: float | None          # the limit from the right
    value: float | None          # at x itself; of f' where f is not differentiable: None
    detail: str = ""             # pole: odd, even; extremum: minimum, maximum; end: closed, open
    cause: str = ""              # "division by 0"
    line: str = ""               # "f.py:3"
    engine: float | None = None  # what the engine returns at x where there is no value

    @property
    def is_break(self) -> bool:
        """Whether the curve is interrupted here."""
        return self.kind in ("pole", "jump", "hole", "end", "isolated")


class UndefinedInterval(NamedTuple):
    """An interval on which f is undefined, and why."""

    low: float
    high: float
    reason: str                  # "sqrt of a negative number"
    line: str = ""


class Band(NamedTuple):
    """An interval on which a curve oscillates faster than pixels: drawn as its extremes."""

    low: float
    high: float
    order: int
    x: Any                       # (C,): middles of columns
    least: Any                   # (C,)
    most: Any                    # (C,)
