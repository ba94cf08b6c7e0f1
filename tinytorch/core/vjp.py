"""The vector-Jacobian product of one op: from the gradient of its result to its operands'."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .functions import functions
from .grad_mode import no_grad
from .op import Op
from .tensor import Tensor, as_tensor, float64, raw, wrap

# The flow to an operand: its contribution, None for nothing; its mask of dead elements, or None.
Contribution = tuple[Any, NDArray[np.bool_] | None]
NOTHING: Contribution = (None, None)


def contributions(z: Tensor, args: Sequence[Tensor], g: Any, dead: NDArray[np.bool_] | None,
                  graph: bool) -> list[Contribution]:
    """Return the contributions of the op that made z to each of its operands.

    g: the gradient of z, an array, or with `graph` a Tensor: then the result is recorded.
    dead: the elements of z that a later `where` (or maximum ...) did not select. There an
    elementwise op contributes 0 whatever its derivative, so that the branch not taken cannot
    produce a nan.
    """
    op, params = z._op, z._params or {}
    if not (isinstance(op, type) and issubclass(op, Op) and (op.local or op.vjp)):
        return _custom_contributions(z, args, g, graph)
    values: Sequence[Any] = args if graph else [a._data for a in args]
    result = z if graph else z._data
    sent: list[Contribution] = []
    for i, a in enumerate(args):
        c = mask = None
        if not a.requires_grad:
            pass
        elif op.local:                               # the chain rule: 1, -1, 0, None or a function
            rule = op.local[i]
            if rule.__class__ is int or rule is None:
                slope = rule
                c = g if rule == 1 else -g if rule == -1 else None
            else:
                slope = rule(result, *values, **params)
                c = g*slope
            if c is not None and (op.selects or dead is not None):
                c, mask = _masked(op, slope, c, dead, a)
        elif op.vjp.__class__ is not tuple:
            c = op.vjp(i, g, result, *values, **params)
        elif op.vjp[i]:
            c = op.vjp[i](g, result, *values, **params)
        sent.append(NOTHING if c is None else (fit(c, a), mask))
    return sent


def _masked(op: type[Op], slope: Any, c: Any, dead: NDArray[np.bool_] | None, a: Tensor
            ) -> Contribution:
    """Return a contribution of an elementwise op with zeros where nothing flows to operand a."""
    mask = dead
    if op.selects:
        if slope.__class__ is float64:               # rank 0: all of it, or nothing
            if slope == 0:
                return NOTHING
        else:
            unselected = raw(slope) == 0
            mask = unselected if dead is None else unselected | dead
    if mask is None or not mask.any():
        return c, None
    if mask.all():
        return NOTHING
    c = np.where(mask, 0.0, c)
    return c, _unbroadcast_mask(np.broadcast_to(mask, c.shape), a._data.shape)


def _custom_contributions(z: Tensor, args: Sequence[Tensor], g: Any, graph: bool
                          ) -> list[Contribution]:
    """contributions() of an op class in the tutorial's style, from its own backward(ctx, grad)."""
    op = z._op
    if graph:
        grads = op.backward(z._ctx, g)
    else:
        with no_grad():
            grads = op.backward(z._ctx, wrap(g))
    if not isinstance(grads, (tuple, list)):
        grads = (grads,)
    if len(grads) != len(args):
        raise ValueError(f"{op.__name__}.backward returned {len(grads)} gradients for "
                         f"{len(args)} operands")
    sent: list[Contribution] = []
    for c, a in zip(grads, args):
        if c is None or not a.requires_grad:
            sent.append(NOTHING)
            continue
        c = as_tensor(c, a)
        try:
            sent.append((fit(c if graph else c._data, a), None))
        except ValueError:
            raise ValueError(f"{op.__name__}.backward returned a gradient of shape {c.shape} for "
                             f"an operand of shape {a.shape}") from None
    return sent


# Reversal of numpy's broadcasting and promotion of the operands.

def fit(c: Any, a: Tensor) -> Any:
    """Return a contribution in the shape and the float type of its operand."""
    shape = a._data.shape
    if c.shape != shape:
        c = unbroadcast(c, shape) if c.ndim >= len(shape) and np.broadcast_shapes(
            c.shape, shape) == c.shape else np.broadcast_to(c, shape)
    if c.dtype != a._data.dtype:
        c = functions["astype"](c, a._data.dtype) if isinstance(c, Tensor) else (
            c.astype(a._data.dtype))
    return c


def unbroadcast(c: Any, shape: tuple[int, ...]) -> Any:
    """Sum c over the axes along which broadcasting repeated an operand of that shape."""
    axes = _broadcast_axes(c.shape, shape)
    if axes:
        c = np.sum(c, axis=axes, keepdims=True)
    return np.reshape(c, shape) if c.shape != shape else c


def _unbroadcast_mask(mask: NDArray[np.bool_], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return the mask of an operand that was broadcast: dead where all its copies are."""
    axes = _broadcast_axes(mask.shape, shape)
    return mask.all(axis=axes, keepdims=True).reshape(shape) if axes else mask


def _broadcast_axes(wide: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the axes of `wide` along which an operand of `shape` was repeated."""
    extra = len(wide) - len(shape)
    return (*range(extra), *(i + extra for i, n in enumerate(shape)
                             if n == 1 and wide[i + extra] != 1))
