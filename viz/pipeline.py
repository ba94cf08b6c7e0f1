"""What of a graph is shown: its transforms in the order they need, its folds, its budget."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from typing import NamedTuple

from . import writers
from .graph import Graph, TransformError, size_limits
from .layout import cost


class View(NamedTuple):
    """What is asked for."""

    focus: str | None = None     # a node, by name or id: what lies within `radius` ops of it
    radius: int = 1
    start: str | None = None     # all paths from here ...
    end: str | None = None       # ... to here; None: to the output
    hidden: Sequence[str] = ()   # constants, parameters, inputs
    heat: str | None = None      # grad, data, contribution
    flag: bool = False           # where NaN is born, which gradients vanish
    backward: bool = False       # the backward pass beside the forward one
    fold: str = "auto"           # auto, none, all
    depth: int | None = None     # frames deeper than this are closed
    expand: Sequence[str] = ()   # frames of which all repeats are drawn
    alt: str = ""                # what it shows, in place of the sentence that is made


def view(graph: Graph, asked: View) -> Graph:
    """The graph as it is to be shown. Raises TransformError for what does not go together."""
    if asked.end is not None and asked.start is None:
        raise TransformError("--to needs --from: say where the paths begin")
    if any((asked.focus, asked.start, asked.hidden, asked.heat, asked.flag, asked.backward)):
        from .fold.unfold import unfold
        graph = unfold(graph)    # a file may hold a folded graph: transforms need it whole
    graph = _parts(_marked(graph, asked), asked)
    if asked.backward:
        from .transforms.backward_graph import backward
        graph = backward(graph)
    graph = _folded(graph, asked)
    if asked.alt:
        graph = dataclasses.replace(graph, facts={**graph.facts, "description": asked.alt})
    return graph


def said(before: Graph, shown: Graph) -> str:
    """What was folded, for a user; empty where nothing was."""
    from . import fold
    return fold.summary(shown) if "folds" in shown.facts and "folds" not in before.facts else ""


def destined(graph: Graph, wanted: Sequence[tuple[str, str]]
             ) -> tuple[list[tuple[str, str]], list[str]]:
    """(path, format) for each that is wanted, and what to say where it is the viewer instead.

    A picture whose cost is beyond the budget, and a large one that nobody has named ("" is its
    path), is an html page: the viewer, which opens at once. Known before anything is laid out.
    """
    chosen, lines = [], []
    for path, format in wanted:
        writer = writers.writer(format)
        if cost.affordable(graph, getattr(writer, "MAX_NODES", None), named=bool(path)):
            chosen.append((path, format))
            continue
        price = cost.cost(graph, writer.BYTES_PER_NODE)
        large = (f"{price.nodes:,} nodes and {price.joints:,} joints of long lines, "
                 f"about {price.bytes / 1e6:.0f} MB of {format}")
        if path == "-":
            lines.append(f"a large picture: {large} (--format html is the viewer)")
            chosen.append((path, format))
            continue
        page = os.path.splitext(path)[0] + ".html" if path else ""
        lines.append(f"{large}: the viewer is written instead{f', {page}' * bool(page)} "
                     "(--focus NODE or --fold all draws less)")
        chosen.append((page, "html"))
    return list(dict.fromkeys(chosen)), lines


def _marked(graph: Graph, asked: View) -> Graph:
    """Flags first: they need the graph whole."""
    if asked.flag:
        from .transforms.diagnose import flag
        graph = flag(graph)
    if asked.heat:
        from .transforms.heat import heat
        graph = heat(graph, asked.heat)
    return graph


def _parts(graph: Graph, asked: View) -> Graph:
    from .transforms import subgraph
    if asked.start is not None:
        ends = [node.id for node in graph.nodes if node.kind == "output"] or [graph.nodes[-1].id]
        graph = subgraph.between(graph, asked.start,
                                 asked.end if asked.end is not None else ends[-1])
    if asked.focus is not None:
        graph = subgraph.focus(graph, asked.focus, radius=asked.radius)
    return subgraph.hide(graph, tuple(asked.hidden)) if asked.hidden else graph


def _folded(graph: Graph, asked: View) -> Graph:
    """Folded as asked for, and further where the picture would be too large."""
    from . import fold
    if "paired" in graph.facts and (asked.fold == "all" or asked.expand):
        raise TransformError("--backward pairs the nodes of two passes: it cannot be folded")
    small = fold.fold(graph, mode=asked.fold, depth=asked.depth, expand=tuple(asked.expand))
    if asked.fold != "auto":
        return small
    if "folds" not in small.facts and cost.cost(small).items > size_limits.PICTURE_ITEMS:
        small = fold.fold(graph, mode="all", depth=asked.depth)
    return cost.close_folds(small) if asked.depth is None else small
