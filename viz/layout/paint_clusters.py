"""Painting of folds: a stack of cards with a header, and ports where values leave."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..graph import Graph, Node, text
from . import boxes
from .boxes import Content
from .clusters import HEADER, STACK_DEPTH, STACK_OFFSET, ClusteredPlacement, place_clusters
from .placement import Placement, Size
from .scene import Group, Mark, Path, Rect, Text

PAD = 14.0
TITLE = 60                       # maximum characters of a title
NAMED = 5                        # maximum named repeats that are listed


def place_and_paint(place: Callable[..., Placement], graph: Graph, sizes: Mapping[str, Size],
                    labels: Sequence[Size | None], rankdir: str
                    ) -> tuple[Placement, tuple[list[Group], list[Group]]]:
    """Return the placement of a folded graph; frames (lowest layer) and headers (above lines)."""
    heads = {fold["path"]: Size(_header(fold)[1], HEADER) for fold in graph.facts["folds"]}
    ports = {id: boxes.port(_exit_node(node)) for id, node in _sources(graph).items()}
    found = place_clusters(place, graph, sizes, labels, heads,
                           {id: port.size for id, port in ports.items()}, rankdir)
    under, over = _paint_frames(graph, found)
    return found.placement, ([*under, *_paint_exits(graph, found, ports)], over)


def is_scope(fold: Mapping[str, Any]) -> bool:
    """Return whether a frame is a scope: a module or a loop drawn in full, without repeats."""
    return bool(fold["count"] == 1)


def index_text(fold: Mapping[str, Any]) -> str:
    """Return the scope and the index range of a fold: blocks.[t] · t = 0 … 11; i = q, k, v."""
    names = fold.get("names", ())
    repeats = f"{fold['first']} … {fold['last']}" if not names else \
        ", ".join(names if len(names) <= NAMED else [*names[:NAMED - 2], f"… {names[-1]}"])
    where = f"{text.shorten(fold['where'], TITLE)} · " if fold.get("where") else ""
    return f"{where}{fold['index']} = {text.shorten(repeats, TITLE)}"


def size_text(fold: Mapping[str, Any]) -> str:
    """Return the size of one repeat, and of all: 5 ops each, 5500 nodes."""
    if is_scope(fold):
        return f"{fold['holds']}{' · ' * bool(fold['holds'])}{fold['nodes']} nodes"
    each = f"{fold['period']} op{'s' * (fold['period'] != 1)} each, " if fold["period"] else ""
    return f"{each}{fold['nodes']} nodes"


def summary(fold: Mapping[str, Any]) -> str:
    """Return the summary of a fold on one line: ×150 y = y·x, t = 1 … 150, 300 nodes."""
    if is_scope(fold):
        return text.literal(f"{fold['title']}: {size_text(fold)}")
    return text.literal(
        f"×{fold['count']} {fold['title']}, {index_text(fold)}, {fold['nodes']} nodes")


def tooltip(fold: Mapping[str, Any]) -> str:
    """Return the tooltip of a fold: a few lines."""
    if is_scope(fold):
        return text.literal(f"{fold['title']}\n{size_text(fold)}")
    return text.literal(f"{fold['title']} ×{fold['count']}") + \
        f"\n{text.literal(index_text(fold))}, {size_text(fold)}\n" \
        f"--expand {fold['path']} draws all of it"


def _sources(graph: Graph) -> dict[str, Node]:
    """Return the nodes whose value may leave a frame, by id."""
    nodes = {node.id: node for node in graph.nodes}
    within = {id: node.facts.get("fold") for id, node in nodes.items()}
    used = [edge.tail for edge in graph.edges if within[edge.tail] != within[edge.head]]
    carried = [out for fold in graph.facts["folds"] for _, out in fold["carried"]]
    return {id: nodes[id] for id in (*used, *carried) if within[id]}


def _exit_node(node: Node) -> Node:
    """Return the node of a value under its name at the exit of a frame."""
    return Node(node.id, "value", node.label.partition(" = ")[0] or node.id, {"port": "carried"})


def _header(fold: Mapping[str, Any]) -> tuple[list[Rect | Text], float]:
    """Return the marks of a frame's header, relative to its upper left corner, and their width."""
    title = text.shorten(text.literal(fold["title"]), TITLE)
    note = text.literal(size_text(fold) if is_scope(fold) else
                        f"{index_text(fold)} · {size_text(fold)}")
    x = PAD
    marks: list[Rect | Text] = []
    if not is_scope(fold):
        times = f"×{fold['count']}"
        wide = round(boxes.text_width(times, "times") + 22)
        marks = [Rect(x, 10, wide, 26, 13, "pill"),
                 Text(x + wide / 2, 27.7, times, "times", "middle")]
        x += wide + 12
    marks.append(Text(x, 28, title, "head"))
    x += boxes.text_width(title, "head") + 16
    marks.append(Text(x, 28, note, "note"))
    return marks, round(x + boxes.text_width(note, "note") + PAD + 1)


def _paint_frames(graph: Graph, found: ClusteredPlacement) -> tuple[list[Group], list[Group]]:
    folds = {fold["path"]: fold for fold in graph.facts["folds"]}
    under, over = [], []
    for frame in found.frames:
        (x, y), (width, height) = frame.corner, frame.size
        sheets = [Rect(x + STACK_OFFSET * k, y - STACK_OFFSET * k, width, height, 12, "sheet")
                  for k in range(STACK_DEPTH if not is_scope(folds[frame.path]) else 0, 0, -1)]
        marks, wide = _header(folds[frame.path])
        id = f"fold-{frame.path.replace('/', '-')}"
        veil = Rect(6, 8, wide - 8, 30, 6, "veil")             # hides lines from above
        head = Content(frame.size, (veil, *marks)).at(x, y)
        said = tooltip(folds[frame.path])
        under.append(Group(id, "fold", said, (*sheets, Rect(x, y, width, height, 12, "frame"))))
        over.append(Group(f"{id}--head", "fold", said, head))
    return under, over


def _paint_exits(graph: Graph, found: ClusteredPlacement, ports: Mapping[str, Content]
                 ) -> list[Group]:
    carried = {(fold["path"], out) for fold in graph.facts["folds"] for _, out in fold["carried"]}
    groups = []
    for exit in found.exits:
        role = "port" if (exit.path, exit.node) in carried else "through"
        at = exit.center[0] - exit.size.width / 2, exit.center[1] - exit.size.height / 2
        marks: list[Mark] = [Path(line, "carried" if role == "port" else "edge")
                             for line in exit.lines if line]
        marks += [mark._replace(role=role) if isinstance(mark, Rect) else mark
                  for mark in ports[exit.node].at(*at)]
        groups.append(Group(f"{exit.node}--out-{exit.path.replace('/', '-')}", "port", "",
                            tuple(marks)))
    return groups
