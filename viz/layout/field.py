"""A field, the layout of a very large graph, as a placement like any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import hypot

from ..graph import Graph, Node, topological
from .large import CHIP, GAP, Field, arrange
from .placement import Chip, Placement, Point, Rail, Route, Size
from .ports import SPREAD
from .routes import Path, border


def place(graph: Graph, sizes: Mapping[str, Size], *, rankdir: str = "LR") -> Placement:
    """As `layered.place`, without labels: about 20 us and 2 kB for each node and edge."""
    nodes: Sequence[Node] = graph.nodes
    index = {node.id: i for i, node in enumerate(nodes)}
    if any(index[e.tail] > index[e.head] for e in graph.edges):
        nodes = topological(graph)
        index = {node.id: i for i, node in enumerate(nodes)}
    tail, head = [index[e.tail] for e in graph.edges], [index[e.head] for e in graph.edges]
    turned = rankdir == "TB"
    boxes = [Size(*(sizes[node.id][::-1] if turned else sizes[node.id])) for node in nodes]
    op = [node.kind == "op" for node in nodes]
    chip = (CHIP[1], CHIP[0]) if turned else CHIP
    field = arrange(op, tail, head, [s.width for s in boxes], [s.height for s in boxes],
                    chip=chip)

    def points(found: Sequence[Point]) -> tuple[Point, ...]:
        if turned:
            return tuple([(round(y, 2), round(x, 2)) for x, y in found])
        return tuple([(round(x, 2), round(y, 2)) for x, y in found])

    centers = points(list(zip(field.x.tolist(), field.y.tolist())))
    routes = _routes(field, tail, head, boxes, op)
    rails, chips = _shared(field, tail, boxes, chip)
    return Placement(
        round(field.height if turned else field.width, 2),
        round(field.width if turned else field.height, 2),
        {node.id: centers[i] for i, node in enumerate(nodes)},
        tuple([Route(points(found)) for found in routes]),
        tuple([Rail(nodes[i].id, points(found)) for i, found in rails]),
        tuple([Chip(nodes[i].id, e, points((center,))[0]) for i, e, center in chips]))


def _routes(field: Field, tail: list[int], head: list[int], boxes: Sequence[Size],
            op: list[bool]) -> list[list[Point]]:
    """The way of each edge: from its box, chip or rail through one gap; glued ones straight."""
    x, y = field.x.tolist(), field.y.tolist()
    rank, level = field.rank.tolist(), field.level.tolist()
    left, right, start = field.left.tolist(), field.right.tolist(), field.start.tolist()
    entering: dict[int, list[int]] = {}
    for e, h in enumerate(head):
        entering.setdefault(h, []).append(e)
    routes: list[list[Point]] = [[]] * len(tail)
    for h, edges in entering.items():
        size, x1, y1 = boxes[h], x[h], y[h]
        ordered = sorted(edges, key=lambda e: level[start[e]])
        for k, e in enumerate(ordered):
            t, s = tail[e], start[e]
            own = s < field.cells
            way = Path(x[t] + boxes[t].width / 2 if own else right[rank[s]], level[s])
            r = rank[s] + 1
            if own and y[t] == y1 and x[t] < x1 < right[rank[s]]:
                way.line(x1 - size.width / 2, y1)            # an op and its box
                routes[e] = way.points
                continue
            way.line(right[rank[s]], level[s])
            offset = (k - (len(ordered) - 1) / 2) * SPREAD
            if not op[h]:
                offset = max(-size.height / 2 + 8, min(size.height / 2 - 8, offset))
                way.bend(left[r] + GAP - 22.0, y1 + offset)
                way.line(x1 - size.width / 2, y1 + offset)
            else:
                if level[s] == y1 or len(ordered) == 1:
                    offset = 0.0
                offset = max(-40.0, min(40.0, offset))
                far = hypot(28.0, offset)
                bx, by = border(size, -28.0 / far, offset / far)
                way.bend(left[r] + GAP - 22.0, y1 + offset)
                way.line(x1 - size.width / 2 - 12.0, y1 + offset)
                way.into(x1 + bx, y1 + by, 28.0 / far, -offset / far)
            routes[e] = way.points
    return routes


def _shared(field: Field, tail: list[int], boxes: Sequence[Size], chip: tuple[float, float]
            ) -> tuple[list[tuple[int, list[Point]]], list[tuple[int, int, Point]]]:
    """Rails and chips, by node and edge."""
    first = field.cells + field.chips
    rank, level, source = field.rank.tolist(), field.level.tolist(), field.source.tolist()
    left, right = field.left.tolist(), field.right.tolist()
    leaving: dict[int, int] = {}                 # cell -> the tensor whose rail leaves it
    chips: list[tuple[int, int, Point]] = []
    seen = set()
    for e, (s, t) in enumerate(zip(field.start.tolist(), tail)):
        if s >= first:
            leaving[source[s]] = t
        elif s >= field.cells and s not in seen:
            seen.add(s)
            chips.append((t, e, (right[rank[s]] - chip[0] / 2, level[s])))
    rails: list[tuple[int, list[Point]]] = []
    way = Path(0.0, 0.0)
    for i in range(first, len(rank)):
        s, r = source[i], rank[i]
        if i == first or source[i - 1] != s:
            t = leaving[s]
            way = Path(float(field.x[t]) + boxes[t].width / 2, level[s])
            way.line(right[rank[s]], level[s])
            rails.append((t, way.points))
        way.bend(left[r] + GAP - 22.0, level[i])
        way.line(right[r], level[i])
    return rails, chips
