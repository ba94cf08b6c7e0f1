"""numpy's own functions on tensors: np.sin(x), np.ones(3)*x, np.sum(x); gradients are kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .core import errors
from .core.functions import find_function, functions
from .core.tensor import Tensor, raw

# Functions without derivatives: of shapes, counts, truth values, indices, new arrays.
WITHOUT_GRADIENT = frozenset("""
    shape ndim size result_type can_cast common_type iscomplexobj isrealobj min_scalar_type
    zeros_like ones_like full_like empty_like argmax argmin nanargmax nanargmin argsort argpartition
    argwhere nonzero flatnonzero count_nonzero searchsorted digitize lexsort
    all any alltrue sometrue isclose allclose array_equal array_equiv isin in1d iscomplex isreal
    isposinf isneginf may_share_memory shares_memory array_repr array_str array2string bincount
    isnan isinf isfinite signbit isnat broadcast_shapes histogram_bin_edges
    savetxt save savez savez_compressed matrix_rank""".split())

REDUCTIONS = {("add", "reduce"): "sum", ("multiply", "reduce"): "prod",
              ("maximum", "reduce"): "max", ("minimum", "reduce"): "min",
              ("add", "accumulate"): "cumsum",
              ("multiply", "accumulate"): "cumprod", ("maximum", "accumulate"): "cummax",
              ("minimum", "accumulate"): "cummin"}


def _array_ufunc(self: Tensor, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
    name = ufunc.__name__
    if method == "__call__" and not options and name in functions:
        return functions[name](*inputs)
    if options.get("out") is not None:
        at = errors.location()
        quoted = f"{at.quoted()}: " if at.expression else ""
        raise TypeError(f"{at.prefix}{quoted}a tensor's result cannot be stored in a plain "
                        "array, the gradient would be dropped. Write y = y + x instead of y += x "
                        "or out=y")
    options.pop("out", None)
    if method == "__call__":
        function = find_function(name)
        if function is not None and not options:
            return function(*inputs)
        if name in WITHOUT_GRADIENT:
            return ufunc(*map(raw, inputs), **options)
    elif (name, method) in REDUCTIONS:
        function = find_function(REDUCTIONS[name, method])
        if function is not None:
            axis = options.pop("axis", 0)
            options.pop("dtype", None)
            return function(*inputs, axis=axis, **options)
    elif method == "outer" and find_function(name):
        x, y = (a if isinstance(a, Tensor) else np.asarray(a) for a in inputs)
        return functions[name](functions["reshape"](x, (*x.shape, *(1,)*y.ndim)), y)
    if not any(isinstance(a, Tensor) and a.requires_grad for a in inputs):
        return getattr(ufunc, method)(*map(_raw, inputs), **options)
    written = f"numpy.{name}" + ("" if method == "__call__" else f".{method}")
    raise _no_derivative(written, name, options)


def _array_function(self: Tensor, function: Callable[..., Any], types: Any, args: Any,
                    options: Any) -> Any:
    name = function.__name__
    if name not in WITHOUT_GRADIENT:
        ours = functions.get(name) or find_function(name)
        if ours is not None:
            if options.get("out") is not None:
                raise TypeError(f"{errors.prefix()}numpy.{name}(..., out=) would drop the "
                                "gradient: use the value it returns")
            return ours(*args, **options)
        if _tracked(args) or _tracked(options.values()):
            raise _no_derivative(f"{function.__module__}.{name}", name, {})
    return function(*map(_raw, args), **{key: _raw(v) for key, v in options.items()})


def _raw(value: Any) -> Any:
    """Replace tensors by their arrays, inside lists and tuples too."""
    if isinstance(value, (list, tuple)):
        return type(value)(map(_raw, value))
    return raw(value)


def _tracked(values: Any) -> bool:
    return any(v.requires_grad if isinstance(v, Tensor) else
               isinstance(v, (list, tuple)) and _tracked(v) for v in values)


def _no_derivative(written: str, name: str, options: Any) -> TypeError:
    import difflib
    at = errors.location()
    if options:
        return TypeError(f"{at.prefix}{written} of a tensor takes no "
                         f"{', '.join(f'{key}=' for key in options)}")
    near = difflib.get_close_matches(name.removeprefix("nan"), functions, 1, 0.75)
    hint = f"; the nearest that has is tinytorch.{near[0]}" if near else ""
    return TypeError(f"{at.prefix}{written} has no derivative in tinytorch{hint}. "
                     "If the gradient is to stop here, hand it x.detach()")


Tensor.__array_ufunc__ = _array_ufunc
Tensor.__array_function__ = _array_function
