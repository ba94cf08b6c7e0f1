"""Fields drawn: filled contours with the gradient as arrows and a path of descent, or a surface."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import text
from ..sweep.field import Field, Path, descend
from . import _matplotlib, _settings, colors
from .description import of_field
from .options import PlotOptions

Array = Any
Look = Any

LEVELS = 14                      # of the contours
ARROWS = 17                      # along the x axis


def plot_field(field: Field, *, path: tuple[float, float] | None = None, surface: bool = False,
               arrows: bool = True, options: PlotOptions = PlotOptions()) -> Any:
    """The Figure of a field: contours and gradient, or with `surface` the graph in space.

    path: where a path of steepest descent starts. Raises SweepError where none can.
    """
    way = descend(field, *path) if path is not None else None
    with _matplotlib().rc_context(_settings(options)):
        look = colors(options)
        from matplotlib.figure import Figure
        wide, high = options.size
        figure = Figure(figsize=(wide / 100, max(high, 0.75 * wide) / 100), dpi=100,
                        layout="constrained")
        if not options.style:
            figure.set_facecolor(look["paper"])
        title = options.title or f"{field.name}({field.names[0]}, {field.names[1]})"
        if surface:
            _surface(figure, field, way, look)
        else:
            _contours(figure, field, way, arrows, look)
        figure.suptitle(title, x=0.02, ha="left", fontsize=12, color=look["ink"], parse_math=False)
        figure.set_label(of_field(field, way, surface=surface))  # what `save` says of it
        return figure


def _map(look: Look) -> Any:
    """From low to high: the colour of data, paper, the colour of grad."""
    from matplotlib.colors import LinearSegmentedColormap
    return LinearSegmentedColormap.from_list("tinyviz", [look["f"], look["paper"], look["df"]])


def levels(z: Array) -> Array:
    """Levels by value, round numbers, robust against poles; closer together where f is flat."""
    from matplotlib.ticker import MaxNLocator
    fine = z[np.isfinite(z)]
    low, high = np.percentile(fine, [2, 98])
    if high <= low:
        low, high = low - 1.0, high + 1.0
    if low > 0 and high > 200 * low or low >= 0 and np.median(fine) < 0.05 * high:
        low = max(float(fine.min()), 1e-4 * high)
        return np.unique(np.round(np.geomspace(low, high, LEVELS), 12))
    return MaxNLocator(LEVELS).tick_values(low, high)


def _contours(figure: Any, field: Field, way: Path | None, arrows: bool, look: Look) -> None:
    from matplotlib.colors import BoundaryNorm
    axes = figure.add_subplot()
    _dress(axes, field, look)
    z = _masked(field)
    steps = levels(field.z)
    shades = _map(look)
    norm = BoundaryNorm(steps, shades.N, extend="both")
    filled = axes.contourf(field.x, field.y, z, levels=steps, cmap=shades, norm=norm, extend="both",
                           alpha=0.55, corner_mask=False)
    lines = axes.contour(field.x, field.y, z, levels=steps, colors=look["muted"], linewidths=0.6,
                         alpha=0.7, corner_mask=False, linestyles="solid")
    axes.clabel(lines, lines.levels[::2], fmt=lambda v: text.number(float(v), 3), fontsize=7.5,
                colors=look["ink"], inline_spacing=3)
    blank = ~np.isfinite(field.z)
    blank[1:-1, 1:-1] &= blank[:-2, 1:-1] & blank[2:, 1:-1] & blank[1:-1, :-2] & blank[1:-1, 2:]
    if blank.any():              # not on a mere curve
        axes.contourf(field.x, field.y, blank.astype(float), levels=[0.5, 1.5], colors="none",
                      hatches=["///"])
    if arrows:
        _arrows(axes, field, look)
    if way is not None:
        axes.plot(way.x, way.y, color=look["d2f"], lw=2.0, zorder=5, solid_capstyle="round")
        axes.plot(way.x[:1], way.y[:1], "o", ms=6, mfc=look["paper"], mec=look["d2f"], mew=1.6,
                  zorder=6)
        axes.plot(way.x[-1:], way.y[-1:], "o", ms=6, color=look["d2f"], zorder=6)
        if way.end != "left the picture":
            digits = 5 - int(np.floor(np.log10(field.x[-1] - field.x[0])))
            x, y, z = (text.number(float(np.round(v[-1], digits)) + 0.0, 4) for v in way[:3])
            right = way.x[-1] > 0.5 * (field.x[0] + field.x[-1])
            axes.annotate(f"({x}, {y}) → {z}", (way.x[-1], way.y[-1]),
                          xytext=(-8 if right else 8, -8), textcoords="offset points",
                          ha="right" if right else "left", va="top", fontsize=9,
                          color=look["d2f"],
                          bbox={"boxstyle": "round,pad=0.2", "fc": look["paper"], "ec": "none",
                                "alpha": 0.85}, zorder=7)
    bar = figure.colorbar(filled, ax=axes, shrink=0.92, pad=0.02, aspect=28,
                          format=lambda v, _: text.number(float(v), 3))
    bar.outline.set_visible(False)
    bar.ax.tick_params(colors=look["muted"], labelsize=8, length=0)


def _arrows(axes: Any, field: Field, look: Look) -> None:
    """The gradient: exact direction, length by the root of its size, cut at the 90th percentile."""
    every = max((len(field.x) - 1) // ARROWS, 1)
    part = slice(every // 2, None, every)
    g = field.gradient[:, part, part]
    size = np.hypot(*g)
    fine = np.isfinite(size) & (size > 0)
    if not fine.any():
        return
    most = np.percentile(size[fine], 90)
    scaled = np.sqrt(np.minimum(size, most) / most)
    with np.errstate(all="ignore"):
        u, v = (np.where(fine, np.round(c / size * scaled, 6), np.nan) for c in g)
    axes.quiver(field.x[part], field.y[part], u, v, color=look["ink"], alpha=0.65, pivot="mid",
                scale=ARROWS * 1.25, width=0.0022, headwidth=4.5, headlength=5, zorder=4)


def _surface(figure: Any, field: Field, way: Path | None, look: Look) -> None:
    axes = figure.add_subplot(projection="3d", computed_zorder=False)
    axes.set_facecolor(look["paper"])
    steps = levels(field.z)
    low, high = float(steps[0]), float(steps[-1])
    z = np.where(_masked(field).mask, np.nan, np.clip(field.z, low, high))
    axes.plot_surface(*np.meshgrid(field.x, field.y), z, cmap=_map(look), vmin=low, vmax=high,
                      rcount=80, ccount=80, lw=0.15, edgecolor=look["muted"], alpha=0.95)
    if way is not None:
        axes.plot(way.x, way.y, np.clip(way.z, low, high), color=look["d2f"], lw=2.2, zorder=5)
    axes.set_zlim(low, high)
    axes.set_xlabel(field.names[0], color=look["muted"])
    axes.set_ylabel(field.names[1], color=look["muted"])
    axes.tick_params(colors=look["muted"], labelsize=8)
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.pane.set_facecolor(look["paper"])
        axis.pane.set_edgecolor(look["line"])
    axes.view_init(elev=32, azim=-58)


def _masked(field: Field) -> Any:
    """The values, masked where f is undefined and around torn cells."""
    mask = ~np.isfinite(field.z)
    torn = np.zeros_like(mask)
    for a in (slice(None, -1), slice(1, None)):
        for b in (slice(None, -1), slice(1, None)):
            torn[a, b] |= field.torn
    return np.ma.masked_array(field.z, mask | torn)


def _dress(axes: Any, field: Field, look: Look) -> None:
    axes.set_facecolor(look["paper"])
    axes.set_xlim(field.x[0], field.x[-1])
    axes.set_ylim(field.y[0], field.y[-1])
    axes.set_xlabel(field.names[0], color=look["muted"])
    axes.set_ylabel(field.names[1], color=look["muted"], rotation=0)
    axes.tick_params(colors=look["muted"], labelsize=9, length=3, color=look["line"])
    for side in axes.spines.values():
        side.set_color(look["line"])
        side.set_linewidth(0.8)
