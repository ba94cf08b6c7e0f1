"""The layered layout of very large graphs, on numpy arrays: as `layered`, without labels."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .ranks import CHIPS, REACH

Array = np.ndarray[Any, Any]

CHIP = (56.0, 26.0)              # width and height of a copy of a shared tensor beside its use
MARGIN, GLUE, GAP = 24.0, 20.0, 64.0         # round all; from an op to its box; between columns
BOXES, LINES = 26.0, 14.0        # free space between two boxes, two lines
JOINTS = 2                       # at most so many joints a cell; beyond, rails are cut to chips
APART = 1e7                      # more than a rank is tall: keeps ranks apart in a running maximum
PAIRS = 256                      # pairs of links more than this are not counted for a switch
ANCHOR = 0.02                    # how much an item is drawn to the middle, against 1 of a link


class Field(NamedTuple):
    """Where everything stands. Items are cells, then chips, then joints of rails."""

    x: Array                     # node -> centre
    y: Array
    rank: Array                  # item -> column
    level: Array                 # item -> y of its line
    source: Array                # item -> the cell it is, copies or carries
    start: Array                 # edge -> the item it leaves (a cell, a chip or the last joint)
    tails: Array                 # link -> item; links join neighbouring ranks
    heads: Array
    left: Array                  # column -> the end of the one before
    right: Array                 # column -> the end of its boxes
    cells: int                   # items below it are cells
    chips: int                   # how many items after them are chips
    width: float
    height: float


def arrange(op: ArrayLike, tail: ArrayLike, head: ArrayLike, width: ArrayLike, height: ArrayLike,
            *, chip: tuple[float, float] = CHIP) -> Field:
    """Places n nodes and m edges: `op` (n) tells ops, `tail`, `head` (m) are indices of nodes.

    Nodes stand in topological order (raises ValueError where they do not), sizes are in px.
    Takes about 200 bytes of memory a node and edge, and time n log n.
    """
    op, tail, head = np.asarray(op, bool), np.asarray(tail, int), np.asarray(head, int)
    width, height = np.asarray(width, float), np.asarray(height, float)
    n = len(op)
    if not n:
        nothing = np.zeros(0, np.int64)
        return Field(nothing, nothing, nothing, nothing, nothing, nothing, nothing, nothing,
                     nothing, nothing, 0, 0, 2 * MARGIN, 2 * MARGIN)
    if (tail >= head).any():
        raise ValueError("an edge leads back: nodes must stand in topological order")
    cell, glued, op_of, box_of = _cells(op, tail, head)
    ct, ch = cell[tail], cell[head]
    leaf = np.zeros(len(op_of), bool)
    leaf[cell] = ~op
    leaf[ch] = False
    rank = _ranks(ct[~glued], ch[~glued], leaf)
    layers = _layers(ct, ch, glued, rank, leaf)
    place = _order(layers)
    half = np.zeros(len(layers.rank))
    tall = np.where(op_of >= 0, height[op_of], 0.0)
    half[:len(op_of)] = np.maximum(tall, np.where(box_of >= 0, height[box_of], 0.0)) / 2
    half[len(op_of):len(op_of) + layers.chips] = chip[1] / 2
    level = _levels(layers, place, half)
    level += MARGIN - (level - half).min()
    ops, boxes = np.zeros(rank.max() + 1), np.zeros(rank.max() + 1)
    np.maximum.at(ops, rank, np.where(op_of >= 0, width[op_of], 0.0))
    np.maximum.at(boxes, rank, np.where(box_of >= 0, width[box_of], 0.0))
    if layers.chips:
        ranks = layers.rank[len(op_of):len(op_of) + layers.chips]
        boxes[ranks] = np.maximum(boxes[ranks], chip[0])
    glue = np.where((ops > 0) & (boxes > 0), GLUE, 0.0)
    right = np.cumsum(ops + glue + boxes + GAP) - GAP + MARGIN
    begin = right - boxes
    dots = begin - glue
    x, y = np.zeros(n), level[cell]
    node = op_of[op_of >= 0]
    x[node] = dots[rank[op_of >= 0]] - width[node] / 2
    node = box_of[box_of >= 0]
    at = rank[box_of >= 0]
    x[node] = np.where(leaf[box_of >= 0], right[at] - width[node] / 2,
                       begin[at] + width[node] / 2)
    left = np.concatenate([[MARGIN], right[:-1]])
    return Field(x, y, layers.rank, level, layers.source, layers.start, layers.tails,
                 layers.heads, left, right, len(op_of), layers.chips,
                 float(right[-1] + MARGIN), float((level + half).max() + MARGIN))


def _cells(op: Array, tail: Array, head: Array) -> tuple[Array, Array, Array, Array]:
    """node -> its cell; edge -> it is glued; cell -> its op and its box, or -1."""
    n = len(op)
    glued = (op[tail] & ~op[head] & (np.bincount(tail, minlength=n)[tail] == 1)
             & (np.bincount(head, minlength=n)[head] == 1))
    first = np.arange(n)
    first[head[glued]] = tail[glued]
    own = first == np.arange(n)
    cell = (np.cumsum(own) - 1)[first]
    op_of, box_of = np.full(own.sum(), -1), np.full(own.sum(), -1)
    op_of[cell[op]] = np.flatnonzero(op)
    box_of[cell[~op]] = np.flatnonzero(~op)
    return cell, glued, op_of, box_of


def _ranks(tail: Array, head: Array, leaf: Array) -> Array:
    """Longest path over cells that are no leaves; who takes but one of them moves to its use."""
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
    first = [none] * n           # cell -> rank of its first use
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


class _Layers(NamedTuple):
    rank: Array                  # item -> rank
    source: Array                # item -> cell
    use: Array                   # item -> where it is first wanted: a cell
    start: Array                 # edge -> item
    tails: Array
    heads: Array
    weight: Array                # link -> how much it wants to be straight
    main: Array                  # item -> the item it would stand straight behind, or -1
    chips: int


def _layers(ct: Array, ch: Array, glued: Array, rank: Array, leaf: Array) -> _Layers:
    """Chips for much-shared leaves, and for the longest rails where all together would be too
    many; joints for the other rails."""
    n = len(rank)
    edges = np.flatnonzero(~glued)
    t, h = ct[edges], ch[edges]
    span = rank[h] - rank[t]
    reach = np.zeros(n, np.int64)
    np.maximum.at(reach, t, span)
    pairs, slot = np.unique(t * n + h, return_inverse=True)
    fan = np.bincount(pairs // n, minlength=n)
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
    chip_of, chip_use = pairs[wanted] // n, pairs[wanted] % n
    owner = np.repeat(np.arange(n), need)
    begin = np.cumsum(need) - need               # cell -> its first joint, counted from the first
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
    main = np.full(n, len(ct))                   # cell -> its first operand that is no leaf
    strong = ~leaf[t]
    np.minimum.at(main, h[strong], edges[strong])
    weight = np.where(edges == main[h], 4.0, 1.0)
    some = np.full(n, -1)
    some[h[::-1]] = start[edges[::-1]]           # the first operand, where all are leaves
    first = main < len(ct)
    some[first] = start[main[first]]
    return _Layers(np.concatenate([rank, rank[chip_use] - 1, rank[owner] + 1 + step]),
                   np.concatenate([np.arange(n), chip_of, owner]),
                   np.concatenate([use, chip_use, owner]), start,
                   np.concatenate([start[edges], from_]), np.concatenate([h, joint]),
                   np.concatenate([weight, np.where(step == 0, 1.0, 8.0)]),
                   np.concatenate([some, np.full(chips, -1), from_]), chips)


def _order(layers: _Layers) -> Array:
    """The items of all ranks, rank by rank, from top to bottom.

    Depth first from the ends, then sweeps by barycentre and switches of neighbours; odd and even
    ranks take turns, all of a kind at once.
    """
    rank, tails, heads = layers.rank, layers.tails, layers.heads
    n = len(rank)
    size = np.bincount(rank)
    begin = np.cumsum(size) - size
    where = np.empty(n)          # item -> its place in its rank, 0 to 1

    def settle(place: Array) -> None:
        where[place] = (np.arange(n) - begin[rank[place]] + 0.5) / size[rank[place]]

    before, after = _Near(heads, tails, n), _Near(tails, heads, n)
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
    """No two links cross."""
    key = np.lexsort((where[heads], where[tails], rank[tails]))
    x, r = where[heads][key], rank[tails][key]
    return not ((x[1:] < x[:-1]) & (r[1:] == r[:-1])).any()


class _Near:
    """The items that each item is linked to on one side."""

    def __init__(self, items: Array, others: Array, n: int) -> None:
        self.count = np.bincount(items, minlength=n)
        self.begin = np.cumsum(self.count) - self.count
        self.others = others[np.argsort(items, kind="stable")]
        self.items = np.repeat(np.arange(n), self.count)

    def total(self, value: Array) -> Array:
        """item -> the sum of a value over its neighbours."""
        return np.bincount(self.items, value[self.others], len(self.count))

    def gain(self, a: Array, b: Array, where: Array) -> Array:
        """What each pair of neighbours would save by switching: crossings now less then."""
        da, db = self.count[a], self.count[b]
        pairs = np.where(da * db <= PAIRS, da * db, 0)
        which = np.repeat(np.arange(len(a)), pairs)
        k = np.arange(len(which)) - np.repeat(np.cumsum(pairs) - pairs, pairs)
        x = where[self.others[self.begin[a][which] + k // db[which]]]
        y = where[self.others[self.begin[b][which] + k % db[which]]]
        return np.bincount(which, np.sign(x - y), len(a))


def _depth_first(layers: _Layers, before: _Near) -> Array:
    """item -> when it is met from the ends backwards, first operands first."""
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


def _switched(place: Array, where: Array, rank: Array, begin: Array, before: _Near,
              after: _Near) -> Array:
    """Neighbours switched wherever that saves crossings; `where` is kept in step."""
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


def _levels(layers: _Layers, place: Array, half: Array) -> Array:
    """The y of each item: drawn to its neighbours, kept in order and apart by running extremes."""
    rank, tails, heads, weight = layers.rank, layers.tails, layers.heads, layers.weight
    n = len(rank)
    gap = np.where(half > 0, BOXES, LINES) / 2
    need = half + gap
    ranks = rank[place]
    step = need[place]
    new = np.concatenate([[True], ranks[1:] != ranks[:-1]])
    stack = np.cumsum(2 * step) - step           # centres, were all items one column
    offset = stack - stack[new][ranks]           # as the first of its rank begins at 0
    middle = np.zeros(len(stack[new]))
    np.maximum.at(middle, ranks, offset)
    base = ranks * APART
    y = np.empty(n)
    y[place] = offset
    line = middle / 2            # rank -> what is put at 0: its middle, or where the spine passes
    i = int(np.argmax(rank[:n] * (layers.main >= 0)))
    while i >= 0:
        line[rank[i]] = y[i]
        i = int(layers.main[i])
    y -= line[rank]
    heavy = np.bincount(heads, minlength=n) > 0  # leaves and chips give way to all else
    heavy |= (np.bincount(rank, heavy) == 0)[rank]
    voice = weight * heavy[tails]                # what a head hears: leaves have no say
    mass = np.bincount(heads, voice, n) + np.bincount(tails, weight, n) + ANCHOR
    firm = np.flatnonzero(heavy[place])
    loose = ~heavy[place]
    low, high = np.full(n, -np.inf), np.full(n, np.inf)
    for turn in range(60 if n < 40_000 else 20 if n < 400_000 else 10):
        pull = np.bincount(heads, voice * y[tails], n) + np.bincount(tails, weight * y[heads], n)
        wish = np.where(rank % 2 == turn % 2, pull / mass, y)
        z = wish[place] - offset + base
        z[firm] = (np.maximum.accumulate(z[firm])
                   + np.minimum.accumulate(z[firm][::-1])[::-1]) / 2
        low[firm] = high[firm] = z[firm]
        floor = np.maximum.accumulate(low)
        roof = np.minimum.accumulate(high[::-1])[::-1]
        z = np.where(loose, np.minimum(np.maximum(z, floor), roof), z)
        y[place] = np.maximum.accumulate(z) - base + offset
    return y
