"""Activations of neural networks, elementwise; names and defaults are PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.op import Op, apply
from ..core.singularities import AT_LAMBDA, AT_THREES, AT_ZERO, Singularity
from ..core.tensor import float64, raw
from .elementwise import Sigmoid
from .special import Erf

_SELU_SCALE = float64(1.0507009873554804934193349852946)   # Klambauer et al. 2017
_SELU_ALPHA = float64(1.6732632423543772848170429916717)


def pick(mask: Any, x: Any, y: Any) -> Any:
    """Return where() for local derivatives; numbers on either side take z's float type."""
    return np.where(raw(mask), x, y)


class LeakyRelu(Op):
    """x where it is positive, else negative_slope*x."""
    name = "leaky_relu"
    notation = lambda negative_slope: f"leaky_relu({{0}}, {negative_slope:g})"
    value = lambda x, negative_slope: np.where(x > 0, x, negative_slope*x)
    singularities = AT_ZERO
    local = (lambda z, x, negative_slope: np.where(raw(x) > 0, 1.0, negative_slope),)
    call = lambda x, negative_slope=0.01: apply(LeakyRelu, x, negative_slope=negative_slope)
    samples = (([-1.3, 0.4, 2.1], {"negative_slope": 0.01}),)


class Elu(Op):
    """x where it is positive, else alpha*(exp(x) - 1)."""
    notation = "elu({0})"
    value = lambda x, alpha: np.where(x > 0, x, alpha*np.expm1(np.minimum(x, 0)))
    singularities = AT_ZERO
    local = (lambda z, x, alpha: pick(raw(x) > 0, 1.0, alpha*np.exp(np.minimum(x, 0.0))),)
    call = lambda x, alpha=1.0: apply(Elu, x, alpha=alpha)
    samples = (([-1.3, 0.4, 2.1], {"alpha": 0.7}),)


class Celu(Op):
    """x where it is positive, else alpha*(exp(x/alpha) - 1)."""
    notation = "celu({0})"
    value = lambda x, alpha: np.where(x > 0, x, alpha*np.expm1(np.minimum(x, 0)/alpha))
    singularities = AT_ZERO
    local = (lambda z, x, alpha: pick(raw(x) > 0, 1.0, np.exp(np.minimum(x, 0.0)/alpha)),)
    call = lambda x, alpha=1.0: apply(Celu, x, alpha=alpha)
    samples = (([-1.3, 0.4, 2.1], {"alpha": 0.7}),)


class Selu(Op):
    """The self-normalising ELU of Klambauer et al. 2017."""
    value = lambda x: _SELU_SCALE*np.where(x > 0, x, _SELU_ALPHA*np.expm1(np.minimum(x, 0)))
    singularities = AT_ZERO
    local = (lambda z, x: _SELU_SCALE*pick(raw(x) > 0, 1.0,
                                           _SELU_ALPHA*np.exp(np.minimum(x, 0.0))),)


class Softplus(Op):
    """log(1 + exp(beta*x))/beta, exact on both sides (PyTorch turns linear at 20)."""
    notation = "softplus({0})"
    value = lambda x, beta: np.logaddexp(0, beta*x)/beta
    steep = True
    local = (lambda z, x, beta: Sigmoid.of(beta*x),)
    call = lambda x, beta=1.0: apply(Softplus, x, beta=beta)
    samples = (([-1.3, 0.4, 2.1], {"beta": 2.0}),)


class LogSigmoid(Op):
    """log(sigmoid(x)) without overflow."""
    aliases = ("log_expit",)
    value = lambda x: -np.logaddexp(0, -x)
    local = (lambda z, x: Sigmoid.of(-x),)


class Silu(Op):
    """x*sigmoid(x), also called swish."""
    aliases = ("swish",)
    value = lambda x: x*Sigmoid.value(x)
    local = (lambda z, x: Sigmoid.of(x)*(1 + x*Sigmoid.of(-x)),)


def _gelu(x: Any, approximate: str) -> Any:
    if approximate == "tanh":
        return 0.5*x*(1 + np.tanh(_inner(x)))
    return 0.5*x*(1 + Erf.value(x*np.sqrt(0.5)))


def _inner(x: Any) -> Any:
    return float64(np.sqrt(2/np.pi))*(x + 0.044715*x*x*x)


def _gelu_slope(z: Any, x: Any, approximate: str) -> Any:
    if approximate == "tanh":
        t = np.tanh(_inner(x))
        return 0.5*(1 + t) + 0.5*x*(1 - t*t)*float64(np.sqrt(2/np.pi))*(1 + 3*0.044715*x*x)
    return 0.5*(1 + Erf.of(x*float64(np.sqrt(0.5)))) + x*np.exp(-0.5*x*x)*float64(
        1/np.sqrt(2*np.pi))


def _gelu_call(x: Any, approximate: str = "none") -> Any:
    if approximate not in ("none", "tanh"):
        raise ValueError(f"gelu's approximate must be 'none' or 'tanh', not {approximate!r}")
    return apply(Gelu, x, approximate=approximate)


