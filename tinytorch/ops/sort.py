"""Functions of the order of elements: sort, running extremes, quantiles, averages."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.op import public
from ..core.functions import functions
from ..core.tensor import Tensor, as_tensor, raw
from .arrange import take, take_along_axis
from .shape import Reshape, Transpose, moveaxis, ravel


@public
def sort(x: Any, axis: int | None = -1, kind: Any = None, *, stable: Any = None) -> Any:
    """The elements in ascending order along an axis (None: all in a row); nan last."""
    x = as_tensor(x)
    if axis is None:
        x, axis = ravel(x), 0
    return take_along_axis(x, np.argsort(x.data, axis=axis, kind="stable"), axis)


def _running(x: Any, axis: int | None, better: Any) -> Any:
    """Return the best element so far along an axis; of equals the last."""
    x = as_tensor(x)
    if axis is None:
        x, axis = ravel(x), 0
    if not x.ndim:
        return x
    best = better.accumulate(x.data, axis=axis)
    same = (x.data == best) | (np.isnan(x.data) & np.isnan(best))
    places = np.arange(x.shape[axis]).reshape([-1 if i == axis % x.ndim else 1
                                               for i in range(x.ndim)])
    return take_along_axis(x, np.maximum.accumulate(np.where(same, places, 0), axis=axis), axis)


@public
def cummax(x: Any, axis: int | None = None) -> Any:
    """The largest element so far along an axis; of equals the last gets the gradient."""
    return _running(x, axis, np.maximum)


@public
def cummin(x: Any, axis: int | None = None) -> Any:
    """The smallest element so far along an axis; of equals the last gets the gradient."""
    return _running(x, axis, np.minimum)


@public
def quantile(x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
             ) -> Any:
    """The q-quantile along the axes, by linear interpolation between the nearest elements.

    q in [0, 1], a number or a vector, which gives a new first axis. Where the data hold nan, nan.
    """
    x, at = as_tensor(x), q
    q = np.asarray(raw(q), dtype=float)
    if method != "linear":
        raise ValueError(f"quantile: method {method!r} has no derivative in tinytorch "
                         "(must be 'linear')")
    if np.any((q < 0) | (q > 1)):
        raise ValueError(f"quantile: q must lie in [0, 1], not {q}")
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(a % x.ndim for a in axes)
    kept = [a for a in range(x.ndim) if a not in axes]
    flat = Reshape.call(Transpose.call(x, (*kept, *axes)), [*(x.shape[a] for a in kept), -1])
    n = flat.shape[-1]
    flat = sort(flat, -1)
    spot = q*(n - 1)
    low = np.floor(spot).astype(int)
    high = np.minimum(low + 1, n - 1)
    part: Any = (spot - low).astype(x.dtype)
    if isinstance(at, Tensor) and at.requires_grad:
        part = at*float(n - 1) - low
    bad = np.isnan(flat.data[..., -1:])
    if np.any(bad):
        flat = functions["where"](bad, np.nan, flat)
    below = take(flat, low, -1)
    exact = not isinstance(part, Tensor) and not np.any(part)
    out = below if exact else below + part*(take(flat, high, -1) - below)
    if q.ndim:
        out = moveaxis(out, -1, 0)
    if keepdims:
        shape = [1 if i in axes else m for i, m in enumerate(x.shape)]
        out = Reshape.call(out, [*q.shape, *shape])
    return out


@public
def percentile(x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
               ) -> Any:
    """quantile with q in percent."""
    return quantile(x, np.asarray(raw(q), dtype=float)/100, axis, method, keepdims)


@public
def median(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The middle element along the axes; of an even number the mean of the two."""
    return quantile(x, 0.5, axis, keepdims=keepdims)


@public
def ptp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The largest element less the smallest, along the axes."""
    return functions["max"](x, axis, keepdims) - functions["min"](x, axis, keepdims)


@public
def average(x: Any, axis: Any = None, weights: Any = None, keepdims: bool = False) -> Any:
    """The mean, weighted if weights are given (in the shape of x, or of its axis)."""
    x = as_tensor(x)
    if weights is None:
        return functions["mean"](x, axis, keepdims)
    w = as_tensor(weights)
    if w.ndim == 1 and x.ndim > 1:
        w = Reshape.call(w, [-1 if i == axis % x.ndim else 1 for i in range(x.ndim)])
    total = functions["sum"]
    return total(x*w, axis, keepdims)/total(w*np.ones(x.shape), axis, keepdims)
