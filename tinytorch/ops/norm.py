"""Norms of vectors and matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.functions import functions
from ..core.op import Op, apply, public
from ..core.tensor import as_tensor, raw
from .reduce import (
    Axis, Max, Min, Sum, as_axes, broadcast_back, normalize_axis, reduction, reduction_notation)


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
    notation, call = reduction_notation("norm"), reduction("norm2")
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
    notation = reduction_notation("norm")
    value, vjp = _p_norm, (_p_norm_vjp,)
    call = lambda x, axis=None, keepdims=False, p=2.0: apply(
        PNorm, x, axis=as_axes(axis), keepdims=bool(keepdims), p=p)
    samples = (([1.5, 0.3, -2.0], {"p": 3}), ([[1.0, 2.0], [3.0, -4.0]], {"axis": 1, "p": 1.5}))


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
