"""Flags: where NaN and inf are born and spread; gradients that vanish, explode or are zero."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

from .. import text
from ..graph import Edge, Graph, Node, Value

SMALL, LARGE = 1e-6, 1e6         # of the output's gradient: less has vanished, more has exploded
BAD = ("nan", "inf")
TOLD = 3                         # so many births at one line are told, the others counted


def flag(graph: Graph) -> Graph:
    """The graph with a `flag` at each node in trouble; `graph.facts["flags"]` says it in sentences.

    A node's flag is one of: nan born here, nan, inf born here, inf, grad nan, grad inf, zero grad,
    vanishing grad, exploding grad, not reached, 3 of 8 units dead.  A sentence tells each birth
    with its line, and each verdict with how many nodes it holds for.
    """
    nodes = {node.id: node for node in graph.nodes}
    operands: dict[str, list[Edge]] = {}
    made: dict[str, str] = {}                      # op -> the tensor it made, and back
    for edge in graph.edges:
        if nodes[edge.head].kind == "op":
            operands.setdefault(edge.head, []).append(edge)
        else:
            made[edge.head] = edge.tail
            made[edge.tail] = edge.head
    seed = max((_size(node.facts.get("grad")) for node in graph.nodes if node.kind == "output"),
               default=1.0) or 1.0
    flags: dict[str, str] = {}
    births: dict[str, list[str]] = {}              # NaN is born at f.py:7 -> what was done there
    for node in graph.nodes:
        if node.kind != "op":
            flags[node.id] = _data(node, nodes, operands.get(made.get(node.id, ""), []), births)
    for edge in graph.edges:
        _birth_of_grad(edge, nodes, made, births)
    said = []
    for born, ways in births.items():
        said += [born + way for way in ways[:TOLD]]
        if len(ways) > TOLD:
            said[-1] += f", and {len(ways) - TOLD} times more there"
    verdicts: dict[str, list[Node]] = {}
    for node in graph.nodes:
        verdict = "" if node.kind == "op" else _grad(node.facts.get("grad"), seed)
        if verdict:
            verdicts.setdefault(verdict, []).append(node)
            flags[node.id] = flags[node.id] or verdict
    said += _model(graph, flags)
    for verdict, found in verdicts.items():
        names = ", ".join(_name(node) for node in found[:3])
        more = f" and {len(found) - 3} more" if len(found) > 3 else ""
        said.append(f"{verdict} at {names}{more}{_why(verdict, seed)}")
    new = tuple(node._replace(facts={**node.facts, "flag": flags[node.id]})
                if flags.get(node.id) else node for node in graph.nodes)
    return Graph(graph.name, new, graph.edges, {**graph.facts, "flags": tuple(said)})


def _model(graph: Graph, flags: dict[str, str]) -> list[str]:
    """What is told of a model: parameters that the loss does not reach, units that are dead."""
    said = []
    unreached = graph.facts.get("unreached", ())
    if unreached:
        more = f" and {len(unreached) - 3} more" if len(unreached) > 3 else ""
        said.append(f"the loss does not reach {', '.join(unreached[:3])}{more}: "
                    "an optimiser leaves them as they are")
        for node in graph.nodes:
            if node.kind == "parameter" and node.id in unreached:
                flags[node.id] = flags[node.id] or "not reached"
    for node in graph.nodes:
        if node.facts.get("dead"):
            share = f"{node.facts['dead']} of {node.facts['units']} units dead"
            flags[node.id] = flags[node.id] or share
            said.append(f"{share} at {_name(node)}"
                        f"{' (' + node.group + ')' if node.group else ''}: they are 0 for every "
                        "example here, and no gradient flows through them")
    return said


def _bad(value: Value | None) -> str:
    """nan where a value holds one, else inf where it holds one, else nothing."""
    if value is None:
        return ""
    *_, nan, infinite = text.spread(value)
    return "nan" if nan else "inf" if infinite else ""


def _data(node: Node, nodes: Mapping[str, Node], edges: list[Edge],
          births: dict[str, list[str]]) -> str:
    """The flag of a node's data. A birth is said: none of the operands has it."""
    bad = _bad(node.facts.get("data"))
    if not bad:
        return ""
    sources = [nodes[edge.tail] for edge in edges]
    inherited = ("nan",) if bad == "nan" else BAD  # inf − inf gives birth to a nan
    if any(_bad(source.facts.get("data")) in inherited for source in sources):
        return bad
    where = node.facts.get("line")
    born = f"{'NaN' if bad == 'nan' else 'inf'} is born{f' at {where}' if where else ''}"
    births.setdefault(born, []).append(f": {_doing(node, sources)}")
    return f"{bad} born here"


def _doing(node: Node, sources: list[Node]) -> str:
    """What was computed, with the numbers: log(−0.3), or x/y with x = 0, y = 0."""
    if not sources:
        return f"{_name(node)} is given as {text.numbers(node.facts.get('data'))}"
    formula = str(node.facts.get("formula") or node.label)
    given: dict[str, Any] = {}
    for source in sources:
        if source.kind != "constant":
            given[_name(source)] = text.numbers(source.facts.get("data"))
    if len(given) == 1:
        (name, numbers), = given.items()
        if formula.endswith(f"({name})"):
            return f"{formula[:-len(name) - 1]}{numbers})"
    listed = ", ".join(f"{name} = {numbers}" for name, numbers in given.items())
    return f"{formula} with {listed}" if listed else formula


def _birth_of_grad(edge: Edge, nodes: Mapping[str, Node], made: Mapping[str, str],
                   births: dict[str, list[str]]) -> None:
    """Says where backward gives birth to a nan or an infinity: the gradient above has none."""
    bad = _bad(edge.facts.get("contribution"))
    if not bad or edge.head not in made:
        return
    result = nodes[made[edge.head]]
    above = _bad(result.facts.get("grad"))
    if above and not (bad == "nan" and above == "inf"):
        return
    where = result.facts.get("line")
    local = edge.facts.get("local")
    slope = f": the derivative of {result.label.rpartition(' = ')[2]} is {text.numbers(local)}" \
        if local is not None else ""
    born = (f"{'NaN' if bad == 'nan' else 'inf'} is born in the backward pass"
            f"{f' at {where}' if where else ''}")
    births.setdefault(born, []).append(f"{slope}, times {_above(result)}")


def _above(node: Node) -> str:
    return f"the gradient {text.numbers(node.facts.get('grad'))}"


def _size(value: Value | None) -> float:
    if value is None or not value.size:
        return 0.0
    low, _, high, nan, infinite = text.spread(value)
    return inf if infinite else max(abs(low), abs(high))


def _grad(grad: Value | None, seed: float) -> str:
    """The verdict on a gradient, or nothing."""
    if grad is None or grad.size == 0 or (grad.items is None and grad.stats is None):
        return ""
    bad = _bad(grad)
    if bad:
        return f"grad {bad}"
    size = _size(grad)
    return ("zero grad" if size == 0 else "vanishing grad" if size < SMALL * seed else
            "exploding grad" if size > LARGE * seed else "")


def _why(verdict: str, seed: float) -> str:
    if verdict == "vanishing grad":
        return f" (less than {text.number(SMALL * seed)})"
    if verdict == "exploding grad":
        return f" (more than {text.number(LARGE * seed)})"
    return ""


def _name(node: Node) -> str:
    return node.label.partition(" = ")[0]
