"""Ops that repeat, cut and order: flip, take, roll, tile, pad, diagonal, tril, meshgrid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.op import Op, apply, public
from ..core.functions import functions
from ..core.tensor import Tensor, as_tensor, raw
from .shape import GetItem, Reshape, Transpose, moveaxis, ravel


@public
def flip(x: Any, axis: Any = None) -> Any:
    """The order of the elements reversed along the axes (None: all)."""
    x = as_tensor(x)
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, (tuple, list)) else (axis,)
    reverse = {a % x.ndim for a in axes}
    return GetItem.call(x, tuple(slice(None, None, -1) if i in reverse else slice(None)
                                 for i in range(x.ndim)))


@public
def fliplr(x: Any) -> Any:
    """Columns in reverse order."""
    return flip(x, 1)


@public
def flipud(x: Any) -> Any:
    """Rows in reverse order."""
    return flip(x, 0)


@public
def rot90(x: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    """A quarter turn, k times, from the first of the axes towards the second."""
    a, b = axes
    k %= 4
    if k == 0:
        return as_tensor(x)
    if k == 2:
        return flip(x, (a, b))
    swapped = functions["swapaxes"](flip(x, b) if k == 1 else as_tensor(x), a, b)
    return swapped if k == 1 else flip(swapped, b)


@public
def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """The elements at the indices along an axis (None: of x flattened)."""
    x, indices = as_tensor(x), np.asarray(raw(indices)).astype(np.intp)
    if axis is None:
        return GetItem.call(ravel(x), indices)
    return GetItem.call(x, (slice(None),)*(axis % x.ndim) + (indices,))


@public
def take_along_axis(x: Any, indices: Any, axis: int | None = -1) -> Any:
    """The element at each position's index along the axis, for indices as from argsort."""
    x, indices = as_tensor(x), np.asarray(raw(indices)).astype(np.intp)
    if axis is None:
        x, axis = ravel(x), 0
    axis %= x.ndim
    shape = [1 if i == axis else max(n, m) for i, (n, m) in enumerate(zip(x.shape, indices.shape))]
    grid: list[Any] = []
    for i, n in enumerate(shape):
        if i == axis:
            grid.append(indices)
        else:
            own = np.arange(n) if x.shape[i] > 1 else np.zeros(n, dtype=np.intp)
            grid.append(own.reshape([-1 if j == i else 1 for j in range(x.ndim)]))
    return GetItem.call(x, tuple(grid))


@public
def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    """The elements moved along by the shift; those past the end reappear at the start."""
    x = as_tensor(x)
    if axis is None:
        return Reshape.call(roll(ravel(x), shift, 0), x.shape)
    shifts = shift if isinstance(shift, (tuple, list)) else (shift,)
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    for s, a in zip(*np.broadcast_arrays(shifts, axes)):
        n = x.shape[a]
        x = take(x, (np.arange(n) - s) % n if n else np.arange(0), int(a))
    return x


@public
def repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    """Each element repeated a number of times in a row."""
    x = as_tensor(x)
    if axis is None:
        x, axis = ravel(x), 0
    return take(x, np.repeat(np.arange(x.shape[axis]), raw(repeats)), axis)


@public
def tile(x: Any, reps: Any) -> Any:
    """The whole of x repeated a number of times along each axis."""
    reps = tuple(reps) if isinstance(reps, (tuple, list)) else (reps,)
    x = as_tensor(x)
    ndim = max(len(reps), x.ndim)
    reps = (1,)*(ndim - len(reps)) + reps
    x = Reshape.call(x, (1,)*(ndim - x.ndim) + x.shape)
    for axis, k in enumerate(reps):
        if k != 1:
            x = take(x, np.tile(np.arange(x.shape[axis]), k), axis)
    return x


def _widths(pad_width: Any, ndim: int) -> tuple[tuple[int, int], ...]:
    widths = np.broadcast_to(np.asarray(pad_width, dtype=int), (ndim, 2))
    return tuple((int(a), int(b)) for a, b in widths)


def _pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = 0) -> Any:
    x = as_tensor(x)
    widths = _widths(pad_width, x.ndim)
    if mode == "constant":
        return apply(Pad, x, pad_width=widths, constant_values=constant_values)
    if mode not in ("edge", "reflect", "symmetric", "wrap"):
        raise ValueError(f"pad: mode {mode!r} has no derivative in tinytorch "
                         "(must be one of constant, edge, reflect, symmetric, wrap)")
    for axis, width in enumerate(widths):
        if width != (0, 0):
            where: Any = np.pad(np.arange(x.shape[axis]), width, mode=mode)      # type: ignore
            x = take(x, where, axis)
    return x


class Pad(Op):
    """x with elements added at the ends: constant, or by mode edge, reflect, symmetric or wrap."""
    notation = lambda pad_width, constant_values: f"pad({{0}}, {pad_width})"
    value = lambda x, pad_width, constant_values: np.pad(
        x, pad_width, constant_values=constant_values)
    vjp = (lambda g, z, x, pad_width, constant_values: g[tuple(
        slice(a, a + n) for (a, _), n in zip(pad_width, x.shape))],)
    call = _pad
    samples = (([1.0, 2.0], {"pad_width": (1, 2)}),)


