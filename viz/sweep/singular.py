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


def _first(a: Any, *_: Any, **__: Any) -> Any:
    return a


def _second(_: Any, b: Any, *__: Any, **___: Any) -> Any:
    return b


def _difference(a: Any, b: Any, **_: Any) -> Any:
    return a - b


def _ratio(a: Any, b: Any, **_: Any) -> Any:
    return a / b


def _branches(condition: Any, *_: Any, **__: Any) -> Any:
    """Of where(condition, a, b): which branch is taken, as numbers of either sign."""
    return np.where(np.asarray(getattr(condition, "data", condition), dtype=bool), 1.0, -1.0)


def _base(a: Any, b: Any, **_: Any) -> Any:
    """Of a**b: a, unless b is a constant 0, 1, 2 ..."""
    exponent = np.asarray(getattr(b, "data", b))
    if exponent.size == 1 and exponent >= 0 and exponent == np.round(exponent):
        return exponent * 0.0 + 1.0
    return a


def _circle(a: Any, **_: Any) -> Any:
    return 1.0 - a * a


_ABS = (Guard(_first, "{op} of 0"),)
_LOG = (Guard(_first, "{op} of 0", pole=True),)
_FLOOR = (Guard(_first, "{op} of a whole number", whole, 1),)
_CEIL = (Guard(_first, "{op} of a whole number", whole, -1),)
_TRUNC = (Guard(_first, "{op} of a whole number", whole),)
_ENDS = (Guard(_circle, "{op} of ±1"),)
_GAMMA = (Guard(_first, "{op} of 0, −1, −2 …", nonpositive, pole=True),)
_TIE = (Guard(_difference, "{op} of equals"),)
_DIVIDE = Guard(_second, "division by 0", pole=True)
_MOD = (_DIVIDE, Guard(_ratio, "{op} of a whole quotient", whole, 1))
_TRUE_BELOW = (Guard(_difference, "a condition turns", side=1),)     # a < b: false at a = b
_TRUE_UP_TO = (Guard(_difference, "a condition turns", side=-1),)
_EQUAL = (Guard(_difference, "a condition turns"),)

# One row per op: in lower case and without underscores, as numpy, scipy or torch call it.
SINGULAR: dict[str, tuple[Guard, ...]] = {
    "div":         (_DIVIDE,),
    "divide":      (_DIVIDE,),
    "truediv":     (_DIVIDE,),
    "truedivide":  (_DIVIDE,),
    "reciprocal":  (Guard(_first, "division by 0", pole=True),),
    "floordiv":    _MOD,
    "floordivide": _MOD,
    "mod":         _MOD,
    "remainder":   _MOD,
    "fmod":        (_DIVIDE, Guard(_ratio, "{op} of a whole quotient", whole)),
    "pow":         (Guard(_base, "power of 0"),),
    "power":       (Guard(_base, "power of 0"),),
    "floatpower":  (Guard(_base, "power of 0"),),
    "log":         _LOG,
    "log2":        _LOG,
    "log10":       _LOG,
    "log1p":       (Guard(lambda a, **_: 1.0 + a, "log of 0", pole=True),),
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
    "hardtanh":    (Guard(lambda a, min_val=-1.0, **_: a - min_val, "{op} at its lower bound"),
                    Guard(lambda a, max_val=1.0, **_: a - max_val, "{op} at its upper bound")),
    "hardshrink":  (Guard(lambda a, lambd=0.5: lambd * lambd - a * a, "{op} at its bounds"),),
    "softshrink":  (Guard(lambda a, lambd=0.5: lambd * lambd - a * a, "{op} at its bounds"),),
    "threshold":   (Guard(lambda a, threshold=0.0, **_: a - threshold, "{op} at its bound", None,
                          -1),),
    "softsign":    _ABS,
    "celu":        _ABS,
    "hardsigmoid": (Guard(lambda a, **_: 9.0 - a * a, "{op} of ±3"),),
    "hardswish":   (Guard(lambda a, **_: 9.0 - a * a, "{op} of ±3"),),
    "copysign":    (Guard(_first, "{op} of 0"), Guard(_second, "{op} of 0")),
    "floor":       _FLOOR,
    "ceil":        _CEIL,
    "trunc":       _TRUNC,
    "fix":         _TRUNC,
    "round":       (Guard(lambda a, decimals=0: a * 10.0**decimals, "{op} of a half", half),),
    "rint":        (Guard(_first, "{op} of a half", half),),
    "maximum":     _TIE,
    "minimum":     _TIE,
    "fmax":        _TIE,
    "fmin":        _TIE,
    "where":       (Guard(_branches, "a condition turns"),),
    "less":        _TRUE_BELOW,
    "lessequal":   _TRUE_UP_TO,
    "greater":     _TRUE_UP_TO,
    "greaterequal": _TRUE_BELOW,
    "equal":       _EQUAL,
    "notequal":    _EQUAL,
    "clip":        (Guard(lambda a, low, high, **_: a - low, "{op} at its lower bound"),
                    Guard(lambda a, low, high, **_: a - high, "{op} at its upper bound")),
    "tan":         (Guard(_first, "tan where cos is 0", np.cos, pole=True),),
    "arcsin":      _ENDS,
    "arccos":      _ENDS,
    "arctanh":     (Guard(_circle, "arctanh of ±1", pole=True),),
    "erfinv":      _ENDS,
    "arccosh":     (Guard(lambda a, **_: a - 1.0, "arccosh of 1"),),
    "logit":       (Guard(lambda a, **_: a * (1.0 - a), "logit of 0 or 1", pole=True),),
    "arctan2":     (Guard(_first, "{op} where the first operand is 0"),),
    "hypot":       (Guard(lambda a, b, **_: a * a + b * b, "{op} of 0"),),
    "xlogy":       (Guard(_second, "log of 0"),),
    "xlog1py":     (Guard(lambda a, b, **_: 1.0 + b, "log of 0", pole=True),),
    "entr":        (Guard(_first, "log of 0"),),
    "gamma":       _GAMMA,
    "gammaln":     _GAMMA,
    "lgamma":      _GAMMA,
    "digamma":     _GAMMA,
    "polygamma":   _GAMMA,
    "psi":         _GAMMA,
}

