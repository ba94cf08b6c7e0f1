"""Reads what tinytorch recorded: the `_ctx` links from a tensor back to its leaves, as a Graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from ... import tinytorch
from ...tinytorch import formula
from ...tinytorch.backward import Cotangents, cotangents
from ...tinytorch.tensor import operands, raw

from .. import text
from ..branches import Branch, branches
from ..graph import Graph, Value
from ..run import Run
from ..source import Target
from ..text import plus
from ..tracer import Place
from . import _columns
from ._columns import FORMULAS, Grads
from ._facts import value
from ._names import Known

TITLE = 60                       # an expression of more characters is left out of a title
DEEP = 60                        # so is one of more ops in a graph of more than FORMULAS
TERMS = 6                        # so many terms of a sum are written out
PRIMES = "′" * 12
RESULTS = 3                      # the derivatives of so many arguments stand under the picture
SUMMED = "grad is that of the sum of the output's elements"


def read(root: Any) -> Graph:
    """The graph that ends at a tensor; gradients and contributions where backward() was run."""
    tensors = tinytorch.topological(root)
    if root.grad is None:
        return _columns.read(tensors, Known(), None)
    grads = _backward(tensors, root.grad.data)
    slot: Any = tinytorch.Tensor.__dict__["_grad"].__get__
    total: dict[Any, Any] = {}
    for tensor in tensors:
        try:
            grad = slot(tensor)
        except AttributeError:                     # no backward pass has come here
            continue
        if grad is not None:
            total[tensor] = raw(grad)
    return _columns.read(tensors, Known(), grads._replace(total=total))


def read_run(run: Run, *, grad: bool = True, order: int = 1) -> Graph:
    """The graph of a run. With grad, backward is run from its result (from ones, of an array).

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
        return {} if place is None else whereabouts(place, run, ways)

    def passes(stamps: Sequence[int]) -> list[int]:
        nth = [0, *[place.nth if place is not None and
                    run.lines.get((place.file, place.line), 1) > 1 else 0 for place in run.places]]
        return [nth[i] for i in np.searchsorted(run.stamps, stamps, side="right").tolist()]

    few = len(tensors) <= FORMULAS
    forms = formula.Written(dict(run.names), expand=True, ops=None if few else DEEP)
    if few:
        for tensor in tensors:
            forms.name(tensor)
    known = Known(run.target.stem, run.inputs, run.names, about, passes,
                  _facts(run, tensors, forms.text(root), grads, order, ways))
    return _columns.read(tensors, known, grads)


def whereabouts(place: Place, run: Run, ways: Sequence[Branch]) -> dict[str, Any]:
    """Where a tensor was made: its line, the pass of the loop, the branch."""
    about: dict[str, Any] = {"line": str(place)}
    if run.lines.get((place.file, place.line), 1) > 1:
        about["pass"] = place.nth
    inside = [way for way in ways if way.file == place.file and way.first <= place.line <= way.last]
    if inside:                   # the innermost
        way = max(inside, key=lambda way: way.first)
        about["branch"] = way.test if way.taken else f"not ({way.test})"
    return about


def _derivative(run: Run) -> Any:
    """The derivative of a run's result by its first argument, as a tensor with a graph."""
    root, argument = run.result, next(iter(run.inputs.values()))
    if not root.requires_grad:
        return tinytorch.constant(np.zeros_like(argument.data))
    seed = None if root.size == 1 else np.ones_like(root.data)
    return tinytorch.gradients(root, argument, seed, create_graph=True)


def _backward(tensors: Sequence[Any], seed: Any) -> Grads:
    """One pass from the last; nothing but its own gradient where nothing leads on from it."""
    root = tensors[-1]
    leads = root.requires_grad and root._op is not None
    sent = cotangents(tensors, seed) if leads else Cotangents({root: seed}, {})
    return Grads(sent.found, sent)


def _facts(run: Run, tensors: Sequence[Any], written: str, grads: Grads | None, order: int,
           ways: Sequence[Branch]) -> dict[str, Any]:
    """The title of the picture, and the derivatives it has come to."""
    data = {name: value(tensor.data) for name, tensor in run.inputs.items()}
    facts: dict[str, Any] = {"title": headline(run.target, data, written, order)}
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
                    for a, c in zip(operands(tensor), grads.sent.sent(tensor))
                    if a is given and c is not None)
            found[name] = (list(islice(uses, TERMS + 1)),
                           float(np.ravel(grads.total.get(given, 0.0))[0]))
        facts["results"] = derivatives(run.target, found, order)
    return facts


def _called(target: Target) -> str:
    """What a picture calls a function: its name; f where it has none."""
    return target.name if target.file and target.name != "<lambda>" else "f"


def headline(target: Target, inputs: Mapping[str, Value], written: str, order: int = 1) -> str:
    """The title of a picture: f(x) = x³ + x at x = 1.2; of params.w and params.b net(params)."""
    name = _called(target)
    arguments = dict.fromkeys(n.partition(".")[0] for n in inputs)
    head = (f"{name}{PRIMES[:order - 1]}({', '.join(arguments)})"
            + (f" = {written}" if written and len(written) <= TITLE and "…" not in written else ""))
    at = ", ".join(f"{n} = {text.given(v)}" for n, v in inputs.items())
    return head + (f" at {at}" if at and all(v.size == 1 for v in inputs.values()) else "")


def derivatives(target: Target, found: Mapping[str, tuple[Sequence[float], float]], order: int = 1
                ) -> tuple[str, ...]:
    """What a scalar function's derivatives have come to: df/dx = 1.44 + 1 = 2.44.

    found: argument -> what its uses send back, and their sum.
    """
    name = _called(target)
    d, short = "∂" if len(found) > 1 else "d", name if len(name) <= 3 else "f"
    up = "" if order == 1 else text.superscript(order)
    if order > 1 and len(found) > 1:               # a mixed derivative, named for what it is of
        short, up = f"({d}{short}/{d}{next(iter(found))})", ""
    return tuple(f"{d}{up}{short}/{d}{argument}{up}{chain(terms)} = {text.number(total)}"
                 for argument, (terms, total) in list(found.items())[:RESULTS])


def chain(terms: Sequence[float]) -> str:
    """The chain rule's sum, written out where it is short: = 1.44 + 1.44 + 1.44 + 1."""
    return f" = {plus(terms)}" if 2 <= len(terms) <= TERMS else ""
