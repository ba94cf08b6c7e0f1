"""Mermaid: a flowchart with data and grad at every node, for Markdown (GitHub draws it)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ..graph import Edge, Graph, Node, text
from ..graph.theme import THEMES, Shape, Theme
from ..graph.size_limits import LABELED_EDGES
from ..layout import boxes, paint_clusters
from ..layout.scene import Text
from ..options.drawing import DrawOptions

SHAPES = {"input": ('("', '")'), "parameter": ('["', '"]'), "constant": ('("', '")'),
          "value": ('["', '"]'), "output": ('[["', '"]]'), "op": ('(("', '"))')}
_TITLE = str.maketrans("<>&", "＜＞＆")           # titles are stripped of tags, then shown as text
_PLAIN = frozenset(" =,()/+._")  # ASCII without meaning to Mermaid inside a quoted label


def write(graph: Graph, options: DrawOptions = DrawOptions()) -> bytes:
    """Return the graph as a Mermaid flowchart, one node or edge per line."""
    shown = options.edges
    if shown == "auto":
        shown = "both" if len(graph.edges) <= LABELED_EDGES else "none"
    ids = {node.id: _id(i, node.id) for i, node in enumerate(graph.nodes)}
    kinds = {node.id: node.kind for node in graph.nodes}
    said = [graph.facts.get("title"), *graph.facts.get("results", ()),
            *graph.facts.get("branches", ()),
            *(f"⚠ {flag}" for flag in graph.facts.get("flags", ()))]
    title = text.literal(" · ".join(str(line) for line in said if line)).translate(_TITLE)
    lines = [f"---\ntitle: {json.dumps(title, ensure_ascii=False)}\n---"] if title else []
    lines.append(f"flowchart {options.rankdir}")
    inside: dict[str, list[Node]] = {}
    for node in graph.nodes:
        inside.setdefault(node.facts.get("fold", ""), []).append(node)
    lines += [f"  {_node(node, ids)}" for node in inside.get("", ())]
    opened: list[str] = []       # folds, outer before inner ones, are subgraphs
    for fold in graph.facts.get("folds", ()):
        while opened and opened[-1] != fold["parent"]:
            opened.pop()
            lines.append("  end")
        opened.append(fold["path"])
        lines.append(f"  subgraph {_fold(fold)}"
                     f'["{_escape([paint_clusters.summary(fold)])}"]')
        lines += [f"    {_node(node, ids)}" for node in inside.get(fold["path"], ())]
    lines += ["  end"] * len(opened)
    for edge in graph.edges:
        arrow = "---" if kinds[edge.tail] == "op" else "-.->" if edge.facts.get("break") else "-->"
        lines.append(f"  {ids[edge.tail]} {arrow}{_edge(edge, shown)} {ids[edge.head]}")
    used = dict.fromkeys(node.kind for node in graph.nodes)
    lines += [f"  classDef {kind} {_style(kind, THEMES[options.theme])}" for kind in used]
    look = THEMES[options.theme].shapes
    if "folds" in graph.facts:   # not `style`, which would create a node of the subgraph's id
        folds = ",".join(_fold(fold) for fold in graph.facts["folds"])
        lines += [f"  classDef frame {_line(look['frame'])}", f"  class {folds} frame"]
    if graph.edges:
        lines.append(f"  linkStyle default {_line(look['edge'])}")
    heats = [(e, edge.facts["heat"]) for e, edge in enumerate(graph.edges) if "heat" in edge.facts]
    lines += [f"  linkStyle {e} {_line(look[f'line{heat:+d}'])}" for e, heat in heats]
    lines += [f"  linkStyle {e} {_line(look[f'edge {mark}'])}" for e, edge in enumerate(graph.edges)
              if (mark := edge.facts.get("change"))]
    for node in graph.nodes:
        if boxes.mark_role(node):
            lines.append(f"  style {ids[node.id]} {_line(look[boxes.mark_role(node)])}")
        elif "heat" in node.facts:
            lines.append(f"  style {ids[node.id]} {_heat(look, '', node.facts['heat'])}")
    lines += _legend(graph, THEMES[options.theme])
    return ("\n".join(lines) + "\n").encode()


def _legend(graph: Graph, look: Theme) -> list[str]:
    """Return the steps of a heat that occur: one node each, with the border of that step."""
    heat = graph.facts.get("heat")
    if heat is None:
        return []
    used = {item.facts["heat"] for items in (graph.nodes, graph.edges) for item in items
            if "heat" in item.facts}
    lines = [f'  subgraph heat["{_escape([boxes.heat_title(heat)])}"]']
    paper = f"fill:{look.paper},color:{look.texts['name'].color},"
    styles = [f"  classDef legend {paper}{_line(look.shapes['edge'])}", "  class heat legend"]
    for step, said in boxes.heat_scale(heat):
        if step in used:
            lines.append(f'    heat{step + len(heat["limits"])}["{_escape([said])}"]')
            styles.append(f"  style heat{step + len(heat['limits'])} {paper}"
                          f"{_heat(look.shapes, heat['by'], step)}")
    return [*lines, "  end", *styles]


def _heat(look: Mapping[str, Shape], by: str, step: int) -> str:
    """Return the style of a line, or of a node's border, that shows a step of a heat."""
    if by == "contribution":
        return _line(look[f"line{step:+d}"])
    color = look[f"heat{step:+d}"].fill or look[f"heat{step:+d}"].stroke
    return f"stroke:{color},stroke-width:5px"


