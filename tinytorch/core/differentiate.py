"""Functions to functions: grad, value_and_grad, jacobian, hessian, vjp, jvp."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import errors
from .backward import gradients
from .functions import functions
from .tensor import Tensor, raw, wrap


def _leaves(args: Any) -> tuple[list[Any], bool]:
    """Return the arguments as tensors, and whether the caller differentiates through them."""
    nested = any(isinstance(a, Tensor) and a.requires_grad for a in args)
    return [a if isinstance(a, Tensor) else
            Tensor(a) if np.asarray(a).dtype.kind in "fiub" else a for a in args], nested


def _called(f: Callable[..., Any], args: list[Any], options: dict[str, Any]) -> Tensor:
    y = f(*args, **options)
    if not isinstance(y, Tensor):
        raise TypeError(f"{errors.prefix()}the function to differentiate returned "
                        f"{type(y).__name__}, not a tensor")
    return y


def _derivatives(y: Tensor, args: list[Any], argnums: Any, graph: bool, cotangent: Any = None
                 ) -> Any:
    single = isinstance(argnums, int)
    wanted = [args[i] for i in ((argnums,) if single else argnums)]
    for t in wanted:
        if not isinstance(t, Tensor) or t.dtype.kind != "f":
            raise TypeError(f"cannot differentiate with respect to {t!r:.60}")
    if not y.requires_grad:
        found = [wrap(np.zeros_like(t._data)) for t in wanted]
    else:
        found = gradients(y, wanted, cotangent, create_graph=graph)
    return found[0] if single else tuple(found)


def value_and_grad(f: Callable[..., Any], argnums: Any = 0) -> Callable[..., Any]:
    """Return a function that returns f's value and its gradient by the argnums-th argument(s).

    f returns a number. For tensor arguments the gradient is recorded, so that calls nest.
    """
    def both(*args: Any, **options: Any) -> tuple[Any, Any]:
        args_, nested = _leaves(args)
        y = _called(f, args_, options)
        return y, _derivatives(y, args_, argnums, nested)
    return both


def grad(f: Callable[..., Any], argnums: Any = 0) -> Callable[..., Any]:
    """Return the gradient of f, which returns a number, as a function; grad(grad(f)) nests."""
    both = value_and_grad(f, argnums)
    return lambda *args, **options: both(*args, **options)[1]


def vjp(f: Callable[..., Any], *args: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """Return f(*args), and a function from its cotangent to the cotangents of all arguments."""
    args_, nested = _leaves(args)
    y = _called(f, args_, {})

    def pullback(cotangent: Any) -> tuple[Any, ...]:
        graph = nested or isinstance(cotangent, Tensor) and cotangent.requires_grad
        found: tuple[Any, ...] = _derivatives(y, args_, tuple(range(len(args_))), graph, cotangent)
        return found
    return y, pullback


def jvp(f: Callable[..., Any], primals: Any, tangents: Any) -> tuple[Any, Any]:
    """Return f(*primals) and its derivative along the tangents: the transposed (linear) vjp."""
    args, nested = _leaves(primals)
    y = _called(f, args, {})
    weight = Tensor(np.zeros_like(y._data))
    found = _derivatives(y, args, tuple(range(len(args))), True, weight)
    total: Any = 0.0
    for c, v in zip(found, tangents):
        total = total + functions["sum"](c*raw(v) if not isinstance(v, Tensor) else c*v)
    if not isinstance(total, Tensor) or not total.requires_grad:
        return y, wrap(np.zeros_like(y._data))
    return y, gradients(total, weight, create_graph=nested)


def jacobian(f: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """Return a function of all derivatives of f's elements by an argument's: (*f, *argument).

    One backward pass per element of f.
    """
    def rows(*args: Any, **options: Any) -> Any:
        args_, nested = _leaves(args)
        y = _called(f, args_, options)
        x = args_[argnums]
        out = []
        for i in range(y.size):
            unit = np.zeros(y.size, dtype=y.dtype)
            unit[i] = 1
            out.append(_derivatives(y, args_, argnums, nested, unit.reshape(y.shape)))
        if not out:
            return wrap(np.zeros((*y.shape, *x.shape)))
        if nested:
            return functions["reshape"](functions["stack"](out), (*y.shape, *x.shape))
        return wrap(np.stack([c._data for c in out]).reshape((*y.shape, *x.shape)))
    return rows


def hessian(f: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """Return a function of all second derivatives of f, which returns a number: (*x, *x)."""
    first = grad(f, argnums)

    def matrix(*args: Any, **options: Any) -> Any:
        args_, nested = _leaves(args)
        args_[argnums] = functions["positive"](args_[argnums])
        found = jacobian(first, argnums)(*args_, **options)
        return found if nested else found.detach()
    return matrix
