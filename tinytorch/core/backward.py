"""The backward pass: topological order, then gradients from the result back to the leaves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from . import errors
from .pole_warnings import PoleWarnings, is_risky
from .tensor import Mutation, Tensor, float64, operands, raw, wrap
from .vjp import NOTHING, Contribution, contributions, fit

Masks = dict[Tensor, NDArray[np.bool_]]            # elements reached only through dead branches
by_stamp = attrgetter("stamp")
ONE, ZERO = float64(1.0), float64(0.0)


# The order of the pass.

def topological(*roots: Tensor) -> list[Tensor]:
    """Return all tensors the roots are made of, roots included, in order of creation.

    Linear, except for a sort of the stamps; no recursion.
    """
    seen = dict.fromkeys(roots)
    stack = list(seen)
    while stack:
        for a in operands(stack.pop()):
            if a not in seen:
                seen[a] = None
                stack.append(a)
    return sorted(seen, key=by_stamp)


def recorded(root: Tensor) -> list[Tensor]:
    """Return the results root is made of, root included, the youngest first.

    topological() without leaves and reversed, at twice its speed: this is the engine's hot path.
    Raises RuntimeError if data changed after an op used it.
    """
    if root._op is None:
        return []
    order = [root]
    seen = {root}
    for t in order:                                  # grows during the loop
        x, y = t._x, t._y
        if x._op is not None and x not in seen:
            seen.add(x)
            order.append(x)
        if y is not None:
            for a in (y,) if y.__class__ is not tuple else y:
                if a._op is not None and a not in seen:
                    seen.add(a)
                    order.append(a)
    order.sort(key=by_stamp, reverse=True)
    check_unchanged(order)
    return order


def check_unchanged(order: Sequence[Tensor]) -> None:
    """Raise RuntimeError if an operand of a result changed later; order: youngest first."""
    if Mutation.latest < order[-1].stamp:
        return
    for t in order:
        for a in operands(t):
            if a._extras().get("mutated", 0) > (a if a._op is not None else t).stamp:
                name = f"{a.name!r}" if a.name else f"of shape {a.shape}"
                raise RuntimeError(
                    f"{errors.prefix()}the tensor {name} was changed after {t._op.__name__} "
                    "used it: its derivative there is lost. Change data between passes, or compute "
                    "the result again after the change")


# Its start.

def seed(root: Tensor, grad: Any) -> Any:
    """Return the gradient to start from, as an array of root's shape: a copy of grad, or 1."""
    if not root.requires_grad:
        raise ValueError(f"{errors.prefix()}nothing to differentiate: the result depends "
                         "on no tensor with requires_grad (was it made under no_grad, or of "
                         "constants?)")
    if grad is None:
        if isinstance(root._data, float64):
            return ONE
        if root._data.size != 1:
            raise ValueError(
                f"{errors.prefix()}backward() needs a number to start from, this is a tensor "
                f"of shape {root.shape}: say what is summed, .sum().backward(), or give a gradient "
                "of that shape, backward(np.ones(...))")
        return np.ones_like(root._data)[()]
    grad = np.asarray(raw(grad))
    if grad.shape != root.shape:
        if not grad.size == 1 == root.size:
            raise ValueError(f"{errors.prefix()}the gradient given has shape {grad.shape}, "
                             f"the result {root.shape}")
        grad = grad.reshape(root.shape)
    return grad.astype(root._data.dtype)[()]         # a copy: it may become a leaf's gradient


def _seed_tensor(root: Tensor, grad: Any) -> Tensor:
    """Return the gradient to start from as a tensor, recorded if it was."""
    if isinstance(grad, Tensor) and grad.shape == root.shape and root.requires_grad:
        return grad
    return wrap(seed(root, grad))


# The pass itself: at full speed, into the tensors' grad; or step by step, into a dictionary.

def backward(self: Tensor, grad: Any = None, *, create_graph: bool = False) -> None:
    """Add the derivative of this with respect to every leaf to the leaf's grad.

    Intermediate results keep the gradient of this pass alone. The graph is kept.

    grad: the gradient to start from, in this tensor's shape; by default 1, for a single element.
    create_graph: record the gradients, so that they can be differentiated again.
    Raises ValueError if grad is missing or does not fit, RuntimeError if data that an op used has
    changed since.
    """
    if create_graph:
        found = {self: _seed_tensor(self, grad)}
        for t, g, _ in steps(self, found, True):
            t._grad = g
        for t in topological(self):
            if t.requires_grad and t._op is None:
                c, old = found.get(t), t.grad
                c = wrap(np.zeros_like(t._data)) if c is None else c
                t._grad = c if old is None else old + c
        return
    order = recorded(self)
    g = seed(self, grad)
    if not order:
        old = raw(self._grad)
        self._grad = g if old is None else old + g
        return
    for t in order:
        t._grad = None
    self._grad = g
    for a in propagate(order, {}):
        if a.requires_grad and a._grad is None:
            a._grad = ZERO if isinstance(a._data, float64) else np.zeros_like(a._data)[()]


Tensor.backward = backward


