"""Ops that move elements without changing them: reshape, transpose, indexing, broadcasting."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..core.op import Op, apply, public
from ..core.functions import functions
from ..core.tensor import Tensor
from ..core.vjp import unbroadcast


def _sizes(shape: tuple[Any, ...]) -> Any:
    """Return the sizes of reshape(2, 3) or reshape((2, 3))."""
    if len(shape) == 1:
        only = shape[0]
        return tuple(map(int, only)) if isinstance(only, (tuple, list)) else int(only)
    return tuple(map(int, shape))


def _reshape(x: Any, *sizes: Any, shape: Any = None) -> Any:
    return apply(Reshape, x, shape=_sizes(sizes if shape is None else (shape,)))


class Reshape(Op):
    """The same elements, in row-major order, in another shape; one size may be -1."""
    notation, call = (lambda shape: f"reshape({{0}}, {shape})"), _reshape
    value = lambda x, shape: np.reshape(x, shape)
    vjp = (lambda g, z, x, shape: np.reshape(g, x.shape),)
    linear = True
    samples = (([[1.0, 2.0], [3.0, -4.0]], {"shape": (4,)}),)


def _transpose(x: Any, *order: Any, axes: Any = None) -> Any:
    if len(order) == 1 and (order[0] is None or isinstance(order[0], (tuple, list))):
        order = tuple(order[0] or ())
    return apply(Transpose, x, axes=tuple(axes or order) or None)


class Transpose(Op):
    """The axes in another order; by default reversed."""
    symbol, aliases, call = "ᵀ", ("permute",), _transpose
    notation = lambda axes: f"transpose({{0}}, {axes})" if axes else "{0}.T"
    value = np.transpose
    vjp = (lambda g, z, x, axes: np.transpose(
        g, None if axes is None else tuple(map(int, np.argsort([a % len(axes) for a in axes])))),)
    linear = True
    samples = (([[1.0, 2.0, 3.0], [3.0, -4.0, 0.5]],),
               ([[[1.0, 2.0]], [[3.0, -4.0]]], {"axes": (1, 2, 0)}))


def _broadcast_to(x: Any, shape: Any) -> Any:
    return apply(BroadcastTo, x, shape=(shape,) if isinstance(shape, int) else tuple(shape))


class BroadcastTo(Op):
    """x repeated to the shape, by numpy's rules."""
    name, call = "broadcast_to", _broadcast_to
    notation = lambda shape: f"broadcast_to({{0}}, {shape})"
    value = lambda x, shape: np.broadcast_to(x, shape)
    vjp = (lambda g, z, x, shape: unbroadcast(g, x.shape),)
    linear = True
    samples = (([[1.0], [3.0]], {"shape": (2, 2, 3)}),)


def plain_index(index: Any) -> Any:
    """Return an index without tensors, as numpy needs it."""
    if isinstance(index, tuple):
        return tuple(map(plain_index, index))
    if isinstance(index, list):
        return np.array(index) if index else np.array([], dtype=np.intp)
    if isinstance(index, Tensor):
        data = index._data
        if data.dtype.kind == "f":
            if not np.all(data == np.floor(data)):
                raise IndexError(f"an index must be whole numbers, not {data}")
            data = data.astype(np.intp)
        return np.array(data)
    return np.array(index) if isinstance(index, np.ndarray) else index


def _index_text(index: Any) -> str:
    def one(i: Any) -> str:
        if isinstance(i, slice):
            step = "" if i.step is None else f":{i.step}"
            return (f"{'' if i.start is None else i.start}:"
                    f"{'' if i.stop is None else i.stop}{step}")
        if i is Ellipsis:
            return "..."
        if i is None:
            return "None"
        if isinstance(i, np.ndarray):
            return str(i.tolist()) if i.size <= 6 else f"[{'×'.join(map(str, i.shape))}]"
        return str(i)
    items = index if isinstance(index, tuple) else (index,)
    return ", ".join(map(one, items)).replace("{", "{{").replace("}", "}}")


