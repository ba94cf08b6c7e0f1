"""The backward pass: topological order, cotangents edge by edge, gradients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from . import errors
from .op import Op, apply
from .tensor import Mutation, Tensor, as_tensor, float64, operands, raw, wrap
from .vjp import contributions, custom_contributions, fit

by_stamp = attrgetter("stamp")
ONE, ZERO = float64(1.0), float64(0.0)


def topological(*roots: Tensor) -> list[Tensor]:
    """All tensors the roots are made of, roots included, in the order they were made.

    Linear but for a sort of the stamps; no recursion.
    """
    seen = dict.fromkeys(roots)
    stack = list(seen)
    while stack:
        for a in operands(stack.pop()):
            if a not in seen:
                seen[a] = None
                stack.append(a)
    return sorted(seen, key=by_stamp)


def _recorded(root: Tensor) -> list[Tensor]:
    """The recorded results root depends on, root included, the youngest first.

    Raises RuntimeError where data changed after an op used it.
    """
    if root._op is None:
        return []
    order: list[Any] = [root]
    seen = {root}
    for t in order:                                  # grows while it is walked
        x, y = t._x, t._y
        if x._op is not None and x not in seen:
            seen.add(x)
            order.append(x)
        if y is None:
            continue
        if y.__class__ is not tuple:
            if y._op is not None and y not in seen:
                seen.add(y)
                order.append(y)
        else:
            for a in y:
                if a._op is not None and a not in seen:
                    seen.add(a)
                    order.append(a)
    order.sort(key=by_stamp, reverse=True)
    if Mutation.latest > order[-1].stamp:
        _raise_if_mutated(order)
    return order


def _raise_if_mutated(order: list[Tensor]) -> None:
    for t in order:
        for a in operands(t):
            if a._extras().get("mutated", 0) > (a if a._op is not None else t).stamp:
                name = f"{a.name!r}" if a.name else f"of shape {a.shape}"
                raise RuntimeError(
                    f"{errors.prefix()}the tensor {name} was changed after {t._op.__name__} "
                    "used it: its derivative there is lost. Change data between passes, or compute "
                    "the result again after the change")


def _seed(root: Tensor, grad: Any) -> Any:
    """The cotangent to start from, as an array of root's shape."""
    if not root.requires_grad:
        raise ValueError(f"{errors.prefix()}nothing to differentiate: the result depends "
                         "on no tensor with requires_grad (was it made under no_grad, or of "
                         "constants?)")
    if grad is None:
        if root._data.__class__ is float64:
            return ONE
        if root._data.size != 1:
            raise ValueError(
                f"{errors.prefix()}backward() needs a number to start from, this is a tensor "
                f"of shape {root.shape}: say what is summed, .sum().backward(), or give a gradient "
                "of that shape, backward(np.ones(...))")
        return np.ones_like(root._data)[()]
    grad = raw(grad)
    if not isinstance(grad, (np.ndarray, np.generic)):
        grad = np.asarray(grad)
    if grad.shape != root.shape:
        if grad.size == 1 == root.size:
            grad = grad.reshape(root.shape)
        else:
            raise ValueError(f"{errors.prefix()}the gradient given has shape {grad.shape}, "
                             f"the result {root.shape}")
    return grad.astype(root._data.dtype)[()]         # a copy: it may become a leaf's gradient


def _seed_tensor(root: Tensor, grad: Any) -> Tensor:
    """The cotangent to start from as a tensor, recorded if it was."""
    if isinstance(grad, Tensor) and grad.shape == root.shape and root.requires_grad:
        return grad
    return wrap(_seed(root, grad))


