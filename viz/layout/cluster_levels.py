"""Cluster levels: the parts of a folded graph laid out together, per frame and at the top."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..graph import Edge, Graph, Node

ROOTS, END = ("root:0", "root:1"), "end:0"       # ids that keep ports at the start and end


class ClusterLevel(NamedTuple):
    """A graph of the items laid out together within a frame, or at the top level."""

    nodes: list[Node]
    edges: list[Edge]
    number: list[int]            # edge -> its index in the graph, or -1
    leaving: list[str]           # the values that leave


def chain(path: str) -> list[str]:
    """Return the frames of a path, outermost first: "", "2", "2/1"."""
    words = path.split("/") if path else []
    return [""] + ["/".join(words[:n + 1]) for n in range(len(words))]


def split_levels(graph: Graph, folds: Mapping[str, Mapping[str, Any]], shown: Mapping[str, bool],
                 home: Mapping[str, str], item: Mapping[str, str]) -> dict[str, ClusterLevel]:
    """Return by path the items laid out together: nodes, frames as boxes, ports of exits."""
    levels = {path: ClusterLevel([], [], [], []) for path in ("", *(p for p in folds if shown[p]))}
    boxed = {""}
    port = {node.id for node in graph.nodes if "port" in node.facts}
    for node in graph.nodes:
        path = node.facts.get("fold", "")
        for up in chain(path) if path not in boxed else ():
            if up not in boxed:
                boxed.add(up)                      # at the position of its first node
                if folds[up]["parent"] in levels:
                    levels[folds[up]["parent"]].nodes.append(Node(f"frame:{up}", "value", ""))
        if item[node.id] == node.id:
            levels[home[node.id]].nodes.append(node)

    def add_exits(id: str, until: str) -> str:
        """Add exits for a value from its own level up to another; return its name there."""
        path, what = home[id], item[id]
        while path != until:
            if id not in levels[path].leaving:
                levels[path].leaving.append(id)
                levels[path].edges.append(Edge(what, END))
                levels[path].number.append(-1)
            path, what = folds[path]["parent"], f"frame:{path}"
        return what

    for i, edge in enumerate(graph.edges):
        if item[edge.tail] == item[edge.head]:
            continue             # within a closed frame
        above, head = home[edge.head], item[edge.head]
        if head == edge.head and edge.head in port and not _inside(home[edge.tail], above):
            above, head = folds[above]["parent"], f"frame:{above}"
        tail = add_exits(edge.tail, above)
        levels[above].edges.append(Edge(tail, head))
        levels[above].number.append(i)
    for path, fold in folds.items():
        if shown[path]:
            for _, out in fold["carried"]:
                add_exits(out, fold["parent"])
    for path, level in levels.items():
        _pinned(path, level)
    return levels


def _inside(path: str, outer: str) -> bool:
    return path == outer or path.startswith(outer + "/")


def _pinned(path: str, level: ClusterLevel) -> None:
    """Keep ports at the very start and the very end of a frame.

    Two roots feed each entry port, which keeps it from moving towards its use: that would lengthen
    two lines to shorten one. Exits continue to a common end, after everything else.
    """
    if not path:
        return
    pairs = [(root, node.id) for root in ROOTS for node in level.nodes if "port" in node.facts]
    if pairs:
        level.nodes[:0] = [Node(root, "op", "") for root in ROOTS]
    if level.leaving:
        level.nodes.append(Node(END, "op", ""))
    level.edges.extend(Edge(*pair) for pair in pairs)
    level.number.extend([-1] * len(pairs))
