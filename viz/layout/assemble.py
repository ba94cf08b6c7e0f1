"""Assemble: the heights, columns and rows of one connected part with known layers and order."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor
from typing import NamedTuple

from .columns import LANE, TURN, Extent, columns, extents
from .coordinates import Spacing, align, heights
from .op_pairs import OpPairs
from .order import Order
from .placement import Size
from .ports import Ports, ports
from .ranks import Layers
from .route import PlacedPart, Turn
from .rows import WrappedLayers, break_page, wrap_layers, break_rows, rank_widths, turning_items

BOXES, LINES = 26.0, 14.0        # free space between two boxes, two lines
LEAF = 400.0                     # wider leaves (folds) do not move to the row of their use
LEAST = 120.0                    # ranks are seldom narrower


class Dimensions(NamedTuple):
    """Sizes of the nodes and labels of a graph, by index, and the limits of a row."""

    boxes: Sequence[Size]
    texts: Sequence[Size | None]
    chip: Size
    wrap: float | None = None    # the maximum width of a row, where possible
    ratio: float | None = None   # a part wider than `wrap` becomes a page of this ratio


def place_part(part: OpPairs, edges: Sequence[int], layers: Layers, order: Order,
               dims: Dimensions) -> PlacedPart:
    """Return the positions in a part, relative to its upper left corner."""
    part = part._replace(leaf=[leaf and dims.boxes[box].width <= LEAF
                               for leaf, box in zip(part.leaf, part.box)])
    block = align(layers, order)
    labels = [dims.texts[e] for e in edges]
    wrapped = dims.wrap is not None and len(order) * LEAST > dims.wrap
    level = _heights(part, layers, order, block, labels, dims, rough=wrapped)
    if dims.wrap is None or sum([extent.width for extent in level.extents]) <= dims.wrap:
        if wrapped:
            level = _heights(part, layers, order, block, labels, dims)
    else:
        turns = turning_items(part, layers)
        lines = [0] * (len(order) + 1)               # rank -> number of lines from earlier rows
        for r, turn in zip(layers.rank, turns):
            lines[r + 1] += turn
        ranks = rank_widths(level.extents, _rank_heights(order, level.spacing), lines)
        cut = break_rows(ranks, dims.wrap).firsts if dims.ratio is None else \
            break_page(ranks, dims.wrap, dims.ratio).firsts
        if len(cut) > 1:
            found = wrap_layers(layers, order, block, turns, cut)
            level = _heights(part, found.layers, found.order, found.block, labels, dims, found)
            return _place_rows(part, edges, found, level)
    column = columns(level.extents, level.texted, [0], [0.0])
    top, bottom = _reach(order, level)
    return PlacedPart(part, edges, layers, order, level.ports, [y - top for y in level.y], column,
                      {}, Size(max([c.right for c in column]), bottom - top))


def place_single(part: OpPairs, edges: Sequence[int], dims: Dimensions) -> PlacedPart:
    """Do what `place_part` does for a part of a single pair: there may be thousands of these."""
    op, box = part.op[0], part.box[0]
    dot = dims.boxes[op] if op >= 0 else Size(0.0, 0.0)
    size = dims.boxes[box] if box >= 0 else Size(0.0, 0.0)
    tall = max(dot.height, size.height)
    column = columns([Extent(0.0, 0.0, dot.width, size.width, 0.0)], [False], [0], [0.0])
    layers = Layers([[0]], [0], [[]], [[]], [[]], [0], [()] * len(edges), 1, 0)
    return PlacedPart(part, edges, layers, [[0]], Ports([], [], [0.0], [0.0], [0.0]), [tall / 2],
                      column, {}, Size(column[0].right, tall))


class _Heights(NamedTuple):
    y: list[float]               # item -> its line
    ports: Ports
    spacing: Spacing
    extents: list[Extent]
    texted: list[bool]


def _heights(part: OpPairs, layers: Layers, order: Order, block: list[int],
             labels: Sequence[Size | None], dims: Dimensions,
             wrapped: WrappedLayers | None = None, *, rough: bool = False) -> _Heights:
    """Return the heights of all items and the widths of the ranks; `rough` before row breaking."""
    n = len(layers.rank)
    port = ports(part, layers, order, block, labels)
    spacing = _spacing(part, layers, port, dims)
    row = [0] * (max(block, default=-1) + 1 if wrapped else 0)
    for b, k in zip(block, wrapped.row if wrapped else ()):
        row[b] = k
    level = heights(layers, order, block, spacing,
                    rounds=2 if rough else 30 if n < 1000 else 12 if n < 4000 else 6, row=row)
    level = [round(y) + 0.0 for y in level]
    y = [level[b] for b in block]
    needs, texted = extents(part, layers, y, port, dims.boxes, labels, dims.chip,
                            wrapped.firsts if wrapped else [0])
    return _Heights(y, port, spacing, needs, texted)


def _spacing(part: OpPairs, layers: Layers, port: Ports, dims: Dimensions) -> Spacing:
    boxes, n, items = dims.boxes, layers.n_pairs, len(layers.rank)
    half, gap, room = [0.0] * items, [LINES] * items, [LINES] * items
    rise, fall = list(port.rise), list(port.fall)
    for i in range(n):
        o, b = part.op[i], part.box[i]
        tall = boxes[b].height / 2 if b >= 0 else 0.0
        if o >= 0:               # a wide op may overlap its neighbours' labels
            own = boxes[o].height / 2
            tall = max(tall, own)
            rise[i], fall[i] = max(rise[i], own), max(fall[i], own)
        half[i], gap[i] = tall, BOXES
    for i in range(n, n + layers.n_chips):
        half[i] = dims.chip.height / 2
    return Spacing(half, half, rise, fall, gap, room)


def _rank_heights(order: Order, spacing: Spacing) -> list[float]:
    """Return, by rank, the minimum height of its items stacked on each other."""
    above, below, rise, fall, gap, room = spacing
    return [sum([max(above[i] + below[i] + gap[i], rise[i] + fall[i] + room[i]) for i in items])
            for items in order]


def _reach(items: Sequence[Sequence[int]], level: _Heights) -> tuple[float, float]:
    """Return the top and the bottom of the items of some ranks, in whole px."""
    above, below, rise, fall, _, _ = level.spacing
    y = level.y
    return (floor(min([y[i] - max(above[i], rise[i]) for near in items for i in near])),
            ceil(max([y[i] + max(below[i], fall[i]) for near in items for i in near])))


def _place_rows(part: OpPairs, edges: Sequence[int], found: WrappedLayers, level: _Heights
                ) -> PlacedPart:
    """Place the rows one below another, separated by gutters for the lines that continue."""
    firsts, order = [*found.firsts, len(found.order)], found.order
    turning: list[list[int]] = []                    # row -> lines that continue, lowest first
    for last in firsts[1:]:
        ends = [i for i in order[last - 1] if i in found.entry]
        turning.append(sorted(ends, key=lambda i: -level.y[i]))
    lane = _lanes(found, turning)
    margins = [0.0] + [TURN + LANE * (1 + max(
        [p for i, p in lane.items() if found.row[i] < k <= found.row[found.entry[i]]]))
        for k in range(1, len(turning))]
    column = columns(level.extents, level.texted, found.firsts, margins)
    y = list(level.y)
    turns: dict[int, Turn] = {}
    at = width = 0.0
    for k, ends in enumerate(turning):
        top, bottom = _reach(order[firsts[k]:firsts[k + 1]], level)
        for items in order[firsts[k]:firsts[k + 1]]:
            for i in items:
                y[i] += at - top
        at += bottom - top
        right = max([c.right for c in column[firsts[k]:firsts[k + 1]]])
        lanes = LANE * len(ends)
        width = max(width, right + TURN + lanes if ends else right)
        below = {i: p for p, i in enumerate(sorted(ends, key=lambda i: lane[i]))}
        for p, i in enumerate(ends):
            turns[i] = Turn(right + TURN + LANE * p, at + TURN + LANE * below[i],
                            LANE * lane[i], 0.0)
        at += 2 * TURN + lanes if ends else 0.0
    turns = {i: turn._replace(y=y[found.entry[i]]) for i, turn in turns.items()}
    return PlacedPart(part, edges, found.layers, order, level.ports, y, column, turns,
                      Size(width, at))


def _lanes(found: WrappedLayers, turning: list[list[int]]) -> dict[int, int]:
    """Return the lane left of the rows for each line that continues; those past rows leftmost."""
    lane: dict[int, int] = {}
    taken: dict[int, set[int]] = {}                  # row -> the lanes in use beside it
    lines = [i for ends in turning for i in ends]
    for i in sorted(lines, key=lambda i: found.row[i] - found.row[found.entry[i]]):
        past = range(found.row[i] + 1, found.row[found.entry[i]] + 1)
        p = 0
        while any([p in taken.setdefault(k, set()) for k in past]):
            p += 1
        lane[i] = p
        for k in past:
            taken[k].add(p)
    return lane
