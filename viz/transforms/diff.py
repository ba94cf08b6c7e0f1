"""Diff: two graphs matched by name and structure, with added, removed and changed nodes, as one."""

from __future__ import annotations

from cmath import isclose        # of complex numbers too
from collections.abc import Mapping
from difflib import SequenceMatcher
from hashlib import blake2b
from math import inf
from typing import Any, NamedTuple

from ..graph import Edge, Graph, Node, Value, text, topological
from ..graph.value import statistics

NUMBERS = ("data", "grad")       # facts of a node that are compared
ABSOLUTE = 1e-12                 # times the largest number: smaller differences are ignored
ROUNDED = {"float32": 1e-6, "float16": 1e-3, "bfloat16": 1e-2}    # the same, of coarser numbers
LISTED = 20                      # differences that are listed in sentences
DRAWN = 6                        # of these, differences under the picture
ALIGNED = 4_000_000              # pairs of unmatched ops aligned; more are matched in order


class Difference(NamedTuple):
    """Two graphs as one, and their differences in sentences, none if they are equal."""

    graph: Graph
    sentences: tuple[str, ...]


def diff(a: Graph, b: Graph, *, rtol: float = 1e-6) -> Difference:
    """Return the second graph with the first one's removed nodes, and a `change` at each
    difference.

    `match` finds equal nodes. `change` is added, removed, or what changed: name, data, grad, shape,
    dtype, attributes; a node's `flag` shows it in the picture. Numbers are equal if they differ by
    at most `rtol` of the larger, or by rounding relative to the largest of their array.
    `graph.facts["differences"]` has all sentences: the structure first, then the first differing
    numbers, then their effects.  Near linear in the graphs.
    """
    there = match(a, b)                            # id in a -> id in b
    back = {new: old for old, new in there.items()}
    old_nodes = {node.id: node for node in a.nodes}
    said: list[str] = []
    gone: list[str] = []
    numbers: list[tuple[int, str]] = []            # 0: an origin; 1, 2: effects; sentence
    sources = _operands(b)
    moved: set[str] = set()                        # ids of nodes with other data than before
    ids = {node.id for node in b.nodes}
    own: dict[str, str] = dict(there)              # id in a -> id in the drawn graph
    for node in a.nodes:
        if node.id not in own:
            id = node.id
            while id in ids:
                id += "_"
            ids.add(id)
            own[node.id] = id
    nodes: list[Node] = []
    for node in b.nodes:
        before = old_nodes.get(back.get(node.id, ""))
        change, words = ("added", "") if before is None else _changes(before, node, rtol)
        kinds = set(change.split(", "))
        made_of = sources.get(node.id, ())
        if change == "added":
            said.append(f"added: {_describe(node)}")
        elif kinds <= {"data", "grad"} and change:
            behind = 2 if "data" not in kinds else int(not moved.isdisjoint(made_of))
            at = "; its operands are as they were" if made_of and not behind else ""
            numbers.append((behind, f"{_describe(node)}: {words}{at}"))
        elif change:
            said.append(f"{_describe(node)}: {words}")
        if not kinds.isdisjoint(("data", "shape", "dtype", "added")):
            moved.add(node.id)
        nodes.append(_mark_change(node, change))
    for node in a.nodes:
        if node.id not in there:
            gone.append(f"removed: {_describe(node)}")
            nodes.append(_mark_change(node._replace(id=own[node.id]), "removed"))
    edges, rewired = _edges(a, b, there, own)
    said += gone + rewired + [s for _, s in sorted(numbers, key=lambda pair: pair[0])]
    drawn = _ordered(b.name, nodes, edges)
    facts: dict[str, Any] = {"title": f"{a.name} → {b.name}", "differences": tuple(said)}
    if not said:
        facts["results"] = ("no difference",)
    else:
        counts = {kind: sum(n.facts.get("change") == kind for n in nodes)
                  for kind in ("added", "removed")}
        changed = sum("change" in n.facts for n in nodes) - sum(counts.values())
        facts["results"] = (", ".join(f"{n} {kind}" for kind, n in
                                      (*counts.items(), ("changed", changed)) if n)
                            or f"{len(rewired)} rewired",)
    facts["flags"] = _first(said, DRAWN)
    told = _first(said, LISTED)
    counted = (f"{facts['results'][0]}:",) if len(told) < len(said) else ()
    return Difference(Graph(drawn.name, drawn.nodes, drawn.edges, facts), counted + told)


