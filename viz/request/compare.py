"""Compare: the graphs of two requests, what differs in words, and both as one picture."""

from __future__ import annotations

from typing import NamedTuple

from .. import writers
from ..transforms.diff import diff
from .common import File
from .destinations import destinations, named, themes
from .draw_graph import read
from .graph_request import GraphRequest


class Compared(NamedTuple):
    """Two graphs, compared."""

    files: tuple[File, ...]      # those that the second request asks for
    sentences: tuple[str, ...]   # none where they are the same


def compare(before: GraphRequest, after: GraphRequest, *, rtol: float = 1e-6) -> Compared:
    """Compare two graphs and draw them as one where an output is named. Raises as `draw` does.

    rtol: numbers that differ by less than this part of the larger are equal.
    """
    wanted = destinations(after, writers.formats(), writers.ALIASES) if after.outputs else []
    looks = themes(after, after.theme)
    found = diff(read(before), read(after), rtol=rtol)
    placed = named(wanted, found.graph.name, looks)
    made = writers.pictures(found.graph, [(kind, theme) for _, kind, theme in placed], after)
    return Compared(tuple(File(*place, content) for place, content in zip(placed, made)),
                    found.sentences)
