"""Nested: a body stands within its frame, and the frame as one box among what is around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ..graph import Edge, Graph, Node
from .placement import Chip, Placement, Point, Rail, Route, Size

SHEET = 5.0                      # how far each sheet behind a frame sticks out
SHEETS = 2
HEADER = 44.0                    # height of a frame's head
GUTTER = 44.0                    # between a frame's border and its ports
EDGE = 18.0                      # between a frame's other borders and what is inside
DOT = Size(2.0, 2.0)
ROOTS, ENDS = ("root:0", "root:1"), ("end:0", "end:1")


class Stack(NamedTuple):
    """A frame with its sheets: where it stands."""

    path: str
    corner: Point                # the upper left one of the frame itself
    size: Size                   # of the frame itself; its sheets stand behind, up and to the right


class Gate(NamedTuple):
    """Where a value leaves a frame: a line to a port, and lines from there over the border."""

    path: str
    node: str                    # the value that leaves
    center: Point
    size: Size
    lines: tuple[tuple[Point, ...], ...]


class Nested(NamedTuple):
    """A placement with frames. A node within a closed frame has no centre, its edges no route."""

    placement: Placement
    stacks: tuple[Stack, ...]
    gates: tuple[Gate, ...]


class _Level(NamedTuple):
    """What stands side by side within a frame, or on paper."""

    nodes: list[Node]
    edges: list[Edge]
    number: list[int]            # edge -> its index in the graph, or -1
    gates: list[str]             # the values that leave


class _Placed(NamedTuple):
    placement: Placement
    shift: Point                 # from the placement's corner to the frame's
    size: Size                   # of the frame itself


def nested(place: Callable[..., Placement], graph: Graph, sizes: Mapping[str, Size],
           labels: Sequence[Size | None], heads: Mapping[str, Size], ports: Mapping[str, Size],
           rankdir: str) -> Nested:
    """The placement of a folded graph. Linear in it, but for the layouts of its levels.

    `heads` holds the size of each frame's head by path, `ports` that of the port where a value
    leaves a frame, by node.
    """
    folds = {fold["path"]: fold for fold in graph.facts["folds"]}
    shown = {path: not any(folds[up]["closed"] for up in _chain(path)[1:]) for path in folds}
    axis = 1 if rankdir == "TB" else 0
    home, item = {}, {}          # node -> the level it is drawn in, and as what there
    for node in graph.nodes:
        path = node.facts.get("fold", "")
        closed = [up for up in _chain(path)[1:] if folds[up]["closed"]]
        home[node.id] = folds[closed[0]]["parent"] if closed else path
        item[node.id] = f"frame:{closed[0]}" if closed else node.id
    levels = _levels(graph, folds, shown, home, item)
    placed: dict[str, _Placed] = {}
    measured = dict(sizes) | {f"frame:{path}": _with_sheets(heads[path]) for path in folds}
    measured |= dict.fromkeys((*ROOTS, *ENDS), DOT)
    for path in reversed(levels):                  # inner frames first
        level = levels[path]
        measured |= {f"exit:{id}": ports[id] for id in level.gates}
        inside = place(Graph(path, tuple(level.nodes), tuple(level.edges)), measured,
                       [labels[i] if i >= 0 else None for i in level.number], rankdir=rankdir)
        if path:
            placed[path] = _framed(inside, level, measured, heads[path], axis)
            measured[f"frame:{path}"] = _with_sheets(placed[path].size)
        else:
            placed[path] = _Placed(inside, (0.0, 0.0), Size(inside.width, inside.height))
    return _joined(graph, folds, levels, placed, measured, axis)


def _chain(path: str) -> list[str]:
    """A path's frames from the outermost: "", "2", "2/1"."""
    words = path.split("/") if path else []
    return [""] + ["/".join(words[:n + 1]) for n in range(len(words))]


def _with_sheets(size: Size) -> Size:
    return Size(size.width + SHEETS * SHEET, size.height + SHEETS * SHEET)


