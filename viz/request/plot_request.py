"""PlotRequest: all options for a plot."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from ..options.fields import OptionError, option
from ..options.message import Message, Option
from ..options.plotting import PlotOptions
from .common import Request, pairs


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PlotRequest(PlotOptions, Request):
    """A function and its derivatives over a range, or a function of two variables.

    Raises OptionError for what does not go together.
    """

    others: tuple[Any, ...] = option((), "Draw another function in the same picture. Repeatable.",
                                     many=True, metavar="TARGET", flags=("--with",))
    range: tuple[float, float] = option((-3.0, 3.0), "The range of x.", kind="number", nargs=2,
                                        metavar="LOW HIGH", default_help="-3 3")
    order: int = option(1, "The highest derivative: 0 draws f alone, 2 also f''.", kind="integer",
                        low=0, high=6)
    points: int | None = option(None, "The number of samples, evenly spaced.", kind="integer",
                                low=2, high=10_000_000, metavar="N",
                                default_help="as many as the picture needs")
    at: tuple[Any, ...] = option((), "Mark a point: 1.2 or x=1.2; or set another argument: a=2. "
                                 "Repeatable.", kind="point", many=True, metavar="[NAME=]VALUE")
    params: Any = option((), "Draw a family of curves: a=1,2,3. Repeatable.", kind="family",
                         many=True, metavar="NAME=V,V,...", flags=("--param",))
    yrange: tuple[float, float] | None = option(
        None, "Two variables: the range of the second.", kind="number", nargs=2,
        metavar="LOW HIGH", default_help="as --range")
    path: tuple[float, float] | None = option(
        None, "Two variables: the path of steepest descent from a point.", kind="number", nargs=2,
        metavar="X Y")
    surface: bool = option(False, "Two variables: a surface in space in place of contours.",
                           kind="flag")
    csv: str = option("", "Also write samples and derivatives as a table.", kind="file",
                      metavar="FILE")
    json: str = option("", "Also write samples, derivatives and events as JSON.", kind="file",
                       metavar="FILE")
    verbose: bool = option(False, "Report how the function was evaluated.", kind="flag",
                           flags=("-v", "--verbose"))

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", pairs(self.at))
        if isinstance(self.params, Mapping):
            object.__setattr__(self, "params", tuple(self.params.items()))
        super().__post_init__()
        for name in ("range", "yrange"):
            ends = getattr(self, name)
            if ends and not ends[0] < ends[1]:
                raise OptionError(Message(Option(name), " goes from a smaller to a larger number, "
                                          f"not from {ends[0]:g} to {ends[1]:g}"))

    @property
    def families(self) -> dict[str, Sequence[Any]]:
        """Return argument -> its values, a curve for each."""
        return dict(self.params)
