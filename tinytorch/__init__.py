"""tinytorch: tensors that remember how they were made, and differentiate what made them."""

from __future__ import annotations

from typing import Any

from . import ops
from .backward import (backward_steps, gradients, local_derivatives, topological)
from .errors import EngineWarning
from .numpy_protocol import PLAIN as _PLAIN
from .op import Op, apply, find as _find, functions, notation
from .tensor import Function, Tensor, constant, enable_grad, no_grad, scope, stamp

_NAMES = ["EngineWarning", "Function", "Op", "Tensor", "apply", "backward_steps", "constant",
          "enable_grad", "gradients", "local_derivatives", "no_grad", "notation", "ops", "scope",
          "stamp", "topological"]
_LAZY = {                        # what not every program needs: name -> file
    "check_gradients": "check", "samples": "check",
}


def __getattr__(name: str) -> Any:
    if name == "__all__":
        ops.load()
        return sorted({*_NAMES, *_LAZY, "np",
                       *(n for n, f in functions.items() if n not in _SHADOWING)})
    if name in _LAZY:
        from importlib import import_module
        return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
    if name == "np":
        import numpy
        return numpy
    if name[:1] != "_":
        function = _find(name)
        if function is not None:
            return function
    raise AttributeError(f"tinytorch has no {name!r}")


# Python's own; `from tinytorch import *` leaves them, tinytorch.sum and tinytorch.abs are there.
_SHADOWING = frozenset("abs all any divmod max min pow round sum".split())


def __dir__() -> list[str]:
    return __getattr__("__all__")
