"""Functions of two numbers, elementwise and broadcast."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.op import Op, apply, public
from ..core.singularities import (
    AT_ZERO, DIVISION, TIE, Singularity, at_integers, first, ratio, second)
from ..core.functions import functions
from ..core.tensor import as_tensor, constant, raw
from .elementwise import _LN2, Sigmoid
from .select import share


def _zero_where(mask: Any, x: Any) -> Any:
    """x, but 0 where the mask holds."""
    return np.where(mask, 0.0, x) if np.any(mask) else x


class ArcTan2(Op):
    """The angle of the point (x2, x1) in the plane, in (-pi, pi]; 0 derivatives at the origin."""
    aliases = ("atan2",)
    value = np.arctan2
    singularities = (Singularity(first, "{op} where the first operand is 0"),)
    local = (lambda z, y, x: _over(x, x*x + y*y),
             lambda z, y, x: _over(-y, x*x + y*y))


def _over(a: Any, b: Any) -> Any:
    """a/b, and 0 where b is 0."""
    zero = raw(b) == 0
    return np.where(zero, 0.0, a/np.where(zero, 1.0, b)) if np.any(zero) else a/b


class Hypot(Op):
    """sqrt(x*x + y*y) without overflow; the derivatives at the origin are taken as 0."""
    value = np.hypot
    singularities = (Singularity(lambda a, b, **_: a * a + b * b, "{op} of 0"),)
    local = (lambda z, x, y: _over(x, z),
             lambda z, x, y: _over(y, z))


class LogAddExp(Op):
    """log(exp(x) + exp(y)) without overflow."""
    value = np.logaddexp
    local = (lambda z, x, y: Sigmoid.of(_apart(x, y)),
             lambda z, x, y: Sigmoid.of(_apart(y, x)))


class LogAddExp2(Op):
    """log2(2**x + 2**y) without overflow."""
    value = np.logaddexp2
    local = (lambda z, x, y: Sigmoid.of(_LN2*_apart(x, y)),
             lambda z, x, y: Sigmoid.of(_LN2*_apart(y, x)))


def _apart(x: Any, y: Any) -> Any:
    """x - y, but 0 for two equal infinities."""
    both = (raw(x) == raw(y)) & np.isinf(raw(x))
    if not np.any(both):
        return x - y
    return np.where(both, 0.0, x) - np.where(both, 0.0, y)


class FMod(Op):
    """The remainder with the sign of x, as in C: x - y*trunc(x/y)."""
    symbol = "fmod"
    value, risky = np.fmod, True
    singularities = (DIVISION, Singularity(ratio, "{op} of a whole quotient", at_integers))
    local = (1,
             lambda z, x, y: -np.trunc(raw(x)/raw(y)))
    samples = (([5.3, -5.3, 1.2], [2.0, 2.0, -0.7]),)


class CopySign(Op):
    """abs(x) with the sign of y. Nothing flows to y."""
    value = np.copysign
    singularities = (*AT_ZERO, Singularity(second, "{op} of 0"))
    local = (lambda z, x, y: np.sign(raw(x))*np.copysign(1.0, raw(y)), 0)


def _number_share(x: Any, y: Any, wins: Any, z: Any) -> Any:
    """Return x's share of fmax or fmin: all where it wins or y is nan, half at a tie."""
    return share(wins(x, y) + 0.5*(x == y) + np.isnan(y), z)


class FMax(Op):
    """The larger of x and y; a number wins over nan. Ties share the derivative evenly."""
    notation, symbol = "fmax({0}, {1})", "max"
    value, selects = np.fmax, True
    singularities = TIE
    local = (lambda z, x, y: _number_share(raw(x), raw(y), np.greater, z),
             lambda z, x, y: _number_share(raw(y), raw(x), np.greater, z))


class FMin(Op):
    """The smaller of x and y; a number wins over nan. Ties share the derivative evenly."""
    notation, symbol = "fmin({0}, {1})", "min"
    value, selects = np.fmin, True
    singularities = TIE
    local = (lambda z, x, y: _number_share(raw(x), raw(y), np.less, z),
             lambda z, x, y: _number_share(raw(y), raw(x), np.less, z))


class Heaviside(Op):
    """0 below 0, 1 above, and y at 0: only there a gradient flows, to y."""
    value = np.heaviside
    singularities = AT_ZERO
    local = (0, lambda z, x, y: (raw(x) == 0).astype(z.dtype))
    samples = (([-1.0, 0.5, 2.0], [0.5, 0.5, 0.5]),)


class NextAfter(Op):
    """The next float after x in the direction of y; the gradient flows to x unchanged."""
    value = np.nextafter
    local = (1, 0)
    samples = ()


def _ldexp(x: Any, n: Any) -> Any:
    whole = np.asarray(raw(n))
    if not np.all(whole == np.floor(whole)):
        raise TypeError(f"ldexp takes whole numbers n, not {whole}")
    return apply(LdExp, x, whole.astype(int))


class LdExp(Op):
    """x * 2**n for whole n."""
    value = lambda x, n: np.ldexp(x, n.astype(int))
    local = (lambda z, x, n: np.exp2(raw(n)), None)
    call = _ldexp
    samples = (([1.5, -0.3], np.array([2, -1])),)


def _xlogy(x: Any, y: Any) -> Any:
    zero = (x == 0) & ~np.isnan(y)
    return np.where(zero, 0.0, x*np.log(np.where(zero, 1.0, y)))[()]


class XLogY(Op):
    """x*log(y), and 0 where x is 0."""
    value, risky = _xlogy, True
    singularities = (Singularity(second, "log of 0"),)
    local = (lambda z, x, y: np.log(y),
             lambda z, x, y: _zero_where((raw(x) == 0) & (raw(y) == 0), x/y))
    samples = (([0.5, 0.0, -1.0], [2.0, 0.3, 1.5]),)


class XLog1PY(Op):
    """x*log(1 + y), and 0 where x is 0."""
    value, risky = (lambda x, y: np.where((x == 0) & ~np.isnan(y), 0.0, x*np.log1p(
        np.where((x == 0) & ~np.isnan(y), 1.0, y)))[()]), True
    singularities = (Singularity(lambda a, b, **_: 1.0 + b, "log of 0", pole=True),)
    local = (lambda z, x, y: np.log1p(y),
             lambda z, x, y: _zero_where((raw(x) == 0) & (raw(y) == -1), x/(1 + y)))
    samples = (([0.5, 0.0, -1.0], [2.0, 0.3, -0.5]),)


@public
def modf(x: Any) -> Any:
    """(x - trunc(x), trunc(x)): the fraction, which differentiates, and the whole part."""
    whole = functions["trunc"](x)
    return x - whole, whole


@public
def divmod(x: Any, y: Any) -> Any:
    """(x // y, x % y)."""
    return functions["floor_divide"](x, y), functions["remainder"](x, y)


@public
def frexp(x: Any) -> Any:
    """(m, n) with x = m * 2**n and abs(m) in [0.5, 1); n is a constant."""
    x = as_tensor(x)
    n = np.frexp(x.data)[1]
    return _ldexp(x, -n), constant(n)
