"""Arithmetic: + - * / ** // %, and the comparisons."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from ..core.op import Op
from ..core.singularities import (
    AT_EQUALS, DIVISION, TRUE_BELOW, TRUE_UP_TO, Singularity, at_integers, ratio)
from ..core.tensor import Tensor, float64, raw
from ..series import truncated


class Add(Op):
    """x + y, elementwise, broadcast."""
    name, aliases, symbol = "add", (), "+"
    notation, precedence, dunder = "{0} + {1}", 1, "add"
    value, fast = np.add, operator.add
    local = (1, 1)
    linear = True


class Sub(Op):
    """x - y, elementwise, broadcast."""
    name, aliases, symbol = "subtract", ("sub",), "−"
    notation, precedence, dunder = "{0} - {1}", 1, "sub"
    value, fast = np.subtract, operator.sub
    local = (1, -1)
    linear = True


class Mul(Op):
    """x * y, elementwise, broadcast."""
    name, aliases, symbol = "multiply", ("mul",), "×"
    notation, precedence, dunder = "{0}*{1}", 2, "mul"
    value, fast, jet = np.multiply, operator.mul, truncated.product
    local = (lambda z, x, y: y,
             lambda z, x, y: x)


class Div(Op):
    """x / y, elementwise, broadcast; IEEE infinities with one warning where y is 0."""
    name, aliases, symbol = "divide", ("true_divide", "div"), "/"
    notation, precedence, dunder = "{0}/{1}", 2, "truediv"
    value, jet = np.true_divide, truncated.quotient
    risky = lambda x, y: y.__class__ is not float64 or x.__class__ is not float64 or not y
    singularities = (DIVISION,)
    undefined = "division by 0"
    local = (lambda z, x, y: 1/y,
             lambda z, x, y: -z/y)
    samples = (([1.0, -2.0, 0.5], [0.7, 1.5, -3.0]), ([[1.0], [2.0]], [0.7, 1.5, -3.0]))


def _power(x: Any, y: Any) -> Any:
    """Return x**y; small whole powers by multiplication, which is many times as fast."""
    if not y.ndim:
        if y == 2:
            return x*x
        if y == 3:
            cube = x*x
            cube *= x
            return cube
        if y == 1:
            return +x
    return np.power(x, y)


def _power_dx(z: Any, x: Any, y: Any) -> Any:
    exponent = raw(y)
    if not exponent.ndim and not getattr(y, "requires_grad", False):
        if exponent == 2:
            return y*x
        if exponent:
            return y*Pow.of(x, y - 1)
    if not np.all(exponent):
        never = (exponent == 0) & (raw(x) == 0)      # x**0 is 1 everywhere, also at 0
        if np.any(never):
            return np.where(never, 0.0, y*np.power(np.where(never, 1.0, x), y - 1))
    return y*Pow.of(x, y - 1)


def _power_dy(z: Any, x: Any, y: Any) -> Any:
    flat = (raw(x) == 0) & (raw(y) >= 0)             # 0**y is 0 for all y around
    if np.any(flat):
        return np.where(flat, 0.0, z*np.log(np.where(flat, 1.0, x)))
    return z*np.log(x)


def _base(a: Any, b: Any, **_: Any) -> Any:
    """Return a of a**b, or 1 if b is a constant 0, 1, 2 ...: no singularity."""
    exponent = raw(b)
    if exponent.size == 1 and exponent >= 0 and exponent == np.round(exponent):
        return exponent * 0.0 + 1.0
    return a


class Pow(Op):
    """x ** y, elementwise, broadcast; nan with one warning where x < 0 and y is no whole number."""
    name, aliases, symbol = "power", ("pow", "float_power"), "^"
    notation, precedence, dunder = "{0}**{1}", 4, "pow"
    value, jet = _power, truncated.power
    risky = lambda x, y: not (y.__class__ is float64 and 0 < y < math.inf and y == int(y))
    singularities = (Singularity(_base, "power of 0"),)
    undefined = "a fractional power of a negative number"
    local = (_power_dx, _power_dy)
    samples = (([0.5, 1.5, 2.0], 3.0), ([0.5, 1.5, 2.0], [0.5, -1.5, 2.0]),
               ([[0.3], [2.0]], [0.7, 1.5, -3.0]), ([-1.5, 0.5], np.array(2)), (2.0, [0.5, -1.0]))


class Neg(Op):
    """The negative of x, elementwise."""
    name, aliases, symbol = "negative", ("neg",), "−"
    notation, precedence, dunder = "-{0}", 3, "neg"
    value, fast = np.negative, operator.neg
    local = (-1,)
    linear = True


class Pos(Op):
    """+x: a copy."""
    name, symbol = "positive", "+"
    notation, precedence, dunder = "+{0}", 3, "pos"
    value = np.positive
    local = (1,)
    linear = True


class Remainder(Op):
    """x % y with the sign of y, as in Python: x - y*floor(x/y)."""
    name, aliases, symbol = "remainder", ("mod",), "%"
    notation, precedence, dunder = "{0} % {1}", 2, "mod"
    value, risky = np.remainder, True
    singularities = (DIVISION, Singularity(ratio, "{op} of a whole quotient", at_integers, 1))
    undefined = "remainder by 0"
    local = (1,
             lambda z, x, y: -np.floor(raw(x)/raw(y)))
    samples = (([5.3, -5.3, 1.2], [2.0, 2.0, -0.7]),)


class FloorDivide(Op):
    """x // y; the derivative is 0 wherever there is one."""
    name, symbol = "floor_divide", "//"
    notation, precedence, dunder = "{0}//{1}", 2, "floordiv"
    value, risky, flat = np.floor_divide, True, True
    singularities = (DIVISION, Singularity(ratio, "{op} of a whole quotient", at_integers, 1))
    local = (0, 0)
    samples = (([5.3, -5.3, 1.2], [2.0, 2.0, -0.7]),)


