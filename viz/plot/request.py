"""What a plot is asked to show: targets become sweeps, or a field, and a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from .. import sweep
from ..run.targets import Target, TargetError, user_code
from ..run.tracer import SECONDS, deadline
from ..sweep.scalar_field import descend, sample_field
from . import PlotOptions, chart, palette, contours, plot, styled_figure, surface

NAMES = "fghpqr"                 # what expressions are called, in order
ONE = ("tangent", "secant", "taylor", "mark", "check", "log", "stack", "pi")


class Request(NamedTuple):
    """What is swept, and how. The looks are PlotOptions."""

    x: tuple[float, float] = (-3.0, 3.0)
    y: tuple[float, float] | None = None       # the range of a second variable
    order: int = 1
    points: int | None = None
    at: Sequence[tuple[str, Any]] = ()         # (name or "", value): a mark, or another argument
    families: Mapping[str, Sequence[Any]] = {}             # {"a": [1, 2, 3]}: a curve for each
    path: tuple[float, float] | None = None    # two variables: steepest descent from here
    surface: bool = False
    seconds: float = SECONDS


def pictures(targets: Sequence[Target], request: Request, looks: Mapping[str, Any],
             themes: Sequence[str] = ("",)) -> tuple[list[Any], list[Any]]:
    """The sweeps of the targets, or the field of the one that takes two variables; and a picture
    in each theme, to be saved.

    Raises TargetError for what does not go together, and what the sweep and the function raise.
    """
    for name, ends in (("range", request.x), ("yrange", request.y)):
        if ends and not ends[0] < ends[1]:
            raise TargetError(f"--{name} goes from a smaller to a larger number, not from "
                              f"{ends[0]:g} to {ends[1]:g}")
    first = targets[0]
    fixed = {name: value for name, value in request.at if name}
    free = [n for n in first.names if n not in fixed and n not in request.families]
    needed = [name for name in free if name not in first.defaults]
    with user_code(first.name), deadline(first, request.seconds):
        if request.y or request.path or request.surface or len(needed) == 2:
            return _field(targets, request, fixed, looks, themes)
        argument = (needed or free or list(first.names) or [""])[0]
        at = tuple(value for name, value in request.at if name in ("", argument))
        fixed.pop(argument, None)              # --at x=1.2 of the swept x is a mark
        swept = []
        for i, target in enumerate(targets):
            options: dict[str, Any] = {"order": request.order, "points": request.points,
                                       "name": _name(target, i)}
            swept += sweep.family(target.function, request.families, *request.x, **options) \
                if request.families else \
                [sweep.sweep(target.function, *request.x, fixed=fixed, **options)]
        if looks.get("style"):                     # matplotlib's, which paints it
            return swept, [plot(swept, at=at, theme=theme, **looks) for theme in themes]
        light = chart(swept, at=at, theme=themes[0], **looks)
        return swept, [light._replace(palette=palette(PlotOptions(theme=theme, **looks)))
                       for theme in themes]


def _field(targets: Sequence[Target], request: Request, fixed: Mapping[str, Any],
           looks: Mapping[str, Any], themes: Sequence[str]) -> tuple[list[Any], list[Any]]:
    if len(targets) > 1:
        raise TargetError("a picture of two variables shows one function")
    for name in ONE:
        if looks.get(name):
            raise TargetError(f"--{name} is for functions of one variable")
    found = sample_field(targets[0].function, request.x, request.y or request.x,
                         name=_name(targets[0], 0), fixed=fixed)
    asked = [PlotOptions(theme=theme, **looks) for theme in themes]
    way = descend(found, *request.path) if request.path else None
    compose = surface.surface_chart if request.surface else contours.contour_chart
    if looks.get("style"):                         # matplotlib's, which paints it
        return [found], [styled_figure(partial(compose, found, way, one), one) for one in asked]
    light = compose(found, way, asked[0], palette(asked[0]))
    return [found], [light._replace(palette=palette(one)) for one in asked]


def _name(target: Target, i: int) -> str:
    return target.name if target.file else NAMES[i % len(NAMES)]