# Steep, but smooth: near an extremum of the operand of exp, near a zero of that of the others, f
# may turn within less than a pixel. The sweep looks there closely and marks nothing.
STEEP: dict[str, tuple[Guard, ...]] = {
    name: (Guard(_first, ""),) for name in ("exp", "exp2", "expm1", "tanh", "sigmoid", "expit",
                                            "erf", "arctan", "softplus", "cosh", "sinh")}


def guards(op: Any) -> tuple[Guard, ...]:
    """The guards of an op class; of one that is not in the table the ends of its domain."""
    name = key(op)
    if name in SINGULAR:
        return SINGULAR[name]
    domain = getattr(op, "domain", None) or ()
    return tuple(Guard(lambda a, *_, end=end, **__: a - end, f"{{op}} of {end:g}")
                 for end in domain if np.isfinite(end))


def steep(op: Any) -> tuple[Guard, ...]:
    return STEEP.get(key(op), ())


def called(op: Any) -> str:
    """What people call the op: its numpy name."""
    return getattr(op, "name", "") or op.__name__.lower()


def key(op: Any) -> str:
    return called(op).replace("_", "").lower()


# What is wrong where an op leaves the real numbers, by op; else "... is undefined"
UNDEFINED: dict[str, str] = {
    "sqrt": "sqrt of a negative number", "log": "log of a negative number",
    "log2": "log2 of a negative number", "log10": "log10 of a negative number",
    "log1p": "log1p below −1", "power": "a fractional power of a negative number",
    "arcsin": "arcsin beyond ±1", "arccos": "arccos beyond ±1", "arccosh": "arccosh below 1",
    "arctanh": "arctanh beyond ±1", "logit": "logit beyond 0 and 1", "divide": "division by 0",
    "reciprocal": "division by 0", "remainder": "remainder by 0",
}


def undefined(op: Any, operands: list[Any]) -> str:
    """Why an op of these finite operands has no finite value, in words."""
    name = called(op)
    if name in ("log", "log2", "log10") and np.all(operands[0] == 0):
        return f"{name} of 0"
    if name == "power" and np.all(np.asarray(operands[0]) == 0):
        return "a negative power of 0"
    if name == "power" and np.all(np.asarray(operands[0]) > 0):
        return "power overflows"
    if name in ("exp", "exp2", "expm1", "sinh", "cosh", "multiply", "add", "square"):
        return f"{name} overflows"
    return UNDEFINED.get(name, f"{name} is undefined there")


def chosen(op: Any, value: Any, operands: Any) -> list[Any]:
    """The operands that the value comes from: of where only the branch taken."""
    name = called(op)
    if name == "where":
        branches = np.asarray(operands[0].data, dtype=bool)
        return [operands[0], *([operands[1]] if branches.any() else []),
                *([operands[2]] if not branches.all() else [])]
    if getattr(op, "selects", False):
        return [a for a in operands if np.any(np.asarray(a.data) == value)]
    return list(operands)
