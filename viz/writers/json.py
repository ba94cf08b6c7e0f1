"""JSON: the graph itself with its raw numbers; `graph.from_json` reads it back."""

from __future__ import annotations

from ..graph import Graph
from ..graph.json import to_json
from ..options.drawing import DrawOptions


def write(graph: Graph, options: DrawOptions = DrawOptions()) -> bytes:
    """Return the graph as JSON, one node or edge per line."""
    return to_json(graph).encode("utf-8", "backslashreplace")    # lone surrogates become \ud800
