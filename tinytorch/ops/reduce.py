"""Sums, means, extremes: many numbers to one, along axes or altogether."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..op import Op, apply
from ..tensor import raw

Axis = int | tuple[int, ...] | None


def spread(g: Any, like: Any, axis: Axis, keepdims: bool) -> Any:
    """A reduction's cotangent (or result), repeated along the axes it had lost."""
    shape = np.shape(raw(like))
    if axis is not None and not keepdims:
        axes = {a % len(shape) for a in (axis if isinstance(axis, tuple) else (axis,))}
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


def _written(name: str) -> Any:
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
    symbol, notation, call = "Σ", _written("sum"), _reduction("sum")
    value = np.sum
    vjp = (lambda g, z, x, axis, keepdims: spread(g, x, axis, keepdims),)
    linear = True
    samples = (([[1.0, 2.0], [3.0, -4.0]],), ([[1.0, 2.0], [3.0, -4.0]], {"axis": 1}))


class Mean(Op):
    """The mean along the axes (an int, a tuple; None: of all)."""
    notation, call = _written("mean"), _reduction("mean")
    value = np.mean
    vjp = (lambda g, z, x, axis, keepdims: spread(g, x, axis, keepdims)/_count(x, axis),)
    linear = True
    samples = (([[1.0, 2.0], [3.0, -4.0]],), ([[1.0, 2.0], [3.0, -4.0]], {"axis": 1}))


def _extreme_vjp(g: Any, z: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    """To the elements that are the extreme, shared evenly among ties; nan counts as equal to nan."""
    found, xs = spread(raw(z), x, axis, keepdims), raw(x)
    mask = (xs == found) | ((xs != xs) & (found != found))
    return spread(g, x, axis, keepdims)*(mask/np.sum(mask, axis=axis, keepdims=True))


class Max(Op):
    """The largest element along the axes; nan wins. Ties share the derivative evenly."""
    aliases = ("amax",)
    notation, call = _written("max"), _reduction("max")
    value, vjp = np.max, (_extreme_vjp,)
    samples = (([[1.0, 2.0], [3.0, -4.0]],), ([[1.0, 2.0], [3.0, -4.0]], {"axis": 1}))


class Min(Op):
    """The smallest element along the axes; nan wins. Ties share the derivative evenly."""
    aliases = ("amin",)
    notation, call = _written("min"), _reduction("min")
    value, vjp = np.min, (_extreme_vjp,)
    samples = (([[1.0, 2.0], [3.0, -4.0]],), ([[1.0, 2.0], [3.0, -4.0]], {"axis": 1}))


_ops: dict[str, Any] = {op.name: op for op in (Sum, Mean, Max, Min)}
