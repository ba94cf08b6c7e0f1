"""The layout of a very large graph as columns, for the page that paints it on a canvas."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..graph import Graph, Node, text, topological
from ..layout import boxes
from ..layout.large.layered import CHIP, GAP, ArrayPlacement, arrange
from ..layout.shelves import MARGIN
from .codec import Array
from .facts_table import edge_columns
from .scope_boxes import SCALE, scopes

RATIO = 1.6                      # width to height of a layout set in rows
BETWEEN = 160.0                  # px between two rows
APART = 320.0                    # px between two columns of nodes without edges
ROOM = 3.0                       # layouts this many times wider than RATIO are set in rows


class LargeGeometry(NamedTuple):
    """A graph in topological order, the positions of its nodes, and its width and height."""

    graph: Graph
    columns: dict[str, Any]
    width: float
    height: float


def layout_columns(graph: Graph) -> LargeGeometry:
    """Return the columns. A node is in a rank, dx after its left end, at the height of its line.

    Linear in the graph, except for the layout.
    """
    told = edge_columns(graph)
    if len(told["back"]) and told["back"].min() <= 0:
        graph = Graph(graph.name, tuple(topological(graph)), graph.edges, graph.facts)
        told = edge_columns(graph)
    head, tail = told["head"], told["head"] - told["back"]
    op = np.fromiter((node.kind == "op" for node in graph.nodes), bool)
    width, height = _sizes(graph)
    joined = np.zeros(len(op), bool)
    joined[head] = joined[tail] = True
    place = np.cumsum(joined) - 1                  # node -> its index among those that have edges
    field = arrange(op[joined], place[tail], place[head], width[joined], height[joined])
    rank, dx, y = np.zeros(len(op), np.int64), np.zeros(len(op)), np.zeros(len(op))
    rank[joined] = ranks = np.searchsorted(field.right, field.x)       # after the end of the one
    left, drop, roof, deep = _rows(field, ranks, height[joined])       # before and before its own
    dx[joined] = field.x - width[joined] / 2 - field.left[ranks]
    y[joined] = field.y - height[joined] / 2
    alone = np.flatnonzero(~joined)
    wide = field.right - field.left
    if len(alone):               # below all else, in a block: a rank of their own, as rows of it
        across = max(1, round(float(np.sqrt(len(alone) * RATIO * 100.0 / APART))))
        rank[alone] = len(left)
        dx[alone] = np.arange(len(alone)) % across * APART
        y[alone] = np.arange(len(alone)) // across * 100.0
        left = np.append(left, GAP)
        roof = np.append(roof, 0.0)
        drop = np.append(drop, deep + BETWEEN)
        wide = np.append(wide, across * APART)
    columns = told | {
        "rank": rank, "dx": _whole(dx * SCALE), "y": _whole(y * SCALE), "width": _whole(width),
        "height": _whole(height), "left": _whole(left), "wide": _whole(wide), "drop": _whole(drop),
        "roof": _whole(roof),         **_shared(field, tail)}
    boxes = np.stack([left[rank] + dx, drop[rank] + y, width, height], axis=1)
    row = np.cumsum(np.diff(drop, prepend=drop[:1]) != 0)
    return LargeGeometry(graph, columns | scopes(graph, boxes, row[rank]),
                         float((left + wide).max(initial=0.0) + MARGIN),
                         float((boxes[:, 1] + boxes[:, 3]).max(initial=0.0) + MARGIN))


def _shared(field: ArrayPlacement, tail: Array) -> dict[str, Array]:
    """Return the rank, height and node of the items after the pairs: chips, then joints of rails.

    `far` is 1 for each edge that leaves such an item, `via` holds the items of these edges.
    """
    n = field.pairs
    node = np.zeros(n, np.int64)
    far = field.start >= n
    node[field.source[field.start[far]]] = tail[far]
    return {"item_rank": field.rank[n:], "item_y": _whole(field.level[n:] * SCALE),
            "item_node": node[field.source[n:]], "chips": np.array([field.chips]),
            "far": far.astype(np.uint8), "via": field.start[far] - n}


def _rows(field: ArrayPlacement, rank: Array, height: Array) -> tuple[Array, Array, Array, float]:
    """Return each rank's left end, drop and top of its row; and the lower end of all rows.

    A long layout is set in rows, each as high as its content.
    """
    whole = float(field.right[-1]) if len(field.right) else 0.0
    if whole < ROOM * RATIO * field.height:
        none = np.zeros(len(field.right))
        return field.left, none, none, field.height
    across = np.sqrt(whole * (field.height / 2 + BETWEEN) * RATIO)
    row = np.cumsum(np.diff(np.floor(field.right / across), prepend=0.0) > 0)
    row -= row[0]
    first = np.searchsorted(row, row)              # rank -> the first one of its row
    top, bottom = np.full(row[-1] + 1, np.inf), np.full(row[-1] + 1, -np.inf)
    for at, half, of in ((field.y, height / 2, rank),
                         (field.level[field.pairs:], CHIP[1] / 2, field.rank[field.pairs:])):
        np.minimum.at(top, row[of], at - half)
        np.maximum.at(bottom, row[of], at + half)
    tall = bottom - top + BETWEEN
    drop = MARGIN + np.cumsum(tall) - tall - top
    return (field.left - field.left[first] + GAP, drop[row], (drop + top)[row],
            float(drop[-1] + bottom[-1]))


def _whole(x: Array) -> Array:
    return np.round(x).astype(np.int64)


def _sizes(graph: Graph) -> tuple[Array, Array]:
    """Return the sizes of boxes and dots as `boxes.box` does, but without the terms of sums."""
    widths, heights = [], []
    dots: dict[str, tuple[float, float]] = {}
    tags: dict[Any, float] = {}
    for node in graph.nodes:
        if node.kind == "op":
            size = dots.get(node.label)
            if size is None:
                size = dots[node.label] = boxes.box(node).size
        else:
            size = _box(node, tags)
        widths.append(size[0])
        heights.append(size[1])
    return np.array(widths), np.array(heights)


def _box(node: Node, tags: dict[Any, float]) -> tuple[float, float]:
    if node.kind == "constant" and "grad" not in node.facts or "flag" in node.facts:
        return boxes.box(node).size
    data, grad = node.facts.get("data"), node.facts.get("grad")
    key = (node.kind, node.facts.get("line"), None if data is None else data.shape)
    tag = tags.get(key)
    if tag is None:
        tag = tags[key] = boxes.text_width(boxes.tag_text(node), "tag")
    name = boxes.text_width(text.shorten(text.literal(node.label), boxes.NAME), "name")
    wide = max(112.0, name + (18 + tag if tag else 0) + 2 * boxes.PAD)
    rows = [value for value in (data, grad) if value is not None]
    for value in rows:
        wide = max(wide, _LEAD + _ADVANCE * len(text.numbers(value)))
    return boxes.even_ceil(wide), boxes.even_ceil((33.0, 53.0, 71.0)[len(rows)])


_ADVANCE = boxes.text_width("0", "data")                 # monospaced: all digits have this width
_LEAD = boxes.text_width("grad", "key") + 16 + 2 * boxes.PAD
