"""Packing of unconnected parts in rows."""

from __future__ import annotations

from collections.abc import Sequence

from .placement import Point, Size

MARGIN = 24.0                    # around the whole, and between parts
WIDEST = 1.6                     # approximate ratio of the width of the rows to their total height


def pack_rows(sizes: Sequence[Size], least: float = 0.0) -> tuple[float, float, list[Point]]:
    """Pack parts in rows, in order: return the total width and height, and each part's corner.

    least: the minimum width of a row; the rows together have about the shape of a page.
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
