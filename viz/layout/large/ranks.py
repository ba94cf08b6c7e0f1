"""Op pairs, ranks and layers of very large graphs, on numpy: as in `op_pairs` and `ranks`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..ranks import CHIPS, REACH

Array = NDArray[Any]

JOINTS = 2                       # maximum joints per pair; beyond it, rails become chips


def find_op_pairs(op: Array, tail: Array, head: Array) -> tuple[Array, Array, Array, Array]:
    """Return node -> its pair; edge -> whether it is glued; pair -> its op and its box, or -1."""
    n = len(op)
    glued = (op[tail] & ~op[head] & (np.bincount(tail, minlength=n)[tail] == 1)
             & (np.bincount(head, minlength=n)[head] == 1))
    first = np.arange(n)
    first[head[glued]] = tail[glued]
    own = first == np.arange(n)
    pair = (np.cumsum(own) - 1)[first]
    op_of, box_of = np.full(own.sum(), -1), np.full(own.sum(), -1)
    op_of[pair[op]] = np.flatnonzero(op)
    box_of[pair[~op]] = np.flatnonzero(~op)
    return pair, glued, op_of, box_of


def ranks(tail: Array, head: Array, leaf: Array) -> Array:
    """Return ranks: longest paths without leaves; pairs of one operand move towards their use."""
    n = len(leaf)
    strong = ~leaf[tail]
    order = np.argsort(head[strong], kind="stable")
    t, h = tail[strong][order], head[strong][order]
    tails, heads = t.tolist(), h.tolist()
    rank = (~leaf).astype(np.int64).tolist()
    for u, v in zip(tails, heads):
        r = rank[u] + 1
        if r > rank[v]:
            rank[v] = r
    low, high = np.full(n, n), np.full(n, -1)
    np.minimum.at(low, h, t)
    np.maximum.at(high, h, t)
    single = (low >= high).tolist()
    none = 1 << 60
    first = [none] * n           # pair -> rank of its first use
    last = -1
    r = 0
    for u, v in zip(reversed(tails), reversed(heads)):
        if v != last:
            last = v
            r = rank[v]
            if single[v] and first[v] != none:
                r = rank[v] = first[v] - 1
        if r < first[u]:
            first[u] = r
    ranks, firsts = np.array(rank), np.array(first)
    lone = (high < 0) & ~leaf & (firsts != none)
    ranks[lone] = firsts[lone] - 1
    use = np.full(n, none)
    np.minimum.at(use, tail, ranks[head])
    ranks = np.where(leaf, np.where(use == none, 1, use - 1), ranks)
    return np.asarray(ranks - ranks.min())


class ArrayLayers(NamedTuple):
    """Layers as in `ranks`: items are pairs, then chips, then joints, rail by rail."""

    rank: Array                  # item -> rank
    source: Array                # item -> pair
    use: Array                   # item -> the pair of its first use
    start: Array                 # edge -> item
    tails: Array
    heads: Array
    weight: Array                # link -> the weight of its being straight
    main: Array                  # item -> the item to align it with, or -1
    chips: int


def array_layers(ct: Array, ch: Array, glued: Array, rank: Array, leaf: Array) -> ArrayLayers:
    """Return the layers: chips for much-shared leaves, and for the longest rails if there are too
    many joints; joints for the other rails."""
    n = len(rank)
    edges = np.flatnonzero(~glued)
    t, h = ct[edges], ch[edges]
    span = rank[h] - rank[t]
    reach = np.zeros(n, np.int64)
    np.maximum.at(reach, t, span)
    links, slot = np.unique(t * n + h, return_inverse=True)
    fan = np.bincount(links // n, minlength=n)
    cut = leaf & ((reach > 1) & (fan > CHIPS) | (reach > REACH))
    need = np.where(cut, 0, np.maximum(reach - 1, 0))
    if need.sum() > JOINTS * n:
        order = np.argsort(-need, kind="stable")
        left = need.sum() - np.cumsum(need[order])
        cut[order[:int(np.searchsorted(-left, -JOINTS * n)) + 1]] = True
        need[cut] = 0
    chipped = cut[t] & (span > 1)
    wanted, which = np.unique(slot[chipped], return_inverse=True)
    start = ct.copy()
    start[edges[chipped]] = n + which
    chips = len(wanted)
    chip_of, chip_use = links[wanted] // n, links[wanted] % n
    owner = np.repeat(np.arange(n), need)
    begin = np.cumsum(need) - need               # pair -> its first joint, counted from the first
    step = np.arange(len(owner)) - begin[owner]
    far = ~chipped & (span > 1)
    base = n + chips
    start[edges[far]] = base + begin[t[far]] + span[far] - 2
    joint = base + np.arange(len(owner))
    use = np.arange(n)
    first = np.full(n, n)
    np.minimum.at(first, t, h)
    use[leaf] = np.minimum(first, n - 1)[leaf]
    from_ = np.where(step == 0, owner, joint - 1)
    main = np.full(n, len(ct))                   # pair -> its first operand that is no leaf
    strong = ~leaf[t]
    np.minimum.at(main, h[strong], edges[strong])
    weight = np.where(edges == main[h], 4.0, 1.0)
    some = np.full(n, -1)
    some[h[::-1]] = start[edges[::-1]]           # the first operand, where all are leaves
    first = main < len(ct)
    some[first] = start[main[first]]
    return ArrayLayers(np.concatenate([rank, rank[chip_use] - 1, rank[owner] + 1 + step]),
                       np.concatenate([np.arange(n), chip_of, owner]),
                       np.concatenate([use, chip_use, owner]), start,
                       np.concatenate([start[edges], from_]), np.concatenate([h, joint]),
                       np.concatenate([weight, np.where(step == 0, 1.0, 8.0)]),
                       np.concatenate([some, np.full(chips, -1), from_]), chips)
