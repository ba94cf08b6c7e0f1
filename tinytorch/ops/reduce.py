"""Sums, means, extremes: many numbers to one, along axes or altogether."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.op import Op, apply, public, registry
from ..core.functions import functions
from ..core.tensor import as_tensor, raw

Axis = int | tuple[int, ...] | None


def normalize_axis(axis: int, ndim: int) -> int:
    """Return an axis counted from the front. Raises ValueError if it is out of range."""
    if not -ndim <= axis < ndim:
        raise ValueError(f"there is no axis {axis} in {ndim}")
    return axis % ndim


def broadcast_back(g: Any, like: Any, axis: Axis, keepdims: bool) -> Any:
    """Return a reduction's cotangent (or result), repeated along the reduced axes."""
    shape = np.shape(raw(like))
    if axis is not None and not keepdims:
        lost = axis if isinstance(axis, tuple) else (axis,)
        axes = {normalize_axis(a, len(shape)) for a in lost}
        g = np.reshape(g, tuple(1 if i in axes else n for i, n in enumerate(shape)))
    elif axis is None and not keepdims:
        g = np.reshape(g, (1,)*len(shape))
    return np.broadcast_to(g, shape)


def _count(x: Any, axis: Axis) -> int:
    shape = np.shape(raw(x))
    if axis is None:
        axis = tuple(range(len(shape)))
    n = 1
    for a in axis if isinstance(axis, tuple) else (axis,):
        n *= shape[a]
    return n


def as_axes(axis: Any) -> Axis:
    """Return axes in a form that numpy takes: a list becomes a tuple."""
    return tuple(axis) if isinstance(axis, list) else axis


def reduction_notation(name: str) -> Any:
    """Return the notation of a reduction: sum(x, axis=1)."""
    def notation(axis: Axis = None, keepdims: bool = False, **rest: Any) -> str:
        shown = "" if axis is None else f", axis={axis}"
        return f"{name}({{0}}{shown}{''.join(f', {k}={v}' for k, v in rest.items() if v)})"
    return notation