class _PoleWarnings:
    """numpy's error state for one backward pass: a pole of a derivative is told once, with its op.

    Entered only when an op that has poles is met: entering costs as much as two ops.
    """

    def __init__(self) -> None:
        self.state: Any = None
        self.tensor: Any = None

    def enter(self) -> None:
        if np.geterr()["divide"] == "warn":
            self.state = np.errstate(divide="call", invalid="call", call=self.say)
            self.state.__enter__()
        else:
            self.state = np.errstate()
            self.state.__enter__()

    def leave(self) -> None:
        if self.state is not None:
            self.state.__exit__(None, None, None)
            self.state = None

    def say(self, kind: str, _: int) -> None:
        t = self.tensor
        what = "infinite" if kind.startswith("divide") else "not a number"
        name = getattr(t._op, "name", t._op.__name__)
        of = f" of {t.name!r}" if t.name else ""
        errors.warn(f"the derivative of {name}{of} is {what} here")


def _is_risky(t: Tensor) -> bool:
    """Whether the derivative of what made t may have a pole where t is."""
    risky = getattr(t._op, "risky", True)
    return risky(*[a._data for a in operands(t)]) if callable(risky) else risky


def backward(self: Tensor, grad: Any = None, *, create_graph: bool = False) -> None:
    """Add the derivative of this with respect to every leaf to the leaf's grad.

    Results in between show the gradient of this pass alone. The graph stays. grad: the cotangent to
    start from, in this tensor's shape; not needed where it has one element. With create_graph the
    gradients are recorded themselves, so that they can be differentiated again.
    Raises ValueError where grad is needed or does not fit, RuntimeError where data an op used was
    changed since.
    """
    if create_graph:
        found = {self: _seed_tensor(self, grad)}
        for t, g, _ in _steps(self, found, True):
            t._grad = g
        for t in topological(self):
            if t.requires_grad and t._op is None:
                c, old = found.get(t), t.grad
                c = wrap(np.zeros_like(t._data)) if c is None else c
                t._grad = c if old is None else old + c
        return
    order = _recorded(self)
    seed = _seed(self, grad)
    if not order:
        old = raw(self._grad)
        self._grad = seed if old is None else old + seed
        return
    for t in order:
        t._grad = None
    self._grad = seed
    for a in _propagate(order, {}):
        if a.requires_grad and a._grad is None:
            a._grad = ZERO if a._data.__class__ is float64 else np.zeros_like(a._data)[()]


def _propagate(order: list[Tensor], dead: dict[Tensor, Any]) -> list[Tensor]:
    """backward() through results, the youngest first; the operands some op sent nothing to.

    dead: is filled with the masks of elements that no path leads to.
    """
    stopped: list[Tensor] = []
    guard = None
    number, tensor = float64, Tensor
    try:
        for t in order:
            g = t._grad
            op: Any = t._op
            try:
                rules = op.plain
            except AttributeError:                   # an op class in the tutorial's style
                rules = None
            if rules is not None and not dead and g is not None:
                # pull() and the sum for one and two operands, written out: the engine's hot path
                x, y = t._x, t._y
                xd = x._data
                if op.risky and guard is None and _is_risky(t):
                    guard = _PoleWarnings()
                    guard.enter()
                if guard is not None:
                    guard.tensor = t
                if y is None:
                    rule = rules[0]
                    c = g*rule(t._data, xd) if rule.__class__ is not int else g if rule == 1 else -g
                else:
                    yd = y._data
                    cy = None
                    if y.requires_grad:
                        rule = rules[1]
                        cy = (g*rule(t._data, xd, yd) if rule.__class__ is not int
                              else g if rule == 1 else -g)
                        if (cy.__class__ is not number or yd.__class__ is not number) and (
                                cy.shape != yd.shape or cy.dtype != yd.dtype):
                            cy = fit(cy, y)
                    if not x.requires_grad:
                        old = y._grad
                        y._grad = (cy if old is None else old + cy if old.__class__ is not tensor
                                   else old._data + cy)
                        continue
                    rule = rules[0]
                    c = (g*rule(t._data, xd, yd) if rule.__class__ is not int
                         else g if rule == 1 else -g)
                if (c.__class__ is not number or xd.__class__ is not number) and (
                        c.shape != xd.shape or c.dtype != xd.dtype):
                    c = fit(c, x)
                old = x._grad
                x._grad = (c if old is None else old + c if old.__class__ is not tensor
                           else old._data + c)
                if y is not None and cy is not None:
                    old = y._grad
                    y._grad = (cy if old is None else old + cy if old.__class__ is not tensor
                               else old._data + cy)
                continue
            if not t.requires_grad:
                continue
            args = operands(t)
            if g is None:                            # only dead branches led here
                stopped.extend(args)
                continue
            if guard is None and _is_risky(t):
                guard = _PoleWarnings()
                guard.enter()
            if guard is not None:
                guard.tensor = t
            sent = contributions(op, t, args, t._params, g, dead.get(t), False)
            for a, (c, mask) in zip(args, sent):
                if c is None:
                    stopped.append(a)
                    continue
                old = raw(a._grad)
                if a._op is not None:
                    _merge_masks(dead, a, old is None, mask)
                a._grad = c if old is None else old + c
    finally:
        if guard is not None:
            guard.leave()
    return stopped


