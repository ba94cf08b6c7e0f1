"""Routes: the columns' places, and the curves of edges and rails through them."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

from .cells import Cells
from .placement import Point, Size
from .ports import Ports
from .ranks import Layers

GLUE = 20.0                      # between an op and the box it is glued to
BEND = 30.0                      # the least width in which an edge changes height
STEEP = 110.0                    # the most
RADIUS = 18.0                    # of the corner of a rail that leaves its box upright


class Column(NamedTuple):
    """Where a rank stands, from left to right."""

    left: float                  # the end of the column before: edges bend from here
    flat: float                  # from here on they run level, under their labels
    text: bool                   # there are labels
    ops: float                   # left border of the widest op
    op: float                    # right border of all ops
    box: float                   # left border of the boxes
    right: float                 # the end of the boxes


class Path:
    """A route being made: level lines and level-ended curves, from left to right."""

    def __init__(self, x: float, y: float) -> None:
        self.points: list[Point] = [(x, y)]
        self.level = False       # the last piece is a level line

    def line(self, x: float, y: float) -> None:
        """A straight piece; a level one is joined to a level one before it."""
        x0, y0 = self.points[-1]
        if abs(x - x0) < 0.01 and abs(y - y0) < 0.01:
            return
        level = abs(y - y0) < 0.01
        if level and self.level:
            del self.points[-3:]
            x0, y0 = self.points[-1]
        self.points += [(x0 + (x - x0) / 3, y0 + (y - y0) / 3),
                        (x0 + (x - x0) * 2 / 3, y0 + (y - y0) * 2 / 3), (x, y)]
        self.level = level

    def bend(self, x: float, y: float) -> None:
        """To another height, level at both ends."""
        x0, y0 = self.points[-1]
        if abs(y - y0) < 0.5:
            self.line(x, y)
            return
        half = (x - x0) * 0.55
        self.points += [(x0 + half, y0), (x - half, y), (x, y)]
        self.level = False

    def into(self, x: float, y: float, dx: float, dy: float) -> None:
        """To a border, arriving in the direction (dx, dy)."""
        x0, y0 = self.points[-1]
        if abs(dy) < 1e-6 and abs(y - y0) < 0.01:
            self.line(x, y)
            return
        pull = (x - x0) * 0.5
        self.points += [(x0 + pull, y0), (x - dx * pull, y - dy * pull), (x, y)]
        self.level = False


def border(size: Size, dx: float, dy: float) -> Point:
    """Where the ray from the centre in direction (dx, dy) leaves a dot or a pill (a stadium)."""
    r = min(size.width, size.height) / 2
    wide = size.width >= size.height
    core = abs(size.width - size.height) / 2
    along, across = (dx, dy) if wide else (dy, dx)
    if across and abs(along) * r <= core * abs(across):
        t = r / abs(across)
    else:                        # |t d - (core, 0)| = r
        t = abs(along) * core + sqrt(max(0.0, r * r - (across * core) ** 2))
    return t * dx, t * dy


def meeting(reach: float) -> float:
    """How far before an op its lines begin to meet, where the outermost is `reach` off its line."""
    return 22.0 + min(60.0, 0.25 * reach)


def columns(cells: Cells, layers: Layers, y: list[float], ports: Ports,
            sizes: Sequence[Size], labels: Sequence[Size | None], chip: Size) -> list[Column]:
    """The place of each rank: room for its boxes, and before it for bends, labels and arrows."""
    n = layers.n_cells
    ranks = len(layers.ranks)
    bend, text, meet = [0.0] * ranks, [0.0] * ranks, [0.0] * ranks
    op, box = [0.0] * ranks, [0.0] * ranks
    for r, items in enumerate(layers.ranks):
        for i in items:
            if i >= n + layers.n_chips:
                continue
            if i >= n:
                box[r] = max(box[r], chip.width)
                continue
            if cells.op[i] >= 0:
                op[r] = max(op[r], sizes[cells.op[i]].width)
            if cells.box[i] >= 0:
                box[r] = max(box[r], sizes[cells.box[i]].width)
    for path in layers.paths:
        for i, j in zip(path, path[1:]):
            if j >= n + layers.n_chips:
                r = layers.rank[j]
                bend[r] = max(bend[r], abs(y[i] - y[j]))
    for e, path in enumerate(layers.paths):
        if path:
            v = path[-1]
            r = layers.rank[v]
            bend[r] = max(bend[r], abs(y[path[-2]] - y[v] - ports.line[e]))
            size = labels[e]
            if size:
                text[r] = max(text[r], size.width)
            meet[r] = max(meet[r], ports.reach[v])
    found = []
    x = 0.0
    for r in range(ranks):
        left = x
        if r:
            x += min(STEEP, BEND + 0.16 * bend[r]) if bend[r] > 0.5 else 14.0
        flat = x
        if text[r]:
            x += text[r] + 6.0
        if r:
            x += meeting(meet[r])
        x += op[r]
        right = x
        if op[r] and box[r]:
            x += GLUE
        start = x
        x += box[r]
        found.append(Column(left, flat, text[r] > 0, right - op[r], right, start, x))
    return found
