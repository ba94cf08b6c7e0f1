"""Layers for sequences: attention, recurrent cells."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import functional as F
from ..core.functions import functions
from ..core.tensor import constant, raw
from .layers import Linear
from .module import Module, Parameter, rng, uniform


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
        self.in_proj_weight = uniform(bound, 3*embed_dim, embed_dim)
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
        q, k, v = parts
        y = F.scaled_dot_product_attention(
            q, k, v, attn_mask=attn_mask, is_causal=is_causal,
            dropout_p=self.dropout if self.training else 0.0, rng=rng())
        y = functions["transpose"](y, (0, 2, 1, 3))
        return self.out_proj(functions["reshape"](y, (*y.shape[:2], width)))


class _Cell(Module):
    """The base of recurrent cells: weights for the input and for the state."""

    gates = 1

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True) -> None:
        bound, rows = 1/math.sqrt(hidden_size), self.gates*hidden_size
        self.hidden_size = hidden_size
        self.weight_ih = uniform(bound, rows, input_size)
        self.weight_hh = uniform(bound, rows, hidden_size)
        self.bias_ih = uniform(bound, rows) if bias else None
        self.bias_hh = uniform(bound, rows) if bias else None

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
