"""Painting: Graph -> Scene. Measures the parts, lays them out and paints them in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from math import hypot
from typing import Any

from ..graph import Edge, Graph, Node, Value, text, topological
from ..graph.size_limits import LABELED_EDGES
from ..options.drawing import DrawOptions
from . import boxes
from .boxes import Content
from .gc_pause import gc_paused
from .placement import Placement, Point, Size
from .scene import Group, Mark, Path, Polygon, Rect, Scene, Text

ENGINES = {"layered": "layered", "dot": "graphviz"}      # the name on the command line -> the file
ARROW = (9.0, 3.6)               # length and half width of an arrow's head
MARGIN = 24.0
CAPTION = 140                    # maximum characters of a line under the picture
GRADIENTS = 4                         # maximum gradients in a description
WIDE, BODY = 2100.0, 1700.0      # px: wider pictures and fold bodies are set in rows
RATIO = 1.4                      # width to height of content in rows: as a page


def build_scene(graph: Graph, options: DrawOptions = DrawOptions()) -> Scene:
    """Return the scene of a graph. Linear in the graph, except for the layout."""
    with gc_paused():
        return _build(graph, options)


def _build(graph: Graph, options: DrawOptions) -> Scene:
    place: Callable[..., Placement] = import_module(
        f"{__package__}.{ENGINES[options.engine]}").place
    shown = options.edges
    if shown == "auto":
        limit = LABELED_EDGES // 2 if "folds" in graph.facts else LABELED_EDGES
        shown = "both" if len(graph.edges) <= limit else "none"
    terms: dict[str, list[Value]] = {}
    for edge in graph.edges:
        if "contribution" in edge.facts:
            terms.setdefault(edge.tail, []).append(edge.facts["contribution"])
    parts = "paired" in graph.facts or "folds" in graph.facts      # some terms are not drawn
    contents = {node.id: boxes.box(node, () if node.kind == "value" or parts else
                                   terms.get(node.id, ())) for node in graph.nodes}
    labels = [boxes.label(edge, shown) for edge in graph.edges]
    sizes = {id: content.size for id, content in contents.items()}
    spaces = [label and label.size for label in labels]
    if "paired" in graph.facts:
        from .side_by_side import place_paired  # most graphs need neither
        placement = place_paired(place, graph, sizes, spaces, options.rankdir)
    elif "folds" in graph.facts:
        from . import paint_clusters
        placement, folds = paint_clusters.place_and_paint(
            lambda level, sizes, spaces, rankdir: _place_in_rows(
                place, level, sizes, spaces, options, BODY if level.name else WIDE),
            graph, sizes, spaces, options.rankdir)
        return _scene(graph, placement, contents, labels, folds)
    else:
        placement = _place_in_rows(place, graph, sizes, spaces, options)
    return _scene(graph, placement, contents, labels)


def _place_in_rows(place: Callable[..., Placement], graph: Graph, sizes: Mapping[str, Size],
                   spaces: list[Size | None], options: DrawOptions, wide: float = WIDE
                   ) -> Placement:
    """Return the placement, in rows if requested or if it would be too wide for a page."""
    if options.engine != "layered" or options.wrap is None or (
            options.wrap == 0 and options.rankdir != "LR"):
        return place(graph, sizes, spaces, rankdir=options.rankdir)
    return place(graph, sizes, spaces, rankdir=options.rankdir, wrap=options.wrap or wide,
                 ratio=None if options.wrap else RATIO)


def _scene(graph: Graph, placement: Placement, contents: dict[str, Content],
           labels: list[Content | None],
           folds: tuple[Sequence[Group], Sequence[Group]] = ((), ())) -> Scene:
    nodes = {node.id: node for node in graph.nodes}
    groups = list(folds[0])
    for rail in placement.rails:
        role = "rail" if nodes[rail.node].kind in ("input", "parameter") else "bus"
        groups.append(Group(f"{rail.node}--rail", "rail", "", (Path(rail.points, role),)))
    into: dict[str, list[Group]] = {}              # in reading order, a node follows its edges
    for edge, route, label in zip(graph.edges, placement.routes, labels, strict=True):
        if not route.points:     # within a closed fold
            continue
        role = f"line{edge.facts['heat']:+d}" if "heat" in edge.facts else \
            f"edge {edge.facts['change']}" if edge.facts.get("change") else \
            "cut" if edge.facts.get("break") else "edge"
        marks = _arrow(route.points, role) if nodes[edge.head].kind == "op" else \
            (Path(route.points, role),)
        if label is not None and route.label is not None:
            marks += _centred(label, route.label)
        into.setdefault(edge.head, []).append(
            Group(edge_id(edge), "edge", edge_tip(edge, nodes), marks))
    for node in topological(graph):
        groups += into.get(node.id, ())
        if node.id in placement.centers:
            groups.append(Group(node.id, node.kind, node_tip(node),
                                _centred(contents[node.id], placement.centers[node.id])))
    for c in placement.chips:
        edge = graph.edges[c.edge]
        value = nodes[edge.tail]
        groups.append(Group(f"{edge_id(edge)}--chip", "chip", node_tip(value),
                            _centred(boxes.chip(value, c.size), c.center)))
    groups += folds[1]           # over the lines that enter a frame from above
    caption, width, height = _caption(graph, placement.width, placement.height)
    return Scene(width, height, str(graph.facts.get("title") or graph.name),
                 description(graph), (*groups, *caption))


def edge_id(edge: Edge) -> str:
    """Return the id of an edge: x--mul_1.0, with the argument's position if it has one."""
    place = edge.facts.get("argument")
    return f"{edge.tail}--{edge.head}" + ("" if place is None else f".{place}")


