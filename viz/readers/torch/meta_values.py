"""Numbers of meta tensors that are known without data: masks, positions."""

from __future__ import annotations

import contextlib
from typing import Any

import torch
from torch._C._functorch import peek_interpreter_stack
from torch.overrides import TorchFunctionMode
from torch.utils._device import _device_constructors
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.weak import WeakTensorKeyDictionary

from ...graph.size_limits import META_NUMBERS
from .calls import name_of, version

ASKS = {"item", "tolist", "numpy", "__bool__", "__int__", "__float__", "__index__", "__contains__",
        "equal", "allclose", "is_nonzero"}         # undefined on the meta device
FILLED = {"zeros_like": 0, "new_zeros": 0, "ones_like": 1, "new_ones": 1}
PLAIN = (bool, int, float, str, torch.Size, torch.dtype, torch.device, torch.layout)
NONE = {"grad_fn", "_backward_hooks", "untyped_storage"}      # these return no tensors either
CHANCE = ("rand", "dropout", "bernoulli", "multinomial", "normal", "uniform", "exponential",
          "poisson", "geometric_", "cauchy_", "empty")     # no numbers, or random ones


class KnownValues(TorchFunctionMode):
    """Computes the numbers of meta tensors that depend on literal numbers only, torch.ones(2, 8),
    so that a model can branch on its mask.

    Numbers that depend on parameters or randomness are unknown.
    """

    def __init__(self) -> None:
        super().__init__()
        self._numbers: Any = WeakTensorKeyDictionary()     # tensor -> its numbers, its version
        self._plain: set[Any] = set()              # functions that return no tensors: shape, numel

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in self._plain or peek_interpreter_stack() is not None:
            return func(*args, **kwargs)           # inside vmap no tensor has numbers of its own
        name = name_of(func)
        given = [t for t in tree_leaves((args, kwargs)) if isinstance(t, torch.Tensor)]
        known = self._known(func, name, given)
        if known and name in ASKS:
            return self._again(func, args, kwargs)
        before = [version(t) for t in given]
        try:
            out = func(*args, **kwargs)
        except (NotImplementedError, RuntimeError):        # its shape depends on numbers: nonzero
            if not (known and given):
                raise
            numbers = self._again(func, args, kwargs)
            out = tree_map(lambda t: t.to("meta") if isinstance(t, torch.Tensor) else t, numbers)
            self._keep(out, numbers)
            return out
        if isinstance(out, PLAIN) or name in NONE:
            self._plain.add(func)
            return out
        made = [t for t in tree_leaves(out) if isinstance(t, torch.Tensor)]
        changed = [t for t, then in zip(given, before) if version(t) != then]
        if any(t.numel() > META_NUMBERS for t in made) or not (made or changed):
            return out
        if name in FILLED and isinstance(out, torch.Tensor) and out.is_meta:
            self._keep(out, torch.full(out.shape, FILLED[name], dtype=out.dtype, device="cpu"))
        elif known and any(t.is_meta for t in (*made, *changed)):
            told = [(t, self._numbers[t][0]) for t in changed if t in self._numbers]
            with contextlib.suppress(Exception):   # unsupported on the CPU: unknown
                self._keep(out, self._again(func, args, kwargs))
                for t, numbers in told:            # written into, both
                    self._keep(t, numbers)
        return out

    def _known(self, func: Any, name: str, given: list[Any]) -> bool:
        """Return whether the numbers of all arguments of a function are known, and so are its own.
        """
        if any(word in name for word in CHANCE):
            return False
        if not given:
            return func in _device_constructors()
        return all(not t.is_meta or self._numbers.get(t, (None, None))[1] == version(t)
                   for t in given)

    def _again(self, func: Any, args: Any, kwargs: Any) -> Any:
        """Return the result of a function applied to the known numbers."""
        def numbers(x: Any) -> Any:
            if isinstance(x, torch.Tensor):
                return self._numbers[x][0] if x.is_meta else x.detach()
            return torch.device("cpu") if x == "meta" or isinstance(x, torch.device) else x

        if func in _device_constructors():
            kwargs = {**kwargs, "device": "cpu"}
        with torch.no_grad(), torch.device("cpu"):
            return func(*tree_map(numbers, args), **tree_map(numbers, kwargs))

    def _keep(self, out: Any, numbers: Any) -> None:
        for t, of in zip(tree_leaves(out), tree_leaves(numbers)):
            if isinstance(t, torch.Tensor) and isinstance(of, torch.Tensor) and t.is_meta \
                    and t.shape == of.shape and t.dtype == of.dtype:
                self._numbers[t] = of, version(t)
