"""Ranks: the column of each pair, the rails that pass through, the leaves that are copied."""

from __future__ import annotations

from typing import NamedTuple

from .op_pairs import OpPairs

CHIPS = 5                        # leaves of more uses, over several ranks, are copied per use
REACH = 8                        # and so are leaves whose rail would be longer than this
FEW, NEAR = 3, 2                 # the same if lines cross
MANY = 16                        # for pairs of more uses the last use is not determined
GROUP = 30                       # maximum pairs moved together
EFFORT = 30                      # pairs that may be visited for each of the first 400 pairs


class Layers(NamedTuple):
    """A layered graph of items: links join neighbouring ranks only.

    An item is a pair (its number is the pair's), a chip (a copy of a leaf for one use) or a
    joint (where a rail or a long edge passes through a rank).
    """

    ranks: list[list[int]]       # rank -> its items, in order of making
    rank: list[int]              # item -> rank
    up: list[list[int]]          # item -> items of the previous rank, operand order, repeats kept
    down: list[list[int]]        # item -> items of the next rank
    slot: list[list[int]]        # item -> its operand index in each of `down`
    source: list[int]            # item -> the pair it represents, copies or continues
    paths: list[tuple[int, ...]]  # edge -> its items from first to last; () if glued
    n_pairs: int                 # items below it are pairs
    n_chips: int                 # items from n_pairs up to n_pairs + n_chips are chips


def ranks(pairs: OpPairs, *, rails: bool = True) -> list[int]:
    """Return the rank of each pair: longest paths without leaves, then shorter lines.

    A pair moves to just before its first use if that shortens lines (with `rails` a pair's edges
    share one line, up to the farthest use); at equal length it stays early, so that similar pairs
    stay side by side. Then groups of pairs that push each other move later or earlier, if that
    shortens lines. Leaves are one rank before their first use. Linear in the graph, since the
    number of attempts is bounded.
    """
    ins, outs, leaf, tail, head = pairs.ins, pairs.outs, pairs.leaf, pairs.tail, pairs.head
    n = len(ins)
    takes = [[tail[e] for e in ins[v] if not leaf[tail[e]]] for v in range(n)]
    uses = [[head[e] for e in outs[v]] for v in range(n)]
    if rails:
        takes = [list(dict.fromkeys(us)) if len(us) > 1 else us for us in takes]
    rank = [0] * n
    for v, us in enumerate(takes):
        if not leaf[v]:
            r = 0
            for u in us:
                if rank[u] > r:
                    r = rank[u]
            rank[v] = r + 1
    _move_late(rank, takes, uses, leaf, rails)
    effort = EFFORT * min(n, 400)
    for _ in range(4):
        before = list(rank)
        for sign, ahead, behind in ((1, uses, takes), (-1, takes, uses)):
            effort = _move_groups(rank, ahead, behind, leaf, rails, sign, effort)
        if effort < 0 or rank == before:
            break
    for v in range(n):
        if leaf[v] and uses[v]:
            rank[v] = min([rank[w] for w in uses[v]]) - 1
    least = min(rank, default=0)
    return [r - least for r in rank]


def _move_late(rank: list[int], takes: list[list[int]], uses: list[list[int]], leaf: list[bool],
               rails: bool) -> None:
    """Move pairs late, in place, if lines get shorter by it (without rails: no longer)."""
    reach = _last_uses(rank, uses) if rails else []
    for v in range(len(rank) - 1, -1, -1):
        ws = uses[v]
        if leaf[v] or not ws:
            continue
        late = (rank[ws[0]] if len(ws) == 1 else min([rank[w] for w in ws])) - 1
        gain = late - rank[v]
        if gain <= 0:
            continue
        if rails:
            gain -= sum([late - reach[u] for u in takes[v] if reach[u] < late])
        else:
            gain *= len(uses[v]) - len(takes[v])
        if gain > 0 or not rails and not gain:
            rank[v] = late
            if rails:
                for u in takes[v]:
                    reach[u] = max(reach[u], late)