def node_tip(node: Node) -> str:
    """Return all facts of a node in a few lines."""
    lines = [node.label]
    for key in ("data", "grad"):
        value = node.facts.get(key)
        if value is not None:
            kind = f" ({text.shape(value.shape)} {value.dtype})" if value.shape else ""
            lines.append(f"{key} {text.numbers(value, 12)}{kind}")
    lines += [str(node.facts[key]) for key in ("formula", "line", "source")
              if node.facts.get(key) and node.facts[key] != node.label]
    if node.facts.get("pass"):
        lines[-1] += f", pass {node.facts['pass']} of its loop"
    if node.facts.get("branch"):
        lines.append(f"because {node.facts['branch']}")
    return "\n".join([text.literal(line) for line in lines])


def edge_tip(edge: Edge, nodes: Mapping[str, Node]) -> str:
    """Return the tooltip of an edge: ∂/∂x = cos(x) = 0.54; "" from an op to its result."""
    lines = []
    local, sent = edge.facts.get("local"), edge.facts.get("contribution")
    if edge.facts.get("break"):
        return text.literal(f"no gradient flows back here: {edge.facts['break']}")
    if local is None and sent is None:
        return ""
    if local is not None:
        name = nodes[edge.tail].label.partition(" = ")[0]
        parts = [f"∂/∂{text.word(name)}", edge.facts.get("formula") or "",
                 text.numbers(local, 12)]
        lines.append(" = ".join(part for part in dict.fromkeys(parts) if part))
    if sent is not None:
        kind = f" ({text.shape(sent.shape)})" if sent.shape else ""
        lines.append(f"contribution {text.numbers(sent, 12)}{kind}")
    return "\n".join([text.literal(line) for line in lines])


def description(graph: Graph) -> str:
    """Return the alternative text of the picture, or the graph's own description."""
    if graph.facts.get("description"):
        return text.literal(str(graph.facts["description"]))
    told = [f"value {text.numbers(node.facts['data'])}" for node in graph.nodes
            if node.kind == "output" and "data" in node.facts]
    sloped = [node for node in graph.nodes
              if node.kind == "input" and node.facts.get("grad") is not None]
    for node in sloped[:GRADIENTS]:
        grad = node.facts["grad"]
        by = f" by {node.label}" if len(sloped) > 1 else ""
        told.append(f"derivative{by} {text.numbers(grad)}" if grad.size == 1 else
                    f"gradient of {node.label} {text.numbers(grad)}")
    if len(sloped) > GRADIENTS:
        told.append(f"and {len(sloped) - GRADIENTS} more gradients")
    title = graph.facts.get("title") or (graph.name if graph.name != "graph" else "")
    words = "Computation graph" + (f" of {title}" if title else "")
    return text.literal(words + (": " + ", ".join(told) if told else "")) + "."


