"""Clusters: bodies are placed within their frames, frames as boxes among their surroundings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from math import inf
from typing import Any, NamedTuple

from ..graph import Graph
from .cluster_levels import END, ROOTS, ClusterLevel, chain, split_levels
from .placement import Chip, Placement, Point, Rail, Route, Size

STACK_OFFSET = 5.0               # offset of each card of the stack behind a frame
STACK_DEPTH = 2                  # cards
HEADER = 44.0                    # height of a frame's head
GUTTER = 44.0                    # between a frame's border and its ports
EDGE = 18.0                      # between a frame's other borders and its content
DOT = Size(2.0, 2.0)
CORNER = 10.0                    # maximum radius of a turn in a lane
BEND = 40.0                      # length of a bend at the end of a straight line
LONG = 70.0                      # longer straight pieces may have items beside them
APART = 34.0                     # between two exit ports


class ClusterFrame(NamedTuple):
    """The position of a frame, without the stack behind it."""

    path: str
    corner: Point                # the upper left corner of the frame itself
    size: Size                   # of the frame itself; its stack extends up and to the right


class ClusterExit(NamedTuple):
    """The exit of a value from a frame: a line to a port, and lines from it across the border."""

    path: str
    node: str                    # the value's node
    center: Point
    size: Size
    lines: tuple[tuple[Point, ...], ...]


class ClusteredPlacement(NamedTuple):
    """A placement with frames. Nodes within closed frames have no centre, their edges no route."""

    placement: Placement
    frames: tuple[ClusterFrame, ...]
    exits: tuple[ClusterExit, ...]


class _PlacedLevel(NamedTuple):
    placement: Placement
    shift: Point                 # from the placement's corner to the frame's
    size: Size                   # of the frame itself
    exits: Mapping[str, Point] = {}            # value -> its exit port, in the placement


def place_clusters(place: Callable[..., Placement], graph: Graph, sizes: Mapping[str, Size],
                   labels: Sequence[Size | None], heads: Mapping[str, Size],
                   ports: Mapping[str, Size], rankdir: str) -> ClusteredPlacement:
    """Return the placement of a folded graph. Linear in it, except for the layouts of its levels.

    heads: the size of each frame's header, by path.
    ports: the size of each exit port, by node.
    """
    folds = {fold["path"]: fold for fold in graph.facts["folds"]}
    shut = {path: next((up for up in chain(path)[1:] if folds[up]["closed"]), "")
            for path in ("", *folds)}              # the outermost closed frame around it, or ""
    shown = {path: not shut[path] for path in folds}
    axis = 1 if rankdir == "TB" else 0
    home, item = {}, {}          # node -> the level it is drawn in, and its item there
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
    """Return the size of a frame with the stack behind it."""
    return Size(size.width + behind, size.height + behind)


def _framed(inside: Placement, level: ClusterLevel, sizes: Mapping[str, Size],
            labels: Sequence[Size | None], ports: Mapping[str, Size], head: Size, axis: int
            ) -> _PlacedLevel:
    """Return a frame around its laid-out content: a header above, gutters for the ports."""
    exits = _exits(inside, level, ports, axis)
    held = [(inside.centers[node.id], sizes[node.id]) for node in level.nodes
            if node.id not in (*ROOTS, END)]
    held += [(center, ports[id]) for id, center in exits.items()]
    points: list[Point] = []
    across: list[float] = []     # heights of the lines to exits, whose lengths are still open
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
    """Return the exit ports, after the end, each at its line or as close as there is room."""
    ends: dict[str, Point] = {}
    for edge, route, i in zip(level.edges, inside.routes, level.number):
        if i < 0 and edge.head == END:
            ends[level.leaving[len(ends)]] = route.points[-1]
    order = sorted(ends, key=lambda id: ends[id][1 - axis])
    apart = max([APART, *((ports[id].width + 10) * axis for id in order)])
    at = [ends[id][1 - axis] for id in order]
    for k in range(1, len(at)):
        at[k] = max(at[k], at[k - 1] + apart)
    if len(at) > 1:              # centred on the lines
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
    """Join all levels in one placement: contents move with their frames, lines cross borders."""
    corner: dict[str, Point] = {}                  # of a frame itself
    shift: dict[str, Point] = {"": (0.0, 0.0)}     # from a level's placement to the picture
    centers: dict[str, Point] = {}
    exits: dict[tuple[str, str], Point] = {}       # frame, value -> its exit port
    lines: dict[int | tuple[str, str], tuple[Point, ...]] = {}     # an edge's, or to an exit port
    out_of: dict[int | tuple[str, str], tuple[str, str]] = {}      # a line -> its exit port
    into: dict[int, str] = {}                      # an edge's line -> its entry port
    bused: dict[tuple[str, str], int] = {}         # a port -> the rail that continues from it
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
        first: dict[str, str] = {}                 # item -> a value that leaves it
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
        if port in bused:        # exits on a rail, at one height where possible
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
    """Return a line with its end moved sideways: its last bend leads there."""
    across = 1 - axis
    last = points[-1][across]
    flat = len(points)
    while flat and abs(points[flat - 1][across] - last) < 0.01:
        flat -= 1
    begin = -(-flat // 3) * 3    # it is level from here on
    corner = max(flat - 1, 0) // 3 * 3
    level = abs(points[corner][across] - last) < CORNER
    a, b = points[begin][axis], points[-1][axis]
    if flat == 0 or level and abs(b - a) > LONG:             # it bends near its end
        near = b - max(-abs(b - a), min(abs(b - a), BEND)) * (1 if b > a else -1)
        bend = (points[begin][0], near) if axis else (near, points[begin][1])
        end = (at, b) if axis else (b, at)
        return *points[:begin + 1], points[begin], bend, bend, *_curve(bend, end, axis)
    if level:                    # it arrives along a lane
        by = at - last
        lane = max(corner - 1, 1)
        along = [(p[0] + by, p[1]) if axis else (p[0], p[1] + by) for p in points[lane:]]
        return (*points[:lane], *along)
    moved = [(at, p[1]) if axis else (p[0], at) for p in points[flat:]]
    return (*points[:flat], *moved)


def _moved(points: Sequence[Point], dx: float, dy: float) -> tuple[Point, ...]:
    return tuple([(_hundredth(x + dx), _hundredth(y + dy)) for x, y in points])


@lru_cache(1 << 14)              # level lines share heights, most are whole numbers
def _hundredth(x: float) -> float:
    return round(x, 2)


def _side(center: Point, size: Size, axis: int, sign: int) -> Point:
    """Return the middle of a box's side: that of arriving (−1) or leaving (1) lines."""
    if axis:
        return center[0], center[1] + sign * size.height / 2
    return center[0] + sign * size.width / 2, center[1]


def _curve(a: Point, b: Point, axis: int) -> tuple[Point, Point, Point]:
    """Return a Bézier from a to b, level at both ends."""
    middle = (a[axis] + b[axis]) / 2
    return ((a[0], middle), (b[0], middle), b) if axis else ((middle, a[1]), (middle, b[1]), b)
