"""Activations as layers."""

from __future__ import annotations

from typing import Any

from ..core.functions import functions
from .module import Module


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
