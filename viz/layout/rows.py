"""Rows: breaking a sequence of ranks into the rows of a page."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from math import inf
from typing import NamedTuple

from .columns import LANE, TURN, Extent
from .op_pairs import OpPairs
from .order import Order
from .ranks import Layers

LINE = 100.0                     # px of height traded for each line that is not cut
ROW = 60.0                       # px of height traded for each row less
FULL = 0.85                      # minimum fill of a row before `even_breaks` ends it
RAGGED = 30.0                    # px for a nearly empty row before the last
FEW, MANY = 60, 160              # more ranks: fewer widths are tried for a page


class RankWidths(NamedTuple):
    """The sizes of the ranks to break into rows."""

    wide: list[float]            # rank -> its width
    heights: Sequence[float]
    ends: list[float]            # additional width at the end of a row
    begins: list[float]          # additional width at the start of a row; one more
    lines: Sequence[int]         # number of turning lines that enter it; one more


class RowBreaks(NamedTuple):
    """The first ranks of rows, and the approximate size of the picture."""

    firsts: list[int]            # row -> its first rank
    width: float
    height: float
    loss: float                  # the penalty for cut lines, in px


class WrappedLayers(NamedTuple):
    """A layered graph in rows: no link leads from row to row.

    A line that continues in the next row ends at its last item and enters there by its own joint.
    These joints, and the leaves used right after them, are a rank at the start of the row.
    """

    layers: Layers
    order: Order
    block: list[int]             # item -> its block
    row: list[int]               # item -> its row
    firsts: list[int]            # row -> its first rank
    entry: dict[int, int]        # item at the end of a row -> the joint where its line continues


def turning_items(pairs: OpPairs, layers: Layers) -> list[bool]:
    """Return, by item, whether its line turns at the end of a row; leaves move to their use."""
    n, copies = layers.n_pairs, layers.n_pairs + layers.n_chips
    return [bool(js) and (i >= copies or i < n and not pairs.leaf[i])
            for i, js in enumerate(layers.down)]


def rank_widths(extents: Sequence[Extent], heights: Sequence[float], lines: Sequence[int]
                ) -> RankWidths:
    """Return the widths of ranks from their extents, with heights and numbers of entering lines."""
    ahead = [TURN + LANE * n for n in lines]
    return RankWidths([e.width for e in extents], heights,
                      [e.boxes(True) - e.boxes(False) + x for e, x in zip(extents, ahead[1:])],
                      [0.0, *[e.leaf + x for e, x in zip(extents, ahead[1:])]], lines)


def break_rows(strip: RankWidths, wrap: float) -> RowBreaks:
    """Return rows no wider than `wrap`, if possible, of little height and with few cut lines.

    Dynamic programming over the cuts: O(ranks x ranks in a row).
    """
    return _row_breaks(strip, _firsts(_spans(strip, wrap), strip.lines, wrap))


def _spans(strip: RankWidths, wrap: float) -> list[list[tuple[int, float, float]]]:
    """Return, by rank, the rows that may end before it, shortest first: first rank, width, height.

    Of rows wider than `wrap` only the shortest; none where a row cannot end.
    """
    wide, heights, ends, begins, lines = strip
    count = len(wide)
    spans: list[list[tuple[int, float, float]]] = [[]]
    for end in range(1, count + 1):
        found: list[tuple[int, float, float]] = []
        spans.append(found)
        if end < count and not lines[end]:           # a row of only leaves would be empty
            continue
        after = ends[end - 1] if end < count else 0.0        # the width of the ranks from start on
        tall = 0.0
        for start in range(end - 1, -1, -1):
            after += wide[start]
            if heights[start] > tall:
                tall = heights[start]
            if lines[start] or not start:
                width = after + begins[start]
                if width > wrap and found:
                    break
                found.append((start, width, tall))
    return spans


def _firsts(spans: list[list[tuple[int, float, float]]], lines: Sequence[int], wrap: float
            ) -> list[int]:
    """Return the first ranks of the best rows no wider than `wrap`, among the given spans."""
    count = len(spans) - 1
    first = [0] * (count + 1)
    fixed = [0.0] * (count + 1)  # rank -> the cost of a row that begins there, without its height
    for end, rows in enumerate(spans):
        if not rows:
            continue
        cost, best = inf, 0
        for start, width, tall in rows:
            if width > wrap and cost < inf:
                break
            new = fixed[start] + tall
            if new < cost:
                if end < count and width < wrap:
                    new += RAGGED * (1.0 - width / wrap) ** 2
                if new < cost:
                    cost, best = new, start
        first[end] = best
        fixed[end] = cost + (2 * TURN + LANE * lines[end]) + LINE * lines[end]
    firsts = []
    end = count
    while end:
        end = first[end]
        firsts.append(end)
    return firsts[::-1] or [0]


def _row_breaks(strip: RankWidths, firsts: list[int]) -> RowBreaks:
    """Return the row breaks with the size of the picture."""
    wide, heights, ends, begins, lines = strip
    most = total = 0.0
    for first, last in zip(firsts, [*firsts[1:], len(wide)]):
        width = sum(wide[first:last]) + begins[first] + (ends[last - 1] if last < len(wide) else 0)
        most = max(most, width)
        total += max(heights[first:last]) + (2 * TURN + LANE * lines[first] if first else 0.0)
    loss = sum([LINE * lines[first] + ROW for first in firsts]) - ROW
    return RowBreaks(firsts, most, total, loss)


def even_breaks(right: Sequence[float], lines: Sequence[int], wrap: float) -> list[int]:
    """Return the first ranks of rows about `wrap` wide. Linear in the ranks.

    A row ends, among the last ranks where it may, after the one with the fewest lines behind it.
    right: the ends of the ranks without rows.
    lines: the number of lines that enter each rank.
    """
    firsts = [0]
    begin = 0.0                  # of the row
    low = 0                      # the first rank that may begin the next row
    for r in range(1, len(right)):
        if right[r - 1] - begin < FULL * wrap:
            low = r + 1
        elif right[r] - begin > wrap:
            cut = min(range(low, r + 1), key=lambda k: (lines[k], -k)) if low <= r else r
            firsts.append(cut)
            begin, low = right[cut - 1], cut + 1
    return firsts


def break_page(strip: RankWidths, least: float, ratio: float) -> RowBreaks:
    """Return the rows that fit at the largest scale on a page of a ratio of width to height.

    If a page `least` wide is enough, a smaller one is no better. Widths are tried from narrow to
    wide, more of them for fewer ranks.
    """
    def worth(cut: RowBreaks) -> float:
        return _page_cost(cut, ratio, least / ratio)

    whole, widest, count = sum(strip.wide), max(strip.wide), len(strip.wide)
    fair = max(widest, (whole * (max(strip.heights) + 2 * TURN) * ratio) ** 0.5)
    low, high, grow = max(widest, 0.4 * fair), min(whole, 2.5 * fair), 1.06
    best = _row_breaks(strip, [0])
    if count > FEW:              # the approximate width, without trying all cuts
        right = list(accumulate(strip.wide))
        wrap = low
        while wrap < high:
            best = min(best, _row_breaks(strip, even_breaks(right, strip.lines, wrap)), key=worth)
            wrap *= 1.15
        low, high, grow = max(widest, 0.85 * best.width), min(whole, 1.2 * best.width), 1.1
        if count > MANY:
            return best
    wrap, most = low, worth(best)
    spans = _spans(strip, high)
    found = best
    while wrap < high:
        firsts = _firsts(spans, strip.lines, wrap)
        if firsts != found.firsts:
            found = _row_breaks(strip, firsts)
        if (height := worth(found)) < most:
            best, most = found, height
        wrap = max(wrap, found.width) * grow
    return best


def _page_cost(cut: RowBreaks, ratio: float, least: float) -> float:
    """Return the height of the page, plus small penalties for its size and for cut lines."""
    wide = cut.width / ratio
    return max(wide, cut.height, least) + 0.2 * (wide + cut.height) + 0.5 * cut.loss


def wrap_layers(layers: Layers, order: Order, block: Sequence[int], turns: Sequence[bool],
                firsts: Sequence[int]) -> WrappedLayers:
    """Return a layered graph broken before some ranks. Linear in it.

    A line that only passes through a row goes around it: its joints there have no position.
    """
    up, down, slot = list(layers.up), list(layers.down), list(layers.slot)
    source, row = list(layers.source), [0] * len(layers.up)
    lasts = [first - 1 for first in firsts[1:]] + [len(order)]
    joints = layers.n_pairs + layers.n_chips
    entry: dict[int, int] = {}
    of: dict[int, int] = {}      # entry joint -> the item it represents
    led: dict[int, int] = {}     # item at the end of a row that it goes around -> its origin
    gone: set[int] = set()
    found: Order = []
    begins: list[int] = []
    for k, (first, last) in enumerate(zip(firsts, lasts)):
        begins.append(len(found))
        if first:
            entering = []
            for i in order[first - 1]:
                if not turns[i]:
                    if layers.down[i]:
                        entering.append(i)           # a leaf or a chip
                    continue
                origin = led.pop(i, i)
                way = _passing_joints(down, i, joints, last - first + 1) \
                    if k + 1 < len(firsts) else []
                if way:
                    gone.update(way)
                    led[way[-1]] = origin
                    continue
                joint = entry[origin] = len(up)
                of[joint] = i
                entering.append(joint)
                for near, own in ((down, down[i]), (slot, slot[i]), (up, [])):
                    near.append(own)
                for j in down[i]:
                    up[j] = [joint if u == i else u for u in up[j]]
                source.append(source[i])
                row.append(k)
            found.append(entering)
        for r in range(first, min(last + 1, len(order))):
            items = [i for i in order[r] if i not in gone]
            if r == last:        # the rest of the last rank begins the next row
                items = [i for i in items if turns[i] or not layers.down[i]]
            found.append(items)
        for items in found[begins[-1]:]:
            for i in items:
                row[i] = k
    for i in (*gone, *entry):    # their links cross a break
        up[i], down[i], slot[i] = [] if i in gone else up[i], [], []
    rank = [0] * len(up)
    for r, items in enumerate(found):
        for i in items:
            rank[i] = r
    paths = list(layers.paths)
    for e, path in enumerate(paths):
        if any([i in entry for i in path[:-1]]):
            paths[e] = (*[j for i in path[:-1] if i not in gone
                          for j in ((i, entry[i]) if i in entry else (i,))], path[-1])
    number: dict[tuple[int, int], int] = {}
    blocks = [number.setdefault((block[of.get(i, i)], k), len(number)) for i, k in enumerate(row)]
    return WrappedLayers(Layers(found, rank, up, down, slot, source, paths, layers.n_pairs,
                                layers.n_chips), found, blocks, row, begins, entry)


def _passing_joints(down: list[list[int]], i: int, joints: int, ranks: int) -> list[int]:
    """Return the joints of a line within a number of ranks, if it has no use there."""
    way = []
    for _ in range(ranks):
        if len(down[i]) != 1 or down[i][0] < joints:
            return []
        i = down[i][0]
        way.append(i)
    return way
