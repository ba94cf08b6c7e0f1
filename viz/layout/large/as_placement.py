"""A field, the layout of a very large graph, as a placement like any other."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import hypot, inf
from typing import NamedTuple

from ...graph import Graph, Node, topological
from ..columns import LANE, TURN
from ..curve_pieces import PathBuilder, border
from ..placement import Chip, Placement, Point, Rail, Route, Size
from ..ports import SPREAD
from ..route import Turn
from ..rows import even_breaks
from ..shelves import pack_rows
from .layered import CHIP, GAP, MARGIN, ArrayPlacement, arrange


class _Page(NamedTuple):
    """A field, as lists, in rows: of one row where it was to stay a strip."""

    x: list[float]               # node -> its centre
    y: list[float]
    rank: list[int]              # item -> rank
    level: list[float]           # item -> its line
    left: list[float]            # rank -> the end of the one before
    right: list[float]           # rank -> its end
    turns: dict[int, Turn]       # item at the end of a row -> how its line goes on in the next
    width: float
    height: float


def place(graph: Graph, sizes: Mapping[str, Size], *, rankdir: str = "LR",
          wrap: float | None = None, ratio: float | None = None) -> Placement:
    """As `layered.place`, without labels: about 20 us and 2 kB for each node and edge."""
    joined = {end for edge in graph.edges for end in edge[:2]}
    nodes: Sequence[Node] = [node for node in graph.nodes if node.id in joined]
    index = {node.id: i for i, node in enumerate(nodes)}
    if any(index[e.tail] > index[e.head] for e in graph.edges):
        nodes = [node for node in topological(graph) if node.id in joined]
        index = {node.id: i for i, node in enumerate(nodes)}
    tail, head = [index[e.tail] for e in graph.edges], [index[e.head] for e in graph.edges]
    turned = rankdir == "TB"
    boxes = [Size(*(sizes[node.id][::-1] if turned else sizes[node.id])) for node in nodes]
    op = [node.kind == "op" for node in nodes]
    chip = (CHIP[1], CHIP[0]) if turned else CHIP
    field = arrange(op, tail, head, [s.width for s in boxes], [s.height for s in boxes],
                    chip=chip)
    page = _page(field, boxes, chip, wrap, ratio and (1 / ratio if turned else ratio))
    alone = [node for node in graph.nodes if node.id not in joined]
    beside = [Size(*(sizes[node.id][::-1] if turned else sizes[node.id])) for node in alone]
    width, height, corners = pack_rows(beside, page.width - 2 * MARGIN)
    down = page.height - MARGIN if nodes else 0.0    # what has no edges stands below
    width, height = max(page.width, width), height + down if alone else page.height

    def points(found: Sequence[Point]) -> tuple[Point, ...]:
        if turned:
            return tuple([(round(y, 2), round(x, 2)) for x, y in found])
        return tuple([(round(x, 2), round(y, 2)) for x, y in found])

    below = [(x + w / 2, down + y + h / 2) for (x, y), (w, h) in zip(corners, beside)]
    centers = points([*zip(page.x, page.y), *below])
    routes = _routes(field, page, tail, head, boxes, op)
    rails, chips = _shared(field, page, tail, boxes, chip)
    return Placement(
        round(height if turned else width, 2), round(width if turned else height, 2),
        {node.id: at for node, at in zip([*nodes, *alone], centers)},
        tuple([Route(points(found)) for found in routes]),
        tuple([Rail(nodes[i].id, points(found)) for i, found in rails]),
        tuple([Chip(nodes[i].id, e, points((center,))[0]) for i, e, center in chips]))


def _page(field: ArrayPlacement, boxes: Sequence[Size], chip: tuple[float, float],
          wrap: float | None, ratio: float | None) -> _Page:
    """Rows no wider than `wrap`, or of that width which makes a page of a ratio."""
    x, y, level = field.x.tolist(), field.y.tolist(), field.level.tolist()
    left, right, rank = field.left.tolist(), field.right.tolist(), field.rank.tolist()
    strip = _Page(x, y, rank, level, left, right, {}, field.width, field.height)
    if wrap is None or field.width <= wrap:
        return strip
    where = [bisect_left(right, at) for at in x]     # node -> its rank
    top, bottom = [inf] * len(right), [-inf] * len(right)
    for r, at, half in (*[(r, at, size.height / 2) for r, at, size in zip(where, y, boxes)],
                        *[(rank[i], level[i], chip[1] / 2) for i in range(field.pairs, len(rank))]):
        top[r], bottom[r] = min(top[r], at - half), max(bottom[r], at + half)
    passing: list[set[int]] = [set() for _ in range(len(right) + 1)]
    for s in field.tails.tolist():
        passing[rank[s] + 1].add(s)
    lines = [len(items) for items in passing]
    firsts = even_breaks(right, lines, wrap)
    wide = (field.width * (field.height + 2 * TURN) * ratio) ** 0.5 if ratio else 0.0
    for _ in range(4 if ratio else 0):               # rows are lower than the strip: so narrower
        firsts = even_breaks(right, lines, max(wide, wrap))
        tall = sum([max(bottom[a:b]) - min(top[a:b]) + 2 * TURN + LANE * lines[a]
                    for a, b in pairwise([*firsts, len(right)])])
        wide *= (tall * (ratio or 1.0) / wide) ** 0.5
    turns: dict[int, Turn] = {}
    at, width = MARGIN, 0.0
    move: list[Point] = []                           # rank -> how far it moves
    for k, (first, last) in enumerate(pairwise([*firsts, len(right)])):
        entering = [level[s] for s in passing[first]]
        high, low = min(top[first:last] + entering), max(bottom[first:last] + entering)
        begin = left[first] - MARGIN - (TURN + LANE * lines[first] if k else 0.0)
        move += [(-begin, at - high)] * (last - first)
        at += low - high + 2 * TURN
        end = right[last - 1] - begin + TURN
        if last < len(right):
            for p, s in enumerate(sorted(passing[last], key=lambda s: (-level[s], s))):
                turns[s] = Turn(end + LANE * p, at - TURN + LANE * p, MARGIN + LANE * p, level[s])
            at += LANE * lines[last]
        width = max(width, end + LANE * lines[last] * (last < len(right)))
    return _Page([v + move[r][0] for v, r in zip(x, where)],
                 [v + move[r][1] for v, r in zip(y, where)], rank,
                 [v + move[r][1] for v, r in zip(level, rank)],
                 [v + move[r][0] for r, v in enumerate(left)],
                 [v + move[r][0] for r, v in enumerate(right)],
                 {s: turn._replace(y=turn.y + move[rank[s] + 1][1]) for s, turn in turns.items()},
                 width + MARGIN, at - 2 * TURN + MARGIN)


def _run(way: PathBuilder, page: _Page, s: int) -> None:
    """From an item on to where the next rank begins."""
    way.line(page.right[page.rank[s]], page.level[s])
    if s in page.turns:
        way.turn(*page.turns[s])


def _routes(field: ArrayPlacement, page: _Page, tail: list[int], head: list[int],
            boxes: Sequence[Size], op: list[bool]) -> list[list[Point]]:
    """The way of each edge: from its box, chip or rail through one gap; glued ones straight."""
    x, y, rank, level, left, right = page[:6]
    start = field.start.tolist()
    entering: dict[int, list[int]] = {}
    for e, h in enumerate(head):
        entering.setdefault(h, []).append(e)
    routes: list[list[Point]] = [[]] * len(tail)
    for h, edges in entering.items():
        size, x1, y1 = boxes[h], x[h], y[h]
        ordered = sorted(edges, key=lambda e: level[start[e]])
        for k, e in enumerate(ordered):
            t, s = tail[e], start[e]
            own = s < field.pairs
            way = PathBuilder(x[t] + boxes[t].width / 2 if own else right[rank[s]], level[s])
            r = rank[s] + 1
            if own and y[t] == y1 and x[t] < x1 < right[rank[s]]:
                way.line(x1 - size.width / 2, y1)            # an op and its box
                routes[e] = way.points
                continue
            _run(way, page, s)
            from_ = way.points[-1][1]
            offset = (k - (len(ordered) - 1) / 2) * SPREAD
            if not op[h]:
                offset = max(-size.height / 2 + 8, min(size.height / 2 - 8, offset))
                way.bend(left[r] + GAP - 22.0, y1 + offset)
                way.line(x1 - size.width / 2, y1 + offset)
            else:
                if from_ == y1 or len(ordered) == 1:
                    offset = 0.0
                offset = max(-40.0, min(40.0, offset))
                far = hypot(28.0, offset)
                bx, by = border(size, -28.0 / far, offset / far)
                way.bend(left[r] + GAP - 22.0, y1 + offset)
                way.line(x1 - size.width / 2 - 12.0, y1 + offset)
                way.into(x1 + bx, y1 + by, 28.0 / far, -offset / far)
            routes[e] = way.points
    return routes


def _shared(field: ArrayPlacement, page: _Page, tail: list[int], boxes: Sequence[Size],
            chip: tuple[float, float]
            ) -> tuple[list[tuple[int, list[Point]]], list[tuple[int, int, Point]]]:
    """Rails and chips, by node and edge."""
    first = field.pairs + field.chips
    source, (x, _, rank, level, left, right) = field.source.tolist(), page[:6]
    leaving: dict[int, int] = {}                 # pair -> the tensor whose rail leaves it
    chips: list[tuple[int, int, Point]] = []
    seen = set()
    for e, (s, t) in enumerate(zip(field.start.tolist(), tail)):
        if s >= first:
            leaving[source[s]] = t
        elif s >= field.pairs and s not in seen:
            seen.add(s)
            chips.append((t, e, (right[rank[s]] - chip[0] / 2, level[s])))
    rails: list[tuple[int, list[Point]]] = []
    way = PathBuilder(0.0, 0.0)
    for i in range(first, len(rank)):
        s, r = source[i], rank[i]
        if i == first or source[i - 1] != s:
            t = leaving[s]
            way = PathBuilder(x[t] + boxes[t].width / 2, level[s])
            _run(way, page, s)
            rails.append((t, way.points))
        way.bend(left[r] + GAP - 22.0, level[i])
        _run(way, page, i)
    return rails, chips
