"""Order: the items of each rank from top to bottom: few crossings, operands in their order."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterator

from .ranks import Layers

Order = list[list[int]]          # rank -> its items from top to bottom
CROSSING = 1000                  # what a crossing costs; two operands in the wrong order cost 1
SHIFT = 10                       # position << SHIFT | operand: one number that sorts by both


def order(layers: Layers, *, starts: int = 1, sweeps: int = 8) -> Order:
    """The best order found from several deterministic starts.

    Barycentre sweeps down and up, then switches of neighbours until none helps.
    Source: Sugiyama, Tagawa, Toda 1981; Gansner et al. 1993 (transpose).
    """
    best: Order = []
    least = (-1, 0)
    for ranks in _starts(layers, starts):
        for found in _improved(layers, ranks, sweeps):
            cost = (crossings(layers, found), 0)
            if least[0] < 0 or cost < least:
                best, least = found, cost
            break
        if not least[0]:
            break
    return best


def _starts(layers: Layers, n: int) -> Iterator[Order]:
    """Depth first from the ends, operands in order; the same mirrored; then shuffled ones."""
    yield _depth_first(layers, 1)
    if n > 1:
        yield _depth_first(layers, -1)
    if n > 2:
        yield [list(items) for items in layers.ranks]
    state = 1
    for _ in range(n - 3):
        ranks = []
        for items in layers.ranks:
            keys = []
            for i in items:
                state = (state * 1103515245 + 12345) & 0x7fffffff
                keys.append((state >> 8, i))
            ranks.append([i for _, i in sorted(keys)])
        yield ranks


def _depth_first(layers: Layers, step: int) -> Order:
    seen = [False] * len(layers.rank)
    ranks: Order = [[] for _ in layers.ranks]
    for items in reversed(layers.ranks):
        for end in items:
            if seen[end] or layers.down[end]:
                continue
            stack = [end]
            while stack:
                i = stack.pop()
                if not seen[i]:
                    seen[i] = True
                    ranks[layers.rank[i]].append(i)
                    stack.extend(layers.up[i][::-step])
    return ranks


def _improved(layers: Layers, ranks: Order, sweeps: int) -> Iterator[Order]:
    pos = [0] * len(layers.rank)
    for items in ranks:
        for p, i in enumerate(items):
            pos[i] = p
    best, least = ranks, _cost(layers, ranks, pos)
    idle = 0
    for sweep in range(sweeps):
        if not least or idle > 2:
            break
        ranks = [list(items) for items in ranks]
        for r in (range(1, len(ranks)) if sweep % 2 else range(len(ranks) - 2, -1, -1)):
            ranks[r] = _sorted(layers, ranks[r], pos, sweep % 2 == 1)
            for p, i in enumerate(ranks[r]):
                pos[i] = p
        switch(layers, ranks, pos, 2)
        cost = _cost(layers, ranks, pos)
        idle = 0 if cost < least else idle + 1
        if cost < least:
            best, least = [list(items) for items in ranks], cost
    for items in best:
        for p, i in enumerate(items):
            pos[i] = p
    switch(layers, best, pos, 20)
    yield best


def _sorted(layers: Layers, items: list[int], pos: list[int], down: bool) -> list[int]:
    """One rank by the barycentre of its neighbours; who has none keeps its place."""
    keys: list[tuple[float, int]] = []
    fixed: list[tuple[int, int]] = []
    for p, i in enumerate(items):
        if down:
            near = layers.up[i]
            if near:
                keys.append((sum([pos[j] for j in near]) / len(near), i))
                continue
        else:
            near = layers.down[i]
            if near:
                keys.append((sum([pos[j] for j in near]) / len(near)
                             + sum(layers.slot[i]) / len(near) / 64, i))
                continue
        fixed.append((p, i))
    place = {i: p for p, i in enumerate(items)}
    keys.sort(key=lambda pair: (pair[0], place[pair[1]]))
    result = [i for _, i in keys]
    for p, i in fixed:
        result.insert(p, i)
    return result


def switch(layers: Layers, ranks: Order, pos: list[int], passes: int) -> None:
    """Switch neighbours in place wherever that saves a crossing, or puts operands in order."""
    up, down, slot = layers.up, layers.down, layers.slot
    dirty = [True] * len(ranks)
    for _ in range(passes):
        if not any(dirty):
            break
        now, dirty = dirty, [False] * len(ranks)
        for r, items in enumerate(ranks):
            if not now[r] or len(items) < 2:
                continue
            ups = {i: sorted([pos[j] << SHIFT for j in up[i]]) for i in items}
            downs = {i: sorted([pos[j] << SHIFT | k for j, k in zip(down[i], slot[i])])
                     for i in items}
            changed = True
            rounds = 0
            while changed and rounds < 4:
                changed = False
                rounds += 1
                for p in range(len(items) - 1):
                    a, b = items[p], items[p + 1]
                    gain = _gain(ups[a], ups[b]) + _gain(downs[a], downs[b])
                    if gain > 0:
                        items[p], items[p + 1] = b, a
                        pos[b], pos[a] = p, p + 1
                        changed = True
            if rounds > 1:
                for near in (r - 1, r, r + 1):
                    if 0 <= near < len(ranks):
                        dirty[near] = True


def _gain(a: list[int], b: list[int]) -> int:
    """What switching neighbours a, b saves on one side: pairs now wrong less pairs then wrong."""
    gain = 0
    for x in a:
        for y in b:
            if x > y:
                gain += CROSSING if x >> SHIFT != y >> SHIFT else 1
            elif x < y:
                gain -= CROSSING if x >> SHIFT != y >> SHIFT else 1
    return gain


def _cost(layers: Layers, ranks: Order, pos: list[int]) -> int:
    """Crossings, and what is out of order at an op counted a thousandth."""
    down, slot = layers.down, layers.slot
    cost = 0
    for items in ranks[:-1]:
        seen: list[int] = []
        near: list[int] = []
        for i in items:
            keys = [pos[j] << SHIFT | k for j, k in zip(down[i], slot[i])]
            for key in keys:
                after = len(seen) - bisect_right(seen, key | (1 << SHIFT) - 1)
                cost += CROSSING * after + (len(near) - bisect_right(near, key) - after)
            for key in keys:
                insort(seen, key)
            near = seen
    return cost


def crossings(layers: Layers, ranks: Order) -> int:
    """How many pairs of links cross between neighbouring ranks."""
    pos = [0] * len(layers.rank)
    for items in ranks:
        for p, i in enumerate(items):
            pos[i] = p
    return _cost(layers, ranks, pos)
