"""How a call of PyTorch's is told: its name, the tensors it is given, what else it is given."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import torch
from torch.utils._pytree import tree_leaves

PLAIN = (int, float, str, type(None), slice, torch.dtype, torch.device)
SKIPPED = {"requires_grad_", "retain_grad", "register_hook", "__set__", "item", "tolist", "numpy",
           "__len__", "__bool__", "__float__", "__int__", "__repr__", "__format__", "__delete__",
           "_is_view", "is_contiguous"}         # what makes no tensor, or the one it is given
NAMES = {"iadd": "add", "isub": "sub", "imul": "mul", "itruediv": "div", "idiv": "div",
         "ipow": "pow", "radd": "add", "rmul": "mul"}
SWAPPED = {"rsub": "sub", "rdiv": "div", "rtruediv": "div", "rpow": "pow", "rmatmul": "matmul"}


def options_of(func: Any, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """What a call is given by name, without tensors and defaults."""
    usual = defaults(func)
    return {key: x for key, x in kwargs.items() if x is not None and key != "inplace"
            and not key.startswith("_") and not isinstance(x, torch.Tensor)
            and not (isinstance(x, (bool, int, float, str)) and x == usual.get(key, "none"))}


@lru_cache(maxsize=None)
def defaults(func: Any) -> Mapping[str, Any]:
    """The defaults of a function's options, where they can be known."""
    try:
        parameters = inspect.signature(func).parameters
    except (TypeError, ValueError):
        return {}
    return {name: p.default for name, p in parameters.items()}


def name_of(func: Any) -> str:
    """What a function is called: mul, linear, T."""
    name = getattr(func, "__name__", "") or type(func).__name__
    if name == "__get__":        # a property: x.T
        return getattr(func.__self__, "__name__", name)
    return name


def tensors(things: Iterable[Any]) -> list[Any]:
    """The tensors among things, also in lists, tuples, dicts and other trees."""
    found = []
    for thing in things:
        if isinstance(thing, torch.Tensor):
            found.append(thing)
        elif not isinstance(thing, PLAIN):
            found += [t for t in tree_leaves(thing) if isinstance(t, torch.Tensor)]
    return found


def params_of(args: Iterable[Any], options: Mapping[str, Any]) -> str:
    """What is given beside tensors, as it is written: 2, dim=1."""
    shown = [_shown(a) for a in args if not isinstance(a, torch.Tensor)]
    shown += [f"{key}={_shown(x)}" for key, x in options.items()]
    return ", ".join(filter(None, shown))


def _shown(x: Any) -> str:
    if isinstance(x, torch.Tensor) or x is None:
        return ""
    if isinstance(x, slice):
        step = "" if x.step is None else f":{x.step}"
        return ":".join("" if n is None else str(n) for n in (x.start, x.stop)) + step
    if isinstance(x, (list, tuple)):
        return f"({', '.join(filter(None, map(_shown, x)))})" if any(map(_shown, x)) else ""
    if isinstance(x, (bool, int, float, str)):
        return str(x)
    if isinstance(x, (torch.dtype, torch.device)):
        return str(x).removeprefix("torch.")
    return type(x).__name__


def storage(t: Any) -> int:
    """What is the same of a tensor and its views."""
    return t.untyped_storage()._cdata


def written_into(func: Any, args: Any, kwargs: Mapping[str, Any]) -> list[Any]:
    """The tensors that an operation of ATen's writes into, as its schema says."""
    arguments = func._schema.arguments
    given = {a.name: x for a, x in zip(arguments, args)} | dict(kwargs)
    return [given[a.name] for a in arguments if a.alias_info is not None and a.alias_info.is_write
            and isinstance(given.get(a.name), torch.Tensor)]
