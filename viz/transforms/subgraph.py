"""Parts of a graph: around a node, between two nodes, without some kinds."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator
from difflib import get_close_matches
from math import prod

from ..graph import KINDS, Edge, Graph, Node, TransformError, text, topological

WRITTEN = 4                      # paths written out under the picture
STEPS = 8                        # a longer path is written without its steps


def find(graph: Graph, name: str) -> Node:
    """Return the node of an id, label or name: h finds the node `h = x²`. Raises TransformError."""
    tensors = [node for node in graph.nodes if node.kind != "op"]
    keys: tuple[Callable[[Node], str], ...] = (
        lambda n: n.id, lambda n: n.label, lambda n: n.label.partition(" = ")[0],
        lambda n: n.label.partition(" = ")[2])
    for key in keys:
        found = [node for node in (*tensors, *graph.nodes) if key(node) == name]
        if found:
            return found[0]
    near = get_close_matches(name, [node.id for node in graph.nodes], 3, 0.3)
    raise TransformError(f"the graph has no node {name!r} (there is "
                         f"{', '.join(near or [node.id for node in tensors[:6]])})")


def focus(graph: Graph, name: str, *, radius: int = 1) -> Graph:
    """Return the part within `radius` ops of a node; `hidden` counts the edges that were cut."""
    neighbours: dict[str, list[str]] = {node.id: [] for node in graph.nodes}
    for edge in graph.edges:
        neighbours[edge.tail].append(edge.head)
        neighbours[edge.head].append(edge.tail)
    start = find(graph, name).id
    far = {start: 0}
    queue = deque([start])
    while queue:
        id = queue.popleft()
        if far[id] < 2 * radius:               # an op lies between two tensors
            for other in neighbours[id]:
                if other not in far:
                    far[other] = far[id] + 1
                    queue.append(other)
    return keep(graph, far.keys(), f"{radius} op{'s' * (radius != 1)} around {name}")


def hide(graph: Graph, kinds: Collection[str]) -> Graph:
    """Return the graph without some kinds of nodes: constant, parameter, input ... or their
    plurals."""
    wanted = {kind.rstrip("s") for kind in kinds}
    for kind in sorted(wanted - set(KINDS)):
        raise TransformError(f"unknown kind: {kind!r} (must be one of {', '.join(KINDS)})")
    if wanted & {"value", "output", "op"}:
        named = " and ".join(sorted(wanted & {"value", "output", "op"}))
        raise TransformError(f"{named} cannot be hidden: what is left would hang together by "
                             "nothing")
    return keep(graph, {node.id for node in graph.nodes if node.kind not in wanted}, "")


def keep(graph: Graph, ids: Collection[str], said: str) -> Graph:
    """Return the part of a graph with these nodes. Nodes with cut edges have the fact `hidden`.

    A node whose gradient has terms from nodes that were cut has the fact `partial`.
    """
    cut: dict[str, int] = {}
    partial: set[str] = set()
    edges = []
    for edge in graph.edges:
        if edge.tail in ids and edge.head in ids:
            edges.append(edge)
            continue
        if edge.tail in ids and edge.facts.get("contribution") is not None:
            partial.add(edge.tail)
        if said:
            for id in {edge.tail, edge.head} & set(ids):
                cut[id] = cut.get(id, 0) + 1
    nodes = tuple(node._replace(facts={
        **node.facts, **({"hidden": cut[node.id]} if node.id in cut else {}),
        **({"partial": True} if node.id in partial else {})})
        if node.id in cut or node.id in partial else node for node in graph.nodes if node.id in ids)
    facts = dict(graph.facts)
    if said:
        facts["results"] = (f"{said}: {len(nodes)} of {len(graph.nodes)} nodes",)
    return Graph(graph.name, nodes, tuple(edges), facts)


def between(graph: Graph, start: str, end: str) -> Graph:
    """Return all paths from one node to another, with each path's product of local derivatives.

    The products add up to the derivative of the one with respect to the other, by the chain rule.
    Counting and summing the paths takes time linear in the graph; WRITTEN of them are written out.
    Raises TransformError if there is no path.
    """
    a, b = find(graph, start).id, find(graph, end).id
    for name, id in ((start, a), (end, b)):
        if any(node.id == id and node.kind == "op" for node in graph.nodes):
            raise TransformError(f"{name!r} is an op: name the tensor that it made")
    if a == b:
        raise TransformError(f"{start!r} and {end!r} are the same node: there is no path to draw")
    heads: dict[str, list[Edge]] = {node.id: [] for node in graph.nodes}
    tails: dict[str, list[Edge]] = {node.id: [] for node in graph.nodes}
    for edge in graph.edges:
        heads[edge.tail].append(edge)
        tails[edge.head].append(edge)
    ahead = _reachable(a, {id: [e.head for e in es] for id, es in heads.items()})
    behind = _reachable(b, {id: [e.tail for e in es] for id, es in tails.items()})
    on = ahead & behind
    if a not in on or b not in on:
        raise TransformError(f"no path leads from {start!r} to {end!r}"
                             + (f"; one leads from {end!r} to {start!r}"
                                if a in _reachable(b, {id: [e.head for e in es]
                                                       for id, es in heads.items()}) else ""))
    part = keep(graph, on, "")
    count, slope = _totals(part, a, b)
    names = {node.id: node.label.partition(" = ")[0] for node in part.nodes if node.kind != "op"}
    title = f"d{text.word(names[b])}/d{text.word(names[a])}"
    said = [f"{count} path{'s' * (count != 1)} from {names[a]} to {names[b]}"
            + (f": {title} = {text.number(slope)}" if slope is not None else "")]
    inside = {id: [e for e in es if e.head in on] for id, es in heads.items() if id in on}
    for i, path in enumerate(_paths(inside, a, b)):
        if i == WRITTEN:
            said.append(f"and {count - WRITTEN} more")
            break
        said.append(_path_text(names, path))
    return Graph(part.name, part.nodes, part.edges, {**part.facts, "results": tuple(said)})


def _reachable(start: str, nexts: dict[str, list[str]]) -> set[str]:
    seen, stack = {start}, [start]
    while stack:
        for id in nexts[stack.pop()]:
            if id not in seen:
                seen.add(id)
                stack.append(id)
    return seen


def _factor(edge: Edge) -> float | None:
    """Return an edge's factor in a path's product: 1 from an op to its result."""
    if "argument" not in edge.facts:
        return 1.0
    local = edge.facts.get("local")
    return None if local is None else local.number


def _totals(graph: Graph, a: str, b: str) -> tuple[int, float | None]:
    """Return the number of paths, and the sum of their products (None if one has no number)."""
    count: dict[str, int] = {a: 1}
    slope: dict[str, float | None] = {a: 1.0}
    tails: dict[str, list[Edge]] = {}
    for edge in graph.edges:
        tails.setdefault(edge.head, []).append(edge)
    for node in topological(graph):
        if node.id == a:
            continue
        arriving = tails.get(node.id, ())
        count[node.id] = sum(count.get(edge.tail, 0) for edge in arriving)
        parts = [(slope.get(edge.tail), _factor(edge)) for edge in arriving]
        slope[node.id] = None if any(s is None or f is None for s, f in parts) else \
            sum(s * f for s, f in parts if s is not None and f is not None)
    return count[b], slope[b]


def _paths(heads: dict[str, list[Edge]], a: str, b: str) -> Iterator[list[Edge]]:
    """Yield the paths from a to b, depth first, without recursion."""
    path: list[Edge] = []
    stack = [iter(heads[a])]
    while stack:
        edge = next(stack[-1], None)
        if edge is None:
            stack.pop()
            if path:
                path.pop()
            continue
        path.append(edge)
        if edge.head == b:
            yield list(path)
            path.pop()
        else:
            stack.append(iter(heads[edge.head]))


def _path_text(called: dict[str, str], path: list[Edge]) -> str:
    """Return a path with its product: x → x² → x³: 1.2 × 1.2 = 1.44."""
    names = [called[path[0].tail], *(called[e.head] for e in path if e.head in called)]
    factors = [_factor(edge) for edge in path if "argument" in edge.facts]
    if len(names) > STEPS:
        names = [*names[:3], f"… {len(names) - 5} more …", *names[-2:]]
    said = " → ".join(names)
    numbers = [f for f in factors if f is not None]
    if len(numbers) < len(factors):
        return said
    product = " × ".join(map(text.number, numbers)) if len(numbers) <= STEPS else "product"
    return f"{said}: {product}" + (f" = {text.number(prod(numbers))}" if len(numbers) > 1 else "")
