"""Coordinates: blocks of items on one straight line, and the height of each block."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from .order import Order
from .ranks import Layers

Pair = tuple[int, int]
Gaps = list[list[tuple[int, float]]]             # block -> others, each with a distance or a weight


def spine(layers: Layers) -> list[int]:
    """Return, by item, the item to align it with, or -1: its first operand that is no leaf.

    Of three or more operands it is the middle one. Leaves count if there are only leaves.
    """
    up, n, n_leaf = layers.up, layers.n_pairs, layers.n_pairs + layers.n_chips
    main = [-1] * len(layers.rank)
    for i, near in enumerate(up):
        if not near:
            continue
        if len(near) == 1:
            main[i] = near[0]
            continue
        once = list(dict.fromkeys(near))
        strong = [j for j in once if j < n and up[j]] or [j for j in once if j >= n_leaf] or once
        main[i] = strong[0] if len(strong) < 3 else strong[(len(strong) - 1) // 2]
    return main


def align(layers: Layers, order: Order) -> list[int]:
    """Return, by item, its block, numbered from 0: the items on one straight line.

    The spine of the last rank comes first, then rails, then each pair with its main operand,
    longest chain first: a link is straight unless it would cross a straight one or an end is taken.
    """
    up, n = layers.up, layers.n_pairs
    main = spine(layers)
    weight = [0] * len(up)       # item -> the length of its chain of main links
    for r in range(len(order) - 1, -1, -1):
        for i in order[r]:
            weight[i] = own = weight[i] + 1
            j = main[i]
            if j >= 0 and weight[j] < own:
                weight[j] = own
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
    for items in order[1:]:
        if len(items) == 1:
            i = items[0]
            if main[i] >= 0:
                block[i] = block[main[i]]
            continue
        wishes = []
        for i in items:
            j = main[i]
            if j < 0:
                continue
            if i >= n and j >= n + layers.n_chips:
                rank = 2         # a rail continues
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
    number: dict[int, int] = {}
    for items in order:
        for i in items:
            b = block[i]
            if b not in number:
                number[b] = len(number)
            block[i] = number[b]
    return block


class Spacing(NamedTuple):
    """Distances between the items of a rank. Half heights are measured from the item's line."""

    above: list[float]           # item -> half height of its box
    below: list[float]
    rise: list[float]            # item -> half height left of its op: lines and labels
    fall: list[float]
    gap: list[float]             # item -> free space to the next box
    room: list[float]            # item -> free space to the next line or label


def heights(layers: Layers, order: Order, block: list[int], spacing: Spacing,
            *, rounds: int = 30, row: Sequence[int] = ()) -> list[float]:
    """Return the y of each block. With `row`, block -> row, the rows are independent.

    Starting from the mean of the highest and the lowest feasible heights, blocks move towards their
    links; blocks that touch and push each other move as one.
    Source: Sander 1996 (pendulum method).
    """
    n = max(block, default=-1) + 1
    apart: dict[int, float] = {}                 # upper block * n + lower block -> minimum distance
    above, below, rise, fall, gap, room = spacing
    up, lines = layers.up, layers.n_pairs + layers.n_chips
    for items in order:
        if len(items) < 2:
            continue
        last = lined = -1
        for i in items:
            b = block[i]
            if last >= 0:
                need = below[last] + above[i] + (gap[last] + gap[i]) / 2
                pair = block[last] * n + b
                if pair not in apart or need > apart[pair]:
                    apart[pair] = need
            last = i
            if i >= lines or rise[i] or up[i]:
                if lined >= 0:
                    need = fall[lined] + rise[i] + (room[lined] + room[i]) / 2
                    pair = block[lined] * n + b
                    if pair not in apart or need > apart[pair]:
                        apart[pair] = need
                lined = i
    before: Gaps = [[] for _ in range(n)]
    after: Gaps = [[] for _ in range(n)]
    for pair, need in apart.items():
        a, b = divmod(pair, n)
        after[a].append((b, need))
        before[b].append((a, need))
    sequence = _downward(before, after)
    y = _between(before, after, sequence, row)
    links = _attractions(layers, block, n)
    for _ in range(rounds):
        if _relax(y, links, before, after, sequence) < 0.25:
            break
    if row:
        _place_loose(y, links, before, after, sequence)
    return y


