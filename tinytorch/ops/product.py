"""Products of vectors, matrices and arrays."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..backward import unbroadcast
from ..op import Op


def _rows(x: Any) -> Any:
    """The first operand of a product as a matrix: a vector is a row."""
    return np.reshape(x, (1, x.shape[0])) if x.ndim == 1 else x


def _columns(y: Any) -> Any:
    """The second operand of a product as a matrix: a vector is a column."""
    return np.reshape(y, (y.shape[0], 1)) if y.ndim == 1 else y


def _as_matrix(g: Any, x: Any, y: Any) -> Any:
    if x.ndim == 1:
        g = np.expand_dims(g, -1 if y.ndim == 1 else -2)
    if y.ndim == 1:
        g = np.expand_dims(g, -1)
    return g


def _matmul_dx(g: Any, z: Any, x: Any, y: Any) -> Any:
    out = np.matmul(_as_matrix(g, x, y), np.swapaxes(_columns(y), -1, -2))
    return _sum_batch(out, _rows(x).shape, x.shape)


def _matmul_dy(g: Any, z: Any, x: Any, y: Any) -> Any:
    out = np.matmul(np.swapaxes(_rows(x), -1, -2), _as_matrix(g, x, y))
    return _sum_batch(out, _columns(y).shape, y.shape)


def _sum_batch(out: Any, matrix: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    """Undo the broadcasting of the batch axes, then drop the axis that a vector got."""
    return np.reshape(unbroadcast(out, matrix), shape)


class MatMul(Op):
    """The matrix product x @ y: vectors are promoted, leading axes are batches and broadcast."""
    name, symbol, notation, precedence, dunder = "matmul", "@", "{0} @ {1}", 2, "matmul"
    value, fast = np.matmul, operator.matmul
    vjp = (_matmul_dx, _matmul_dy)
    samples = (([[1.0, 2.0], [3.0, -4.0]], [[0.5, 1.5, 2.5], [-1.0, 0.3, 0.7]]),
               ([1.0, 2.0], [0.5, -1.0]), ([[1.0, 2.0], [3.0, -4.0]], [0.5, -1.0]))
