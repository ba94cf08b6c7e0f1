"""What can be asked of a plot."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from ..graph.theme import THEMES

MARKS = ("roots", "extrema", "inflections")
LOGS = ("", "x", "y", "both")


class PlotError(ValueError):
    """An option that a plot cannot follow, said for people."""

    status = 2                   # what the command line exits with


@dataclass(frozen=True)
class PlotOptions:
    """All options of a plot. Raises PlotError for values that cannot be."""

    stack: bool | None = None    # f above f' on a shared x; None: where one axis cannot show both
    mark: tuple[str, ...] = ()   # of MARKS: labelled with their values
    at: tuple[float, ...] = ()   # points marked with f and f' there
    tangent: tuple[float, ...] = ()          # the tangent at x, with its triangle
    secant: tuple[float, float] | None = None          # the chord from a to b
    taylor: tuple[tuple[float, int], ...] = ()         # (x, n): the polynomial of degree n at x
    check: bool = False          # a panel of the error against central differences
    log: str = ""                # of LOGS
    pi: bool | None = None       # ticks at multiples of pi; None: where the range ends at such
    title: str = ""
    size: tuple[float, float] = (800.0, 480.0)         # pixels at 100 dpi
    style: str = ""              # one of matplotlib's styles, by name or path
    dark: bool = False
    theme: str = ""              # one of theme.THEMES; "": light, or dark

    @property
    def marks(self) -> bool:
        """Whether anything is asked for that is drawn beside the curves."""
        return bool(self.mark or self.at or self.tangent or self.secant or self.taylor)

    def __post_init__(self) -> None:
        for name in self.mark:
            if name not in MARKS:
                raise PlotError(f"unknown mark: {name!r} (must be one of {', '.join(MARKS)})")
        if self.theme and self.theme not in THEMES:
            raise PlotError(f"unknown theme: {self.theme!r} (must be one of {', '.join(THEMES)})")
        if self.log not in LOGS:
            raise PlotError(f"unknown log axis: {self.log!r} (must be one of x, y, both)")
        if self.secant is not None and self.secant[0] == self.secant[1]:
            raise PlotError(f"a secant needs two places, not {self.secant[0]:g} twice")
        for x, n in self.taylor:
            if not 0 <= n <= 12:
                raise PlotError(f"the degree of a Taylor polynomial is {n}: "
                                "it must be from 0 to 12")
        if not (100 <= self.size[0] <= 10000 and 100 <= self.size[1] <= 10000):
            raise PlotError(f"the size is {self.size[0]:g} by {self.size[1]:g} pixels: "
                            "both must be from 100 to 10000")


def plot_options(given: dict[str, Any]) -> PlotOptions:
    """Return the options by their names. Raises PlotError for an unknown name."""
    names = [field.name for field in fields(PlotOptions)]
    for name in given:
        if name not in names:
            raise PlotError(f"unknown option: {name!r} (must be one of {', '.join(names)})")
    return PlotOptions(**given)