def _first(said: list[str], most: int) -> tuple[str, ...]:
    return tuple(said) if len(said) <= most else (*said[:most], f"and {len(said) - most} more")


def match(a: Graph, b: Graph) -> dict[str, str]:
    """Return id in a -> id in b, for the nodes that match.

    First leaves, by name; then nodes of equal meaning (a hash of the node and all its ancestors),
    one for one in order; then nodes named by the user; then the remaining ops, aligned in order of
    creation so that most have a partner, within their modules and then anywhere; then leaves of
    another name in the same place of such ops; and the tensors that such ops made.
    Source: hash consing, Ershov, 1958; gestalt pattern matching, Ratcliff and Obershelp, 1988.
    """
    pairs: dict[str, str] = {}
    for keys in (_leaf_keys, _structure_hashes, _name_keys):
        _pair(a, b, keys(a), keys(b), pairs)
    for does in (_signature, lambda node: _signature(node)[:2]):
        taken = set(pairs.values())
        mine = [node for node in a.nodes if node.kind == "op" and node.id not in pairs]
        theirs = [node for node in b.nodes if node.kind == "op" and node.id not in taken]
        if len(mine) * len(theirs) <= ALIGNED:
            aligner = SequenceMatcher(None, list(map(does, mine)), list(map(does, theirs)), False)
            for i, j, length in aligner.get_matching_blocks():
                pairs |= {mine[i + k].id: theirs[j + k].id for k in range(length)}
        else:
            _pair(a, b, {n.id: does(n) for n in mine}, {n.id: does(n) for n in theirs}, pairs)
    _pair(a, b, _use_keys(a, {old: old for old in pairs}), _use_keys(b, {
        new: old for old, new in pairs.items()}), pairs)
    _pair(a, b, _result_keys(a, pairs), _result_keys(b, {new: new for new in pairs.values()}),
          pairs)
    return pairs


def _pair(a: Graph, b: Graph, mine: Mapping[str, Any], theirs: Mapping[str, Any],
          pairs: dict[str, str]) -> None:
    """Match the free nodes of equal keys, one for one in order."""
    taken = set(pairs.values())
    waiting: dict[Any, list[str]] = {}
    for node in reversed(b.nodes):
        if node.id in theirs and node.id not in taken:
            waiting.setdefault(theirs[node.id], []).append(node.id)
    for node in a.nodes:
        if node.id in mine and node.id not in pairs and waiting.get(mine[node.id]):
            pairs[node.id] = waiting[mine[node.id]].pop()


def _signature(node: Node) -> tuple[str, ...]:
    """Return a key of a node without its numbers, its parameters and its name."""
    kind = "value" if node.kind == "output" else node.kind
    return kind, str(node.facts.get("op", "")), node.group


def _leaf_keys(graph: Graph) -> dict[str, Any]:
    """Return id -> id and kind for named leaves; constants by their signature."""
    return {node.id: (node.kind, node.label if node.kind == "constant" else node.id, node.group)
            for node in graph.nodes if node.kind in ("input", "parameter", "constant")}


def _name_keys(graph: Graph) -> dict[str, Any]:
    """Return id -> id for the nodes named by the user, and the ops that made them."""
    named = {node.id for node in graph.nodes if " = " in node.label}
    makers = {edge.tail: edge.head for edge in graph.edges if edge.head in named}
    return {node.id: (makers.get(node.id, node.id), *_signature(node)) for node in graph.nodes
            if node.id in named or node.id in makers}


