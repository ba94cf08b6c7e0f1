"""Periods: runs of a repeated segment in a program, found from the order in which ops were made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..program import Program

CAPS = (4, 16, 64, 256, 1024, 4096, 1 << 60)       # periods are tried from short to long, in items
ROUNDS = 40                      # runs of runs of runs ...: each round contracts all it finds
EFFORT = 60                      # ops that may be compared in vain, for each op of the program
SAVED = 6                        # a run is worth a frame where it saves so many ops
INDEXED = 8                      # so many at least where attributes count on, as z[:, 4:8] does
LAGS = 3                         # y[t − 3] is the farthest that a repeat reaches back


class Run(NamedTuple):
    """A segment of `period` ops from `start` on, `times` in a row; runs within its first repeat."""

    start: int
    period: int
    times: int
    inner: tuple[Run, ...] = ()

    def moved(self, by: int) -> Run:
        """The same run elsewhere."""
        return Run(self.start + by, self.period, self.times,
                   tuple([run.moved(by) for run in self.inner]))


def runs(program: Program) -> list[Run]:
    """All runs of a program, nested, in order.

    A period is a distance to the last place where the same three items began, and where nothing is
    found so, the same three of the same leaves: in y*x*0.9 all ops are alike. A run is as long as
    each repeat takes its inputs as the one before it does (`repeats`). Short periods come first and
    become one item each, so that a run of runs is found next. Linear in the program for each level
    of nesting: comparing in vain is bounded.
    """
    n = len(program.label)
    program = program._replace(arrays=tuple(
        [np.array(column, dtype=int) for column in program[:4]]))
    start, label = list(range(n)), list(program.label)
    inner: dict[int, Run] = {}   # start of an item that is a run -> the run
    fed = _fed(program)          # item -> what it is and the leaves it takes
    drawn = [1] * n              # item -> how many ops of it are drawn
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
            inner[start[at]] = Run(start[at], period, count, inside)
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


def _fed(program: Program) -> list[int]:
    """Op -> a number below −2, the same for ops of one label that take the same leaves, in order;
    a leaf that is taken once is like any other of its kind."""
    label, first, source, leaf = program[:4]
    uses: dict[int, int] = {}
    for s in source:
        if s < 0:
            uses[s] = uses.get(s, 0) + 1
    told = [0 if s >= 0 else s if uses[s] > 1 else leaf[-1 - s] + 1 for s in source]
    names: dict[tuple[int, ...], int] = {}
    return [names.setdefault((label[i], *told[first[i]:first[i + 1]]), -3 - len(names))
            for i in range(len(label))]


class Near(NamedTuple):
    """Item -> how far back the same three items began, or 0; of a run also how far its equal."""

    three: list[int]
    equal: dict[int, int]

    def back(self, i: int) -> tuple[int, ...]:
        three, equal = self.three[i], self.equal.get(i, 0)
        return (three,) if three and equal in (0, three) else (three, equal) if three else \
            (equal,) if equal else ()


def _distances(start: list[int], label: list[int], inner: dict[int, Run]) -> Near:
    """How far back each item may find its like. Sorts the items, by three."""
    n = len(label)
    row = np.array([*label, -1, -2])
    _, one = np.unique(row, return_inverse=True)
    _, two = np.unique(one[:-1] * (n + 2) + one[1:], return_inverse=True)
    three = two[:n] * (n + 2) + one[2:]
    order = np.argsort(three, kind="stable")
    again = three[order[1:]] == three[order[:-1]]
    back = np.zeros(n, dtype=int)
    back[order[1:][again]] = (order[1:] - order[:-1])[again]
    equal: dict[int, int] = {}
    last: dict[int, int] = {}
    for i in sorted({*[i for i, s in enumerate(start) if s in inner], *range(max(n - 2, 0), n)}):
        if i > n - 3 and start[i] not in inner:    # no three begin here
            before = np.flatnonzero(one[:i] == one[i])
            if len(before):
                equal[i] = i - int(before[-1])
            continue
        if label[i] in last:
            equal[i] = i - last[label[i]]
        last[label[i]] = i
    return Near(back.tolist(), equal)


def _scan(program: Program, start: list[int], label: list[int], drawn: list[int],
          near: Near, caps: tuple[int, int], effort: list[int]) -> list[tuple[int, int, int]]:
    """Runs of a period of more than the lower cap and at most the upper one in items, that do not
    overlap: (first item, period, count)."""
    found: list[tuple[int, int, int]] = []
    n, end = len(label), 0       # what stands before `end` is taken
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
            count = _aligned(label, at, d, repeats(program, start[at], start[i] - start[at], ops))
            if worth(count, sum(drawn[at:i])):
                at, count = _phase(program, start, label,
                                   *_earlier(program, start, label, at, d, count, end))
                found.append((at, d, count))
                end = at + d * count
                i = end - 1
                break
            effort[0] -= start[i] - start[at]
        i += 1
    return found


def worth(count: int, ops: int) -> bool:
    """Whether a run is worth a frame: it saves enough; twice is a run only of a long segment."""
    return count >= (3 if ops < SAVED else 2) and (count - 1) * ops >= SAVED


def _aligned(label: list[int], at: int, d: int, count: int) -> int:
    """How many of `count` repeats consist of the same items."""
    body, k = label[at:at + d], 1
    while k < count and label[at + k * d:at + (k + 1) * d] == body:
        k += 1
    return k


def _earlier(program: Program, start: list[int], label: list[int], at: int, d: int, count: int,
             end: int) -> tuple[int, int, int]:
    """A run from its earliest start on: three items in a row may stand elsewhere in the segment."""
    back = 0
    while back < 2 * d and at - back > end and label[at - back - 1] == label[at - back - 1 + d]:
        back += 1
    for earlier in (back, back - back % d):
        if earlier:
            b = at - earlier
            again = _aligned(label, b, d, repeats(
                program, start[b], start[b + d] - start[b], len(program.label)))
            if again >= count:
                return b, d, again
    return at, d, count


def _phase(program: Program, start: list[int], label: list[int], at: int, d: int, count: int
           ) -> tuple[int, int]:
    """Where a run had better begin: at a pass of the loop, at a scope, where few values live."""
    if d == 1 or d > 2000:
        return at, count
    first, source = program.first, program.source
    s, p = start[at], start[at + d] - start[at]
    ops = len(program.label)
    change = [0] * (2 * p + 1)   # how many values live at each boundary, as differences
    last: dict[int, int] = {}
    for o in range(s + p, s + 2 * p):
        for u in source[first[o]:first[o + 1]]:
            if u >= s:
                last[(u - s) % p] = max(last.get((u - s) % p, 0), o - u)
    for q, reach in last.items():
        change[q + 1] += 1
        change[min(q + reach, 2 * p - 1) + 1] -= 1
    for i in range(2 * p):
        change[i + 1] += change[i]

    def cost(shift: int) -> tuple[int, int, int, int]:
        b = start[at + shift] - s
        inside = range(s + b, min(s + b + p, ops))
        live = change[b] + change[b + p] if b else change[p]
        return (len({program.passes[o] for o in inside}),
                -_common([program.group[o] for o in inside]), live, shift)

    if p * d > 40_000 or at + 2 * d > len(start):
        return at, count
    for _, _, _, shift in sorted(map(cost, range(d)))[:3]:
        if shift == 0:
            break
        b = at + shift
        if b + d >= len(start):
            continue
        again = _aligned(label, b, d, repeats(program, start[b], p, ops))
        if again >= max(count - 1, 2):
            return b, again
    return at, count


def _common(paths: Sequence[tuple[str, ...]]) -> int:
    """How many first words all paths share."""
    low, high = min(paths), max(paths)
    k = 0
    while k < min(len(low), len(high)) and low[k] == high[k]:
        k += 1
    return k


def repeats(program: Program, s: int, p: int, end: int) -> int:
    """How often the p ops from s on are repeated, each repeat wired as the one before it.

    An input is the same for all repeats; or of the same repeat; or of an earlier one, where the
    first repeats take anything from before s; or a leaf like the others; or, from three repeats on,
    an op before s, at a constant distance from repeat to repeat.
    """
    label, first, source, leaf = program.label, program.first, program.source, program.leaf
    body = label[s:s + p]
    if s + 2 * p > end or label[s + p:s + 2 * p] != body or s in program.parts:
        return 1
    a, b = source[first[s]:first[s + p]], source[first[s + p]:first[s + 2 * p]]
    third = s + 3 * p <= end and label[s + 2 * p:s + 3 * p] == body
    c = source[first[s + 2 * p]:first[s + 3 * p]] if third else b
    shift, loose, strided, late = [0] * len(a), [], [], []
    for j, (v, u, w) in enumerate(zip(a, b, c)):
        if u >= s:
            if u >= s + p and v != u - p or u < s + p and v >= s:
                return 1
            shift[j] = p
        elif v >= s:
            return 1
        elif third and s <= w < s + p:             # y[t − 2]: two repeats start from before s
            shift[j] = p
            late.append(j)
        elif u == v and (w == u or w >= 0):
            pass
        elif u < 0 and v < 0:
            if leaf[-1 - u] != leaf[-1 - v]:
                return 1
            loose.append(j)
        elif u >= 0 and v >= 0 and third and label[u] == label[v]:
            shift[j] = u - v
            strided.append(j)
        else:
            return 1
    step = _steps(program, s, p)
    if step is None:
        return 1
    k = _alike(program, s, p, shift, loose, strided, late) if third else 2
    if step:
        k = next((n for n in range(2, k) if not _stepped(program, s, p, n, step)), k)
    if any(any(grown) for grown in step.values()) and k < INDEXED:
        return 1
    return k if k > 2 or not strided else 1


def _alike(program: Program, s: int, p: int, shift: list[int], loose: list[int],
           strided: list[int], late: list[int]) -> int:
    """How many repeats there are, where the first two are known to agree.

    shift: by how much each source grows; loose: those that are another leaf each; strided: those
    that stay before s; late: those that the third repeat is the first to take from the run.
    """
    label, first, source, leaf = program.arrays
    end, reach = s + 2 * p, max(64, 2 * p)
    while end < len(label):                        # the work is a few times what is found
        ahead = label[end:end + reach]
        other = np.flatnonzero(ahead != label[end - p:end - p + len(ahead)])
        end += int(other[0]) if len(other) else len(ahead)
        if len(other):
            break
        reach *= 2
    count = (end - s) // p
    start, wide = int(first[s]), int(first[s + p] - first[s])
    if not wide or count < 3:
        return count
    rows = source[start:start + count * wide].reshape(count, wide)
    good = rows[2:] - rows[1:-1] == np.array(shift)
    for j in loose:
        now, before = rows[2:, j], rows[1:-1, j]
        leaves = (now < 0) & (before < 0)
        good[:, j] |= leaves & (leaf[np.where(leaves, -1 - now, 0)] ==
                                leaf[np.where(leaves, -1 - before, 0)])
    for j in strided:
        good[:, j] &= (rows[2:, j] >= 0) & (rows[2:, j] < s)
    for j in late:
        good[0, j] = True
    wrong = np.flatnonzero(~good.all(axis=1))
    return 2 + int(wrong[0]) if len(wrong) else count


def _steps(program: Program, s: int, p: int) -> dict[int, tuple[int, ...]] | None:
    """Op -> by how much the integers of its attributes grow from repeat to repeat."""
    numbers = program.numbers
    if not numbers:
        return {}
    grown = {}
    for o in range(s, s + p):
        if o in numbers:
            a, b = numbers[o], numbers[o + p]
            grown[o] = tuple([y - x for x, y in zip(a, b)])
    return grown


def _stepped(program: Program, s: int, p: int, k: int, step: dict[int, tuple[int, ...]]) -> bool:
    numbers = program.numbers
    return all(numbers[o + k * p] == tuple([x + k * d for x, d in zip(numbers[o], grown)])
               for o, grown in step.items())


class Slot(NamedTuple):
    """How one input of a run's segment is fed."""

    way: str                     # own, carried, shared, leaf or each
    lag: int = 0                 # of a carried input: how many repeats back
    of: int = -1                 # of an own or carried one: the op of the segment that made it


