"""Ops that select: where, maximum, minimum, clip, relu. Unselected elements are dead."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.op import Op, apply
from ..core.singularities import AT_ZERO, TIE, Singularity
from ..core.tensor import float64, raw


def share(mask: Any, z: Any) -> Any:
    """Return a mask, with halves at ties, as local derivative: nan if the result is a real nan."""
    z = raw(z)
    if z.__class__ is float64:
        return float64(mask) if z == z else z
    return np.where(z == z, mask, np.nan).astype(z.dtype)


def _where(condition: Any, x: Any = None, y: Any = None) -> Any:
    if x is None or y is None:
        return np.nonzero(raw(condition))
    if isinstance(condition, (bool, int, float)):
        condition = np.bool_(condition)
    return apply(Where, condition, x, y)


def _branches(condition: Any, *_: Any, **__: Any) -> Any:
    """Return the branch taken, as numbers of either sign."""
    return np.where(np.asarray(raw(condition), dtype=bool), 1.0, -1.0)


class Where(Op):
    """x where the condition holds, else y, elementwise and broadcast; np.where(c) alone is indices.

    Only the branch taken counts in backward: where(x > 0, sqrt(x), 0) has derivative 0 at -1.
    """
    notation = "where({0}, {1}, {2})"
    value, selects, call = np.where, True, _where
    singularities = (Singularity(_branches, "a condition turns"),)
    local = (None,
             lambda z, c, x, y: np.where(raw(c), 1.0, 0.0).astype(z.dtype),
             lambda z, c, x, y: np.where(raw(c), 0.0, 1.0).astype(z.dtype))
    samples = (([True, False, True], [1.0, 2.0, 3.0], [4.0, 5.0, 6.0]),
               ([[True], [False]], [1.0, 2.0], 3.0))


class Maximum(Op):
    """The larger of x and y, elementwise; nan wins. Ties share the derivative evenly."""
    symbol, notation = "max", "maximum({0}, {1})"
    value, selects = np.maximum, True
    singularities = TIE
    local = (lambda z, x, y: share((raw(x) > raw(y)) + 0.5*(raw(x) == raw(y)), z),
             lambda z, x, y: share((raw(y) > raw(x)) + 0.5*(raw(x) == raw(y)), z))


class Minimum(Op):
    """The smaller of x and y, elementwise; nan wins. Ties share the derivative evenly."""
    symbol, notation = "min", "minimum({0}, {1})"
    value, selects = np.minimum, True
    singularities = TIE
    local = (lambda z, x, y: share((raw(x) < raw(y)) + 0.5*(raw(x) == raw(y)), z),
             lambda z, x, y: share((raw(y) < raw(x)) + 0.5*(raw(x) == raw(y)), z))


def _clip(x: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    low = a_min if a_min is not None else min
    high = a_max if a_max is not None else max
    return apply(Clip, x, -np.inf if low is None else low, np.inf if high is None else high)


class Clip(Op):
    """x, but not below a_min nor above a_max (None: no bound). Its derivative at a bound is 1."""
    aliases = ("clamp",)
    notation = "clip({0}, {1}, {2})"
    value, selects, call = np.clip, True, _clip
    singularities = (
        Singularity(lambda a, low, high, **_: a - low, "{op} at its lower bound"),
        Singularity(lambda a, low, high, **_: a - high, "{op} at its upper bound"))
    local = (lambda z, x, low, high: share((raw(low) <= raw(x)) & (raw(x) <= raw(high)), z),
             lambda z, x, low, high: share((raw(x) < raw(low)) & (raw(low) <= raw(high)), z),
             lambda z, x, low, high: share(np.maximum(raw(x), raw(low)) > raw(high), z))
    samples = (([-2.0, 0.3, 2.0], -1.0, 1.0), ([-2.0, 0.3, 2.0], [-1.0, -1.5, 0.0], 1.5))


_ZERO = float64(0.0)


def _relu(x: Any) -> Any:
    if x.__class__ is float64:
        return _ZERO if x <= 0 else x              # nan stays
    return np.maximum(x, 0)


class Relu(Op):
    """x where it is positive, else 0. At the kink the derivative is taken as 0."""
    name = "relu"
    value, selects = _relu, True
    singularities = AT_ZERO
    local = (lambda z, x: share(raw(x) > 0, z),)
