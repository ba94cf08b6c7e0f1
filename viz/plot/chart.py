"""Chart: what a plot shows, in data coordinates, before anything paints it. Sizes are in px.

Colours are roles of a theme's `plot`, so that one chart is painted light and dark.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np

Array = Any
Dash: TypeAlias = tuple[float, ...]      # stroke and gap, in px


class ColorMix(NamedTuple):
    """A colour between two: share 1 is the second."""

    first: str
    second: str
    share: float


Color: TypeAlias = str | ColorMix           # a role, or between two of them
Palette: TypeAlias = Mapping[str, str]      # role -> #rrggbb


def hex_color(asked: Color, look: Palette) -> str:
    """A colour as #rrggbb."""
    if isinstance(asked, str):
        return look[asked]
    ends = [[int(look[role][k:k + 2], 16) for k in (1, 3, 5)] for role in asked[:2]]
    return "#" + "".join(f"{round(p + (q - p) * asked.share):02x}" for p, q in zip(*ends))


# ---- Marks. `level`: what has a higher one lies above

class Line(NamedTuple):
    """A curve, or a straight line; nan where there is none. It ends at the frame."""

    x: Array
    y: Array
    color: Color
    width: float
    level: float
    dash: Dash = ()
    plain: Dash = ()             # the dash where a theme has no colours to tell curves apart
    label: str = ""              # in the legend
    opacity: float = 1.0


class Area(NamedTuple):
    """What lies between two curves over x."""

    x: Array
    low: Array
    high: Array
    color: Color
    opacity: float
    level: float
    label: str = ""


class ReferenceLine(NamedTuple):
    """A line across the whole frame, upright at an x or level at a y."""

    at: float
    upright: bool
    color: Color
    width: float
    level: float
    dash: Dash = ()
    opacity: float = 1.0


class HatchedSpan(NamedTuple):
    """A hatched strip across the whole frame, over x from low to high."""

    low: float
    high: float
    color: Color
    hatch: Color


class MultiPolygon(NamedTuple):
    """A surface of closed rings; what lies in an even number of them is bare. Nothing cuts it."""

    rings: tuple[Array, ...]     # (N, 2) each: points of the data
    color: Color
    opacity: float
    level: float = 0.2
    edge: Color | None = None    # of a thin line around


class Dot(NamedTuple):
    """A mark at a point. It may reach over the frame."""

    x: float
    y: float
    shape: str                   # circle, square, diamond or cross
    size: float                  # across
    fill: Color
    edge: Color
    width: float                 # of the edge
    level: float = 5.0


class Annotation(NamedTuple):
    """Words beside a point."""

    words: str                   # lines, between newlines
    x: float
    y: float
    color: Color
    size: float
    dx: float = 0.0              # px to the right, to the anchor
    dy: float = 0.0              # px up
    anchor: str = "start"        # start, middle or end: of the line's width
    rise: str = "bottom"         # bottom, middle or top: of the height, where the point is
    plate: float = 0.0           # opacity of the paper behind the words
    upright: bool = False        # reads from the bottom to the top
    level: float = 6.0
    inside: bool = False         # x and y are shares of the frame


class PointLabel(NamedTuple):
    """Words that want to stand near a point, where there is room: a Note when this is known."""

    words: str
    x: float
    y: float
    color: Color
    above: bool = True
    size: float = 12.0


class IntervalLabel(NamedTuple):
    """Words for a strip over x from low to high, where there is room."""

    words: str
    low: float
    high: float


Mark: TypeAlias = Line | Area | MultiPolygon | ReferenceLine | HatchedSpan | Dot | Annotation


class PanelFrame(NamedTuple):
    """Where a panel's axes are in the picture: px from its upper left corner."""

    left: float
    top: float
    width: float
    height: float


class Scale(NamedTuple):
    """An axis: its window, linear or logarithmic."""

    low: float
    high: float
    log: bool = False

    def share(self, values: Any) -> Any:
        """Where values are on the axis: 0 at low, 1 at high. nan for what a logarithm has not."""
        if isinstance(values, float) and not self.log:
            return (values - self.low) / (self.high - self.low)
        with np.errstate(all="ignore"):
            if not self.log:
                return (np.asarray(values, dtype=float) - self.low) / (self.high - self.low)
            a, b = math.log10(self.low), math.log10(self.high)
            shares = (np.log10(np.asarray(values, dtype=float)) - a) / (b - a)
            return np.where(np.isfinite(shares), shares, np.nan)


class Tick(NamedTuple):
    """A place on an axis; one without words is a minor tick."""

    at: float
    words: str = ""


@dataclass(frozen=True, eq=False)
class Panel:
    """A pair of axes and what is on it."""

    x: Scale
    y: Scale
    marks: tuple[Mark, ...]
    name: str = ""               # of the x axis
    numbered: bool = True        # whether the x axis has numbers; in a stack the last has
    x_ticks: tuple[Tick, ...] = ()
    y_ticks: tuple[Tick, ...] = ()
    pi: bool = False             # x_ticks are multiples of pi
    side: str = ""               # the name of the y axis, beside it
    boxed: bool = False          # a box around all, and no grid
    bar: bool = False            # no axes but numbers at the right: what colours mean
    frame: PanelFrame = PanelFrame(0, 0, 1, 1)

    def places(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Points of the data in px of the picture."""
        f = self.frame
        return (f.left + f.width * self.x.share(x), f.top + f.height * (1 - self.y.share(y)))

    @property
    def legend(self) -> list[Line | Area]:
        """The marks that have labels."""
        return [m for m in self.marks if isinstance(m, (Line, Area)) and m.label]


class Chart(NamedTuple):
    """A plot: panels below each other, and the look it is to have."""

    width: float
    height: float
    panels: tuple[Panel, ...]
    palette: Palette
    said: str                    # what it shows, in sentences
    title: str = ""

    @property
    def name(self) -> str:
        """What it is, in few words."""
        return self.said.partition(": ")[0].rstrip(".")


def is_grayscale(look: Palette) -> bool:
    """Whether a look has no colours."""
    return all(c[1:3] == c[3:5] == c[5:] for c in (look["f"], look["df"], look["d2f"]))


def level(mark: Mark) -> float:
    """What lies above has a higher one."""
    return 0.0 if isinstance(mark, HatchedSpan) else mark.level
