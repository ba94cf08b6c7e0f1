"""Sliding windows, the basis of convolutions and pooling."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ..core.op import Op, apply


def _view(x: Any, size: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]) -> Any:
    """Return all windows over the last len(size) axes, as a view: (..., places, elements)."""
    k = len(size)
    lead, axes = x.shape[:-k], x.shape[-k:]
    places = tuple((n - d*(s - 1) - 1)//t + 1 for n, s, t, d in zip(axes, size, stride, dilation))
    if min(places, default=1) < 1:
        raise ValueError(f"windows of {size} (dilation {dilation}) over axes of {axes}")
    steps = x.strides[-k:]
    return as_strided(x, (*lead, *places, *size), (
        *x.strides[:-k], *(t*b for t, b in zip(stride, steps)),
        *(d*b for d, b in zip(dilation, steps))), writeable=True)


def _fold(g: Any, shape: tuple[int, ...], size: tuple[int, ...], stride: tuple[int, ...],
          dilation: tuple[int, ...]) -> Any:
    """Add the windows' elements back at their origins."""
    out = np.zeros(shape, g.dtype)
    view = _view(out, size, stride, dilation)
    for offset in np.ndindex(*size):                 # within one offset no two windows overlap
        view[(Ellipsis, *offset)] += g[(Ellipsis, *offset)]
    return out


class Windows(Op):
    """All windows of a size over the last axes, stepped and dilated: (..., places, elements)."""
    notation = lambda size, stride, dilation: f"windows({{0}}, {size})"
    value = lambda x, size, stride, dilation: _view(np.ascontiguousarray(x), size, stride, dilation)
    vjp = (lambda g, z, x, **how: Fold.of(g, shape=x.shape, **how),)
    linear = True
    call = lambda x, size, stride, dilation: apply(
        Windows, x, size=tuple(size), stride=tuple(stride), dilation=tuple(dilation))
    samples = (([1.0, 2.0, 3.0, 4.0, 5.0], {"size": (2,), "stride": (2,), "dilation": (2,)}),
               (np.arange(12.0).reshape(3, 4), {"size": (2, 2), "stride": (1, 2),
                                                "dilation": (1, 1)}))


class Fold(Op):
    """The windows' elements added up at their origins: the transpose of windows."""
    notation = lambda shape, size, stride, dilation: f"fold({{0}}, {shape})"
    value = _fold
    vjp = (lambda g, z, x, shape, **how: Windows.of(g, **how),)
    linear = True
    call = lambda x, shape, size, stride, dilation: apply(
        Fold, x, shape=tuple(shape), size=tuple(size), stride=tuple(stride),
        dilation=tuple(dilation))
    samples = (([[1.0, 2.0], [3.0, 4.0]],
                {"shape": (3,), "size": (2,), "stride": (1,), "dilation": (1,)}),)
