"""Diagnose: origins and spread of NaN and inf; gradients that vanish, explode or are zero."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

from ..graph import Edge, Graph, Node, Value, text, topological
from ..graph.value import statistics

SMALL, LARGE = 1e-6, 1e6         # of the output's gradient: vanished below, exploded above
BAD = ("nan", "inf")
LISTED = 3                       # origins listed per line; more are only counted


def flag(graph: Graph) -> Graph:
    """Return the graph with a `flag` at each node in trouble, and sentences in
    `graph.facts["flags"]`.

    A node's flag is one of: nan born here, nan, inf born here, inf, grad nan, grad inf, zero grad,
    vanishing grad, exploding grad, not reached, 3 of 8 units dead.  A sentence reports each origin
    with its line, and each verdict with its number of nodes.  An infinity without effect, such as a
    mask's before a softmax, is not reported.
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
    births: dict[str, dict[str, str]] = {}         # NaN is born at f.py:7 -> node -> computation
    harmless = _harmless(graph, nodes)
    for node in graph.nodes:
        if node.kind != "op" and node.id not in harmless:
            flags[node.id] = _data_flag(node, nodes, operands.get(made.get(node.id, ""), []),
                                        births)
    for edge in reversed(graph.edges):             # in backward order: the first origin first
        _check_contribution(edge, nodes, made, births)
    said = []
    for born, ways in births.items():
        told = list(dict.fromkeys(ways.values()))[:LISTED]
        said += [born + way for way in told]
        if len(ways) > len(told):
            said[-1] += f", and {len(ways) - len(told)} times more there"
    verdicts: dict[str, list[Node]] = {}
    for node in graph.nodes:
        verdict = "" if node.kind == "op" else _grad_flag(node.facts.get("grad"), seed)
        if verdict:
            verdicts.setdefault(verdict, []).append(node)
            flags[node.id] = flags.get(node.id, "") or verdict
    said += _check_model(graph, flags, _gradient_breaks(graph, nodes))
    for verdict, found in verdicts.items():
        names = ", ".join(_name(node) for node in found[:3])
        more = f" and {len(found) - 3} more" if len(found) > 3 else ""
        said.append(f"{verdict} at {names}{more}{_threshold(verdict, seed)}")
    new = tuple(node._replace(facts={**node.facts, "flag": flags[node.id]})
                if flags.get(node.id) else node for node in graph.nodes)
    return Graph(graph.name, new, graph.edges, {**graph.facts, "flags": tuple(said)})


def _harmless(graph: Graph, nodes: Mapping[str, Node]) -> set[str]:
    """Return the tensors whose infinities have no effect: none is +inf if known, their results are
    finite, no output has them, and no gradient beside them is bad."""
    makers: dict[str, list[str]] = {}              # node -> its sources, through its op
    uses: dict[str, list[str]] = {}
    for edge in graph.edges:
        makers.setdefault(edge.head, []).append(edge.tail)
        uses.setdefault(edge.tail, []).append(edge.head)
    found: set[str] = set()
    for node in reversed(topological(graph)):
        value = node.facts.get("data")
        if node.kind in ("op", "output") or value is None or _nonfinite(value) != "inf" \
                or inf in (value.items or ()) or _nonfinite(node.facts.get("grad")):
            continue
        ops = uses.get(node.id, ())
        beside = [nodes[id] for op in makers.get(node.id, ()) for id in makers.get(op, ())]
        if ops and all(not _nonfinite(nodes[id].facts.get("data")) or id in found
                       for op in ops for id in uses.get(op, ())) \
                and not any(_nonfinite(source.facts.get("grad")) for source in beside):
            found.add(node.id)
    return found


def _gradient_breaks(graph: Graph, nodes: Mapping[str, Node]) -> dict[str, Node]:
    """Return the first op that stops the gradient of each parameter: a detach, or one in no_grad.
    """
    cuts: dict[str, Node] = {}
    if not graph.facts.get("unreached"):
        return cuts
    tails: dict[str, list[str]] = {}
    for edge in graph.edges:
        tails.setdefault(edge.head, []).append(edge.tail)
    seen: set[str] = set()
    for node in graph.nodes:
        stack = [node.id] if node.facts.get("break") else []
        while stack:
            id = stack.pop()
            if id not in seen:
                seen.add(id)
                stack += tails.get(id, ())
                if nodes[id].kind == "parameter":
                    cuts[id] = node
    return cuts