def reduction(name: str) -> Any:
    """Return the public function of a reduction by that name."""
    def call(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return apply(registry[name], x, axis=as_axes(axis), keepdims=bool(keepdims))
    return call


class Sum(Op):
    """The sum along the axes (an int, a tuple; None: of all)."""
    symbol, notation, call = "Σ", reduction_notation("sum"), reduction("sum")
    value = np.sum
    vjp = (lambda g, z, x, axis, keepdims: broadcast_back(g, x, axis, keepdims),)
    linear = True
    samples = (([[1.0, 2.0], [3.0, -4.0]],), ([[1.0, 2.0], [3.0, -4.0]], {"axis": 1}))


class Mean(Op):
    """The mean along the axes (an int, a tuple; None: of all)."""
    notation, call = reduction_notation("mean"), reduction("mean")
    value = np.mean
    vjp = (lambda g, z, x, axis, keepdims: broadcast_back(g, x, axis, keepdims)/_count(x, axis),)
    linear = True
    samples = (([[1.0, 2.0], [3.0, -4.0]],), ([[1.0, 2.0], [3.0, -4.0]], {"axis": 1}))


def _extreme_vjp(g: Any, z: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    """Share the gradient evenly among the elements equal to the extreme; nan equals nan."""
    found, xs = broadcast_back(raw(z), x, axis, keepdims), raw(x)
    mask = (xs == found) | ((xs != xs) & (found != found))
    return broadcast_back(g, x, axis, keepdims)*(mask/np.sum(mask, axis=axis, keepdims=True))


class Max(Op):
    """The largest element along the axes; nan wins. Ties share the derivative evenly."""
    aliases = ("amax",)
    notation, call = reduction_notation("max"), reduction("max")
    value, vjp = np.max, (_extreme_vjp,)
    samples = (([[1.0, 2.0], [3.0, -4.0]],), ([[1.0, 2.0], [3.0, -4.0]], {"axis": 1}))


class Min(Op):
    """The smallest element along the axes; nan wins. Ties share the derivative evenly."""
    aliases = ("amin",)
    notation, call = reduction_notation("min"), reduction("min")
    value, vjp = np.min, (_extreme_vjp,)
    samples = (([[1.0, 2.0], [3.0, -4.0]],), ([[1.0, 2.0], [3.0, -4.0]], {"axis": 1}))


# Products, variances, cumulations.

def _at(x: Any, axis: int, index: Any) -> Any:
    """x at an index or slice of one axis."""
    return x[(slice(None),)*(axis % x.ndim) + (index,)]


def _before(x: Any, axis: int) -> Any:
    """Return the product of all elements before each one along the axis."""
    ones = np.ones_like(_at(raw(x), axis, slice(0, 1)))
    return CumProd.of(np.concatenate([ones, _at(x, axis, slice(None, -1))], axis=axis), axis=axis)


def _cumprod_vjp(g: Any, z: Any, x: Any, axis: int) -> Any:
    """Exclusive products left and right of each element, never z/x: exact where x has zeros."""
    n = x.shape[axis]
    if n == 0:
        return g
    right = [_at(g, axis, slice(n - 1, n))]          # r_j = g_j + x_{j+1} r_{j+1}
    for j in range(n - 2, -1, -1):
        right.append(_at(g, axis, slice(j, j + 1)) + _at(x, axis, slice(j + 1, j + 2))*right[-1])
    return np.concatenate(right[::-1], axis=axis)*_before(x, axis)


def _along(name: str) -> Any:
    """Return the public function of a cumulation by that name."""
    def call(x: Any, axis: Any = None) -> Any:
        if axis is None:
            x, axis = functions["reshape"](x, -1), 0
        return apply(registry[name], x, axis=int(axis))
    return call


class CumProd(Op):
    """The products of the elements so far along an axis (None: of all in a row)."""
    notation, call = reduction_notation("cumprod"), _along("cumprod")
    value, vjp = np.cumprod, (_cumprod_vjp,)
    samples = (([1.5, 0.0, -2.0, 0.7], {"axis": 0}), ([[1.0, 2.0], [3.0, -4.0]], {"axis": 1}))


class CumSum(Op):
    """The sums of the elements so far along an axis (None: of all in a row)."""
    notation, call = reduction_notation("cumsum"), _along("cumsum")
    value, linear = np.cumsum, True
    vjp = (lambda g, z, x, axis: np.flip(CumSum.of(np.flip(g, axis), axis=axis), axis),)
    samples = (([1.5, -2.0, 0.7], {"axis": 0}), ([[1.0, 2.0], [3.0, -4.0]], {"axis": 1}))


def _flat(x: Any, axis: Axis) -> Any:
    """Return x with the reduced axes joined into one, the last."""
    if axis is None:
        return np.reshape(x, (-1,))
    axes = [a % x.ndim for a in (axis if isinstance(axis, tuple) else (axis,))]
    kept = [a for a in range(x.ndim) if a not in axes]
    return np.reshape(np.transpose(x, kept + axes), [x.shape[a] for a in kept] + [-1])


def _unflat(y: Any, like: Any, axis: Axis) -> Any:
    """Return y with its last axis split into the axes that it was joined from."""
    if axis is None:
        return np.reshape(y, like.shape)
    axes = [a % like.ndim for a in (axis if isinstance(axis, tuple) else (axis,))]
    order = [a for a in range(like.ndim) if a not in axes] + axes
    y = np.reshape(y, [like.shape[a] for a in order])
    return np.transpose(y, [order.index(a) for a in range(like.ndim)])


def _prod_vjp(g: Any, z: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    flat = _flat(x, axis)
    if 0 in flat.shape:
        return np.zeros(x.shape)
    backwards = np.flip(_before(np.flip(flat, -1), -1), -1)
    return broadcast_back(g, x, axis, keepdims)*_unflat(_before(flat, -1)*backwards, x, axis)


class Prod(Op):
    """The product along the axes (an int, a tuple; None: of all)."""
    symbol, notation, call = "Π", reduction_notation("prod"), reduction("prod")
    value, vjp = np.prod, (_prod_vjp,)
    samples = (([1.5, 0.0, -2.0, 0.7],), ([[1.0, 2.0], [3.0, -4.0]], {"axis": 1}),
               ([[[1.0, 2.0], [3.0, -4.0]]], {"axis": (0, 2)}))


def _spread_call(name: str) -> Any:
    def call(x: Any, axis: Any = None, ddof: float = 0, keepdims: bool = False, *,
             correction: float | None = None) -> Any:
        return apply(registry[name], x, axis=as_axes(axis), keepdims=bool(keepdims),
                     ddof=ddof if correction is None else correction)
    return call


def _deviation(x: Any, axis: Axis) -> Any:
    return x - np.mean(x, axis=axis, keepdims=True)


class Var(Op):
    """The variance along the axes, divided by n - ddof (numpy's default 0, PyTorch's 1)."""
    notation, call = reduction_notation("var"), _spread_call("var")
    value = lambda x, axis, keepdims, ddof: np.var(x, axis=axis, keepdims=keepdims, ddof=ddof)
    vjp = (lambda g, z, x, axis, keepdims, ddof: (
        broadcast_back(g, x, axis, keepdims)*_deviation(x, axis)*(2/(_count(x, axis) - ddof))),)
    samples = (([1.5, 0.3, -2.0],), ([[1.0, 2.0], [3.0, -4.0]], {"axis": 1, "ddof": 1}))


def _std_vjp(g: Any, z: Any, x: Any, axis: Axis, keepdims: bool, ddof: float) -> Any:
    level = raw(z) == 0
    s = np.where(level, 1.0, z)*(_count(x, axis) - ddof)
    scaled = g/s
    if np.any(level):
        scaled = np.where(level, 0.0, scaled)
    return broadcast_back(scaled, x, axis, keepdims)*_deviation(x, axis)


class Std(Op):
    """The standard deviation along the axes; where it is 0 its derivative is taken as 0."""
    notation, call = reduction_notation("std"), _spread_call("std")
    value = lambda x, axis, keepdims, ddof: np.std(x, axis=axis, keepdims=keepdims, ddof=ddof)
    vjp = (_std_vjp,)
    samples = (([1.5, 0.3, -2.0],), ([[1.0, 2.0], [3.0, -4.0]], {"axis": 1, "ddof": 1}))


def _logsumexp(x: Any, axis: Axis, keepdims: bool) -> Any:
    top = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0.0).astype(x.dtype)
    with np.errstate(divide="ignore"):
        out = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
    return out if keepdims else np.reshape(out, np.sum(x, axis=axis).shape)


class LogSumExp(Op):
    """log(sum(exp(x))) along the axes, without overflow. Its derivative is softmax."""
    notation, call = reduction_notation("logsumexp"), reduction("logsumexp")
    value = _logsumexp
    vjp = (lambda g, z, x, axis, keepdims: broadcast_back(g, x, axis, keepdims)*np.exp(
        x - broadcast_back(_finite(z), x, axis, keepdims)),)
    samples = (([1.5, 0.3, -2.0],), ([[1.0, 2.0], [3.0, -4.0]], {"axis": 1}))


def _finite(z: Any) -> Any:
    endless = np.isinf(raw(z))
    return np.where(endless, 0.0, z) if np.any(endless) else z


def _logcumsumexp(x: Any, axis: int) -> Any:
    return np.logaddexp.accumulate(x, axis=axis)


def _logcumsumexp_vjp(g: Any, z: Any, x: Any, axis: int) -> Any:
    """x_j counts exp(x_j - z_k) in z_k, for k >= j: a recurrence in factors that never exceed 1."""
    n = x.shape[axis]
    if n == 0:
        return g
    z = _finite(z)
    tails = [_at(g, axis, slice(n - 1, n))]
    for j in range(n - 2, -1, -1):
        step = _at(z, axis, slice(j, j + 1)) - _at(z, axis, slice(j + 1, j + 2))
        tails.append(_at(g, axis, slice(j, j + 1)) + np.exp(step)*tails[-1])
    return np.concatenate(tails[::-1], axis=axis)*np.exp(x - z)


class LogCumSumExp(Op):
    """log(cumsum(exp(x))) along an axis, without overflow."""
    notation, call = reduction_notation("logcumsumexp"), _along("logcumsumexp")
    value, vjp = _logcumsumexp, (_logcumsumexp_vjp,)
    samples = (([1.5, -2.0, 0.7], {"axis": 0}), ([[1.0, 2.0], [3.0, -4.0]], {"axis": 1}))


@public
def nansum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum of the elements that are not nan."""
    x = as_tensor(x)
    return Sum.call(functions["where"](np.isnan(x.data), 0.0, x), axis, keepdims)


@public
def nanprod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The product of the elements that are not nan."""
    x = as_tensor(x)
    return Prod.call(functions["where"](np.isnan(x.data), 1.0, x), axis, keepdims)


@public
def nanmean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean of the elements that are not nan."""
    x = as_tensor(x)
    count = np.sum(~np.isnan(x.data), axis=as_axes(axis), keepdims=keepdims)
    return nansum(x, axis, keepdims)/count


@public
def nanmax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The largest element that is not nan."""
    x = as_tensor(x)
    return Max.call(functions["where"](np.isnan(x.data), -np.inf, x), axis, keepdims)


@public
def nanmin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The smallest element that is not nan."""
    x = as_tensor(x)
    return Min.call(functions["where"](np.isnan(x.data), np.inf, x), axis, keepdims)


functions["cumulative_sum"], functions["cumulative_prod"] = CumSum.call, CumProd.call
