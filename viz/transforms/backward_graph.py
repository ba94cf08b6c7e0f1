"""The backward pass as a graph of its own, paired node by node with the forward pass."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..graph import Edge, Graph, Node, TransformError, text

FORWARD, BACKWARD = "forward", "backward"


def backward(graph: Graph) -> Graph:
    """Return the forward graph, and in the group `backward` the pass that computed its gradients.

    Each tensor v with a gradient has a partner ∂f/∂v; the fact `pair` of each names the other. The
    partner of an operand is computed from those of the results of its uses, each times its local
    derivative, which labels the edge; an op adds them up if there are several. Matmul and the like,
    which have no local derivative, show only their contribution.
    Raises TransformError for a graph without gradients.
    """
    tensors = [node for node in graph.nodes if node.kind != "op"]
    outputs = [node for node in tensors if node.kind == "output" and "grad" in node.facts]
    if not outputs:
        raise TransformError("the graph has no gradients: there is no backward pass to draw")
    made = {edge.tail: edge.head for edge in graph.edges if "argument" not in edge.facts}
    uses: dict[str, list[Edge]] = {}
    for edge in graph.edges:
        if "contribution" in edge.facts:
            uses.setdefault(edge.tail, []).append(edge)
    grown = {node.id for node in tensors if node.id in uses or node in outputs}
    taken = {node.id for node in graph.nodes}
    partner = {id: _free(f"grad_{id}", taken) for id in _ordered(tensors, grown)}
    names = {node.id: node.label.partition(" = ")[0] for node in tensors}
    top = names[outputs[0].id]
    top = top if len(top) <= 3 and text.word(top) == top else "f"
    nodes = [node._replace(group=_group(FORWARD, node.group), facts=_forward(node, partner))
             for node in graph.nodes]
    edges = [Edge(edge.tail, edge.head, "", {key: value for key, value in edge.facts.items()
                                             if key == "argument"}) for edge in graph.edges]
    for node in reversed(tensors):
        if node.id not in grown:
            continue
        facts = {"grad": node.facts["grad"], "pair": node.id}
        if "line" in node.facts:
            facts["line"] = node.facts["line"]
        group = _group(BACKWARD, node.group)
        label = f"∂{top}/∂{text.word(names[node.id])}"
        if node in outputs:
            nodes.append(Node(partner[node.id], "input", label, facts, group))
            continue
        sources = uses[node.id]
        op = _free(f"{'sum' if len(sources) > 1 else 'vjp'}_{node.id}", taken)
        nodes.append(Node(op, "op", "+" if len(sources) > 1 else "×",
                          {"op": "Sum" if len(sources) > 1 else "Vjp"}, group))
        for i, use in enumerate(reversed(sources)):
            edges.append(Edge(partner[made[use.head]], op, "", {**use.facts, "argument": i}))
        kind = "output" if node.kind in ("input", "parameter") else "value"
        nodes.append(Node(partner[node.id], kind, label, facts, group))
        edges.append(Edge(op, partner[node.id]))
    facts = {**graph.facts, "paired": (FORWARD, BACKWARD)}
    return Graph(graph.name, tuple(nodes), tuple(edges), facts)


def _ordered(tensors: Iterable[Node], grown: set[str]) -> list[str]:
    return [node.id for node in tensors if node.id in grown]


def _forward(node: Node, partner: dict[str, str]) -> dict[str, Any]:
    """Return the facts of a node of the forward pass, without its gradient, which its partner
    shows."""
    facts = {key: value for key, value in node.facts.items() if key != "grad"}
    return facts | ({"pair": partner[node.id]} if node.id in partner else {})


def _group(part: str, group: str) -> str:
    return f"{part}/{group}" if group else part


def _free(id: str, taken: set[str]) -> str:
    while id in taken:
        id += "_"
    taken.add(id)
    return id