class Gelu(Op):
    """x times the normal distribution function of x, or approximate="tanh", its approximation."""
    notation = "gelu({0})"
    value, local, call = _gelu, (_gelu_slope,), _gelu_call
    samples = (([-1.3, 0.4, 2.1], {"approximate": "none"}),
               ([-1.3, 0.4, 2.1], {"approximate": "tanh"}))


def _mish_slope(z: Any, x: Any) -> Any:
    t = np.tanh(Softplus.of(x, beta=1.0))
    return t + x*(1 - t*t)*Sigmoid.of(x)


class Mish(Op):
    """x*tanh(softplus(x)) (Misra 2019)."""
    value = lambda x: x*np.tanh(np.logaddexp(0, x))
    local = (_mish_slope,)


class Softsign(Op):
    """x/(1 + abs(x))."""
    value = lambda x: x/(1 + np.abs(x))
    singularities = AT_ZERO
    local = (lambda z, x: 1/np.square(1 + np.abs(x)),)


class Tanhshrink(Op):
    """x - tanh(x)."""
    value = lambda x: x - np.tanh(x)
    local = (lambda z, x: np.square(np.tanh(x)),)


class Hardsigmoid(Op):
    """0 below -3, 1 above 3, a straight line between."""
    value = lambda x: np.clip(x/6 + 0.5, 0, 1)
    singularities = AT_THREES
    local = (lambda z, x: np.where(np.abs(raw(x)) < 3, 1/6, 0.0),)


class Hardswish(Op):
    """x*hardsigmoid(x)."""
    value = lambda x: x*np.clip(x/6 + 0.5, 0, 1)
    singularities = AT_THREES
    local = (lambda z, x: pick(raw(x) < -3, 0.0, pick(raw(x) > 3, 1.0, x/3 + 0.5)),)


class Relu6(Op):
    """relu, but not above 6."""
    value = lambda x: np.clip(x, 0, 6)
    singularities = (*AT_ZERO, Singularity(lambda a, **_: a - 6.0, "{op} of 6"))
    local = (lambda z, x: ((raw(x) > 0) & (raw(x) < 6)).astype(z.dtype),)
    selects = True


class Hardtanh(Op):
    """x between min_val and max_val, constant beyond."""
    notation = lambda min_val, max_val: f"hardtanh({{0}}, {min_val:g}, {max_val:g})"
    value = lambda x, min_val, max_val: np.clip(x, min_val, max_val)
    singularities = (
        Singularity(lambda a, min_val=-1.0, **_: a - min_val, "{op} at its lower bound"),
        Singularity(lambda a, max_val=1.0, **_: a - max_val, "{op} at its upper bound"))
    local = (lambda z, x, min_val, max_val: (
        (raw(x) > min_val) & (raw(x) < max_val)).astype(z.dtype),)
    call = lambda x, min_val=-1.0, max_val=1.0: apply(Hardtanh, x, min_val=min_val, max_val=max_val)
    selects = True
    samples = (([-1.3, 0.4, 2.1], {"min_val": -1.0, "max_val": 1.0}),)


class Hardshrink(Op):
    """x, but 0 between -lambd and lambd."""
    notation = lambda lambd: f"hardshrink({{0}}, {lambd:g})"
    value = lambda x, lambd: np.where(np.abs(x) > lambd, x, 0*x)
    singularities = AT_LAMBDA
    local = (lambda z, x, lambd: (np.abs(raw(x)) > lambd).astype(z.dtype),)
    call = lambda x, lambd=0.5: apply(Hardshrink, x, lambd=lambd)
    samples = (([-1.3, 0.4, 2.1], {"lambd": 0.5}),)


class Softshrink(Op):
    """x moved towards 0 by lambd, and 0 where it would cross."""
    notation = lambda lambd: f"softshrink({{0}}, {lambd:g})"
    value = lambda x, lambd: np.where(np.abs(x) > lambd, x - np.copysign(lambd, x), 0*x)
    singularities = AT_LAMBDA
    local = (lambda z, x, lambd: (np.abs(raw(x)) > lambd).astype(z.dtype),)
    call = lambda x, lambd=0.5: apply(Softshrink, x, lambd=lambd)
    samples = (([-1.3, 0.4, 2.1], {"lambd": 0.5}),)


class Threshold(Op):
    """x where it is above the threshold, else the value."""
    notation = lambda threshold, value: f"threshold({{0}}, {threshold:g}, {value:g})"
    value = lambda x, threshold, value: np.where(x > threshold, x, value)
    singularities = (
        Singularity(lambda a, threshold=0.0, **_: a - threshold, "{op} at its bound", None, -1),)
    local = (lambda z, x, threshold, value: (raw(x) > threshold).astype(z.dtype),)
    call = lambda x, threshold, value: apply(
        Threshold, x, threshold=threshold, value=value)
    selects = True
    samples = (([-1.3, 0.4, 2.1], {"threshold": 0.5, "value": 20.0}),)