def _divmod(x: Any, y: Any) -> tuple[Any, Any]:
    return x//y, x % y


setattr(Tensor, "__divmod__", _divmod)
setattr(Tensor, "__rdivmod__", lambda x, y: _divmod(y, x))


# Comparisons: booleans, constants to every gradient.

class Comparison:
    """The base of comparisons: their result is boolean, and no gradient flows through it."""

    precedence = 0
    differentiable = False
    flat = True
    local: tuple[int, ...] = (0, 0)


class Greater(Comparison, Op):
    """x > y, elementwise."""
    symbol, notation, dunder = ">", "{0} > {1}", "gt"
    value = np.greater
    singularities = TRUE_UP_TO


class GreaterEqual(Comparison, Op):
    """x >= y, elementwise."""
    name, symbol, notation, dunder = "greater_equal", "≥", "{0} >= {1}", "ge"
    value = np.greater_equal
    singularities = TRUE_BELOW


class Less(Comparison, Op):
    """x < y, elementwise."""
    symbol, notation, dunder = "<", "{0} < {1}", "lt"
    value = np.less
    singularities = TRUE_BELOW


class LessEqual(Comparison, Op):
    """x <= y, elementwise."""
    name, symbol, notation, dunder = "less_equal", "≤", "{0} <= {1}", "le"
    value = np.less_equal
    singularities = TRUE_UP_TO


class Equal(Comparison, Op):
    """x == y, elementwise."""
    symbol, notation, dunder = "=", "{0} == {1}", "eq"
    value = np.equal
    singularities = AT_EQUALS


class NotEqual(Comparison, Op):
    """x != y, elementwise."""
    name, symbol, notation, dunder = "not_equal", "≠", "{0} != {1}", "ne"
    value = np.not_equal
    singularities = AT_EQUALS


class And(Comparison, Op):
    """Both, elementwise."""
    name, aliases, symbol = "logical_and", ("bitwise_and",), "and"
    notation, dunder = "{0} & {1}", "and"
    value = np.logical_and


class Or(Comparison, Op):
    """Either, elementwise."""
    name, aliases, symbol = "logical_or", ("bitwise_or",), "or"
    notation, dunder = "{0} | {1}", "or"
    value = np.logical_or


class Xor(Comparison, Op):
    """One of the two, elementwise."""
    name, aliases, symbol = "logical_xor", ("bitwise_xor",), "xor"
    notation, dunder = "{0} ^ {1}", "xor"
    value = np.logical_xor


class Not(Comparison, Op):
    """The opposite, elementwise."""
    name, aliases, symbol = "logical_not", ("invert", "bitwise_not"), "not"
    notation, precedence, dunder = "~{0}", 3, "invert"
    value = np.logical_not
    local = (0,)
