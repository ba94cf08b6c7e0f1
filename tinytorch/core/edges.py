"""Local derivatives and gradient contributions, edge by edge, for pictures and checks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from .backward import Masks, check_unchanged, propagate, seed, steps
from .grad_mode import enable_grad
from .op import Op, apply
from .tensor import Tensor, as_tensor, operands
from .vjp import contributions


def local_derivatives(tensor: Tensor) -> tuple[Any, ...]:
    """Return the local derivative by each operand of an elementwise op, in the result's shape.

    None if the op is not elementwise (matmul, sum ...) or the operand is a constant. For an op
    class in the tutorial's style: the result of its backward for a gradient of ones.
    """
    op, args, params = tensor._op, operands(tensor), tensor._params or {}
    if not (isinstance(op, type) and issubclass(op, Op)):
        if op is None or not tensor.requires_grad:
            return (None,)*len(args)
        ones = np.ones_like(tensor._data)[()]
        return tuple(c if c is None or c.shape == tensor.shape else None
                     for c, _ in contributions(tensor, args, ones, None, False))
    if not op.local:
        return (None,)*len(args)
    out: list[Any] = []
    values = [a._data for a in args]
    with np.errstate(all="ignore"):
        for a, rule in zip(args, op.local):
            if rule is None or not a.requires_grad:
                out.append(None)
                continue
            d = rule if rule.__class__ is int else rule(tensor._data, *values, **params)
            d = np.asarray(d, dtype=tensor.dtype)
            out.append(np.broadcast_to(d, tensor.shape)[()])
    return tuple(out)


def backward_steps(root: Tensor, grad: Any = None
                   ) -> Iterator[tuple[Tensor, Any, tuple[Any, ...]]]:
    """Yield backward() one result at a time: (tensor, its gradient, contributions).

    In reverse order of creation, for every result root depends on; nothing is changed. The gradient
    is complete: it includes the contributions of all uses, and is 0 if reached only through dead
    branches. The contributions are those to the operands, summed over broadcast axes; None if
    nothing flows. The numbers equal those of backward() bit for bit.
    """
    for t, g, sent in steps(root, {root: seed(root, grad)}, False):
        if g is None:
            g = np.zeros_like(t._data)[()]
        yield t, g, tuple([c for c, _ in sent])


class BackwardPass(NamedTuple):
    """The gradients of one backward pass; contributions are computed on request."""

    gradients: dict[Tensor, Any]                     # of all tensors reached
    dead: Masks

    def contributions(self, tensor: Tensor, snapshot: Tensor | None = None) -> tuple[Any, ...]:
        """Return the contributions to a result's operands, as `backward_steps` does.

        snapshot: the tensor with its operands' data during the pass, if that has changed since.
        """
        g, z = self.gradients.get(tensor), tensor if snapshot is None else snapshot
        args = operands(z)
        if g is None or not tensor.requires_grad:
            return (None,)*len(args)
        with np.errstate(all="ignore"):
            sent = contributions(z, args, g, self.dead.get(tensor), False)
        return tuple([c for c, _ in sent])


def backward_pass(tensors: Sequence[Tensor], grad: Any = None) -> BackwardPass:
    """Make one pass at the speed of backward(), without changing any tensor's grad.

    tensors: all tensors that the last of them is made of, in the order of `topological`.
    """
    root = tensors[-1]
    start = seed(root, grad)
    order = [t for t in reversed(tensors) if t._op is not None]
    if not order:
        return BackwardPass({root: start}, {})
    check_unchanged(order)
    kept = []
    slot: Any = Tensor.__dict__["_grad"].__get__
    for t in tensors:
        try:
            kept.append(slot(t))
        except AttributeError:
            kept.append(slot)                        # none yet
        t._grad = None
    dead: Masks = {}
    try:
        root._grad = start
        propagate(order, dead)
        found = {t: g for t in tensors if (g := t._grad) is not None}
    finally:
        for t, old in zip(tensors, kept):
            if old is slot:
                del t._grad
            else:
                t._grad = old
    return BackwardPass(found, dead)


def _op_backward(cls: type[Op], ctx: Any, grad: Any) -> tuple[Any, ...]:
    """Return the operands' gradients for the result's, as tensors; None: nothing flows."""
    with enable_grad():
        z = apply(cls, *ctx.args, **ctx.params)
    if not z.requires_grad:
        return (None,)*len(ctx.args)
    return tuple(c for c, _ in contributions(z, ctx.args, as_tensor(grad), None, True))


Op.backward = classmethod(_op_backward)
