"""How a picture is put together: which curves share an axis, its window, grid, ticks and legend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..sweep import Sweep
from . import curves
from .frame import Curve, span, together, window
from .options import PlotOptions

Look = Any

LONG = 44                        # an expression of more characters is left out of the legend


def compose(sweeps: Sequence[Sweep], asked: PlotOptions, look: Look, axes: Any) -> Any:
    """The Figure of the sweeps, or the user's Axes with them on it."""
    every = [Curve(s, k) for k in range(max(s.order for s in sweeps) + 1) for s in sweeps
             if k <= s.order]
    spans = [span(curve) for curve in every]
    stacked = asked.stack if asked.stack is not None else not together(spans)
    if axes is not None:
        panel(axes, every, asked, look, window(spans))
        return axes.figure
    from matplotlib.figure import Figure
    orders = sorted({curve.order for curve in every}) if stacked else [0]
    wide, high = asked.size
    figure: Any = Figure(figsize=(wide / 100, high / 100), dpi=100, layout="constrained")
    if not asked.style:
        figure.set_facecolor(look["paper"])
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.1, hspace=0.02)
    rows = figure.subplots(len(orders), 1, sharex=True, squeeze=False)[:, 0]
    for row, order in zip(rows, orders):
        shown = [c for c in every if not stacked or c.order == order]
        panel(row, shown, asked, look, window([spans[every.index(c)] for c in shown]))
        if row is not rows[-1]:
            row.tick_params(labelbottom=False)
            row.set_xlabel("")
    return figure


def panel(axes: Any, shown: Sequence[Curve], asked: PlotOptions, look: Look,
          limits: tuple[float, float]) -> None:
    """Curves on one axis."""
    first = shown[0].sweep
    _dress(axes, look, asked)
    axes.set_xlim(first.low, first.high)
    axes.set_ylim(*limits)
    axes.set_xlabel(first.argument, color=look["muted"])
    curves.strips(axes, first, look, say=True)
    for curve in shown:
        curves.draw(axes, curve, color_of(curve, shown, look), look, label=label(curve))
    _legend(axes, look)


def color_of(curve: Curve, shown: Sequence[Curve], look: Look) -> str:
    """Colours go by order."""
    return str(look[("f", "df", "d2f")[min(curve.order, 2)]])


def label(curve: Curve) -> str:
    """f(x) = x³ + x; f′(x)."""
    s = curve.sweep
    name = f"{curves.symbol(s.name, curve.order)}({s.argument})"
    if curve.order == 0 and s.expression and len(s.expression) <= LONG:
        return f"{name} = {s.expression}"
    return name


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
    for line in (axes.axhline, axes.axvline):
        line(0.0, color=look["muted"], lw=0.9, alpha=0.7, zorder=1)


def _legend(axes: Any, look: Look) -> None:
    """Above the axis, at its left: it hides nothing."""
    legend = axes.legend(loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=4, frameon=False,
                         fontsize=11, handlelength=1.4, columnspacing=2.0, borderaxespad=0.3)
    for words in legend.get_texts():
        words.set_color(look["ink"])
