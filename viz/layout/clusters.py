"""Clusters: a body stands within its frame, and the frame as one box among what is around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from math import inf
from typing import Any, NamedTuple

from ..graph import Graph
from .cluster_levels import END, ROOTS, ClusterLevel, chain, split_levels
from .placement import Chip, Placement, Point, Rail, Route, Size

STACK_OFFSET = 5.0               # how far each sheet behind a frame of repeats sticks out
STACK_DEPTH = 2                  # sheets
HEADER = 44.0                    # height of a frame's head
GUTTER = 44.0                    # between a frame's border and its ports
EDGE = 18.0                      # between a frame's other borders and what is inside
DOT = Size(2.0, 2.0)
CORNER = 10.0                    # a turn in a lane is no larger
BEND = 40.0                      # the length of a bend that a straight line makes at its end
LONG = 70.0                      # beside a longer stretch of a line something may stand
APART = 34.0                     # between two ports where values leave


class ClusterFrame(NamedTuple):
    """The position of a frame, without the sheets behind it."""

    path: str
    corner: Point                # the upper left one of the frame itself
    size: Size                   # of the frame itself; its sheets stick out up and to the right


class ClusterExit(NamedTuple):
    """Where a value leaves a frame: a line to a port, and lines from there over the border."""

    path: str
    node: str                    # the value that leaves
    center: Point
    size: Size
    lines: tuple[tuple[Point, ...], ...]


class ClusteredPlacement(NamedTuple):
    """A placement with frames. A node within a closed frame has no centre, its edges no route."""

    placement: Placement
    frames: tuple[ClusterFrame, ...]
    exits: tuple[ClusterExit, ...]


class _PlacedLevel(NamedTuple):
    placement: Placement
    shift: Point                 # from the placement's corner to the frame's
    size: Size                   # of the frame itself
    exits: Mapping[str, Point] = {}            # what leaves -> its port, in the placement


def place_clusters(place: Callable[..., Placement], graph: Graph, sizes: Mapping[str, Size],
                   labels: Sequence[Size | None], heads: Mapping[str, Size],
                   ports: Mapping[str, Size], rankdir: str) -> ClusteredPlacement:
    """The placement of a folded graph. Linear in it, but for the layouts of its levels.

    `heads` holds the size of each frame's head by path, `ports` that of the port where a value
    leaves a frame, by node.
    """
    folds = {fold["path"]: fold for fold in graph.facts["folds"]}
    shut = {path: next((up for up in chain(path)[1:] if folds[up]["closed"]), "")
            for path in ("", *folds)}              # the outermost closed frame around it, or ""
    shown = {path: not shut[path] for path in folds}
    axis = 1 if rankdir == "TB" else 0
    home, item = {}, {}          # node -> the level it is drawn in, and as what there
    for node in graph.nodes:
        path = node.facts.get("fold", "")
        closed = shut[path]
        home[node.id] = folds[closed]["parent"] if closed else path
        item[node.id] = f"frame:{closed}" if closed else node.id
    levels = split_levels(graph, folds, shown, home, item)
    placed: dict[str, _PlacedLevel] = {}
    behind = {path: STACK_OFFSET * STACK_DEPTH * (fold["count"] > 1)
              for path, fold in folds.items()}
    measured = dict(sizes) | {f"frame:{path}": _with_stack(heads[path], behind[path])
                              for path in folds}
    measured |= dict.fromkeys((*ROOTS, END), DOT)
    for path in reversed(levels):                  # inner frames first
        level = levels[path]
        inside = place(Graph(path, tuple(level.nodes), tuple(level.edges)), measured,
                       [labels[i] if i >= 0 else None for i in level.number], rankdir=rankdir)
        if path:
            placed[path] = _framed(inside, level, measured, labels, ports, heads[path], axis)
            measured[f"frame:{path}"] = _with_stack(placed[path].size, behind[path])
        else:
            placed[path] = _PlacedLevel(inside, (0.0, 0.0), Size(inside.width, inside.height))
    return _joined(graph, folds, levels, placed, measured, ports, axis)


def _with_stack(size: Size, behind: float) -> Size:
    """Return the size of a frame with the sheets behind it."""
    return Size(size.width + behind, size.height + behind)


def _framed(inside: Placement, level: ClusterLevel, sizes: Mapping[str, Size],
            labels: Sequence[Size | None], ports: Mapping[str, Size], head: Size, axis: int
            ) -> _PlacedLevel:
    """A frame around what was laid out within: a head above, gutters where ports stand."""
    exits = _exits(inside, level, ports, axis)
    held = [(inside.centers[node.id], sizes[node.id]) for node in level.nodes
            if node.id not in (*ROOTS, END)]
    held += [(center, ports[id]) for id, center in exits.items()]
    points: list[Point] = []
    across: list[float] = []     # where lines to an exit pass: how far they go is not settled yet
    for edge, route, i in zip(level.edges, inside.routes, level.number, strict=True):
        if edge.head == END:
            across += [point[1 - axis] for point in route.points]
        if i >= 0:
            points += route.points
            if route.label:
                held.append((route.label, labels[i] or DOT))
    for rail in inside.rails:
        if rail.node not in ROOTS:
            points += rail.points
    lines = [[p[k] for p in points] + across * (k != axis) for k in (0, 1)]
    low = [min([*[at[k] - size[k] / 2 for at, size in held], *lines[k]], default=inf)
           for k in (0, 1)]
    high = [max([0.0, *[at[k] + size[k] / 2 for at, size in held], *lines[k]]) for k in (0, 1)]
    pad, after = [EDGE, EDGE], [EDGE, EDGE]
    if any("port" in node.facts for node in level.nodes):
        pad[axis] = GUTTER
    if exits:
        after[axis] = GUTTER / 2
    width = high[0] - low[0] + pad[0] + after[0]
    top = HEADER + (pad[1] if axis else 4.0)
    spare = max(0.0, head.width - width)
    return _PlacedLevel(inside, (pad[0] + spare / 2 - low[0], top - low[1]),
                        Size(width + spare, high[1] - low[1] + top + after[1]), exits)


def _exits(inside: Placement, level: ClusterLevel, ports: Mapping[str, Size], axis: int
           ) -> dict[str, Point]:
    """Ports where values leave, after the end, each beside its line or as near as there is room."""
    ends: dict[str, Point] = {}
    for edge, route, i in zip(level.edges, inside.routes, level.number):
        if i < 0 and edge.head == END:
            ends[level.leaving[len(ends)]] = route.points[-1]
    order = sorted(ends, key=lambda id: ends[id][1 - axis])
    apart = max([APART, *((ports[id].width + 10) * axis for id in order)])
    at = [ends[id][1 - axis] for id in order]
    for k in range(1, len(at)):
        at[k] = max(at[k], at[k - 1] + apart)
    if len(at) > 1:              # around the middle of where the lines are
        by = sum(ends[id][1 - axis] - y for id, y in zip(order, at)) / len(at)
        at = [y + by for y in at]
    found = {}
    for id, y in zip(order, at):
        along = ends[id][axis] + GUTTER / 2 + ports[id][axis] / 2
        found[id] = (y, along) if axis else (along, y)
    return found


def _joined(graph: Graph, folds: Mapping[str, Mapping[str, Any]],
            levels: Mapping[str, ClusterLevel], placed: Mapping[str, _PlacedLevel],
            sizes: Mapping[str, Size], ports: Mapping[str, Size], axis: int) -> ClusteredPlacement:
    """All levels on one paper: what stands in a frame moves with it, lines go on at its border."""
    corner: dict[str, Point] = {}                  # of a frame itself
    shift: dict[str, Point] = {"": (0.0, 0.0)}     # from a level's placement to the paper
    centers: dict[str, Point] = {}
    exits: dict[tuple[str, str], Point] = {}       # frame, value -> its port
    lines: dict[int | tuple[str, str], tuple[Point, ...]] = {}     # an edge's, or to such a port
    out_of: dict[int | tuple[str, str], tuple[str, str]] = {}      # a line -> the port it leaves by
    into: dict[int, str] = {}                      # an edge's line -> the port it enters by
    bused: dict[tuple[str, str], int] = {}         # a port -> the rail that goes on from it
    text: dict[int, Point | None] = {}
    rails: list[Rail] = []
    chips: list[Chip] = []
    frames: list[ClusterFrame] = []
    for path, level in levels.items():
        inside = placed[path].placement
        dx, dy = shift[path]
        begun = {rail.node: len(rails) + i for i, rail in enumerate(inside.rails)}
        exits |= {(path, id): _moved([at], dx, dy)[0] for id, at in placed[path].exits.items()}
        for node in level.nodes:
            (at,), size = _moved([inside.centers[node.id]], dx, dy), sizes[node.id]
            name = node.id[6:] if node.id.startswith("frame:") and not node.facts else ""
            if name in folds:
                behind = STACK_OFFSET * STACK_DEPTH * (folds[name]["count"] > 1)
                spot = at[0] - size.width / 2, at[1] - size.height / 2 + behind
                corner[name] = spot
                frames.append(ClusterFrame(
                    name, spot, Size(size.width - behind, size.height - behind)))
                if name in levels:
                    x, y = placed[name].shift
                    shift[name] = spot[0] + x, spot[1] + y
            elif node.id not in (*ROOTS, END):
                centers[node.id] = at
        first: dict[str, str] = {}                 # what stands here -> a value that leaves it
        leaving = iter(level.leaving)
        for edge, route, i in zip(level.edges, inside.routes, level.number, strict=True):
            if i < 0 and edge.head != END:
                continue
            value = graph.edges[i].tail if i >= 0 else next(leaving)
            line: int | tuple[str, str] = i if i >= 0 else (path, value)
            first.setdefault(edge.tail, value)
            lines[line] = _moved(route.points, dx, dy)
            if edge.tail != value and edge.tail[6:] in levels:
                out_of[line] = edge.tail[6:], value
                if edge.tail in begun:
                    bused[edge.tail[6:], value] = begun[edge.tail]
            if i >= 0:
                text[i] = route.label and _moved([route.label], dx, dy)[0]
                if edge.head != graph.edges[i].head and edge.head[6:] in levels:
                    into[i] = graph.edges[i].head
        rails += [Rail(first.get(rail.node, ""), _moved(rail.points, dx, dy))
                  for rail in inside.rails]
        chips += [Chip(chip.node, level.number[chip.edge], _moved([chip.center], dx, dy)[0],
                       chip.size)
                  for chip in inside.chips if level.number[chip.edge] >= 0]
    ways: dict[tuple[str, str], list[tuple[Point, ...]]] = {port: [] for port in exits}
    for line, port in out_of.items():
        side = _side(exits[port], ports[port[1]], axis, 1)
        if port in bused:        # all that leave by a rail, on one level where that can be
            beside = [_side(exits[one], ports[one[1]], axis, 1) for one, rail in bused.items()
                      if rail == bused[port]]
            rail = rails[bused[port]]
            middle = sum(point[1 - axis] for point in beside) / len(beside)
            if abs(rail.points[0][1 - axis] - middle) > 0.01:
                rails[bused[port]] = rail = rail._replace(
                    points=_ended(rail.points[::-1], middle, axis)[::-1])
            begin = rail.points[0]
            near = max(side[axis], begin[axis] - BEND)
            knee = (side[0], near) if axis else (near, side[1])
            ways[port] = [(side, *_curve(side, knee, axis), *_curve(knee, begin, axis))]
            continue
        lines[line] = _ended(lines[line][::-1], side[1 - axis], axis)[::-1]
        ways[port].append((side, *_curve(side, lines[line][0], axis)))
    for i, head in into.items():
        side = _side(centers[head], sizes[head], axis, -1)
        lines[i] = _ended(lines[i], side[1 - axis], axis)
        lines[i] += _curve(lines[i][-1], side, axis)
    found = []
    for (path, id), center in exits.items():
        side = _side(center, ports[id], axis, 1)
        far = corner[path][axis] + placed[path].size[axis]
        border = (side[0], far) if axis else (far, side[1])
        end = _side(center, ports[id], axis, -1)
        inner = lines[path, id]
        found.append(ClusterExit(path, id, center, ports[id], (
            (*inner, *_curve(inner[-1], end, axis)),
            *dict.fromkeys(ways[path, id] or [(side, *_curve(side, border, axis))]))))
    whole = placed[""].placement
    routes = tuple([Route(lines.get(i, ()), text.get(i)) for i in range(len(graph.edges))])
    return ClusteredPlacement(Placement(whole.width, whole.height, centers, routes,
                                        tuple([rail for rail in rails if rail.node]), tuple(chips)),
                              tuple(frames), tuple(found))


def _ended(points: tuple[Point, ...], at: float, axis: int) -> tuple[Point, ...]:
    """A line that ends beside where it did: its last bend goes there."""
    across = 1 - axis
    last = points[-1][across]
    flat = len(points)
    while flat and abs(points[flat - 1][across] - last) < 0.01:
        flat -= 1
    begin = -(-flat // 3) * 3    # from here on it is level
    corner = max(flat - 1, 0) // 3 * 3
    level = abs(points[corner][across] - last) < CORNER
    a, b = points[begin][axis], points[-1][axis]
    if flat == 0 or level and abs(b - a) > LONG:             # it bends near its end
        near = b - max(-abs(b - a), min(abs(b - a), BEND)) * (1 if b > a else -1)
        bend = (points[begin][0], near) if axis else (near, points[begin][1])
        end = (at, b) if axis else (b, at)
        return *points[:begin + 1], points[begin], bend, bend, *_curve(bend, end, axis)
    if level:                    # it comes along a lane
        by = at - last
        lane = max(corner - 1, 1)
        along = [(p[0] + by, p[1]) if axis else (p[0], p[1] + by) for p in points[lane:]]
        return (*points[:lane], *along)
    moved = [(at, p[1]) if axis else (p[0], at) for p in points[flat:]]
    return (*points[:flat], *moved)


def _moved(points: Sequence[Point], dx: float, dy: float) -> tuple[Point, ...]:
    return tuple([(_hundredth(x + dx), _hundredth(y + dy)) for x, y in points])


@lru_cache(1 << 14)              # a level line has one height, most places are whole
def _hundredth(x: float) -> float:
    return round(x, 2)


def _side(center: Point, size: Size, axis: int, sign: int) -> Point:
    """The middle of a box's side: where lines come from (−1) or go to (1)."""
    if axis:
        return center[0], center[1] + sign * size.height / 2
    return center[0] + sign * size.width / 2, center[1]


def _curve(a: Point, b: Point, axis: int) -> tuple[Point, Point, Point]:
    """A Bézier from a to b, flat at both ends."""
    middle = (a[axis] + b[axis]) / 2
    return ((a[0], middle), (b[0], middle), b) if axis else ((middle, a[1]), (middle, b[1]), b)
