"""The placement: where a layout puts the nodes, edges and rails of a graph, in px."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

Point = tuple[float, float]


class LayoutError(RuntimeError):
    """A layout engine that is not there, fails, or takes too long."""

    status = 1                   # what the command line exits with


class Size(NamedTuple):
    """How large a box or a label is, measured before layout."""

    width: float
    height: float


class Route(NamedTuple):
    """The way of one edge, and where its label stands."""

    points: tuple[Point, ...]    # a start, then three per cubic Bézier: control, control, end
    label: Point | None = None   # the label's centre; None where the edge has none


class Rail(NamedTuple):
    """A bus line of a node that is used more than once: edges branch off it."""

    node: str
    points: tuple[Point, ...]    # as Route.points, from the node's box to the last branch


class Chip(NamedTuple):
    """A small copy of a shared leaf beside one of its uses."""

    node: str
    edge: int                    # the first edge that starts at the chip: an index into graph.edges
    center: Point
    size: Size = Size(56.0, 26.0)


class Placement(NamedTuple):
    """Positions only: painting is `build_scene`'s."""

    width: float
    height: float
    centers: Mapping[str, Point]               # node id -> centre of its box or dot
    routes: tuple[Route, ...]                  # one per edge of the graph, in its order
    rails: tuple[Rail, ...] = ()
    chips: tuple[Chip, ...] = ()
