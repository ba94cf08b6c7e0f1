"""The placement: the positions of the nodes, edges and rails of a graph, in px."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

Point = tuple[float, float]


class LayoutError(RuntimeError):
    """A layout engine is missing, fails, or takes too long."""

    status = 1                   # exit status of the command line


class Size(NamedTuple):
    """The size of a box or a label, measured before layout."""

    width: float
    height: float


class Route(NamedTuple):
    """The route of one edge, and the position of its label."""

    points: tuple[Point, ...]    # a start, then three per cubic Bézier: control, control, end
    label: Point | None = None   # the label's centre; None without a label


class Rail(NamedTuple):
    """A shared line of a node with several uses: its edges branch off it."""

    node: str
    points: tuple[Point, ...]    # as Route.points, from the node's box to the last branch


class Chip(NamedTuple):
    """A small copy of a shared leaf beside one of its uses."""

    node: str
    edge: int                    # the first edge that starts at the chip: an index into graph.edges
    center: Point
    size: Size = Size(56.0, 26.0)


class Placement(NamedTuple):
    """Positions only: `build_scene` paints."""

    width: float
    height: float
    centers: Mapping[str, Point]               # node id -> centre of its box or dot
    routes: tuple[Route, ...]                  # one per edge of the graph, in its order
    rails: tuple[Rail, ...] = ()
    chips: tuple[Chip, ...] = ()