def _use_keys(graph: Graph, own: Mapping[str, str]) -> dict[str, Any]:
    """Return id -> the first use of a leaf, and its shape, for the operands of the ops of `own`."""
    leaves = {node.id: node for node in graph.nodes if node.kind in ("input", "parameter")}
    found: dict[str, Any] = {}
    for edge in graph.edges:
        leaf = leaves.get(edge.tail)
        if leaf is not None and edge.head in own:
            data = leaf.facts.get("data")
            found.setdefault(leaf.id, (own[edge.head], edge.facts.get("argument"), leaf.kind,
                                       data.shape if data is not None else ()))
    return found


def _operands(graph: Graph) -> dict[str, list[str]]:
    """Return id of a tensor -> the operands of its op."""
    tails = _tails(graph)
    ops = {node.id for node in graph.nodes if node.kind == "op"}
    return {node.id: [id for op in tails[node.id] if op in ops for id in tails[op]]
            for node in graph.nodes if node.kind != "op"}


def _result_keys(graph: Graph, pairs: Mapping[str, str]) -> dict[str, Any]:
    """Return id of a tensor -> the partner of its op, if there is one."""
    ops = {node.id for node in graph.nodes if node.kind == "op"}
    return {edge.head: pairs[edge.tail] for edge in graph.edges
            if edge.tail in ops and edge.tail in pairs}


def _structure_hashes(graph: Graph) -> dict[str, Any]:
    """Return id -> a digest of what the node computes: equal if all its ancestors are equal."""
    tails = _tails(graph)
    keys: dict[str, Any] = {}
    leaves = _leaf_keys(graph)
    for node in topological(graph):
        own = leaves.get(node.id, ())
        keys[node.id] = digest((*_signature(node), str(node.facts.get("attributes", "")), *own,
                                *(keys[tail] for tail in tails[node.id])))
    return keys


