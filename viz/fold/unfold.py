"""Unfold: restore the graph that was folded, node by node and edge by edge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..graph import Edge, Graph, Node


def unfold(graph: Graph) -> Graph:
    """Return the graph as it was before `fold`, exactly; a graph without folds unchanged. Linear in
    it."""
    if "folds" not in graph.facts:
        return graph
    facts = {key: value for key, value in graph.facts.items() if key != "folds"}
    nodes = [Node(*node) for node in _restore(graph.nodes)]
    edges = [Edge(*edge) for edge in _restore(graph.edges)]
    return Graph(graph.name, tuple(nodes), tuple(edges), facts)


def _restore(items: Sequence[Any]) -> list[Any]:
    """Return the items that folded ones replace, each at its index; the other items fill the gaps.
    """
    placed: dict[int, Any] = {}
    rest = []
    for item in items:
        if "repeats" in item.facts:
            placed.update(zip(item.facts["at"], item.facts["repeats"], strict=True))
        elif "drawn" not in item.facts:
            rest.append(item)
    own = iter(rest)
    return [placed[i] if i in placed else next(own) for i in range(len(placed) + len(rest))]
