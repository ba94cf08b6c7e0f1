"""Rows: where a strip of ranks is cut so that it becomes a page, and what it is then."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from math import inf
from typing import NamedTuple

from .columns import LANE, TURN, Extent
from .op_pairs import OpPairs
from .order import Order
from .ranks import Layers

LINE = 100.0                     # px of height that are given for each line less that is cut
ROW = 60.0                       # px for each row less
FULL = 0.85                      # how full a row must be before `even_ceil` ends it
RAGGED = 30.0                    # px for a row that stays nearly empty, of those before the last
FEW, MANY = 60, 160              # of more ranks, fewer widths are tried for a page


class RankWidths(NamedTuple):
    """The ranks that are to be cut."""

    wide: list[float]            # rank -> its width
    heights: Sequence[float]
    ends: list[float]            # how much wider it is at the end of a row
    begins: list[float]          # how much wider at the begin of one; one more
    lines: Sequence[int]         # how many lines enter it, of those that turn; one more


class RowBreaks(NamedTuple):
    """Where rows begin, and about how large they make the picture."""

    firsts: list[int]            # row -> its first rank
    width: float
    height: float
    loss: float                  # what the lines that are cut count, in px


class WrappedLayers(NamedTuple):
    """A layered graph in rows: no link leads from row to row.

    A line that goes on in the next row ends at its last item, and enters by a joint of its own.
    These joints, and the leaves that are used at once, are a rank at the begin of the row.
    """

    layers: Layers
    order: Order
    block: list[int]             # item -> its block
    row: list[int]               # item -> its row
    firsts: list[int]            # row -> its first rank
    entry: dict[int, int]        # item at the end of a row -> the joint where its line goes on


def turning_items(pairs: OpPairs, layers: Layers) -> list[bool]:
    """item -> its line turns where a row ends behind it. A leaf moves to its use instead."""
    n, copies = layers.n_pairs, layers.n_pairs + layers.n_chips
    return [bool(js) and (i >= copies or i < n and not pairs.leaf[i])
            for i, js in enumerate(layers.down)]


def rank_widths(extents: Sequence[Extent], heights: Sequence[float], lines: Sequence[int]
                ) -> RankWidths:
    """Ranks as wide as they want, so tall, and so many lines entering each, and one more behind."""
    ahead = [TURN + LANE * n for n in lines]
    return RankWidths([e.width for e in extents], heights,
                      [e.boxes(True) - e.boxes(False) + x for e, x in zip(extents, ahead[1:])],
                      [0.0, *[e.leaf + x for e, x in zip(extents, ahead[1:])]], lines)


def break_rows(strip: RankWidths, wrap: float) -> RowBreaks:
    """Rows no wider than `wrap` where that can be: low ones, and few lines are cut.

    Dynamic programming over the cuts: O(ranks x ranks in a row).
    """
    return _row_breaks(strip, _firsts(_spans(strip, wrap), strip.lines, wrap))


def _spans(strip: RankWidths, wrap: float) -> list[list[tuple[int, float, float]]]:
    """rank -> the rows that may end before it, shortest first: first rank, width, height.

    Of those wider than `wrap` the shortest, and where a row cannot end none.
    """
    wide, heights, ends, begins, lines = strip
    count = len(wide)
    spans: list[list[tuple[int, float, float]]] = [[]]
    for end in range(1, count + 1):
        found: list[tuple[int, float, float]] = []
        spans.append(found)
        if end < count and not lines[end]:           # a row of leaves alone would be empty
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
    """The first ranks of the best rows no wider than `wrap`, of which the spans are known."""
    count = len(spans) - 1
    first = [0] * (count + 1)
    fixed = [0.0] * (count + 1)  # rank -> the cost of a row that begins there, but for its height
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
    """How large rows make the picture."""
    wide, heights, ends, begins, lines = strip
    most = total = 0.0
    for first, last in zip(firsts, [*firsts[1:], len(wide)]):
        width = sum(wide[first:last]) + begins[first] + (ends[last - 1] if last < len(wide) else 0)
        most = max(most, width)
        total += max(heights[first:last]) + (2 * TURN + LANE * lines[first] if first else 0.0)
    loss = sum([LINE * lines[first] + ROW for first in firsts]) - ROW
    return RowBreaks(firsts, most, total, loss)


def even_breaks(right: Sequence[float], lines: Sequence[int], wrap: float) -> list[int]:
    """The first ranks of rows about `wrap` wide: of the last ranks that may end a row, the one
    behind which fewest lines pass. `right` holds where ranks end on a strip, `lines` how many lines
    enter each. Linear in the ranks.
    """
    firsts = [0]
    begin = 0.0                  # of the row
    low = 0                      # the first rank that is far enough along to begin the next row
    for r in range(1, len(right)):
        if right[r - 1] - begin < FULL * wrap:
            low = r + 1
        elif right[r] - begin > wrap:
            cut = min(range(low, r + 1), key=lambda k: (lines[k], -k)) if low <= r else r
            firsts.append(cut)
            begin, low = right[cut - 1], cut + 1
    return firsts


def break_page(strip: RankWidths, least: float, ratio: float) -> RowBreaks:
    """The rows that can be shown largest on a page of a ratio of width to height.

    Where a page `least` wide is enough, larger is not better. Widths are tried from narrow to wide,
    the more the fewer ranks there are.
    """
    def worth(cut: RowBreaks) -> float:
        return _page_cost(cut, ratio, least / ratio)

    whole, widest, count = sum(strip.wide), max(strip.wide), len(strip.wide)
    fair = max(widest, (whole * (max(strip.heights) + 2 * TURN) * ratio) ** 0.5)
    low, high, grow = max(widest, 0.4 * fair), min(whole, 2.5 * fair), 1.06
    best = _row_breaks(strip, [0])
    if count > FEW:              # about how wide is found without trying all cuts
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
    """How high the page must be, and a little for paper and for the lines that are cut."""
    wide = cut.width / ratio
    return max(wide, cut.height, least) + 0.2 * (wide + cut.height) + 0.5 * cut.loss


def wrap_layers(layers: Layers, order: Order, block: Sequence[int], turns: Sequence[bool],
                firsts: Sequence[int]) -> WrappedLayers:
    """A layered graph cut before some ranks. Linear in it.

    A line that only passes through a row is led past it: its joints there stand nowhere.
    """
    up, down, slot = list(layers.up), list(layers.down), list(layers.slot)
    source, row = list(layers.source), [0] * len(layers.up)
    lasts = [first - 1 for first in firsts[1:]] + [len(order)]
    joints = layers.n_pairs + layers.n_chips
    entry: dict[int, int] = {}
    of: dict[int, int] = {}      # such a joint -> the item that it stands for
    led: dict[int, int] = {}     # item at the end of a row that is led past -> where it comes from
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
            if r == last:        # what else stands in the last rank begins the next row
                items = [i for i in items if turns[i] or not layers.down[i]]
            found.append(items)
        for items in found[begins[-1]:]:
            for i in items:
                row[i] = k
    for i in (*gone, *entry):    # their links lead over a cut
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
    """The joints of a line on its way through so many ranks, if it is not wanted there."""
    way = []
    for _ in range(ranks):
        if len(down[i]) != 1 or down[i][0] < joints:
            return []
        i = down[i][0]
        way.append(i)
    return way
