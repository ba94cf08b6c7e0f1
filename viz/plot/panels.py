"""How a picture is put together: which curves share an axis, its window, grid, ticks and legend."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .. import text
from ..sweep import Sweep
from . import curves, marks, ticks
from .frame import Curve, bounded, span, together, window
from .options import PlotError, PlotOptions

Look = Any

LONG = 44                        # an expression of more characters is left out of the legend
ROW = 270.0                      # pixels that a panel of a stack has at least
ROLES = ("f", "df", "d2f")       # the colours, by order or by sweep
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.5)))
DECADES = 6                      # a positive curve that spans more is better seen on a log axis


def compose(sweeps: Sequence[Sweep], asked: PlotOptions, look: Look, axes: Any) -> Any:
    """The Figure of the sweeps, or that of the user's Axes, with them on it."""
    every = [Curve(s, k) for k in range(max(s.order for s in sweeps) + 1) for s in sweeps
             if k <= s.order]
    spans = [span(c, _kept(c, asked)) for c in every]
    if axes is not None:
        panel(axes, every, every, asked, look, window(bounded(every, spans)))
        _marks(axes, every, every, asked, look)
        return axes.figure
    from matplotlib.figure import Figure
    stacked = asked.stack if asked.stack is not None else not together(spans)
    orders = sorted({curve.order for curve in every}) if stacked else [0]
    wide, high = asked.size
    rows = len(orders) + asked.check
    figure: Any = Figure(figsize=(wide / 100, max(high, ROW * rows) / 100), dpi=100,
                         layout="constrained")
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.1, hspace=0.02)
    if not asked.style:
        figure.set_facecolor(look["paper"])
    grid = figure.subplots(rows, 1, sharex=True, squeeze=False)[:, 0]
    for row, order in zip(grid, orders):
        shown = [c for c in every if not stacked or c.order == order]
        limits = window(bounded(shown, [spans[every.index(c)] for c in shown]))
        panel(row, shown, every, asked, look, limits)
        if stacked and order == 1:
            _signs(row, shown, look)
    if asked.check:
        _error_panel(grid[-1], sweeps, asked, look)
    for row in grid[:-1]:
        row.tick_params(labelbottom=False)
        row.set_xlabel("")
    if asked.title:
        figure.suptitle(asked.title, color=look["ink"], fontsize=13,
                        x=0.02, ha="left", parse_math=False)
    if asked.marks:
        figure.draw_without_rendering()            # labels need to know where things are
        for row, order in zip(grid, orders):
            _marks(row, [c for c in every if not stacked or c.order == order], every, asked, look)
            _legend(row, look)
    return figure


def _marks(axes: Any, shown: Sequence[Curve], every: Sequence[Curve], asked: PlotOptions,
           look: Look) -> None:
    for c in shown:
        marks.draw(axes, c, paint(c, every, look)[0], look, asked)


def panel(axes: Any, shown: Sequence[Curve], every: Sequence[Curve], asked: PlotOptions,
          look: Look, limits: tuple[float, float]) -> None:
    """Curves on one axis."""
    sweeps = list(dict.fromkeys(c.sweep for c in shown))
    low, high = min(s.low for s in sweeps), max(s.high for s in sweeps)
    _dress(axes, look, asked)
    _scale(axes, shown, asked, low, limits)
    axes.set_xlim(low, high)
    axes.set_xlabel(sweeps[0].argument, color=look["muted"])
    if asked.log not in ("x", "both"):
        ticks.dress(axes.xaxis)
        ticks.pi_ticks(axes, low, high, asked.pi)
    if asked.log not in ("y", "both"):
        ticks.dress(axes.yaxis)
    for s in sweeps:
        curves.strips(axes, s, look, say=shown[0].order == 0 and len(sweeps) == 1)
    looks = [(c, *paint(c, every, look)) for c in shown]
    for c, color, dash in looks:
        curves.draw(axes, c, color, look, label=label(c, every), dash=dash)
    if asked.log == "" and len(sweeps) == 1:
        _hint(axes, shown, look)
    _legend(axes, look)