def digest(key: tuple[Any, ...]) -> str:
    """Return a short digest of a key, the same in every process."""
    return blake2b(repr(key).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def _tails(graph: Graph) -> dict[str, list[str]]:
    tails: dict[str, list[tuple[int, str]]] = {node.id: [] for node in graph.nodes}
    for edge in graph.edges:
        tails[edge.head].append((int(edge.facts.get("argument", 0)), edge.tail))
    return {id: [tail for _, tail in sorted(found, key=lambda pair: pair[0])]
            for id, found in tails.items()}


def _changes(a: Node, b: Node, rtol: float) -> tuple[str, str]:
    """Return the difference between two nodes, as a word and in words; "" and "" if there is none.
    """
    words, kinds = [], []
    if a.kind in ("input", "parameter") and a.label != b.label:
        kinds.append("name")
        words.append(f"was {a.label}")
    for key in NUMBERS:
        x, y = a.facts.get(key), b.facts.get(key)
        if x is None and y is None:
            continue
        if x is None or y is None:
            kinds.append(key)
            words.append(f"{key} is {'new' if x is None else 'gone'}")
        elif x.shape != y.shape:
            kinds.append("shape")
            words.append(f"{key} {text.shape(x.shape)} → {text.shape(y.shape)}")
        elif x.dtype != y.dtype and same(x, y, rtol):
            kinds.append("dtype")
            words.append(f"{key} {x.dtype} → {y.dtype}")
        elif not same(x, y, rtol):
            kinds.append(key)
            cast = f"{x.dtype} → {y.dtype}, " if x.dtype != y.dtype else ""
            words.append(f"{key} {cast}{text.numbers(x)} → {text.numbers(y)}" + _relative_gap(x, y))
    before, after = (str(n.facts.get("attributes", "")) for n in (a, b))
    if before != after:
        kinds.append("attributes")
        words.append(f"{before or 'nothing'} → {after or 'nothing'}")
    return (", ".join(dict.fromkeys(kinds)), "; ".join(words)) if kinds else ("", "")


def same(a: Value, b: Value, rtol: float) -> bool:
    """Return whether two values of one shape are the same numbers, up to a relative tolerance."""
    xs, ys = _numbers(a), _numbers(b)
    if len(xs) != len(ys):
        return False
    largest = max((abs(x) for x in (*xs, *ys) if x - x == 0), default=0.0)
    rounded = max(ROUNDED.get(value.dtype, ABSOLUTE) for value in (a, b))
    least = max(ABSOLUTE, min(rounded, rtol)) * largest
    if a.dtype != b.dtype:
        rtol = max(rtol, rounded)
    return all(x == y or (x != x and y != y) or isclose(x, y, rel_tol=rtol, abs_tol=least)
               for x, y in zip(xs, ys))


def _numbers(value: Value) -> list[Any]:
    if value.items is not None:
        return list(value.items)
    return list(statistics(value)) if value.stats is not None else []


def _relative_gap(a: Value, b: Value) -> str:
    """Return the difference of two values relative to the larger: (3 %)."""
    gaps = [abs(x - y) for x, y in zip(_numbers(a), _numbers(b)) if abs(x - y) < inf]
    largest = max((abs(x) for x in (*_numbers(a), *_numbers(b)) if x - x == 0), default=0.0)
    return f" ({text.number(100 * max(gaps) / largest, 2)} %)" if gaps and largest else ""


def _edges(a: Graph, b: Graph, there: Mapping[str, str], own: Mapping[str, str]
           ) -> tuple[list[Edge], list[str]]:
    """Return the edges of both, with the fact `change` on those of only one; and the changed inputs
    of matched nodes, in words."""
    def key(edge: Edge, ids: Mapping[str, str]) -> tuple[Any, ...]:
        return ids.get(edge.tail), ids.get(edge.head), edge.facts.get("argument")

    itself = {node.id: node.id for node in b.nodes}
    mine: dict[Any, int] = {}
    for edge in a.edges:
        mine[key(edge, there)] = mine.get(key(edge, there), 0) + 1
    edges, said = [], []
    matched = set(there.values())
    for edge in b.edges:
        found = key(edge, itself)
        if mine.get(found, 0):
            mine[found] -= 1
            edges.append(edge)
            continue
        edges.append(edge._replace(facts={**edge.facts, "change": "added"}))
        if edge.tail in matched and edge.head in matched:
            said.append(f"added: {edge.tail} → {edge.head}")
    for edge in a.edges:
        found = key(edge, there)
        if None in found[:2] or mine.get(found, 0):
            if None not in found[:2]:
                mine[found] -= 1
                said.append(f"removed: {edge.tail} → {edge.head}")
            edges.append(Edge(own[edge.tail], own[edge.head], "", {
                key: fact for key, fact in edge.facts.items() if key == "argument"}
                | {"change": "removed"}))
    return edges, said


def _ordered(name: str, nodes: list[Node], edges: list[Edge]) -> Graph:
    """Return the graph of both, nodes before their uses; drop removed edges that may close a cycle.
    """
    place = {node.id: i for i, node in enumerate(nodes)}
    kept = [edge for edge in edges if edge.facts.get("change") != "removed"]
    removed = [edge for edge in edges if edge.facts.get("change") == "removed"]
    try:
        graph = Graph(name, tuple(nodes), tuple(kept + removed))
    except ValueError:
        gone = {node.id for node in nodes if node.facts.get("change") == "removed"}
        one_way = [e for e in removed if e.head in gone]         # never out of what is gone
        graph = Graph(name, tuple(nodes), tuple(kept + one_way))
    order = {node.id: i for i, node in enumerate(topological(graph))}
    return Graph(name, tuple(sorted(nodes, key=lambda n: (order[n.id], place[n.id]))), graph.edges)


def _mark_change(node: Node, change: str) -> Node:
    if not change:
        return node
    shown = change if change in ("added", "removed") else f"{change} changed"
    return node._replace(facts={**node.facts, "change": change, "flag": shown})


def _describe(node: Node) -> str:
    name = node.label.partition(" = ")[0]
    where = node.facts.get("line") or node.facts.get("source") or node.group
    return (f"op {name}" if node.kind == "op" else name) + (f" ({where})" if where else "")
