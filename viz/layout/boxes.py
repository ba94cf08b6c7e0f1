"""Contents and sizes of boxes, dots, chips and edge labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import ceil
from typing import Any, NamedTuple

from ..graph import Edge, Node, Value, text
from ..graph.value import statistics
from ..graph.theme import THEMES
from .placement import Size
from .scene import Rect, Text

TYPES = THEMES["light"].texts    # sizes and fonts are the same in every theme
SIGNS = {"flag": "⚠", "added": "+", "removed": "−", "changed": "≠"}
PAD = 12.0
DOT = 34.0
NAME = 30                        # maximum characters of a label
TERMS = 6                        # maximum terms of a sum that is written out
FORMULA = 12                     # longer formulas appear in the tooltip only


class Content(NamedTuple):
    """A size, and marks relative to the top left corner."""

    size: Size
    marks: tuple[Rect | Text, ...]

    def at(self, x: float, y: float) -> tuple[Rect | Text, ...]:
        """Return the marks with their top left corner at (x, y)."""
        return tuple([type(mark)(mark[0] + x, mark[1] + y, *mark[2:]) for mark in self.marks])


@lru_cache(1 << 14)              # few words, many times
def text_width(string: str, role: str) -> float:
    """Return the width of a text in its role, in px."""
    return text.width(string, TYPES[role].size, TYPES[role].font)


def even_ceil(x: float) -> float:
    """Round up to an even number of px: its half is whole, so coordinates need no decimals."""
    return 2.0 * ceil(x / 2)


def box(node: Node, terms: Sequence[Value] = ()) -> Content:
    """Return the content of a node: a dot for an op, a pill for a plain constant, else a box.

    terms: the contributions of the uses of an input, whose sum is its grad.
    """
    if node.kind == "op":
        return _with_ring(_dot(node.label), node)
    if "port" in node.facts:
        return port(node)
    if node.kind == "constant" and "grad" not in node.facts:
        return _with_ring(_constant(node), node)
    data, grad = node.facts.get("data"), node.facts.get("grad")
    rows = [(key, value_text(node, key)) for key, value in (("data", data), ("grad", grad))
            if value is not None]
    sum_ = sum_text(terms, partial=bool(node.facts.get("partial")))
    warning, mark = flag_text(node), mark_role(node)
    role = "flag" if mark == "flag" else "change"
    name = text.shorten(text.literal(node.label), NAME)
    tag = tag_text(node)
    width = even_ceil(2 * PAD + max([
        112.0 - 2 * PAD,
        text_width(name, "name") + (18 + text_width(tag, "tag") if tag else 0),
        text_width(sum_, "sum"),
        text_width(warning, role),
        *[text_width(key, "key") + 16 + text_width(value, key) for key, value in rows]]))
    right = width - PAD
    y = 21.0
    marks: list[Rect | Text] = [Text(PAD, y, name, "name")]
    if tag:
        marks.append(Text(right, y, tag, "tag", "end"))
    for key, value in rows:
        y += 20 if y == 21 else 18
        marks += [Text(PAD, y, key, "key"), Text(right, y, value, key, "end")]
    if sum_:
        y += 15
        marks.append(Text(right, y, sum_, "sum", "end"))
    if warning:
        y += 17
        marks.append(Text(PAD, y, warning, role))
    height = even_ceil(y + 12)
    if "heat" in node.facts:
        marks.insert(0, Rect(4, 8, 5, height - 16, 2, f"heat{node.facts['heat']:+d}"))
    marks.insert(0, Rect(0, 0, width, height, 8, outline(node)))
    if warning:
        marks.insert(1, Rect(-3, -3, width + 6, height + 6, 10, mark))
    if node.kind == "output":    # a double border marks outputs in black-and-white prints too
        marks.insert(1, Rect(3.5, 3.5, width - 7, height - 7, 5, "inner"))
    return Content(Size(width, height), tuple(marks))


def mark_role(item: Node | Edge) -> str:
    """Return the highlight role of a node or an edge: added, removed, changed, flag or ""."""
    change = item.facts.get("change")
    if change:
        return change if change in ("added", "removed") else "changed"
    return "flag" if item.facts.get("flag") else ""


def flag_text(node: Node) -> str:
    """Return the text of a node's flag: ⚠ nan born here, ≠ data changed."""
    flag = node.facts.get("flag")
    return f"{SIGNS[mark_role(node)]} {flag}" if flag else ""


