"""The edges of PyTorch's autograd graph: the tensor state behind each, and its gradient."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

import torch
from torch.autograd.graph import GradientEdge

from ...run.targets import user_code
from ...tape.tape import Call, State
from .modules import Modules
from .tensor_facts import FLOATS, ValueCache, each, written

REENTRANT = "CheckpointFunctionBackward"           # works under backward() alone


class Edges:
    """Maps states to autograd edges; records the contributions of each call by hooks on its nodes.
    """

    def __init__(self) -> None:
        self.states: dict[Any, State] = {}          # (autograd node, output) -> the state it made
        self.of: dict[int, Any] = {}               # stamp -> that edge
        self._leaves: dict[int, Any] = {}          # id of a parameter -> its edge
        self._uses: dict[Any, int] = {}            # edge -> number of its uses by autograd nodes
        self._hits: list[_Sender] = []
        self._sent: dict[Any, tuple[Call, Any]] = {}       # (id of call, operand) -> call, tensor
        self._handles: list[Any] = []

    def prepare(self, leaves: Sequence[Any]) -> None:
        """Look up the edges of parameters together: one by one takes longer."""
        leaves = [t for t in leaves if t.requires_grad]
        if leaves and not torch.is_inference_mode_enabled():
            with torch.enable_grad():
                node: Any = _Sink.apply(*leaves).grad_fn
            self._leaves = dict(zip(map(id, leaves), node.next_functions))

    def forget(self, t: Any) -> None:
        """Forget the edge of a tensor with new data: of another type it has another edge."""
        self._leaves.pop(id(t), None)

    def add(self, made: State, t: Any) -> None:
        """Set the state of a tensor, and make it require a gradient if one can flow to it."""
        edge = self._leaves.get(id(t)) or edge_of(t)
        made.differentiable = edge is not None
        if edge is None:
            return
        self.states[edge] = made
        self.of[made.stamp] = edge

    def known(self, t: Any) -> bool:
        return edge_of(t) in self.states

    def watch(self, call: Call, roots: list[Any]) -> list[Any]:
        """Find the autograd nodes of a call that send a gradient to its operands; return all its
        nodes."""
        where: dict[Any, list[int]] = {}
        for i, a in enumerate(call.args):
            edge = self.of.get(a.stamp)
            if edge is not None:
                where.setdefault(edge, []).append(i)
        states, uses = self.states, self._uses
        inside, stack, seen = [], list(roots), set(roots)
        while stack:
            node = stack.pop()
            inside.append(node)
            hits = []
            for j, edge in enumerate(node.next_functions):
                if edge[0] is None:
                    continue
                uses[edge] = uses.get(edge, 0) + 1
                if edge in where:
                    hits.append((j, edge))
                elif edge not in states and edge[0] not in seen:
                    seen.add(edge[0])
                    stack.append(edge[0])
            if hits:
                self._hits.append(_Sender(call, node, hits, where))
        return inside

    def _send_hooks(self, alone: Collection[Any]) -> list[tuple[Call, int, Any]]:
        """Add hooks that record the gradients along all edges but those `alone`.

        Returns for those: the call, its operand, the edge.
        """
        found = []
        for call, node, hits, where in self._hits:
            found += [(call, where[edge][0], edge) for _, edge in hits if edge in alone]
            told = [hit for hit in hits if hit[1] not in alone]
            if told:
                self._handles.append(node.register_hook(self._send_hook(call, told, where)))
        return found

    def _send_hook(self, call: Call, hits: list[Any], where: Mapping[Any, list[int]]
                   ) -> Callable[[Any, Any], None]:
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
        return sent

    def backward(self, roots: list[Any], modules: Modules, *, changed: bool = False
                 ) -> list[tuple[State, Any]]:
        """Run one backward pass from ones at the roots: gradients of states, contributions of
        calls.

        changed: whether hooks of the user's may change a gradient on arrival.
        Returns the reached states with their gradients. Raises RunError if backward fails.
        """
        roots = [t for t in roots if t.requires_grad and edge_of(t) is not None]
        if not roots:
            return []
        for t in roots:          # the seed of a root is one more use
            self._uses[edge_of(t)] = self._uses.get(edge_of(t), 0) + 1
        wanted = [(edge, made) for edge, made in self.states.items() if made.data.dtype in FLOATS]
        reentrant = any(node.name() == REENTRANT for node, _ in self.states)
        alone = {edge for edge, _ in wanted if self._uses.get(edge) == 1} \
            if not (reentrant or changed) else set()       # of one use: gradient = contribution
        told = self._send_hooks(alone)
        with user_code("backward"):
            grads = (self._reentrant if reentrant else self._gradients)(
                roots, [edge for edge, _ in wanted], modules)
        found = [(made, grad) for (_, made), grad in zip(wanted, grads) if grad is not None]
        stated = ValueCache()        # the gradient of a single use is its contribution
        for (made, _), of in zip(found, stated.values([grad for _, grad in found])):
            made.grad = of
        arrived = {edge: made.grad for (edge, made), grad in zip(wanted, grads)
                   if grad is not None and not grad.is_meta}
        for call, i, edge in told:
            sent = arrived.get(edge)
            if sent is not None:
                call.sent[i] = sent
        others = [(call, i, grad) for (_, i), (call, grad) in self._sent.items()
                  if not grad.is_meta]
        for (call, i, _), of in zip(others, stated.values([grad for _, _, grad in others])):
            call.sent[i] = of
        return found

    def _gradients(self, roots: list[Any], edges: list[Any], modules: Modules) -> Sequence[Any]:
        """Return the gradient at each edge, from ones at the roots; None without a gradient."""
        roots, seeds = seeded(roots)
        found: Sequence[Any] = torch.autograd.grad(
            roots, [GradientEdge(*edge) for edge in edges], seeds, allow_unused=True)
        return found

    def _reentrant(self, roots: list[Any], edges: list[Any], modules: Modules) -> Sequence[Any]:
        """Return the same for reentrant checkpoints, which need backward(). It changes the tensors'
        own grad, which is restored when `modules` is closed."""
        found: dict[Any, Any] = {}
        leaves = {}
        for edge in edges:
            def arrived(grads: Any, edge: Any = edge) -> None:
                found[edge] = grads[edge[1]]
            if hasattr(edge[0], "variable"):
                leaves[edge] = edge[0].variable
            else:
                self._handles.append(edge[0].register_prehook(arrived))
        for t in modules.keep_grads(leaves.values()):
            t.grad = None
        roots, seeds = seeded(roots)
        torch.autograd.backward(roots, seeds)
        found |= {edge: t.grad for edge, t in leaves.items()}
        return [found.get(edge) for edge in edges]

    def changed_in_place(self) -> Call | None:
        """Return the last call that saved a tensor for backward which was written into afterwards.
        """
        return next((call for call, node, *_ in reversed(self._hits) if written(node)), None)

    def close(self) -> None:
        """Remove all hooks."""
        for handle in self._handles:
            handle.remove()
        self._handles = []


def seeded(roots: Sequence[Any]) -> tuple[list[Any], list[Any] | None]:
    """Return the tensors and seeds to call backward with for ones at the roots: sums if possible.

    For explicit seeds PyTorch compares shapes, which imports all of sympy.
    """
    if all(t.is_floating_point() for t in roots):
        with torch.enable_grad():
            return [t if t.numel() == 1 else t.sum() for t in roots], None
    return list(roots), [torch.ones_like(t) for t in roots]


def edge_of(t: Any) -> Any:
    """Return the edge that carries a tensor's gradient: its autograd node, and the output's number.

    None for a view made in no_grad: it claims to require a gradient, but none flows.
    """
    node = t.grad_fn
    if node is not None:
        return node, t.output_nr
    if torch.is_inference_mode_enabled():          # where no view has a node
        with torch.inference_mode(False):
            return edge_of(t)
    with contextlib.nullcontext() if torch.is_grad_enabled() else torch.enable_grad():
        node = t.view_as(t).grad_fn.next_functions[0][0]       # of a leaf: made on demand
    return None if node is None else (node, 0)


class _Sink(torch.autograd.Function):
    """A function of many tensors without a result: its node has the edges of all."""

    @staticmethod
    def forward(ctx: Any, *tensors: Any) -> Any:
        return torch.empty(0)


class _Sender(NamedTuple):
    """An autograd node of a call that sends gradients to operands of the call."""

    call: Call
    node: Any
    edges: list[tuple[int, Any]]           # position among the node's edges, edge
    operands: Mapping[Any, list[int]]      # edge -> the operands it leads to


class Replay(NamedTuple):
    """An elementwise call, to be repeated."""

    call: Call
    func: Callable[..., Any]
    args: Sequence[Any]          # tensors, in their state at the call, and numbers
    swapped: bool                # whether the operands of the call are in reverse order
    shape: tuple[int, ...]       # of the result


def local_derivatives(again: Sequence[Replay]) -> None:
    """Set the local derivatives of elementwise calls, per operand, in the shape of the result.

    All calls of one function are repeated together, concatenated into one long array.
    """
    alike: dict[Any, list[Replay]] = {}
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
            roots, seeds = seeded([func(*leaves)])
            found = iter(torch.autograd.grad(roots, by, seeds, allow_unused=True))
        rows = [next(found) if isinstance(a, torch.Tensor) and a.requires_grad else None
                for a in leaves]
        sizes = [prod(c.shape) for c in calls]
        columns = [[None] * len(calls) if row is None else
                   each([part.view(c.shape) for part, c in
                         zip(row.contiguous().split(sizes), calls)])
                   for row in rows]
        for c, local in zip(calls, zip(*columns)):
            c.call.local = tuple(reversed(local)) if c.swapped else local