def slots(program: Program, s: int, p: int, count: int) -> list[Slot] | None:
    """How each input of a segment is fed in all its repeats; None where they are no repeats.

    The exact check: each label, each attribute and each input of each repeat is looked at.
    """
    label, first, source, leaf = program.label, program.first, program.source, program.leaf
    if label[s:s + p * count] != label[s:s + p] * count or s in program.parts:
        return None
    step = _steps(program, s, p) if count > 1 else {}
    if step is None or step and not all(_stepped(program, s, p, k, step)
                                        for k in range(1, count)):
        return None
    wide = first[s + p] - first[s]
    found = []
    for j in range(first[s], first[s + p]):
        fed = source[j:j + wide * count:wide]
        slot = _slot(fed, s, p, label, leaf)
        if slot is None:
            return None
        found.append(slot)
    return found


def _slot(fed: list[int], s: int, p: int, label: list[int], leaf: list[int]) -> Slot | None:
    if fed[0] >= s:
        whole = fed[0] < s + p and fed == list(range(fed[0], fed[0] + len(fed) * p, p))
        return Slot("own", 0, fed[0] - s) if whole else None
    for lag in range(1, min(LAGS + 1, len(fed))):
        u = fed[lag]
        if u >= s:
            rest = fed[lag:]
            whole = u < s + p and rest == list(range(u, u + len(rest) * p, p))
            return Slot("carried", lag, u - s) if whole else None
    if fed.count(fed[0]) == len(fed):
        return Slot("shared")
    if max(fed) < 0:
        return Slot("leaf") if len({leaf[-1 - u] for u in fed}) == 1 else None
    d = fed[1] - fed[0]
    if min(fed) < 0 or max(fed) >= s or len({label[u] for u in fed}) > 1 or d == 0:
        return None
    return Slot("each") if fed == list(range(fed[0], fed[0] + len(fed) * d, d)) else None
