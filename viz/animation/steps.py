"""Steps: the forward pass op by op, then backward by contributions, each with its sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..graph import Graph, Node, Value, text
from ..graph.size_limits import SINGLE_STEPS
from ..layout.op_pairs import OpPairs, find_op_pairs

FEW = 4                          # maximum arguments named in one sentence
INFIX = ("+", "−", "×", "·", "/", "÷", "//", "%", "@", ">", "≥", "<", "≤", "=",
         "≠", "and", "or", "xor")
SUM = ("+", "−")                 # infix operators whose numbers need no brackets
POWER = ("^", "**")


class StepError(ValueError):
    """A graph cannot be shown in steps, or has too many."""

    status = 2                   # exit status of the command line


class Step(NamedTuple):
    """One step: its sentence, the active nodes and edges, and the values that become known."""

    phase: str                   # start, forward, backward or end
    text: str                    # the sentence
    nodes: tuple[str, ...] = ()  # active: ids
    edges: tuple[int, ...] = ()  # active: indices into graph.edges
    data: tuple[str, ...] = ()   # the nodes whose data becomes known
    grad: Mapping[str, Value | None] = {}      # a node's grad so far; None: still unknown


def steps(graph: Graph) -> tuple[Step, ...]:
    """Return the steps that compute a graph and, if it has contributions, its gradients.

    Contributions come in the order of backward: ops in reverse topological order, operands in
    theirs; a grad accumulates them. Linear in the graph.
    """
    parts = find_op_pairs(graph)
    given = [i for c, i in enumerate(parts.box) if parts.op[c] < 0 and not parts.ins[c]]
    first = [graph.nodes[i] for i in given]
    made = {h: (e,) for e, (t, h) in enumerate(zip(parts.tail, parts.head)) if t == h}
    taken = [_start(first)]
    for c, op in enumerate(parts.op):
        if op >= 0 or parts.ins[c]:
            taken.append(_forward(graph, parts, c, made.get(c, ())))
    taken += _backward(graph, parts, made)
    return (*taken, _end(graph))


def node_name(node: Node) -> str:
    """Return a node's name in a sentence: of `h = x²` the h."""
    return text.shorten(text.literal(node.label).partition(" = ")[0] or node.id, 40)


def _start(nodes: Sequence[Node]) -> Step:
    named = [n for n in nodes if n.kind != "constant"]
    said = [f"{node_name(n)} = {_value_text(n.facts.get('data'))}" for n in named[:FEW]]
    if len(named) > FEW:
        said.append(f"and {len(named) - FEW} more")
    return Step("start", f"Given: {', '.join(said) or 'nothing'}.", tuple(n.id for n in named),
                (), tuple(n.id for n in nodes))


def _forward(graph: Graph, parts: OpPairs, c: int, out: tuple[int, ...]) -> Step:
    op, box = parts.op[c], parts.box[c]
    operands = [_source(graph, parts, e) for e in parts.ins[c]]
    made = graph.nodes[box if box >= 0 else op]
    symbol = text.literal(graph.nodes[op].label) if op >= 0 else ""
    said = [node_name(made)] if box >= 0 else []
    written = _expression_text(symbol, [node_name(n) for n in operands])
    if written not in said:
        said.append(written)
    values = [n.facts.get("data") for n in operands]
    if all(isinstance(v, Value) and v.number is not None for v in values) and len(values) <= FEW:
        said.append(_expression_text(symbol, [text.numbers(v) for v in values]))
    data = made.facts.get("data")
    if data is not None:
        said.append(_value_text(data))
    ids = (graph.nodes[op].id,) * (op >= 0) + (made.id,) * (box >= 0)
    known = (made.id,) if data is not None else ()
    return Step("forward", " = ".join(said), ids, (*parts.ins[c], *out), known)


def _backward(graph: Graph, parts: OpPairs, made: Mapping[int, tuple[int, ...]]) -> list[Step]:
    sent = [e.facts.get("contribution") for e in graph.edges]
    waiting: dict[str, int] = {}                   # node -> contributions that have not arrived
    for edge, value in zip(graph.edges, sent):
        if value is not None:
            waiting[edge.tail] = waiting.get(edge.tail, 0) + 1
    if not waiting:
        return []
    total = dict(waiting)
    nodes = {node.id: node for node in graph.nodes}
    seeds = [n for n in graph.nodes if n.kind == "output" and n.facts.get("grad") is not None]
    taken = [Step("backward", f"Backward: {_grad_name(n)} = {_value_text(n.facts['grad'])}",
                  (n.id,), grad={n.id: n.facts["grad"]}) for n in seeds]
    grads: dict[str, Value | None] = {}
    for c in reversed(range(len(parts.op))):
        op, box = parts.op[c], parts.box[c]
        ids = tuple(graph.nodes[i].id for i in (op, box) if i >= 0)
        group = []
        for e in parts.ins[c]:
            value, tail = sent[e], graph.edges[e].tail
            if value is None:
                continue
            waiting[tail] -= 1
            begun = waiting[tail] + 1 < total[tail]
            grads[tail] = _sum(grads[tail], value) if begun else value
            if not waiting[tail] and nodes[tail].facts.get("grad") is not None:
                grads[tail] = nodes[tail].facts["grad"]      # bit for bit the result of backward()
            said = _contribution_text(graph, e, nodes[tail], graph.nodes[box if box >= 0 else op])
            so_far = grads[tail]
            if begun and so_far is not None and so_far.number is not None:
                said += f", in all {text.numbers(so_far)}"
            group.append(Step("backward", said, (*ids, tail), (e, *made.get(c, ())),
                              grad={tail: grads[tail]}))
        taken += group if sum(total.values()) <= SINGLE_STEPS else _merged(group)
    return taken


