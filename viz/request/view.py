"""View: what of a graph is shown: its transforms in the order they need, its folds, its budget."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence

from .. import writers
from ..graph import Graph, size_limits
from ..layout import cost
from ..options.fields import OptionError
from ..options.message import Message, Option
from .destinations import Destination
from .graph_request import GraphRequest


def view(graph: Graph, asked: GraphRequest) -> Graph:
    """Return the graph as it is to be shown. Raises TransformError for what is not in it."""
    if any((asked.focus, asked.start, asked.hidden, asked.heat, asked.flagged, asked.backward)):
        from ..fold.unfold import unfold
        graph = unfold(graph)    # a file may hold a folded graph: transforms need it whole
    graph = _parts(_marked(graph, asked), asked)
    if asked.backward:
        from ..transforms.backward_graph import backward
        graph = backward(graph)
    graph = _folded(graph, asked)
    if asked.alt:
        graph = dataclasses.replace(graph, facts={**graph.facts, "description": asked.alt})
    return graph


def fold_note(before: Graph, shown: Graph) -> str:
    """Return a note about what was folded; empty where nothing was."""
    from .. import fold
    return fold.summary(shown) if "folds" in shown.facts and "folds" not in before.facts else ""


def choose_formats(graph: Graph, wanted: Sequence[Destination]
                   ) -> tuple[list[Destination], list[str]]:
    """Return the files to make, the viewer in place of what is too large, and notes about that.

    A picture whose cost is beyond the budget, and a large one that nobody has named ("" is its
    path), is an html page: the viewer, which opens at once. Known before anything is laid out.
    """
    chosen: list[Destination] = []
    notes: list[str] = []
    for path, format in wanted:
        writer = writers.writer(format)
        if cost.affordable(graph, getattr(writer, "MAX_NODES", None), named=bool(path)):
            chosen.append(Destination(path, format))
            continue
        price = cost.cost(graph, writer.BYTES_PER_NODE)
        large = (f"{price.nodes:,} nodes and {price.joints:,} joints of long lines, "
                 f"about {price.bytes / 1e6:.0f} MB of {format}")
        if path == "-":
            notes.append(Message(f"a large picture: {large} (", Option("format", "html"),
                                 " is the viewer)"))
            chosen.append(Destination(path, format))
            continue
        page = os.path.splitext(path)[0] + ".html" if path else ""
        notes.append(Message(
            f"{large}: the viewer is written instead{f', {page}' * bool(page)} (",
            Option("focus"), " or ", Option("fold", "all"), " draws less)"))
        chosen.append(Destination(page, "html"))
    return list(dict.fromkeys(chosen)), notes


def _marked(graph: Graph, asked: GraphRequest) -> Graph:
    """Return the graph with its flags, which need it whole, and its heat."""
    if asked.flagged:
        from ..transforms.diagnose import flag
        graph = flag(graph)
    if asked.heat:
        from ..transforms.heat import heat
        graph = heat(graph, asked.heat)
    return graph


def _parts(graph: Graph, asked: GraphRequest) -> Graph:
    from ..transforms import subgraph
    if asked.start is not None:
        ends = [node.id for node in graph.nodes if node.kind == "output"] or [graph.nodes[-1].id]
        graph = subgraph.between(graph, asked.start,
                                 asked.end if asked.end is not None else ends[-1])
    if asked.focus is not None:
        graph = subgraph.focus(graph, asked.focus, radius=asked.radius)
    return subgraph.hide(graph, tuple(asked.hidden)) if asked.hidden else graph


def _folded(graph: Graph, asked: GraphRequest) -> Graph:
    """Return the graph folded as requested, and further if the picture would be too large."""
    from .. import fold
    if "paired" in graph.facts and (asked.fold == "all" or asked.expand):
        raise OptionError(Message(Option("backward"), " pairs the nodes of two passes: the graph "
                                                      "cannot be folded"))
    small = fold.fold(graph, mode=asked.fold, depth=asked.depth, expand=tuple(asked.expand))
    if asked.fold != "auto":
        return small
    if "folds" not in small.facts and cost.cost(small).items > size_limits.PICTURE_ITEMS:
        small = fold.fold(graph, mode="all", depth=asked.depth)
    return cost.close_folds(small) if asked.depth is None else small
