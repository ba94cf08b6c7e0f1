"""Our own layered layout, for computation graphs: a straight spine, glued ops, rails and chips."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import hypot

from ..graph import Graph
from .cells import Cells, cells, split
from .coordinates import Spacing, align, heights
from .order import Order, order
from .placement import Chip, Placement, Point, Rail, Route, Size
from .ports import PITCH, Ports, ports
from .ranks import Layers, layers
from .routes import RADIUS, Column, Path, border, columns, meeting

CHIP = Size(56.0, 26.0)          # a copy of a shared leaf beside its use
MARGIN = 24.0
BOXES, LINES = 26.0, 14.0        # free space between two boxes, two lines
WIDEST = 1.6                     # parts are set in rows of about this ratio
RANKDIRS = ("LR", "TB")


def place(graph: Graph, sizes: Mapping[str, Size], labels: Sequence[Size | None],
          *, rankdir: str = "LR") -> Placement:
    """Where everything of a graph stands, from left to right (LR) or from top to bottom (TB).

    `sizes` holds the size of each node's box or dot by id, `labels` that of each edge's label or
    None. Linear in graph and long edges, but for the sweeps' sorting. Raises ValueError for another
    rankdir.
    """
    if rankdir not in RANKDIRS:
        raise ValueError(f"unknown rankdir: {rankdir!r} (must be one of {', '.join(RANKDIRS)})")
    turned = rankdir == "TB"
    boxes = [sizes[node.id] for node in graph.nodes]
    texts = list(labels)
    chip = CHIP
    if turned:
        boxes = [Size(s.height, s.width) for s in boxes]
        texts = [s and Size(s.height, s.width) for s in texts]
        chip = Size(chip.height, chip.width)
    whole = cells(graph)
    parts = [_part(part, edges, boxes, texts, chip) for part, edges in split(whole)]
    centers: list[Point] = [(0.0, 0.0)] * len(graph.nodes)
    routes: list[Route] = [Route(())] * len(graph.edges)
    rails: list[Rail] = []
    chips: list[Chip] = []
    width, height, shifts = _shelves([part.size for part in parts])

    def moved(points: Iterable[Point], dx: float, dy: float) -> tuple[Point, ...]:
        if turned:
            return tuple([(round(y + dy, 2), round(x + dx, 2)) for x, y in points])
        return tuple([(round(x + dx, 2), round(y + dy, 2)) for x, y in points])

    for part, (dx, dy) in zip(parts, shifts):
        dx, dy = dx - part.left, dy - part.top
        for i, point in zip(part.centers, moved(part.centers.values(), dx, dy)):
            centers[i] = point
        for e, (points, label) in part.routes.items():
            routes[e] = Route(moved(points, dx, dy),
                              moved((label,), dx, dy)[0] if label else None)
        for i, line in part.rails:
            rails.append(Rail(graph.nodes[i].id, moved(line, dx, dy)))
        for i, e, point in part.chips:
            chips.append(Chip(graph.nodes[i].id, e, moved((point,), dx, dy)[0]))
    if turned:
        width, height = height, width
    return Placement(round(width, 2), round(height, 2),
                     {node.id: centers[i] for i, node in enumerate(graph.nodes)},
                     tuple(routes), tuple(rails), tuple(chips))


class _Part:
    """One connected part, placed: by index of node or edge, with its bounds."""

    def __init__(self) -> None:
        self.centers: dict[int, Point] = {}
        self.routes: dict[int, Route] = {}
        self.rails: list[tuple[int, list[Point]]] = []
        self.chips: list[tuple[int, int, Point]] = []
        self.left = self.top = self.right = self.bottom = 0.0

    @property
    def size(self) -> Size:
        return Size(self.right - self.left, self.bottom - self.top)

    def bound(self, boxes: Sequence[Size], texts: Sequence[Size | None], chip: Size) -> None:
        """Sets the bounds to what all that is placed covers."""
        xs: list[float] = []
        ys: list[float] = []

        def cover(center: Point, size: Size) -> None:
            xs.extend((center[0] - size.width / 2, center[0] + size.width / 2))
            ys.extend((center[1] - size.height / 2, center[1] + size.height / 2))

        for i, center in self.centers.items():
            cover(center, boxes[i])
        for e, route in self.routes.items():
            size = texts[e]
            if size and route.label:
                cover(route.label, size)
            for x, y in route.points:
                xs.append(x)
                ys.append(y)
        for _, points in self.rails:
            for x, y in points:
                xs.append(x)
                ys.append(y)
        for _, _, center in self.chips:
            cover(center, chip)
        self.left, self.right, self.top, self.bottom = min(xs), max(xs), min(ys), max(ys)


def _shelves(sizes: Sequence[Size]) -> tuple[float, float, list[Point]]:
    """Parts in rows, in their order: the whole width and height, and where each part begins."""
    area = sum((s.width + MARGIN) * (s.height + MARGIN) for s in sizes)
    limit = max([s.width for s in sizes] + [(area * WIDEST) ** 0.5])
    x = y = MARGIN
    deep = width = 0.0
    shifts = []
    for s in sizes:
        if x > MARGIN and x + s.width > limit + MARGIN:
            x, y, deep = MARGIN, y + deep + MARGIN, 0.0
        shifts.append((x, y))
        x += s.width + MARGIN
        width, deep = max(width, x), max(deep, s.height)
    return max(width, 2 * MARGIN), y + deep + MARGIN, shifts


def starts(n: int) -> int:
    """How many orders are tried for a part of n items: as many as `dot` leaves the time for."""
    return 8 if n < 400 else 3 if n < 1000 else 2


def _part(part: Cells, edges: Sequence[int], boxes: Sequence[Size],
          texts: Sequence[Size | None], chip: Size) -> _Part:
    layered = layers(part)
    found = order(layered, starts=starts(len(layered.rank)))
    block, _ = align(layered, found)
    labels = [texts[e] for e in edges]
    port = ports(part, layered, found, block, labels)
    level = heights(layered, found, block, _spacing(part, layered, port, boxes, chip))
    y = [level[b] for b in block]
    column = columns(part, layered, y, port, boxes, labels, chip)
    return _drawn(part, layered, found, y, port, column, edges, boxes, labels, chip, texts)


def _spacing(part: Cells, layered: Layers, port: Ports, boxes: Sequence[Size],
             chip: Size) -> Spacing:
    n, items = layered.n_cells, len(layered.rank)
    half, gap, room = [0.0] * items, [LINES] * items, [LINES] * items
    rise, fall = list(port.rise), list(port.fall)
    for i in range(n):
        half[i] = max([boxes[k].height for k in (part.op[i], part.box[i]) if k >= 0]) / 2
        gap[i] = BOXES
        if part.op[i] >= 0:      # a wide op reaches to where its neighbours' labels stand
            rise[i] = max(rise[i], boxes[part.op[i]].height / 2)
            fall[i] = max(fall[i], boxes[part.op[i]].height / 2)
    for i in range(n, n + layered.n_chips):
        half[i] = chip.height / 2
    return Spacing(half, half, rise, fall, gap, room)


def _drawn(part: Cells, layered: Layers, found: Order, y: list[float], port: Ports,
           column: list[Column], edges: Sequence[int], boxes: Sequence[Size],
           labels: Sequence[Size | None], chip: Size, texts: Sequence[Size | None]) -> _Part:
    n, n_copies = layered.n_cells, layered.n_cells + layered.n_chips
    rank, paths = layered.rank, layered.paths
    drawn = _Part()
    right = [0.0] * len(rank)    # item -> where its edges leave it
    for i in range(n):
        c = column[rank[i]]
        op, box = part.op[i], part.box[i]
        if op >= 0:
            drawn.centers[op] = (c.op - boxes[op].width / 2, y[i])
            right[i] = c.op
        if box >= 0:
            left = c.right - boxes[box].width if part.leaf[i] else c.box
            drawn.centers[box] = (left + boxes[box].width / 2, y[i])
            right[i] = left + boxes[box].width
    for i in range(n, n_copies):
        right[i] = column[rank[i]].right
    for i in range(n_copies, len(rank)):
        right[i] = column[rank[i]].right
    users: dict[int, list[int]] = {}
    for k, path in enumerate(paths):
        if path:
            users.setdefault(path[0], []).append(k)
        else:
            op, box = part.op[part.tail[k]], part.box[part.tail[k]]
            (x0, y0), (x1, _) = drawn.centers[op], drawn.centers[box]
            glue = Path(x0 + boxes[op].width / 2, y0)
            glue.line(x1 - boxes[box].width / 2, y0)
            drawn.routes[edges[k]] = Route(tuple(glue.points))
    where = {i: (items, p) for items in found for p, i in enumerate(items)}
    for s, uses in users.items():
        parallel: dict[int, list[int]] = {}
        for k in uses:
            parallel.setdefault(paths[k][-1], []).append(k)
        if n <= s < n_copies:
            drawn.chips.append((part.box[layered.source[s]], edges[uses[0]],
                                (right[s] - chip.width / 2, y[s])))
        long = max(uses, key=lambda k: len(paths[k]))
        rail: Path | None = None
        if len(paths[long]) > 2 and len(uses) > 1:
            rail = _exit(part, layered, where, y, column, boxes, s, paths[long][1], right[s])
            if rail is None:
                rail = Path(right[s], y[s])
                rail.line(column[rank[s]].right, y[s])
            for i in paths[long][1:-1]:
                rail.bend(column[rank[i]].flat, y[i])
                rail.line(column[rank[i]].right, y[i])
            drawn.rails.append((part.box[s] if part.box[s] >= 0 else part.op[s], rail.points))
        for k in uses:
            path = paths[k]
            v = path[-1]
            same = parallel[v]
            if rail is not None and len(path) > 2:
                way = Path(right[path[-2]], y[path[-2]])
            else:
                start = 0.0
                if len(path) == 2 and len(same) > 1:
                    tall = chip.height if s >= n else max(
                        [boxes[b].height for b in (part.op[s], part.box[s]) if b >= 0])
                    pitch = min(2 * PITCH, (tall - 8.0) / (len(same) - 1))
                    start = (same.index(k) - (len(same) - 1) / 2) * pitch
                way = Path(right[s], y[s] + start)
                way.line(column[rank[s]].right, y[s] + start)
                for i in path[1:-1]:
                    way.bend(column[rank[i]].flat, y[i])
                    way.line(column[rank[i]].right, y[i])
            c = column[rank[v]]
            height = y[v] + port.line[k]
            size = labels[k]
            op = part.op[v]
            if op >= 0:
                x0, y0 = drawn.centers[op]
                meet = x0 - boxes[op].width / 2 - meeting(port.reach[v])
                if c.text:
                    way.bend(c.flat, height)
                    way.line(meet, height)
                elif abs(way.points[-1][1] - y[v]) < 0.5 and not port.line[k]:
                    way.line(meet, height)
                elif c.ops + 1.0 < x0 - boxes[op].width / 2:    # past a wider op of its column
                    way.bend(min(c.ops, meet), height)
                    way.line(meet, height)
                dx, dy = x0 - meet, y0 - height
                far = hypot(dx, dy) or 1.0
                dx, dy = dx / far, dy / far
                bx, by = border(boxes[op], -dx, -dy)
                way.into(x0 + bx, y0 + by, dx, dy)
            else:
                box = part.box[v]
                x0, y0 = drawn.centers[box]
                meet = x0 - boxes[box].width / 2
                way.bend(c.flat, height)
                way.line(meet, height)
            label = (meet - size.width / 2, y[v] + port.label[k]) if size else None
            drawn.routes[edges[k]] = Route(tuple(way.points), label)
    drawn.bound(boxes, texts, chip)
    return drawn


def _exit(part: Cells, layered: Layers, where: dict[int, tuple[list[int], int]], y: list[float],
          column: list[Column], boxes: Sequence[Size], s: int, joint: int,
          right: float) -> Path | None:
    """A rail leaves its box from below or above where nothing stands in the way."""
    if s >= layered.n_cells or part.box[s] < 0:
        return None
    size = boxes[part.box[s]]
    lane = y[joint]
    down = lane > y[s]
    free = abs(lane - y[s]) - size.height / 2
    if free < 10.0:
        return None
    items, p = where[s]
    if down and p + 1 < len(items) or not down and p:
        i = items[p + 1 if down else p - 1]
        half = max([boxes[k].height for k in (part.op[i], part.box[i]) if k >= 0],
                   default=0.0) / 2 if i < layered.n_cells else 16.0
        if (y[i] - lane if down else lane - y[i]) < half + 10.0:
            return None
    x = right - size.width / 2
    sign = 1.0 if down else -1.0
    radius = min(RADIUS, free)
    path = Path(x, y[s] + sign * size.height / 2)
    path.line(x, lane - sign * radius)
    path.points += [(x, lane - sign * radius * 0.45), (x + radius * 0.45, lane),
                    (x + radius, lane)]
    path.line(column[layered.rank[s]].right, lane)
    return path
