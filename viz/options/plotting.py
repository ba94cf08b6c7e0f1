"""Options for drawing a plot: what is shown beside the curves, and how it looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .drawing import THEMES
from .fields import OptionError, check, option
from .message import Message, Option

MARKS = ("roots", "extrema", "inflections")


class PlotError(OptionError):
    """An option that a plot cannot follow."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PlotOptions:
    """Options for drawing a plot. Raises PlotError for invalid values."""

    stack: bool | None = option(
        None, "Draw f above f' on a shared x, or all in one.", kind="flag",
        flags=("--stack/--overlay",), default_help="whichever is readable")
    tangent: tuple[float, ...] = option(
        (), "The tangent at X, with slope triangle and numbers. Repeatable.", kind="number",
        many=True, metavar="X")
    secant: tuple[float, float] | None = option(None, "The chord from A to B.", kind="number",
                                                nargs=2, metavar="A B")
    taylor: tuple[tuple[float, int], ...] = option(
        (), "The Taylor polynomial of degree N (0 to 12) at X. Repeatable.", kind="taylor",
        nargs=2, many=True, metavar="X N")
    mark: tuple[str, ...] = option((), "Label roots, extrema or inflections, or several: a,b.",
                                   kind="names", choices=MARKS, many=True, metavar="LIST")
    check: bool = option(False, "Add a panel of the error against central differences.",
                         kind="flag")
    log: str = option("", "Logarithmic axes.", choices=("x", "y", "both"))
    pi: bool | None = option(None, "Ticks at multiples of pi.", kind="flag",
                             flags=("--pi/--no-pi",), default_help="if the range ends at such")
    title: str = option("", "The title above the picture.", metavar="TEXT")
    size: tuple[float, float] = option((800.0, 480.0), "Size in px.", kind="number", nargs=2,
                                       metavar="WIDTH HEIGHT", default_help="800 480", low=100,
                                       high=10000)
    style: str = option("", "A style of matplotlib's, or a style file.", kind="style",
                        metavar="NAME")
    dark: bool = option(False, "Use the dark theme.", kind="flag")
    theme: str = option("", "The theme, in place of light and dark.", choices=THEMES,
                        command_line=False)
    at: tuple[Any, ...] = option((), "Points to mark with the values of f and f' there.",
                                 kind="point", many=True, metavar="[NAME=]VALUE")

    def __post_init__(self) -> None:
        check(self, PlotError)
        if self.secant is not None and self.secant[0] == self.secant[1]:
            raise PlotError(Message(Option("secant"), f" needs two places, not {self.secant[0]:g} "
                                                      "twice"))
        for _, degree in self.taylor:
            if not 0 <= degree <= 12:
                raise PlotError(Message(Option("taylor"), ": the degree of the polynomial is "
                                        f"{degree}: it must be from 0 to 12"))
