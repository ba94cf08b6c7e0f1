"""Fact texts: the facts of nodes and edges as text, for the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..graph import Edge, Node, Value, text
from ..graph.text import literal
from ..graph.value import magnitude

INNER = {"repeats", "at", "drawn", "port", "lag", "fold", "heat"}     # facts for the picture only


def node(node: Node) -> dict[str, Any]:
    """Return a node for a small page: its facts as rows and in brief, and the size of its grad."""
    rows = [[literal(key), line] for key, fact in node.facts.items() if key not in INNER
            for line in fact_lines(fact)]
    if node.group:
        rows.append(["group", literal(node.group)])
    told = {"id": node.id, "kind": node.kind, "name": node_name(node), "facts": rows,
            "brief": {key: text.numbers(node.facts[key]) for key in ("data", "grad")
                      if node.facts.get(key) is not None}}
    grad = magnitude(node.facts.get("grad"))
    return told if grad is None or grad - grad != 0 else told | {"slope": grad}


def edge(edge: Edge) -> dict[str, Any]:
    """Return an edge for a small page: its facts, and its local derivative as a number."""
    shown = {"local": edge.facts.get("local"), "sent": edge.facts.get("contribution")}
    carried: dict[str, Any] = {key: text.numbers(value) for key, value in shown.items()
                               if value is not None}
    if edge.facts.get("formula"):
        carried["formula"] = literal(str(edge.facts["formula"]))
    local = shown["local"].number if shown["local"] is not None else None
    if isinstance(local, (int, float)) and local - local == 0:
        carried["slope"] = local
    return carried


def node_name(node: Node) -> str:
    return literal(node.label) or literal(node.id)


def fact_lines(fact: Any) -> list[str]:
    """Return a fact as text: of an array its numbers, or their range, its shape and type."""
    if isinstance(fact, Value):
        return [full(fact)]
    if isinstance(fact, (list, tuple)):
        return [", ".join(line for item in fact for line in fact_lines(item))] if fact else []
    if isinstance(fact, Mapping):
        return [f"{literal(str(key))}: {line}" for key, item in fact.items()
                for line in fact_lines(item)]
    return [] if fact is None or fact == "" else [
        text.number(fact, 12) if isinstance(fact, (int, float)) else literal(str(fact))]


def full(value: Value) -> str:
    """Return a value with its type and all of its numbers that were kept."""
    if value.items is not None and value.size > text.FEW:
        return text.numbers(value) + about(value) + "\n" + rows(value)
    return text.numbers(value, 12) + about(value)


def about(value: Value) -> str:
    """Return a value's shape and type: (3×4 float64)."""
    return f" ({text.shape(value.shape)} {value.dtype})" if value.shape else f" ({value.dtype})"


def rows(value: Value) -> str:
    """Return the numbers of an array, one row per line."""
    across = value.shape[-1]
    numbers = [text.number(x) for x in value.items or ()]
    return "\n".join("  ".join(numbers[i:i + across]) for i in range(0, len(numbers), across))