Tensor.backward = backward


class BackwardPass(NamedTuple):
    """What one backward pass found, by tensor, and what is asked of it later, edge by edge."""

    cotangents: dict[Tensor, Any]                    # of all tensors it has reached
    dead: dict[Tensor, Any]                          # masks: elements only dead branches lead to

    def contributions(self, tensor: Tensor, as_it_was: Tensor | None = None) -> tuple[Any, ...]:
        """The contributions to a result's operands, as `backward_steps` has them.

        as_it_was: the tensor with the data its operands had in the pass, where that was changed.
        """
        g, z = self.cotangents.get(tensor), tensor if as_it_was is None else as_it_was
        args = operands(z)
        if g is None or not tensor.requires_grad:
            return (None,) * len(args)
        with np.errstate(all="ignore"):
            sent = contributions(z._op, z, args, z._params, g, self.dead.get(tensor), False)
        return tuple([c for c, _ in sent])


def backward_pass(tensors: Sequence[Tensor], grad: Any = None) -> BackwardPass:
    """One backward pass as backward() makes it, at its speed; every tensor's grad is as before.

    tensors: all that the last of them is made of, as `topological` lists them.
    """
    root = tensors[-1]
    seed = _seed(root, grad)
    order = [t for t in reversed(tensors) if t._op is not None]
    if not order:
        return BackwardPass({root: seed}, {})
    if Mutation.latest > order[-1].stamp:
        _raise_if_mutated(order)
    was = []
    slot: Any = Tensor.__dict__["_grad"].__get__
    for t in tensors:
        try:
            was.append(slot(t))
        except AttributeError:
            was.append(slot)                         # none yet
        t._grad = None
    dead: dict[Tensor, Any] = {}
    try:
        root._grad = seed
        _propagate(order, dead)
        found = {t: g for t in tensors if (g := t._grad) is not None}
    finally:
        for t, old in zip(tensors, was):
            if old is slot:
                del t._grad
            else:
                t._grad = old
    return BackwardPass(found, dead)


def _steps(root: Tensor, found: dict[Tensor, Any], graph: bool
           ) -> Iterator[tuple[Tensor, Any, list[tuple[Any, Any]]]]:
    """The same pass, step by step, into `found` (at first root's own cotangent) instead of grad."""
    dead: dict[Tensor, Any] = {}
    guard = _PoleWarnings()
    for t in _recorded(root):
        if not t.requires_grad:
            continue
        g = found.get(t)
        args = operands(t)
        if g is None:
            yield t, None, [(None, None)] * len(args)
            continue
        guard.tensor = t
        if _is_risky(t):                                # per step: the consumer runs in between
            guard.enter()
        try:
            sent = contributions(t._op, t, args, t._params, g, dead.get(t), graph)
        finally:
            guard.leave()
        yield t, g, sent
        for a, (c, mask) in zip(args, sent):
            if c is None:
                continue
            old = found.get(a)
            _merge_masks(dead, a, old is None, mask)
            found[a] = c if old is None else old + c


