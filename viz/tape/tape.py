"""A tape: the calls of a framework, in order, and the Graph of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from ... import tinytorch
from ...tinytorch import Tensor, formula
from ...tinytorch.core.op import registry
from ...tinytorch.core.tensor import wrap

from ..graph import Edge, Graph, Node, Value, text
from ..graph.size_limits import FORMULA_OPS, KEPT_NUMBERS
from ..run.branches import branches
from ..run.execute import Run
from ..run.tracer import Place
from .ids import Ids
from .names import LONG, letter, letter_fact
from .summary import SUMMED, derivatives, title, place_facts


@dataclass(eq=False, slots=True)
class State:
    """One state of a tensor: each in-place write makes another."""

    stamp: int                   # creation order, shared with the tracer of lines
    data: Any                    # Value, or None for a failed call
    kind: str = "value"          # of a leaf: input, parameter or constant
    name: str = ""               # of a leaf; else the variable it is assigned to
    group: str = ""
    call: Call | None = None     # the call that made it; None for a leaf
    differentiable: bool = False
    grad: Value | None = None
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Call:
    """One call of a framework's function."""

    name: str                    # mul, linear
    args: tuple[State, ...]       # repeats and order matter
    params: str = ""             # the other arguments, as in the code: 1
    attributes: str = ""         # the same, all with names: dim=1. Equal texts, equal parameters
    brief: bool = False          # a layer's own call: its params are not written in expressions
    group: str = ""
    outputs: list[State] = field(default_factory=list)
    local: tuple[Value | None, ...] = ()           # per operand
    sent: dict[int, Value] = field(default_factory=dict)   # operand -> contribution to its gradient
    facts: dict[str, Any] = field(default_factory=dict)
    place: Place | None = None   # outside the framework: also in a library's code


@dataclass(eq=False, slots=True)
class Tape:
    """All recorded states, in order of creation."""

    made: list[State] = field(default_factory=list)
    outputs: list[State] = field(default_factory=list)
    graded: bool = False         # whether backward was run
    note: str = ""               # a line under the picture: missing parts
    facts: dict[str, Any] = field(default_factory=dict)    # of the graph


ALIASES = {"truediv": "divide", "rsub": "subtract", "rdiv": "divide", "rpow": "power",
           "integer_pow": "power", "dot_general": "matmul", "logistic": "sigmoid", "mm": "matmul",
           "bmm": "matmul", "mv": "matmul", "clamp": "clip", "max": "", "min": "", "rem": "",
           "select_n": "", "reduce_sum": "sum", "__getitem__": "", "gt": "greater", "lt": "less",
           "ge": "greater_equal", "le": "less_equal", "eq": "equal", "ne": "not_equal",
           "clamp_min": "maximum", "clamp_max": "minimum", "sgn": "sign"}
tinytorch.ops.load()             # now: lines of the user's function are traced later
SYMBOLS = {"setitem": "[ ]=", "getitem": "[ ]", "einsum": "Σ", "cat": "cat",
           "scaled_dot_product_attention": "attention", "multi_head_attention_forward": "attention"}


@lru_cache(maxsize=None)
def operation(name: str) -> Any:
    """Return the op of tinytorch with this name, for its symbol and notation, or None."""
    name = ALIASES.get(name, name)
    if name in registry:
        return registry[name]
    return next((op for op in registry.values() if name in op.aliases), None)


def elementwise(name: str, operands: int) -> bool:
    """Return whether a call is one of tinytorch's elementwise ops with this number of operands."""
    op = operation(name)
    return op is not None and isinstance(op.local, tuple) and len(op.local) == operands \
        and (not hasattr(op, "call") or op.name == "where")


def constant_derivatives(name: str, operands: int) -> tuple[int, ...]:
    """Return the local derivatives of an elementwise op with constant ones: 1 and −1 of a
    difference; else ()."""
    op = operation(name) if elementwise(name, operands) else None
    return op.local if op is not None and all(type(rule) is int and rule for rule in op.local) \
        else ()