def _fold(fold: Mapping[str, Any]) -> str:
    return f"fold_{fold['path'].replace('/', '_')}"


def _node(node: Node, ids: Mapping[str, str]) -> str:
    opening, closing = SHAPES[node.kind]
    if node.kind == "op" and len(node.label) > 1:
        opening, closing = '("', '")'
    return f"{ids[node.id]}{opening}{_label(node)}{closing}:::{node.kind}"


def _id(i: int, id: str) -> str:
    """Return an id that is no keyword of Mermaid: n_mul_1, or n7 if it has special characters."""
    return f"n_{id}" if re.fullmatch(r"[A-Za-z0-9_]+", id) else f"n{i}"


def _label(node: Node) -> str:
    name = text.shorten(text.literal(node.label), boxes.NAME)
    lines = [name]
    if node.kind not in ("op", "constant"):
        lines.append(text.shorten(text.literal(boxes.tag_text(node)), boxes.NAME))
    for key in ("data", "grad"):
        if node.facts.get(key) is not None:
            lines.append(f"{key} {boxes.value_text(node, key)}")
    if node.kind == "constant" and lines[-1] == f"data {name}":
        lines.pop()              # the name of a constant 2 is 2
    lines += filter(None, [boxes.flag_text(node)])
    return _escape(lines)


def _line(shape: Shape) -> str:
    fill = f"fill:{shape.fill}," if shape.fill else ""
    dash = f",stroke-dasharray:{' '.join(f'{d:g}' for d in shape.dash)}" if shape.dash else ""
    return f"{fill}stroke:{shape.stroke},stroke-width:{shape.width:g}px{dash}"


def _edge(edge: Edge, shown: str) -> str:
    content = boxes.label(edge, shown)
    if content is None:
        return ""
    lines = [mark.text for mark in content.marks if isinstance(mark, Text)]
    return f'|"{_escape(lines)}"|'


def _style(kind: str, look: Theme) -> str:
    shape = look.shapes[kind]
    ink = look.texts["symbol" if kind == "op" else "name"].color
    return f"{_line(shape._replace(stroke=shape.stroke or shape.fill))},color:{ink}"


def _escape(lines: list[str]) -> str:
    """Return the lines of a label: the only place where this format escapes, as #60;."""
    return "<br/>".join(_one(text.literal(line)) for line in lines if line) or " "


def _one(line: str) -> str:
    # Mermaid writes #60; as ﬂ°°60¶ß while parsing: texts must not contain that
    line = line.replace("ﬂ", "fl").replace("¶ß", "¶\u200cß")
    number = re.match(r"\d+[.)]", line)            # 1. or + at the start would begin a list
    marked = {0, number.end() - 1} if number else {0}
    return "".join(c if c.isalnum() or not c.isascii() or c in _PLAIN and i not in marked else
                   f"#{ord(c)};" for i, c in enumerate(line))
