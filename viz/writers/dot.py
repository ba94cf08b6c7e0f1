"""DOT: the graph as a complete annotated graphviz.Digraph, for users of Graphviz."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ..graph import Edge, Graph, Node, text
from ..graph.theme import THEMES, Shape, Theme
from ..graph.size_limits import LABELED_EDGES
from ..layout import boxes, paint_clusters
from ..layout.build_scene import edge_tip, node_tip
from ..layout.scene import Text
from ..options.drawing import DrawOptions

if TYPE_CHECKING:
    import graphviz

STYLES = {"input": "rounded,filled,bold", "parameter": "rounded,filled,bold", "op": "filled",
          "constant": "rounded,filled,dashed", "value": "rounded,filled", "output": "filled"}


def write(graph: Graph, options: DrawOptions = DrawOptions()) -> bytes:
    """Return the graph as DOT."""
    source: str = digraph(graph, options).source
    return source.encode()


def digraph(graph: Graph, options: DrawOptions = DrawOptions()) -> graphviz.Digraph:
    """Return a graphviz.Digraph with data and grad at every node, which plain `dot` draws well."""
    import graphviz
    look = THEMES[options.theme]
    muted = look.texts["tag"].color
    nodes = {node.id: node for node in graph.nodes}
    said = [str(line) for line in (
        graph.facts.get("title"), *graph.facts.get("results", ()), *graph.facts.get("branches", ()),
        *(f"⚠ {flag}" for flag in graph.facts.get("flags", ()))) if line]
    drawing = graphviz.Digraph(
        _id(graph.name), graph_attr={
            "rankdir": options.rankdir, "bgcolor": look.paper, "fontname": "DejaVu Sans",
            "fontsize": "12", "fontcolor": muted, "nodesep": "0.25", "ranksep": "0.4",
            "pad": "0.15",
            "label": _escape(said),
        },
        node_attr={"shape": "box", "fontname": "DejaVu Sans", "fontsize": "11",
                   "fontcolor": look.texts["name"].color, "margin": "0.15,0.08"},
        edge_attr={"color": look.shapes["edge"].stroke or "", "arrowsize": "0.7", "fontsize": "9",
                   "fontname": "DejaVu Sans Mono", "fontcolor": look.texts["local"].color})
    shown = options.edges
    if shown == "auto":
        shown = "both" if len(graph.edges) <= LABELED_EDGES else "none"
    for node in graph.nodes:
        if not node.facts.get("fold"):
            drawing.node(_id(node.id), **_attributes(node, look))
    for cluster in _clusters(graph, look):
        drawing.subgraph(cluster)
    for edge in graph.edges:
        out = nodes[edge.tail].kind == "op"        # from an op to its result: no arrow, straight
        drawing.edge(_id(edge.tail), _id(edge.head), **{
            key: value for key, value in {
                "label": _escape(_lines(edge, shown)), "tooltip": _escape([edge_tip(edge, nodes)]),
                "arrowhead": "none" if out else "", "weight": "8" if out else "",
                "style": "dotted" if edge.facts.get("break") else "",
                **_heat(look.shapes, "line", edge)}.items() if value})
    if "heat" in graph.facts:
        drawing.node("its legend", shape="plain", label=_legend(graph.facts["heat"], look))
    return drawing


def _legend(heat: Mapping[str, Any], look: Theme) -> str:
    """Return the legend of a heat as a table: Graphviz's HTML, without user text."""
    role = "line" if heat["by"] == "contribution" else "heat"
    muted = look.texts["tag"].color
    cells, words = "", ""
    for step, said in boxes.heat_scale(heat):
        shape = look.shapes[f"{role}{step:+d}"]
        cells += f'<td width="70" height="9" bgcolor="{shape.stroke or shape.fill}"></td>'
        words += f'<td><font point-size="9">{said}</font></td>'
    return (f'<<font color="{muted}"><table border="0" cellborder="0" cellspacing="2">'
            f'<tr><td rowspan="2">{boxes.heat_title(heat)}</td>{cells}</tr><tr>{words}</tr>'
            "</table></font>>")


