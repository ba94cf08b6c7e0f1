"""Reads what tinytorch recorded: the `_ctx` links from a tensor back to its leaves, as a Graph."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

import tinytorch
from tinytorch import formula

from .. import text
from ..branches import Branch, branches
from ..graph import ITEMS, Edge, Graph, Node, Stats, Value
from ..run import Place, Run
from ..source import Target
from ..text import plus
from ._ids import Ids

TITLE = 60                       # an expression of more characters is left out of a title
LONG = 26                        # an expression of more characters gets a name: v₁
FORMULAS = 400                   # a graph of more ops states no formulas on its edges
TERMS = 6                        # so many terms of a sum are written out
PRIMES = "′" * 12
RESULTS = 3                      # the derivatives of so many arguments stand under the picture
SUMMED = "grad is that of the sum of the output's elements"


class Known(NamedTuple):
    """What is known of a run beside its tensors."""

    name: str = "graph"
    inputs: Mapping[str, Any] = {}
    names: Mapping[int, str] = {}              # stamp -> name
    about: Mapping[int, Mapping[str, Any]] = {}            # stamp -> line, pass, branch
    facts: Mapping[str, Any] = {}


class Grads(NamedTuple):
    """One backward pass: by stamp the gradients, and what is sent along each edge."""

    total: Mapping[int, Any] = {}
    sent: Mapping[int, tuple[Any, ...]] = {}   # stamp of a result -> per operand, or None


def read(root: Any) -> Graph:
    """The graph that ends at a tensor; gradients and contributions where backward() was run."""
    if root.grad is None:
        return _graph(root, Known(), None)
    grads = _backward(root, root.grad)
    total = {t.stamp: t.grad.data for t in tinytorch.topological(root) if t.grad is not None}
    return _graph(root, Known(), grads._replace(total=total))


def read_run(run: Run, *, grad: bool = True, order: int = 1) -> Graph:
    """The graph of a run. With grad, backward is run from its result (from ones, of an array).

    order: 2 reads the graph of the derivative with respect to the first argument in place of that
    of f, so that its grad is the second derivative, and so on. No tensor's own grad is touched.
    """
    for _ in range(order - 1):
        run = run._replace(result=_derivative(run))
    root = run.result
    grads = _backward(root, np.ones_like(root.data)) if grad else None
    about: dict[int, dict[str, Any]] = {}
    ways = branches(run)
    for tensor in tinytorch.topological(root):
        place = run.place(tensor.stamp)
        if place is not None and tensor._ctx is not None:
            about[tensor.stamp] = whereabouts(place, run, ways)
    written = formula.expressions([root], dict(run.names), expand=True)[root.stamp]
    known = Known(run.target.stem, run.inputs, run.names, about,
                  _facts(run, written, grads, order, ways))
    return _graph(root, known, grads)


def whereabouts(place: Place, run: Run, ways: Sequence[Branch]) -> dict[str, Any]:
    """Where a tensor was made: its line, the pass of the loop, the branch."""
    cell = place.file.startswith("<") or "ipykernel_" in place.file      # its name says nothing
    about: dict[str, Any] = {"line": f"line {place.line}" if cell else
                             f"{os.path.basename(place.file)}:{place.line}"}
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


def _backward(root: Any, seed: Any) -> Grads:
    total: dict[int, Any] = {root.stamp: seed}
    sent: dict[int, tuple[Any, ...]] = {}
    if root.requires_grad and root._ctx is not None:
        for tensor, grad, contributions in tinytorch.backward_steps(root, seed):
            total[tensor.stamp], sent[tensor.stamp] = grad, contributions
            ctx: Any = tensor._ctx
            for argument, c in zip(ctx.args, contributions):
                if c is not None and argument._ctx is None:
                    old = total.get(argument.stamp)
                    total[argument.stamp] = c if old is None else old + c
    return Grads(total, sent)


def value(data: Any) -> Value:
    """The numbers of an array, copied; of one with more than ITEMS numbers its stats."""
    array = np.asarray(data)
    if array.size <= ITEMS:
        return Value(array.shape, str(array.dtype), tuple(array.ravel().tolist()))
    finite = array[np.isfinite(array)] if array.dtype.kind == "f" else array
    nan = int(np.isnan(array).sum()) if array.dtype.kind == "f" else 0
    inf = array.size - finite.size - nan
    stats = Stats(float(finite.min()), float(finite.mean()), float(finite.max()), nan, inf) \
        if finite.size else Stats(0.0, 0.0, 0.0, nan, inf)
    return Value(array.shape, str(array.dtype), None, stats)


def _graph(root: Any, known: Known, grads: Grads | None) -> Graph:
    """The graph of a root; with no gradients at all where grads is None."""
    sent = grads.sent if grads else {}
    tensors = tinytorch.topological(root)
    reached = {tensor.stamp for tensor in tensors}
    unused = [tensor for tensor in known.inputs.values() if tensor.stamp not in reached]
    arguments = {tensor.stamp: name for name, tensor in known.inputs.items()}
    ids = Ids([*known.inputs, *known.names.values()])
    names = dict(known.names)
    for tensor in tensors:       # a name given to the tensor itself: w, layer1.weight
        if tensor.name and tensor.stamp not in names:
            names[tensor.stamp] = tensor.name
    unnamed = [t for t in tensors if t._ctx is None and t.stamp not in names
               and _leaf(t, arguments) != "constant"]
    for i, tensor in enumerate(unnamed):       # x, or x₁ and x₂
        names[tensor.stamp] = "x" if len(unnamed) == 1 else "x" + text.subscript(i + 1)
    unnamed = [t for t in tensors if t._ctx is not None and t.stamp not in names]
    own = {t.stamp: "v" + text.subscript(i + 1) for i, t in enumerate(unnamed)}
    written = formula.expressions([root], names, limit=LONG, fresh=lambda t: own[t.stamp])
    few = len(sent) <= FORMULAS
    nodes, edges = [], []
    called: dict[int, str] = {}  # stamp -> id
    for tensor in [*unused, *tensors]:
        stamp, ctx = tensor.stamp, tensor._ctx
        facts: dict[str, Any] = {"data": value(tensor.data)}
        if grads and (tensor.requires_grad or stamp in arguments):
            total = grads.total.get(stamp)
            facts["grad"] = value(np.zeros_like(tensor.data) if total is None else total)
        name = names.get(stamp, "")
        if ctx is None:
            kind = _leaf(tensor, arguments)
            label = name or (text.numbers(facts["data"]) if tensor.size == 1 else "")
            id = ids.new(name or "c_1")
            nodes.append(Node(id, kind, label, facts, tensor.scope))
            called[stamp] = id
            continue
        facts |= known.about.get(stamp, {})
        op = ctx.op
        doer = ids.new(op.__name__.lower() + "_1")
        of = written[stamp]
        doing = {"op": op.__name__, "formula": of, **known.about.get(stamp, {})}
        if ctx.params:
            doing["attributes"] = _attributes(ctx.params)
        nodes.append(Node(doer, "op", str(getattr(op, "symbol", "") or op.__name__), doing,
                          tensor.scope))
        local = tinytorch.local_derivatives(tensor) if stamp in sent else ()
        formulas = formula.local_formulas(tensor, names, written) if few and stamp in sent else ()
        for i, argument in enumerate(ctx.args):
            about: dict[str, Any] = {"argument": i}
            if stamp in sent and argument.requires_grad:
                if local[i] is not None:
                    about["local"] = value(local[i])
                    if formulas and formulas[i]:
                        about["formula"] = formulas[i]
                if sent[stamp][i] is not None:
                    about["contribution"] = value(sent[stamp][i])
            edges.append(Edge(called[argument.stamp], doer, "", about))
        id = ids.new(name or own[stamp])
        kind = "output" if tensor is root else "value"
        facts["formula"] = of
        nodes.append(Node(id, kind, f"{name} = {of}" if name and of != name else of,
                          facts, tensor.scope))
        edges.append(Edge(doer, id))
        called[stamp] = id
    return Graph(known.name, tuple(nodes), tuple(edges), known.facts)


def _attributes(params: Mapping[str, Any]) -> str:
    """An op's parameters as text, axis=0, whole: equal texts are equal parameters."""
    return ", ".join(f"{key}={_attribute(value)}" for key, value in params.items())


