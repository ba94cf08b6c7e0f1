"""Where an op is singular: by op name, which function of its operands must vanish for that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Guard(NamedTuple):
    """An op is singular where zero(u) = 0, for u = inner(*operands, **params).

    `inner` is written with operators only, so that it takes arrays and Tensors alike.
    """

    inner: Callable[..., Any]
    cause: str                                     # for people: "division by 0"
    zero: Callable[[Any], Any] | None = None       # None: u itself


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


def _first(a: Any, *_: Any, **__: Any) -> Any:
    return a


def _second(_: Any, b: Any, *__: Any, **___: Any) -> Any:
    return b


def _difference(a: Any, b: Any, **_: Any) -> Any:
    return a - b


def _ratio(a: Any, b: Any, **_: Any) -> Any:
    return a / b


def _branches(*operands: Any, **params: Any) -> Any:
    """Of where(condition, a, b) and select: which branch is taken, as numbers of either sign."""
    condition = params.get("condition", params.get("cond", operands[0]))
    return np.where(np.asarray(getattr(condition, "data", condition), dtype=bool), 1.0, -1.0)


def _base(a: Any, b: Any, **_: Any) -> Any:
    """Of a**b: a, unless b is a constant 0, 1, 2 ..."""
    exponent = np.asarray(getattr(b, "data", b))
    if exponent.size == 1 and exponent >= 0 and exponent == np.round(exponent):
        return exponent * 0.0 + 1.0
    return a


def _bound(name: str, index: int) -> Callable[..., Any]:
    def inner(a: Any, *rest: Any, **params: Any) -> Any:
        bound = params.get(name, rest[index] if index < len(rest) else None)
        return 1.0 if bound is None else a - bound
    return inner


def _circle(a: Any, **_: Any) -> Any:
    return 1.0 - a * a


_ABS = (Guard(_first, "{op} of 0"),)
_LOG = (Guard(_first, "{op} of 0"),)
_STEP = (Guard(_first, "{op} of a whole number", whole),)
_ENDS = (Guard(_circle, "{op} of ±1"),)
_GAMMA = (Guard(_first, "{op} of 0, −1, −2 …", nonpositive),)
_TIE = (Guard(_difference, "{op} of equals"),)
_DIVIDE = Guard(_second, "division by 0")

# One row per op: in lower case and without underscores, as numpy, scipy or torch call it.
SINGULAR: dict[str, tuple[Guard, ...]] = {
    "div":         (_DIVIDE,),
    "divide":      (_DIVIDE,),
    "truediv":     (_DIVIDE,),
    "truedivide":  (_DIVIDE,),
    "reciprocal":  (Guard(_first, "division by 0"),),
    "floordiv":    (_DIVIDE, Guard(_ratio, "{op} of a whole quotient", whole)),
    "floordivide": (_DIVIDE, Guard(_ratio, "{op} of a whole quotient", whole)),
    "mod":         (_DIVIDE, Guard(_ratio, "{op} of a whole quotient", whole)),
    "remainder":   (_DIVIDE, Guard(_ratio, "{op} of a whole quotient", whole)),
    "fmod":        (_DIVIDE, Guard(_ratio, "{op} of a whole quotient", whole)),
    "pow":         (Guard(_base, "power of 0"),),
    "power":       (Guard(_base, "power of 0"),),
    "floatpower":  (Guard(_base, "power of 0"),),
    "log":         _LOG,
    "log2":        _LOG,
    "log10":       _LOG,
    "log1p":       (Guard(lambda a, **_: 1.0 + a, "log of 0"),),
    "sqrt":        (Guard(_first, "sqrt of 0"),),
    "cbrt":        (Guard(_first, "cbrt of 0"),),
    "abs":         _ABS,
    "absolute":    _ABS,
    "fabs":        _ABS,
    "relu":        _ABS,
    "leakyrelu":   _ABS,
    "elu":         _ABS,
    "selu":        _ABS,
    "sign":        _ABS,
    "heaviside":   _ABS,
    "relu6":       (Guard(_first, "{op} of 0"), Guard(lambda a, **_: a - 6.0, "{op} of 6")),
    "hardtanh":    (Guard(_circle, "{op} of ±1"),),
    "hardsigmoid": (Guard(lambda a, **_: 9.0 - a * a, "{op} of ±3"),),
    "hardswish":   (Guard(lambda a, **_: 9.0 - a * a, "{op} of ±3"),),
    "copysign":    (Guard(_first, "{op} of 0"), Guard(_second, "{op} of 0")),
    "floor":       _STEP,
    "ceil":        _STEP,
    "trunc":       _STEP,
    "fix":         _STEP,
    "round":       (Guard(_first, "{op} of a half", half),),
    "rint":        (Guard(_first, "{op} of a half", half),),
    "maximum":     _TIE,
    "minimum":     _TIE,
    "fmax":        _TIE,
    "fmin":        _TIE,
    "where":       (Guard(_branches, "the condition of where turns"),),
    "clip":        (Guard(_bound("low", 0), "{op} at its lower bound"),
                    Guard(_bound("high", 1), "{op} at its upper bound"),
                    Guard(_bound("a_min", 0), "{op} at its lower bound"),
                    Guard(_bound("a_max", 1), "{op} at its upper bound"),
                    Guard(_bound("min", 0), "{op} at its lower bound"),
                    Guard(_bound("max", 1), "{op} at its upper bound")),
    "tan":         (Guard(_first, "tan where cos is 0", np.cos),),
    "arcsin":      _ENDS,
    "arccos":      _ENDS,
    "arctanh":     _ENDS,
    "erfinv":      _ENDS,
    "arccosh":     (Guard(lambda a, **_: a - 1.0, "arccosh of 1"),),
    "logit":       (Guard(lambda a, **_: a * (1.0 - a), "logit of 0 or 1"),),
    "arctan2":     (Guard(_first, "{op} where the first operand is 0"),),
    "hypot":       (Guard(lambda a, b, **_: a * a + b * b, "{op} of 0"),),
    "xlogy":       (Guard(_second, "log of 0"),),
    "entr":        (Guard(_first, "log of 0"),),
    "gamma":       _GAMMA,
    "gammaln":     _GAMMA,
    "lgamma":      _GAMMA,
    "digamma":     _GAMMA,
    "psi":         _GAMMA,
}

# Steep, but smooth: near an extremum of the operand of exp, near a zero of that of the others, f may
# turn within less than a pixel. The sweep looks there closely and marks nothing.
STEEP: dict[str, tuple[Guard, ...]] = {
    name: (Guard(_first, ""),) for name in
    ("exp", "exp2", "expm1", "tanh", "sigmoid", "expit", "erf", "arctan", "softplus", "cosh", "sinh")}


def guards(op: str) -> tuple[Guard, ...]:
    """The guards of an op by its name, whatever the spelling: Leaky_ReLU, leakyrelu."""
    return SINGULAR.get(op.replace("_", "").lower(), ())


def steep(op: str) -> tuple[Guard, ...]:
    return STEEP.get(op.replace("_", "").lower(), ())
