"""Read what tinytorch recorded: the `_ctx` links from a tensor back to its leaves, as a Graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from .... import tinytorch
from ....tinytorch import formula
from ....tinytorch.core.edges import BackwardPass, backward_pass
from ....tinytorch.core.tensor import operands, raw
from ...graph import Graph
from ...graph.size_limits import FORMULA_OPS
from ...run.branches import Branch, branches
from ...run.execute import Run, run
from ...run.targets import Target
from ...tape.array_facts import value
from ...tape.names import RunInfo
from ...tape.summary import SUMMED, TERMS, derivatives, place_facts, title
from . import snapshot
from .snapshot import Grads

RELATED_PACKAGES = ("tinyviz",)
DEEP = 60                        # so is one of more ops in a graph of more than FORMULA_OPS


def read(root: Any) -> Graph:
    """Return the graph that ends at a tensor, with gradients and contributions if backward() was
    run."""
    tensors = tinytorch.topological(root)
    if root.grad is None:
        return snapshot.read(tensors, RunInfo(), None)
    grads = _backward(tensors, root.grad.data)
    slot: Any = tinytorch.Tensor.__dict__["_grad"].__get__
    total: dict[Any, Any] = {}
    for tensor in tensors:
        try:
            grad = slot(tensor)
        except AttributeError:                     # not reached by a backward pass
            continue
        if grad is not None:
            total[tensor] = raw(grad)
    return snapshot.read(tensors, RunInfo(), grads._replace(total=total))


def trace(target: Target, point: Mapping[str, Any], *, seconds: float, grad: bool = True,
          order: int = 1) -> Graph:
    """Run a function of tensors at a point and return its graph. Raises what `run` raises."""
    return read_run(run(target, point, seconds=seconds), grad=grad, order=order)


def read_run(run: Run, *, grad: bool = True, order: int = 1) -> Graph:
    """Return the graph of a run. With grad, backward is run from its result (from ones, of an
    array).

    order: 2 reads the graph of the derivative with respect to the first argument in place of that
    of f, so that its grad is the second derivative, and so on. No tensor's own grad is touched.
    """
    for _ in range(order - 1):
        run = run._replace(result=_derivative(run))
    root = run.result
    tensors = tinytorch.topological(root)
    grads = _backward(tensors, np.ones_like(root.data)) if grad else None
    ways = branches(run)

    def about(stamp: int) -> Mapping[str, Any]:
        place = run.place(stamp)
        return {} if place is None else place_facts(place, run, ways)

    def passes(stamps: Sequence[int]) -> list[int]:
        nth = [0, *[place.nth if place is not None and
                    run.lines.get((place.file, place.line), 1) > 1 else 0 for place in run.places]]
        return [nth[i] for i in np.searchsorted(run.stamps, stamps, side="right").tolist()]

    few = len(tensors) <= FORMULA_OPS
    forms = formula.ExpressionWriter(dict(run.names), expand=True, ops=None if few else DEEP)
    if few:
        for tensor in tensors:
            forms.name(tensor)
    known = RunInfo(run.target.stem, run.inputs, run.names, about, passes,
                    _facts(run, tensors, forms.text(root), grads, order, ways))
    return snapshot.read(tensors, known, grads)


def _derivative(run: Run) -> Any:
    """Return the derivative of a run's result by its first argument, as a tensor with a graph."""
    root, argument = run.result, next(iter(run.inputs.values()))
    if not root.requires_grad:
        return tinytorch.constant(np.zeros_like(argument.data))
    seed = None if root.size == 1 else np.ones_like(root.data)
    return tinytorch.gradients(root, argument, seed, create_graph=True)


def _backward(tensors: Sequence[Any], seed: Any) -> Grads:
    """Run one pass from the last tensor; return just its own gradient if it has no operands."""
    root = tensors[-1]
    leads = root.requires_grad and root._op is not None
    sent = backward_pass(tensors, seed) if leads else BackwardPass({root: seed}, {})
    return Grads(sent.gradients, sent)


def _facts(run: Run, tensors: Sequence[Any], written: str, grads: Grads | None, order: int,
           ways: Sequence[Branch]) -> dict[str, Any]:
    """Return the title of the picture, and the derivatives as results."""
    data = {name: value(tensor.data) for name, tensor in run.inputs.items()}
    facts: dict[str, Any] = {"title": title(run.target, data, written, order)}
    skipped = tuple(str(way) for way in ways if way.other)
    if skipped:
        facts["branches"] = skipped
    if grads and run.result.size != 1:
        facts["results"] = (SUMMED,)
    elif grads and all(tensor.size == 1 for tensor in run.inputs.values()):
        found = {}
        for name, given in run.inputs.items():
            uses = (float(np.ravel(c)[0]) for tensor in tensors
                    if any(a is given for a in operands(tensor))
                    for a, c in zip(operands(tensor), grads.sent.contributions(tensor))
                    if a is given and c is not None)
            found[name] = (list(islice(uses, TERMS + 1)),
                           float(np.ravel(grads.total.get(given, 0.0))[0]))
        facts["results"] = derivatives(run.target, found, order)
    return facts