def _check_model(graph: Graph, flags: dict[str, str], cuts: Mapping[str, Node]) -> list[str]:
    """Return sentences about a model: parameters that the loss does not reach, dead units."""
    said = []
    unreached = graph.facts.get("unreached", ())
    if unreached:
        more = f" and {len(unreached) - 3} more" if len(unreached) > 3 else ""
        ways = dict.fromkeys(
            f"{cuts[id].facts['break']}{_location(cuts[id])} cuts the way"
            for id in unreached if id in cuts)
        why = f" ({', '.join(list(ways)[:LISTED])})" if ways else ""
        said.append(f"the loss does not reach {', '.join(unreached[:3])}{more}{why}: "
                    "an optimiser leaves them as they are")
        for node in graph.nodes:
            if node.kind == "parameter" and node.id in unreached:
                flags[node.id] = flags.get(node.id, "") or "not reached"
    for node in graph.nodes:
        if node.facts.get("dead"):
            share = f"{node.facts['dead']} of {node.facts['units']} units dead"
            flags[node.id] = flags.get(node.id, "") or share
            said.append(f"{share} at {_name(node)}"
                        f"{' (' + node.group + ')' if node.group else ''}: they are 0 for every "
                        "example here, and no gradient flows through them")
    return said


def _nonfinite(value: Value | None) -> str:
    """Return nan if a value contains one, else inf if it contains one, else nothing."""
    if value is None:
        return ""
    *_, nan, infinite = statistics(value)
    return "nan" if nan else "inf" if infinite else ""


def _data_flag(node: Node, nodes: Mapping[str, Node], edges: list[Edge],
               births: dict[str, dict[str, str]]) -> str:
    """Return the flag of a node's data. At an origin, none of the operands has it."""
    bad = _nonfinite(node.facts.get("data"))
    if not bad:
        return ""
    sources = [nodes[edge.tail] for edge in edges]
    inherited = ("nan",) if bad == "nan" else BAD  # inf − inf is the origin of a nan
    if any(_nonfinite(source.facts.get("data")) in inherited for source in sources):
        return bad
    born = f"{'NaN' if bad == 'nan' else 'inf'} is born{_location(node)}"
    births.setdefault(born, {})[node.id] = f": {_computation(node, sources)}"
    return f"{bad} born here"


def _computation(node: Node, sources: list[Node]) -> str:
    """Return the computation with its numbers: log(−0.3), or x/y with x = 0, y = 0."""
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


def _check_contribution(edge: Edge, nodes: Mapping[str, Node], made: Mapping[str, str],
                        births: dict[str, dict[str, str]]) -> None:
    """Report a nan or an infinity that originates in backward: the gradient above has none."""
    bad = _nonfinite(edge.facts.get("contribution"))
    if not bad or edge.head not in made:
        return
    result = nodes[made[edge.head]]
    above = _nonfinite(result.facts.get("grad"))
    if above and not (bad == "nan" and above == "inf"):
        return
    local = edge.facts.get("local")
    done = result.label.rpartition(" = ")[2]
    how = f": the derivative of {done} is {text.numbers(local)}, times" if local is not None \
        else f": that of {done}, given"
    born = f"{'NaN' if bad == 'nan' else 'inf'} is born in the backward pass{_location(result)}"
    births.setdefault(born, {})[result.id] = f"{how} {_grad_above(result)}"


def _location(node: Node) -> str:
    """Return the place in the user's file, if known: at f.py:7."""
    where = node.facts.get("line") or node.facts.get("source")
    return f" at {where}" if where else ""


def _grad_above(node: Node) -> str:
    return f"the gradient {text.numbers(node.facts.get('grad'))}"


def _size(value: Value | None) -> float:
    if value is None or not value.size:
        return 0.0
    low, _, high, nan, infinite = statistics(value)
    return inf if infinite else max(abs(low), abs(high))


def _grad_flag(grad: Value | None, seed: float) -> str:
    """Return the verdict on a gradient, or nothing."""
    if grad is None or grad.size == 0 or (grad.items is None and grad.stats is None):
        return ""
    bad = _nonfinite(grad)
    if bad:
        return f"grad {bad}"
    size = _size(grad)
    return ("zero grad" if size == 0 else "vanishing grad" if size < SMALL * seed else
            "exploding grad" if size > LARGE * seed else "")


def _threshold(verdict: str, seed: float) -> str:
    if verdict == "vanishing grad":
        return f" (less than {text.number(SMALL * seed)})"
    if verdict == "exploding grad":
        return f" (more than {text.number(LARGE * seed)})"
    return ""


def _name(node: Node) -> str:
    return node.label.partition(" = ")[0]
