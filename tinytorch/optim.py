"""Optimisers: SGD, Adam, AdamW, with PyTorch's names, defaults and steps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

import numpy as np

from .core.tensor import Tensor, raw


class Optimizer(ABC):
    """The base class of optimisers: parameters, and a step for those that have a gradient."""

    def __init__(self, parameters: Iterable[Tensor], lr: float) -> None:
        self.parameters = list(parameters)
        self.lr = lr
        self.state: list[dict[str, Any]] = [{} for _ in self.parameters]
        if not self.parameters:
            raise ValueError("nothing to optimise: no parameters were given")
        if lr < 0:
            raise ValueError(f"a learning rate is not negative, this is {lr}")

    def zero_grad(self) -> None:
        """Forget all gradients: call it before backward()."""
        for p in self.parameters:
            p.grad = None

    def step(self) -> None:
        """Move every parameter that has a gradient."""
        for p, state in zip(self.parameters, self.state):
            if p._grad is not None:
                p._assign(self.moved(p._data, raw(p._grad), state))

    @abstractmethod
    def moved(self, x: Any, g: Any, state: dict[str, Any]) -> Any:
        """Return the new data of one parameter; each optimiser defines its own."""


class SGD(Optimizer):
    """Steps against the gradient, with momentum (Sutskever et al. 2013, as PyTorch writes it)."""

    def __init__(self, parameters: Iterable[Tensor], lr: float = 1e-3, momentum: float = 0.0,
                 dampening: float = 0.0, weight_decay: float = 0.0, nesterov: bool = False) -> None:
        super().__init__(parameters, lr)
        if nesterov and (momentum <= 0 or dampening):
            raise ValueError("nesterov needs a momentum and no dampening")
        self.momentum, self.dampening = momentum, dampening
        self.weight_decay, self.nesterov = weight_decay, nesterov

    def moved(self, x: Any, g: Any, state: dict[str, Any]) -> Any:
        if self.weight_decay:
            g = g + self.weight_decay*x
        if self.momentum:
            if "velocity" in state:
                state["velocity"] = self.momentum*state["velocity"] + (1 - self.dampening)*g
            else:
                state["velocity"] = g
            g = g + self.momentum*state["velocity"] if self.nesterov else state["velocity"]
        step = self.lr*g
        return np.subtract(x, step, out=step) if step.shape else x - step


class Adam(Optimizer):
    """Steps scaled by running means of the gradient and its square (Kingma and Ba 2015)."""

    decoupled = False            # whether weight_decay acts on the weights, not on the gradient

    def __init__(self, parameters: Iterable[Tensor], lr: float = 1e-3,
                 betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
                 weight_decay: float = 0.0) -> None:
        super().__init__(parameters, lr)
        self.betas, self.eps, self.weight_decay = betas, eps, weight_decay

    def moved(self, x: Any, g: Any, state: dict[str, Any]) -> Any:
        if self.weight_decay:
            if self.decoupled:
                x = x - self.lr*self.weight_decay*x
            else:
                g = g + self.weight_decay*x
        a, b = self.betas
        t = state["t"] = state.get("t", 0) + 1
        m = state["m"] = a*state.get("m", 0.0) + (1 - a)*g
        v = state["v"] = b*state.get("v", 0.0) + (1 - b)*g*g
        return x - self.lr/(1 - a**t)*m/(np.sqrt(v)/(1 - b**t)**0.5 + self.eps)


class AdamW(Adam):
    """Adam with weight decay apart from the gradient (Loshchilov and Hutter 2019)."""

    decoupled = True

    def __init__(self, parameters: Iterable[Tensor], lr: float = 1e-3,
                 betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
                 weight_decay: float = 1e-2) -> None:
        super().__init__(parameters, lr, betas, eps, weight_decay)
