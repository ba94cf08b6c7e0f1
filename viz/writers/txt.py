"""Text: the graph as a tree for the terminal, the result at its root."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..graph import Graph, Value, text
from ..graph.value import statistics
from ..graph.size_limits import LABELED_EDGES
from ..layout import boxes, paint_clusters
from ..options.drawing import DrawOptions
from ..layout.op_pairs import OpPairs, find_op_pairs

DEEP = 12                        # deeper trees are written as ladders
NAME = 40                        # maximum characters of a label
HEAD = ("", "", "data", "grad", "∂", "sends", "heat", "", "")
ROLES = ("name", "op", "data", "grad", "grad", "tag", "name", "tag", "flag")
RIGHT = range(2, 6)              # the columns of numbers are right-aligned
ANSI = {"name": "1", "op": "1", "data": "36", "grad": "33", "tag": "2", "flag": "1;31"}


class TreeRow(NamedTuple):
    """One line of the tree: a use of a pair."""

    lead: str                    # its branch
    pair: int
    edge: int                    # the edge from it to its use; -1 at a root
    mark: str                    # "", or ↑ ↓ if the pair is shown elsewhere


def write(graph: Graph, options: DrawOptions = DrawOptions()) -> bytes:
    """Return the graph as a tree, in UTF-8."""
    return tree(graph, edges=options.edges).encode()


def tree(graph: Graph, *, edges: str = "auto", color: bool = False) -> str:
    """Return the graph as a tree, one line per use; reused values are shown once, then referenced.

    Columns: name, op, data, grad; the local derivative and the contribution of this use; kind or
    line. Linear in the graph. A deep tree is a ladder: the largest operand of each node continues
    at the same level, so that no line is indented by more than log2(nodes) levels.
    """
    if edges == "auto":
        edges = "both" if len(graph.edges) <= LABELED_EDGES else "none"
    parts = find_op_pairs(graph)
    rows = _rows(graph, parts)
    table = [_fields(graph, parts, row, edges) for row in rows]
    used = [any(fields[i] for fields in table) for i in range(len(HEAD))]
    head = [title if on else "" for title, on in zip(HEAD, used)]
    wide = [max(map(columns, column)) for column in zip(head, *table)]
    lines = [text.literal(str(graph.facts["title"]))] if graph.facts.get("title") else []
    if any(head):
        lines.append(_line(head, wide, ("tag",) * len(HEAD), color))
    lines += [_line(fields, wide, ROLES, color) for fields in table]
    lines += [_styled(paint_clusters.summary(fold), "tag", color)
              for fold in graph.facts.get("folds", ())]
    if "heat" in graph.facts:
        heat = graph.facts["heat"]
        steps = ", ".join(f"{'▮' * step} {numbers}"
                          for step, numbers in boxes.heat_scale(heat) if step > 0)
        lines.append(_styled(f"{boxes.heat_title(heat)}, by size: {steps}", "tag", color))
    for key, role in ("results", "grad"), ("branches", "tag"), ("flags", "flag"):
        sign = "⚠ " if key == "flags" else ""
        lines += [_styled(text.literal(f"{sign}{line}"), role, color)
                  for line in graph.facts.get(key, ())]
    return "\n".join(lines) + "\n"


def columns(string: str) -> int:
    """Return the number of terminal columns of a text."""
    if string.isascii():
        return len(string)
    return sum(0 if unicodedata.category(c) in ("Mn", "Me", "Cf") else
               2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in string)


def _line(fields: Sequence[str], wide: Sequence[int], roles: Sequence[str], color: bool) -> str:
    """Return the fields in their columns, numbers right-aligned."""
    line = ""
    for i, (field, width, role) in enumerate(zip(fields, wide, roles)):
        if width:
            space = " " * (width - columns(field))
            shown = _styled(field, role, color)
            line += ("  " if line else "") + (space + shown if i in RIGHT else shown + space)
    return line.rstrip()


def _styled(string: str, role: str, color: bool) -> str:
    return f"\x1b[{ANSI[role]}m{string}\x1b[0m" if color and string else string


def _fields(graph: Graph, parts: OpPairs, row: TreeRow, shown: str) -> list[str]:
    op, box = parts.op[row.pair], parts.box[row.pair]
    node = graph.nodes[box if box >= 0 else op]
    name = row.lead + text.shorten(text.literal(node.label or node.id), NAME)
    fields = [f"{name} {row.mark}" if row.mark else name, *[""] * (len(HEAD) - 1)]
    if not row.mark:
        if box >= 0 and op >= 0:
            fields[1] = text.shorten(text.literal(graph.nodes[op].label), NAME)
        for i, key in (2, "data"), (3, "grad"):
            if node.facts.get(key) is not None:
                fields[i] = boxes.value_text(node, key)
        fields[6] = _heat(node.facts)
        tag = boxes.tag_text(node)
        if node.kind == "output" and node.facts.get("line"):
            tag += f" {node.facts['line']}"
        fields[7] = text.shorten(text.literal(tag), NAME)
        fields[8] = text.literal(boxes.flag_text(node))
    if row.edge >= 0:
        facts = graph.edges[row.edge].facts
        for i, key in (4, "local"), (5, "contribution"):
            if facts.get(key) is not None and shown in (key, "both"):
                fields[i] = _brief(facts[key])
        fields[6] = fields[6] or _heat(facts)
    return fields


def _heat(facts: Mapping[str, Any]) -> str:
    """Return a heat as a bar with its sign: +▮▮▮."""
    heat = facts.get("heat")
    return "" if heat is None else "0" if not heat else "−+"[heat > 0] + "▮" * abs(heat)


def _brief(value: Value) -> str:
    """Return a number; of an array its mean, since there is little room."""
    _, mean, _, nan, inf = statistics(value)
    return text.numbers(value) if value.size <= 1 or nan + inf else f"ø {text.number(mean, 3)}"


def _rows(graph: Graph, parts: OpPairs) -> list[TreeRow]:
    """Return the lines of the tree, from the results down."""
    ends = [c for c, outs in enumerate(parts.outs) if not outs]
    ends.sort(key=lambda c: graph.nodes[parts.box[c]].kind != "output")      # outputs first
    owner, ladder = _owners(parts, ends)
    rows: list[TreeRow] = []
    place: dict[int, int] = {}   # pair -> its own row
    for end in ends:
        lead = "┬ " if ladder and parts.ins[end] else ""
        stack = [(TreeRow(lead, end, -1, ""), "")]  # row, lead of its operands
        while stack:
            row, below = stack.pop()
            pair = row.pair
            if pair in place or parts.ins[pair] and row.edge >= 0 and owner[pair] != row.edge:
                rows.append(row._replace(mark="?"))
                continue
            place[pair] = len(rows)
            rows.append(row)
            longest = ladder.get(pair, -1)
            operands = [e for e in parts.ins[pair] if e != longest]
            if longest >= 0:
                stack.append((TreeRow(below + "┼ ", parts.tail[longest], longest, ""), below))
            for e in reversed(operands):
                tail = parts.tail[e]
                last = longest < 0 and e == operands[-1]
                own = ladder and owner[tail] == e and parts.ins[tail]
                lead = below + ("└─" if last else "├─") + ("┬ " if own else " ")
                stack.append((TreeRow(lead, tail, e, ""), below + ("  " if last else "│ ") +
                              ("" if ladder else " ")))
    return [row._replace(mark="↑" if place[row.pair] < i else "↓") if row.mark else row
            for i, row in enumerate(rows)]


def _owners(parts: OpPairs, ends: list[int]) -> tuple[list[int], dict[int, int]]:
    """Return the edge that shows each pair and, in a deep tree, the heavy operand of each pair.

    The heavy operand of a pair is the one shown with the most pairs below it.
    Source: heavy paths, Sleator and Tarjan, 1983.
    """
    owner, depth = [-1] * len(parts.op), [0] * len(parts.op)
    seen = [False] * len(parts.op)
    order = []
    for end in ends:
        stack = [(end, -1, 1)]
        while stack:
            pair, edge, level = stack.pop()
            if seen[pair]:
                continue
            seen[pair], owner[pair], depth[pair] = True, edge, level
            order.append(pair)
            stack += [(parts.tail[e], e, level + 1) for e in reversed(parts.ins[pair])]
    ladder: dict[int, int] = {}
    if max(depth, default=0) > DEEP:
        size = [1] * len(order)
        most = [0] * len(order)
        for pair in reversed(order):
            edge = owner[pair]
            if edge >= 0:
                head = parts.head[edge]
                size[head] += size[pair]
                if size[pair] > most[head] and parts.ins[pair]:
                    most[head], ladder[head] = size[pair], edge
    return owner, ladder