def paint(curve: Curve, every: Sequence[Curve], look: Look) -> tuple[str, Any]:
    """Colour and dash of a curve: of one sweep by order, of several by sweep and order."""
    sweeps = list(dict.fromkeys(c.sweep for c in every))
    i = sweeps.index(curve.sweep)
    colors = [look[role] for role in ROLES]
    if len(sweeps) == 1:
        grey = all(c[1:3] == c[3:5] == c[5:] for c in colors)
        turn = curve.order if grey else curve.order // 3         # without colours dashes tell
        return colors[curve.order % 3], DASHES[turn % len(DASHES)]
    if sweeps[0].fixed:                            # a family: one colour, from pale to full
        return _blend(look["paper"], colors[min(curve.order, 2)],
                      0.35 + 0.65 * i / (len(sweeps) - 1)), "-"
    colors += [_blend(look["ink"], c, 0.5) for c in colors]
    return colors[i % len(colors)], DASHES[min(curve.order, len(DASHES) - 1)]


def _blend(a: str, b: str, share: float) -> str:
    """The colour between #a and #b; share 1 is b."""
    parts = [(int(a[k:k + 2], 16), int(b[k:k + 2], 16)) for k in (1, 3, 5)]
    return "#" + "".join(f"{round(p + (q - p) * share):02x}" for p, q in parts)


def label(curve: Curve, every: Sequence[Curve]) -> str:
    """f(x) = x³ + x; f′(x); f(x), a = 2."""
    s = curve.sweep
    name = f"{curves.symbol(s.name, curve.order)}({s.argument})"
    if s.fixed and len({c.sweep for c in every}) > 1:
        return name + ", " + ", ".join(f"{k} = {text.number(v, 3)}" for k, v in s.fixed)
    if curve.order == 0 and s.expression and len(s.expression) <= LONG:
        return f"{name} = {s.expression}"
    return name


def _kept(curve: Curve, asked: PlotOptions) -> list[float]:
    """Values that the window must show: those of the points asked for."""
    places = [*asked.at, *(asked.tangent if curve.order == 0 else ())]
    if curve.order == 0:
        places += [*(asked.secant or ()), *(x for x, _ in asked.taylor)]
    return [float(curve.sweep.at(x)[curve.order]) for x in places]


def _scale(axes: Any, shown: Sequence[Curve], asked: PlotOptions, low: float,
           limits: tuple[float, float]) -> None:
    if asked.log in ("x", "both"):
        if low <= 0:
            raise PlotError(f"a logarithmic x axis needs a range of positive numbers, "
                            f"not one from {low:g}")
        axes.set_xscale("log")
    if asked.log not in ("y", "both"):
        axes.set_ylim(*limits)
        return
    values = np.concatenate([c.y[np.isfinite(c.y) & (c.y > 0)] for c in shown])
    if not len(values):
        names = ", ".join(curves.symbol(c.sweep.name, c.order) for c in shown)
        raise PlotError(f"a logarithmic y axis needs positive values: {names} has none")
    axes.set_yscale("log")
    most = float(values.max())
    least = max(float(values.min()), most * 1e-40, 1e-300)
    axes.set_ylim(least / 1.6, most * 1.6)


def _hint(axes: Any, shown: Sequence[Curve], look: Look) -> None:
    """A positive curve that runs through many decades: say that a log axis would show it."""
    y = shown[0].y[np.isfinite(shown[0].y)]
    smooth = not any(e.slit for e in shown[0].sweep.events if e.order == shown[0].order)
    if shown[0].order == 0 and smooth and len(y) and y.min() > 0 and (
            y.max() > 10.0 ** DECADES * y.min()):
        decades = math.log10(y.max() / y.min())
        middle = np.median(y) / y.max()
        if middle < 0.05:
            axes.text(0.02, 0.94, f"{decades:.0f} decades: a log axis shows them (--log y)",
                      transform=axes.transAxes, fontsize=9, color=look["muted"], va="top")