def propagate(order: Sequence[Tensor], dead: Masks) -> list[Tensor]:
    """Send gradients through results, youngest first; return operands that got nothing from an op.

    dead: filled with the masks of elements that no live path reaches.
    """
    unreached: list[Tensor] = []
    warnings = None
    number, tensor = float64, Tensor
    try:
        for t in order:
            g = t._grad
            op: Any = t._op
            try:
                rules = op.fast_local
            except AttributeError:                   # an op class in the tutorial's style
                rules = None
            if g is None:                            # reached only through dead branches
                if t.requires_grad:
                    unreached.extend(operands(t))
                continue
            if warnings is None and (rules is None or op.risky) and is_risky(t):
                warnings = PoleWarnings()
                warnings.enter()
            if warnings is not None:
                warnings.tensor = t
            if rules is None or dead:
                args = operands(t)
                for a, (c, mask) in zip(args, contributions(t, args, g, dead.get(t), False)):
                    if c is None:
                        unreached.append(a)
                        continue
                    old = raw(a._grad)
                    if a._op is not None:
                        merge_masks(dead, a, old is None, mask)
                    a._grad = c if old is None else old + c
                continue
            # The same for the common ops of one and two operands, written out: the engine's hot
            # path. As a loop over the operands it takes 20 % longer.
            x, y = t._x, t._y
            xd = x._data
            yd: Any = None if y is None else y._data
            if x.requires_grad:
                rule = rules[0]
                c = ((g if rule == 1 else -g) if rule.__class__ is int else
                     g*(rule(t._data, xd) if y is None else rule(t._data, xd, yd)))
                if (c.__class__ is not number or xd.__class__ is not number) and (
                        c.shape != xd.shape or c.dtype != xd.dtype):
                    c = fit(c, x)
                old = x._grad
                x._grad = (c if old is None else old + c if old.__class__ is not tensor
                           else old._data + c)
            if y is not None and y.requires_grad:
                rule = rules[1]
                c = ((g if rule == 1 else -g) if rule.__class__ is int else
                     g*rule(t._data, xd, yd))
                if (c.__class__ is not number or yd.__class__ is not number) and (
                        c.shape != yd.shape or c.dtype != yd.dtype):
                    c = fit(c, y)
                old = y._grad
                y._grad = (c if old is None else old + c if old.__class__ is not tensor
                           else old._data + c)
    finally:
        if warnings is not None:
            warnings.leave()
    return unreached


def steps(root: Tensor, found: dict[Tensor, Any], graph: bool
          ) -> Iterator[tuple[Tensor, Any, list[Contribution]]]:
    """Yield every result, its finished gradient (None: nothing flows) and its contributions.

    found: holds root's own gradient, and is filled with those of all tensors; no grad changes.
    graph: the gradients are tensors, and recorded.
    """
    dead: Masks = {}
    warnings = PoleWarnings()
    for t in recorded(root):
        if not t.requires_grad:
            continue
        g = found.get(t)
        args = operands(t)
        if g is None:
            yield t, None, [NOTHING]*len(args)
            continue
        warnings.tensor = t
        if is_risky(t):                              # per step: the consumer runs in between
            warnings.enter()
        try:
            sent = contributions(t, args, g, dead.get(t), graph)
        finally:
            warnings.leave()
        yield t, g, sent
        for a, (c, mask) in zip(args, sent):
            if c is not None:
                old = found.get(a)
                merge_masks(dead, a, old is None, mask)
                found[a] = c if old is None else old + c


def merge_masks(dead: Masks, a: Tensor, first: bool, mask: NDArray[np.bool_] | None) -> None:
    """Record the elements of a reached only through dead branches: all of its paths must agree."""
    if first:
        if mask is not None:
            dead[a] = mask
    elif a in dead:
        if mask is None:
            del dead[a]
        else:
            dead[a] = dead[a] & mask


@overload
def gradients(root: Tensor, inputs: Tensor, grad: Any = None, *, create_graph: bool = False
              ) -> Tensor: ...


@overload
def gradients(root: Tensor, inputs: Sequence[Tensor], grad: Any = None, *,
              create_graph: bool = False) -> list[Tensor]: ...


def gradients(root: Tensor, inputs: Tensor | Sequence[Tensor], grad: Any = None, *,
              create_graph: bool = False) -> Tensor | list[Tensor]:
    """Return the derivatives of root with respect to the inputs; no tensor's grad is touched.

    inputs: a tensor, or a sequence of them (a list comes back). An input root does not depend on
    has gradient 0. With create_graph the gradients are recorded and can be differentiated again.
    Raises as backward() does.
    """
    found: dict[Tensor, Any] = {
        root: _seed_tensor(root, grad) if create_graph else seed(root, grad)}
    for _ in steps(root, found, create_graph):
        pass
    out = []
    for t in [inputs] if isinstance(inputs, Tensor) else inputs:
        c = found.get(t)
        c = np.zeros_like(t._data)[()] if c is None else c
        out.append(c if isinstance(c, Tensor) else wrap(c))
    return out[0] if isinstance(inputs, Tensor) else out
