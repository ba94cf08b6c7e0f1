"""Find runs of a repeated segment in a program, by the order in which ops were made."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from ..graph.program import Program

CAPS = (4, 16, 64, 256, 1024, 4096, 1 << 60)       # periods are tried from short to long, in items
ROUNDS = 40                      # nested runs: each round contracts all it finds
EFFORT = 60                      # ops that may be compared in vain, per op of the program
SAVED = 6                        # least number of ops that a frame must save
INDEXED = 8                      # repeats at least if attributes progress, as in z[:, 4:8]
LAGS = 3                         # the longest lag of a repeat: y[t − 3]


class Repetition(NamedTuple):
    """A segment of `period` ops from `start` on, `times` in a row; runs within its first repeat."""

    start: int
    period: int
    times: int
    inner: tuple[Repetition, ...] = ()

    def moved(self, by: int) -> Repetition:
        """Return the same run at another place."""
        return Repetition(self.start + by, self.period, self.times,
                          tuple([run.moved(by) for run in self.inner]))


def find_repetitions(program: Program) -> list[Repetition]:
    """Return all runs of a program, nested, in order.

    Candidate periods are distances to the last occurrence of the same three items, or, if that
    fails, of the same three with the same leaves: in y*x*0.9 all ops are alike. A run is as long as
    each repeat takes its inputs like the one before it (`count_repeats`). Short periods come first
    and become one item each, so that a run of runs is found next. Linear in the program for each
    level of nesting: comparing in vain is bounded.
    """
    n = len(program.label)
    start, label = list(range(n)), list(program.label)
    inner: dict[int, Repetition] = {}   # start of an item that is a run -> the run
    fed = _operand_labels(program)          # item -> its label and leaves
    drawn = [1] * n              # item -> number of its ops that are drawn
    names: dict[tuple[int, ...], int] = {}
    fresh = max(label, default=0) + 1
    effort = [EFFORT * n]
    for _ in range(ROUNDS):
        found: list[tuple[int, int, int]] = []
        for alike in (label, fed):
            near = _distances(start, alike, inner)
            for low, cap in zip((0, *CAPS), CAPS):
                found = _scan(program, start, label, drawn, near, (low, cap), effort)
                if found or cap >= len(start):
                    break
            if found:
                break
        if not found:
            break
        kept = 0
        new: tuple[list[int], ...] = ([], [], [], [])
        for at, d, count in found:
            for column, old in zip(new, (start, label, fed, drawn)):
                column += old[kept:at]
            period = start[at + d] - start[at]
            body = tuple(label[at:at + d])
            key = (period, count, *body)
            inside = tuple([inner[s] for s in start[at:at + d] if s in inner])
            inner[start[at]] = Repetition(start[at], period, count, inside)
            if key not in names:
                names[key] = fresh
                fresh += 1
            for column, value in zip(new, (start[at], names[key], names[key],
                                           sum(drawn[at:at + d]))):
                column.append(value)
            kept = at + d * count
        for column, old in zip(new, (start, label, fed, drawn)):
            column += old[kept:]
        start, label, fed, drawn = new
    return [inner[s] for s in start if s in inner]


def _operand_labels(program: Program) -> list[int]:
    """Return numbers below −2, equal for ops of one label with the same leaves, in order; leaves
    that are used once are equal if of one kind."""
    label, first, source, leaf = program[:4]
    uses: dict[int, int] = {}
    for s in source:
        if s < 0:
            uses[s] = uses.get(s, 0) + 1
    told = [0 if s >= 0 else s if uses[s] > 1 else leaf[-1 - s] + 1 for s in source]
    names: dict[tuple[int, ...], int] = {}
    return [names.setdefault((label[i], *told[first[i]:first[i + 1]]), -3 - len(names))
            for i in range(len(label))]


class Distances(NamedTuple):
    """Item -> distance to the same three items before it, or 0; for a run also to its equal."""

    three: list[int]
    equal: dict[int, int]

    def back(self, i: int) -> tuple[int, ...]:
        three, equal = self.three[i], self.equal.get(i, 0)
        return (three,) if three and equal in (0, three) else (three, equal) if three else \
            (equal,) if equal else ()


def _distances(start: list[int], label: list[int], inner: dict[int, Repetition]) -> Distances:
    """Return the distances from each item to its previous equal."""
    n = len(label)
    three = [0] * n
    equal: dict[int, int] = {}
    last: dict[Any, int] = {}    # three items, or a run -> their last position
    for i, items in enumerate(zip(label, label[1:], label[2:])):
        three[i] = i - last.get(items, i)
        last[items] = i
    for i in sorted({*[i for i, s in enumerate(start) if s in inner], *range(max(n - 2, 0), n)}):
        if i > n - 3 and start[i] not in inner:    # fewer than three are left
            before = label[:i][::-1]
            if label[i] in before:
                equal[i] = before.index(label[i]) + 1
            continue
        if label[i] in last:
            equal[i] = i - last[label[i]]
        last[label[i]] = i
    return Distances(three, equal)


def _scan(program: Program, start: list[int], label: list[int], drawn: list[int],
          near: Distances, caps: tuple[int, int], effort: list[int]) -> list[tuple[int, int, int]]:
    """Find runs with a period above the lower cap and up to the upper one, in items, that do not
    overlap: (first item, period, count)."""
    found: list[tuple[int, int, int]] = []
    n, end = len(label), 0       # items before `end` are taken
    ops = len(program.label)
    i = 0
    three, equal = near
    low, cap = caps
    while i < n:
        if not three[i] and i not in equal:
            i += 1
            continue
        for d in near.back(i):
            at = i - d
            if d > cap or d <= low or at < end or i + d > n or effort[0] < 0 or \
                    label[at:i] != label[i:i + d]:
                continue
            count = _count_aligned(label, at, d, count_repeats(
                program, start[at], start[i] - start[at], ops))
            if saves_enough(count, sum(drawn[at:i])):
                at, count = _best_start(program, start, label,
                                        *_extend_back(program, start, label, at, d, count, end))
                found.append((at, d, count))
                end = at + d * count
                i = end - 1
                break
            effort[0] -= start[i] - start[at]
        i += 1
    return found


def saves_enough(count: int, ops: int) -> bool:
    """Return whether a run gets a frame: it saves enough; with two repeats, only for a long
    segment."""
    return count >= (3 if ops < SAVED else 2) and (count - 1) * ops >= SAVED


def _count_aligned(label: list[int], at: int, d: int, count: int) -> int:
    """Return the number of repeats, up to `count`, that consist of the same items."""
    body, k = label[at:at + d], 1
    while k < count and label[at + k * d:at + (k + 1) * d] == body:
        k += 1
    return k


def _extend_back(program: Program, start: list[int], label: list[int], at: int, d: int, count: int,
                 end: int) -> tuple[int, int, int]:
    """Return a run from its earliest start: its three items may occur later in the segment."""
    back = 0
    while back < 2 * d and at - back > end and label[at - back - 1] == label[at - back - 1 + d]:
        back += 1
    for earlier in (back, back - back % d):
        if earlier:
            b = at - earlier
            again = _count_aligned(label, b, d, count_repeats(
                program, start[b], start[b + d] - start[b], len(program.label)))
            if again >= count:
                return b, d, again
    return at, d, count


def _best_start(program: Program, start: list[int], label: list[int], at: int, d: int, count: int
                ) -> tuple[int, int]:
    """Return the best start of a run: at a pass of the loop, at a scope, where few values are live.
    """
    s, p = start[at], start[at + d] - start[at]
    if d == 1 or d > 2000 or p * d > 40_000 or at + 2 * d > len(start):
        return at, count
    first, source = program.first, program.source
    change = [0] * (2 * p + 1)   # numbers of live values at the boundaries, as differences
    last: dict[int, int] = {}    # op of the segment -> distance to the last use of its value
    for o in range(s + p, s + 2 * p):
        for u in source[first[o]:first[o + 1]]:
            if u >= s:
                last[(u - s) % p] = max(last.get((u - s) % p, 0), o - u)
    for q, reach in last.items():
        change[q + 1] += 1
        change[min(q + reach, 2 * p - 1) + 1] -= 1
    live = list(accumulate(change))

    def cost(shift: int) -> tuple[int, int, int, int]:
        b = start[at + shift] - s
        inside = slice(s + b, s + b + p)
        return (len(set(program.passes[inside])), -_common_length(program.group[inside]),
                live[b] + live[b + p] if b else live[p], shift)

    for _, _, _, shift in sorted(map(cost, range(d)))[:3]:
        if shift == 0:
            break
        b = at + shift
        if b + d >= len(start):
            continue
        again = _count_aligned(label, b, d, count_repeats(program, start[b], p, len(program.label)))
        if again >= max(count - 1, 2):
            return b, again
    return at, count


def _common_length(paths: Sequence[tuple[str, ...]]) -> int:
    """Return the number of leading words that all paths share."""
    low, high = min(paths), max(paths)
    k = 0
    while k < min(len(low), len(high)) and low[k] == high[k]:
        k += 1
    return k


def count_repeats(program: Program, s: int, p: int, end: int) -> int:
    """Return how often the p ops from s on are repeated, each repeat wired like the one before it.

    An input is the same for all repeats; or of the same repeat; or of an earlier one, with any
    source before s for the first repeats; or a leaf like the others; or, from three repeats on, an
    op before s, at a constant distance from repeat to repeat.
    """
    label, first, source, leaf = program.label, program.first, program.source, program.leaf
    body = label[s:s + p]
    if s + 2 * p > end or label[s + p:s + 2 * p] != body or s in program.parts:
        return 1
    a, b = source[first[s]:first[s + p]], source[first[s + p]:first[s + 2 * p]]
    third = s + 3 * p <= end and label[s + 2 * p:s + 3 * p] == body
    c = source[first[s + 2 * p]:first[s + 3 * p]] if third else b
    shift, ways = [0] * len(a), [""] * len(a)
    for j, (v, u, w) in enumerate(zip(a, b, c)):
        if u >= s:
            if u >= s + p and v != u - p or u < s + p and v >= s:
                return 1
            shift[j] = p
        elif v >= s:
            return 1
        elif third and s <= w < s + p:             # y[t − 2]: two repeats start from before s
            shift[j], ways[j] = p, "late"
        elif u == v and (w == u or w >= 0):
            pass
        elif u < 0 and v < 0:
            if leaf[-1 - u] != leaf[-1 - v]:
                return 1
            ways[j] = "leaf"
        elif u >= 0 and v >= 0 and third and label[u] == label[v]:
            shift[j], ways[j] = u - v, "each"
        else:
            return 1
    count = _count_agreeing(program, s, p, shift, ways) if third else 2
    count, grow = _check_attributes(program, s, p, count)
    return 1 if grow and count < INDEXED or count == 2 and "each" in ways else count


def _count_agreeing(program: Program, s: int, p: int, shift: Sequence[int], ways: Sequence[str]
                    ) -> int:
    """Return the number of repeats, given that the first two agree.

    shift: the increment of each source per repeat. ways: leaf for another leaf each time, each for
    an op before s, late for an input taken from the run from the third repeat on.
    """
    label, first, source, leaf = program.label, program.first, program.source, program.leaf
    end, reach = s + 2 * p, max(64, 2 * p)
    while end < len(label):                        # the work is proportional to the result
        ahead = label[end:end + reach]
        same = _equal_length(ahead, label[end - p:end - p + len(ahead)])
        end += same
        if same < len(ahead):
            break
        reach *= 2
    count = (end - s) // p
    start, wide = first[s], first[s + p] - first[s]
    for j, (by, way) in enumerate(zip(shift, ways)):
        since = 2 if way == "late" else 1          # the first repeat to compare
        if count <= since:
            break
        fed = source[start + since * wide + j:start + count * wide:wide]
        if way == "leaf":
            fed = [leaf[-1 - u] if u < 0 else -1 for u in fed]
        elif way == "each":
            fed = fed[:next((k for k, u in enumerate(fed) if not 0 <= u < s), count)]
        count = since + _equal_length(fed, _progression(fed[0], by, len(fed)))
    return count


def _equal_length(a: Sequence[Any], b: Sequence[Any]) -> int:
    """Return the number of leading items that two lists of one length share."""
    return len(a) if a == b else next(k for k, (x, y) in enumerate(zip(a, b)) if x != y)


def _progression(start: int, by: int, n: int) -> list[int]:
    return list(range(start, start + n * by, by)) if by else [start] * n


def _check_attributes(program: Program, s: int, p: int, count: int) -> tuple[int, bool]:
    """Return the number of repeats with evenly growing integer attributes; and if any grow."""
    numbers, grow = program.numbers, False
    for o in range(s, s + p) if numbers and count > 1 else ():
        if o in numbers:
            column = [numbers[o + k * p] for k in range(count)]
            by = [y - x for x, y in zip(*column[:2])]
            grow |= any(by)
            count = _equal_length(column, [
                tuple([x + k * d for x, d in zip(column[0], by)]) for k in range(count)
            ] if any(by) else column[:1] * count)
    return count, grow


class Slot(NamedTuple):
    """The source of one input of a run's segment."""

    way: str                     # own, carried, shared, leaf or each
    lag: int = 0                 # of a carried input: number of repeats back
    of: int = -1                 # of an own or carried one: the op of the segment that made it


