"""Two parts of a graph side by side, the second in the opposite direction, as backward."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ..graph import Graph
from .placement import Chip, Placement, Point, Rail, Route, Size

Move = Callable[[Point], Point]


def place_paired(place: Callable[..., Placement], graph: Graph, sizes: Mapping[str, Size],
                 labels: Sequence[Size | None], rankdir: str) -> Placement:
    """Return the placement of a graph of two parts, the groups named by `graph.facts["paired"]`.

    The second part is mirrored, and placed below the first (LR) or beside it (TB), so that
    partners are close to each other.
    """
    first, second = graph.facts["paired"]
    part = {node.id: first if node.group.partition("/")[0] == first else second
            for node in graph.nodes}
    turned = rankdir == "TB"
    placed = []
    for name in (first, second):
        edges = [i for i, edge in enumerate(graph.edges) if part[edge.head] == name]
        piece = Graph(graph.name, tuple(n for n in graph.nodes if part[n.id] == name),
                      tuple(graph.edges[i] for i in edges))
        placed.append((edges, place(piece, sizes, [labels[i] for i in edges], rankdir=rankdir)))
    (ahead, one), (back, two) = placed
    width, height = max(one.width, two.width), max(one.height, two.height)

    def mirrored(point: Point) -> Point:
        x, y = point
        return (one.width + x, height - y) if turned else (width - x, one.height + y)

    routes: list[Route] = [Route(())] * len(graph.edges)
    for i, route in zip(ahead, one.routes, strict=True):
        routes[i] = route
    for i, route in zip(back, two.routes, strict=True):
        routes[i] = Route(tuple(map(mirrored, route.points)),
                          route.label and mirrored(route.label))
    rails = [Rail(rail.node, tuple(map(mirrored, rail.points))) for rail in two.rails]
    chips = [Chip(chip.node, back[chip.edge], mirrored(chip.center), *chip[3:])
             for chip in two.chips]
    return Placement(
        one.width + two.width if turned else width, height if turned else one.height + two.height,
        {**one.centers, **{id: mirrored(center) for id, center in two.centers.items()}},
        tuple(routes), (*one.rails, *rails),
        (*(chip._replace(edge=ahead[chip.edge]) for chip in one.chips), *chips))
