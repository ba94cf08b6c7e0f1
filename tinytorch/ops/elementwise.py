"""Functions of one number, elementwise: exponentials, logarithms, powers, angles, steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.op import Op, apply
from ..core.singularities import (
    AT_ONES, AT_ZERO, POLE_AT_ZERO, Singularity, at_half_integers, at_integers, at_ones, first)
from ..core.tensor import float64, raw
from ..series import truncated

_LN2, _LN10 = float64(np.log(2.0)), float64(np.log(10.0))
_positive = lambda x: x.__class__ is not float64 or not x > 0
_inf = float("inf")


class Exp(Op):
    """e to the power x."""
    value, jet = np.exp, truncated.exp
    steep = True
    local = (lambda z, x: z,)


class Exp2(Op):
    """2 to the power x."""
    value = np.exp2
    steep = True
    local = (lambda z, x: _LN2*z,)


class Expm1(Op):
    """exp(x) - 1, exact for small x."""
    value, jet = np.expm1, truncated.expm1
    steep = True
    local = (lambda z, x: np.exp(x),)


class Log(Op):
    """The natural logarithm; -inf at 0 and nan below, with one warning."""
    value, risky, domain, jet = np.log, _positive, (0.0, _inf), truncated.log
    singularities = POLE_AT_ZERO
    undefined = "log of a negative number"
    local = (lambda z, x: 1/x,)


class Log2(Op):
    """The logarithm to base 2."""
    value, risky, domain = np.log2, _positive, (0.0, _inf)
    singularities = POLE_AT_ZERO
    undefined = "log2 of a negative number"
    local = (lambda z, x: 1/(x*_LN2),)


class Log10(Op):
    """The logarithm to base 10."""
    value, risky, domain = np.log10, _positive, (0.0, _inf)
    singularities = POLE_AT_ZERO
    undefined = "log10 of a negative number"
    local = (lambda z, x: 1/(x*_LN10),)


class Log1p(Op):
    """log(1 + x), exact for small x."""
    value, risky, domain = np.log1p, True, (-1.0, _inf)
    singularities = (Singularity(lambda a, **_: 1.0 + a, "log of 0", pole=True),)
    undefined = "log1p below −1"
    local = (lambda z, x: 1/(1 + x),)


class Sqrt(Op):
    """The square root; its derivative at 0 is inf, below 0 it is nan, with one warning."""
    symbol = "√"
    value, risky, domain, jet = np.sqrt, _positive, (0.0, _inf), truncated.sqrt
    singularities = AT_ZERO
    undefined = "sqrt of a negative number"
    local = (lambda z, x: 0.5/z,)


class Cbrt(Op):
    """The real cube root, of negative numbers too; its derivative at 0 is inf."""
    symbol = "∛"
    value, risky = np.cbrt, True
    singularities = AT_ZERO
    local = (lambda z, x: 1/(3*z*z),)


class Square(Op):
    """x times x."""
    symbol = "²"
    notation, precedence = "{0}**2", 4
    value, jet = np.square, truncated.square
    local = (lambda z, x: 2*x,)


class Reciprocal(Op):
    """1 / x."""
    symbol = "1/"
    notation, precedence = "1/{0}", 2
    value, risky, domain, jet = np.reciprocal, True, (0.0, _inf), truncated.reciprocal
    singularities = (Singularity(first, "division by 0", pole=True),)
    undefined = "division by 0"
    local = (lambda z, x: -(z*z),)


class Abs(Op):
    """The absolute value; at the kink the derivative is taken as 0."""
    name, aliases, symbol, dunder = "absolute", ("abs", "fabs"), "|x|", "abs"
    notation = "abs({0})"
    value = np.absolute
    singularities = AT_ZERO
    local = (lambda z, x: np.sign(raw(x)),)


class Sin(Op):
    """The sine of an angle in radians."""
    value, jet = np.sin, truncated.sin
    local = (lambda z, x: np.cos(x),)


class Cos(Op):
    """The cosine of an angle in radians."""
    value, jet = np.cos, truncated.cos
    local = (lambda z, x: -np.sin(x),)


class Tan(Op):
    """The tangent of an angle in radians."""
    value = np.tan
    singularities = (Singularity(first, "tan where cos is 0", np.cos, pole=True),)
    local = (lambda z, x: 1 + z*z,)
    domain = (-1.5, 1.5)


class ArcSin(Op):
    """The angle in [-pi/2, pi/2] whose sine is x."""
    aliases = ("asin",)
    value, risky, domain = np.arcsin, True, (-1.0, 1.0)
    singularities = AT_ONES
    undefined = "arcsin beyond ±1"
    local = (lambda z, x: 1/np.sqrt((1 - x)*(1 + x)),)


class ArcCos(Op):
    """The angle in [0, pi] whose cosine is x."""
    aliases = ("acos",)
    value, risky, domain = np.arccos, True, (-1.0, 1.0)
    singularities = AT_ONES
    undefined = "arccos beyond ±1"
    local = (lambda z, x: -1/np.sqrt((1 - x)*(1 + x)),)


class ArcTan(Op):
    """The angle in (-pi/2, pi/2) whose tangent is x."""
    aliases = ("atan",)
    value = np.arctan
    steep = True
    local = (lambda z, x: 1/(1 + x*x),)


class Sinh(Op):
    """The hyperbolic sine."""
    value, jet = np.sinh, truncated.sinh
    steep = True
    local = (lambda z, x: np.cosh(x),)


class Cosh(Op):
    """The hyperbolic cosine."""
    value, jet = np.cosh, truncated.cosh
    steep = True
    local = (lambda z, x: np.sinh(x),)


class Tanh(Op):
    """The hyperbolic tangent. Its derivative keeps all digits in the tails; 1 - z*z has none."""
    value = np.tanh
    steep = True
    local = (lambda z, x: 4*Sigmoid.of(2*x)*Sigmoid.of(-2*x),)


def _sigmoid(x: Any) -> Any:
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e)/(1 + e)


class Sigmoid(Op):
    """1/(1 + exp(-x)), without overflow. Its derivative, s(x) s(-x), is exact in the tails."""
    aliases, symbol = ("expit",), "σ"
    value = _sigmoid
    jet = lambda x: truncated.sigmoid(x, _sigmoid(x[0]), _sigmoid(-x[0]))
    steep = True
    local = (lambda z, x: z*Sigmoid.of(-x),)


class ArcSinh(Op):
    """The inverse of sinh."""
    aliases = ("asinh",)
    value = np.arcsinh
    local = (lambda z, x: 1/np.sqrt(x*x + 1),)


class ArcCosh(Op):
    """The inverse of cosh, for x >= 1."""
    aliases = ("acosh",)
    value, risky, domain = np.arccosh, True, (1.0, _inf)
    singularities = (Singularity(lambda a, **_: a - 1.0, "arccosh of 1"),)
    undefined = "arccosh below 1"
    local = (lambda z, x: 1/np.sqrt((x - 1)*(x + 1)),)


class ArcTanh(Op):
    """The inverse of tanh, for x in (-1, 1)."""
    aliases = ("atanh",)
    value, risky, domain = np.arctanh, True, (-1.0, 1.0)
    singularities = (Singularity(at_ones, "arctanh of ±1", pole=True),)
    undefined = "arctanh beyond ±1"
    local = (lambda z, x: 1/((1 - x)*(1 + x)),)


class Deg2Rad(Op):
    """Degrees to radians."""
    aliases = ("radians",)
    value, linear = np.deg2rad, True
    local = (lambda z, x: float64(np.pi/180),)


class Rad2Deg(Op):
    """Radians to degrees."""
    aliases = ("degrees",)
    value, linear = np.rad2deg, True
    local = (lambda z, x: float64(180/np.pi),)


# Steps: constant between jumps.

class Floor(Op):
    """The largest whole number that is not above x. Derivative 0."""
    symbol, dunder = "⌊x⌋", "floor"
    singularities = (Singularity(first, "{op} of a whole number", at_integers, 1),)
    value, flat, local = np.floor, True, (0,)


class Ceil(Op):
    """The smallest whole number that is not below x. Derivative 0."""
    symbol, dunder = "⌈x⌉", "ceil"
    singularities = (Singularity(first, "{op} of a whole number", at_integers, -1),)
    value, flat, local = np.ceil, True, (0,)


class Trunc(Op):
    """x without its fraction. Derivative 0."""
    aliases, dunder = ("fix",), "trunc"
    singularities = (Singularity(first, "{op} of a whole number", at_integers),)
    value, flat, local = np.trunc, True, (0,)


class Rint(Op):
    """The nearest whole number, halves to the even one. Derivative 0."""
    singularities = (Singularity(first, "{op} of a half", at_half_integers),)
    value, flat, local = np.rint, True, (0,)


class Sign(Op):
    """-1, 0 or 1. Derivative 0."""
    singularities = AT_ZERO
    value, flat, local = np.sign, True, (0,)


def _round(x: Any, decimals: int = 0) -> Any:
    return apply(Round, x, decimals=int(decimals))


class Round(Op):
    """x rounded to a number of decimals, halves to the even digit. Derivative 0."""
    aliases, call, dunder = ("around",), _round, "round"
    notation = lambda decimals: f"round({{0}}, {decimals})" if decimals else "round({0})"
    singularities = (
        Singularity(lambda a, decimals=0: a*10.0**decimals, "{op} of a half", at_half_integers),)
    value, flat, local = np.round, True, (0,)


def _sinc_slope(z: Any, x: Any) -> Any:
    """(cos(pi x) - sinc x)/x; a series near 0, where the difference loses its digits."""
    near = np.abs(raw(x)) < 0.5
    far = (np.cos(np.pi*np.where(near, 1.0, x)) - np.where(near, 1.0, z))/np.where(near, 1.0, x)
    if not np.any(near):
        return far
    t: Any = np.where(near, x, 0.0)
    term: Any = 1.0
    total: Any = 0.0
    for k in range(1, 12):                           # d/dx of the sum of (-1)^k (pi x)^2k/(2k+1)!
        term = term*(-np.pi*np.pi/((2*k)*(2*k + 1)))
        total = total + 2*k*term*t**(2*k - 1)
    return np.where(near, total, far)


class Sinc(Op):
    """sin(pi x)/(pi x), and 1 at 0."""
    value = np.sinc
    local = (_sinc_slope,)
    samples = (([-1.3, 0.0, 0.2, 0.7],),)


class NanToNum(Op):
    """nan becomes 0 (or `nan`), infinities the largest numbers (or posinf, neginf): constants."""
    name, selects = "nan_to_num", True
    value = np.nan_to_num
    notation = "nan_to_num({0})"
    call = lambda x, copy=True, nan=0.0, posinf=None, neginf=None: apply(
        NanToNum, x, nan=nan, posinf=posinf, neginf=neginf)
    local = (lambda z, x, nan, posinf, neginf: np.isfinite(raw(x)).astype(z.dtype),)
    samples = (([1.0, -2.0], {"nan": 0.0, "posinf": None, "neginf": None}),)
