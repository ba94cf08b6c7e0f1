"""The facts table: the texts of a large graph's page as columns of numbers and strings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..graph import KINDS, Graph, Value, text
from ..graph.text import literal
from ..graph.size_limits import FLOAT32_NODES
from ..layout import boxes
from ..layout.scene import Text
from . import fact_texts
from .codec import Array

NUMBER, SPREAD, TEXT, BOTH = 1, 2, 3, 4        # the encoding of a value; 0: none
DRAWN = {"data", "grad", "local", "contribution", "argument", "flag"}     # have columns


class _Values:
    """Values, one after another: as numbers where those are complete, else as text."""

    def __init__(self, strings: dict[str, int]) -> None:
        self.strings = strings
        self.form = bytearray()
        self.numbers: list[float] = []
        self.briefs: list[int] = []
        self.fulls: list[int] = []
        self.abouts: dict[tuple[Any, str], int] = {}

    def add(self, value: Value | None) -> None:
        if value is None:
            self.form.append(0)
            return
        x = value.items[0] if value.items is not None and len(value.items) == 1 else None
        if type(x) is float or type(x) is int and abs(x) < 10**10:
            self.form.append(NUMBER)
            self.numbers.append(x)
            self.fulls.append(self._about(value))
            return
        if value.stats is not None and not value.stats[3] + value.stats[4]:
            low, mean, high, _, _, middle = value.stats
            triple = low, mean if middle is None else middle, high
            brief = text.numbers(value)
            self.numbers += triple
            self.fulls.append(self._about(value))
            plain = brief == " … ".join([text.number(x, 3) for x in triple])
            self.form.append(SPREAD if plain else BOTH)
            if not plain:
                self.briefs.append(self.string(brief))
            return
        self.form.append(TEXT)
        self.briefs.append(self.string(text.numbers(value)))
        self.fulls.append(self.string(fact_texts.full(value)))

    def _about(self, value: Value) -> int:
        key = value.shape, value.dtype
        found = self.abouts.get(key)
        if found is None:
            found = self.abouts[key] = self.string(fact_texts.about(value))
        return found

    def string(self, string: str) -> int:
        return self.strings.setdefault(string, len(self.strings))


def fact_columns(graph: Graph) -> dict[str, Any]:
    """Return the columns: `strings`, which the others index, then nodes, edges and values.

    Values are data and grad of each node, local derivative and contribution of each edge, then
    data and grad of each repeat of each folded node. Linear in the graph.
    """
    strings: dict[str, int] = {"": 0}
    values = _Values(strings)
    add, string = values.add, values.string
    columns: dict[str, list[int]] = {name: [] for name in (
        "id", "name", "tag", "flag", "fact_count", "fact_key", "fact_text", "formula", "repeats")}
    ids, names, tags, flags, count, keys, texts, formulas, times = columns.values()
    tagged: dict[Any, int] = {}
    repeats: list[tuple[Any, ...]] = []
    for node in graph.nodes:
        told = node.facts
        add(told.get("data"))
        add(told.get("grad"))
        ids.append(string(node.id))
        names.append(string(fact_texts.node_name(node)))
        tags.append(0 if node.kind == "op" else _tag(node, tagged, string))
        flags.append(string(literal(str(told["flag"]))) if told.get("flag") else 0)
        before = len(keys)
        for key, fact in told.items():
            if key not in DRAWN and key not in fact_texts.INNER:
                for line in fact_texts.fact_lines(fact):
                    keys.append(string(literal(key)))
                    texts.append(string(line))
        if node.group:
            keys.append(string("group"))
            texts.append(string(literal(node.group)))
        count.append(len(keys) - before)
        repeats.append(told.get("repeats", ()) if "fold" in told else ())
        times.append(len(repeats[-1]))
    for edge in graph.edges:
        told = edge.facts
        add(told.get("local"))
        add(told.get("contribution"))
        formulas.append(string(literal(str(told["formula"]))) if told.get("formula") else 0)
    for stood in repeats:
        for one in stood:
            add(one.facts.get("data"))
            add(one.facts.get("grad"))
    numbers = np.array(values.numbers, np.float64)
    if len(graph.nodes) > FLOAT32_NODES:
        numbers = _short(numbers)
    columns |= {"value_brief": values.briefs, "value_full": values.fulls}
    return {**{name: np.array(column, np.int64) for name, column in columns.items()},
            "value_form": np.frombuffer(bytes(values.form), np.uint8),
            "value_number": numbers,
            "strings": list(strings)}


def _short(numbers: Array) -> Array:
    """Return numbers as float32, unless one is too large or too small for it."""
    size = np.abs(numbers[np.isfinite(numbers) & (numbers != 0)])
    fits = not len(size) or size.max() < 3e38 and size.min() > 2e-38
    return numbers.astype(np.float32) if fits else numbers


def _tag(node: Any, known: dict[Any, int], string: Any) -> int:
    """Return the index of a box's corner text, shared by boxes of one source line and shape."""
    told = node.facts
    data = told.get("data")
    if "port" in told or node.kind == "constant" and "grad" not in told:
        last = boxes.box(node).marks[-1]           # its only mark
        assert isinstance(last, Text)
        return int(string(last.text))
    key = (node.kind, told.get("line"), data.shape if isinstance(data, Value) else None,
           told.get("shared"), told.get("hidden"))
    found = known.get(key)
    if found is None:
        found = known[key] = string(boxes.tag_text(node))
    return found


def edge_columns(graph: Graph) -> dict[str, Array]:
    """Return the kinds of nodes, and the tails and heads of edges as indices of nodes.

    Edges keep their order. A tail is stored as its distance before its head.
    """
    index = {node.id: i for i, node in enumerate(graph.nodes)}
    kinds = {kind: i for i, kind in enumerate(KINDS)}
    head = _whole(index[edge.head] for edge in graph.edges)
    return {"kind": _whole(kinds[node.kind] for node in graph.nodes), "head": head,
            "back": head - _whole(index[edge.tail] for edge in graph.edges)}


def _whole(items: Iterable[int]) -> Array:
    return np.fromiter(items, np.int64)
