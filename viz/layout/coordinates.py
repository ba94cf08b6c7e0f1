"""Coordinates: blocks of items on one straight line, and the height of each block."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from .order import Order
from .ranks import Layers

Pair = tuple[int, int]


def spine(layers: Layers) -> list[int]:
    """item -> the item it would stand straight behind, or -1: its first operand that is no leaf.

    Where there are three or more it is the middle one. Leaves count where there is nothing else.
    """
    up, n, n_leaf = layers.up, layers.n_cells, layers.n_cells + layers.n_chips
    main = [-1] * len(layers.rank)
    for i, near in enumerate(up):
        if not near:
            continue
        once = list(dict.fromkeys(near))
        strong = [j for j in once if j < n and up[j]] or [j for j in once if j >= n_leaf] or once
        main[i] = strong[0] if len(strong) < 3 else strong[(len(strong) - 1) // 2]
    return main


def align(layers: Layers, order: Order) -> tuple[list[int], list[Pair]]:
    """item -> its block (numbered from 0), and the links that are straight.

    The spine of the last rank first, then rails, then each cell behind its main operand, longest
    chain first: a link is straight unless that crosses a straight one or an end is taken.
    """
    up, n = layers.up, layers.n_cells
    main = spine(layers)
    weight = [0] * len(up)       # item -> how long a chain of main links hangs on it
    for r in range(len(order) - 1, -1, -1):
        for i in order[r]:
            weight[i] += 1
            if main[i] >= 0:
                weight[main[i]] = max(weight[main[i]], weight[i])
    ends = [i for i in range(n) if not layers.down[i] and up[i]]
    on_spine = [False] * len(up)
    i = max(ends, key=lambda i: (layers.rank[i], -i), default=-1)
    while i >= 0:
        on_spine[i] = True
        i = main[i]
    pos = [0] * len(up)
    for items in order:
        for p, i in enumerate(items):
            pos[i] = p
    block = list(range(len(up)))
    straight: list[Pair] = []
    for items in order[1:]:
        wishes = []
        for i in items:
            j = main[i]
            if j < 0:
                continue
            if i >= n and j >= n + layers.n_chips:
                rank = 2         # a rail runs on
            elif i >= n:
                rank = 0         # a rail leaves its box
            elif not up[j]:
                rank = 0 if j < n else -1
            else:
                rank = 1
            if on_spine[i]:
                rank = 3
            wishes.append((-rank, -weight[i], pos[i], i, j))
        wishes.sort()
        taken: list[Pair] = []
        used = set()
        for _, _, p, i, j in wishes:
            q = pos[j]
            if q in used:
                continue
            at = bisect_left(taken, (p, q))
            if at and taken[at - 1][1] > q or at < len(taken) and taken[at][1] < q:
                continue
            taken.insert(at, (p, q))
            used.add(q)
            block[i] = block[j]
            straight.append((j, i))
    number: dict[int, int] = {}
    for items in order:
        for i in items:
            block[i] = number.setdefault(block[i], len(number))
    return block, straight


class Spacing(NamedTuple):
    """How far apart items of a rank stand. Half heights are from the item's line."""

    above: list[float]           # item -> its box
    below: list[float]
    rise: list[float]            # item -> what it needs left of its op: lines and labels
    fall: list[float]
    gap: list[float]             # item -> free space to the next box
    room: list[float]            # item -> free space to the next line or label


def heights(layers: Layers, order: Order, block: list[int], spacing: Spacing,
            *, rounds: int = 30, row: Sequence[int] = ()) -> list[float]:
    """The y of each block. With `row`, block -> row, the rows know nothing of each other.

    From the mean of the highest and the lowest feasible heights, blocks move to where their links
    pull them; blocks that touch and push each other move as one.
    Source: Sander 1996 (pendulum method).
    """
    n = max(block, default=-1) + 1
    apart: dict[Pair, float] = {}
    above, below, rise, fall, gap, room = spacing
    lines = layers.n_cells + layers.n_chips
    for items in order:
        last = lined = -1
        for i in items:
            b = block[i]
            if last >= 0:
                need = below[last] + above[i] + (gap[last] + gap[i]) / 2
                pair = block[last], b
                if need > apart.get(pair, 0.0):
                    apart[pair] = need
            last = i
            if i >= lines or rise[i] or layers.up[i]:
                if lined >= 0:
                    need = fall[lined] + rise[i] + (room[lined] + room[i]) / 2
                    pair = block[lined], b
                    if need > apart.get(pair, 0.0):
                        apart[pair] = need
                lined = i
    before: list[list[tuple[int, float]]] = [[] for _ in range(n)]
    after: list[list[tuple[int, float]]] = [[] for _ in range(n)]
    for (a, b), need in apart.items():
        after[a].append((b, need))
        before[b].append((a, need))
    sequence = _downward(before, after)
    y = _between(before, after, sequence, row)
    pulls = _pulls(layers, block, n)
    for k in range(rounds):
        if _relax(y, pulls, before, after, sequence) < 0.25:
            break
    if row:
        _near(y, pulls, before, after, sequence)
    return y


