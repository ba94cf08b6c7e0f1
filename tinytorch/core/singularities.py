"""Singularities: places where an op has no value or no derivative, or jumps.

An op defines its singularities in its own block; plots show the events there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Singularity(NamedTuple):
    """An op is singular where zero(u) = 0, for u = inner(*operands, **params).

    `inner` is written with operators only, so that it takes arrays and Tensors alike.
    """

    inner: Callable[..., Any]
    cause: str                                     # as text: "division by 0"; {op} is its name
    zero: Callable[[Any], Any] | None = None       # None: u itself
    side: int = 0                # at u = 0 the op equals its limit from u > 0 (1) or u < 0 (-1)
    pole: bool = False           # the op has no value at u = 0


def at_integers(u: Any) -> Any:
    """Return sin(pi u), which is exactly zero at whole numbers, and changes sign there."""
    nearest = np.round(u)
    return np.where(nearest % 2 == 0, 1.0, -1.0) * np.sin(np.pi * (u - nearest))


def at_half_integers(u: Any) -> Any:
    """Return a value that is exactly zero at whole numbers plus a half, where round() steps."""
    return at_integers(u + 0.5)


def at_nonpositive_integers(u: Any) -> Any:
    """Return a value that is zero at 0, -1, -2 ...: the poles of gamma."""
    return np.where(np.asarray(u) < 0.5, at_integers(u), 1.0)


def first(a: Any, *_: Any, **__: Any) -> Any:
    """Return the first operand."""
    return a


def second(_: Any, b: Any, *__: Any, **___: Any) -> Any:
    """Return the second operand."""
    return b


def difference(a: Any, b: Any, **_: Any) -> Any:
    """Return the difference of two operands."""
    return a - b


def ratio(a: Any, b: Any, **_: Any) -> Any:
    """Return the first operand divided by the second."""
    return a / b


def at_ones(a: Any, **_: Any) -> Any:
    """Return a value that is zero at -1 and 1."""
    return 1.0 - a * a


AT_ZERO = (Singularity(first, "{op} of 0"),)
POLE_AT_ZERO = (Singularity(first, "{op} of 0", pole=True),)
AT_ONES = (Singularity(at_ones, "{op} of ±1"),)
AT_THREES = (Singularity(lambda a, **_: 9.0 - a * a, "{op} of ±3"),)
AT_LAMBDA = (Singularity(lambda a, lambd=0.5: lambd * lambd - a * a, "{op} at its bounds"),)
POLES_OF_GAMMA = (
    Singularity(first, "{op} of 0, −1, −2 …", at_nonpositive_integers, pole=True),)
TIE = (Singularity(difference, "{op} of equals"),)
DIVISION = Singularity(second, "division by 0", pole=True)
TRUE_BELOW = (Singularity(difference, "a condition turns", side=1),)     # a < b: false at a = b
TRUE_UP_TO = (Singularity(difference, "a condition turns", side=-1),)
AT_EQUALS = (Singularity(difference, "a condition turns"),)
