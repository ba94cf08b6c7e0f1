"""Shelves: parts that no edge joins, set in rows."""

from __future__ import annotations

from collections.abc import Sequence

from .placement import Point, Size

MARGIN = 24.0                    # round all, and between parts
WIDEST = 1.6                     # rows are about this much wider than all of them are high


def pack_rows(sizes: Sequence[Size], least: float = 0.0) -> tuple[float, float, list[Point]]:
    """Parts in rows, in their order: the whole width and height, and where each part begins.

    The rows are at least so wide, and as long as makes them a page.
    """
    area = sum((s.width + MARGIN) * (s.height + MARGIN) for s in sizes)
    limit = max([least, *[s.width for s in sizes], (area * WIDEST) ** 0.5])
    x = y = MARGIN
    deep = width = 0.0
    corners = []
    for s in sizes:
        if x > MARGIN and x + s.width > limit + MARGIN:
            x, y, deep = MARGIN, y + deep + MARGIN, 0.0
        corners.append((x, y))
        x += s.width + MARGIN
        width, deep = max(width, x), max(deep, s.height)
    return max(width, 2 * MARGIN), y + deep + MARGIN, corners