def _attribute(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"array({value.dtype}, {value.shape}, {value.tobytes().hex()})" \
            if value.size > ITEMS else f"array({value.dtype}, {value.tolist()})"
    if isinstance(value, (tuple, list)):
        return f"({', '.join(map(_attribute, value))})"
    if isinstance(value, slice):
        return ":".join("" if x is None else str(x) for x in (value.start, value.stop, value.step))
    return getattr(value, "__name__", None) or str(value)


def _leaf(tensor: Any, arguments: Mapping[int, str]) -> str:
    if tensor.stamp in arguments or (not arguments and tensor.requires_grad and not tensor.name):
        return "input"
    return "parameter" if tensor.requires_grad else "constant"


def _facts(run: Run, written: str, grads: Grads | None, order: int, ways: Sequence[Branch]
           ) -> dict[str, Any]:
    """The title of the picture, and the derivatives it has come to."""
    data = {name: value(tensor.data) for name, tensor in run.inputs.items()}
    facts: dict[str, Any] = {"title": headline(run.target, data, written, order)}
    skipped = tuple(str(way) for way in ways if way.other[0])
    if skipped:
        facts["branches"] = skipped
    if grads and run.result.size != 1:
        facts["results"] = (SUMMED,)
    elif grads and all(tensor.size == 1 for tensor in run.inputs.values()):
        sums: dict[int, list[float]] = {tensor.stamp: [] for tensor in run.inputs.values()}
        for tensor in tinytorch.topological(run.result):
            for argument, c in zip(tensor._ctx.args if tensor._ctx else (),
                                   grads.sent.get(tensor.stamp, ())):
                if c is not None and argument.stamp in sums:
                    sums[argument.stamp].append(float(np.ravel(c)[0]))
        facts["results"] = derivatives(run.target, {
            name: (sums[tensor.stamp],
                   float(np.ravel(grads.total.get(tensor.stamp, 0.0))[0]))
            for name, tensor in run.inputs.items()}, order)
    return facts


def headline(target: Target, inputs: Mapping[str, Value], written: str, order: int = 1) -> str:
    """The title of a picture: f(x) = x³ + x at x = 1.2."""
    name = target.name if target.file else "f"
    head = (f"{name}{PRIMES[:order - 1]}({', '.join(inputs)})"
            + (f" = {written}" if written and len(written) <= TITLE else ""))
    at = ", ".join(f"{n} = {text.given(v)}" for n, v in inputs.items())
    return head + (f" at {at}" if at and all(v.size == 1 for v in inputs.values()) else "")


def derivatives(target: Target, found: Mapping[str, tuple[Sequence[float], float]], order: int = 1
                ) -> tuple[str, ...]:
    """What a scalar function's derivatives have come to: df/dx = 1.44 + 1 = 2.44.

    found: argument -> what its uses send back, and their sum.
    """
    name = target.name if target.file else "f"
    d, short = "∂" if len(found) > 1 else "d", name if len(name) <= 3 else "f"
    up = "" if order == 1 else text.superscript(order)
    if order > 1 and len(found) > 1:               # a mixed derivative, named for what it is of
        short, up = f"({d}{short}/{d}{next(iter(found))})", ""
    return tuple(f"{d}{up}{short}/{d}{argument}{up}{chain(terms)} = {text.number(total)}"
                 for argument, (terms, total) in list(found.items())[:RESULTS])


def chain(terms: Sequence[float]) -> str:
    """The chain rule's sum, written out where it is short: = 1.44 + 1.44 + 1.44 + 1."""
    return f" = {plus(terms)}" if 2 <= len(terms) <= TERMS else ""
