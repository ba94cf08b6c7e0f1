"""Ports: the height at which each edge reaches its op, and the side of its label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .op_pairs import OpPairs
from .order import Order
from .placement import Size
from .ranks import Layers

PITCH = 10.0                     # from the middle to the first of two lines
SPREAD = 14.0                    # between lines without labels
CLEAR = 4.0                      # between a line and its own label
APART = 5.0                      # between a label and the next line


class Ports(NamedTuple):
    """Offsets from the line of the pair, positive downwards."""

    line: list[float]            # edge -> height of its last piece
    label: list[float]           # edge -> height of its label's centre
    reach: list[float]           # item -> height of its outermost line, upwards or downwards
    rise: list[float]            # item -> extent of lines and labels above it
    fall: list[float]            # and below it


def ports(pairs: OpPairs, layers: Layers, order: Order, block: list[int],
          labels: Sequence[Size | None]) -> Ports:
    """Stack the edges that reach an op in the order of their origins.

    A straight edge stays straight; labels are on the outer sides of their lines.
    """
    pos = [0] * len(layers.rank)
    for items in order:
        for p, i in enumerate(items):
            pos[i] = p
    line, label = [0.0] * len(pairs.tail), [0.0] * len(pairs.tail)
    reach = [0.0] * len(layers.rank)
    rise, fall = [0.0] * len(layers.rank), [0.0] * len(layers.rank)
    paths = layers.paths
    for v, entering in enumerate(pairs.ins):
        if not entering:
            continue
        if len(entering) == 1:
            edges, middle, odd = entering, 0, 1
            if labels[edges[0]] is None:
                continue
        elif len(entering) == 2 and labels[entering[0]] is labels[entering[1]] is None:
            e, f = entering      # as below, written out: most ops have two operands
            s, t = paths[e][-2], paths[f][-2]
            if pos[t] < pos[s]:
                e, f, s, t = f, e, t, s
            one, other = block[s] == block[v], block[t] == block[v]
            apart = PITCH if one == other else SPREAD
            if one == other or other:
                line[e], rise[v] = -apart, apart
            if one == other or one:
                line[f], fall[v] = apart, apart
            reach[v] = apart
            continue
        else:
            source = {e: paths[e][-2] for e in entering}
            edges = sorted(entering, key=lambda e: pos[source[e]])
            same = [k for k, e in enumerate(edges) if block[source[e]] == block[v]]
            if same:
                middle, odd = (same[0] + same[-1] + 1) // 2, len(same) % 2
            else:
                middle, odd = len(edges) // 2, len(edges) % 2
        up, down = edges[:middle], edges[middle + odd:]
        high = low = 0.0         # extent of the lines so far
        top = bottom = 0.0       # extent with labels
        if odd:
            size = labels[edges[middle]]
            if size:
                label[edges[middle]] = -CLEAR - size.height / 2
                top = CLEAR + size.height
            high = top + APART if size else SPREAD
            low = SPREAD
        else:
            high = low = PITCH
        for e in reversed(up):
            size = labels[e]
            line[e] = -high
            top = high
            if size:
                label[e] = -high - CLEAR - size.height / 2
                top = high + CLEAR + size.height
            high = top + (APART if size else SPREAD)
        for e in down:
            size = labels[e]
            line[e] = low
            bottom = low
            if size:
                label[e] = low + CLEAR + size.height / 2
                bottom = low + CLEAR + size.height
            low = bottom + (APART if size else SPREAD)
        rise[v], fall[v] = top, bottom
        reach[v] = max(-line[edges[0]], line[edges[-1]])
    return Ports(line, label, reach, rise, fall)
