"""Sums, means, extremes: many numbers to one, along axes or altogether."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.op import Op, apply, public
from ..core.functions import functions
from ..core.tensor import as_tensor, raw

Axis = int | tuple[int, ...] | None


def normalize_axis(axis: int, ndim: int) -> int:
    """An axis counted from the front. Raises ValueError where there is none."""
    if not -ndim <= axis < ndim:
        raise ValueError(f"there is no axis {axis} in {ndim}")
    return axis % ndim


def broadcast_back(g: Any, like: Any, axis: Axis, keepdims: bool) -> Any:
    """A reduction's cotangent (or result), repeated along the axes it had lost."""
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


def _axes(axis: Any) -> Axis:
    return tuple(axis) if isinstance(axis, list) else axis


def _notation(name: str) -> Any:
    def notation(axis: Axis = None, keepdims: bool = False, **rest: Any) -> str:
        shown = "" if axis is None else f", axis={axis}"
        return f"{name}({{0}}{shown}{''.join(f', {k}={v}' for k, v in rest.items() if v)})"
    return notation


def _reduction(name: str) -> Any:
    """The public function of a reduction by that name."""
    def call(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return apply(_ops[name], x, axis=_axes(axis), keepdims=bool(keepdims))
    return call


class Sum(Op):
    """The sum along the axes (an int, a tuple; None: of all)."""
    symbol, notation, call = "Σ", _notation("sum"), _reduction("sum")
    value = np.sum
    vjp = (lambda g, z, x, axis, keepdims: broadcast_back(g, x, axis, keepdims),)
    linear = True
    samples = (([[1.0, 2.0], [3.0, -4.0]],), ([[1.0, 2.0], [3.0, -4.0]], {"axis": 1}))


class Mean(Op):
    """The mean along the axes (an int, a tuple; None: of all)."""
    notation, call = _notation("mean"), _reduction("mean")
    value = np.mean
    vjp = (lambda g, z, x, axis, keepdims: broadcast_back(g, x, axis, keepdims)/_count(x, axis),)
    linear = True
    samples = (([[1.0, 2.0], [3.0, -4.0]],), ([[1.0, 2.0], [3.0, -4.0]], {"axis": 1}))


def _extreme_vjp(g: Any, z: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    """To the elements that are the extreme, shared evenly among ties; nan counts as nan's equal."""
    found, xs = broadcast_back(raw(z), x, axis, keepdims), raw(x)
    mask = (xs == found) | ((xs != xs) & (found != found))
    return broadcast_back(g, x, axis, keepdims)*(mask/np.sum(mask, axis=axis, keepdims=True))


class Max(Op):
    """The largest element along the axes; nan wins. Ties share the derivative evenly."""
    aliases = ("amax",)
    notation, call = _notation("max"), _reduction("max")
    value, vjp = np.max, (_extreme_vjp,)
    samples = (([[1.0, 2.0], [3.0, -4.0]],), ([[1.0, 2.0], [3.0, -4.0]], {"axis": 1}))


class Min(Op):
    """The smallest element along the axes; nan wins. Ties share the derivative evenly."""
    aliases = ("amin",)
    notation, call = _notation("min"), _reduction("min")
    value, vjp = np.min, (_extreme_vjp,)
    samples = (([[1.0, 2.0], [3.0, -4.0]],), ([[1.0, 2.0], [3.0, -4.0]], {"axis": 1}))


_ops: dict[str, Any] = {op.name: op for op in (Sum, Mean, Max, Min)}


# Products, spreads, cumulations.

def _at(x: Any, axis: int, index: Any) -> Any:
    """x at an index or slice of one axis."""
    return x[(slice(None),)*(axis % x.ndim) + (index,)]


def _before(x: Any, axis: int) -> Any:
    """Along the axis the product of all elements before each one."""
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
    """The public function of a cumulation by that name."""
    def call(x: Any, axis: Any = None) -> Any:
        if axis is None:
            x, axis = apply_function("reshape", x, -1), 0
        return apply(_ops[name], x, axis=int(axis))
    return call


def apply_function(name: str, *args: Any) -> Any:
    """A public function by name, of a file that is loaded later."""
    return functions[name](*args)


class CumProd(Op):
    """The products of the elements so far along an axis (None: of all in a row)."""
    notation, call = _notation("cumprod"), _along("cumprod")
    value, vjp = np.cumprod, (_cumprod_vjp,)
    samples = (([1.5, 0.0, -2.0, 0.7], {"axis": 0}), ([[1.0, 2.0], [3.0, -4.0]], {"axis": 1}))


class CumSum(Op):
    """The sums of the elements so far along an axis (None: of all in a row)."""
    notation, call = _notation("cumsum"), _along("cumsum")
    value, linear = np.cumsum, True
    vjp = (lambda g, z, x, axis: np.flip(CumSum.of(np.flip(g, axis), axis=axis), axis),)
    samples = (([1.5, -2.0, 0.7], {"axis": 0}), ([[1.0, 2.0], [3.0, -4.0]], {"axis": 1}))


def _flat(x: Any, axis: Axis) -> Any:
    """The reduced axes as one, the last."""
    if axis is None:
        return np.reshape(x, (-1,))
    axes = [a % x.ndim for a in (axis if isinstance(axis, tuple) else (axis,))]
    kept = [a for a in range(x.ndim) if a not in axes]
    return np.reshape(np.transpose(x, kept + axes), [x.shape[a] for a in kept] + [-1])


def _unflat(y: Any, like: Any, axis: Axis) -> Any:
    """The last axis put back as the axes it was made of."""
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
    symbol, notation, call = "Π", _notation("prod"), _reduction("prod")
    value, vjp = np.prod, (_prod_vjp,)
    samples = (([1.5, 0.0, -2.0, 0.7],), ([[1.0, 2.0], [3.0, -4.0]], {"axis": 1}),
               ([[[1.0, 2.0], [3.0, -4.0]]], {"axis": (0, 2)}))


def _spread_call(name: str) -> Any:
    def call(x: Any, axis: Any = None, ddof: float = 0, keepdims: bool = False, *,
             correction: float | None = None) -> Any:
        return apply(_ops[name], x, axis=_axes(axis), keepdims=bool(keepdims),
                     ddof=ddof if correction is None else correction)
    return call


def _deviation(x: Any, axis: Axis) -> Any:
    return x - np.mean(x, axis=axis, keepdims=True)


class Var(Op):
    """The variance along the axes, divided by n - ddof (numpy's default 0, PyTorch's 1)."""
    notation, call = _notation("var"), _spread_call("var")
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
    notation, call = _notation("std"), _spread_call("std")
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
    notation, call = _notation("logsumexp"), _reduction("logsumexp")
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
    notation, call = _notation("logcumsumexp"), _along("logcumsumexp")
    value, vjp = _logcumsumexp, (_logcumsumexp_vjp,)
    samples = (([1.5, -2.0, 0.7], {"axis": 0}), ([[1.0, 2.0], [3.0, -4.0]], {"axis": 1}))


_ops.update({op.name: op for op in (CumProd, CumSum, Prod, Var, Std, LogSumExp, LogCumSumExp)})


def _squares(x: Any, axis: Axis, keepdims: bool) -> Any:
    top = np.max(np.abs(x), axis=axis, keepdims=True, initial=0.0)
    top = np.where((top > 0) & np.isfinite(top), top, 1.0)
    out = np.sqrt(np.sum(np.square(x/top), axis=axis, keepdims=True))*top
    return out if keepdims else np.reshape(out, np.sum(x, axis=axis).shape)


def _norm_vjp(g: Any, z: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    zero = raw(z) == 0
    if np.any(zero):
        g = np.where(zero, 0.0, g/np.where(zero, 1.0, z))
    else:
        g = g/z
    return broadcast_back(g, x, axis, keepdims)*x


class Norm2(Op):
    """The Euclidean norm along the axes, without overflow; its derivative at 0 is taken as 0."""
    notation, call = _notation("norm"), _reduction("norm2")
    value, vjp = _squares, (_norm_vjp,)
    samples = (([1.5, 0.3, -2.0],), ([[1.0, 2.0], [3.0, -4.0]], {"axis": 1}))


def _p_norm(x: Any, axis: Axis, keepdims: bool, p: float) -> Any:
    with np.errstate(divide="ignore"):
        return np.sum(np.abs(x)**p, axis=axis, keepdims=keepdims)**(1/p)


def _p_norm_vjp(g: Any, z: Any, x: Any, axis: Axis, keepdims: bool, p: float) -> Any:
    """sign(x) (abs(x)/z)^(p - 1): powers of a ratio, and 0 where x or the norm is 0."""
    wide = broadcast_back(z, x, axis, keepdims)
    flat = (raw(x) == 0) | (raw(wide) == 0)
    ratio = np.where(flat, 1.0, np.abs(x)/np.where(flat, 1.0, wide))
    slope = np.where(flat, 0.0, np.sign(raw(x)))*ratio**(p - 1)
    return broadcast_back(g, x, axis, keepdims)*slope


class PNorm(Op):
    """The p-norm along the axes, any p but 0 and infinity; 0 is the derivative at 0."""
    notation = _notation("norm")
    value, vjp = _p_norm, (_p_norm_vjp,)
    call = lambda x, axis=None, keepdims=False, p=2.0: apply(
        PNorm, x, axis=_axes(axis), keepdims=bool(keepdims), p=p)
    samples = (([1.5, 0.3, -2.0], {"p": 3}), ([[1.0, 2.0], [3.0, -4.0]], {"axis": 1, "p": 1.5}))


_ops["norm2"] = Norm2


@public
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The norm of a vector (ord any number, inf) or matrix (fro, 1, -1, inf, -inf) along axes.

    As numpy.linalg.norm: without axis and ord that of all elements; one axis is a vector's, two are
    a matrix's. Raises ValueError for the matrix norms that need singular values (2, -2, nuc).
    """
    x = as_tensor(x)
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(normalize_axis(a, x.ndim) for a in axes)
    if ord is None or (ord == 2 and len(axes) == 1) or (ord == "fro" and len(axes) == 2):
        return Norm2.call(x, axis if axis is not None else None, keepdims)
    absolute = functions["absolute"](x)
    if len(axes) == 1:
        one = axes[0]
        if ord == np.inf:
            return Max.call(absolute, one, keepdims)
        if ord == -np.inf:
            return Min.call(absolute, one, keepdims)
        if ord == 0:
            return Sum.call(as_tensor((x.data != 0).astype(x.dtype)), one, keepdims)
        if ord == 1:
            return Sum.call(absolute, one, keepdims)
        return PNorm.call(x, one, keepdims, ord)
    if len(axes) == 2 and ord in (1, -1, np.inf, -np.inf):
        rows, columns = axes
        inner, outer = (rows, columns) if abs(ord) == 1 else (columns, rows)
        sums = Sum.call(absolute, inner, True)
        found = (Max if ord > 0 else Min).call(sums, outer, True)
        return found if keepdims else functions["squeeze"](found, (rows, columns))
    raise ValueError(f"norm: ord={ord!r} over {len(axes)} axes "
                     + ("needs singular values, which have no derivative in tinytorch"
                        if ord in (2, -2, "nuc") else "is no norm numpy knows"))


@public
def nansum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum of what is not nan."""
    x = as_tensor(x)
    return Sum.call(functions["where"](np.isnan(x.data), 0.0, x), axis, keepdims)


@public
def nanprod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The product of what is not nan."""
    x = as_tensor(x)
    return Prod.call(functions["where"](np.isnan(x.data), 1.0, x), axis, keepdims)


@public
def nanmean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean of what is not nan."""
    x = as_tensor(x)
    count = np.sum(~np.isnan(x.data), axis=_axes(axis), keepdims=keepdims)
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