def _levels(graph: Graph, folds: Mapping[str, Mapping[str, Any]], shown: Mapping[str, bool],
            home: Mapping[str, str], item: Mapping[str, str]) -> dict[str, _Level]:
    """By path what is laid out together: nodes, frames as boxes, ports where values leave."""
    levels = {path: _Level([], [], [], []) for path in ("", *(p for p in folds if shown[p]))}
    boxed: set[str] = set()
    port = {node.id for node in graph.nodes if "port" in node.facts}
    for node in graph.nodes:
        for up in _chain(node.facts.get("fold", ""))[1:]:
            if f"frame:{up}" not in boxed and folds[up]["parent"] in levels:
                boxed.add(f"frame:{up}")           # where its first node stands
                levels[folds[up]["parent"]].nodes.append(Node(f"frame:{up}", "value", ""))
        if item[node.id] == node.id:
            levels[home[node.id]].nodes.append(node)

    def leaving(id: str, until: str) -> str:
        """Gates for a value from where it is drawn up to a level; what it is there."""
        path, what = home[id], item[id]
        while path != until:
            if id not in levels[path].gates:
                levels[path].gates.append(id)
                levels[path].nodes.append(Node(f"exit:{id}", "value", ""))
                levels[path].edges.append(Edge(what, f"exit:{id}"))
                levels[path].number.append(-1)
            path, what = folds[path]["parent"], f"frame:{path}"
        return what

    for i, edge in enumerate(graph.edges):
        if item[edge.tail] == item[edge.head]:
            continue             # within a closed frame
        above, head = home[edge.head], item[edge.head]
        if head == edge.head and edge.head in port and not _inside(home[edge.tail], above):
            above, head = folds[above]["parent"], f"frame:{above}"
        tail = leaving(edge.tail, above)
        levels[above].edges.append(Edge(tail, head))
        levels[above].number.append(i)
    for path, fold in folds.items():
        if shown[path]:
            for _, out in fold["carried"]:
                leaving(out, fold["parent"])
    for path, level in levels.items():
        _pinned(path, level)
    return levels


def _inside(path: str, outer: str) -> bool:
    return path == outer or path.startswith(outer + "/")


def _pinned(path: str, level: _Level) -> None:
    """Ports stand at the very start and the very end of a frame.

    Two roots feed each port where something enters: then none is pulled towards its use, since that
    would lengthen two lines to shorten one. Two ends take from each port where a value leaves.
    """
    if not path:
        return
    entering = [node.id for node in level.nodes if "port" in node.facts]
    pairs = [(root, id) for root in ROOTS for id in entering]
    pairs += [(f"exit:{id}", end) for end in ENDS for id in level.gates]
    if entering:
        level.nodes[:0] = [Node(root, "op", "") for root in ROOTS]
    if level.gates:
        level.nodes.extend(Node(end, "op", "") for end in ENDS)
    level.edges.extend(Edge(*pair) for pair in pairs)
    level.number.extend([-1] * len(pairs))


def _framed(inside: Placement, level: _Level, sizes: Mapping[str, Size], head: Size, axis: int
            ) -> _Placed:
    """A frame around what was laid out within: a head above, gutters where ports stand."""
    low, high = [float("inf")] * 2, [0.0, 0.0]
    for node in level.nodes:
        if node.id not in (*ROOTS, *ENDS):
            center, size = inside.centers[node.id], sizes[node.id]
            for k in (0, 1):
                low[k] = min(low[k], center[k] - size[k] / 2)
                high[k] = max(high[k], center[k] + size[k] / 2)
    lines = [route.points for route, i in zip(inside.routes, level.number) if i >= 0]
    for points in (*lines, *(r.points for r in inside.rails if r.node not in ROOTS)):
        for point in points:
            low[1 - axis] = min(low[1 - axis], point[1 - axis])
            high[1 - axis] = max(high[1 - axis], point[1 - axis])
    ports = any("port" in node.facts for node in level.nodes)
    pad = [EDGE, EDGE]
    pad[axis] = GUTTER if ports else EDGE
    after = GUTTER if level.gates else EDGE
    width = high[0] - low[0] + pad[0] + (after if axis == 0 else EDGE)
    height = high[1] - low[1] + HEADER + (pad[1] if axis else 0) + (after if axis else EDGE)
    width, wanted = max(width, head.width), width
    spare = (width - wanted) / 2
    return _Placed(inside, (pad[0] + spare - low[0], HEADER + (pad[1] if axis else 0) - low[1]),
                   Size(width, height))


