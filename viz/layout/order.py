"""Order: the items of each rank from top to bottom, with few crossings, operands in order."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from .ranks import Layers

Order = list[list[int]]          # rank -> its items from top to bottom
CROSSING = 1000                  # cost of a crossing; two operands in the wrong order cost 2
SHIFT = 16                       # position << SHIFT | operand: one number that sorts by both
PATIENCE = 6                     # sweeps without a gain before a start is abandoned
GAIN = 0.995                     # factor that counts as a gain


def order(layers: Layers, *, starts: int = 3, sweeps: int = 24, effort: int = 0) -> Order:
    """Return the best order found from several deterministic starts.

    The first start is depth first from the ends, operands in order: without crossings it is
    returned, since it reads like the expression. Else sweeps and switches from other starts
    follow, then, with `effort`, repairs of the best.
    Source: Sugiyama, Tagawa, Toda 1981; Gansner, Koutsofios, North, Vo 1993.
    """
    if all(len(items) < 2 for items in layers.ranks):
        return [list(items) for items in layers.ranks]
    search = _OrderSearch(layers)
    for k, ranks in enumerate(_starts(layers, starts)):
        search.start(ranks)
        if k:
            search.improve(4 if k < 3 else 6)
        if not search.least:
            break
    if search.least and sweeps:
        search.restore()
        search.improve(sweeps)
    search.restore()
    search.refine(effort)
    search.tidy()
    return search.ranks


def crossings(layers: Layers, ranks: Order) -> int:
    """Return the number of crossings between neighbouring ranks."""
    search = _OrderSearch(layers)
    search.place(ranks)
    return search.crossings()


def _starts(layers: Layers, n: int) -> Iterator[Order]:
    """Yield orders: depth first from the ends; breadth first from either side; shuffled ones."""
    yield _depth_first(layers, 1)
    if n > 1:
        yield _breadth_first(layers, layers.up, layers.down)
    if n > 2:
        yield _breadth_first(layers, layers.down, layers.up)
    if n > 3:
        yield _depth_first(layers, -1)
    state = 1
    for _ in range(n - 4):
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


def _breadth_first(layers: Layers, before: list[list[int]], after: list[list[int]]) -> Order:
    seen = [False] * len(layers.rank)
    ranks: Order = [[] for _ in layers.ranks]
    for first in range(len(seen)):
        if seen[first] or before[first]:
            continue
        seen[first] = True
        queue = [first]
        for i in queue:          # grows during the loop
            ranks[layers.rank[i]].append(i)
            for j in after[i]:
                if not seen[j]:
                    seen[j] = True
                    queue.append(j)
    return ranks


class _OrderSearch:
    """A search that improves an order in place, and keeps the best one."""

    def __init__(self, layers: Layers) -> None:
        self.layers = layers
        self.ranks: Order = []
        self.pos = [0] * len(layers.rank)
        self.best: Order = []
        self.least = -1          # crossings of the best; -1: none seen

    def start(self, ranks: Order) -> None:
        """Continue from another order."""
        self.place(ranks)
        self._keep(self.crossings())

    def restore(self) -> None:
        """Return to the best order."""
        self.place(self.best)

    def place(self, ranks: Order) -> None:
        self.ranks = [list(items) for items in ranks]
        for items in self.ranks:
            for p, i in enumerate(items):
                self.pos[i] = p

    def _keep(self, found: int) -> None:
        if self.least < 0 or found < self.least:
            self.least = found
            self.best = [list(items) for items in self.ranks]

    def improve(self, sweeps: int) -> None:
        """Sweep by barycentre, and switch neighbours after each sweep. Half of the sweeps reverse
        ties, the other half make switches that cost nothing: this leads out of local minima."""
        ranks, n = self.ranks, len(self.ranks)
        idle = 0
        for sweep in range(sweeps):
            if not self.least or idle >= PATIENCE:
                break
            turn = sweep % 4 < 2
            if sweep % 2:
                for r in range(1, n):
                    self._sort(ranks[r], self.layers.up, turn)
            else:
                for r in range(n - 2, -1, -1):
                    self._sort(ranks[r], self.layers.down, turn)
            found = self.crossings() - self._switch(not turn)
            idle = 0 if found < GAIN * self.least else idle + 1
            self._keep(found)

    def refine(self, effort: int) -> None:
        """Shuffle two ranks with crossings, sweep a few ranks around them, and keep the result if
        there are no more crossings: unlike a new start, this preserves a good order elsewhere.
        effort: the average number of moves per item.
        """
        if not (self.least and effort):
            return
        ranks, pos, up, down = self.ranks, self.pos, self.layers.up, self.layers.down
        last = len(ranks) - 1
        gaps = [self._gap(r) for r in range(last)]
        total = sum(gaps)
        state, work = 1, effort * len(pos)
        while total and work > 0:
            state = (state * 1103515245 + 12345) & 0x7fffffff
            at, r = (state >> 8) % total, 0
            while at >= gaps[r]:
                at -= gaps[r]
                r += 1
            wide = 1 + (state >> 12 & 1)
            low, high = max(0, r - wide), min(last, r + 1 + wide)
            first, end = max(0, low - 1), min(high + 1, last)
            kept = ranks[low:high + 1]
            before = sum(gaps[first:end])
            for k in range(low, high + 1):
                ranks[k] = items = list(ranks[k])
                if r <= k <= r + 1:
                    for p in range(len(items) - 1, 0, -1):
                        state = (state * 1103515245 + 12345) & 0x7fffffff
                        q = (state >> 8) % (p + 1)
                        items[p], items[q] = items[q], items[p]
                    for p, i in enumerate(items):
                        pos[i] = p
            flip, turn = state >> 9 & 1, bool(state >> 10 & 1)
            for k in (0, 1):
                if k == flip:
                    for j in range(min(high, last - 1), low - 1, -1):
                        self._sort(ranks[j], down, turn)
                else:
                    for j in range(low or 1, high + 1):
                        self._sort(ranks[j], up, turn)
                self._switch(not turn, low, high)
                work -= sum([len(items) for items in kept])
                found = [self._gap(j) for j in range(first, end)]
                after = sum(found)
                if after <= before:
                    break
            if after <= before:
                gaps[first:end] = found
                total += after - before
            else:
                ranks[low:high + 1] = kept
                for items in kept:
                    for p, i in enumerate(items):
                        pos[i] = p
        self._keep(total)

    def _gap(self, r: int) -> int:
        """Return the number of crossings between a rank and the next."""
        pos, down = self.pos, self.layers.down
        total = 0
        seen: list[int] = []
        top = -1
        for i in self.ranks[r]:
            js = down[i]
            if len(js) == 1:
                p = pos[js[0]]
                if p >= top:
                    seen.append(p)
                    top = p
                else:
                    at = bisect_right(seen, p)
                    total += len(seen) - at
                    seen.insert(at, p)
            elif js:
                ps = [pos[j] for j in js]
                n = len(seen)
                for p in ps:
                    if p < top:
                        total += n - bisect_right(seen, p)
                seen += ps
                seen.sort()
                top = seen[-1]
        return total

    def _sort(self, items: list[int], near: list[list[int]], turn: bool) -> None:
        """Sort a rank by barycentres of neighbours; items without neighbours keep their place."""
        pos = self.pos
        places, keys = [], []
        for p, i in enumerate(items):
            js = near[i]
            if js:
                k = len(js)
                key = pos[js[0]] if k == 1 else sum([pos[j] for j in js]) / k
                places.append(p)
                keys.append((key, -p if turn else p, i))
        if len(keys) > 1:
            keys.sort()
            for p, (_, _, i) in zip(places, keys):
                items[p] = i
                pos[i] = p

    def _switch(self, even: bool, low: int = 0, high: int = -1) -> int:
        """Switch neighbours where that saves crossings (`even`: or costs none); return the savings.

        Only the ranks `low` to `high`, if given. Passes after the first visit only items whose
        neighbours have moved.
        """
        pos, up, down, rank = self.pos, self.layers.up, self.layers.down, self.layers.rank
        ranks = self.ranks[low:high + 1] if high >= 0 else self.ranks
        places: list[list[int]] = [list(range(len(items) - 1)) for items in ranks]
        total = 0
        for _ in range(6):
            saved = 0
            touched: list[int] = []
            for items, at in zip(ranks, places):
                for p in at:
                    a, b = items[p], items[p + 1]
                    ups, downs = up[b], down[b]
                    now = then = 0
                    if ups:
                        for i in up[a]:
                            x = pos[i]
                            for j in ups:
                                y = pos[j]
                                if x > y:
                                    now += 1
                                elif x < y:
                                    then += 1
                    if downs:
                        for i in down[a]:
                            x = pos[i]
                            for j in downs:
                                y = pos[j]
                                if x > y:
                                    now += 1
                                elif x < y:
                                    then += 1
                    if now and (now > then or even and now == then):
                        items[p], items[p + 1] = b, a
                        pos[b], pos[a] = p, p + 1
                        if now > then:
                            saved += now - then
                            touched += up[a]
                            touched += up[b]
                            touched += down[a]
                            touched += down[b]
                            touched += (a, b)
            total += saved
            if not saved:
                break
            marked: list[set[int]] = [set() for _ in ranks]
            for i in touched:
                if 0 <= (r := rank[i] - low) < len(ranks):
                    p = pos[i]
                    marked[r].add(p)
                    marked[r].add(p - 1)
            for r, items in enumerate(ranks):
                places[r] = sorted(marked[r] - {-1, len(items) - 1})
        return total

    def crossings(self) -> int:
        """Return the number of crossings."""
        return sum([self._gap(r) for r in range(len(self.ranks) - 1)])

    def tidy(self) -> None:
        """Put operands in order where that adds no crossing; turn all upside down if better."""
        if not (self.least or self._disorder()):
            return
        self._arrange()
        if len(self.pos) > 400:
            return
        cost = self._cost()
        if not cost % CROSSING:
            return
        kept = [list(items) for items in self.ranks]
        self.start([items[::-1] for items in kept])
        self._arrange()
        if self._cost() >= cost:
            self.start(kept)

    def _cost(self) -> int:
        """Return the cost of crossings and of operands out of order."""
        return CROSSING * self.crossings() + self._disorder()

    def _disorder(self) -> int:
        """Return the cost of operands out of order: 2, or 1 with a rail (a crossing: 1000)."""
        down, slot = self.layers.down, self.layers.slot
        joints = self.layers.n_pairs + self.layers.n_chips
        cost = 0
        for items in self.ranks:
            wrong: dict[int, list[int]] = {}
            for i in items:
                for j, k in zip(down[i], slot[i]):
                    wrong.setdefault(j, []).append(k << 1 | (i >= joints))
            for ks in wrong.values():
                if len(ks) > 1 and ks != sorted(ks):
                    cost += sum([2 - ((a | b) & 1) for q, b in enumerate(ks)
                                 for a in ks[max(0, q - 30):q] if a > b])
        return cost

    def _arrange(self) -> None:
        """Switch neighbours wherever that saves a crossing or puts operands in order."""
        ranks, pos = self.ranks, self.pos
        up, down, slot = self.layers.up, self.layers.down, self.layers.slot
        joints = self.layers.n_pairs + self.layers.n_chips
        dirty = [len(items) > 1 for items in ranks]
        for _ in range(20):
            if not any(dirty):
                break
            for r, items in enumerate(ranks):
                if not dirty[r]:
                    continue
                dirty[r] = moved = False
                ups = [[pos[j] << SHIFT for j in up[i]] for i in items]
                downs = [[pos[j] << SHIFT | k << 1 | (i >= joints)
                          for j, k in zip(down[i], slot[i])] for i in items]
                for p in range(len(items) - 1):
                    q = p + 1
                    if _gain(ups[p], ups[q]) + _gain(downs[p], downs[q]) > 0:
                        a, b = items[p], items[q]
                        items[p], items[q] = b, a
                        pos[b], pos[a] = p, q
                        ups[p], ups[q] = ups[q], ups[p]
                        downs[p], downs[q] = downs[q], downs[p]
                        moved = True
                if moved:
                    for near in (r - 1, r, r + 1):
                        if 0 <= near < len(ranks):
                            dirty[near] = len(ranks[near]) > 1


def _gain(a: list[int], b: list[int]) -> int:
    """Return the crossings that switching neighbours a, b saves on one side."""
    gain = 0
    for x in a:
        for y in b:
            if x > y:
                gain += CROSSING if x >> SHIFT != y >> SHIFT else 2 - ((x | y) & 1)
            elif x < y:
                gain -= CROSSING if x >> SHIFT != y >> SHIFT else 2 - ((x | y) & 1)
    return gain
