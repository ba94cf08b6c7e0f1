"""JSON: the graph itself, raw numbers and all; `graph.from_json` reads it back."""

from __future__ import annotations

from ..graph import Graph
from ..graph.json import to_json
from ..options.drawing import DrawOptions


def write(graph: Graph, options: DrawOptions = DrawOptions()) -> bytes:
    """The graph as JSON, one node or edge a line."""
    return to_json(graph).encode("utf-8", "backslashreplace")    # half a pair is \ud800 in JSON
