"""The layered layout of very large graphs, on numpy arrays: as `layered`, without labels."""

from __future__ import annotations

import os
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ...options.message import Message, Option
from ..placement import LayoutError
from ..shelves import MARGIN
from .order import order
from .ranks import JOINTS, Array, ArrayLayers, find_op_pairs, array_layers, ranks

CHIP = (56.0, 26.0)              # width and height of a copy of a shared tensor
GLUE, GAP = 20.0, 64.0           # between an op and its box; between columns
BOXES, LINES = 26.0, 14.0        # free space between two boxes, two lines
APART = 1e7                      # more than a rank is tall: keeps ranks apart in a running maximum
BYTES = 150                      # of memory for each node, edge and item
NODE, ITEM = 1.5e-6, 2.5e-6      # CPU seconds for each node and edge, and for each item
ANCHOR = 0.02                    # weight of an item's attraction to the middle; a link's is 1


class LayoutCost(NamedTuple):
    """The approximate cost of a layout."""

    seconds: float               # on a CPU of 2023
    bytes: int                   # of memory, at most


class ArrayPlacement(NamedTuple):
    """A placement as arrays. Items are pairs, then chips, then joints of rails."""

    x: Array                     # node -> centre
    y: Array
    rank: Array                  # item -> column
    level: Array                 # item -> y of its line
    source: Array                # item -> the pair it represents, copies or continues
    start: Array                 # edge -> the item it leaves (a pair, a chip or the last joint)
    tails: Array                 # link -> item; links join neighbouring ranks
    heads: Array
    left: Array                  # column -> the end of the previous one
    right: Array                 # column -> the end of its boxes
    pairs: int                   # items below it are pairs
    chips: int                   # number of chips after them
    width: float
    height: float


def layout_cost(nodes: int, edges: int, joints: int = 0) -> LayoutCost:
    """Return an upper estimate of the cost of `arrange`, at most a third too high.

    joints: places where long lines pass ranks (`layout.cost` counts them). Those beyond
    JOINTS per node are cut.
    """
    items = nodes + min(joints, JOINTS * nodes)
    return LayoutCost(NODE * (nodes + edges) + ITEM * items, BYTES * (nodes + edges + items))