def graph(tape: Tape, run: Run, inputs: Mapping[str, State], *, whole: bool = False, order: int = 1
          ) -> Graph:
    """Return the graph of what led to the outputs of a tape; with `whole`, of the entire tape.

    order: 2 if that is the derivative of the run's function, and so on.
    """
    made = _reachable(tape, inputs, whole)
    ways = branches(run)
    names = _names(made, run)
    few = sum(m.call is not None for m in made) <= FORMULA_OPS
    proxies = _Proxies(made, names, few)
    finals = [m for m in tape.outputs if m.call is not None]
    used = {a.stamp for m in made if m.call is not None for a in m.call.args}
    ends = [proxies.of[m.stamp] for m in made if m.stamp not in used]
    written = formula.expressions(ends, proxies.names, limit=LONG, fresh=proxies.fresh)
    ids = Ids([*inputs, *names.values()])
    called: dict[int, str] = {}
    nodes: list[Node] = []
    edges: list[Edge] = []
    doers: dict[int, str] = {}   # id of a call -> id of its node
    last = {id(m) for m in finals}
    for m in made:
        facts: dict[str, Any] = {**({"data": m.data} if m.data else {}), **m.facts}
        if m.grad is not None:
            facts["grad"] = m.grad
        name = proxies.names.get(proxies.of[m.stamp].stamp, "")
        if m.call is None:
            label = name or (text.numbers(m.data) if m.data.size == 1 else "")
            called[m.stamp] = ids.new(name or "c_1")
            nodes.append(Node(called[m.stamp], m.kind, label, facts, m.group))
            continue
        call = m.call
        place = run.place(m.stamp)
        about = place_facts(place, run, ways) if place else {} if call.place is None else \
            {"source": str(call.place)}
        op = operation(call.name)
        proxy = proxies.of[m.stamp]
        of = written[proxy.stamp]
        if id(call) not in doers:
            shown = proxy._op if len(call.outputs) == 1 else None
            kind = shown.__name__ if shown else call.name
            doer = doers[id(call)] = ids.new(kind.lower() + "_1")
            symbol = str(getattr(shown, "symbol", "") or SYMBOLS.get(call.name, call.name))
            params = {"attributes": call.attributes} if call.attributes else {}
            nodes.append(Node(doer, "op", symbol,
                              {"op": kind, "formula": of, **about, **params, **call.facts},
                              call.group))
            formulas = formula.local_formulas(proxy, proxies.names, written) \
                if few and call.sent and op is not None and elementwise(call.name, len(call.args)) \
                else ()
            for i, a in enumerate(call.args):
                edges.append(Edge(called[a.stamp], doer, "", _edge(call, i, formulas)))
        called[m.stamp] = ids.new(name or proxies.own[m.stamp])
        facts |= about | {"formula": of}
        nodes.append(Node(called[m.stamp], "output" if id(m) in last else "value",
                          f"{name} = {of}" if name and of != name else of, facts, m.group))
        edges.append(Edge(doers[id(call)], called[m.stamp]))
    return Graph(run.target.stem, tuple(nodes), tuple(edges),
                 _facts(tape, run, inputs, proxies, ways, order))


def _names(made: Sequence[State], run: Run) -> dict[int, str]:
    """Return names by stamp: the user's; otherwise those of a library's variables, x₁, x₂ ..."""
    names = {m.stamp: name for m in made
             if (name := run.names.get(m.stamp) or (m.name if m.call is None else ""))}
    others: dict[str, list[int]] = {}
    for m in made:
        if m.name and m.call is not None and m.stamp not in names and m.call.place is not None:
            place = run.place(m.stamp)             # the user's own lines are fully known
            if place is None or place.file != m.call.place.file:
                others.setdefault(m.name, []).append(m.stamp)
    taken = set(names.values())
    for name, stamps in others.items():
        several = len(stamps) > 1 or name in taken
        names |= {stamp: name + text.subscript(i + 1) if several else name
                  for i, stamp in enumerate(stamps)}
    return names