def _downward(before: list[list[tuple[int, float]]],
              after: list[list[tuple[int, float]]]) -> list[int]:
    waiting = [len(pairs) for pairs in before]
    ready = [b for b, w in enumerate(waiting) if not w]
    for a in ready:              # grows while it is walked
        for b, _ in after[a]:
            waiting[b] -= 1
            if not waiting[b]:
                ready.append(b)
    return ready


def _between(before: list[list[tuple[int, float]]], after: list[list[tuple[int, float]]],
             sequence: list[int], row: Sequence[int]) -> list[float]:
    """Half way between as high as possible and as low as possible: feasible, since both are."""
    high = [0.0] * len(before)
    for b in sequence:
        for a, need in before[b]:
            if high[a] + need > high[b]:
                high[b] = high[a] + need
    total = [0.0] * (max(row, default=0) + 1)
    for b, h in enumerate(high):
        if h > total[row[b] if row else 0]:
            total[row[b] if row else 0] = h
    low = [total[k] for k in row] if row else total * len(high)
    for a in reversed(sequence):
        for b, need in after[a]:
            if low[b] - need < low[a]:
                low[a] = low[b] - need
    return [(h + w) / 2 for h, w in zip(high, low)]


def _near(y: list[float], pulls: list[list[tuple[int, float]]],
          before: list[list[tuple[int, float]]], after: list[list[tuple[int, float]]],
          sequence: list[int]) -> None:
    """Blocks that nothing pulls, lines that only pass, come as near to the others as they may."""
    fixed = [bool(pairs) for pairs in pulls]
    for b in sequence:
        if not fixed[b] and any([fixed[a] for a, _ in before[b]]):
            y[b], fixed[b] = max([y[a] + need for a, need in before[b]]), True
    for a in reversed(sequence):
        if not fixed[a] and any([fixed[b] for b, _ in after[a]]):
            y[a], fixed[a] = min([y[b] - need for b, need in after[a]]), True


def _pulls(layers: Layers, block: list[int], n: int) -> list[list[tuple[int, float]]]:
    weight: dict[Pair, float] = {}
    lines = layers.n_cells + layers.n_chips
    for j, near in enumerate(layers.down):
        a = block[j]
        for i in near:
            b = block[i]
            if a != b:
                w = 0.5 if j >= lines else 1.0
                weight[a, b] = weight.get((a, b), 0.0) + w
                weight[b, a] = weight.get((b, a), 0.0) + w
    pulls: list[list[tuple[int, float]]] = [[] for _ in range(n)]
    for (a, b), w in weight.items():
        pulls[a].append((b, w))
    return pulls


def _relax(y: list[float], pulls: list[list[tuple[int, float]]],
           before: list[list[tuple[int, float]]], after: list[list[tuple[int, float]]],
           sequence: list[int]) -> float:
    """One round: blocks that push each other are joined to regions, and each region moves."""
    n = len(y)
    force, mass = [0.0] * n, [1e-9] * n
    for a, pairs in enumerate(pulls):
        at, f, m = y[a], 0.0, 1e-9
        for b, w in pairs:
            f += w * (y[b] - at)
            m += w
        force[a], mass[a] = f, m
    region = list(range(n))

    def find(a: int) -> int:
        while region[a] != a:
            region[a] = region[region[a]]
            a = region[a]
        return a

    joined = True
    while joined:
        joined = False
        for a in sequence:
            for b, need in after[a]:
                if y[b] - y[a] - need < 0.01:
                    p, q = find(a), find(b)
                    if p != q and force[p] / mass[p] > force[q] / mass[q] + 1e-9:
                        region[q] = p
                        force[p] += force[q]
                        mass[p] += mass[q]
                        joined = True
    members: dict[int, list[int]] = {}
    for a in sequence:
        members.setdefault(find(a), []).append(a)
    moved = 0.0
    for root in sorted(members, key=lambda root: -abs(force[root] / mass[root])):
        step = force[root] / mass[root]
        if step > 0:
            for a in members[root]:
                for b, need in after[a]:
                    if find(b) != root:
                        step = min(step, y[b] - y[a] - need)
            step = max(step, 0.0)
        else:
            for b in members[root]:
                for a, need in before[b]:
                    if find(a) != root:
                        step = max(step, y[a] - y[b] + need)
            step = min(step, 0.0)
        for a in members[root]:
            y[a] += step
        moved = max(moved, abs(step))
    return moved