def _signs(axes: Any, shown: Sequence[Curve], look: Look) -> None:
    """The sign of f′, shaded: f rises above zero and falls below."""
    low, high = axes.get_ylim()
    for curve in shown if len(shown) == 1 else ():
        wide = curve.sweep.high - curve.sweep.low
        for x, y in curves.pieces(curve, low, high):
            even = np.linspace(x[0], x[-1], max(int(300 * (x[-1] - x[0]) / wide), 2))
            y = np.round(np.clip(np.interp(even, x, y), low, high), 9)
            x = np.round(even, 9)
            axes.fill_between(x, 0, y, where=y >= 0, color=look["df"], alpha=0.13, lw=0, zorder=0.5)
            axes.fill_between(x, 0, y, where=y <= 0, color=look["d2f"], alpha=0.13, lw=0,
                              zorder=0.5)


def _error_panel(axes: Any, sweeps: Sequence[Sweep], asked: PlotOptions, look: Look) -> None:
    """|f′ − central difference|, relative to the size of f′, on a log axis."""
    _dress(axes, look, replace(asked, log="y"))
    axes.set_yscale("log")
    floor, top = 1e-16, 1e-16
    for i, s in enumerate(sweeps):
        x, error = central_error(s)
        error = np.maximum(error, floor)
        top = max(top, float(np.nanmax(error, initial=floor)))
        axes.plot(x, np.round(error, 18), color=look[ROLES[i % 3]], lw=1.1,
                  label=f"|{curves.symbol(s.name, 1)} − central difference|")
    axes.set_ylim(1e-16, max(1e-6, top * 3))
    axes.set_xlim(min(s.low for s in sweeps), max(s.high for s in sweeps))
    axes.set_xlabel(sweeps[0].argument, color=look["muted"])
    _legend(axes, look)


def central_error(s: Sweep) -> tuple[Any, Any]:
    """x and |f′ − (f(x + h) − f(x − h)) / 2h| / max(1, |f′|), h = ∛ε max(1, |x|)."""
    assert s.passes is not None
    x = np.linspace(s.low, s.high, 403)[1:-1]
    h = np.finfo(float).eps ** (1 / 3) * np.maximum(1.0, np.abs(x))
    slope = s.passes.curves(x, 1)[1]
    with np.errstate(all="ignore"):
        central = (s.passes.curves(x + h, 0)[0] - s.passes.curves(x - h, 0)[0]) / (2 * h)
        error = np.abs(slope - central) / np.maximum(1.0, np.abs(slope))
    for e in s.events:
        if e.kind not in ("root", "extremum", "inflection"):
            error[np.abs(x - e.x) <= 2 * h] = np.nan
    return x, error


def _dress(axes: Any, look: Look, asked: PlotOptions) -> None:
    """Grid, zero lines, few spines."""
    if asked.style:
        return
    axes.set_facecolor(look["paper"])
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(look["line"])
        axes.spines[side].set_linewidth(0.8)
    axes.grid(True, color=look["line"], alpha=0.18, lw=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(colors=look["muted"], labelsize=9, length=3, width=0.8, color=look["line"])
    if asked.log not in ("y", "both"):
        axes.axhline(0.0, color=look["muted"], lw=0.9, alpha=0.55, zorder=1)
    if asked.log not in ("x", "both"):
        axes.axvline(0.0, color=look["muted"], lw=0.9, alpha=0.55, zorder=1)


def _legend(axes: Any, look: Look) -> None:
    """Above the axis, at its left: it hides nothing."""
    handles, names = axes.get_legend_handles_labels()
    if not handles:
        return
    n = _columns(names, axes.figure.get_figwidth() * 72)
    rank = [i for column in range(n) for i in range(column, len(names), n)]    # row by row
    legend = axes.legend([handles[i] for i in rank], [names[i] for i in rank], ncols=n,
                         loc="lower left", bbox_to_anchor=(-0.01, 1.0), frameon=False, fontsize=11,
                         handlelength=1.5, columnspacing=2.0, borderaxespad=0.3)
    for words in legend.get_texts():
        words.set_parse_math(False)
        words.set_color(look["ink"])


def _columns(names: Sequence[str], wide: float) -> int:
    """As many names beside each other as fit on so many points."""
    sizes = [text.width(name, 11) + 44 for name in names]
    for n in range(len(names), 1, -1):
        if sum(max(sizes[column::n]) for column in range(n)) <= 0.9 * wide:
            return n
    return 1