def _edge(call: Call, i: int, formulas: Sequence[str | None]) -> dict[str, Any]:
    facts: dict[str, Any] = {"argument": i}
    if "break" in call.facts and call.args[i].differentiable:
        facts["break"] = call.facts["break"]
    if i in call.sent:
        if i < len(call.local) and call.local[i] is not None:
            facts["local"] = call.local[i]
            if formulas and formulas[i]:
                facts["formula"] = formulas[i]
        facts["contribution"] = call.sent[i]
    return facts


def _reachable(tape: Tape, inputs: Mapping[str, State], whole: bool) -> list[State]:
    """Return the ancestors of the outputs, and the inputs, in order of creation. Without recursion.
    """
    if whole:
        return sorted(tape.made, key=lambda m: m.stamp)
    seen = {id(m): m for m in (*inputs.values(), *tape.outputs)}
    stack = list(tape.outputs)
    while stack:
        call = stack.pop().call
        if call is None:
            continue
        for m in (*call.args, *call.outputs):
            if id(m) not in seen:
                seen[id(m)] = m
                stack.append(m)
    used = {id(a) for m in seen.values() if m.call is not None for a in m.call.args}
    kept = [m for m in seen.values() if m.call is None or len(m.call.outputs) == 1
            or id(m) in used or m in tape.outputs]
    for m in kept:               # an unused one of several outputs is not drawn
        if m.call is not None and len(m.call.outputs) > 1:
            m.call.outputs = [o for o in m.call.outputs if o in kept]
    unused = {id(m) for m in inputs.values() if id(m) not in used and m not in tape.outputs}
    return sorted(kept, key=lambda m: (id(m) not in unused, m.stamp))


class _Proxies:
    """Tensors of tinytorch for those of a tape, made by the op of the same name: a notation only,
    never computed."""

    def __init__(self, made: Sequence[State], names: Mapping[int, str], whole: bool) -> None:
        """whole: whether they have all numbers, or only those that are written out."""
        self.of: dict[int, Tensor] = {}
        self.own: dict[int, str] = {}
        self.names: dict[int, str] = {}            # stamp of a proxy -> name
        unnamed = [m for m in made if m.call is not None and m.stamp not in names]
        self.letter = letter(names.values())
        for i, m in enumerate(unnamed):
            self.own[m.stamp] = self.letter + text.subscript(i + 1)
        back = {}
        for m in made:
            proxy = wrap(_numbers(m.data, KEPT_NUMBERS if whole else WRITTEN))
            proxy.requires_grad = m.differentiable
            if m.call is not None and m.call.args:
                proxy._op = _proxy_op(m)
                proxy._x, *rest = [self.of[a.stamp] for a in m.call.args]
                proxy._y = None if not rest else rest[0] if len(rest) == 1 else tuple(rest)
            elif m.call is not None:
                proxy.name = f"{m.call.name}({m.call.params})"
            elif m.data.size != 1 and m.stamp not in names:
                proxy.name = f"[{text.shape(m.data.shape)}]"
            self.of[m.stamp] = proxy
            back[proxy.stamp] = m.stamp
            if m.stamp in names:
                self.names[proxy.stamp] = names[m.stamp]
        own = self.own
        self.fresh = lambda proxy: own[back[proxy.stamp]]


PLACEHOLDER = np.full(2, 0.5)
WRITTEN = 3                      # leaves of more numbers are not written out
KEPT: dict[str, Any] = {"float32": np.float32, "int64": np.int64, "int32": np.int32,
                        "bool": np.bool_}


def _numbers(value: Value | None, most: int) -> Any:
    """Return the numbers of a small value; for a large one a placeholder, never written out."""
    if value is None or value.items is None or len(value.items) > most or \
            value.dtype in ("complex64", "complex128"):
        return PLACEHOLDER
    kind = KEPT.get(value.dtype, np.float64)
    return kind(value.items[0]) if not value.shape else \
        np.array(value.items, kind).reshape(value.shape)


