"""Drawing: a measured part of a graph where it is to stand: centres, routes, rails, chips."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot
from typing import NamedTuple

from .cells import Cells
from .columns import Column, meeting
from .order import Order
from .placement import Point, Size
from .ports import PITCH, Ports
from .ranks import Layers
from .routes import Path, border

RADIUS = 18.0                    # of the corner of a rail that leaves its box upright


class Turn(NamedTuple):
    """The way of a line into the next row: right, down, left along the gutter, down, right."""

    right: float
    gutter: float
    left: float
    y: float


class Measured(NamedTuple):
    """A part of which all places are known, relative to its upper left corner."""

    cells: Cells
    edges: Sequence[int]         # its edges' indices in graph.edges
    layers: Layers
    order: Order
    ports: Ports
    y: list[float]               # item -> its line
    column: list[Column]         # rank -> its place
    turns: dict[int, Turn]       # item at the end of a row -> how its line goes on in the next
    size: Size


class Drawn(NamedTuple):
    """What is drawn so far, by index of node and edge."""

    centers: list[Point]
    routes: list[tuple[list[Point], Point | None]]
    rails: list[tuple[int, list[Point]]]
    chips: list[tuple[int, int, Point]]


def draw(part: Measured, boxes: Sequence[Size], texts: Sequence[Size | None], chip: Size,
         drawn: Drawn) -> None:
    """Adds a part to what is drawn. Linear in its items."""
    cells, layers, y, column = part.cells, part.layers, part.y, part.column
    place = [column[r] for r in layers.rank]
    n, copies = layers.n_cells, layers.n_cells + layers.n_chips
    rank, paths, edges = layers.rank, layers.paths, part.edges
    centers = drawn.centers
    right = [0.0] * len(rank)    # item -> where its edges leave it
    for i in range(n):
        c = place[i]
        op, box = cells.op[i], cells.box[i]
        if op >= 0:
            centers[op] = (c.op - boxes[op].width / 2, y[i])
            right[i] = c.op
        if box >= 0:
            left = c.right - boxes[box].width if cells.leaf[i] else c.box
            centers[box] = (left + boxes[box].width / 2, y[i])
            right[i] = left + boxes[box].width
    for i in range(n, len(rank)):
        right[i] = place[i].right
    users: dict[int, list[int]] = {}
    for k, path in enumerate(paths):
        if path:
            users.setdefault(path[0], []).append(k)
        else:
            op, box = cells.op[cells.tail[k]], cells.box[cells.tail[k]]
            x0, x1, level = column[rank[cells.tail[k]]].op, centers[box][0], centers[op][1]
            glue = Path(x0, level)
            glue.line(x1 - boxes[box].width / 2, level)
            drawn.routes[edges[k]] = glue.points, None
    turns = part.turns
    where = {i: p for items in part.order for p, i in enumerate(items)}

    def run(way: Path, i: int, r: int) -> None:
        """From an item on to where rank r, the next one, begins."""
        way.line(place[i].right, way.points[-1][1])
        if i in turns:
            way.turn(*turns[i])
            way.line(column[r].left, way.points[-1][1])

    for s, uses in users.items():
        parallel: dict[int, list[int]] = {}
        for k in uses:
            parallel.setdefault(paths[k][-1], []).append(k)
        if n <= s < copies:
            drawn.chips.append((cells.box[layers.source[s]], edges[uses[0]],
                                (right[s] - chip.width / 2, y[s])))
        long = max(uses, key=lambda k: len(paths[k]))
        rail: Path | None = None
        if len(paths[long]) > 2 and len(uses) > 1:
            joints = paths[long][1:-1]
            rail = _exit(part, where, boxes, s, joints[0], right[s])
            if rail is None:
                rail = Path(right[s], y[s])
            before = s
            for i in joints:
                run(rail, before, rank[i])
                rail.bend(column[rank[i]].flat, y[i])
                before = i
            run(rail, before, rank[paths[long][-1]])
            drawn.rails.append((cells.box[s] if cells.box[s] >= 0 else cells.op[s], rail.points))
        for k in uses:
            path = paths[k]
            v = path[-1]
            r = rank[v]
            c = column[r]
            if rail is not None and len(path) > 2:
                way = Path(right[path[-2]], y[path[-2]])
            else:
                same = parallel[v]
                start = 0.0
                if len(path) == 2 and len(same) > 1 and s not in turns:
                    tall = chip.height if s >= n else max(
                        [boxes[b].height for b in (cells.op[s], cells.box[s]) if b >= 0])
                    pitch = min(2 * PITCH, (tall - 8.0) / (len(same) - 1))
                    start = (same.index(k) - (len(same) - 1) / 2) * pitch
                way = Path(right[s], y[s] + start)
                before = s
                for i in path[1:-1]:
                    run(way, before, rank[i])
                    way.bend(column[rank[i]].flat, y[i])
                    before = i
                run(way, before, r)
            drawn.routes[edges[k]] = _entered(part, k, v, c, way, boxes, texts[edges[k]], centers)


def _entered(part: Measured, k: int, v: int, c: Column, way: Path, boxes: Sequence[Size],
             size: Size | None, centers: list[Point]) -> tuple[list[Point], Point | None]:
    """A way's last stretch: under its label and into its op, or to the border of its box."""
    port = part.ports
    height = part.y[v] + port.line[k]
    op, box = part.cells.op[v], part.cells.box[v]
    x0, y0 = centers[op if op >= 0 else box]
    if op >= 0:
        meet = x0 - boxes[op].width / 2 - meeting(port.reach[v])
        if c.text:
            way.bend(c.flat, height)
            way.line(meet, height)
        elif height == y0 == way.points[-1][1]:
            way.line(meet, height)
        elif c.ops + 1.0 < x0 - boxes[op].width / 2:     # past a wider op of its column
            way.bend(min(c.ops, meet), height)
            way.line(meet, height)
        dx, dy = x0 - meet, y0 - height
        far = hypot(dx, dy) or 1.0
        dx, dy = dx / far, dy / far
        bx, by = border(boxes[op], -dx, -dy)
        way.into(x0 + bx, y0 + by, dx, dy)
    else:
        meet = x0 - boxes[box].width / 2
        way.bend(c.flat, height)
        way.line(meet, height)
    return way.points, (meet - size.width / 2, part.y[v] + port.label[k]) if size else None


def _exit(part: Measured, where: dict[int, int], boxes: Sequence[Size], s: int, joint: int,
          right: float) -> Path | None:
    """A rail leaves its box from below or above where nothing stands in the way."""
    cells, layers = part.cells, part.layers
    if s >= layers.n_cells or cells.box[s] < 0 or s in part.turns:
        return None
    size = boxes[cells.box[s]]
    lane = part.y[joint] - part.y[s]
    down = lane > 0.0
    free = abs(lane) - size.height / 2
    if free < 10.0:
        return None
    items, p = part.order[layers.rank[s]], where[s]
    if down and p + 1 < len(items) or not down and p:
        i = items[p + 1 if down else p - 1]
        half = max([boxes[k].height for k in (cells.op[i], cells.box[i]) if k >= 0],
                   default=0.0) / 2 if i < layers.n_cells else 16.0
        next_to = part.y[i] - part.y[s]
        if (next_to - lane if down else lane - next_to) < half + 10.0:
            return None
    x, y = right - size.width / 2, part.y[s]
    sign = 1.0 if down else -1.0
    radius = min(RADIUS, free)
    path = Path(x, y + sign * size.height / 2)
    path.line(x, y + lane - sign * radius)
    path.corner(x + radius, part.y[joint])
    return path
