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
    """Return the axis: PyTorch's dim or numpy's axis."""
    return dim if dim is not None else axis if axis is not None else default


def _shifted(x: Tensor, axis: Any) -> Any:
    """Return x minus its largest element, a constant here: it does not affect the derivative."""
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
    """The rows of weight at the indices. The row padding_idx gets no gradient."""
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
    """Return any other function, as in functional.relu, functional.mse_loss."""
    found = find_function(name) if name[:1] != "_" else None
    if found is None:
        raise AttributeError(f"tinytorch.functional has no {name!r}")
    return found
