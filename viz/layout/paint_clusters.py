"""How a fold is painted: a stack of sheets with a head, ports where values leave."""

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
TITLE = 60                       # a title is at most so many characters wide
NAMED = 5                        # so many repeats that have names are listed


def place_and_paint(place: Callable[..., Placement], graph: Graph, sizes: Mapping[str, Size],
                    labels: Sequence[Size | None], rankdir: str
                    ) -> tuple[Placement, tuple[list[Group], list[Group]]]:
    """The placement of a folded graph; its frames, under all else, their heads, over the lines."""
    heads = {fold["path"]: Size(_header(fold)[1], HEADER) for fold in graph.facts["folds"]}
    ports = {id: boxes.port(_exit_node(node)) for id, node in _sources(graph).items()}
    found = place_clusters(place, graph, sizes, labels, heads,
                           {id: port.size for id, port in ports.items()}, rankdir)
    under, over = _paint_frames(graph, found)
    return found.placement, ([*under, *_paint_exits(graph, found, ports)], over)


def is_scope(fold: Mapping[str, Any]) -> bool:
    """Whether a frame is a scope: a module or a loop, drawn whole, which is not repeated."""
    return bool(fold["count"] == 1)


def index_text(fold: Mapping[str, Any]) -> str:
    """Which repeats a fold holds, and where: blocks.[t] · t = 0 … 11; i = q, k, v."""
    names = fold.get("names", ())
    repeats = f"{fold['first']} … {fold['last']}" if not names else \
        ", ".join(names if len(names) <= NAMED else [*names[:NAMED - 2], f"… {names[-1]}"])
    where = f"{text.shorten(fold['where'], TITLE)} · " if fold.get("where") else ""
    return f"{where}{fold['index']} = {text.shorten(repeats, TITLE)}"


def size_text(fold: Mapping[str, Any]) -> str:
    """How large a repeat is, and all of them: 5 ops each, 5500 nodes."""
    if is_scope(fold):
        return f"{fold['holds']}{' · ' * bool(fold['holds'])}{fold['nodes']} nodes"
    each = f"{fold['period']} op{'s' * (fold['period'] != 1)} each, " if fold["period"] else ""
    return f"{each}{fold['nodes']} nodes"


def summary(fold: Mapping[str, Any]) -> str:
    """A fold on one line: ×150 y = y·x, t = 1 … 150, 300 nodes."""
    if is_scope(fold):
        return text.literal(f"{fold['title']}: {size_text(fold)}")
    return text.literal(
        f"×{fold['count']} {fold['title']}, {index_text(fold)}, {fold['nodes']} nodes")


def tooltip(fold: Mapping[str, Any]) -> str:
    """A fold in a few lines."""
    if is_scope(fold):
        return text.literal(f"{fold['title']}\n{size_text(fold)}")
    return text.literal(f"{fold['title']} ×{fold['count']}") + \
        f"\n{text.literal(index_text(fold))}, {size_text(fold)}\n" \
        f"--expand {fold['path']} draws all of it"


def _sources(graph: Graph) -> dict[str, Node]:
    """The nodes whose value may leave a frame."""
    nodes = {node.id: node for node in graph.nodes}
    within = {id: node.facts.get("fold") for id, node in nodes.items()}
    used = [edge.tail for edge in graph.edges if within[edge.tail] != within[edge.head]]
    carried = [out for fold in graph.facts["folds"] for _, out in fold["carried"]]
    return {id: nodes[id] for id in (*used, *carried) if within[id]}


def _exit_node(node: Node) -> Node:
    """A value as it is called where it leaves a frame."""
    return Node(node.id, "value", node.label.partition(" = ")[0] or node.id, {"port": "carried"})


def _header(fold: Mapping[str, Any]) -> tuple[list[Rect | Text], float]:
    """The marks of a frame's head, from its upper left corner, and their width."""
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
        veil = Rect(6, 8, wide - 8, 30, 6, "veil")             # lines from above pass behind it
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
