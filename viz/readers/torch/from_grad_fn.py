"""The graph of a live PyTorch tensor, read from its `grad_fn`."""

from __future__ import annotations

import re
from typing import Any

import torch
from torch.autograd.graph import GradientEdge

from ...graph import Graph, Value
from ...run.execute import Run
from ...run.targets import Target
from ...tape.tape import Call, State, Tape, graph
from .tensor_facts import value

SAVED = {"_saved_self": 0, "_saved_input": 0, "_saved_other": 1, "_saved_mat2": 1}
MISSING = ("read from grad_fn: autograd keeps no names, and of the values those that backward "
           "needs; viz.trace(f, x) records them all")


def read(root: Any) -> Graph:
    """Return the graph that autograd recorded up to a tensor.

    Values are those of leaves and those saved for backward. Gradients are shown once backward() was
    run: those of leaves, and of intermediate tensors with retained gradients.  Linear in the graph.
    """
    order = _nodes(root)
    tape = Tape(note=MISSING)
    made: dict[Any, State] = {}   # (node, output) -> state
    for node in order:
        if hasattr(node, "variable"):
            t = node.variable
            leaf = State(len(tape.made), value(t), "parameter" if isinstance(t, torch.nn.Parameter)
                         else "input", differentiable=True)
            if t.grad is not None:
                leaf.grad = value(t.grad)
                tape.graded = True
            tape.made.append(leaf)
            made[node, 0] = leaf
    inputs = [m for m in tape.made if m.kind == "input"]
    weights = [m for m in tape.made if m.kind == "parameter"]
    for leaves, letter in ((inputs, "x"), (weights, "w")):
        for i, leaf in enumerate(leaves):
            leaf.name = letter if len(leaves) == 1 else f"{letter}_{i + 1}"
    for node in order:
        if not hasattr(node, "variable"):
            _call(node, made, tape)
    if root.grad_fn is None:
        only = State(len(tape.made), value(root), "input", "x", differentiable=root.requires_grad)
        tape.made.append(only)
        final = only
    else:
        final = made[root.grad_fn, root.output_nr]
        final.data = value(root)
    tape.outputs = [final]
    if tape.graded and root.grad_fn is not None:
        _grads(root, made)
    target = Target("graph", read, (), {})
    return graph(tape, Run(target, {}, root, {}, {}, (), ()), {})


def _nodes(root: Any) -> list[Any]:
    """Return the autograd nodes in topological order. Without recursion.  Source: Kahn, 1962."""
    if root.grad_fn is None:
        return []
    order, seen, stack = [], set(), [(root.grad_fn, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack += [(n, False) for n, _ in reversed(node.next_functions)
                      if n is not None and n not in seen]
    return order


def _call(node: Any, made: dict[Any, State], tape: Tape) -> None:
    """Record one autograd node as a call, and the tensors it made."""
    name = re.sub(r"Backward\d*$", "", node.name().rpartition("::")[2])
    name = re.sub(r"(?<=[a-z\d])(?=[A-Z])", "_", name).lower()
    operands = []
    kept = {place: _saved(node, attribute) for attribute, place in SAVED.items()
            if hasattr(type(node), attribute)}
    for i, edge in enumerate(node.next_functions):
        t = kept.get(i)
        if edge[0] is None:
            if t is not None:
                operands.append(State(len(tape.made), value(t), "constant"))
                tape.made.append(operands[-1])
            continue
        if edge not in made:     # an output of several that was not met yet
            made[edge] = _state(edge, tape)
        operand = made[edge]
        if t is not None and operand.data.items is None and tuple(t.shape) == operand.data.shape:
            operand.data = value(t)
        operands.append(operand)
    call = Call(name, tuple(operands))
    for i in range(len(node._input_metadata)):
        state = made.setdefault((node, i), _state((node, i), tape))
        state.call = call
        call.outputs.append(state)
    result = _saved(node, "_saved_result") if hasattr(type(node), "_saved_result") else None
    if result is not None and len(call.outputs) == 1:
        call.outputs[0].data = value(result)


def _state(edge: Any, tape: Tape) -> State:
    node, i = edge
    about = node._input_metadata[i]
    made = State(len(tape.made), Value(tuple(about.shape), str(about.dtype).removeprefix("torch.")),
                 differentiable=True)
    tape.made.append(made)
    return made


def _saved(node: Any, attribute: str) -> Any:
    try:
        t = getattr(node, attribute)
    except RuntimeError:         # freed by backward(), or written into since
        return None
    return t if isinstance(t, torch.Tensor) else None


def _grads(root: Any, made: dict[Any, State]) -> None:
    """Record the gradients of intermediate tensors, if retained; leaves keep their own."""
    wanted = [(edge, m) for edge, m in made.items() if m.call is not None]
    try:
        found = torch.autograd.grad(root, [GradientEdge(*edge) for edge, _ in wanted],
                                    torch.ones_like(root), retain_graph=True, allow_unused=True)
    except RuntimeError:         # backward() has freed it
        return
    for (_, m), grad in zip(wanted, found):
        if grad is not None:
            m.grad = value(grad)