def _take_apart(g: Any, shape: tuple[int, ...], index: Any) -> Any:
    out = np.zeros(shape, g.dtype)
    basic = all(isinstance(i, (int, np.integer, slice, type(None), type(Ellipsis)))
                for i in (index if isinstance(index, tuple) else (index,)))
    if basic:
        out[index] = g
    else:
        np.add.at(out, index, g)                     # an element may be taken more than once
    return out


class Scatter(Op):
    """Zeros of a shape with x added at an index: the transpose of indexing."""
    notation = lambda shape, index: f"scatter({{0}}, [{_index_text(index)}])"
    value = lambda g, shape, index: _take_apart(g, shape, index)
    vjp = (lambda g, z, x, shape, index: np.reshape(GetItem.of(g, index=index), x.shape),)
    linear = True
    call = lambda x, shape, index: apply(Scatter, x, shape=tuple(shape), index=plain_index(index))
    samples = (([1.0, 2.0], {"shape": (4,), "index": slice(1, 3)}),)


class GetItem(Op):
    """x[index]: numbers, slices, ..., None, integer and boolean arrays, as in numpy."""
    symbol, notation = "[ ]", lambda index: f"{{0}}[{_index_text(index)}]"
    value = lambda x, index: operator.getitem(x, index)
    vjp = (lambda g, z, x, index: Scatter.of(g, shape=x.shape, index=index),)
    linear = True
    call = lambda x, index: apply(GetItem, x, index=plain_index(index))
    samples = (([1.0, 2.0, 3.0], {"index": 1}), ([1.0, 2.0, 3.0], {"index": [0, 0, 2]}),
               ([[1.0, 2.0], [3.0, 4.0]], {"index": (slice(None), 1)}))


setattr(Tensor, "__getitem__", GetItem.call)
Tensor.T = property(_transpose)


def _astype(x: Any, dtype: Any, copy: bool = True) -> Any:
    dtype = np.dtype(dtype)
    if dtype.kind != "f" and getattr(x, "requires_grad", False):
        raise TypeError(f"a tracked tensor cannot become {dtype}: use x.detach(), "
                        "if the gradient is to stop here")
    return apply(AsType, x, dtype=dtype)


class AsType(Op):
    """x in another float type. Raises TypeError for types that would lose the gradient."""
    notation, call = (lambda dtype: f"{dtype}({{0}})"), _astype
    value = lambda x, dtype: x.astype(dtype)
    vjp = (lambda g, z, x, dtype: g if g.dtype == x.dtype else AsType.of(g, dtype=x.dtype),)
    linear = True
    samples = (([1.0, 2.0], {"dtype": "float64"}),)


@public
def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Two axes exchanged."""
    axes = list(range(x.ndim))
    axes[axis1], axes[axis2] = axes[axis2], axes[axis1]
    return _transpose(x, tuple(axes))


@public
def moveaxis(x: Any, source: int, destination: int) -> Any:
    """One axis moved to another place, the others in their order."""
    axes = list(range(x.ndim))
    axes.insert(destination % x.ndim, axes.pop(source % x.ndim))
    return _transpose(x, tuple(axes))


@public
def expand_dims(x: Any, axis: Any) -> Any:
    """x with a new axis of size 1 at each given position."""
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    ndim = x.ndim + len(axes)
    places = {a + ndim if a < 0 else a for a in axes}
    if len(places) != len(axes) or not all(0 <= a < ndim for a in places):
        raise ValueError(f"new axes {axis} do not fit a result of {ndim} axes")
    sizes = iter(x.shape)
    return _reshape(x, tuple(1 if i in places else next(sizes) for i in range(ndim)))


@public
def squeeze(x: Any, axis: Any = None) -> Any:
    """x without the axes of size 1 (or those given)."""
    if axis is None:
        axes = {i for i, n in enumerate(x.shape) if n == 1}
    else:
        axes = {a % x.ndim for a in (axis if isinstance(axis, (tuple, list)) else (axis,))}
        if any(x.shape[a] != 1 for a in axes):
            raise ValueError(f"cannot squeeze axes {axis} of shape {x.shape}: not of size 1")
    return _reshape(x, tuple(n for i, n in enumerate(x.shape) if i not in axes))


@public
def ravel(x: Any) -> Any:
    """All elements in one row, in row-major order."""
    return _reshape(x, -1)


functions["flatten"] = ravel