def _merged(group: Sequence[Step]) -> list[Step]:
    """Merge the steps of one op into one."""
    if len(group) < 2:
        return list(group)
    return [Step("backward", "; ".join(step.text for step in group),
                 tuple(dict.fromkeys(id for step in group for id in step.nodes)),
                 tuple(dict.fromkeys(e for step in group for e in step.edges)),
                 grad={id: grad for step in group for id, grad in step.grad.items()})]


def _contribution_text(graph: Graph, e: int, to: Node, made: Node) -> str:
    """Return grad of x += 1.2 × 1.44 = 1.728: local derivative times the grad of the result."""
    facts = graph.edges[e].facts
    local, sent, grad = facts.get("local"), facts["contribution"], made.facts.get("grad")
    said = f"{_grad_name(to)} += "
    if sent.number is None:
        return f"{said}what {node_name(made)} sends back: {_value_text(sent)}"
    if local is None or local.number is None or grad is None or grad.number is None:
        return said + text.numbers(sent)
    product = _expression_text("×", [text.numbers(local), text.numbers(grad)])
    return f"{said}{product} = {text.numbers(sent)}"


def _grad_name(node: Node) -> str:
    return f"grad of {_bracketed(node_name(node), False)}"


def _end(graph: Graph) -> Step:
    terms: dict[str, list[Value]] = {}
    for edge in graph.edges:
        if edge.facts.get("contribution") is not None:
            terms.setdefault(edge.tail, []).append(edge.facts["contribution"])
    said = []
    for node in graph.nodes:
        if node.kind in ("input", "parameter") and node.facts.get("grad") is not None:
            xs = [term.number for term in terms.get(node.id, ())]
            chain = f"{text.plus(xs)} = " if 2 <= len(xs) <= 6 and None not in xs else ""
            said.append(f"{_grad_name(node)} = {chain}{_value_text(node.facts['grad'])}")
    if not said:
        outputs = [node for node in graph.nodes if node.kind == "output"]
        said = [f"{node_name(node)} = {_value_text(node.facts.get('data'))}" for node in outputs]
    more = f" and {len(said) - FEW} more" if len(said) > FEW else ""
    return Step("end", f"Done: {', '.join(said[:FEW])}{more}." if said else "Done.",
                (), (), tuple(n.id for n in graph.nodes if "data" in n.facts),
                {n.id: n.facts["grad"] for n in graph.nodes if n.facts.get("grad") is not None})


def _source(graph: Graph, parts: OpPairs, e: int) -> Node:
    c = parts.tail[e]
    return graph.nodes[parts.box[c] if parts.box[c] >= 0 else parts.op[c]]


def _sum(a: Value | None, b: Value) -> Value | None:
    """Return the sum of two values of one shape, None if not all of their numbers were kept."""
    if a is None or a.items is None or b.items is None or a.shape != b.shape:
        return None
    return Value(a.shape, a.dtype, tuple(x + y for x, y in zip(a.items, b.items)))


def _value_text(value: Value | None) -> str:
    """Return a value in a sentence: 1.2, or 8×16: −1 … 0.2 … 1."""
    if value is None:
        return "?"
    return (f"{text.shape(value.shape)}: " if value.size != 1 else "") + text.numbers(value)


def _expression_text(symbol: str, operands: Sequence[str]) -> str:
    """Return an op written out: a × b, (a + b) × c, sin(a), a².

    Operands with spaces or a sign are put in brackets.
    """
    symbol = {"-": "−", "*": "×"}.get(symbol, symbol)
    loose = symbol in SUM
    if len(operands) == 2 and symbol in POWER:
        base, power = _bracketed(operands[0], False), operands[1]
        return base + (text.superscript(int(power)) if power.isascii() and power.isdecimal()
                       and len(power) < 4 else f"^{_bracketed(power, False)}")
    if len(operands) == 2 and symbol in INFIX:
        a, b = operands
        first = a if a[:1] == "−" and " " not in a else _bracketed(a, loose)
        return f"{first} {symbol} {_bracketed(b, loose and symbol == '+')}"
    if len(operands) == 1:
        a, = operands
        if symbol in SUM or symbol == "1/":
            return symbol + _bracketed(a, False)
        if symbol in ("²", "ᵀ"):
            return _bracketed(a, False) + symbol
        if len(symbol) == 3 and symbol[1] == "x":  # |x|, ⌊x⌋
            return symbol[0] + a + symbol[2]
    listed = ", ".join(operands)
    return f"{symbol}({listed})" if symbol else listed       # no symbol: y₁₂ = y


def _bracketed(operand: str, loose: bool) -> str:
    spaced = " " in operand and not loose
    return f"({operand})" if spaced or operand.startswith(("−", "-")) else operand