def _with_ring(content: Content, node: Node) -> Content:
    """Return a small content with a ring around it if the node is added, removed or changed."""
    if not node.facts.get("change"):
        return content
    (width, height), (rect, *words) = content
    assert isinstance(rect, Rect)
    ring = Rect(-4, -4, width + 8, height + 8, rect.radius + 4, mark_role(node))
    return Content(content.size, (rect, ring, *words))


def outline(node: Node) -> str:
    """Return the role of a box's border: leaves shared by all repeats of a fold are dashed."""
    shared = "shared" in node.facts and node.kind in ("input", "parameter", "constant")
    return f"shared-{node.kind}" if shared else node.kind


def port(node: Node) -> Content:
    """Return the content of a port on the frame of a fold: a small pill with a name."""
    lag = node.facts.get("lag", 1)
    name = text.shorten(text.literal(node.label), 20)
    string = f"{name}, {lag} before" if lag > 1 else name
    width = even_ceil(max(40.0, text_width(string, "port") + 22))
    role = "port" if node.facts["port"] == "carried" else "through"
    return Content(Size(width, 26.0), (
        Rect(0, 0, width, 26, 13, role),
        Text(width / 2, 17.3, string, "port", "middle")))


def value_text(node: Node, key: str) -> str:
    """Return the data or the grad of a node on one line: the data of an input as given."""
    value = node.facts.get(key)
    return text.input_number(value) if node.kind == "input" and key == "data" else \
        text.numbers(value)


def tag_text(node: Node) -> str:
    """Return the small text in the corner of a box: the kind or the line of creation, the shape."""
    data = node.facts.get("data")
    parts = [node.kind if node.kind != "value" else str(node.facts.get("line", ""))]
    if isinstance(data, Value) and data.size != 1:
        parts.append(text.shape(data.shape))
    if "shared" in node.facts:
        parts.append(f"shared ×{node.facts['shared']}")
    said = " ".join(filter(None, parts))
    if "hidden" in node.facts:
        cut = node.facts["hidden"]
        said += f"{', ' * bool(said)}{cut} edge{'s' * (cut != 1)} cut"
    return text.shorten(text.literal(said), NAME)


@lru_cache(1 << 10)              # thousands of nodes share a few ops
def _dot(label: str) -> Content:
    symbol = text.shorten(text.literal(label), 14)
    role = "symbol" if len(symbol) == 1 else "word"
    width = DOT if len(symbol) == 1 else even_ceil(max(DOT, text_width(symbol, role) + 21))
    height = DOT if width == DOT else 30.0
    size = TYPES[role].size
    return Content(Size(width, height), (
        Rect(0, 0, width, height, height / 2, "op"),
        Text(width / 2, round(height / 2 + size * 0.36), symbol, role, "middle")))


def _constant(node: Node) -> Content:
    data = node.facts.get("data")
    label = text.literal(node.label)
    written = text.numbers(data) if data is not None else ""
    few = written.startswith("[") and len(label) + len(written) <= NAME - 3
    if data is not None and data.size != 1 and not few:
        label = " ".join(filter(None, [label, text.shape(data.shape)]))
        written = ""
    string = text.shorten(label if label == written or not written else
                          f"{label} = {written}" if label else written, NAME)
    width = even_ceil(max(36.0, text_width(string, "constant") + 2 * 11))
    return Content(Size(width, 30.0), (
        Rect(0, 0, width, 30, 6, outline(node)),
        Text(width / 2, 19.5, string, "constant", "middle")))


def chip(node: Node, size: Size) -> Content:
    """Return the content of a small copy of a leaf, beside one of its uses."""
    string = text.literal(node.label)
    while len(string) > 1 and text_width(string, "chip") > size.width - 12:
        string = text.shorten(string, len(string) - 1)
    kind = node.kind if node.kind in ("input", "parameter") else "constant"
    return Content(size, (
        Rect(0, 0, size.width, size.height, size.height / 2, "chip-" + kind),
        Text(size.width / 2, size.height / 2 + 4.3, string, "chip", "middle")))


