"""Where an op has no value or no derivative, or jumps: zeros of a function of its operands.

An op states its guards in its own block; a picture of the op marks what happens there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Guard(NamedTuple):
    """An op is singular where zero(u) = 0, for u = inner(*operands, **params).

    `inner` is written with operators only, so that it takes arrays and Tensors alike.
    """

    inner: Callable[..., Any]
    cause: str                                     # for people: "division by 0"; {op} is its name
    zero: Callable[[Any], Any] | None = None       # None: u itself
    side: int = 0                # 1: at u = 0 the op is what it is for u > 0, -1: for u < 0
    pole: bool = False           # the op has no value at u = 0


def whole(u: Any) -> Any:
    """Zero exactly where u is whole, and changes sign there: sin(pi u), exact at whole numbers."""
    nearest = np.round(u)
    return np.where(nearest % 2 == 0, 1.0, -1.0) * np.sin(np.pi * (u - nearest))


def half(u: Any) -> Any:
    """Zero exactly where u is a whole number and a half: where round() steps."""
    return whole(u + 0.5)


def nonpositive(u: Any) -> Any:
    """Zero at 0, -1, -2 ...: the poles of gamma."""
    return np.where(np.asarray(u) < 0.5, whole(u), 1.0)


def first(a: Any, *_: Any, **__: Any) -> Any:
    """The first operand."""
    return a


def second(_: Any, b: Any, *__: Any, **___: Any) -> Any:
    """The second operand."""
    return b


def difference(a: Any, b: Any, **_: Any) -> Any:
    """How far two operands are apart."""
    return a - b


def ratio(a: Any, b: Any, **_: Any) -> Any:
    """The first operand over the second."""
    return a / b


def circle(a: Any, **_: Any) -> Any:
    """Zero at -1 and 1."""
    return 1.0 - a * a


AT_ZERO = (Guard(first, "{op} of 0"),)
POLE_AT_ZERO = (Guard(first, "{op} of 0", pole=True),)
AT_ONES = (Guard(circle, "{op} of ±1"),)
AT_THREES = (Guard(lambda a, **_: 9.0 - a * a, "{op} of ±3"),)
AT_LAMBDA = (Guard(lambda a, lambd=0.5: lambd * lambd - a * a, "{op} at its bounds"),)
POLES_OF_GAMMA = (Guard(first, "{op} of 0, −1, −2 …", nonpositive, pole=True),)
TIE = (Guard(difference, "{op} of equals"),)
DIVISION = Guard(second, "division by 0", pole=True)
TRUE_BELOW = (Guard(difference, "a condition turns", side=1),)     # a < b: false at a = b
TRUE_UP_TO = (Guard(difference, "a condition turns", side=-1),)
AT_EQUALS = (Guard(difference, "a condition turns"),)