def find_slots(program: Program, s: int, p: int, count: int) -> tuple[Slot, ...] | None:
    """Return the source of each input of a segment in all its repeats; None if they do not repeat.

    The check is exact: it compares each label, each attribute and each input of each repeat.
    """
    label, first, source, leaf = program.label, program.first, program.source, program.leaf
    if label[s:s + p * count] != label[s:s + p] * count or s in program.parts:
        return None
    if _check_attributes(program, s, p, count)[0] < count:
        return None
    wide = first[s + p] - first[s]
    found = []
    for j in range(first[s], first[s + p]):
        fed = source[j:j + wide * count:wide]
        slot = _find_slot(fed, s, p, label, leaf)
        if slot is None:
            return None
        found.append(slot)
    return tuple(found)


def _find_slot(fed: list[int], s: int, p: int, label: list[int], leaf: list[int]) -> Slot | None:
    if fed[0] >= s:
        whole = fed[0] < s + p and fed == _progression(fed[0], p, len(fed))
        return Slot("own", 0, fed[0] - s) if whole else None
    if fed.count(fed[0]) == len(fed):
        return Slot("shared")
    for lag in range(1, min(LAGS + 1, len(fed))):
        u = fed[lag]
        if u >= s:
            rest = fed[lag:]
            whole = u < s + p and rest == _progression(u, p, len(rest))
            return Slot("carried", lag, u - s) if whole else None
    if max(fed) < 0:
        return Slot("leaf") if len({leaf[-1 - u] for u in fed}) == 1 else None
    d = fed[1] - fed[0]
    if min(fed) < 0 or max(fed) >= s or len({label[u] for u in fed}) > 1 or d == 0:
        return None
    return Slot("each") if fed == _progression(fed[0], d, len(fed)) else None
