"""Curve pieces: the parts of the curves of edges and rails."""

from __future__ import annotations

from math import sqrt

from .placement import Point, Size

ROUND = 0.45                     # distance of a corner's control points, in radii


class PathBuilder:
    """A builder of routes: level lines and level-ended curves, mostly from left to right."""

    __slots__ = ("points", "level")

    def __init__(self, x: float, y: float) -> None:
        self.points: list[Point] = [(x, y)]
        self.level = False       # the last piece is a level line

    def line(self, x: float, y: float) -> None:
        """Add a straight piece; level ones in a row are joined."""
        points = self.points
        x0, y0 = points[-1]
        if y == y0:
            if abs(x - x0) < 0.01:
                return
            if self.level:
                del points[-3:]
                x0 = points[-1][0]
            third = (x - x0) / 3
            points += ((x0 + third, y), (x - third, y), (x, y))
            self.level = True
            return
        points += ((x0 + (x - x0) / 3, y0 + (y - y0) / 3),
                   (x0 + (x - x0) * 2 / 3, y0 + (y - y0) * 2 / 3), (x, y))
        self.level = False

    def bend(self, x: float, y: float) -> None:
        """Add a curve to another height, level at both ends."""
        x0, y0 = self.points[-1]
        if y == y0:
            self.line(x, y)
            return
        half = (x - x0) * 0.55
        self.points += ((x0 + half, y0), (x - half, y), (x, y))
        self.level = False

    def into(self, x: float, y: float, dx: float, dy: float) -> None:
        """Add a curve to a border, arriving in the direction (dx, dy)."""
        x0, y0 = self.points[-1]
        if not dy and y == y0:
            self.line(x, y)
            return
        pull = (x - x0) * 0.5
        self.points += ((x0 + pull, y0), (x - dx * pull, y - dy * pull), (x, y))
        self.level = False

    def corner(self, x: float, y: float) -> None:
        """Add a quarter of a circle: from vertical to level or from level to vertical."""
        x0, y0 = self.points[-1]
        before = self.points[-2] if len(self.points) > 1 else (x0 - 1.0, y0)
        if abs(before[0] - x0) < 1e-9 and before[1] != y0:         # vertical so far
            self.points += ((x0, y - (y - y0) * ROUND), (x0 + (x - x0) * ROUND, y), (x, y))
        else:
            self.points += ((x - (x - x0) * ROUND, y0), (x, y0 + (y - y0) * ROUND), (x, y))
        self.level = False

    def turn(self, right: float, gutter: float, left: float, y: float) -> None:
        """Continue in the next row: right, down, back along the gutter, down, and right again."""
        y0 = self.points[-1][1]
        r = min(8.0, abs(gutter - y0) / 2, abs(y - gutter) / 2)
        self.line(right - r, y0)
        self.corner(right, y0 + r)
        self.line(right, gutter - r)
        self.corner(right - r, gutter)
        self.line(left + r, gutter)
        self.corner(left, gutter + r)
        self.line(left, y - r)
        self.corner(left + r, y)


def straight(x0: float, y: float, x1: float) -> tuple[Point, ...]:
    """Return a level line as a Bézier."""
    third = (x1 - x0) / 3
    return (x0, y), (x0 + third, y), (x1 - third, y), (x1, y)


def border(size: Size, dx: float, dy: float) -> Point:
    """Return where the ray from the centre along (dx, dy) leaves a dot or a pill (a stadium)."""
    width, height = size
    r = min(width, height) / 2
    core = abs(width - height) / 2
    along, across = (dx, dy) if width >= height else (dy, dx)
    if not across:
        t = r + core if along else r
    elif abs(along) * r <= core * abs(across):
        t = r / abs(across)
    else:                        # |t d - (core, 0)| = r
        t = abs(along) * core + sqrt(max(0.0, r * r - (across * core) ** 2))
    return t * dx, t * dy
