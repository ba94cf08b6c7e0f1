"""JSON: a graph as text and back, raw numbers and all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from . import Edge, Graph, GraphError, LazyItems, Node, Stats, Value


# ---- JSON: not a number, infinities and complex numbers are words, since JSON has no such numbers

def _number(x: Any) -> Any:
    if isinstance(x, float) and (x != x or x in (float("inf"), -float("inf"))):
        return str(x)            # "nan", "inf", "-inf"
    return str(x) if isinstance(x, complex) else x         # "(1+2j)"


def _unworded(x: Any) -> Any:
    return x if not isinstance(x, str) else complex(x) if x.endswith(("j", "j)")) else float(x)


def _plain(fact: Any) -> Any:
    if isinstance(fact, Value):
        plain: dict[str, Any] = {"shape": list(fact.shape), "dtype": fact.dtype}
        if fact.items is not None:
            plain["items"] = [_number(x) for x in fact.items]
        if fact.stats is not None:
            plain["stats"] = {k: _number(v) for k, v in fact.stats._asdict().items()
                              if v is not None}
        return {"value": plain}
    if isinstance(fact, (Node, Edge)):             # one of a folded node's repeats
        return {type(fact).__name__.lower(): [_plain(part) for part in fact]}
    if isinstance(fact, Mapping):
        return {"map": {key: _plain(value) for key, value in fact.items()}}
    if isinstance(fact, (list, tuple, LazyItems)):
        return {"list": [_plain(value) for value in fact]}
    if isinstance(fact, float) and _number(fact) is not fact:
        return {"float": _number(fact)}
    if fact is None or isinstance(fact, (str, bool, int, float)):
        return fact
    raise GraphError(f"a fact cannot be written as JSON: {fact!r}")


def _fact(plain: Any) -> Any:
    if not isinstance(plain, dict):
        return plain
    (kind, content), = plain.items()
    if kind == "map":
        return {key: _fact(value) for key, value in content.items()}
    if kind in ("list", "node", "edge"):
        parts = tuple(_fact(part) for part in content)
        return Node(*parts) if kind == "node" else Edge(*parts) if kind == "edge" else parts
    if kind == "float":
        return float(content)
    items, stats = content.get("items"), content.get("stats")
    return Value(
        tuple(content["shape"]), content["dtype"],
        None if items is None else tuple(_unworded(x) for x in items),
        None if stats is None else Stats(**{k: _unworded(v) for k, v in stats.items()}))


def _facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _plain(value) for key, value in facts.items()}


def to_json(graph: Graph) -> str:
    """The graph as JSON, one node or edge a line, so that a diff shows what changed."""
    def line(item: Any) -> str:
        return json.dumps(item, ensure_ascii=False)

    def block(items: Iterable[Any]) -> str:
        return ",\n".join("    " + line(item) for item in items)

    nodes = block({"id": n.id, "kind": n.kind, "label": n.label, "facts": _facts(n.facts),
                   "group": n.group} for n in graph.nodes)
    edges = block({"tail": e.tail, "head": e.head, "label": e.label, "facts": _facts(e.facts)}
                  for e in graph.edges)
    return (f'{{\n  "tinyviz": 1,\n  "name": {line(graph.name)},\n'
            f'  "facts": {line(_facts(graph.facts))},\n'
            f'  "nodes": [\n{nodes}\n  ],\n  "edges": [\n{edges}\n  ]\n}}\n')


def from_json(text: str) -> Graph:
    """The graph that `to_json` wrote. Raises GraphError where the text is of another shape."""
    try:
        plain = json.loads(text)
        nodes = tuple(Node(n["id"], n["kind"], n["label"],
                           {k: _fact(v) for k, v in n["facts"].items()}, n["group"])
                      for n in plain["nodes"])
        edges = tuple(Edge(e["tail"], e["head"], e["label"],
                           {k: _fact(v) for k, v in e["facts"].items()}) for e in plain["edges"])
        facts = {k: _fact(v) for k, v in plain["facts"].items()}
        name = plain["name"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise GraphError(f"not a graph in JSON: {error}") from error
    return Graph(name, nodes, edges, facts)
