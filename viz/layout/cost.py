"""Cost: an estimate before drawing: nodes, joints of long lines, bytes."""

from __future__ import annotations

from typing import NamedTuple

from ..graph import Graph, size_limits, topological


class Cost(NamedTuple):
    """The cost of drawing a graph."""

    nodes: int                   # drawn ones: those in closed folds are not
    joints: int                  # places where long lines pass other nodes' ranks
    bytes: int                   # of the file, roughly

    @property
    def items(self) -> int:
        return self.nodes + self.joints


def cost(graph: Graph, bytes_per_node: int = 120) -> Cost:
    """Return the cost of a graph in a format.

    Linear in the graph; nothing is laid out. Ranks are longest paths from the inputs; a node of
    several uses has one line, up to its last use, as `layout.layered` draws it.
    """
    closed = tuple(fold["path"] for fold in graph.facts.get("folds", ()) if fold["closed"])
    hidden = {node.id for node in graph.nodes if any(
        node.facts.get("fold") == path or str(node.facts.get("fold", "")).startswith(f"{path}/")
        for path in closed)} if closed else set()
    tails: dict[str, list[str]] = {}
    entered: set[str] = set()
    for edge in graph.edges:
        tails.setdefault(edge.head, []).append(edge.tail)
        entered.add(edge.head)
    rank: dict[str, int] = {}
    reach: dict[str, int] = {}
    nearest: dict[str, int] = {}
    for node in topological(graph):
        rank[node.id] = r = max([rank[tail] for tail in tails.get(node.id, ())], default=-1) + 1
        for tail in tails.get(node.id, ()):
            if node.id not in hidden:
                reach[tail] = max(reach.get(tail, r), r)
                nearest[tail] = min(nearest.get(tail, r), r)
    joints = 0
    for id, last in reach.items():
        start = rank[id] if id in entered else nearest[id] - 1     # a leaf: before its first use
        joints += max(0, (last - start - 1) // 2)  # an op and its tensor share a column
    nodes = len(graph.nodes) - len(hidden)
    return Cost(nodes, joints, nodes * bytes_per_node + joints * 24)


def affordable(graph: Graph, max_nodes: int | None, *, named: bool = True) -> bool:
    """Return whether a picture is small enough to be opened.

    max_nodes: the limit of the format's writer; None for no limit.
    named: the user chose the file; other pictures open at once, and have a lower limit.
    """
    if max_nodes is None:
        return True
    price = cost(graph)
    return price.nodes <= (max_nodes if named else size_limits.UNNAMED_NODES) and \
        price.items <= size_limits.PICTURE_ITEMS


def close_folds(graph: Graph, items: int | None = None) -> Graph:
    """Return the graph with folds closed, deepest first, until it is within a budget."""
    items = size_limits.PICTURE_ITEMS if items is None else items
    folds = graph.facts.get("folds", ())
    depths = sorted({fold["path"].count("/") for fold in folds}, reverse=True)
    for depth in depths:
        if cost(graph).items <= items:
            break
        closed = tuple({**fold, "closed": fold["closed"] or fold["path"].count("/") >= depth}
                       for fold in folds)
        graph = Graph(graph.name, graph.nodes, graph.edges, {**graph.facts, "folds": closed})
    return graph