def _joined(graph: Graph, folds: Mapping[str, Mapping[str, Any]], levels: Mapping[str, _Level],
            placed: Mapping[str, _Placed], sizes: Mapping[str, Size], axis: int) -> Nested:
    """All levels on one paper: what stands in a frame moves with it, lines go on at its border."""
    corner: dict[str, Point] = {}                  # of a frame itself
    shift: dict[str, Point] = {"": (0.0, 0.0)}     # from a level's placement to the paper
    centers: dict[str, Point] = {}
    exits: dict[tuple[str, str], Point] = {}       # frame, value -> its port
    inner: dict[tuple[str, str], tuple[Point, ...]] = {}           # and the line to it
    begins: dict[tuple[str, str], dict[Point, None]] = {}          # and where lines go on outside
    routes = [Route(())] * len(graph.edges)
    entering: list[int] = []
    rails: list[Rail] = []
    chips: list[Chip] = []
    stacks: list[Stack] = []
    for path, level in levels.items():
        inside = placed[path].placement
        move = _mover(shift[path])
        begun = {rail.node: rail.points[0] for rail in inside.rails}
        for node in level.nodes:
            at, size = move(inside.centers[node.id]), sizes[node.id]
            if node.id in (*ROOTS, *ENDS):
                continue
            kind, _, name = node.id.partition(":")
            if kind == "frame" and name in folds and not node.facts:
                spot = at[0] - size.width / 2, at[1] - size.height / 2 + SHEETS * SHEET
                corner[name] = spot
                stacks.append(Stack(name, spot, Size(size.width - SHEETS * SHEET,
                                                     size.height - SHEETS * SHEET)))
                if name in levels:
                    dx, dy = placed[name].shift
                    shift[name] = spot[0] + dx, spot[1] + dy
            elif kind == "exit" and name in level.gates:
                exits[path, name] = at
            else:
                centers[node.id] = at
        first: dict[str, str] = {}                 # what stands here -> a value that leaves it
        for edge, route, i in zip(level.edges, inside.routes, level.number, strict=True):
            gate = edge.head[5:] if i < 0 and edge.head.startswith("exit:") else ""
            if i < 0 and not gate:
                continue
            value = graph.edges[i].tail if i >= 0 else gate
            first.setdefault(edge.tail, value)
            if edge.tail != value and route.points:            # it comes out of a frame
                start = begun.get(edge.tail, route.points[0])
                begins.setdefault((edge.tail[6:], value), {})[move(start)] = None
            points = tuple(map(move, route.points))
            if gate:
                inner[path, gate] = points
            else:
                routes[i] = Route(points, route.label and move(route.label))
                if edge.head != graph.edges[i].head and edge.head[6:] in levels:
                    entering.append(i)
        rails += [Rail(first[rail.node], tuple(map(move, rail.points)))
                  for rail in inside.rails if rail.node in first]
        chips += [chip._replace(edge=level.number[chip.edge], center=move(chip.center))
                  for chip in inside.chips if level.number[chip.edge] >= 0]
    for i in entering:
        head = graph.edges[i].head
        port = _side(centers[head], sizes[head], axis, -1)
        routes[i] = Route(routes[i].points + _curve(routes[i].points[-1], port, axis),
                          routes[i].label)
    gates = []
    for (path, id), center in exits.items():
        size = sizes[f"exit:{id}"]
        port = _side(center, size, axis, 1)
        far = corner[path][axis] + placed[path].size[axis]
        border = (port[0], far) if axis else (far, port[1])
        ends = begins.get((path, id)) or {border: None}
        gates.append(Gate(path, id, center, size, (inner.get((path, id), ()), *(
            (port, *_curve(port, end, axis)) for end in ends))))
    whole = placed[""].placement
    return Nested(Placement(whole.width, whole.height, centers, tuple(routes), tuple(rails),
                            tuple(chips)), tuple(stacks), tuple(gates))


def _mover(by: Point) -> Callable[[Point], Point]:
    return lambda point: (round(point[0] + by[0], 2), round(point[1] + by[1], 2))


def _side(center: Point, size: Size, axis: int, sign: int) -> Point:
    """The middle of a box's side: where lines come from (−1) or go to (1)."""
    if axis:
        return center[0], center[1] + sign * size.height / 2
    return center[0] + sign * size.width / 2, center[1]


def _curve(a: Point, b: Point, axis: int) -> tuple[Point, Point, Point]:
    """A Bézier from a to b, flat at both ends."""
    middle = (a[axis] + b[axis]) / 2
    return ((a[0], middle), (b[0], middle), b) if axis else ((middle, a[1]), (middle, b[1]), b)