def _diagonal_index(shape: tuple[int, ...], offset: int) -> tuple[Any, Any]:
    rows, columns = shape
    n = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
    return np.arange(n) - min(offset, 0), np.arange(n) + max(offset, 0)


@public
def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The elements on a diagonal of two axes, as the last axis."""
    x = as_tensor(x)
    a, b = axis1 % x.ndim, axis2 % x.ndim
    order = [i for i in range(x.ndim) if i not in (a, b)] + [a, b]
    if order != list(range(x.ndim)):
        x = Transpose.call(x, tuple(order))
    return GetItem.call(x, (Ellipsis, *_diagonal_index(x.shape[-2:], offset)))


@public
def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The sum of a diagonal."""
    return functions["sum"](diagonal(x, offset, axis1, axis2), -1)


@public
def diag(x: Any, k: int = 0) -> Any:
    """A vector as the k-th diagonal of a matrix of zeros, or the k-th diagonal of a matrix."""
    x = as_tensor(x)
    if x.ndim == 2:
        return diagonal(x, k)
    if x.ndim != 1:
        raise ValueError(f"diag takes a vector or a matrix, not the shape {x.shape}")
    n = x.shape[0] + abs(k)
    return functions["scatter"](x, (n, n), _diagonal_index((n, n), k))


@public
def diagflat(x: Any, k: int = 0) -> Any:
    """All elements as the k-th diagonal of a matrix of zeros."""
    return diag(ravel(as_tensor(x)), k)


class Tril(Op):
    """The lower triangle, up to the k-th diagonal; zeros above."""
    notation = "tril({0})"
    value, linear = np.tril, True
    vjp = (lambda g, z, x, k: Tril.of(g, k=k),)
    call = lambda m, k=0: apply(Tril, m, k=int(k))
    samples = (([[1.0, 2.0], [3.0, -4.0]],), ([[1.0, 2.0], [3.0, -4.0]], {"k": -1}))


class Triu(Op):
    """The upper triangle, down to the k-th diagonal; zeros below."""
    notation = "triu({0})"
    value, linear = np.triu, True
    vjp = (lambda g, z, x, k: Triu.of(g, k=k),)
    call = lambda m, k=0: apply(Triu, m, k=int(k))
    samples = (([[1.0, 2.0], [3.0, -4.0]],), ([[1.0, 2.0], [3.0, -4.0]], {"k": 1}))


@public
def broadcast_arrays(*arrays: Any) -> list[Any]:
    """Each array in the shape they broadcast to together."""
    items = [as_tensor(a) for a in arrays]
    shape = np.broadcast_shapes(*[a.shape for a in items])
    return [functions["broadcast_to"](a, shape) for a in items]


@public
def meshgrid(*axes: Any, indexing: str = "xy") -> list[Any]:
    """Coordinate arrays of the grid that vectors span."""
    items = [ravel(as_tensor(a)) for a in axes]
    sizes = [a.shape[0] for a in items]
    grids = [functions["broadcast_to"](Reshape.call(a, [-1 if i == j else 1
                                                        for j in range(len(items))]), tuple(sizes))
             for i, a in enumerate(items)]
    if indexing == "xy" and len(items) > 1:
        grids = [functions["swapaxes"](g, 0, 1) for g in grids]
    return grids


@public
def rollaxis(x: Any, axis: int, start: int = 0) -> Any:
    """One axis moved before the start-th."""
    axis, start = axis % x.ndim, start + x.ndim if start < 0 else start
    return moveaxis(x, axis, start - 1 if axis < start else start)


@public
def compress(condition: Any, x: Any, axis: int | None = None) -> Any:
    """The slices along an axis where the condition holds."""
    return take(x, np.flatnonzero(raw(condition)), axis)


@public
def extract(condition: Any, x: Any) -> Any:
    """The elements where the condition holds."""
    return take(x, np.flatnonzero(np.ravel(raw(condition))))


@public
def delete(x: Any, obj: Any, axis: int | None = None) -> Any:
    """x without the given slices along an axis."""
    x = as_tensor(x)
    n = x.size if axis is None else x.shape[axis]
    return take(x, np.delete(np.arange(n), obj), axis)


@public
def resize(x: Any, new_shape: Any) -> Any:
    """The elements repeated as needed to fill the new shape."""
    x = ravel(as_tensor(x))
    size = int(np.prod(new_shape))
    return Reshape.call(take(x, np.arange(size) % x.size), new_shape)


@public
def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    """The elements of the first choice whose condition holds there; else the default."""
    out = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist)):
        out = functions["where"](condition, choice, out)
    return out if isinstance(out, Tensor) else as_tensor(out)


@public
def copy(x: Any, order: str = "K", subok: bool = False) -> Any:
    """The same numbers in a new tensor; the gradient flows through."""
    return functions["positive"](x)


functions["real"] = functions["conjugate"] = functions["conj"] = functions["positive"]
