"""Layout by an installed Graphviz: `dot` places boxes of fixed size, which tinyviz paints."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from math import hypot
from shutil import which
from typing import Any

from ..graph import Graph
from ..options.message import Message, Option
from .curve_pieces import border
from .placement import LayoutError, Placement, Point, Route, Size

MARGIN = 24.0
RANKDIRS = ("LR", "TB")


def place(graph: Graph, sizes: Mapping[str, Size], labels: Sequence[Size | None],
          *, rankdir: str = "LR", time_limit: float = 60.0) -> Placement:
    """Return the placement as `layered.place` does, but by `dot`; `time_limit` is in seconds.

    Node names and labels never reach `dot`: nodes are numbered, labels are empty boxes.
    Raises LayoutError if `dot` is missing, fails or takes too long.
    """
    if rankdir not in RANKDIRS:
        raise ValueError(f"unknown rankdir: {rankdir!r} (must be one of {', '.join(RANKDIRS)})")
    if not graph.nodes:
        return Placement(2 * MARGIN, 2 * MARGIN, {}, ())
    answer = _run_dot(source(graph, sizes, labels, rankdir=rankdir), time_limit, len(graph.nodes))
    left, bottom, right, top = (float(x) for x in answer["bb"].split(","))

    def at(text: str) -> Point:  # dot's y axis points upwards
        x, y = text.split(",")[:2]
        return (round(float(x) - left + MARGIN, 2), round(top - float(y) + MARGIN, 2))

    points = {o["name"]: at(o["pos"]) for o in answer.get("objects", ()) if "pos" in o}
    centers = {node.id: points[f"n{i}"] for i, node in enumerate(graph.nodes)}
    ops = {node.id for node in graph.nodes if node.kind == "op"}
    routes: list[Route] = [Route(())] * len(graph.edges)
    for found in answer.get("edges", ()):
        k = int(found["id"])
        edge = graph.edges[k]
        if "pos" not in found:
            raise LayoutError(f"dot gave no route for the edge {edge.tail!r} -> {edge.head!r}")
        way = [at(p) for p in found["pos"].split(";")[0].split()]
        if edge.tail in ops:
            way[0] = _edge_of(centers[edge.tail], sizes[edge.tail], way[1])
        if edge.head in ops:
            way[-1] = _edge_of(centers[edge.head], sizes[edge.head], way[-2])
        routes[k] = Route(tuple(way), at(found["lp"]) if "lp" in found else None)
    return Placement(round(right - left + 2 * MARGIN, 2), round(top - bottom + 2 * MARGIN, 2),
                     centers, tuple(routes))


def source(graph: Graph, sizes: Mapping[str, Size], labels: Sequence[Size | None],
           *, rankdir: str = "LR") -> str:
    """Return the DOT text of a graph: boxes of fixed size, 1 px = 1 pt, without user names."""
    lines = [f'digraph {{ rankdir={rankdir}; nodesep=0.3; ranksep=0.4;',
             'node [label="", fixedsize=true, shape=box]; edge [arrowhead=none];']
    number = {}
    for i, node in enumerate(graph.nodes):
        number[node.id] = f"n{i}"
        w, h = sizes[node.id]
        shape = ", shape=ellipse" if node.kind == "op" and w == h else ""
        lines.append(f"n{i} [width={w / 72:.4f}, height={h / 72:.4f}{shape}];")
    for k, edge in enumerate(graph.edges):
        size = labels[k]
        text = "" if size is None else (
            f', label=<<TABLE BORDER="0" CELLBORDER="0" CELLPADDING="0" CELLSPACING="0" '
            f'FIXEDSIZE="TRUE" WIDTH="{round(size.width)}" HEIGHT="{round(size.height)}">'
            f'<TR><TD></TD></TR></TABLE>>')
        lines.append(f'{number[edge.tail]} -> {number[edge.head]} [id="{k}"{text}];')
    return "\n".join([*lines, "}\n"])


def _run_dot(text: str, time_limit: float, size: int) -> dict[str, Any]:
    dot = which("dot")
    if dot is None:
        raise LayoutError(Message("there is no `dot` on this machine: install Graphviz "
                                  "(graphviz.org), or use ", Option("engine", "layered"),
                                  ", which needs nothing"))
    try:
        done = subprocess.run([dot, "-Tjson"], input=text, capture_output=True, text=True,
                              encoding="utf-8", timeout=time_limit, check=False)
    except subprocess.TimeoutExpired:
        raise LayoutError(Message(f"dot took more than {time_limit:g} s for {size} nodes: ",
                                  Option("engine", "layered"), " takes a fraction of a second")
                          ) from None
    except OSError as error:
        raise LayoutError(f"dot could not be run: {error}") from error
    if done.returncode:
        raise LayoutError(f"dot failed (exit status {done.returncode}): "
                          f"{done.stderr.strip() or 'it did not say why'}")
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError as error:
        raise LayoutError(f"dot's answer is not JSON: {error}") from error
    return answer


def _edge_of(center: Point, size: Size, toward: Point) -> Point:
    """Return the point of a dot's or pill's border in the direction of another point."""
    dx, dy = toward[0] - center[0], toward[1] - center[1]
    d = hypot(dx, dy) or 1.0
    x, y = border(size, dx / d, dy / d)
    return (round(center[0] + x, 2), round(center[1] + y, 2))