def _downward(before: Gaps, after: Gaps) -> list[int]:
    waiting = [len(pairs) for pairs in before]
    ready = [b for b, w in enumerate(waiting) if not w]
    for a in ready:              # grows during the loop
        for b, _ in after[a]:
            waiting[b] -= 1
            if not waiting[b]:
                ready.append(b)
    return ready


def _between(before: Gaps, after: Gaps, sequence: list[int], row: Sequence[int]) -> list[float]:
    """Return the mean of the highest and the lowest feasible heights: feasible, as both are."""
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


def _place_loose(y: list[float], links: Gaps, before: Gaps, after: Gaps, sequence: list[int]
                 ) -> None:
    """Move blocks without links (lines that only pass) as close to the others as possible."""
    fixed = [bool(pairs) for pairs in links]
    for b in sequence:
        if not fixed[b] and any([fixed[a] for a, _ in before[b]]):
            y[b], fixed[b] = max([y[a] + need for a, need in before[b]]), True
    for a in reversed(sequence):
        if not fixed[a] and any([fixed[b] for b, _ in after[a]]):
            y[a], fixed[a] = min([y[b] - need for b, need in after[a]]), True


def _attractions(layers: Layers, block: list[int], n: int) -> Gaps:
    """Return, by block, the linked blocks that attract it, with weights."""
    weight: dict[int, float] = {}
    lines = layers.n_pairs + layers.n_chips
    for j, near in enumerate(layers.down):
        a = block[j]
        w = 0.5 if j >= lines else 1.0
        for i in near:
            b = block[i]
            if a != b:
                pair = a * n + b
                weight[pair] = weight[pair] + w if pair in weight else w
                pair = b * n + a
                weight[pair] = weight[pair] + w if pair in weight else w
    links: Gaps = [[] for _ in range(n)]
    for pair, w in weight.items():
        a, b = divmod(pair, n)
        links[a].append((b, w))
    return links


def _relax(y: list[float], links: Gaps, before: Gaps, after: Gaps, sequence: list[int]) -> float:
    """Do one round: join blocks that push each other into regions, and move each region."""
    n = len(y)
    force, mass = [0.0] * n, [1e-9] * n
    for a, pairs in enumerate(links):
        at, f, m = y[a], 0.0, 1e-9
        for b, w in pairs:
            f += w * (y[b] - at)
            m += w
        force[a], mass[a] = f, m
    speed = [f / m for f, m in zip(force, mass)]
    region = list(range(n))
    touching = [(a, b) for a in sequence for b, need in after[a] if y[b] - y[a] - need < 0.01]
    joined = True
    while joined:
        joined = False
        apart = []               # pairs that touch but are in different regions
        for p, q in touching:
            while region[p] != p:
                region[p] = p = region[region[p]]
            while region[q] != q:
                region[q] = q = region[region[q]]
            if p == q:
                continue
            if speed[p] > speed[q] + 1e-9:
                region[q] = p
                force[p] += force[q]
                mass[p] += mass[q]
                speed[p] = force[p] / mass[p]
                joined = True
            else:
                apart.append((p, q))
        touching = apart
    members: dict[int, list[int]] = {}
    for a in sequence:
        p = region[a]
        while region[p] != p:
            p = region[p]
        region[a] = p
        if p in members:
            members[p].append(a)
        else:
            members[p] = [a]
    moved = 0.0
    for root in sorted(members, key=lambda root: -abs(speed[root])):
        step, own = speed[root], members[root]
        if step > 0:
            for a in own:
                at = y[a]
                for b, need in after[a]:
                    if y[b] - at - need < step and region[b] != root:
                        step = y[b] - at - need
            if step < 0:
                step = 0.0
        else:
            for b in own:
                at = y[b]
                for a, need in before[b]:
                    if y[a] - at + need > step and region[a] != root:
                        step = y[a] - at + need
            if step > 0:
                step = 0.0
        if step:
            for a in own:
                y[a] += step
            if abs(step) > moved:
                moved = abs(step)
    return moved
