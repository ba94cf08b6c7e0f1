"""Whether facts are as `viz.graph.facts` declares them."""

from collections.abc import Iterator, Mapping
from typing import Any

from viz.graph import Edge, Graph, Node
from viz.graph.facts import EdgeFacts, GraphFacts, NodeFacts

DECLARED = {kind: frozenset(facts.__annotations__) for kind, facts in (
    (Node, NodeFacts), (Edge, EdgeFacts), (Graph, GraphFacts))}


def undeclared(graph: Graph) -> list[str]:
    """The keys of a graph that nobody declared: of its nodes and edges, and of their repeats."""
    def items() -> Iterator[Any]:
        for item in (graph, *graph.nodes, *graph.edges):
            yield item
            yield from item.facts.get("repeats", ())

    def keys(facts: Mapping[str, Any]) -> set[str]:
        return set(facts)

    return sorted({f"{type(item).__name__}: {key}" for item in items()
                   for key in keys(item.facts) - DECLARED[type(item)]})
