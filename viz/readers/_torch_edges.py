"""The edges of PyTorch's autograd graph: the state of a tensor each stands for, what it carries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

import torch
from torch.autograd.graph import GradientEdge, get_gradient_edge

from ._tape import Call, Made
from ._torch_modules import Modules
from ._torch_values import FLOATS, Stated, value

REENTRANT = "CheckpointFunctionBackward"           # works under backward() alone


class Edges:
    """Knows the edge of each state that has one; has the nodes of each call tell what they send."""

    def __init__(self) -> None:
        self.states: dict[Any, Made] = {}          # (autograd node, output) -> the state it made
        self.of: dict[int, Any] = {}               # stamp -> that edge
        self._sent: dict[Any, tuple[Call, Any]] = {}       # (id of call, operand) -> call, tensor
        self._handles: list[Any] = []

    def add(self, made: Made, t: Any) -> None:
        """The tensor is now in this state."""
        edge = edge_of(t)
        self.states[edge] = made
        self.of[made.stamp] = edge

    def known(self, t: Any) -> bool:
        return edge_of(t) in self.states

    def watch(self, call: Call, roots: list[Any]) -> list[Any]:
        """Have each autograd node of a call tell what it sends to the operands. Those nodes."""
        where: dict[Any, list[int]] = {}
        for i, a in enumerate(call.args):
            edge = self.of.get(a.stamp)
            if edge is not None:
                where.setdefault(edge, []).append(i)
        inside, stack, seen = [], list(roots), set(roots)
        while stack:
            node = stack.pop()
            inside.append(node)
            hits = []
            for j, edge in enumerate(node.next_functions):
                if edge in where:
                    hits.append((j, edge))
                elif edge[0] is not None and edge not in self.states and edge[0] not in seen:
                    seen.add(edge[0])
                    stack.append(edge[0])
            if hits:
                self._tell(call, node, hits, where)
        return inside

    def _tell(self, call: Call, node: Any, hits: list[Any], where: Mapping[Any, list[int]]
              ) -> None:
        def sent(grads: Any, _: Any) -> None:
            turn: dict[Any, int] = {}
            for j, edge in hits:
                grad = grads[j] if j < len(grads) else None
                operands = where[edge]
                i = operands[min(turn.get(edge, 0), len(operands) - 1)]
                turn[edge] = turn.get(edge, 0) + 1
                if grad is not None:
                    _, old = self._sent.get((id(call), i), (call, None))
                    self._sent[id(call), i] = call, grad if old is None else old + grad
        self._handles.append(node.register_hook(sent))

    def backward(self, roots: list[Any], modules: Modules) -> list[tuple[Made, Any]]:
        """One backward pass from ones at the roots: gradients of states, contributions of calls.

        Returns the states that a gradient has reached, with it.
        """
        found = [(made, grad) for made, grad in self._gradients(roots, modules) if grad is not None]
        stated = Stated()        # a gradient of one use is what that use sends
        for made, grad in found:
            made.grad = stated.value(grad)
        for (_, i), (call, sent) in self._sent.items():
            if not sent.is_meta:
                call.sent[i] = stated.value(sent)
        return found

    def _gradients(self, roots: list[Any], modules: Modules) -> list[tuple[Made, Any]]:
        """The gradient of each state, from ones at the roots; None where nothing flows.

        No tensor's own grad is changed in the end: reentrant checkpoints need backward(), which
        does, and then they are put back when `modules` is closed.
        """
        wanted = [(edge, made) for edge, made in self.states.items() if made.data.dtype in FLOATS]
        roots = [t for t in roots if t.requires_grad]
        if not roots:
            return [(made, None) for _, made in wanted]
        seeds = [torch.ones_like(t) for t in roots]
        if not any(node.name() == REENTRANT for node, _ in self.states):
            grads: Any = torch.autograd.grad(roots, [GradientEdge(*edge) for edge, _ in wanted],
                                             seeds, allow_unused=True)
            return [(made, grad) for (_, made), grad in zip(wanted, grads)]
        found: dict[Any, Any] = {}
        leaves = {}
        for edge, _ in wanted:
            def arrived(grads: Any, edge: Any = edge) -> None:
                found[edge] = grads[edge[1]]
            if hasattr(edge[0], "variable"):
                leaves[edge] = edge[0].variable
            else:
                self._handles.append(edge[0].register_prehook(arrived))
        for t in modules.keep_grads(leaves.values()):
            t.grad = None
        torch.autograd.backward(roots, seeds)
        found |= {edge: t.grad for edge, t in leaves.items()}
        return [(made, found.get(edge)) for edge, made in wanted]

    def close(self) -> None:
        """Take every hook off."""
        for handle in self._handles:
            handle.remove()
        self._handles = []


def edge_of(t: Any) -> tuple[Any, int]:
    """The edge that carries a tensor's gradient: its autograd node, the output of it."""
    edge: Any = get_gradient_edge(t)
    return edge[0], edge[1]


class Again(NamedTuple):
    """An elementwise call, to be made once more."""

    call: Call
    func: Callable[..., Any]
    args: Sequence[Any]          # tensors, as they were, and numbers
    swapped: bool                # whether the operands of the call stand the other way round
    shape: tuple[int, ...]       # of the result


def local_derivatives(again: Sequence[Again]) -> None:
    """Give elementwise calls their local derivatives, per operand and of the shape of the result.

    All calls of one function are made at once, one after the other in one long array.
    """
    alike: dict[Any, list[Again]] = {}
    for one in again:
        kinds = tuple([a.dtype if isinstance(a, torch.Tensor) else (type(a), a) for a in one.args])
        alike.setdefault((one.func, kinds), []).append(one)
    for (func, kinds), calls in alike.items():
        leaves = []
        for i, kind in enumerate(kinds):
            if not isinstance(kind, torch.dtype):
                leaves.append(kind[1])
                continue
            parts = [c.args[i] if c.args[i].shape == c.shape else c.args[i].expand(c.shape)
                     for c in calls]
            leaf = torch.cat([part.reshape(-1) for part in parts])
            leaves.append(leaf.requires_grad_(leaf.is_floating_point() or leaf.is_complex()))
        with torch.enable_grad():
            by = [a for a in leaves if isinstance(a, torch.Tensor) and a.requires_grad]
            out = func(*leaves)
            found = iter(torch.autograd.grad(out, by, torch.ones_like(out), allow_unused=True))
        rows = [next(found) if isinstance(a, torch.Tensor) and a.requires_grad else None
                for a in leaves]
        sizes = [prod(c.shape) for c in calls]
        columns = [[None] * len(calls) if row is None else
                   [value(part.view(c.shape)) for part, c in zip(row.split(sizes), calls)]
                   for row in rows]
        for c, local in zip(calls, zip(*columns)):
            c.call.local = tuple(reversed(local)) if c.swapped else local
