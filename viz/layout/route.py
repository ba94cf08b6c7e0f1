"""Route: a placed part of a graph as centres, routes, rails and chips."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import hypot
from typing import NamedTuple

from .columns import Column, meeting
from .curve_pieces import PathBuilder, border, straight
from .op_pairs import OpPairs
from .order import Order
from .placement import Point, Route, Size
from .ports import PITCH, Ports
from .ranks import Layers

RADIUS = 18.0                    # of the corner of a rail that leaves its box vertically


class Turn(NamedTuple):
    """The turn of a line into the next row: right, down, left along the gutter, down, right."""

    right: float
    gutter: float
    left: float
    y: float


class PlacedPart(NamedTuple):
    """A part with its positions, relative to its upper left corner."""

    pairs: OpPairs
    edges: Sequence[int]         # its edges' indices in graph.edges
    layers: Layers
    order: Order
    ports: Ports
    y: list[float]               # item -> its line
    column: list[Column]         # rank -> its place
    turns: dict[int, Turn]       # item at the end of a row -> its line's turn into the next
    size: Size


class Drawing(NamedTuple):
    """The positions so far, by index of node and edge."""

    centers: list[Point]
    routes: list[Route]
    rails: list[tuple[int, tuple[Point, ...]]]
    chips: list[tuple[int, int, Point]]


def route_part(part: PlacedPart, boxes: Sequence[Size], texts: Sequence[Size | None], chip: Size,
               drawn: Drawing) -> None:
    """Add a part to a drawing. Linear in its items."""
    pairs, layers, y, column, turns = part.pairs, part.layers, part.y, part.column, part.turns
    n, copies = layers.n_pairs, layers.n_pairs + layers.n_chips
    rank, paths, edges = layers.rank, layers.paths, part.edges
    lines, reach = part.ports.line, part.ports.reach
    centers, routes, ops = drawn.centers, drawn.routes, pairs.op
    right = [column[r].right for r in rank]          # item -> x at which its edges leave it
    for i in range(n):
        c, op, box, level = column[rank[i]], ops[i], pairs.box[i], y[i]
        if op >= 0:
            centers[op] = (c.op - boxes[op].width / 2, level)
            right[i] = c.op
        if box >= 0:
            width = boxes[box].width
            left = c.right - width if pairs.leaf[i] else c.box
            centers[box] = (left + width / 2, level)
            right[i] = left + width
    users: dict[int, list[int]] = {}
    for k, path in enumerate(paths):
        if not path:             # from an op to its own tensor
            i = pairs.tail[k]
            x, level = centers[pairs.box[i]]
            routes[edges[k]] = Route(straight(column[rank[i]].op, level,
                                              x - boxes[pairs.box[i]].width / 2))
        elif path[0] in users:
            users[path[0]].append(k)
        else:
            users[path[0]] = [k]
    where = {i: p for items in part.order for p, i in enumerate(items)}

    def run(way: PathBuilder, i: int, r: int) -> None:
        """Continue from an item to the beginning of rank r, the next one."""
        way.line(column[rank[i]].right, way.points[-1][1])
        if i in turns:
            way.turn(*turns[i])
            way.line(column[r].left, way.points[-1][1])

    for s, uses in users.items():
        if n <= s < copies:
            drawn.chips.append((pairs.box[layers.source[s]], edges[uses[0]],
                                (right[s] - chip.width / 2, y[s])))
        parallel: dict[int, list[int]] = {}          # pair -> the edges to it
        for k in uses if len(uses) > 1 else ():
            parallel.setdefault(paths[k][-1], []).append(k)
        rail = None
        long = uses[0] if len(uses) == 1 else max(uses, key=lambda k: len(paths[k]))
        if len(uses) > 1 and len(paths[long]) > 2:
            joints = paths[long][1:-1]
            rail = _upright_start(part, where, boxes, s, joints[0], right[s])
            if rail is None:
                rail = PathBuilder(right[s], y[s])
            before = s
            for i in joints:
                run(rail, before, rank[i])
                rail.bend(column[rank[i]].flat, y[i])
                before = i
            run(rail, before, rank[paths[long][-1]])
            drawn.rails.append((pairs.box[s] if pairs.box[s] >= 0 else ops[s],
                                tuple(rail.points)))
        for k in uses:
            path = paths[k]
            v = path[-1]
            c = column[rank[v]]
            if rail is not None and len(path) > 2:
                way = PathBuilder(right[path[-2]], y[path[-2]])
            else:
                start = 0.0
                if len(path) == 2:
                    op = ops[v]
                    if len(uses) > 1:
                        start = _start_offset(part, boxes, chip, s, k, parallel[v])
                    level, height = y[s] + start, lines[k]
                    if op >= 0 and level == y[v] and not height:
                        x = centers[op][0] - boxes[op].width / 2
                        routes[edges[k]] = Route(straight(right[s], level, x), _label_center(
                            part, k, v, x - meeting(reach[v]), texts[edges[k]]))
                        continue
                    if op >= 0 and not c.text:
                        meet, dx, dy, bx, by = _arrival(boxes[op], reach[v], height)
                        x, x0 = centers[op][0], column[rank[s]].right
                        if c.ops + 1.0 >= x - boxes[op].width / 2 and level != y[v]:
                            pull = (x + bx - x0) / 2
                            first = straight(right[s], level, x0) if x0 - right[s] > 0.01 else \
                                ((x0, level),)
                            routes[edges[k]] = Route((
                                *first, (x0 + pull, level),
                                (x + bx - dx * pull, y[v] + by - dy * pull), (x + bx, y[v] + by)))
                            continue
                way = PathBuilder(right[s], y[s] + start)
                before = s
                for i in path[1:-1]:
                    run(way, before, rank[i])
                    way.bend(column[rank[i]].flat, y[i])
                    before = i
                run(way, before, rank[v])
            routes[edges[k]] = _last_stretch(part, k, v, c, way, boxes, texts[edges[k]], centers)


@lru_cache(1000)
def _arrival(size: Size, reach: float, height: float) -> tuple[float, float, float, float, float]:
    """Return, relative to the centre of an op, where a line of this height begins to bend towards
    it, its direction there, and its end."""
    meet = -size.width / 2 - meeting(reach)
    far = hypot(meet, height)
    dx, dy = -meet / far, -height / far
    return (meet, dx, dy, *border(size, -dx, -dy))


def _start_offset(part: PlacedPart, boxes: Sequence[Size], chip: Size, s: int, k: int,
                  same: list[int]) -> float:
    """Return the offset from its item's middle of the start of one of several parallel edges."""
    if len(same) == 1:
        return 0.0
    pairs = part.pairs
    tall = chip.height if s >= part.layers.n_pairs else max(
        [boxes[b].height for b in (pairs.op[s], pairs.box[s]) if b >= 0])
    pitch = min(2 * PITCH, (tall - 8.0) / (len(same) - 1))
    return (same.index(k) - (len(same) - 1) / 2) * pitch