def heat_scale(heat: Mapping[str, Any]) -> list[tuple[int, str]]:
    """Return the steps of a heat, most negative first, with their ranges."""
    limits = [text.number(x, 2) for x in heat["limits"]]             # largest first
    bins = len(limits) - 1
    above = [(k, f"{limits[bins - k + 1]} … {limits[bins - k]}" if k > 1 else
              f"0 … {limits[bins - 1]}") for k in range(1, bins + 1)]
    below = [(-k, " … ".join("−" * (x != "0") + x for x in reversed(said.split(" … "))))
             for k, said in reversed(above)]
    return [*below, (0, "0"), *above]


def heat_title(heat: Mapping[str, Any]) -> str:
    """Return the title of a heat legend: heat: grad, log scale."""
    return f"heat: {heat['by']}, log scale"


def sum_text(terms: Sequence[Value], *, partial: bool = False) -> str:
    """Return the sum of contributions, written out: = 1.44 + 1.44 − 1, or "" if uninformative.

    partial: some terms are missing, so that the text ends in an ellipsis.
    """
    if not 2 - partial <= len(terms) <= TERMS:
        return ""
    xs = [term.number for term in terms]
    if any(x is None for x in xs):
        return ""
    return "= " + text.plus(xs) + " + …" * partial


def label(edge: Edge, shown: str) -> Content | None:
    """Return an edge's label: local derivative, gradient contribution, or why it is cut; or None.

    shown: none, local, contribution or both.
    """
    lines = []
    local, sent = edge.facts.get("local"), edge.facts.get("contribution")
    if shown in ("local", "both") and local is not None:
        lines.append(("∂ " + _local_text(edge, local), "local"))
    if shown in ("contribution", "both") and sent is not None:
        texts = _contribution_text(sent), _range_text(sent)
        lines += [(line, "contribution") for line in texts if line]
    if shown != "none" and edge.facts.get("break"):
        lines.append((text.literal(edge.facts["break"]), "contribution"))
    if edge.label:
        lines.append((text.shorten(text.literal(edge.label), NAME), "contribution"))
    if not lines:
        return None
    width = even_ceil(max(text_width(string, role) for string, role in lines))
    marks = tuple(Text(width / 2, 12.0 + 15 * i, string, role, "middle")
                  for i, (string, role) in enumerate(lines))
    return Content(Size(width, even_ceil(15.0 * len(lines) + 1)), marks)


def _local_text(edge: Edge, local: Value) -> str:
    """Return a local derivative: formula and number, h = 1.44; of an array the formula or mean."""
    formula = text.literal(str(edge.facts.get("formula", "")))
    short = formula if len(formula) <= FORMULA else ""
    x = local.number
    if x is None:
        return short or f"ø {text.number(statistics(local)[1], 3)}"
    written = text.number(x)
    return f"{short} = {written}" if short and short != written else written


def _contribution_text(value: Value) -> str:
    """Return a contribution: +1.44; of an array its shape and its mean or constant value."""
    x = value.number
    if x is None and not value.shape:              # one number per repeat of a fold
        return text.numbers(value)
    if value.size == 0:
        return f"{text.shape(value.shape)} empty"
    if x is None:
        low, mean, high, *odd = statistics(value)
        alike = text.written_alike(low, high, 2) and not any(odd)
        return f"{text.shape(value.shape)} {'all' if alike else 'ø'} {text.number(mean, 3)}"
    written = text.number(x)
    return written if written.startswith(("−", "n")) else f"+{written}"


def _range_text(value: Value) -> str:
    """Return the finite range of an array and its nonfinite count: −0.1 … 0.3; "" for a scalar."""
    low, _, high, nan, inf = statistics(value)
    marks = text.nonfinite_counts(value)
    if value.size <= 1 or value.shape == () or not marks and text.written_alike(low, high, 2):
        return ""
    if nan + inf < value.size:
        marks.insert(0, f"{text.number(low, 2)} … {text.number(high, 2)}")
    return ", ".join(marks)
