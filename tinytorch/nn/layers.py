"""Layers with weights, and those that reshape, normalise or drop."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import functional as F
from ..core.functions import functions
from ..core.tensor import as_tensor, constant
from .module import Module, Parameter, rng, uniform


class Linear(Module):
    """x @ weight.T + bias: (..., in_features) to (..., out_features)."""

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        bound = 1/math.sqrt(in_features) if in_features else 0.0
        self.weight = uniform(bound, out_features, in_features)
        self.bias = uniform(bound, out_features) if bias else None

    def forward(self, x: Any) -> Any:
        y = functions["matmul"](x, functions["transpose"](self.weight))
        return y if self.bias is None else y + self.bias


class _Conv(Module):
    """The base of convolutions: weights (out, in/groups, *kernel)."""

    axes = 1

    def __init__(self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1,
                 padding: Any = 0, dilation: Any = 1, groups: int = 1, bias: bool = True) -> None:
        size = kernel_size if isinstance(kernel_size, tuple) else (kernel_size,)*self.axes
        bound = 1/math.sqrt(in_channels//groups*math.prod(size))
        self.weight = uniform(bound, out_channels, in_channels//groups, *size)
        self.bias = uniform(bound, out_channels) if bias else None
        self.how = dict(stride=stride, padding=padding, dilation=dilation, groups=groups)

    def forward(self, x: Any) -> Any:
        return getattr(F, f"conv{self.axes}d")(x, self.weight, self.bias, **self.how)


class Conv1d(_Conv):
    """conv1d with trained kernels: (N, in, L) to (N, out, L')."""


class Conv2d(_Conv):
    """conv2d with trained kernels: (N, in, H, W) to (N, out, H', W')."""

    axes = 2


class MaxPool2d(Module):
    """max_pool2d."""

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        self.how = dict(kernel_size=kernel_size, stride=stride, padding=padding)

    def forward(self, x: Any) -> Any:
        return F.max_pool2d(x, **self.how)


class AvgPool2d(MaxPool2d):
    """avg_pool2d."""

    def forward(self, x: Any) -> Any:
        return F.avg_pool2d(x, **self.how)


class Flatten(Module):
    """All axes after the first, flattened."""

    def forward(self, x: Any) -> Any:
        return functions["reshape"](x, (x.shape[0], -1))


class Embedding(Module):
    """A row of weights per index: whole numbers (...) to (..., embedding_dim)."""

    def __init__(self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None
                 ) -> None:
        weight = rng().standard_normal((num_embeddings, embedding_dim))
        if padding_idx is not None:
            weight[padding_idx] = 0
        self.weight = Parameter(weight)
        self.padding_idx = padding_idx

    def forward(self, x: Any) -> Any:
        return F.embedding(x, self.weight, self.padding_idx)


class LayerNorm(Module):
    """layer_norm over the last axes, with weight and bias."""

    def __init__(self, normalized_shape: Any, eps: float = 1e-5, elementwise_affine: bool = True
                 ) -> None:
        shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(
            normalized_shape)
        self.shape, self.eps = shape, eps
        self.weight = Parameter(np.ones(shape)) if elementwise_affine else None
        self.bias = Parameter(np.zeros(shape)) if elementwise_affine else None

    def forward(self, x: Any) -> Any:
        return F.layer_norm(x, self.shape, self.weight, self.bias, self.eps)


class BatchNorm1d(Module):
    """batch_norm over (N, C) or (N, C, L); outside training by running statistics."""

    ranks: tuple[int, ...] = (2, 3)

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1,
                 affine: bool = True) -> None:
        self.eps, self.momentum = eps, momentum
        self.weight = Parameter(np.ones(num_features)) if affine else None
        self.bias = Parameter(np.zeros(num_features)) if affine else None
        self.running_mean = constant(np.zeros(num_features))
        self.running_var = constant(np.ones(num_features))

    def forward(self, x: Any) -> Any:
        if as_tensor(x).ndim not in self.ranks:
            raise ValueError(f"{type(self).__name__} takes {' or '.join(map(str, self.ranks))} axes"
                             f", not the shape {x.shape}")
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias,
                            self.training, self.momentum, self.eps)


class BatchNorm2d(BatchNorm1d):
    """batch_norm over (N, C, H, W)."""

    ranks = (4,)


class Dropout(Module):
    """dropout while training."""

    def __init__(self, p: float = 0.5) -> None:
        self.p = p

    def forward(self, x: Any) -> Any:
        return F.dropout(x, self.p, self.training, rng())
