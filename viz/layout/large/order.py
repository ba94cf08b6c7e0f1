"""The order of the items of very large graphs, on numpy arrays: as `order`, half at a time."""

from __future__ import annotations

import numpy as np

from .ranks import Array, ArrayLayers

PAIRS = 256                      # maximum pairs of links counted for a switch


def order(layers: ArrayLayers) -> Array:
    """Return the items of all ranks, rank by rank, from top to bottom.

    Depth first from the ends, then sweeps by barycentre and switches of neighbours; odd and even
    ranks alternate, all of one parity at once.
    """
    rank, tails, heads = layers.rank, layers.tails, layers.heads
    n = len(rank)
    size = np.bincount(rank)
    begin = np.cumsum(size) - size
    where = np.empty(n)          # item -> its place in its rank, 0 to 1

    def settle(place: Array) -> None:
        where[place] = (np.arange(n) - begin[rank[place]] + 0.5) / size[rank[place]]

    before, after = _Neighbours(heads, tails, n), _Neighbours(tails, heads, n)
    place = np.lexsort((_depth_first(layers, before), rank))
    settle(place)
    if _planar(where, rank, tails, heads):
        return place
    best, least = place, np.inf
    off = size[rank].astype(float)
    rounds = 20 if n < 40_000 else 6 if n < 400_000 else 2
    for sweep in range(rounds + 1):
        if sweep:
            near = before if sweep % 2 else after
            for odd in (0, 1):
                key = where.copy()
                turn = (rank % 2 == odd) & (near.count > 0)
                key[turn] = near.total(where)[turn] / near.count[turn]
                place = np.argsort(rank + np.minimum(key, 0.999999) * 0.999, kind="stable")
                settle(place)
        place = _switched(place, where, rank, begin, before, after)
        cost = float(np.abs((where[tails] - 0.5) * off[tails]
                            - (where[heads] - 0.5) * off[heads]).sum())
        if cost < least:
            best, least = place, cost
    settle(best)
    for _ in range(rounds):
        best = _switched(best, where, rank, begin, before, after)
    return best


def _planar(where: Array, rank: Array, tails: Array, heads: Array) -> bool:
    """Return whether no two links cross."""
    key = np.lexsort((where[heads], where[tails], rank[tails]))
    x, r = where[heads][key], rank[tails][key]
    return not ((x[1:] < x[:-1]) & (r[1:] == r[:-1])).any()


class _Neighbours:
    """The items that each item is linked to on one side."""

    def __init__(self, items: Array, others: Array, n: int) -> None:
        self.count = np.bincount(items, minlength=n)
        self.begin = np.cumsum(self.count) - self.count
        self.others = others[np.argsort(items, kind="stable")]
        self.items = np.repeat(np.arange(n), self.count)

    def total(self, value: Array) -> Array:
        """Return, by item, the sum of a value over its neighbours."""
        return np.bincount(self.items, value[self.others], len(self.count))

    def gain(self, a: Array, b: Array, where: Array) -> Array:
        """Return the crossings that switching each pair of neighbours would save."""
        da, db = self.count[a], self.count[b]
        pairs = np.where(da * db <= PAIRS, da * db, 0)
        which = np.repeat(np.arange(len(a)), pairs)
        k = np.arange(len(which)) - np.repeat(np.cumsum(pairs) - pairs, pairs)
        x = where[self.others[self.begin[a][which] + k // db[which]]]
        y = where[self.others[self.begin[b][which] + k % db[which]]]
        return np.bincount(which, np.sign(x - y), len(a))


def _depth_first(layers: ArrayLayers, before: _Neighbours) -> Array:
    """Return, by item, its place in a search backwards from the ends, first operands first."""
    n = len(layers.rank)
    begin, others = before.begin.tolist(), before.others.tolist()
    end = (before.begin + before.count).tolist()
    met = [-1] * n
    time = 0
    ends = np.flatnonzero(np.bincount(layers.tails, minlength=n) == 0)
    for last in ends[np.argsort(-layers.rank[ends], kind="stable")].tolist():
        stack = [last]
        while stack:
            i = stack.pop()
            if met[i] < 0:
                met[i] = time
                time += 1
                stack += others[begin[i]:end[i]][::-1]
    return np.array(met)


def _switched(place: Array, where: Array, rank: Array, begin: Array, before: _Neighbours,
              after: _Neighbours) -> Array:
    """Switch neighbours wherever that saves crossings, and update `where`."""
    place = place.copy()
    at = np.arange(len(place) - 1)
    ranks = rank[place]
    inside = ranks[1:] == ranks[:-1]
    phase = (ranks[:-1] % 2) * 2 + (at - begin[ranks[:-1]]) % 2
    for turn in range(4):
        k = np.flatnonzero(inside & (phase == turn))
        a, b = place[k], place[k + 1]
        better = before.gain(a, b, where) + after.gain(a, b, where) > 0
        k, a, b = k[better], a[better], b[better]
        place[k], place[k + 1] = b, a
        where[a], where[b] = where[b], where[a]
    return place