def _label_center(part: PlacedPart, k: int, v: int, meet: float, size: Size | None) -> Point | None:
    """Return the centre of an edge's label; the lines of its op begin to meet at `meet`."""
    return (meet - size.width / 2, part.y[v] + part.ports.label[k]) if size else None


def _last_stretch(part: PlacedPart, k: int, v: int, c: Column, way: PathBuilder,
                  boxes: Sequence[Size], size: Size | None, centers: list[Point]) -> Route:
    """Finish a route: under its label and into its op, or to the border of its box."""
    port = part.ports
    height = part.y[v] + port.line[k]
    op, box = part.pairs.op[v], part.pairs.box[v]
    x0, y0 = centers[op if op >= 0 else box]
    if op >= 0:
        width = boxes[op].width
        meet, dx, dy, bx, by = _arrival(boxes[op], port.reach[v], port.line[k])
        meet += x0
        if c.text:
            way.bend(c.flat, height)
            way.line(meet, height)
        elif height == y0 == way.points[-1][1]:
            way.line(meet, height)
        elif c.ops + 1.0 < x0 - width / 2:           # past a wider op of its column
            way.bend(min(c.ops, meet), height)
            way.line(meet, height)
        way.into(x0 + bx, y0 + by, dx, dy)
    else:
        meet = x0 - boxes[box].width / 2
        way.bend(c.flat, height)
        way.line(meet, height)
    return Route(tuple(way.points), _label_center(part, k, v, meet, size))


def _upright_start(part: PlacedPart, where: dict[int, int], boxes: Sequence[Size], s: int,
                   joint: int, right: float) -> PathBuilder | None:
    """Return the start of a rail that leaves its box vertically, None if it is obstructed."""
    pairs, layers = part.pairs, part.layers
    if s >= layers.n_pairs or pairs.box[s] < 0 or s in part.turns:
        return None
    size = boxes[pairs.box[s]]
    lane = part.y[joint] - part.y[s]
    down = lane > 0.0
    free = abs(lane) - size.height / 2
    if free < 10.0:
        return None
    items, p = part.order[layers.rank[s]], where[s]
    if down and p + 1 < len(items) or not down and p:
        i = items[p + 1 if down else p - 1]
        half = max([boxes[k].height for k in (pairs.op[i], pairs.box[i]) if k >= 0],
                   default=0.0) / 2 if i < layers.n_pairs else 16.0
        next_to = part.y[i] - part.y[s]
        if (next_to - lane if down else lane - next_to) < half + 10.0:
            return None
    x, y = right - size.width / 2, part.y[s]
    sign = 1.0 if down else -1.0
    radius = min(RADIUS, free)
    path = PathBuilder(x, y + sign * size.height / 2)
    path.line(x, y + lane - sign * radius)
    path.corner(x + radius, part.y[joint])
    return path