def _last_uses(rank: list[int], uses: list[list[int]]) -> list[int]:
    """Return, by pair, the rank of its last use."""
    return [rank[ws[0]] if len(ws) == 1 else max([rank[w] for w in ws]) if ws else 0
            for ws in uses]


def _move_groups(rank: list[int], ahead: list[list[int]], behind: list[list[int]], leaf: list[bool],
                 rails: bool, sign: int, effort: int) -> int:
    """Move pairs by `sign`, with all they push, if lines get shorter; return the remaining effort.

    A set that moves is closed: it includes the pairs that touch it on the side it moves to.
    """
    n = len(rank)
    inside = [-1] * n            # pair -> the last seed with it in its set
    uses, takes = (ahead, behind) if sign > 0 else (behind, ahead)
    reach = _last_uses(rank, uses) if rails else []
    for seed in range(n - 1, -1, -1) if sign > 0 else range(n):
        if leaf[seed] or not ahead[seed] or effort < 0:
            continue
        if rails:                # lines that end here may get longer or shorter
            ends, own, us = 0, rank[seed], takes[seed]
            if sign < 0 and len(us) < 2:
                continue
            for u in us:
                ends += reach[u] == own
            if ends if sign > 0 else ends < 2:
                continue
        elif len(ahead[seed]) <= len(behind[seed]):
            continue
        group = [seed]
        inside[seed] = seed
        for u in group:          # grows during the loop
            near = rank[u] + sign
            for w in ahead[u]:
                if rank[w] == near and inside[w] != seed:
                    inside[w] = seed
                    group.append(w)
            if len(group) > GROUP:
                break
        effort -= len(group)
        if len(group) > GROUP:
            continue
        slack = min([(rank[w] - rank[u]) * sign - 1 for u in group for w in ahead[u]
                     if inside[w] != seed], default=0)
        if slack > 0 and _shortening(rank, ahead, behind, inside, seed, group, rails,
                                     sign * slack) > 0:
            for u in group:
                rank[u] += sign * slack
            effort -= len(group)
    return effort


def _shortening(rank: list[int], ahead: list[list[int]], behind: list[list[int]], inside: list[int],
                seed: int, group: list[int], rails: bool, step: int) -> int:
    """Return the reduction in line length if a group of pairs moves by `step` ranks."""
    if not rails:
        return sum([len(ahead[u]) - len(behind[u]) for u in group])     # edges within cancel out
    uses, takes = (ahead, behind) if step > 0 else (behind, ahead)
    gain = 0
    for u in {*group, *[w for u in group for w in takes[u]]}:
        if len(uses[u]) > MANY:
            continue
        own = inside[u] == seed
        now = then = 0
        for w in uses[u]:
            r = rank[w]
            now = max(now, r)
            then = max(then, r + step if inside[w] == seed else r)
        if uses[u]:
            gain += now - then + (step if own else 0)
    return gain


def layers(pairs: OpPairs, *, chips: bool = True, rails: bool = True, crossed: bool = False
           ) -> Layers:
    """Return the layers of a graph, with a joint wherever an edge passes through a rank.

    chips: copy much-shared leaves for each use.
    rails: all edges of a pair share one line.
    crossed: for graphs whose lines cross; leaves of few uses are copied too, and ranks are as if
    each edge had its own line.
    """
    few, near = (FEW, NEAR) if crossed else (CHIPS, REACH)
    ins, outs, leaf, tail, head = pairs.ins, pairs.outs, pairs.leaf, pairs.tail, pairs.head
    n = len(ins)
    rank = ranks(pairs, rails=rails and not crossed)
    source = list(range(n))
    start = list(tail)           # edge -> item it starts at
    if chips:
        for v in range(n):
            if not leaf[v] or len(outs[v]) < 2 or pairs.whole[v]:
                continue
            uses = sorted({head[e] for e in outs[v]})
            span = max([rank[h] for h in uses]) - rank[v]
            if span > 1 and len(uses) > few or span > near:
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
            if rank[v] - rank[s] == 1:
                paths[e] = (s, v)
                up[v].append(s)
                down[s].append(v)
                slot[s].append(k)
                continue
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
