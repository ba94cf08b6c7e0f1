"""Paint charts with matplotlib, for users who continue with the Figure, and for PDF."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import layout
from .chart import (
    Annotation, Area, Chart, Dash, Dot, HatchedSpan, Line, Mark, MultiPolygon, Palette, Panel,
    ReferenceLine, hex_color, is_grayscale)
from .layout import NAME, NUMBER
from .ticks import power_of_ten, tick_labels

PT = 72 / 96                     # points per px
SHAPES = {"circle": "o", "square": "s", "diamond": "D", "cross": "x"}


def figure(chart: Chart, *, styled: bool = False) -> Any:
    """Return a new Figure of a chart. styled: leave all but the curves to matplotlib's style."""
    from matplotlib.figure import Figure
    wide, high = chart.width, chart.height
    laid = styled and not any(panel.bar for panel in chart.panels)             # by matplotlib
    made: Any = Figure(figsize=(wide / 96, high / 96), dpi=96,
                       layout="constrained" if laid else None)
    if not styled:
        made.set_facecolor(chart.palette["paper"])
    rows: list[Any] = []
    for i, panel in enumerate(chart.panels):
        f, shared = panel.frame, rows[0] if rows and not panel.bar else None
        rows.append(made.add_subplot(len(chart.panels), 1, i + 1, sharex=shared)
                    if laid else made.add_axes(
                        (f.left / wide, 1 - (f.top + f.height) / high, f.width / wide,
                         f.height / high), sharex=shared))
        paint(rows[-1], panel, chart.palette, styled=styled)
        rows[-1].tick_params(labelbottom=panel.numbered)
        rows[-1].set_xlabel(panel.name if panel.numbered else "")
    if chart.title:
        place = {} if laid else {"y": 1 - layout.EDGE / 2 / high, "va": "top"}
        made.suptitle(chart.title, color=chart.palette["ink"], fontsize=layout.TITLE * PT,
                      ha="left", x=layout.EDGE / wide, parse_math=False, **place)
    made.set_label(chart.description)              # the alternative text for `save`
    return made


def paint(axes: Any, panel: Panel, colors: Palette, *, styled: bool = False) -> None:
    """Paint a panel on Axes; nothing else of their figure is touched."""
    if not styled or panel.bar:
        _dress(axes, panel, colors)
    if panel.x.log:
        axes.set_xscale("log")
    if panel.y.log:
        axes.set_yscale("log")
    axes.set_xlim(panel.x.low, panel.x.high)
    axes.set_ylim(panel.y.low, panel.y.high)
    axes.set_xlabel(panel.name, color=colors["muted"], fontsize=NAME * PT)
    _number(axes.xaxis, panel.x.log)
    _number(axes.yaxis, panel.y.log)
    if panel.boxed or panel.bar:
        axes.grid(False)
    if panel.side:
        axes.set_ylabel(panel.side, color=colors["muted"], fontsize=NAME * PT, rotation=0)
    if panel.bar:
        axes.set_xticks([])
        axes.yaxis.tick_right()
        axes.set_yticks([t.at for t in panel.y_ticks], [t.words for t in panel.y_ticks])
        axes.tick_params(length=0, labelsize=layout.SMALL * PT, pad=6 * PT)
    if panel.pi:
        axes.set_xticks([tick.at for tick in panel.x_ticks], [tick.words for tick in panel.x_ticks])
    for mark in panel.marks:
        _mark(axes, mark, colors)
    _legend(axes, panel, colors)


def _number(axis: Any, log: bool) -> None:
    """Format the numbers of an axis like ours, wherever matplotlib puts the ticks."""
    from matplotlib.ticker import Formatter

    class TickFormatter(Formatter):
        ticks: Any = ()

        def format_ticks(self, values: Any) -> list[str]:
            self.ticks = list(values)              # all ticks of the axis
            return self.labels(values)

        def labels(self, values: Any) -> list[str]:
            if not log:
                return tick_labels([float(x) for x in values])
            logs = [np.log10(x) for x in values]
            return [power_of_ten(round(n)) if abs(n - round(n)) < 1e-9 else "" for n in logs]

        def __call__(self, value: float, _: Any = None) -> str:
            ticks = [*self.ticks] if value in self.ticks else [*self.ticks, value]
            return self.labels(ticks)[ticks.index(value)]
    axis.set_major_formatter(TickFormatter())


def _dress(axes: Any, panel: Panel, colors: Palette) -> None:
    """Set up the grid, zero lines and spines."""
    axes.set_facecolor(colors["paper"])
    for side, spine in axes.spines.items():
        spine.set_visible(not panel.bar and (panel.boxed or side in ("left", "bottom")))
        spine.set_color(colors["line"])
        spine.set_linewidth(PT)
    axes.tick_params(colors=colors["muted"], labelsize=NUMBER * PT, length=layout.TICK * PT,
                     width=PT, pad=layout.GAP * PT, color=colors["line"])
    axes.tick_params(which="minor", length=2.5 * PT, width=PT, color=colors["line"])
    if panel.boxed or panel.bar:
        return
    axes.grid(True, color=colors["line"], alpha=0.18, lw=PT)
    axes.set_axisbelow(True)
    if not panel.y.log:
        axes.axhline(0.0, color=colors["muted"], lw=PT, alpha=0.55, zorder=1)
    if not panel.x.log:
        axes.axvline(0.0, color=colors["muted"], lw=PT, alpha=0.55, zorder=1)