def _proxy_op(m: State) -> Any:
    """Return the op of a proxy: tinytorch's if it means the same, else a new one of the name."""
    call = m.call
    assert call is not None
    op = operation(call.name)
    if op is not None and not call.params and len(call.outputs) == 1:
        if elementwise(call.name, len(call.args)) or (op.name == "matmul" and len(call.args) == 2):
            return op
        if op.name in ("sum", "mean", "prod") and len(call.args) == 1:
            return _named_op(op.__name__, op.symbol, f"{op.name}({{0}})")
    several = len(call.outputs) > 1
    which = f"[{call.outputs.index(m)}]" if several else ""
    params = "" if call.brief and call.args else call.params.replace("{", "{{").replace("}", "}}")
    shown = [i for i, a in enumerate(call.args)    # a layer's own are shown beside it
             if a.kind != "parameter" or not a.group] or range(len(call.args))
    operands = [f"{{{i}}}" for i in shown]
    if call.name == "getitem" and len(call.args) == 1 and not several:
        inside = params[1:-1] if params[:1] == "(" and params[-1:] == ")" else params
        return _named_op(call.name, "[ ]", f"{{0}}[{inside}]", 4)     # (x + y)[0]: in brackets
    written = ", ".join(filter(None, [*operands, params]))
    symbol = SYMBOLS.get(call.name, "")
    word = symbol if symbol.isascii() and symbol.isidentifier() else call.name     # attention
    return _named_op(call.name, symbol, f"{word}({written}){which}")


@lru_cache(maxsize=None)
def _named_op(name: str, symbol: str, notation: str, precedence: int = 5) -> Any:
    return type(name, (), {"symbol": symbol, "notation": notation, "precedence": precedence})


def _cost(tape: Tape) -> tuple[str, ...]:
    """Return a model's costs as a line: parameters, FLOPs, bytes saved for backward."""
    calls = {id(m.call): m.call for m in tape.made if m.call is not None}.values()
    parameters = sum(m.facts.get("params", 0) for m in tape.made)
    if not parameters:
        return ()
    frozen = sum(m.facts.get("params", 0) for m in tape.made if m.facts.get("frozen"))
    flops, kept = (sum(call.facts.get(key, 0) for call in calls) for key in ("flops", "saved"))
    return (", ".join(text.quantity(n, name) for n, name in (
        (parameters, "parameters"), (frozen, "of them frozen"), (flops, "FLOP"),
        (kept, "B kept for backward")) if n),)


def _facts(tape: Tape, run: Run, inputs: Mapping[str, State], proxies: _Proxies, ways: Any,
           order: int) -> dict[str, Any]:
    """Return the title of the picture, and the derivatives as results."""
    finals = tape.outputs
    written = ""
    if len(finals) == 1 and len(proxies.of) <= FORMULA_OPS:
        root = proxies.of[finals[0].stamp]
        written = formula.expressions([root], dict(proxies.names), expand=True)[root.stamp]
    data = {name: m.data for name, m in inputs.items()}
    facts: dict[str, Any] = {"title": title(run.target, data, written, order),
                             **letter_fact(proxies.letter), **tape.facts}
    skipped = tuple(str(way) for way in ways if way.other)
    if skipped:
        facts["branches"] = skipped
    results: tuple[str, ...] = ()
    if tape.graded and (len(finals) != 1 or finals[0].data.size != 1):
        results = (SUMMED if len(finals) == 1 else
                   f"grad is that of the sum of the {len(finals)} outputs' elements",)
    elif tape.graded and inputs and all(v.size == 1 for v in data.values()):
        terms: dict[int, list[float]] = {}
        seen = set()
        for m in tape.made:
            if m.call is not None and id(m.call) not in seen:
                seen.add(id(m.call))
                for i, sent in sorted(m.call.sent.items()):
                    terms.setdefault(m.call.args[i].stamp, []).append(sent.number)
        results = derivatives(run.target, {
            name: (terms.get(m.stamp, ()), m.grad.number if m.grad is not None else 0.0)
            for name, m in inputs.items()}, order)
    results += _cost(tape) + ((tape.note,) if tape.note else ())
    if results:
        facts["results"] = results
    return facts
