"""Ranks: which column each cell stands in, which rails pass through, which leaves are copied."""

from __future__ import annotations

from typing import NamedTuple

from .cells import Cells

CHIPS = 5                        # a leaf of more uses than this, over several ranks, is copied per use
REACH = 12                       # and so is a leaf whose rail would be longer than this many ranks


class Layers(NamedTuple):
    """A layered graph of items: links join neighbouring ranks only.

    An item is a cell (its number is the cell's), a chip (a copy of a leaf for one use) or a
    joint (where a rail or a long edge passes through a rank).
    """

    ranks: list[list[int]]       # rank -> its items, in order of making
    rank: list[int]              # item -> rank
    up: list[list[int]]          # item -> items of the rank before, operand order, repeats kept
    down: list[list[int]]        # item -> items of the next rank
    slot: list[list[int]]        # item -> for each of `down`, which operand this is there
    source: list[int]            # item -> the cell it is, copies or carries
    paths: list[tuple[int, ...]]  # edge -> its items from first to last; () where it is glued
    n_cells: int                 # items below it are cells
    n_chips: int                 # items from n_cells up to n_cells + n_chips are chips


def ranks(cells: Cells) -> list[int]:
    """The rank of each cell: longest path among cells that are not leaves, then as late as is free.

    A cell is moved to just before its first use where that lengthens the reach of at most one of
    the cells it takes. Leaves stand one before their first use. Linear in the graph.
    """
    ins, outs, leaf, tail, head = cells.ins, cells.outs, cells.leaf, cells.tail, cells.head
    n = len(ins)
    rank = [0] * n
    for v in range(n):
        if not leaf[v]:
            rank[v] = max([rank[tail[e]] for e in ins[v] if not leaf[tail[e]]], default=0) + 1
    reach = [0] * n              # cell -> rank of its last use
    for v in range(n):
        reach[v] = max([rank[head[e]] for e in outs[v]], default=0)
    for v in range(n - 1, -1, -1):
        if not outs[v]:
            continue
        late = min([rank[head[e]] for e in outs[v]]) - 1
        if leaf[v]:
            rank[v] = late
        elif late > rank[v]:
            longer = {tail[e] for e in ins[v] if not leaf[tail[e]] and reach[tail[e]] < late}
            if len(longer) <= 1:
                rank[v] = late
                for u in longer:
                    reach[u] = late
    least = min(rank, default=0)
    return [r - least for r in rank]


def layers(cells: Cells, *, chips: bool = True, rails: bool = True) -> Layers:
    """The cells in ranks, with a joint wherever an edge passes through a rank.

    `chips` copies a much-shared leaf for each use; `rails` lets all edges of a cell share one line.
    """
    ins, outs, leaf, tail, head = cells.ins, cells.outs, cells.leaf, cells.tail, cells.head
    n = len(ins)
    rank = ranks(cells)
    source = list(range(n))
    start = list(tail)           # edge -> item it starts at
    if chips:
        for v in range(n):
            if not leaf[v] or len(outs[v]) < 2:
                continue
            uses = sorted({head[e] for e in outs[v]})
            span = max([rank[h] for h in uses]) - rank[v]
            if span > 1 and len(uses) > CHIPS or span > REACH:
                chip_of: dict[int, int] = {}
                for e in outs[v]:
                    h = head[e]
                    if rank[h] - rank[v] > 1:
                        if h not in chip_of:
                            chip_of[h] = len(rank)
                            rank.append(rank[h] - 1)
                            source.append(v)
                        start[e] = chip_of[h]
    n_chips = len(rank) - n
    up: list[list[int]] = [[] for _ in rank]
    down: list[list[int]] = [[] for _ in rank]
    slot: list[list[int]] = [[] for _ in rank]
    paths: list[tuple[int, ...]] = [()] * len(tail)
    line: dict[int, list[int]] = {}                 # item -> the joints of its rail so far
    for v in range(n):
        for k, e in enumerate(ins[v]):
            s = start[e]
            joints = line.setdefault(s, []) if rails else []
            for r in range(rank[s] + 1 + len(joints), rank[v]):
                joint = len(rank)
                before = joints[-1] if joints else s
                rank.append(r)
                source.append(source[s])
                up.append([before])
                down.append([])
                slot.append([])
                down[before].append(joint)
                slot[before].append(0)
                joints.append(joint)
            path = (s, *joints[:rank[v] - rank[s] - 1], v)
            paths[e] = path
            up[v].append(path[-2])
            down[path[-2]].append(v)
            slot[path[-2]].append(k)
    by_rank: list[list[int]] = [[] for _ in range(max(rank, default=-1) + 1)]
    for i, r in enumerate(rank):
        by_rank[r].append(i)
    return Layers(by_rank, rank, up, down, slot, source, paths, n, n_chips)
