"""Charts of curves: which ones share an axis, its limits, marks, ticks and frame."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..graph import text
from ..options.plotting import PlotError, PlotOptions
from ..sweep import Sweep
from ..sweep.arrays import Floats
from . import curves, labels, layout
from .chart import (
    Annotation, Area, Chart, Color, ColorMix, Dash, Dot, IntervalLabel, Line, Mark, Palette, Panel,
    PointLabel, Scale)
from .description import describe_sweeps
from .marks import requested_marks
from .y_limits import Curve, limit_spans, value_span, fit_one_axis, y_window

LONG = 44                        # longer expressions are left out of the legend
ROW = 270.0                      # px of a panel of a stack at least
ROLES = ("f", "df", "d2f")       # the colours, by order or by sweep
DASHES: tuple[Dash, ...] = ((), (11.0, 4.5), (2.5, 3.5))
DECADES = 6                      # positive curves that span more get a hint at a log axis


class PanelDraft(NamedTuple):
    """A panel, and the labels that are placed once its frame is known."""

    panel: Panel
    point_labels: tuple[PointLabel, ...] = ()
    interval_labels: tuple[IntervalLabel, ...] = ()


def curve_chart(sweeps: Sequence[Sweep], options: PlotOptions, colors: Palette) -> Chart:
    """Return the chart of sweeps. Raises PlotError for options that their values do not allow."""
    every, spans = curves_and_spans(sweeps, options)
    stacked = options.stack if options.stack is not None else not fit_one_axis(spans)
    drafts = []
    for order in sorted({curve.order for curve in every}) if stacked else [0]:
        shown = [i for i, c in enumerate(every) if not stacked or c.order == order]
        few = [every[i] for i in shown]
        limits = y_window(limit_spans(few, [spans[i] for i in shown]))
        made = draft_panel(few, every, options, limits)
        if stacked and order == 1 and len(few) == 1:
            signs = _signs(few[0], made.panel.y)
            made = PanelDraft(replace(made.panel, marks=(*signs, *made.panel.marks)), *made[1:])
        drafts.append(made)
    if options.check:
        drafts.append(PanelDraft(_errors(sweeps)))
    last = len(drafts) - 1
    drafts = [PanelDraft(replace(d.panel, numbered=i == last), *d[1:])
              for i, d in enumerate(drafts)]
    wide, high = options.size
    high = max(high, ROW * len(drafts))
    framed = layout.layout_panels([d.panel for d in drafts], wide, high, title=bool(options.title),
                                  pi=options.pi)
    return Chart(wide, high, tuple(
        finish_panel(PanelDraft(panel, *d[1:])) for d, panel in zip(drafts, framed, strict=True)),
        colors, describe_sweeps(sweeps), options.title)


def curves_and_spans(sweeps: Sequence[Sweep], options: PlotOptions
                     ) -> tuple[list[Curve], list[tuple[float, float]]]:
    """Return the curves of sweeps, order by order, and the range of y that each needs."""
    every = [Curve(s, k) for k in range(max(s.order for s in sweeps) + 1) for s in sweeps
             if k <= s.order]
    return every, [value_span(c, _kept(c, options)) for c in every]


def single_panel(sweeps: Sequence[Sweep], options: PlotOptions) -> PanelDraft:
    """Return all curves of sweeps on one pair of axes."""
    every, spans = curves_and_spans(sweeps, options)
    return draft_panel(every, every, options, y_window(limit_spans(every, spans)))


def finish_panel(draft: PanelDraft) -> Panel:
    """Return a panel whose frame is known, with its labels."""
    panel = draft.panel
    return replace(panel, marks=(
        *panel.marks, *labels.place_interval_labels(panel, draft.interval_labels),
        *labels.place_point_labels(panel, draft.point_labels)))


def draft_panel(shown: Sequence[Curve], every: Sequence[Curve], options: PlotOptions,
                limits: tuple[float, float]) -> PanelDraft:
    """Draft a panel with some curves. limits: of the y axis, unless it is logarithmic."""
    sweeps = list(dict.fromkeys(c.sweep for c in shown))
    low, high = min(s.low for s in sweeps), max(s.high for s in sweeps)
    x, y = _scales(shown, options, (low, high), limits)
    made: list[Mark | PointLabel | IntervalLabel] = []
    for s in sweeps:
        made += curves.undefined_marks(s, say=shown[0].order == 0 and len(sweeps) == 1)
    styles = [(c, *curve_style(c, every)) for c in shown]
    for c, color, dash, plain in styles:
        made += curves.curve_marks(c, color, y, label=legend_label(c, every), dash=dash,
                                   plain=plain, exact=x.log or y.log)
    if options.log == "" and len(sweeps) == 1:
        made += _hint(shown)
    for c, color, *_ in styles:
        made += requested_marks(c, color, x, y, options)
    made = [m for m in made if not isinstance(m, (Dot, Annotation, PointLabel)) or _within(m, x, y)]
    return PanelDraft(Panel(x, y, tuple(m for m in made if not isinstance(m, (PointLabel,
                                                                              IntervalLabel))),
                            sweeps[0].argument),
                      tuple(m for m in made if isinstance(m, PointLabel)),
                      tuple(m for m in made if isinstance(m, IntervalLabel)))


def _within(mark: Dot | Annotation | PointLabel, x: Scale, y: Scale) -> bool:
    """Return whether a point is within the axes, up to rounding."""
    if isinstance(mark, Annotation) and mark.inside:
        return True
    return -1e-6 <= x.share(mark.x) <= 1 + 1e-6 and -1e-6 <= y.share(mark.y) <= 1 + 1e-6


def curve_style(curve: Curve, every: Sequence[Curve]) -> tuple[Color, Dash, Dash]:
    """Return the colour and dash of a curve, and its dash in a theme without colours.

    The curves of one sweep differ by order, those of several by sweep and order.
    """
    sweeps = list(dict.fromkeys(c.sweep for c in every))
    i = sweeps.index(curve.sweep)
    if len(sweeps) == 1:
        plain, dash = (DASHES[k % len(DASHES)] for k in (curve.order, curve.order // 3))
        return ROLES[curve.order % 3], dash, plain
    if sweeps[0].fixed:                            # a family: one colour, from pale to full
        return ColorMix("paper", ROLES[min(curve.order, 2)],
                        0.35 + 0.65 * i / (len(sweeps) - 1)), (), ()
    colors: list[Color] = [*ROLES, *(ColorMix("ink", role, 0.5) for role in ROLES)]
    dash = DASHES[min(curve.order, len(DASHES) - 1)]
    return colors[i % len(colors)], dash, dash


def legend_label(curve: Curve, every: Sequence[Curve]) -> str:
    """Return the legend of a curve: f(x) = x³ + x; f′(x); f(x), a = 2."""
    s = curve.sweep
    name = f"{curves.derivative_symbol(s.name, curve.order)}({s.argument})"
    if s.fixed and len({c.sweep for c in every}) > 1:
        return name + ", " + ", ".join(f"{k} = {text.number(v, 3)}" for k, v in s.fixed)
    if curve.order == 0 and s.expression and len(s.expression) <= LONG:
        return f"{name} = {s.expression}"
    return name


def _kept(curve: Curve, options: PlotOptions) -> list[float]:
    """Return values that the axis must show: those at the requested points."""
    places = [*options.at, *(options.tangent if curve.order == 0 else ())]
    if curve.order == 0:
        places += [*(options.secant or ()), *(x for x, _ in options.taylor)]
    return [float(curve.sweep.at(x)[curve.order]) for x in places]


def _scales(shown: Sequence[Curve], options: PlotOptions, ends: tuple[float, float],
            limits: tuple[float, float]) -> tuple[Scale, Scale]:
    if options.log in ("x", "both") and ends[0] <= 0:
        raise PlotError(f"a logarithmic x axis needs a range of positive numbers, "
                        f"not one from {ends[0]:g}")
    x = Scale(*ends, options.log in ("x", "both"))
    if options.log not in ("y", "both"):
        return x, Scale(*limits)
    values = np.concatenate([c.y[np.isfinite(c.y) & (c.y > 0)] for c in shown])
    if not len(values):
        names = ", ".join(curves.derivative_symbol(c.sweep.name, c.order) for c in shown)
        raise PlotError(f"a logarithmic y axis needs positive values: {names} has none")
    most = float(values.max())
    least = max(float(values.min()), most * 1e-40, 1e-300)
    return x, Scale(least / 1.6, 1.6 * min(most, 1e308), True)


def _hint(shown: Sequence[Curve]) -> list[Annotation]:
    """Return a hint at a log axis for a positive curve that spans many decades."""
    y = shown[0].y[np.isfinite(shown[0].y)]
    smooth = not any(e.is_break for e in shown[0].sweep.events if e.order == shown[0].order)
    if shown[0].order == 0 and smooth and len(y) and y.min() > 0 and (
            y.max() > 10.0 ** DECADES * y.min()) and np.median(y) < 0.05 * y.max():
        decades = math.log10(y.max() / y.min())
        return [Annotation(f"{decades:.0f} decades: a log axis shows them (--log y)", 0.02, 0.94,
                           "muted", 12.0, rise="top", inside=True)]
    return []


def _signs(curve: Curve, y: Scale) -> list[Area]:
    """Return the sign of f′ as areas: f increases where it is positive."""
    if y.log:
        return []
    areas = []
    for x, values in curves.branches(curve, y.low, y.high):
        values, zero = np.clip(values, y.low, y.high), np.zeros_like(values)
        for part, color in ((np.maximum(values, 0), "df"), (np.minimum(values, 0), "d2f")):
            if part.any():
                areas.append(Area(x, zero, part, color, 0.13, 0.5))
    return areas


def _errors(sweeps: Sequence[Sweep]) -> Panel:
    """Return a panel of |f′ − central difference|, relative to the size of f′, on a log axis."""
    lines, top = [], 1e-16
    for i, s in enumerate(sweeps):
        x, error = central_error(s)
        error = np.maximum(error, 1e-16)
        top = max(top, float(np.nanmax(error, initial=1e-16)))
        lines.append(Line(x, np.round(error, 18), ROLES[i % 3], 1.5, 3.0,
                          label=f"|{curves.derivative_symbol(s.name, 1)} − central difference|"))
    return Panel(Scale(min(s.low for s in sweeps), max(s.high for s in sweeps)),
                 Scale(1e-16, max(1e-6, top * 3), True), tuple(lines), sweeps[0].argument)


def central_error(s: Sweep) -> tuple[Floats, Floats]:
    """Return x and |f′ − (f(x + h) − f(x − h)) / 2h| / max(1, |f′|), h = ∛ε max(1, |x|)."""
    assert s.evaluator is not None
    x = np.linspace(s.low, s.high, 403)[1:-1]
    h = np.finfo(float).eps ** (1 / 3) * np.maximum(1.0, np.abs(x))
    slope = s.evaluator.curves(x, 1)[1]
    with np.errstate(all="ignore"):
        central = (s.evaluator.curves(x + h, 0)[0] - s.evaluator.curves(x - h, 0)[0]) / (2 * h)
        error = np.abs(slope - central) / np.maximum(1.0, np.abs(slope))
    for e in s.events:
        if e.kind not in ("root", "extremum", "inflection"):
            error[np.abs(x - e.x) <= 2 * h] = np.nan
    return x, error