def _mark(axes: Any, mark: Mark, colors: Palette) -> None:
    if isinstance(mark, Line):
        dash = mark.plain if is_grayscale(colors) else mark.dash
        axes.plot(mark.x, mark.y, color=hex_color(mark.color, colors), lw=mark.width * PT,
                  ls=_dash(dash, mark.width), label=mark.label or None, solid_capstyle="round",
                  solid_joinstyle="round", alpha=mark.opacity, zorder=mark.zorder)
    elif isinstance(mark, Area):
        axes.fill_between(mark.x, mark.low, mark.high, color=hex_color(mark.color, colors), lw=0,
                          alpha=mark.opacity, zorder=mark.zorder, label=mark.label or None)
    elif isinstance(mark, MultiPolygon):
        _polygon(axes, mark, colors)
    elif isinstance(mark, ReferenceLine):
        (axes.axvline if mark.upright else axes.axhline)(
            mark.at, color=hex_color(mark.color, colors), lw=mark.width * PT, alpha=mark.opacity,
            ls=_dash(mark.dash, mark.width), zorder=mark.zorder)
    elif isinstance(mark, HatchedSpan):
        axes.axvspan(mark.low, mark.high, facecolor=hex_color(mark.color, colors), alpha=0.07, lw=0,
                     zorder=0)
        axes.axvspan(mark.low, mark.high, facecolor="none", edgecolor=hex_color(mark.hatch, colors),
                     alpha=0.35, hatch="///", lw=0, zorder=0)
    elif isinstance(mark, Dot):
        edge = hex_color(mark.edge, colors)
        axes.plot([mark.x], [mark.y], ls="none", marker=SHAPES[mark.shape], ms=mark.size * PT,
                  mfc=hex_color(mark.fill, colors), mec=edge, mew=mark.width * PT,
                  zorder=mark.zorder, clip_on=False)
    elif isinstance(mark, Annotation):
        _annotation(axes, mark, colors)


def _polygon(axes: Any, mark: MultiPolygon, colors: Palette) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path
    ends = [np.concatenate([ring, ring[:1]]) for ring in mark.rings]
    codes = [[Path.MOVETO] + [Path.LINETO] * (len(ring) - 2) + [Path.CLOSEPOLY] for ring in ends]
    edge = hex_color(mark.edge, colors) if mark.edge else "none"
    axes.add_patch(PathPatch(Path(np.concatenate(ends), np.concatenate(codes)), edgecolor=edge,
                             lw=0.3 * PT if mark.edge else 0,
                             facecolor=hex_color(mark.color, colors),
                             alpha=mark.opacity, zorder=mark.zorder, clip_on=mark.zorder > 1))


def _dash(dash: Dash, width: float) -> Any:
    """Convert a dash in px to multiples of the line width."""
    return (0, tuple(part / width for part in dash)) if dash else "-"


def _annotation(axes: Any, mark: Annotation, colors: Palette) -> None:
    plate = {"boxstyle": f"round,pad={0.4 if mark.plate == 1 else 0.15}", "fc": colors["paper"],
             "ec": "none", "alpha": mark.plate} if mark.plate else None
    axes.annotate(mark.words, (mark.x, mark.y),
                  xycoords="axes fraction" if mark.inside else "data",
                  xytext=(mark.dx * PT, mark.dy * PT), textcoords="offset points",
                  ha={"start": "left", "middle": "center", "end": "right"}[mark.anchor],
                  va={"top": "top", "middle": "center", "bottom": "bottom"}[mark.rise],
                  rotation=90 if mark.upright else 0, fontsize=mark.size * PT,
                  color=hex_color(mark.color,
                                  colors), zorder=mark.zorder, bbox=plate, parse_math=False)


def _legend(axes: Any, panel: Panel, colors: Palette) -> None:
    """Add the legend above the axes, where it hides nothing."""
    handles, names = axes.get_legend_handles_labels()
    if not handles:
        return
    n = layout.legend_columns(panel, axes.figure.get_figwidth() * 96)
    rank = [i for column in range(n) for i in range(column, len(names), n)]    # row by row
    size = layout.LEGEND
    legend = axes.legend([handles[i] for i in rank], [names[i] for i in rank], ncols=n,
                         loc="lower left", bbox_to_anchor=(0, 1.0), frameon=False,
                         fontsize=size * PT, handlelength=layout.SAMPLE / size, borderpad=0.2,
                         handletextpad=layout.BESIDE / size, columnspacing=layout.BETWEEN / size,
                         borderaxespad=0.3)
    for words in legend.get_texts():
        words.set_parse_math(False)
        words.set_color(colors["ink"])