def _merge_masks(dead: dict[Tensor, Any], a: Tensor, first: bool, mask: Any) -> None:
    """Note where nothing but branches not taken leads to a: all its paths must agree."""
    if first:
        if mask is not None:
            dead[a] = mask
    elif a in dead:
        if mask is None:
            del dead[a]
        else:
            dead[a] = dead[a] & mask


def backward_steps(root: Tensor, grad: Any = None
                   ) -> Iterator[tuple[Tensor, Any, tuple[Any, ...]]]:
    """backward(), one result at a time, changing nothing: (tensor, its cotangent, contributions).

    In reverse order of creation, for every result root depends on. The cotangent is finished: all
    that use the tensor have sent their share. Contributions are what goes to each operand, summed
    back over broadcasting; None where nothing flows. The numbers are those of backward(), to the
    bit. The cotangent is zero where only branches not taken lead.
    """
    seed = _seed(root, grad)
    for t, g, sent in _steps(root, {root: seed}, False):
        if g is None:
            g = np.zeros_like(t._data)[()]
        yield t, g, tuple([c for c, _ in sent])


def _op_backward(cls: type[Op], ctx: Any, grad: Any) -> tuple[Any, ...]:
    """The cotangents of the operands for that of the result, as tensors (None: nothing flows)."""
    z = apply(cls, *ctx.args, **ctx.params)
    g = as_tensor(grad)
    return tuple(c for c, _ in contributions(cls, z, ctx.args, ctx.params, g, None, True))


Op.backward = classmethod(_op_backward)


def local_derivatives(tensor: Tensor) -> tuple[Any, ...]:
    """Per operand the local derivative of the elementwise op that made it, in the result's shape.

    None where it has no elementwise meaning (matmul, sum ...) or the operand is a constant. Of an
    op class in the tutorial's style: what its backward sends for a gradient of ones.
    """
    op, args, params = tensor._op, operands(tensor), tensor._params or {}
    shape = tensor.shape
    if not (isinstance(op, type) and issubclass(op, Op)):
        if op is None or not tensor.requires_grad:
            return (None,) * len(args)
        ones = np.ones_like(tensor._data)[()]
        return tuple(c if c is not None and c.shape == shape else None
                     for c, _ in custom_contributions(op, tensor, args, params, ones, False))
    if not op.local:
        return (None,) * len(args)
    out: list[Any] = []
    values = [a._data for a in args]
    with np.errstate(all="ignore"):
        for a, rule in zip(args, op.local):
            if rule is None or not a.requires_grad:
                out.append(None)
                continue
            d = rule if rule.__class__ is int else rule(tensor._data, *values, **params)
            d = np.asarray(d, dtype=tensor.dtype)
            out.append(np.broadcast_to(d, shape)[()])
    return tuple(out)


def gradients(root: Tensor, inputs: Any, grad: Any = None, *, create_graph: bool = False) -> Any:
    """The derivatives of root with respect to the inputs; no tensor's grad is touched.

    inputs: a tensor, or a sequence of them (a list comes back). An input root does not depend on
    has gradient 0. With create_graph the gradients are recorded and can be differentiated again.
    Raises as backward() does.
    """
    single = isinstance(inputs, Tensor)
    wanted = [inputs] if single else list(inputs)
    seed = _seed_tensor(root, grad) if create_graph else _seed(root, grad)
    found: dict[Tensor, Any] = {root: seed}
    for _ in _steps(root, found, create_graph):
        pass
    out = []
    for t in wanted:
        c = found.get(t)
        c = np.zeros_like(t._data)[()] if c is None else c
        out.append(c if isinstance(c, Tensor) else wrap(c))
    return out[0] if single else out
