"""The built-in layered layout for computation graphs: a spine, glued ops, rails and chips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

from ..graph import Graph
from ..graph.size_limits import CROSSING_ITEMS
from .assemble import Dimensions, place_single, place_part
from .gc_pause import gc_paused
from .op_pairs import OpPairs, find_op_pairs, connected_parts
from .order import Order, crossings, order
from .placement import Chip, Placement, Point, Rail, Route, Size
from .ranks import Layers, layers
from .route import Drawing, PlacedPart, Turn, route_part
from .shelves import pack_rows

CHIP = Size(56.0, 26.0)          # a copy of a shared leaf beside its use
RANKDIRS = ("LR", "TB")


def place(graph: Graph, sizes: Mapping[str, Size], labels: Sequence[Size | None],
          *, rankdir: str = "LR", wrap: float | None = None, ratio: float | None = None
          ) -> Placement:
    """Return the placement of a graph, from left to right (LR) or from top to bottom (TB).

    sizes: the size of each node's box or dot, by id.
    labels: the size of each edge's label, or None.
    wrap: the width in px (TB: the height) of rows of ranks, cut where few lines pass.
    ratio: parts wider than `wrap` become pages of about this ratio of width to height.
    Linear in graph and long edges, except for sorting and for counting crossings.
    Raises ValueError for another rankdir.
    """
    if rankdir not in RANKDIRS:
        raise ValueError(f"unknown rankdir: {rankdir!r} (must be one of {', '.join(RANKDIRS)})")
    with gc_paused():
        return _place(graph, sizes, labels, rankdir == "TB", wrap, ratio)


def _place(graph: Graph, sizes: Mapping[str, Size], labels: Sequence[Size | None], turned: bool,
           wrap: float | None, ratio: float | None) -> Placement:
    boxes = [sizes[node.id] for node in graph.nodes]
    texts = list(labels)
    chip = CHIP
    if turned:
        boxes = [Size(s.height, s.width) for s in boxes]
        texts = [s and Size(s.height, s.width) for s in texts]
        chip = Size(chip.height, chip.width)
    dims = Dimensions(boxes, texts, chip, wrap, ratio and (1 / ratio if turned else ratio))
    parts = [_place_one(part, edges, dims)
             for part, edges in connected_parts(find_op_pairs(graph))]
    width, height, corners = pack_rows([part.size for part in parts])
    drawn = Drawing([(0.0, 0.0)] * len(graph.nodes), [Route(())] * len(graph.edges), [], [])
    for part, (x, y) in zip(parts, corners):
        route_part(_moved(part, x, y), boxes, texts, chip, drawn)
    centers, (_, routes, rails, chips) = drawn.centers, drawn
    if turned:
        width, height = height, width
        centers = _turned(centers)
        routes = [Route(tuple(_turned(r.points)), r.label and r.label[::-1]) for r in routes]
        rails = [(i, tuple(_turned(points))) for i, points in rails]
        chips = [(i, e, center[::-1]) for i, e, center in chips]
    nodes = graph.nodes
    return Placement(
        float(ceil(width)), float(ceil(height)),
        {node.id: center for node, center in zip(nodes, centers)}, tuple(routes),
        tuple([Rail(nodes[i].id, points) for i, points in rails]),
        tuple([Chip(nodes[i].id, e, center) for i, e, center in chips]))


def _turned(points: Sequence[Point]) -> list[Point]:
    return [(y, x) for x, y in points]


def starts(n: int) -> int:
    """Return the number of orders to try for a part of n items."""
    return 3 if n < 1000 else 2 if n < 4000 else 1


def sweeps(n: int) -> int:
    """Return the number of sweeps of the best order: for many items, more gain nothing."""
    return 8 if n < 1000 else 6 if n < 4000 else 4


def effort(n: int) -> int:
    """Return the effort of repairing the best order of n items: within the time of `dot`."""
    return 40 if n < 30 else 22 if n < 80 else 11 if n < 150 else 10 if n < 500 else 0


def _place_one(part: OpPairs, edges: Sequence[int], dims: Dimensions) -> PlacedPart:
    """Place one connected part: ranks, order, and the positions that follow from them."""
    if len(part.ins) == 1:
        return place_single(part, edges, dims)
    layered, found = rank_and_order(part)
    return place_part(part, edges, layered, found, dims)


def rank_and_order(part: OpPairs) -> tuple[Layers, Order]:
    """Return the ranks of a part, and the order in each.

    If lines of a small part cross, other ranks and copies of leaves are tried as well.
    """
    layered = layers(part)
    n = len(layered.rank)
    if n < CROSSING_ITEMS:
        found = order(layered, starts=starts(n), sweeps=sweeps(n))
        least = crossings(layered, found)
        if not least:
            return layered, found
        other = layers(part, crossed=True)
        found = search_order(other)
        if crossings(other, found) < least:
            return other, found
    return layered, search_order(layered)


def search_order(layered: Layers) -> Order:
    """Return the order in each rank, with the effort that the size allows."""
    n = len(layered.rank)
    return order(layered, starts=starts(n), sweeps=sweeps(n), effort=effort(n))


def _moved(part: PlacedPart, x: float, y: float) -> PlacedPart:
    """Return a part with its upper left corner at (x, y)."""
    turns = {i: Turn(t.right + x, t.gutter + y, t.left + x, t.y + y)
             for i, t in part.turns.items()}
    return part._replace(y=[level + y for level in part.y], turns=turns,
                         column=[c.moved(x) for c in part.column])
