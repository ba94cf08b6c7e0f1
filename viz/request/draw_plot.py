"""Draw a plot: f.py -> function -> Sweep -> pictures."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from .. import plot as plots
from .. import readers, sweep
from ..options.fields import OptionError
from ..options.message import Message, Option
from ..options.plotting import PlotOptions
from ..plot import contours, surface
from ..run.targets import Target, user_code
from ..run.tracer import deadline
from ..sweep import export
from ..sweep.scalar_field import descend, sample_field
from .common import Drawn, File
from .destinations import destinations, named, themes
from .load import at_root, load
from .plot_request import PlotRequest

NAMES = "fghpqr"                 # what expressions are called, in order
ONE = ("tangent", "secant", "taylor", "mark", "check", "log", "stack", "pi")   # of one variable


def draw_plot(request: PlotRequest) -> Drawn:
    """Draw a plot. Raises OptionError, TargetError, RunError, SweepError and PlotError."""
    with at_root(request) as request:
        wanted = destinations(request, plots.FORMATS, {})
        looks = themes(request, request.theme)
        with readers.prepared():
            loaded = [readers.from_factory(target) for target in
                      (load(request), *(load(request, other) for other in request.others))]
        swept, drawn = pictures(loaded, request, looks)
    if (request.csv or request.json) and len(swept) > 1:
        raise OptionError(Message(Option("csv"), " and ", Option("json"), " write one function, "
                                  f"this picture has {len(swept)}"))
    notes: list[str] = []
    for one in swept:
        notes += getattr(one, "notes", ())
        looped = str(getattr(one, "looped", ""))
        if request.verbose and looped:
            notes.append(f"{one.name} is called once per point: {looped}")
    by_theme, files = dict(zip(looks, drawn)), []
    for path, kind, theme in named(wanted, f"{loaded[0].stem}.plot", looks):
        file = io.BytesIO()
        plots.save(by_theme[theme], file, format=kind, dpi=request.dpi, alt=request.alt or None)
        files.append(File(path, kind, theme, file.getvalue()))
    data: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
        (request.csv, "csv", export.to_csv), (request.json, "json", export.to_json))
    files += [File(path, kind, "", write(swept[0]).encode()) for path, kind, write in data if path]
    return Drawn(tuple(files), request.alt or plots.alt_text(drawn[0]), tuple(notes))


def pictures(targets: Sequence[Target], request: PlotRequest, looks: Sequence[str]
             ) -> tuple[list[Any], list[Any]]:
    """The sweeps of the targets, or the field of the one that takes two variables; and a picture
    in each theme, to be saved.

    Raises OptionError for what does not go together, and what the sweep and the function raise.
    """
    first, families = targets[0], request.families
    fixed = {name: value for name, value in request.at if name}
    free = [n for n in first.names if n not in fixed and n not in families]
    needed = [name for name in free if name not in first.defaults]
    with user_code(first.name), deadline(first, request.seconds):
        if request.yrange or request.path or request.surface or len(needed) == 2:
            return _field(targets, request, fixed, looks)
        argument = (needed or free or list(first.names) or [""])[0]
        at = tuple(value for name, value in request.at if name in ("", argument))
        fixed.pop(argument, None)              # --at x=1.2 of the swept x is a mark
        swept = []
        for i, target in enumerate(targets):
            options: dict[str, Any] = {"order": request.order, "points": request.points,
                                       "name": _name(target, i)}
            swept += sweep.family(target.function, families, *request.range, **options) \
                if families else \
                [sweep.sweep(target.function, *request.range, fixed=fixed, **options)]
        asked = [_options(request, theme, at) for theme in looks]
        if request.style:                          # matplotlib's, which paints it
            return swept, [plots.plot(swept, options=one) for one in asked]
        light = plots.chart(swept, options=asked[0])
        return swept, [light._replace(palette=plots.palette(one)) for one in asked]


def _field(targets: Sequence[Target], request: PlotRequest, fixed: dict[str, Any],
           looks: Sequence[str]) -> tuple[list[Any], list[Any]]:
    if len(targets) > 1:
        raise OptionError("a picture of two variables shows one function")
    for name in ONE:
        if getattr(request, name):
            raise OptionError(Message(Option(name), " is for functions of one variable"))
    found = sample_field(targets[0].function, request.range, request.yrange or request.range,
                         name=_name(targets[0], 0), fixed=fixed)
    asked = [_options(request, theme, ()) for theme in looks]
    way = descend(found, *request.path) if request.path else None
    chart = surface.surface_chart if request.surface else contours.contour_chart
    if request.style:                              # matplotlib's, which paints it
        return [found], [plots.styled_figure(partial(chart, found, way, one), one)
                         for one in asked]
    light = chart(found, way, asked[0], plots.palette(asked[0]))
    return [found], [light._replace(palette=plots.palette(one)) for one in asked]


def _options(request: PlotRequest, theme: str, at: tuple[Any, ...]) -> PlotOptions:
    """Return the options of the plot in a theme, with its marks."""
    given = {one.name: getattr(request, one.name) for one in dataclasses.fields(PlotOptions)}
    return PlotOptions(**{**given, "theme": theme, "at": at})


def _name(target: Target, i: int) -> str:
    return target.name if target.file else NAMES[i % len(NAMES)]
