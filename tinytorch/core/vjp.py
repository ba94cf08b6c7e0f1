"""Vjp: what one op sends back to its operands, given the cotangent of its result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .grad_mode import no_grad
from .op import Op
from .tensor import Tensor, as_tensor, float64, functions, raw, wrap


def unbroadcast(c: Any, shape: tuple[int, ...]) -> Any:
    """Sum c over the axes along which broadcasting repeated an operand of that shape."""
    extra = c.ndim - len(shape)
    axes = tuple(range(extra)) + tuple(
        i + extra for i, n in enumerate(shape) if n == 1 and c.shape[i + extra] != 1)
    if axes:
        c = np.sum(c, axis=axes, keepdims=True)
    return np.reshape(c, shape) if c.shape != shape else c


def fit(c: Any, a: Tensor) -> Any:
    """A contribution in the shape and the float type of the operand it goes to."""
    shape = a._data.shape
    if c.shape != shape:
        c = unbroadcast(c, shape) if c.ndim >= len(shape) and np.broadcast_shapes(
            c.shape, shape) == c.shape else np.broadcast_to(c, shape)
    if c.dtype != a._data.dtype:
        c = functions["astype"](c, a._data.dtype) if isinstance(c, Tensor) else (
            c.astype(a._data.dtype))
    return c


def contributions(op: Any, z: Tensor, args: Sequence[Tensor], params: dict[str, Any] | None,
                  g: Any, dead: Any, graph: bool) -> list[tuple[Any, Any]]:
    """Per operand, what backward sends there and the mask of elements nothing flows to.

    g: the cotangent of the result z, an array, or a Tensor with `graph`. dead: where z's elements
    were not selected by a `where` (or maximum ...) further on; there an elementwise op sends 0
    whatever its derivative is, so that the branch not taken cannot make a nan.
    """
    params = params or {}
    local: Any = getattr(op, "local", None)
    vjp: Any = getattr(op, "vjp", None)
    if not (local or vjp) or not (isinstance(op, type) and issubclass(op, Op)):
        return custom_contributions(op, z, args, params, g, graph)
    values: Sequence[Any] = args if graph else [a._data for a in args]
    result: Any = z if graph else z._data
    out: list[tuple[Any, Any]] = []
    for i, a in enumerate(args):
        mask = None
        if not a.requires_grad:
            out.append((None, None))
            continue
        if local:
            rule = local[i]
            if rule is None or rule == 0:
                out.append((None, None))
                continue
            if rule.__class__ is int:
                d: Any = rule
                c = g if d == 1 else -g if d == -1 else g * float(d)
            else:
                d = rule(result, *values, **params)
                c = g * d
            mask = dead
            if op.selects and d.__class__ is float64:
                if d == 0:
                    out.append((None, None))
                    continue
            elif op.selects:
                unselected = raw(d) == 0
                mask = unselected if dead is None else unselected | dead
            if mask is not None:
                if mask.all():
                    out.append((None, None))
                    continue
                if not mask.any():
                    mask = None
                else:
                    c = np.where(mask, 0.0, c)
                    mask = _unbroadcast_mask(np.broadcast_to(mask, c.shape), a._data.shape)
        elif vjp.__class__ is tuple:
            if vjp[i] is None:
                out.append((None, None))
                continue
            c = vjp[i](g, result, *values, **params)
        else:
            c = vjp(i, g, result, *values, **params)
        out.append((None, None) if c is None else (fit(c, a), mask))
    return out


def _unbroadcast_mask(mask: Any, shape: tuple[int, ...]) -> Any:
    """The mask of an operand that was broadcast: dead where all its copies are."""
    extra = mask.ndim - len(shape)
    axes = tuple(range(extra)) + tuple(
        i + extra for i, n in enumerate(shape) if n == 1 and mask.shape[i + extra] != 1)
    return mask.all(axis=axes, keepdims=True).reshape(shape) if axes else mask


def custom_contributions(op: Any, z: Tensor, args: Sequence[Tensor], params: dict[str, Any],
                         g: Any, graph: bool) -> list[tuple[Any, Any]]:
    """contributions() of an op class in the tutorial's style, from its own backward(ctx, grad)."""
    ctx: Any = z._ctx
    if graph:
        grads = op.backward(ctx, g)
    else:
        with no_grad():
            grads = op.backward(ctx, wrap(g))
    if not isinstance(grads, (tuple, list)):
        grads = (grads,)
    if len(grads) != len(args):
        raise ValueError(f"{op.__name__}.backward returned {len(grads)} gradients for "
                         f"{len(args)} operands")
    out: list[tuple[Any, Any]] = []
    for c, a in zip(grads, args):
        if c is None or not a.requires_grad:
            out.append((None, None))
            continue
        c = as_tensor(c, a)
        try:
            out.append((fit(c if graph else c._data, a), None))
        except ValueError:
            raise ValueError(f"{op.__name__}.backward returned a gradient of shape {c.shape} for "
                             f"an operand of shape {a.shape}") from None
    return out
