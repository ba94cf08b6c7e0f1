"""Layers with parameters, as PyTorch names and initialises them; each computes in its scope."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import functional as F
from .tensor import Tensor, constant, functions, operand, raw, scope


class Parameter(Tensor):
    """A tensor that is trained: a Module finds it by being one of its attributes."""

    __slots__ = ()


class Seed:
    """Where layers draw their first weights and dropout its zeros from: seed(0) repeats them."""

    rng: Any = None


def seed(value: int) -> None:
    """Make everything that draws in nn repeatable."""
    Seed.rng = np.random.default_rng(value)


def _rng() -> Any:
    if Seed.rng is None:
        Seed.rng = np.random.default_rng()
    return Seed.rng


def _uniform(bound: float, *shape: int) -> Parameter:
    return Parameter(_rng().uniform(-bound, bound, shape))


class Module:
    """A layer: its Parameters and Modules (also in lists) are found by attribute name.

    Calling it runs forward inside a scope of its name: that it was given, else its attribute's name
    in the module that holds it, else its class in lower case.
    """

    training = True
    name: str = ""

    def forward(self, *args: Any, **options: Any) -> Any:
        """What the layer computes: written by each layer. Raises TypeError where it is not."""
        raise TypeError(f"{type(self).__name__} has no forward: write forward(self, x)")

    def __call__(self, *args: Any, **options: Any) -> Any:
        with scope(self.name or type(self).__name__.lower()):
            return self.forward(*args, **options)

    def __setattr__(self, key: str, value: Any) -> None:
        object.__setattr__(self, key, value)
        for path, item in _items(key, value):
            if isinstance(item, Module):
                if not item.name:
                    object.__setattr__(item, "name", path)
                self._name_parameters()
            elif isinstance(item, Parameter):
                self._name_parameters()

    def _name_parameters(self) -> None:
        for name, parameter in self.named_parameters():
            parameter.name = name

    def children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly inside, with their names."""
        for key, value in vars(self).items():
            for path, item in _items(key, value):
                if isinstance(item, Module):
                    yield path, item

    def modules(self) -> Iterator[Module]:
        """This and all modules inside."""
        yield self
        for _, child in self.children():
            yield from child.modules()

    def named_parameters(self, prefix: str = "") -> Iterator[tuple[str, Parameter]]:
        """All parameters with their paths, layer1.weight; a shared one once."""
        seen: set[Parameter] = set()
        for name, parameter in self._paths(prefix):
            if parameter not in seen:
                seen.add(parameter)
                yield name, parameter

    def _paths(self, prefix: str) -> Iterator[tuple[str, Parameter]]:
        for key, value in vars(self).items():
            for path, item in _items(key, value):
                if isinstance(item, Parameter):
                    yield prefix + path, item
                elif isinstance(item, Module):
                    yield from item._paths(f"{prefix}{path}.")

    def parameters(self) -> Iterator[Parameter]:
        """All parameters; a shared one once."""
        return (p for _, p in self.named_parameters())

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for p in self.parameters():
            p.grad = None

    def train(self, mode: bool = True) -> Module:
        """Switch dropout and batch statistics on (or off); returns the module itself."""
        for m in self.modules():
            object.__setattr__(m, "training", mode)
        return self

    def eval(self) -> Module:
        """Switch dropout and batch statistics off; returns the module itself."""
        return self.train(False)

    def state_dict(self) -> dict[str, Any]:
        """Copies of all parameters' data by path."""
        return {name: p.numpy() for name, p in self.named_parameters()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Assign the parameters' data; raises KeyError where names differ."""
        own = dict(self.named_parameters())
        if own.keys() != state.keys():
            raise KeyError(f"the names differ: {sorted(own.keys() ^ state.keys())}")
        for name, p in own.items():
            p.data = state[name]


def _items(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            yield from _items(f"{key}.{i}", item)
    elif isinstance(value, (Module, Parameter)):
        yield key, value


class Sequential(Module):
    """Layers one after another; a function without parameters may be one of them."""

    def __init__(self, *layers: Callable[..., Any]) -> None:
        for i, layer in enumerate(layers):
            setattr(self, str(i), layer)
        self.length = len(layers)

    def forward(self, x: Any) -> Any:
        for i in range(self.length):
            x = getattr(self, str(i))(x)
        return x

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, i: int) -> Any:
        return getattr(self, str(range(self.length)[i]))


class Linear(Module):
    """x @ weight.T + bias: (..., in_features) to (..., out_features)."""

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        bound = 1/math.sqrt(in_features) if in_features else 0.0
        self.weight = _uniform(bound, out_features, in_features)
        self.bias = _uniform(bound, out_features) if bias else None

    def forward(self, x: Any) -> Any:
        y = functions["matmul"](x, functions["transpose"](self.weight))
        return y if self.bias is None else y + self.bias


class _Conv(Module):
    """What convolutions share: weights (out, in/groups, *kernel)."""

    axes = 1

    def __init__(self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1,
                 padding: Any = 0, dilation: Any = 1, groups: int = 1, bias: bool = True) -> None:
        size = kernel_size if isinstance(kernel_size, tuple) else (kernel_size,)*self.axes
        bound = 1/math.sqrt(in_channels//groups*math.prod(size))
        self.weight = _uniform(bound, out_channels, in_channels//groups, *size)
        self.bias = _uniform(bound, out_channels) if bias else None
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
    """All axes after the first as one."""

    def forward(self, x: Any) -> Any:
        return functions["reshape"](x, (x.shape[0], -1))


class Embedding(Module):
    """A row of weights per index: whole numbers (...) to (..., embedding_dim)."""

    def __init__(self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None
                 ) -> None:
        weight = _rng().standard_normal((num_embeddings, embedding_dim))
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
    """batch_norm over (N, C) or (N, C, L); running statistics serve outside training."""

    ranks: tuple[int, ...] = (2, 3)

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1,
                 affine: bool = True) -> None:
        self.eps, self.momentum = eps, momentum
        self.weight = Parameter(np.ones(num_features)) if affine else None
        self.bias = Parameter(np.zeros(num_features)) if affine else None
        self.running_mean = constant(np.zeros(num_features))
        self.running_var = constant(np.ones(num_features))

    def forward(self, x: Any) -> Any:
        if operand(x).ndim not in self.ranks:
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
        return F.dropout(x, self.p, self.training, _rng())


class _Activation(Module):
    """A function without parameters, as a layer."""

    function = ""

    def __init__(self, **options: Any) -> None:
        self.options = options

    def __call__(self, x: Any) -> Any:
        return self.forward(x)

    def forward(self, x: Any) -> Any:
        return functions[self.function](x, **self.options)


class ReLU(_Activation):
    """relu."""
    function = "relu"


class Tanh(_Activation):
    """tanh."""
    function = "tanh"


class Sigmoid(_Activation):
    """sigmoid."""
    function = "sigmoid"


class GELU(_Activation):
    """gelu."""
    function = "gelu"


class SiLU(_Activation):
    """silu."""
    function = "silu"


class LeakyReLU(_Activation):
    """leaky_relu."""
    function = "leaky_relu"


class ELU(_Activation):
    """elu."""
    function = "elu"


class Softplus(_Activation):
    """softplus."""
    function = "softplus"


class Softmax(_Activation):
    """softmax along `dim`."""
    function = "softmax"


class LogSoftmax(_Activation):
    """log_softmax along `dim`."""
    function = "log_softmax"


class MultiheadAttention(Module):
    """Attention in num_heads parts; query, key, value: (N, L, E), PyTorch's batch_first=True.

    Returns the result alone; its weights are in the graph.
    """

    def __init__(self, embed_dim: int, num_heads: int, dropout: float = 0.0, bias: bool = True
                 ) -> None:
        if embed_dim % num_heads:
            raise ValueError(f"embed_dim {embed_dim} does not divide into {num_heads} heads")
        self.heads, self.dropout = num_heads, dropout
        bound = math.sqrt(6/(4*embed_dim))           # Glorot, over the three projections at once
        self.in_proj_weight = _uniform(bound, 3*embed_dim, embed_dim)
        self.in_proj_bias = Parameter(np.zeros(3*embed_dim)) if bias else None
        self.out_proj = Linear(embed_dim, embed_dim, bias)
        if bias:
            self.out_proj.bias = Parameter(np.zeros(embed_dim))

    def _split(self, x: Any) -> Any:
        n, length, width = x.shape
        x = functions["reshape"](x, (n, length, self.heads, width//self.heads))
        return functions["transpose"](x, (0, 2, 1, 3))

    def forward(self, query: Any, key: Any = None, value: Any = None, attn_mask: Any = None,
                is_causal: bool = False) -> Any:
        key = query if key is None else key
        value = key if value is None else value
        width = self.in_proj_weight.shape[1]
        parts = []
        for i, x in enumerate((query, key, value)):
            rows = slice(i*width, (i + 1)*width)
            bias = None if self.in_proj_bias is None else self.in_proj_bias[rows]
            parts.append(self._split(F.linear(x, self.in_proj_weight[rows], bias)))
        y = F.scaled_dot_product_attention(
            *parts, attn_mask=attn_mask, is_causal=is_causal,
            dropout_p=self.dropout if self.training else 0.0, rng=_rng())
        y = functions["transpose"](y, (0, 2, 1, 3))
        return self.out_proj(functions["reshape"](y, (*y.shape[:2], width)))


class _Cell(Module):
    """What recurrent cells share: weights for the input and for the state."""

    gates = 1

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True) -> None:
        bound, rows = 1/math.sqrt(hidden_size), self.gates*hidden_size
        self.hidden_size = hidden_size
        self.weight_ih = _uniform(bound, rows, input_size)
        self.weight_hh = _uniform(bound, rows, hidden_size)
        self.bias_ih = _uniform(bound, rows) if bias else None
        self.bias_hh = _uniform(bound, rows) if bias else None

    def _sums(self, x: Any, h: Any) -> Any:
        return F.linear(x, self.weight_ih, self.bias_ih) + F.linear(
            h, self.weight_hh, self.bias_hh)

    def _start(self, x: Any) -> Any:
        return constant(np.zeros((*raw(x).shape[:-1], self.hidden_size)))


class RNNCell(_Cell):
    """One step of a plain recurrent network: (x, h) to h; x: (N, input), h: (N, hidden)."""

    def forward(self, x: Any, h: Any = None) -> Any:
        return functions["tanh"](self._sums(x, self._start(x) if h is None else h))


class LSTMCell(_Cell):
    """One step of an LSTM: (x, (h, c)) to (h, c); gates in PyTorch's order i, f, g, o."""

    gates = 4

    def forward(self, x: Any, state: Any = None) -> tuple[Any, Any]:
        h, c = (self._start(x),)*2 if state is None else state
        i, f, g, o = functions["split"](self._sums(x, h), 4, -1)
        sigmoid, tanh = functions["sigmoid"], functions["tanh"]
        c = sigmoid(f)*c + sigmoid(i)*tanh(g)
        return sigmoid(o)*tanh(c), c


class _Loss(Module):
    """A loss as a layer; its options are those of the function."""

    function = ""

    def __init__(self, **options: Any) -> None:
        self.options = options

    def __call__(self, x: Any, target: Any) -> Any:
        return self.forward(x, target)

    def forward(self, x: Any, target: Any) -> Any:
        return getattr(F, self.function)(x, target, **self.options)


class MSELoss(_Loss):
    """mse_loss."""
    function = "mse_loss"


class L1Loss(_Loss):
    """l1_loss."""
    function = "l1_loss"


class SmoothL1Loss(_Loss):
    """smooth_l1_loss."""
    function = "smooth_l1_loss"


class HuberLoss(_Loss):
    """huber_loss."""
    function = "huber_loss"


class CrossEntropyLoss(_Loss):
    """cross_entropy."""
    function = "cross_entropy"


class NLLLoss(_Loss):
    """nll_loss."""
    function = "nll_loss"


class BCELoss(_Loss):
    """binary_cross_entropy."""
    function = "binary_cross_entropy"


class BCEWithLogitsLoss(_Loss):
    """binary_cross_entropy_with_logits."""
    function = "binary_cross_entropy_with_logits"


class KLDivLoss(_Loss):
    """kl_div."""
    function = "kl_div"