def memory() -> int | None:
    """Return the bytes of memory of this machine, None if unknown."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):    # Windows has no sysconf
        return None


def arrange(op: ArrayLike, tail: ArrayLike, head: ArrayLike, width: ArrayLike, height: ArrayLike,
            *, chip: tuple[float, float] = CHIP) -> ArrayPlacement:
    """Place n nodes and m edges: `op` (n) is true for ops, `tail`, `head` (m) are node indices.

    Nodes are in topological order, sizes in px. `layout_cost` estimates the cost; the time is
    O(n log n).
    Raises ValueError for another order, LayoutError if the machine has too little memory.
    """
    bytes, most = layout_cost(np.size(op), np.size(tail)).bytes, memory()
    if most is not None and bytes > most:
        raise LayoutError(Message(
            f"a layout of {np.size(op):,} nodes takes about {bytes / 1e9:.1f} GB of memory, and "
            f"this machine has {most / 1e9:.1f}: draw it folded (", Option("fold", "all"),
            "), or less of it (", Option("depth"), ", ", Option("start"), ")"))
    op, tail, head = np.asarray(op, bool), np.asarray(tail, int), np.asarray(head, int)
    width, height = np.asarray(width, float), np.asarray(height, float)
    n = len(op)
    if not n:
        nothing = np.zeros(0, np.int64)
        return ArrayPlacement(nothing, nothing, nothing, nothing, nothing, nothing, nothing,
                              nothing, nothing, nothing, 0, 0, 2 * MARGIN, 2 * MARGIN)
    if (tail >= head).any():
        raise ValueError("an edge leads back: nodes must stand in topological order")
    pair, glued, op_of, box_of = find_op_pairs(op, tail, head)
    ct, ch = pair[tail], pair[head]
    leaf = np.zeros(len(op_of), bool)
    leaf[pair] = ~op
    leaf[ch] = False
    rank = ranks(ct[~glued], ch[~glued], leaf)
    layered = array_layers(ct, ch, glued, rank, leaf)
    place = order(layered)
    half = np.zeros(len(layered.rank))
    tall = np.where(op_of >= 0, height[op_of], 0.0)
    half[:len(op_of)] = np.maximum(tall, np.where(box_of >= 0, height[box_of], 0.0)) / 2
    half[len(op_of):len(op_of) + layered.chips] = chip[1] / 2
    level = _heights(layered, place, half)
    level += MARGIN - (level - half).min()
    ops, boxes = np.zeros(rank.max() + 1), np.zeros(rank.max() + 1)
    np.maximum.at(ops, rank, np.where(op_of >= 0, width[op_of], 0.0))
    np.maximum.at(boxes, rank, np.where(box_of >= 0, width[box_of], 0.0))
    if layered.chips:
        at = layered.rank[len(op_of):len(op_of) + layered.chips]
        boxes[at] = np.maximum(boxes[at], chip[0])
    glue = np.where((ops > 0) & (boxes > 0), GLUE, 0.0)
    right = np.cumsum(ops + glue + boxes + GAP) - GAP + MARGIN
    begin = right - boxes
    dots = begin - glue
    x, y = np.zeros(n), level[pair]
    node = op_of[op_of >= 0]
    x[node] = dots[rank[op_of >= 0]] - width[node] / 2
    node = box_of[box_of >= 0]
    at = rank[box_of >= 0]
    x[node] = np.where(leaf[box_of >= 0], right[at] - width[node] / 2,
                       begin[at] + width[node] / 2)
    left = np.concatenate([[MARGIN], right[:-1]])
    return ArrayPlacement(x, y, layered.rank, level, layered.source, layered.start, layered.tails,
                          layered.heads, left, right, len(op_of), layered.chips,
                          float(right[-1] + MARGIN), float((level + half).max() + MARGIN))


def _heights(layers: ArrayLayers, place: Array, half: Array) -> Array:
    """Return the y of each item: close to its neighbours, in order and apart (running extremes)."""
    rank, tails, heads, weight = layers.rank, layers.tails, layers.heads, layers.weight
    n = len(rank)
    gap = np.where(half > 0, BOXES, LINES) / 2
    need = half + gap
    ranks = rank[place]
    step = need[place]
    new = np.concatenate([[True], ranks[1:] != ranks[:-1]])
    stack = np.cumsum(2 * step) - step           # centres if all items were one column
    offset = stack - stack[new][ranks]           # so that the first of each rank begins at 0
    middle = np.zeros(len(stack[new]))
    np.maximum.at(middle, ranks, offset)
    base = ranks * APART
    y = np.empty(n)
    y[place] = offset
    line = middle / 2            # rank -> the height put at 0: its middle, or the spine's
    i = int(np.argmax(rank[:n] * (layers.main >= 0)))
    while i >= 0:
        line[rank[i]] = y[i]
        i = int(layers.main[i])
    y -= line[rank]
    heavy = np.bincount(heads, minlength=n) > 0  # leaves and chips give way to other items
    heavy |= (np.bincount(rank, heavy) == 0)[rank]
    voice = weight * heavy[tails]                # weight of a tail for its head: 0 for leaves
    mass = np.bincount(heads, voice, n) + np.bincount(tails, weight, n) + ANCHOR
    firm = np.flatnonzero(heavy[place])
    loose = ~heavy[place]
    low, high = np.full(n, -np.inf), np.full(n, np.inf)
    for turn in range(60 if n < 40_000 else 20 if n < 400_000 else 10):
        pull = np.bincount(heads, voice * y[tails], n) + np.bincount(tails, weight * y[heads], n)
        wish = np.where(rank % 2 == turn % 2, pull / mass, y)
        z = wish[place] - offset + base
        z[firm] = (np.maximum.accumulate(z[firm])
                   + np.minimum.accumulate(z[firm][::-1])[::-1]) / 2
        low[firm] = high[firm] = z[firm]
        floor = np.maximum.accumulate(low)
        roof = np.minimum.accumulate(high[::-1])[::-1]
        z = np.where(loose, np.minimum(np.maximum(z, floor), roof), z)
        y[place] = np.maximum.accumulate(z) - base + offset
    return y
