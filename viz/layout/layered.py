"""Our own layered layout, for computation graphs: a straight spine, glued ops, rails and chips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf

from ..graph import Graph
from .cells import Cells, cells, split
from .columns import LANE, TURN, columns, extents, rows, turning
from .coordinates import Spacing, align, heights
from .drawing import Drawn, Measured, draw
from .order import order
from .placement import Chip, Placement, Point, Rail, Route, Size
from .ports import Ports, ports
from .ranks import Layers, layers

CHIP = Size(56.0, 26.0)          # a copy of a shared leaf beside its use
MARGIN = 24.0
BOXES, LINES = 26.0, 14.0        # free space between two boxes, two lines
WIDEST = 1.6                     # parts are set in rows of about this ratio
RANKDIRS = ("LR", "TB")
LARGE = 12_000                   # more nodes than this, without labels or rows: on arrays


def place(graph: Graph, sizes: Mapping[str, Size], labels: Sequence[Size | None],
          *, rankdir: str = "LR", wrap: float | None = None) -> Placement:
    """Where everything of a graph stands, from left to right (LR) or from top to bottom (TB).

    `sizes` holds the size of each node's box or dot by id, `labels` that of each edge's label or
    None. With `wrap`, a width in px (TB: a height), ranks are set in rows of that width, cut where
    few lines pass. Linear in graph and long edges, but for sorting and for counting crossings.
    Raises ValueError for another rankdir.
    """
    if rankdir not in RANKDIRS:
        raise ValueError(f"unknown rankdir: {rankdir!r} (must be one of {', '.join(RANKDIRS)})")
    if len(graph.nodes) > LARGE and wrap is None and not any(labels):
        from .field import place as place_many       # numpy is wanted for these only
        return place_many(graph, sizes, rankdir=rankdir)
    turned = rankdir == "TB"
    boxes = [sizes[node.id] for node in graph.nodes]
    texts = list(labels)
    chip = CHIP
    if turned:
        boxes = [Size(s.height, s.width) for s in boxes]
        texts = [s and Size(s.height, s.width) for s in texts]
        chip = Size(chip.height, chip.width)
    parts = [_measured(part, edges, boxes, texts, chip, wrap)
             for part, edges in split(cells(graph))]
    width, height, corners = _shelves([part.size for part in parts])
    drawn = Drawn([(0.0, 0.0)] * len(graph.nodes), [([], None)] * len(graph.edges), [], [])
    for part, (x, y) in zip(parts, corners):
        draw(_moved(part, x, y), boxes, texts, chip, drawn)

    def points(found: Sequence[Point]) -> tuple[Point, ...]:
        if turned:
            return tuple([(round(y, 2), round(x, 2)) for x, y in found])
        return tuple([(round(x, 2), round(y, 2)) for x, y in found])

    return Placement(
        round(height if turned else width, 2), round(width if turned else height, 2),
        {node.id: center for node, center in zip(graph.nodes, points(drawn.centers))},
        tuple([Route(points(found), points((label,))[0] if label else None)
               for found, label in drawn.routes]),
        tuple([Rail(graph.nodes[i].id, points(found)) for i, found in drawn.rails]),
        tuple([Chip(graph.nodes[i].id, e, points((center,))[0])
               for i, e, center in drawn.chips]))


def starts(n: int) -> int:
    """How many orders are tried for a part of n items."""
    return 3 if n < 1000 else 2 if n < 4000 else 1


def effort(n: int) -> int:
    """How hard the best order of n items is repaired: as hard as `dot` leaves the time for."""
    return 40 if n < 30 else 22 if n < 80 else 11 if n < 150 else 10 if n < 250 else \
        10 if n < 500 else 0


def _measured(part: Cells, edges: Sequence[int], boxes: Sequence[Size],
              texts: Sequence[Size | None], chip: Size, wrap: float | None) -> Measured:
    """One connected part: ranks, order, heights, columns and rows."""
    layered = layers(part)
    n = len(layered.rank)
    found = order(layered, starts=starts(n), sweeps=8 if n < 1000 else 6, effort=effort(n))
    block, _ = align(layered, found)
    labels = [texts[e] for e in edges]
    port = ports(part, layered, found, block, labels)
    spacing = _spacing(part, layered, port, boxes, chip)
    level = heights(layered, found, block, spacing,
                    rounds=30 if n < 1000 else 12 if n < 4000 else 6)
    y = [level[b] for b in block]
    needs, texted = extents(part, layered, y, port, boxes, labels, chip)
    turns = turning(part, layered)
    lines = [0] * (len(layered.ranks) + 1)           # rank -> how many lines pass from before it
    for r, turn in zip(layered.rank, turns):
        lines[r + 1] += turn
    cuts = rows(needs, lines, wrap)
    column, heads = columns(needs, texted, cuts, lines)
    row = _rows_of(layered, cuts, turns)
    tops, bottoms = [inf] * len(cuts), [-inf] * len(cuts)
    for i, k in enumerate(row):
        tops[k] = min(tops[k], y[i] - max(spacing.above[i], spacing.rise[i]))
        bottoms[k] = max(bottoms[k], y[i] + max(spacing.below[i], spacing.fall[i]))
    for k, first in enumerate(cuts[1:], 1):
        for i in layered.ranks[first - 1]:           # its line enters the row at this height
            if layered.down[i]:
                tops[k], bottoms[k] = min(tops[k], y[i]), max(bottoms[k], y[i])
    drop, gutter, ends = [], [], []
    at = width = 0.0
    for k, first in enumerate(cuts):
        last = cuts[k + 1] if k + 1 < len(cuts) else len(column)
        lanes = LANE * lines[last] if last < len(column) else 0.0
        drop.append(at - tops[k])
        at += bottoms[k] - tops[k]
        gutter.append(at + TURN)
        ends.append(max([c.right for c in column[first:last]]))
        width = max(width, ends[-1] + (TURN + lanes if lanes else 0.0))
        at += 2 * TURN + lanes if last < len(column) else 0.0
    return Measured(part, edges, layered, found, port, [y[i] + drop[k] for i, k in enumerate(row)],
                    column, heads, cuts, row, drop, gutter, ends, Size(width, at))


def _rows_of(layered: Layers, cuts: Sequence[int], turns: Sequence[bool]) -> list[int]:
    """item -> its row. Leaves and chips of the last rank of a row begin the next one."""
    row_of: list[int] = []
    for k, first in enumerate(cuts):
        last = cuts[k + 1] if k + 1 < len(cuts) else len(layered.ranks)
        row_of += [k] * (last - first)
    return [row_of[r + 1] if layered.down[i] and not turns[i] else row_of[r]
            for i, r in enumerate(layered.rank)]


def _moved(part: Measured, x: float, y: float) -> Measured:
    """A part with its upper left corner at (x, y)."""
    return part._replace(
        y=[round(level + y, 2) for level in part.y], gutter=[g + y for g in part.gutter],
        ends=[end + x for end in part.ends],
        column=[c.moved(x) for c in part.column],
        heads={r: c.moved(x) for r, c in part.heads.items()}, left=x)


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


def _shelves(sizes: Sequence[Size]) -> tuple[float, float, list[Point]]:
    """Parts in rows, in their order: the whole width and height, and where each part begins."""
    area = sum((s.width + MARGIN) * (s.height + MARGIN) for s in sizes)
    limit = max([s.width for s in sizes] + [(area * WIDEST) ** 0.5])
    x = y = MARGIN
    deep = width = 0.0
    corners = []
    for s in sizes:
        if x > MARGIN and x + s.width > limit + MARGIN:
            x, y, deep = MARGIN, y + deep + MARGIN, 0.0
        corners.append((x, y))
        x += s.width + MARGIN
        width, deep = max(width, x), max(deep, s.height)
    return max(width, 2 * MARGIN), y + deep + MARGIN, corners
