"""Charts: panels of marks in data coordinates, before anything paints them. Sizes are in px.

Colours are roles of a theme's `plot`, so that one chart is painted in every theme.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias, overload

import numpy as np

from ..sweep.arrays import Floats

Dash: TypeAlias = tuple[float, ...]      # stroke and gap, in px


class ColorMix(NamedTuple):
    """A colour between two: share 1 is the second."""

    first: str
    second: str
    share: float


Color: TypeAlias = str | ColorMix           # a role, or a mix of two
Palette: TypeAlias = Mapping[str, str]      # role -> #rrggbb


def hex_color(color: Color, palette: Palette) -> str:
    """Return a colour as #rrggbb."""
    if isinstance(color, str):
        return palette[color]
    ends = [[int(palette[role][k:k + 2], 16) for k in (1, 3, 5)] for role in color[:2]]
    return "#" + "".join(f"{round(p + (q - p) * color.share):02x}" for p, q in zip(*ends))


# ---- Marks. Those with a higher `zorder` lie above others

class Line(NamedTuple):
    """A curve, or a straight line; nan interrupts it. It is clipped at the frame."""

    x: Floats
    y: Floats
    color: Color
    width: float
    zorder: float
    dash: Dash = ()
    plain: Dash = ()             # the dash in a theme without colours
    label: str = ""              # in the legend
    opacity: float = 1.0


class Area(NamedTuple):
    """The area between two curves over x."""

    x: Floats
    low: Floats
    high: Floats
    color: Color
    opacity: float
    zorder: float
    label: str = ""


class ReferenceLine(NamedTuple):
    """A line across the whole frame, vertical at an x or horizontal at a y."""

    at: float
    upright: bool
    color: Color
    width: float
    zorder: float
    dash: Dash = ()
    opacity: float = 1.0


class HatchedSpan(NamedTuple):
    """A hatched span across the height of the frame, over x from low to high."""

    low: float
    high: float
    color: Color
    hatch: Color


class MultiPolygon(NamedTuple):
    """Closed rings, filled by the even-odd rule. They are not clipped."""

    rings: tuple[Floats, ...]     # (N, 2) each: points of the data
    color: Color
    opacity: float
    zorder: float = 0.2
    edge: Color | None = None    # of a thin outline


class Dot(NamedTuple):
    """A marker at a point. It may reach over the frame."""

    x: float
    y: float
    shape: str                   # circle, square, diamond or cross
    size: float                  # diameter
    fill: Color
    edge: Color
    width: float                 # of the edge
    zorder: float = 5.0


class Annotation(NamedTuple):
    """Words beside a point."""

    words: str                   # may have several lines
    x: float
    y: float
    color: Color
    size: float
    dx: float = 0.0              # px from the point to the anchor
    dy: float = 0.0              # px, upwards
    anchor: str = "start"        # start, middle or end
    rise: str = "bottom"         # the vertical anchor: bottom, middle or top
    plate: float = 0.0           # opacity of the background
    upright: bool = False        # rotated: reads from bottom to top
    zorder: float = 6.0
    inside: bool = False         # x and y are fractions of the frame


class PointLabel(NamedTuple):
    """Words for a point whose position is not decided yet: `labels` makes it an Annotation."""

    words: str
    x: float
    y: float
    color: Color
    above: bool = True
    size: float = 12.0


class IntervalLabel(NamedTuple):
    """Words for x from low to high, shown if there is room."""

    words: str
    low: float
    high: float


Mark: TypeAlias = Line | Area | MultiPolygon | ReferenceLine | HatchedSpan | Dot | Annotation


class PanelFrame(NamedTuple):
    """The rectangle of a panel's axes in the picture: px from its upper left corner."""

    left: float
    top: float
    width: float
    height: float


class Scale(NamedTuple):
    """The limits of an axis, linear or logarithmic."""

    low: float
    high: float
    log: bool = False

    @overload
    def share(self, values: float) -> float: ...

    @overload
    def share(self, values: Floats | Sequence[float]) -> Floats: ...

    def share(self, values: float | Floats | Sequence[float]) -> float | Floats:
        """Return the positions of values on the axis: 0 at low, 1 at high; nan for log of ≤ 0."""
        if isinstance(values, float) and not self.log:
            return (values - self.low) / (self.high - self.low)
        with np.errstate(all="ignore"):
            if not self.log:
                return (np.asarray(values, dtype=float) - self.low) / (self.high - self.low)
            a, b = math.log10(self.low), math.log10(self.high)
            shares = (np.log10(np.asarray(values, dtype=float)) - a) / (b - a)
            return np.where(np.isfinite(shares), shares, np.nan)


class Tick(NamedTuple):
    """A tick of an axis; one without words is a minor tick."""

    at: float
    words: str = ""


@dataclass(frozen=True, eq=False)
class Panel:
    """A pair of axes and its marks."""

    x: Scale
    y: Scale
    marks: tuple[Mark, ...]
    name: str = ""               # of the x axis
    numbered: bool = True        # show numbers on the x axis: in a stack, only on the last
    x_ticks: tuple[Tick, ...] = ()
    y_ticks: tuple[Tick, ...] = ()
    pi: bool = False             # x_ticks are multiples of pi
    side: str = ""               # the name of the y axis
    boxed: bool = False          # a box around the axes, and no grid
    bar: bool = False            # a colour bar: no axes, numbers at the right
    frame: PanelFrame = PanelFrame(0, 0, 1, 1)

    @overload
    def places(self, x: float, y: float) -> tuple[float, float]: ...

    @overload
    def places(self, x: Floats, y: Floats) -> tuple[Floats, Floats]: ...

    def places(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Convert points of the data to px of the picture."""
        f = self.frame
        return (f.left + f.width * self.x.share(x), f.top + f.height * (1 - self.y.share(y)))

    @property
    def legend(self) -> list[Line | Area]:
        """The marks that have labels."""
        return [m for m in self.marks if isinstance(m, (Line, Area)) and m.label]


class Chart(NamedTuple):
    """A plot: panels below each other, and the colours."""

    width: float
    height: float
    panels: tuple[Panel, ...]
    palette: Palette
    description: str             # what it shows, in sentences
    title: str = ""

    @property
    def name(self) -> str:
        """The first clause of the description."""
        return self.description.partition(": ")[0].rstrip(".")


def is_grayscale(palette: Palette) -> bool:
    """Return whether a palette has no colours."""
    return all(c[1:3] == c[3:5] == c[5:] for c in (palette["f"], palette["df"], palette["d2f"]))


def zorder(mark: Mark) -> float:
    """Return the order of painting: higher marks lie above lower ones."""
    return 0.0 if isinstance(mark, HatchedSpan) else mark.zorder
