"""Convolutions and pooling, each in a scope of its own; names and defaults are PyTorch's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .core.functions import functions
from .core.op import composite
from .core.tensor import as_tensor
from .ops.window import Windows


def _tuple(value: Any, n: int) -> tuple[int, ...]:
    if isinstance(value, (tuple, list)):
        return tuple(int(v) for v in value)*(n if len(value) == 1 and n > 1 else 1)
    return (int(value),)*n


def _padded(x: Any, padding: tuple[int, ...], value: float = 0.0) -> Any:
    if not any(padding):
        return x
    widths = ((0, 0),)*(x.ndim - len(padding)) + tuple((p, p) for p in padding)
    return functions["pad"](x, widths, constant_values=value)


def _convolution(x: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any,
                 groups: int, n: int) -> Any:
    x, weight = as_tensor(x), as_tensor(weight)
    if x.ndim == n + 1:                              # one sample without a batch axis
        y = _convolution(functions["expand_dims"](x, 0), weight, bias, stride, padding, dilation,
                         groups, n)
        return functions["squeeze"](y, 0)
    if x.ndim != n + 2 or weight.ndim != n + 2 or x.shape[1] != weight.shape[1]*groups:
        raise ValueError(f"conv{n}d: weight {weight.shape} with {groups} groups does not fit the "
                         f"input {x.shape}")
    stride, dilation = _tuple(stride, n), _tuple(dilation, n)
    size = weight.shape[2:]
    reshape, transpose = functions["reshape"], functions["transpose"]
    if padding == "same":
        total = [d*(s - 1) for s, d in zip(size, dilation)]
        x = functions["pad"](x, ((0, 0), (0, 0), *((t//2, t - t//2) for t in total)))
    elif padding != "valid":
        x = _padded(x, _tuple(padding, n))
    windows = functions["windows"](x, size, stride, dilation)          # N, C, places, elements
    batch, places = x.shape[0], windows.shape[2:2 + n]
    out, inner = weight.shape[0], weight.shape[1]
    columns = reshape(windows, (batch, groups, inner, *places, *size))
    columns = transpose(columns, (1, 0, *range(3, 3 + n), 2, *range(3 + n, 3 + 2*n)))
    columns = reshape(columns, (groups, batch*math.prod(places), inner*math.prod(size)))
    kernels = transpose(reshape(weight, (groups, out//groups, inner*math.prod(size))), (0, 2, 1))
    y = reshape(columns @ kernels, (groups, batch, *places, out//groups))
    y = transpose(y, (1, 0, 2 + n, *range(2, 2 + n)))
    y = reshape(y, (batch, out, *places))
    return y if bias is None else y + reshape(bias, (1, -1, *(1,)*n))


@composite
def conv1d(x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
           dilation: Any = 1, groups: int = 1) -> Any:
    """The cross-correlation of (N, C, L) with kernels (out, C/groups, k)."""
    return _convolution(x, weight, bias, stride, padding, dilation, groups, 1)


@composite
def conv2d(x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
           dilation: Any = 1, groups: int = 1) -> Any:
    """The cross-correlation of (N, C, H, W) with kernels (out, C/groups, h, w)."""
    return _convolution(x, weight, bias, stride, padding, dilation, groups, 2)


@composite
def conv3d(x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
           dilation: Any = 1, groups: int = 1) -> Any:
    """The cross-correlation of (N, C, D, H, W) with kernels (out, C/groups, d, h, w)."""
    return _convolution(x, weight, bias, stride, padding, dilation, groups, 3)


def _pooled(x: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool,
            n: int, name: str) -> tuple[Any, Any]:
    """Return the windows to pool, with nan as padding, and the axes of their elements."""
    x = as_tensor(x)
    size = _tuple(kernel_size, n)
    stride = size if stride is None or stride == () else _tuple(stride, n)
    padding, dilation = _tuple(padding, n), _tuple(dilation, n)
    if any(2*p > s for p, s in zip(padding, size)):
        raise ValueError(f"{name}: padding {padding} is more than half the window {size}")
    extra = [0]*n
    if ceil_mode:
        for i, (m, s, t, p, d) in enumerate(zip(x.shape[-n:], size, stride, padding, dilation)):
            reach = d*(s - 1) + 1
            places = -(-(m + 2*p - reach)//t) + 1
            if (places - 1)*t >= m + p:              # a window may not start in the right padding
                places -= 1
            extra[i] = max(0, (places - 1)*t + reach - (m + 2*p))
    widths = ((0, 0),)*(x.ndim - n) + tuple((p, p + e) for p, e in zip(padding, extra))
    return (x, widths, size, stride, dilation), tuple(range(-n, 0))


def _max_pool(x: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool,
              n: int) -> Any:
    (x, widths, size, stride, dilation), axes = _pooled(
        x, kernel_size, stride, padding, dilation, ceil_mode, n, f"max_pool{n}d")
    if any(w != (0, 0) for w in widths):
        x = functions["pad"](x, widths, constant_values=-np.inf)
    return functions["max"](functions["windows"](x, size, stride, dilation), axes)


def _avg_pool(x: Any, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool,
              count_include_pad: bool, divisor_override: Any, n: int) -> Any:
    (x, widths, size, stride, dilation), axes = _pooled(
        x, kernel_size, stride, padding, 1, ceil_mode, n, f"avg_pool{n}d")
    lead = x.ndim - n
    ones = np.ones(x.shape[lead:])
    inner, outer = widths[lead:], [(w[0], w[0]) for w in widths[lead:]]
    counted = np.pad(ones, inner)
    if count_include_pad:                            # counts padding, but not ceil_mode's elements
        counted = np.pad(np.pad(ones, outer, constant_values=1.0),
                         [(0, b - a) for a, b in inner])
    count = Windows.of(counted, size=size, stride=stride, dilation=dilation).sum(axes)
    if divisor_override:
        count = float(divisor_override)
    if any(w != (0, 0) for w in widths):
        x = functions["pad"](x, widths)
    return functions["sum"](functions["windows"](x, size, stride, dilation), axes)/count


@composite
def max_pool1d(x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
               ceil_mode: bool = False) -> Any:
    """The largest element of each window over the last axis; ties share the gradient."""
    return _max_pool(x, kernel_size, stride, padding, dilation, ceil_mode, 1)


@composite
def max_pool2d(x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
               ceil_mode: bool = False) -> Any:
    """The largest element of each window over the last two axes; ties share the gradient."""
    return _max_pool(x, kernel_size, stride, padding, dilation, ceil_mode, 2)


@composite
def avg_pool1d(x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0,
               ceil_mode: bool = False, count_include_pad: bool = True) -> Any:
    """The mean of each window over the last axis."""
    return _avg_pool(x, kernel_size, stride, padding, ceil_mode, count_include_pad, None, 1)


@composite
def avg_pool2d(x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0,
               ceil_mode: bool = False, count_include_pad: bool = True,
               divisor_override: Any = None) -> Any:
    """The mean of each window over the last two axes."""
    return _avg_pool(x, kernel_size, stride, padding, ceil_mode, count_include_pad,
                     divisor_override, 2)
