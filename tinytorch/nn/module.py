"""Module: the base class of layers, which finds their parameters and opens their scope."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..core.grad_mode import scope
from ..core.tensor import Tensor


class Parameter(Tensor):
    """A tensor to be trained; Modules find the Parameters among their attributes."""

    __slots__ = ()


class _Random:
    """The generator of initial weights and dropout; seed(0) makes them repeatable."""

    rng: Any = None


def seed(value: int) -> None:
    """Make all random numbers of nn repeatable."""
    _Random.rng = np.random.default_rng(value)


def rng() -> Any:
    """Return the random generator of layers."""
    if _Random.rng is None:
        _Random.rng = np.random.default_rng()
    return _Random.rng


def uniform(bound: float, *shape: int) -> Parameter:
    """Return a parameter drawn uniformly from -bound to bound."""
    return Parameter(rng().uniform(-bound, bound, shape))


class Module:
    """A layer: its Parameters and Modules (also in lists) are found by attribute name.

    Calling it runs forward inside a scope of its name: `name` if set, else its attribute's name in
    the module that holds it, else its class in lower case.
    """

    training = True
    name: str = ""

    def forward(self, *args: Any, **options: Any) -> Any:
        """Return the layer's output. Each layer defines its own; else TypeError is raised."""
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
        """Yield the direct submodules with their names."""
        for key, value in vars(self).items():
            for path, item in _items(key, value):
                if isinstance(item, Module):
                    yield path, item

    def modules(self) -> Iterator[Module]:
        """Yield this module and all submodules."""
        yield self
        for _, child in self.children():
            yield from child.modules()

    def named_parameters(self, prefix: str = "") -> Iterator[tuple[str, Parameter]]:
        """Yield all parameters with their paths, layer1.weight; shared ones once."""
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
        """Yield all parameters; shared ones once."""
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
        """Return copies of all parameters' data by path."""
        return {name: p.numpy() for name, p in self.named_parameters()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Assign the parameters' data; raises KeyError if names differ."""
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
    """Layers applied one after another; functions without parameters are allowed."""

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
