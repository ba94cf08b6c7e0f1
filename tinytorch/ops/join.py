"""Ops that join and split arrays: concatenate, stack, split ..."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.op import Op, apply, public
from ..core.functions import functions
from ..core.tensor import as_tensor, raw
from .shape import GetItem, Reshape, expand_dims, ravel


def _pieces(i: int, g: Any, z: Any, *args: Any, axis: int) -> Any:
    start = sum(a.shape[axis] for a in args[:i])
    return g[(slice(None),)*(axis % z.ndim) + (slice(start, start + args[i].shape[axis]),)]


def _concatenate(arrays: Any, axis: int | None = 0) -> Any:
    items = [as_tensor(a) for a in arrays]
    if axis is None:
        items, axis = [ravel(a) for a in items], 0
    return apply(Concatenate, *items, axis=int(axis))


class Concatenate(Op):
    """Arrays end to end along an axis (None: all flattened)."""
    aliases = ("concat", "cat")
    notation = lambda axis: f"concatenate([{{...}}]{f', axis={axis}' if axis else ''})"
    value = lambda *arrays, axis: np.concatenate(arrays, axis=axis)
    vjp = staticmethod(_pieces)
    call, linear = _concatenate, True
    samples = (([1.0, 2.0], [3.0], {"axis": 0}), ([[1.0, 2.0]], [[3.0]], {"axis": 1}))


@public
def stack(arrays: Any, axis: int = 0) -> Any:
    """Arrays of one shape side by side along a new axis."""
    items = [as_tensor(a) for a in arrays]
    if not items:
        raise ValueError("nothing to stack")
    if any(a.shape != items[0].shape for a in items):
        raise ValueError("stack: the shapes differ: " + ", ".join(str(a.shape) for a in items))
    return _concatenate([expand_dims(a, axis) for a in items], axis)


@public
def atleast_1d(x: Any) -> Any:
    """x with at least one axis."""
    x = as_tensor(x)
    return x if x.ndim else Reshape.call(x, 1)


@public
def atleast_2d(x: Any) -> Any:
    """x with at least two axes: a vector is a row."""
    x = atleast_1d(x)
    return x if x.ndim > 1 else Reshape.call(x, 1, -1)


@public
def atleast_3d(x: Any) -> Any:
    """x with at least three axes: a vector is (1, n, 1), a matrix (m, n, 1)."""
    x = atleast_2d(x)
    return x if x.ndim > 2 else Reshape.call(x, *x.shape, 1)


@public
def hstack(arrays: Any) -> Any:
    """Arrays side by side: along the second axis, vectors along their only one."""
    items = [atleast_1d(a) for a in arrays]
    return _concatenate(items, 0 if items and items[0].ndim == 1 else 1)


@public
def vstack(arrays: Any) -> Any:
    """Arrays below each other; vectors are rows."""
    return _concatenate([atleast_2d(a) for a in arrays], 0)


@public
def dstack(arrays: Any) -> Any:
    """Arrays behind each other, along a third axis."""
    return _concatenate([atleast_3d(a) for a in arrays], 2)


@public
def column_stack(arrays: Any) -> Any:
    """Vectors as the columns of a matrix; matrices side by side."""
    items = [as_tensor(a) for a in arrays]
    return _concatenate([a if a.ndim > 1 else Reshape.call(a, -1, 1) for a in items], 1)


functions["row_stack"] = vstack


@public
def append(x: Any, values: Any, axis: int | None = None) -> Any:
    """values after x: along an axis, or both flattened."""
    return _concatenate([x, values], axis)


@public
def array_split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Parts of x along an axis: a number of nearly equal size, or cut at the indices."""
    x = as_tensor(x)
    n = x.shape[axis]
    if np.ndim(raw(indices_or_sections)) == 0:
        k = int(indices_or_sections)
        sizes = [n//k + (i < n % k) for i in range(k)]
        cuts = [0, *np.cumsum(sizes).tolist()]
    else:
        cuts = [0, *map(int, indices_or_sections), n]
    lead = (slice(None),)*(axis % x.ndim)
    return [GetItem.call(x, lead + (slice(a, b),)) for a, b in zip(cuts, cuts[1:])]


@public
def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """array_split, but a number of parts must give equal sizes: else ValueError."""
    x = as_tensor(x)
    if np.ndim(raw(indices_or_sections)) == 0 and x.shape[axis] % int(indices_or_sections):
        raise ValueError(f"an axis of {x.shape[axis]} does not split into {indices_or_sections} "
                         "equal parts: array_split takes unequal ones")
    return array_split(x, indices_or_sections, axis)


@public
def hsplit(x: Any, indices_or_sections: Any) -> list[Any]:
    """split along the second axis (of a vector the only one)."""
    return split(x, indices_or_sections, 1 if as_tensor(x).ndim > 1 else 0)


@public
def vsplit(x: Any, indices_or_sections: Any) -> list[Any]:
    """split along the first axis."""
    return split(x, indices_or_sections, 0)


@public
def dsplit(x: Any, indices_or_sections: Any) -> list[Any]:
    """split along the third axis."""
    return split(x, indices_or_sections, 2)


@public
def unstack(x: Any, axis: int = 0) -> tuple[Any, ...]:
    """The slices of x along an axis, which is removed."""
    x = as_tensor(x)
    lead = (slice(None),)*(axis % x.ndim)
    return tuple(GetItem.call(x, lead + (i,)) for i in range(x.shape[axis]))


functions["unbind"] = unstack
