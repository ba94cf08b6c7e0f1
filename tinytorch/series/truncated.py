"""Arithmetic of truncated Taylor series: lists of coefficients, None for one that is zero.

The recurrences are those of Griewank and Walther, Evaluating Derivatives (2008), chapter 13.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Series = list[Any]               # [c0, c1, ... cn]: x(t) = c0 + c1 t + c2 t^2 ...


def add(a: Any, b: Any) -> Any:
    """The sum of two coefficients."""
    return b if a is None else a if b is None else a + b


def mul(a: Any, b: Any) -> Any:
    """The product of two coefficients."""
    return None if a is None or b is None else a*b


def convolved(a: Series, b: Series, k: int, multiply: Any = mul) -> Any:
    """The k-th coefficient of a product."""
    total = None
    for j in range(k + 1):
        total = add(total, multiply(a[j], b[k - j]))
    return total


def product(a: Series, b: Series) -> Series:
    """a*b."""
    return [convolved(a, b, k) for k in range(len(a))]


def slope(x: Series) -> Series:
    """The coefficients of x', one fewer."""
    return [mul(k, c) for k, c in enumerate(x)][1:]


def integral(start: Any, slopes: Series) -> Series:
    """The series that begins with start and has those slopes."""
    return [start] + [None if c is None else c/k for k, c in enumerate(slopes, 1)]


def quotient(a: Series, b: Series) -> Series:
    """a/b."""
    z: Series = []
    for k in range(len(a)):
        rest = None
        for j in range(1, k + 1):
            rest = add(rest, mul(b[j], z[k - j]))
        top = a[k] if rest is None else -rest if a[k] is None else a[k] - rest
        z.append(None if top is None else top/b[0])
    return z


def reciprocal(x: Series) -> Series:
    """1/x."""
    return quotient([np.ones_like(x[0])[()], *(None,)*(len(x) - 1)], x)


def square(x: Series) -> Series:
    """x*x."""
    return product(x, x)


def _driven(x: Series, starts: tuple[Any, ...], partners: tuple[tuple[int, float], ...]
            ) -> list[Series]:
    """Functions of x whose derivative is a partner times a factor: sin' = 1*cos, cos' = -1*sin."""
    out: list[Series] = [[s] for s in starts]
    for k in range(1, len(x)):
        new = []
        for partner, factor in partners:
            total = None
            for j in range(1, k + 1):
                total = add(total, mul(j, mul(x[j], out[partner][k - j])))
            new.append(None if total is None else total*(factor/k))
        for series, c in zip(out, new):
            series.append(c)
    return out


def exp(x: Series) -> Series:
    """e to the power x."""
    return _driven(x, (np.exp(x[0]),), ((0, 1.0),))[0]


def expm1(x: Series) -> Series:
    """e to the power x, less 1."""
    return [np.expm1(x[0]), *exp(x)[1:]]


def sin(x: Series) -> Series:
    """The sine."""
    return _driven(x, (np.sin(x[0]), np.cos(x[0])), ((1, 1.0), (0, -1.0)))[0]


def cos(x: Series) -> Series:
    """The cosine."""
    return _driven(x, (np.sin(x[0]), np.cos(x[0])), ((1, 1.0), (0, -1.0)))[1]


def sinh(x: Series) -> Series:
    """The hyperbolic sine."""
    return _driven(x, (np.sinh(x[0]), np.cosh(x[0])), ((1, 1.0), (0, 1.0)))[0]


def cosh(x: Series) -> Series:
    """The hyperbolic cosine."""
    return _driven(x, (np.sinh(x[0]), np.cosh(x[0])), ((1, 1.0), (0, 1.0)))[1]


def log(x: Series) -> Series:
    """The natural logarithm."""
    with np.errstate(all="ignore"):
        return integral(np.log(x[0]), quotient(slope(x), x[:-1])) if len(x) > 1 else [np.log(x[0])]


def sqrt(x: Series) -> Series:
    """The square root."""
    z = [np.sqrt(x[0])]
    for k in range(1, len(x)):
        rest = None
        for j in range(1, k):
            rest = add(rest, mul(z[j], z[k - j]))
        top = x[k] if rest is None else -rest if x[k] is None else x[k] - rest
        z.append(None if top is None else top/(2*z[0]))
    return z


def power(x: Series, y: Series) -> Series:
    """x**y: by squaring for a small whole constant y, else by the recurrence of x z' = y z x'."""
    if any(c is not None for c in y[1:]):
        return [np.power(x[0], y[0]), *exp(product(y, log(x)))[1:]]
    p = y[0]
    if np.ndim(p) == 0 and p == int(p) and 0 <= p <= 64:
        out: Series | None = None
        base, n = x, int(p)
        while n:
            if n & 1:
                out = base if out is None else product(out, base)
            n >>= 1
            if n:
                base = product(base, base)
        return [np.power(x[0], p), *(None,)*(len(x) - 1)] if out is None else out
    z: Series = [np.power(x[0], p)]
    for k in range(1, len(x)):
        total = None
        for j in range(1, k + 1):
            if x[j] is not None and z[k - j] is not None:
                total = add(total, (p*j - (k - j))*x[j]*z[k - j])
        z.append(None if total is None else total/(k*x[0]))
    return z


def sigmoid(x: Series, start: Any, opposite: Any) -> Series:
    """s(x) from s(x0) and s(-x0): s' = s(x) s(-x), which loses no digits where s is nearly 1."""
    z, w = [start], [opposite]
    for k in range(1, len(x)):
        total = None
        for j in range(1, k + 1):
            total = add(total, mul(j, mul(x[j], convolved(z, w, k - j))))
        z.append(None if total is None else total/k)
        w.append(None if total is None else -total/k)
    return z
