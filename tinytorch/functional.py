"""Compositions of ops, each in a scope of its own so that a picture can fold it: softmax, losses.

Names and defaults are PyTorch's; `axis` may be written `dim` where PyTorch does.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .core.op import composite
from .core.functions import find_function, functions
from .core.tensor import Tensor, as_tensor, constant, raw


def _axis(axis: Any, dim: Any, default: Any = -1) -> Any:
    """PyTorch's dim is numpy's axis."""
    return dim if dim is not None else axis if axis is not None else default


def _shifted(x: Tensor, axis: Any) -> Any:
    """x less its largest element, a constant here: the derivative does not depend on it."""
    top = np.max(x.data, axis=axis, keepdims=True, initial=-np.inf)
    return x - np.where(np.isfinite(top), top, 0.0).astype(x.dtype)


@composite
def softmax(x: Any, axis: Any = None, *, dim: Any = None) -> Any:
    """exp(x) divided by its sum along the axis, without overflow: shares that add up to 1."""
    x, axis = as_tensor(x), _axis(axis, dim)
    e = functions["exp"](_shifted(x, axis))
    return e/functions["sum"](e, axis, True)


@composite
def log_softmax(x: Any, axis: Any = None, *, dim: Any = None) -> Any:
    """The logarithm of softmax, exact where softmax is small."""
    x, axis = as_tensor(x), _axis(axis, dim)
    return x - functions["logsumexp"](x, axis, True)


@composite
def softmin(x: Any, axis: Any = None, *, dim: Any = None) -> Any:
    """softmax of -x."""
    return softmax(-as_tensor(x), _axis(axis, dim))


@composite
def glu(x: Any, dim: int = -1) -> Any:
    """The first half along an axis times the sigmoid of the second."""
    a, b = functions["split"](as_tensor(x), 2, dim)
    return a*functions["sigmoid"](b)


@composite
def prelu(x: Any, weight: Any) -> Any:
    """x where it is positive, else weight*x; one weight, or one per channel (axis 1)."""
    x, weight = as_tensor(x), as_tensor(weight)
    if weight.size == 1:
        weight = functions["reshape"](weight, ())
    elif x.ndim > 1:
        weight = functions["reshape"](weight, [-1 if i == 1 else 1 for i in range(x.ndim)])
    return functions["where"](x > 0, x, weight*x)


@composite
def normalize(x: Any, p: float = 2.0, dim: Any = 1, eps: float = 1e-12) -> Any:
    """x divided by its norm along an axis."""
    x = as_tensor(x)
    return x/functions["maximum"](functions["vector_norm"](x, dim, True, p), eps)


@composite
def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    """The cosine of the angle between vectors along an axis."""
    x1, x2 = functions["broadcast_arrays"](x1, x2)
    norm, largest = functions["norm"], functions["maximum"]
    a = x1/largest(norm(x1, None, dim, True), eps)
    b = x2/largest(norm(x2, None, dim, True), eps)
    return functions["sum"](a*b, dim)


@composite
def pairwise_distance(x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
                      ) -> Any:
    """The norm of x1 - x2 + eps along the last axis."""
    return functions["norm"](as_tensor(x1) - x2 + eps, p, -1, keepdim)


@composite
def linear(x: Any, weight: Any, bias: Any = None) -> Any:
    """x @ weight.T + bias; x: (..., in), weight: (out, in) or (in,), bias: (out,)."""
    weight = as_tensor(weight)
    y = functions["matmul"](x, functions["transpose"](weight) if weight.ndim > 1 else weight)
    return y if bias is None else y + bias


@composite
def bilinear(x1: Any, x2: Any, weight: Any, bias: Any = None) -> Any:
    """x1 @ weight[k] @ x2 for every k; x1: (..., a), x2: (..., b), weight: (k, a, b)."""
    y = functions["einsum"]("...i,kij,...j->...k", x1, weight, x2)
    return y if bias is None else y + bias


@composite
def embedding(indices: Any, weight: Any, padding_idx: int | None = None) -> Any:
    """The rows of weight that the indices name. The row padding_idx gets no gradient."""
    weight = as_tensor(weight)
    i = np.asarray(raw(indices)).astype(np.intp)
    rows = weight[i]
    if padding_idx is not None:
        padding = padding_idx % weight.shape[0]
        rows = functions["where"]((i == padding)[..., None], constant(rows.data), rows)
    return rows


@composite
def dropout(x: Any, p: float = 0.5, training: bool = True, rng: Any = None) -> Any:
    """Elements set to 0 with probability p, the others scaled by 1/(1 - p); off outside training.

    rng: a numpy Generator, to repeat the draw.
    """
    if not 0 <= p <= 1:
        raise ValueError(f"dropout's p is a probability, not {p}")
    x = as_tensor(x)
    if not training or p == 0:
        return x
    keep = (rng or np.random.default_rng()).random(x.shape) >= p
    return functions["where"](keep, x/(1 - p) if p < 1 else 0*x, 0.0)


def _normalised(x: Any, axes: Any, eps: float) -> Any:
    mean = functions["mean"](x, axes, True)
    d = x - mean
    var = functions["mean"](functions["square"](d), axes, True)
    return d/functions["sqrt"](var + eps)


def _affine(x: Any, weight: Any, bias: Any, shape: Any) -> Any:
    reshape = functions["reshape"]
    if weight is not None:
        x = x*(reshape(weight, shape) if shape else weight)
    if bias is not None:
        x = x + (reshape(bias, shape) if shape else bias)
    return x


@composite
def layer_norm(x: Any, normalized_shape: Any, weight: Any = None, bias: Any = None,
               eps: float = 1e-5) -> Any:
    """The last axes brought to mean 0 and variance 1, then times weight plus bias."""
    x = as_tensor(x)
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if x.shape[x.ndim - len(shape):] != shape:
        raise ValueError(f"layer_norm over {shape} does not fit the shape {x.shape}")
    return _affine(_normalised(x, tuple(range(-len(shape), 0)), eps), weight, bias, None)


@composite
def rms_norm(x: Any, normalized_shape: Any, weight: Any = None, eps: float | None = None) -> Any:
    """The last axes divided by their root mean square, then times weight."""
    x = as_tensor(x)
    n = 1 if isinstance(normalized_shape, int) else len(normalized_shape)
    square = functions["mean"](functions["square"](x), tuple(range(-n, 0)), True)
    y = x/functions["sqrt"](square + (np.finfo(x.dtype).eps if eps is None else eps))
    return y if weight is None else y*weight


def _per_channel(x: Any) -> list[int]:
    return [-1 if i == 1 else 1 for i in range(x.ndim)]


@composite
def batch_norm(x: Any, running_mean: Any = None, running_var: Any = None, weight: Any = None,
               bias: Any = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-5
               ) -> Any:
    """Each channel (axis 1) brought to mean 0 and variance 1, by the batch's or running statistics.

    In training running_mean and running_var (arrays or constant tensors) move towards the batch's.
    """
    x = as_tensor(x)
    shape = _per_channel(x)
    if training or running_mean is None:
        axes = tuple(i for i in range(x.ndim) if i != 1)
        if running_mean is not None and training:
            n = x.size/x.shape[1]
            for running, new in ((running_mean, x.data.mean(axes)),
                                 (running_var, x.data.var(axes)*n/max(n - 1, 1))):
                kept = raw(running)
                kept *= 1 - momentum
                kept += momentum*new
        y = _normalised(x, axes, eps)
    else:
        mean, var = (np.reshape(np.array(raw(a)), shape) for a in (running_mean, running_var))
        y = (x - mean)/np.sqrt(var + eps)
    return _affine(y, weight, bias, shape)


@composite
def instance_norm(x: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """Each channel of each sample brought to mean 0 and variance 1."""
    x = as_tensor(x)
    return _affine(_normalised(x, tuple(range(2, x.ndim)), eps), weight, bias, _per_channel(x))


@composite
def group_norm(x: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5
               ) -> Any:
    """Each group of channels (axis 1) of each sample brought to mean 0 and variance 1."""
    x = as_tensor(x)
    if x.shape[1] % num_groups:
        raise ValueError(f"{x.shape[1]} channels do not make {num_groups} equal groups")
    reshape = functions["reshape"]
    size = x.size//max(x.shape[0]*num_groups, 1)
    y = _normalised(reshape(x, (x.shape[0], num_groups, size)), 2, eps)
    return _affine(reshape(y, x.shape), weight, bias, _per_channel(x))


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
    """The windows to pool, padding as nan; which axes their elements are."""
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
    if count_include_pad:                            # the padding counts, what ceil_mode adds not
        counted = np.pad(np.pad(ones, outer, constant_values=1.0),
                         [(0, b - a) for a, b in inner])
    from .ops.window import Windows
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


@composite
def scaled_dot_product_attention(query: Any, key: Any, value: Any, attn_mask: Any = None,
                                 dropout_p: float = 0.0, is_causal: bool = False,
                                 scale: float | None = None, *, rng: Any = None) -> Any:
    """softmax(query @ key.T * scale) @ value; shapes (..., L, E), (..., S, E), (..., S, V).

    attn_mask: booleans (False: not attended to) or numbers added to the scores; is_causal: each
    position attends to those before it and itself.
    """
    query, key, value = as_tensor(query), as_tensor(key), as_tensor(value)
    factor = 1/math.sqrt(query.shape[-1]) if scale is None else scale
    scores = query @ functions["swapaxes"](key, -1, -2)*factor
    if is_causal:
        keep = np.tril(np.ones((query.shape[-2], key.shape[-2]), dtype=bool))
        scores = functions["where"](keep, scores, -np.inf)
    if attn_mask is not None:
        if raw(attn_mask).dtype.kind == "b":
            scores = functions["where"](attn_mask, scores, -np.inf)
        else:
            scores = scores + attn_mask
    weights = softmax(scores, -1)
    if dropout_p:
        weights = dropout(weights, dropout_p, rng=rng)
    return weights @ value


def __getattr__(name: str) -> Any:
    """All other functions are here too: functional.relu, functional.mse_loss."""
    found = find_function(name) if name[:1] != "_" else None
    if found is None:
        raise AttributeError(f"tinytorch.functional has no {name!r}")
    return found
