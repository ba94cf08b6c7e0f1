"""Columns: the width and the position of each rank."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import NamedTuple

from .op_pairs import OpPairs
from .placement import Size
from .ports import Ports
from .ranks import Layers

GLUE = 20.0                      # between an op and its result's box
BEND = 30.0                      # minimum width in which an edge changes height
STEEP = 110.0                    # maximum
LANE = 10.0                      # between lines that continue in the next row
TURN = 18.0                      # before the first of them


class Column(NamedTuple):
    """The position of a rank, from left to right."""

    left: float                  # the end of the previous column: edges bend from here
    flat: float                  # edges are level from here on, under their labels
    text: bool                   # it has labels
    ops: float                   # left border of the widest op
    op: float                    # right border of all ops
    box: float                   # left border of the boxes
    right: float                 # the end of the boxes

    def moved(self, x: float) -> Column:
        """Return the column moved right by x."""
        return Column(self.left + x, self.flat + x, self.text, self.ops + x, self.op + x,
                      self.box + x, self.right + x)


class Extent(NamedTuple):
    """The widths that a rank needs."""

    bend: float                  # for edges to change height
    label: float                 # for labels and for lines to meet
    op: float
    box: float                   # of pairs without leaves
    leaf: float                  # of leaves and chips

    @property
    def width(self) -> float:
        return self.bend + self.label + self.op + self.boxes(False)

    def boxes(self, last: bool) -> float:
        """Return the width of boxes and gap. The leaves of a row's last rank begin the next row."""
        box = self.box if last else max(self.box, self.leaf)
        return box + (GLUE if self.op and box else 0.0)


def meeting(reach: float) -> float:
    """Return the distance before an op at which its lines, at most `reach` away, begin to meet."""
    return 22.0 + round(min(60.0, 0.25 * reach))


def extents(pairs: OpPairs, layers: Layers, y: list[float], ports: Ports, sizes: Sequence[Size],
            labels: Sequence[Size | None], chip: Size, firsts: Sequence[int] = (0,)
            ) -> tuple[list[Extent], list[bool]]:
    """Return the extent of each rank: boxes, and before them bends, labels and arrows.

    firsts: the ranks that begin rows, with nothing before them.
    """
    n, copies, rank = layers.n_pairs, layers.n_pairs + layers.n_chips, layers.rank
    count = len(layers.ranks)
    bend, text, reach = [0.0] * count, [0.0] * count, [0.0] * count
    op, box, leaf = [0.0] * count, [0.0] * count, [0.0] * count
    for i in range(n):
        r = rank[i]
        o, b = pairs.op[i], pairs.box[i]
        if o >= 0 and sizes[o].width > op[r]:
            op[r] = sizes[o].width
        if b >= 0:
            width = leaf if pairs.leaf[i] else box
            width[r] = max(width[r], sizes[b].width)
        if ports.reach[i] > reach[r]:
            reach[r] = ports.reach[i]
    for i in range(n, copies):
        leaf[rank[i]] = max(leaf[rank[i]], chip.width)
    for i in range(copies, len(rank)):
        near = layers.up[i]
        step = abs(y[i] - y[near[0]]) if near else 0.0
        if step > bend[rank[i]]:
            bend[rank[i]] = step
    line = ports.line
    for e, path in enumerate(layers.paths):
        if path:
            v = path[-1]
            r = rank[v]
            step = abs(y[path[-2]] - y[v] - line[e])
            if step > bend[r]:
                bend[r] = step
            size = labels[e]
            if size and size.width > text[r]:
                text[r] = size.width
    found = []
    begins = set(firsts)
    for r in range(count):
        if r in begins:
            found.append(Extent(0.0, 0.0, op[r], box[r], leaf[r]))
            continue
        turn = round(min(STEEP, BEND + 0.16 * bend[r])) if bend[r] > 0.5 else 14.0
        label = (ceil(text[r]) + 6.0 if text[r] else 0.0) + meeting(reach[r])
        found.append(Extent(turn, label, op[r], box[r], leaf[r]))
    return found, [t > 0 for t in text]


def columns(extents: Sequence[Extent], texts: Sequence[bool], firsts: Sequence[int],
            margins: Sequence[float]) -> list[Column]:
    """Return the column of each rank, in rows that begin with `firsts`, right of a margin."""
    found: list[Column] = []
    begins = dict(zip(firsts, margins))
    x = 0.0
    for r, e in enumerate(extents):
        x = begins.get(r, x)
        flat = x + e.bend
        op = flat + e.label + e.op
        boxes = e.boxes(r + 1 in begins)
        box = op + GLUE if e.op and boxes else op
        found.append(Column(x, flat, texts[r], op - e.op, op, box, op + boxes))
        x = op + boxes
    return found
