"""Linear algebra: determinants, inverses, solutions, factors, of batches too."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.op import Op, apply, public
from ..core.functions import functions
from ..core.tensor import as_tensor, raw
from ..core.vjp import unbroadcast


def _t(x: Any) -> Any:
    return np.swapaxes(x, -1, -2)


def _column(g: Any) -> Any:
    """Return a number per matrix in a shape that multiplies matrices."""
    return np.reshape(g, (*np.shape(g), 1, 1))


def _square(name: str, x: Any) -> Any:
    x = as_tensor(x)
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ValueError(f"{name} takes square matrices, not the shape {x.shape}")
    return x


class Inv(Op):
    """The inverse of square matrices. Raises numpy.linalg.LinAlgError for singular ones."""
    symbol, notation = "inv", "inv({0})"
    value = np.linalg.inv
    vjp = (lambda g, z, x: -np.matmul(_t(z), np.matmul(g, _t(z))),)
    call = lambda x: apply(Inv, _square("inv", x))
    samples = (([[2.0, 0.5], [-1.0, 1.5]],), ([[[2.0, 0.5], [-1.0, 1.5]]],))


def _adjugate(x: Any) -> Any:
    """Return det(x) inv(x), from the cofactors: also of singular matrices."""
    n = x.shape[-1]
    rows = []
    for i in range(n):
        row = []
        for j in range(n):
            keep_i = [k for k in range(n) if k != i]
            keep_j = [k for k in range(n) if k != j]
            minor = x[..., keep_i, :][..., keep_j] if n > 1 else None
            d = Det.of(minor) if n > 1 else np.ones(x.shape[:-2])
            row.append(d*(-1.0)**(i + j))
        rows.append(np.stack(row, axis=-1))
    return _t(np.stack(rows, axis=-2))


def _det_vjp(g: Any, z: Any, x: Any) -> Any:
    if 0 in x.shape:
        return np.zeros(x.shape)
    if np.all(raw(z) != 0):
        with np.errstate(all="ignore"):
            condition = np.linalg.cond(raw(x))
        if np.all(condition < 1e8):
            return _column(g*z)*_t(Inv.of(x))
    return _column(g)*_t(_adjugate(x))


class Det(Op):
    """The determinant of square matrices; of a singular one the derivative is the adjugate."""
    value = np.linalg.det
    vjp = (_det_vjp,)
    call = lambda x: apply(Det, _square("det", x))
    samples = (([[2.0, 0.5], [-1.0, 1.5]],), ([[1.0, 2.0], [2.0, 4.0]],))


class LogAbsDet(Op):
    """The logarithm of the absolute value of the determinant."""
    name = "logabsdet"
    value = lambda x: np.linalg.slogdet(x)[1]
    vjp = (lambda g, z, x: _column(g)*_t(Inv.of(x)),)
    call = lambda x: apply(LogAbsDet, _square("logabsdet", x))
    samples = (([[2.0, 0.5], [-1.0, 1.5]],),)


@public
def slogdet(x: Any) -> Any:
    """(sign, logabsdet): the sign of the determinant, a constant, and the logarithm of its size."""
    x = _square("slogdet", x)
    return as_tensor(np.linalg.slogdet(x.data)[0]), LogAbsDet.call(x)


@public
def logdet(x: Any) -> Any:
    """The logarithm of the determinant, nan where that is negative."""
    x = _square("logdet", x)
    sign = np.linalg.slogdet(x.data)[0]
    out = LogAbsDet.call(x)
    return functions["where"](sign > 0, out, np.where(sign == 0, -np.inf, np.nan)
                              ) if np.any(sign <= 0) else out


def _solve_db(g: Any, x: Any, a: Any, b: Any) -> Any:
    vector = raw(b).ndim == 1
    out = np.linalg.solve(_t(a), np.expand_dims(g, -1) if vector else g)
    out = np.squeeze(out, -1) if vector else out
    return unbroadcast(out, b.shape)


def _solve_da(g: Any, x: Any, a: Any, b: Any) -> Any:
    if raw(b).ndim == 1:
        g, x = np.expand_dims(g, -1), np.expand_dims(x, -1)
    out = -np.matmul(np.linalg.solve(_t(a), g), _t(x))
    return unbroadcast(out, a.shape)


class Solve(Op):
    """The solution x of a @ x = b; b is a vector, or a matrix (or batch) of columns."""
    value = np.linalg.solve
    vjp = (_solve_da, _solve_db)
    call = lambda a, b: apply(Solve, _square("solve", a), b)
    samples = (([[2.0, 0.5], [-1.0, 1.5]], [0.7, -0.4]),
               ([[2.0, 0.5], [-1.0, 1.5]], [[0.7, -0.4], [0.1, 0.2]]))


def _cholesky(x: Any, upper: bool) -> Any:
    lower = np.linalg.cholesky(0.5*(x + np.swapaxes(x, -1, -2)))
    return np.swapaxes(lower, -1, -2) if upper else lower


def _cholesky_vjp(g: Any, z: Any, x: Any, upper: bool) -> Any:
    """L^-T Phi(L' G) L^-1, symmetrised: Phi is the lower triangle with half the diagonal.

    Murray (2016), arXiv:1602.07527.
    """
    if upper:
        g, z = _t(g), _t(z)
    inside = np.tril(np.matmul(_t(z), g))
    n = x.shape[-1]
    phi = inside*(1 - 0.5*np.eye(n))
    back = Inv.of(z)
    out = np.matmul(_t(back), np.matmul(phi, back))
    return 0.5*(out + _t(out))


class Cholesky(Op):
    """The lower triangular factor L of positive definite matrices, L @ L.T = (x + x.T)/2."""
    notation = lambda upper: "cholesky({0}, upper=True)" if upper else "cholesky({0})"
    value = _cholesky
    vjp = (_cholesky_vjp,)
    call = lambda x, upper=False: apply(Cholesky, _square("cholesky", x), upper=bool(upper))
    samples = (([[2.0, 0.5], [0.5, 1.5]],), ([[2.0, 0.5], [0.5, 1.5]], {"upper": True}))


@public
def matrix_power(x: Any, n: int) -> Any:
    """A square matrix multiplied by itself n times; negative n: its inverse."""
    x = _square("matrix_power", x)
    if n < 0:
        x, n = Inv.call(x), -n
    if n == 0:
        return as_tensor(np.broadcast_to(np.eye(x.shape[-1], dtype=x.dtype), x.shape).copy()) + 0*x
    out = None
    while n:
        if n & 1:
            out = x if out is None else out @ x
        n >>= 1
        if n:
            x = x @ x
    return functions["positive"](out) if out is x else out


@public
def multi_dot(arrays: Any) -> Any:
    """The product of several matrices, from the left."""
    first, *rest = arrays
    for a in rest:
        first = functions["matmul"](first, a)
    return first


@public
def matrix_transpose(x: Any) -> Any:
    """The last two axes exchanged."""
    return functions["swapaxes"](as_tensor(x), -1, -2)


@public
def vector_norm(x: Any, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """The norm of x as one vector, or along an axis."""
    x = as_tensor(x)
    if axis is None or isinstance(axis, (tuple, list)):
        axes = tuple(range(x.ndim)) if axis is None else tuple(a % x.ndim for a in axis)
        kept = [a for a in range(x.ndim) if a not in axes]
        flat = functions["reshape"](functions["transpose"](x, (*kept, *axes)),
                                    [*(x.shape[a] for a in kept), -1])
        out = functions["norm"](flat, ord, -1)
        shape = [1 if a in axes else m for a, m in enumerate(x.shape)]
        return functions["reshape"](out, shape) if keepdims else out
    return functions["norm"](x, ord, axis, keepdims)


@public
def matrix_norm(x: Any, keepdims: bool = False, ord: Any = "fro") -> Any:
    """The norm of matrices: fro, 1, -1, inf or -inf."""
    return functions["norm"](x, ord, (-2, -1), keepdims)
