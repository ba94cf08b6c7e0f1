"""JSON, version 1 (of 2026): each fact in a wrapper with its type. Read only, not written.

{"value": {"shape": [], "dtype": "float64", "items": [2.44]}}, {"map": {...}}, {"list": [...]}
"""

from __future__ import annotations

from typing import Any

from .facts import Facts


def decoded(plain: Any) -> dict[str, Any]:
    """Return a graph of version 1 as one of the present version."""
    return {"name": plain["name"], "facts": _facts(plain["facts"]),
            "nodes": [{**node, "facts": _facts(node["facts"])} for node in plain["nodes"]],
            "edges": [{**edge, "facts": _facts(edge["facts"])} for edge in plain["edges"]]}


def _facts(facts: Any) -> dict[str, Any]:
    return {key: _fact(fact) for key, fact in facts.items() if fact is not None}


def _fact(plain: Any) -> Any:
    if not isinstance(plain, dict):
        return plain
    (kind, content), = plain.items()
    if kind == "map":
        return Facts({key: _fact(value) for key, value in content.items()})
    if kind == "list":
        return tuple(_fact(part) for part in content)
    if kind in ("node", "edge"):
        names = ("id", "kind", "label", "facts", "group") if kind == "node" else \
            ("tail", "head", "label", "facts")
        parts = dict(zip(names, content, strict=True))
        return {**parts, "facts": _facts(parts["facts"]["map"])}
    if kind not in ("value", "float"):
        raise ValueError(f"unknown kind of fact: {kind!r:.40}")
    return float(content) if kind == "float" else content
