"""Differences, sums and curves over samples: diff, gradient, trapezoid, interp, polyval."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.op import public
from ..core.functions import functions
from ..core.tensor import Tensor, as_tensor, raw


def _cut(x: Any, axis: int, start: int | None, stop: int | None) -> Any:
    return x[(slice(None),)*(axis % x.ndim) + (slice(start, stop),)]


@public
def diff(x: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """The n-th differences of neighbours along an axis."""
    x = as_tensor(x)
    if n == 0:
        return x
    parts = []
    for extra in (prepend, x, append):
        if extra is not None:
            extra = as_tensor(extra)
            if not extra.ndim:
                shape = [1 if i == axis % x.ndim else m for i, m in enumerate(x.shape)]
                extra = functions["broadcast_to"](extra, shape)
            parts.append(extra)
    if len(parts) > 1:
        x = functions["concatenate"](parts, axis)
    for _ in range(n):
        x = _cut(x, axis, 1, None) - _cut(x, axis, None, -1)
    return x


def _spacing(spacing: Any, n: int) -> Any:
    """Return None for even steps, else the distances of the given coordinates."""
    if np.ndim(raw(spacing)) == 0:
        return None
    if np.shape(raw(spacing)) != (n,):
        raise ValueError(f"gradient: {np.shape(raw(spacing))} coordinates for an axis of {n}")
    return spacing[1:] - spacing[:-1] if isinstance(spacing, Tensor) else np.diff(spacing)


@public
def gradient(x: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """The slopes of samples, central inside, one-sided at the ends: a list for several axes.

    varargs: nothing (steps of 1), one step for all axes, or a step or coordinates per axis.
    """
    x = as_tensor(x)
    axes = (tuple(range(x.ndim)) if axis is None else
            tuple(axis) if isinstance(axis, (tuple, list)) else (axis,))
    if len(varargs) not in (0, 1, len(axes)):
        raise ValueError(f"gradient: {len(varargs)} spacings for {len(axes)} axes")
    spacings = varargs*len(axes) if len(varargs) == 1 else varargs or (1.0,)*len(axes)
    out = [_slope(x, a % x.ndim, h, edge_order) for a, h in zip(axes, spacings)]
    return out[0] if len(out) == 1 else out


def _slope(x: Any, axis: int, step: Any, edge_order: int) -> Any:
    n = x.shape[axis]
    if n < edge_order + 1:
        raise ValueError(f"gradient: an axis of {n} is too short (edge_order={edge_order} needs "
                         f"{edge_order + 1})")
    if edge_order not in (1, 2):
        raise ValueError(f"gradient: edge_order must be 1 or 2, not {edge_order}")
    widths = _spacing(step, n)
    if widths is not None and np.ptp(raw(widths)) == 0:
        step, widths = widths[0], None

    def at(i: int) -> Any:
        return _cut(x, axis, i, i + 1 if i != -1 else None)

    def width(i: int) -> Any:
        return step if widths is None else widths[i]
    if widths is None:
        inside = (_cut(x, axis, 2, None) - _cut(x, axis, None, -2))/(2.0*step)
    else:
        shape = [-1 if i == axis else 1 for i in range(x.ndim)]
        h1, h2 = (np.reshape(w, shape) for w in (widths[:-1], widths[1:]))
        inside = (_cut(x, axis, None, -2)*(-h2/(h1*(h1 + h2)))
                  + _cut(x, axis, 1, -1)*((h2 - h1)/(h1*h2))
                  + _cut(x, axis, 2, None)*(h1/(h2*(h1 + h2))))
    if edge_order == 1:
        first, last = (at(1) - at(0))/width(0), (at(-1) - at(-2))/width(-1)
    else:
        a, b = width(0), width(1) if widths is not None else step
        first = (at(0)*(-(2.0*a + b)/(a*(a + b))) + at(1)*((a + b)/(a*b)) + at(2)*(-a/(b*(a + b))))
        a, b = (width(-2) if widths is not None else step), width(-1)
        last = (at(-3)*(b/(a*(a + b))) + at(-2)*(-(b + a)/(a*b)) + at(-1)*((2.0*b + a)/(b*(a + b))))
    return functions["concatenate"]([first, inside, last], axis)


@public
def trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Any:
    """The integral of samples by the trapezoidal rule, at coordinates x or steps dx."""
    y = as_tensor(y)
    return functions["sum"](_panels(y, x, dx, axis), axis)


def _panels(y: Any, x: Any, dx: Any, axis: int) -> Any:
    width = dx
    if x is not None:
        x = as_tensor(x)
        width = diff(x, axis=-1 if x.ndim == 1 else axis)
        if x.ndim == 1:
            width = functions["reshape"](width, [-1 if i == axis % y.ndim else 1
                                                 for i in range(y.ndim)])
    return 0.5*width*(_cut(y, axis, 1, None) + _cut(y, axis, None, -1))


@public
def cumulative_trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Any:
    """The integrals up to each sample after the first, by the trapezoidal rule."""
    return functions["cumsum"](_panels(as_tensor(y), x, dx, axis), axis)


@public
def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
           ) -> Any:
    """The straight-line interpolation of the points (xp, fp) at x; xp must ascend.

    Beyond the ends it is left and right, or the first and last fp. Differentiable in x, xp and fp.
    """
    if period is not None:
        raise TypeError("interp of a tensor takes no period=")
    x, xp, fp = as_tensor(x), as_tensor(xp), as_tensor(fp)
    n = xp.shape[0]
    i = np.clip(np.searchsorted(xp.data, x.data, side="right") - 1, 0, max(n - 2, 0))
    j = np.minimum(i + 1, n - 1)
    low, high, a, b = xp[i], xp[j], fp[i], fp[j]
    out = a + (b - a)*((x - low)/(high - low)) if n > 1 else a + 0*x
    where = functions["where"]
    out = where(x.data < xp.data[0], fp[0] if left is None else left, out)
    return where(x.data > xp.data[-1], fp[-1] if right is None else right, out)


@public
def linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True) -> Any:
    """num numbers at even steps from start to stop (or short of it, without endpoint)."""
    t = np.arange(num)/max(num - 1 if endpoint else num, 1)
    start, stop = functions["broadcast_arrays"](start, stop)
    t = t.reshape(-1, *(1,)*start.ndim)
    return start*(1 - t) + stop*t


@public
def ediff1d(x: Any) -> Any:
    """The differences of neighbours, of x flattened."""
    return diff(functions["ravel"](as_tensor(x)))


@public
def polyval(p: Any, x: Any) -> Any:
    """The polynomial with coefficients p, the highest power first, at x (Horner)."""
    p, x = as_tensor(p), as_tensor(x)
    out = None
    for i in range(p.shape[0]):
        out = p[i] + 0*x if out is None else out*x + p[i]
    return as_tensor(0.0) if out is None else out


@public
def convolve(x: Any, y: Any, mode: str = "full") -> Any:
    """The convolution of two vectors; mode full, same or valid."""
    x, y = as_tensor(x), as_tensor(y)
    if x.shape[0] < y.shape[0]:
        x, y = y, x
    m, n = x.shape[0], y.shape[0]
    padded = functions["pad"](x, n - 1)
    rows = padded[np.arange(m + n - 1)[:, None] + np.arange(n)[None, :]]
    full = rows @ functions["flip"](y)
    if mode == "full":
        return full
    if mode not in ("same", "valid"):
        raise ValueError(f"convolve: mode must be full, same or valid, not {mode!r}")
    start, size = ((n - 1)//2, m) if mode == "same" else (n - 1, m - n + 1)
    return full[start:start + size]


@public
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """The powers of x as columns, the highest first."""
    x = functions["atleast_1d"](as_tensor(x))
    n = x.shape[-1] if N is None else N
    powers = range(n) if increasing else range(n - 1, -1, -1)
    return functions["stack"]([x**k for k in powers], -1)


@public
def cov(m: Any, rowvar: bool = True, bias: bool = False, ddof: int | None = None) -> Any:
    """The covariance matrix of variables in rows (or columns) and observations in the other."""
    m = functions["atleast_2d"](as_tensor(m))
    m = m if rowvar or m.shape[0] == 1 else functions["transpose"](m)
    n = m.shape[1] - ((0 if bias else 1) if ddof is None else ddof)
    d = m - functions["mean"](m, 1, True)
    return functions["squeeze"](d @ functions["transpose"](d)/float(n))


@public
def corrcoef(x: Any, rowvar: bool = True) -> Any:
    """The correlation matrix of variables in rows (or columns)."""
    c = cov(x, rowvar)
    if not c.ndim:
        return c/c
    d = functions["sqrt"](functions["diagonal"](c))
    return c/functions["reshape"](d, (-1, 1))/d


functions["trapz"] = trapezoid
