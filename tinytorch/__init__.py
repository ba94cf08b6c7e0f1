"""tinytorch: tensors that record their computation, and differentiate it."""

from __future__ import annotations

from functools import partial as _partial
from importlib import import_module as _import_module
from typing import Any

if __name__ == "tinytorch":            # found on the path by its short name, in a checkout
    import tinyviz
    tinyviz.short_names.lend(__name__)

from . import ops
from . import numpy_protocol as _numpy_protocol  # noqa: F401  numpy's functions work from here on
from .core.backward import gradients, topological
from .core.edges import backward_steps, local_derivatives
from .core.errors import EngineWarning
from .core.functions import find_function as _find_function, functions, loaders as _loaders
from .core.grad_mode import enable_grad, no_grad, scope, stamp
from .core.op import Op, apply, notation
from .core.tensor import Function, Tensor, constant

__all__ = ["EngineWarning", "Function", "Op", "Tensor", "apply", "backward_steps", "constant",
           "enable_grad", "gradients", "local_derivatives", "no_grad", "notation", "ops", "scope",
           "stamp", "topological"]
_LOADED: list[str] = globals().pop("__all__")      # __getattr__ returns the complete list

for _name in _LOADED:            # their public module: pickles do not depend on the file
    if _name != "ops":
        globals()[_name].__module__ = ops.__name__.removesuffix(".ops")

_MODULES = ("functional", "nn", "optim")
_LAZY = {                        # imported on first use: name -> file
    "check_gradients": "check", "GradientError": "check",
    **dict.fromkeys(("grad", "value_and_grad", "jacobian", "hessian", "vjp", "jvp"),
                    "core.differentiate"),
    "taylor": "series.jets", "derivatives": "series.jets",
}
_loaders[:] = [ops.load, *(_partial(_import_module, f"..{file}", ops.__package__)
                           for file in ("convolution", "functional", "losses"))]


def __getattr__(name: str) -> Any:
    if name == "__all__":
        for load in _loaders:
            load()
        return sorted({*_LOADED, *_LAZY, *_MODULES, "np",
                       *(n for n, f in functions.items() if n not in _SHADOWING)})
    if name in _LAZY:
        return getattr(_import_module(f"{__name__}.{_LAZY[name]}"), name)
    if name in _MODULES:
        return _import_module(f"{__name__}.{name}")
    if name == "np":
        import numpy
        return numpy
    if name[:1] != "_":
        function = _find_function(name)
        if function is not None:
            return function
    if name in _LEFT_OUT:
        raise AttributeError(f"tinytorch leaves out {name}: it has no derivative here")
    raise AttributeError(f"tinytorch has no {name!r}")


# Python's built-ins, which `from tinytorch import *` keeps; tinytorch.sum and .abs exist.
_SHADOWING = frozenset("abs all any divmod max min pow round sum".split())


# Functions that other engines differentiate and this one does not: the error mentions it.
_LEFT_OUT = frozenset("""fft ifft rfft irfft fft2 fftn eig eigh eigvals eigvalsh svd svdvals qr pinv
    lstsq expm solve_triangular j0 j1 jv jn y0 y1 yv i0 i0e i1 i1e iv k0 k1 kv ive kve beta betaln
    betainc gammainc gammaincc zeta ellipk ellipe lambertw expi exp1 expn sici shichi fresnel dawsn
    quad odeint root lstm ctc_loss""".split())


def __dir__() -> list[str]:
    names: list[str] = __getattr__("__all__")
    return names