def _heat(shapes: Mapping[str, Shape], role: str, item: Node | Edge) -> dict[str, str]:
    """Return the colour and the width of a line that shows a heat or a flag."""
    mark = boxes.mark_role(item)
    if mark:
        dashed = {"style": "dashed"} if mark == "removed" and role == "line" else {}
        return {"color": shapes[mark].stroke or "", "penwidth": "2.5", **dashed}
    heat = item.facts.get("heat")
    if heat is None:
        return {}
    shape = shapes[f"{role}{heat:+d}"]
    return {"color": shape.stroke or shape.fill or "", "penwidth": f"{1 + 0.75 * abs(heat):g}",
            "style": "dashed" if role == "line" and heat < 0 else ""}


def _clusters(graph: Graph, look: Theme) -> list[graphviz.Digraph]:
    """Return the outermost folds as clusters, with the inner ones nested in them."""
    import graphviz
    clusters: dict[str, graphviz.Digraph] = {}
    folds = graph.facts.get("folds", ())
    frame = look.shapes["frame"]
    for fold in folds:
        clusters[fold["path"]] = graphviz.Digraph(f"cluster_{_id(fold['path'])}", graph_attr={
            "label": _escape([paint_clusters.summary(fold)]), "labeljust": "l",
            "style": "rounded,filled",
            "fillcolor": frame.fill or "", "color": frame.stroke or "", "peripheries": "1",
            "fontcolor": look.texts["head"].color, "fontsize": "12"})
    for node in graph.nodes:
        if node.facts.get("fold"):
            clusters[node.facts["fold"]].node(_id(node.id), **_attributes(node, look))
    for fold in reversed(folds):
        if fold["parent"]:
            clusters[fold["parent"]].subgraph(clusters[fold["path"]])
    return [clusters[fold["path"]] for fold in folds if not fold["parent"]]


def _attributes(node: Node, look: Theme) -> dict[str, str]:
    shape = look.shapes[node.kind]
    attributes = {"style": STYLES[node.kind], "fillcolor": shape.fill or "",
                  "color": shape.stroke or "", "tooltip": _escape([node_tip(node)])}
    name = text.shorten(text.literal(node.label), boxes.NAME)
    if node.kind == "op":
        symbol = len(node.label) == 1
        return attributes | {
            "label": _escape([name]), "fontcolor": look.texts["symbol"].color,
            "color": shape.fill or "", "margin": "0.06,0.02",
            **(_heat(look.shapes, "heat", node) if node.facts.get("change") else {}),
            **({"shape": "circle", "fontsize": "14", "width": "0.35", "fixedsize": "true"} if symbol
               else {"shape": "box", "style": "rounded,filled", "height": "0.3"})}
    lines = [name]
    for key in ("data", "grad"):
        if node.facts.get(key) is not None:
            lines.append(f"{key} {boxes.value_text(node, key)}")
    if node.kind == "constant" and len(lines) == 2 and lines[1] == f"data {name}":
        lines.pop()              # the name of a constant 2 is 2
    tag = boxes.tag_text(node)
    if tag and node.kind != "constant":
        lines.insert(1, tag)
    lines += filter(None, [boxes.flag_text(node)])
    if node.kind == "output":
        attributes["peripheries"] = "2"
    heat = {key: value for key, value in _heat(look.shapes, "heat", node).items() if value}
    return attributes | heat | {"label": _escape(lines)}


def _lines(edge: Edge, shown: str) -> list[str]:
    content = boxes.label(edge, shown)
    return [mark.text for mark in content.marks if isinstance(mark, Text)] if content else []


def _id(id: str) -> str:
    """Return an id that is no port, HTML or escape in DOT: special characters become =3A.

    Not %3A: names that begin with % are anonymous in cgraph, and each use creates a new node.
    """
    return quote(id, safe="", errors="surrogatepass").replace("%", "=") or "="


def _escape(lines: list[str]) -> str:
    """Return the lines of a label: the only place where this format escapes."""
    import graphviz
    plain: str = graphviz.nohtml("\\n".join(
        text.literal(part).replace("\\", "\\\\").replace("&", "&amp;")
        for line in lines for part in line.split("\n")))
    return plain
