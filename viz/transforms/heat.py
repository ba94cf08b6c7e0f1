"""Heat: the size of each gradient, value or contribution, on a diverging log scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import floor, inf, log10
from typing import Any

from ..graph import Graph, TransformError
from ..graph.value import magnitude

KINDS = ("grad", "data", "contribution")
BINS = 4                         # on either side of zero
LEAST = 0.25                     # decades of a bin at least
WIDEST = 3.0                     # and at most: smaller numbers are in the bin next to zero


def heat(graph: Graph, by: str) -> Graph:
    """Return the graph with a `heat` from -BINS to BINS at nodes (grad, data) or edges
    (contribution).

    The scale is logarithmic on either side of zero: each bin is the same number of decades wide.
    `graph.facts["heat"]` has its limits, largest first.  Raises TransformError for another `by`.
    """
    if by not in KINDS:
        raise TransformError(f"unknown heat: {by!r} (must be one of {', '.join(KINDS)})")
    items: Sequence[Any] = graph.edges if by == "contribution" else graph.nodes
    sizes = [magnitude(item.facts.get(by)) for item in items]
    found = [abs(s) for s in sizes if s is not None and 0 < abs(s) < inf]
    high = max(found, default=1.0)
    width = min(max((log10(high) - log10(min(found, default=1.0))) / BINS + 1e-9, LEAST), WIDEST)

    def marked(facts: Mapping[str, Any], x: float | None) -> Mapping[str, Any]:
        return facts if x is None else {**facts, "heat": _bin(x, high, width)}

    new = tuple(item._replace(facts=marked(item.facts, s)) for item, s in zip(items, sizes))
    limits = tuple(high / 10**(width * i) for i in range(BINS + 1))
    facts = {**graph.facts, "heat": {"by": by, "limits": limits}}
    if by == "contribution":
        return Graph(graph.name, graph.nodes, new, facts)
    return Graph(graph.name, new, graph.edges, facts)


def _bin(x: float, high: float, width: float) -> int:
    if x == 0 or x != x:
        return 0
    step = BINS if abs(x) == inf else \
        max(BINS - floor(max(log10(high) - log10(abs(x)), 0.0) / width), 1)
    return step if x > 0 else -step