def _centred(content: Content, center: Point) -> tuple[Mark, ...]:
    return content.at(center[0] - content.size.width / 2, center[1] - content.size.height / 2)


def _arrow(points: tuple[Point, ...], role: str) -> tuple[Mark, ...]:
    """Return a route with an arrowhead: the line stops at the head's base."""
    x, y = last = points[-1]
    length, half = ARROW
    fx, fy = points[-2] if len(points) > 1 else last
    if (fx, fy) == last:
        fx, fy = next((point for point in reversed(points) if point != last), (x - 1, y))
    d = hypot(x - fx, y - fy)
    ux, uy = (x - fx) / d, (y - fy) / d
    bx, by = x - ux * length, y - uy * length
    back = min(length - 1, d)
    end = (x - ux * back, y - uy * back)
    bend = min(back, d / 2)
    line = (*points[:-2], (points[-2][0] - ux * bend, points[-2][1] - uy * bend),
            end) if len(points) > 1 else points
    head = ((x, y), (bx - uy * half, by + ux * half), (bx + uy * half, by - ux * half))
    return (Path(line, role), Polygon(head, "arrow"))


def _caption(graph: Graph, width: float, height: float) -> tuple[list[Group], float, float]:
    """Return the title and results under the picture, and the picture's size with them."""
    facts = graph.facts
    lines = [(text.shorten(text.literal(str(line)), CAPTION), role) for line, role in [
        (facts.get("title"), "title"), *((line, "result") for line in facts.get("results", ())),
        *((line, "title") for line in facts.get("branches", ())),
        *(("⚠ " + line, "flag") for line in facts.get("flags", ()))] if line]
    if not lines and "heat" not in facts:
        return [], width, height
    marks: list[Mark] = []
    x, y, gap = MARGIN, height + 6.0, 28.0
    if "heat" in facts:
        legend, end = _legend(facts["heat"], y)
        marks += legend
        width, y = max(width, end + MARGIN), y + 42
    for string, role in lines:
        w = boxes.text_width(string, role)
        if x > MARGIN and x + w > max(width - MARGIN, 560):
            x, y = MARGIN, y + 20
        marks.append(Text(x, y, string, role))
        x += w + gap
        width = max(width, x - gap + MARGIN)
    return [Group("caption", "caption", "", tuple(marks))], width, y + 20


def _legend(heat: Mapping[str, Any], y: float) -> tuple[list[Mark], float]:
    """Return the scale of a heat, a row of cells with its limits, and its right end."""
    limits, x = heat["limits"], MARGIN
    bins = len(limits) - 1
    texts = {sign: [text.number(sign*number, 2) for number in limits] for sign in (-1, 1)}
    cell = max(46.0, 10 + max(boxes.text_width(one, "tag") for one in texts[-1][:bins]))
    title = f"{heat['by']}, log scale"
    marks: list[Mark] = [Text(x, y + 4, title, "title")]
    x += boxes.text_width(title, "title") + 24
    role = "line" if heat["by"] == "contribution" else "heat"
    for i in range(-bins, bins + 1):
        name = f"{role}{i:+d}"
        left = x + (i + bins) * cell
        p, q = (left + 3, y), (left + cell - 3, y)
        marks.append(Path((p, p, q, q), name) if role == "line" else
                     Rect(left + 1, y - 5, cell - 2, 10, 2, name))
    for i in range(-bins, bins + 1):           # the limit larger in magnitude is outside
        if i:
            edge = x + (i + bins + (1 if i > 0 else 0)) * cell
            number = texts[1 if i > 0 else -1][bins - abs(i)]
            marks.append(Text(edge, y + 19, number, "tag", "middle"))
    marks.append(Text(x + (bins + 0.5) * cell, y + 19, "0", "tag", "middle"))
    end = x + (2 * bins + 1) * cell + 20
    return [*marks, Text(end, y, "", "tag")], end
