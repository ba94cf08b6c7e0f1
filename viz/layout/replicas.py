"""Replicas: a thousand orders of a graph searched at once, each a bit of large integers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import cycle

from .ranks import Layers

Order = list[list[int]]          # rank -> its items from top to bottom
Pair = tuple[int, int, int, list[int], list[tuple[int, int]]]
REPLICAS = 1024
NOISE = 251                      # random masks that are drawn once; a prime, so no sweep is in step
KICK = 3                         # one pair in 2**KICK is put wrong while it is hot
CALM = 32                        # one replica in so many never is: no generation is a loss
FIRST, LATER = (2, 4), (1, 3)    # sweeps of a generation: hot ones, cold ones
LONG = (0, 1)                    # of the first one, where there are regions to follow
REGION = 12                      # ranks between two that are held
STEP = 17                        # masks skipped from sweep to sweep
ALL = (1 << REPLICAS) - 1


def generations(layers: Layers, effort: int) -> int:
    """How many generations so many operations on integers last for."""
    widths = [len(items) for items in layers.ranks]
    sweeps = effort // (1 + sum([w * (w - 1) // 2 * (w + 8) for w in widths]))
    if len(widths) > 2 * REGION:
        return max(2, 1 + (sweeps - sum(LONG)) // sum(LATER)) if sweeps >= sum(LATER) - 1 else 0
    return max(1, 1 + (sweeps - sum(FIRST)) // sum(LATER)) if sweeps >= sum(FIRST) - 1 else 0


class Replicas:
    """Orders of a layered graph that are improved side by side.

    For each two items a, b of a rank there is one integer, whose bit j says whether replica j has
    a before b. Neighbours that stand next to each other are switched in all replicas at once, by
    a few operations on whole integers, where fewer links cross by it: a thousand searches cost
    about ten times one. A generation shakes all replicas (hot: a few pairs are put wrong), lets
    them settle (cold), then all become the best of them; in a long graph each region between two
    ranks that are held is settled by itself, so that gains add up.
    Source: multi-spin coding: Jacobs, Rebbi 1981; go with the winners: Aldous, Vazirani 1994.
    """

    def __init__(self, layers: Layers) -> None:
        self.layers = layers
        self.row = [0] * len(layers.rank)        # item -> where its row of integers begins
        self.column = [0] * len(layers.rank)     # item -> its place in the others' rows
        size = 0
        for items in layers.ranks:
            for k, i in enumerate(items):
                self.row[i], self.column[i] = size + k * len(items), k
            size += len(items) ** 2
        self.before = [0] * size
        self.pairs: list[list[Pair]] = []                # rank -> its pairs
        self.links: list[list[tuple[int, int]]] = []     # rank -> pairs of links to the next one
        self.close: list[list[bool]] = []                # rank -> pair -> may it be switched
        for items in layers.ranks:
            pairs, links = self._pairs(items)
            self.pairs.append(pairs)
            self.links.append(links)
            self.close.append([True] * len(pairs))

    def _pairs(self, items: Sequence[int]) -> tuple[list[Pair], list[tuple[int, int]]]:
        row, column, up, down = self.row, self.column, self.layers.up, self.layers.down
        pairs: list[Pair] = []
        links: list[tuple[int, int]] = []
        width = len(items)
        for p, a in enumerate(items):
            for q in range(p + 1, width):
                b = items[q]
                k = row[a] + q
                near = [row[x] + column[y] for x in up[a] for y in up[b] if x != y]
                for x in down[a]:
                    for y in down[b]:
                        if x != y:
                            j = row[x] + column[y]
                            near.append(j)
                            links.append((k, j))
                others = list(zip(range(row[a], row[a] + width), range(row[b], row[b] + width)))
                del others[q], others[p]
                pairs.append((k, row[b] + p, len(near), near, others))
        return pairs, links

    def load(self, orders: Sequence[Order]) -> None:
        """Each order is given to an equal share of the replicas."""
        before, row, column = self.before, self.row, self.column
        before[:] = [0] * len(before)
        for k, ranks in enumerate(orders):
            share = (1 << REPLICAS * (k + 1) // len(orders)) - (1 << REPLICAS * k // len(orders))
            for items in ranks:
                for p, a in enumerate(items):
                    for b in items[p + 1:]:
                        before[row[a] + column[b]] |= share

    def generation(self, time: int) -> int:
        """Shakes, settles, selects. The crossings that are left; `time` counts generations."""
        n = len(self.pairs)
        cuts: list[int] = []
        hot, cold = LATER if time else LONG if n > 2 * REGION else FIRST
        if time and n > 2 * REGION:
            cuts = list(range(REGION if time % 2 else REGION // 2, n - 1, REGION))
        total = 0
        for low, high in zip([-1, *cuts], [*cuts, n]):
            for k in range(hot + cold):
                ranks = range(low + 1, high)
                self._sweep(ranks[::-1] if k % 2 else ranks, STEP * (8 * time + k), k < hot)
            before = self.before
            crossed, best = _least(_sum([before[a] ^ before[b] for links in
                                         self.links[max(low, 0):high] for a, b in links]))
            total += crossed
            j = 37 * time % REPLICAS                     # among equals another one each time
            best = best >> j << j or best
            self._select(range(low + 1, high), (best & -best).bit_length() - 1)
        return total

    def order(self) -> Order:
        """The order that all replicas have come to."""
        before, row = self.before, self.row
        return [sorted(items, key=lambda i: sum([before[k] & 1 for k in
                                                 range(row[i], row[i] + len(items))]), reverse=True)
                for items in self.layers.ranks]

    def _sweep(self, ranks: Sequence[int], shift: int, hot: bool) -> None:
        """Switches neighbours where that saves crossings, or as chance has it where it costs none.
        """
        before = self.before
        chance, kicks = _noise(shift), _kicks(shift)
        for r in ranks:
            for (k, back, n, near, others), close in zip(self.pairs[r], self.close[r]):
                if n == 2:
                    i, j = near
                    x, y = before[i], before[j]
                    want = x & y | (x | y) & next(chance)
                elif n == 3:
                    i, j, m = near
                    x, y = before[i], before[j]
                    want = x & y | (x | y) & before[m]
                elif n == 1:
                    want = before[near[0]]
                elif n == 4:
                    x, y, z, u = [before[j] for j in near]
                    two, one = x & y, x ^ y
                    more, last = z & u, z ^ u
                    want = two & more | (two | more) & (one | last) | \
                        (two | more | one & last) & next(chance)
                elif n > 4:
                    want = _majority([before[j] for j in near], next(chance))
                else:
                    want = next(chance)
                if hot and close:
                    want ^= next(kicks)
                turn = want ^ before[k]
                if turn:
                    apart = 0
                    for a, b in others:                  # who stands between them
                        apart |= before[a] ^ before[b]
                    turn = (turn | apart) ^ apart
                    before[k] ^= turn
                    before[back] ^= turn

    def _select(self, ranks: Sequence[int], j: int) -> None:
        """All replicas become the j-th."""
        before = self.before
        for r in ranks:
            width = len(self.layers.ranks[r])
            place = [0] * width
            ends = [(p, q) for p in range(width) for q in range(p + 1, width)]
            for (k, back, _, _, _), (p, q) in zip(self.pairs[r], ends):
                if before[k] >> j & 1:
                    before[k], before[back] = ALL, 0
                    place[q] += 1
                else:
                    before[k], before[back] = 0, ALL
                    place[p] += 1
            self.close[r] = [abs(place[p] - place[q]) == 1 for p, q in ends]


def _majority(votes: list[int], tie: int) -> int:
    """Bits set in most of five or more votes, and those of `tie` where it is half of them."""
    n = len(votes)
    if n < 7:
        a, b, c, d, e = votes[:5]
        x, y = a ^ b, d ^ e
        two = a & b | x & c      # of the first three; one more where x ^ c
        if n == 5:
            x ^= c
            more = d & e | y & x
            return two & more | (two | more) & (x ^ y)
        f = votes[5]
        more = d & e | y & f
        x, y = x ^ c, y ^ f
        return two & more | (two ^ more) & (x & y | (x ^ y) & tie)
    half, more, same = n // 2, 0, ALL
    digits = _sum(votes)
    for k in range(len(digits) - 1, -1, -1):
        if half >> k & 1:
            same &= digits[k]
        else:
            more |= same & digits[k]
            same &= ~digits[k]
    return more if n % 2 else more | same & tie


def _sum(terms: list[int]) -> list[int]:
    """How many terms have a bit set, for every bit: in binary, the k-th integer counts 2**k."""
    digits = []
    while terms:
        carry = []
        while len(terms) > 2:
            sums = terms[len(terms) // 3 * 3:]
            for x, y, z in zip(terms[::3], terms[1::3], terms[2::3]):
                u = x ^ y
                sums.append(u ^ z)
                carry.append(x & y | u & z)
            terms = sums
        if len(terms) == 2:
            x, y = terms
            terms = [x ^ y]
            carry.append(x & y)
        digits.append(terms[0])
        terms = carry
    return digits


def _least(digits: Sequence[int]) -> tuple[int, int]:
    """The least of the numbers written in these digits, and who has it."""
    least, who = 0, ALL
    for k in range(len(digits) - 1, -1, -1):
        fewer = who & ~digits[k]
        if fewer:
            who = fewer
        else:
            least |= 1 << k
    return least, who


def _noise(skipped: int) -> Iterator[int]:
    """Masks of random bits, on and on."""
    k = skipped % NOISE
    return cycle([*_masks(0)[k:], *_masks(0)[:k]])


def _kicks(skipped: int) -> Iterator[int]:
    """Masks with one bit in 2**KICK, on and on."""
    k = skipped % NOISE
    return cycle([*_masks(1)[k:], *_masks(1)[:k]])


@lru_cache(maxsize=2)
def _masks(rare: int) -> list[int]:
    """Random masks: the upper halves of a linear congruential sequence; `rare`: of few bits."""
    if rare:
        noise = _masks(0)
        calm = sum([1 << j for j in range(0, REPLICAS, CALM)])
        masks = [m & ~calm for m in noise]
        for k in range(1, KICK):
            masks = [m & noise[((k + 1) * i + 7 * k) % NOISE] for i, m in enumerate(masks)]
        return masks
    factor = 5 ** 881            # as long as the state; 5 modulo 8: the longest period
    masks, state = [], factor
    for _ in range(NOISE):
        state = (state * factor + 1) & (1 << 2 * REPLICAS) - 1
        masks.append(state >> REPLICAS)
    return masks
