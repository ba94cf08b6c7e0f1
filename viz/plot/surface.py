"""Fields on matplotlib's Axes: the contours, or the graph in space."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..sweep.field import Field, Path, descend
from . import _matplotlib, _settings, colors
from .contours import compose, levels, masked
from .description import of_field
from .options import PlotOptions

Array = Any
Look = Any


def plot_field(field: Field, *, path: tuple[float, float] | None = None, surface: bool = False,
               arrows: bool = True, options: PlotOptions = PlotOptions()) -> Any:
    """The Figure of a field: contours and gradient, or with `surface` the graph in space.

    path: where a path of steepest descent starts. Raises SweepError where none can.
    """
    way = descend(field, *path) if path is not None else None
    with _matplotlib().rc_context(_settings(options)):
        look = colors(options)
        if not surface:
            from .axes import figure
            return figure(compose(field, way, options, look, arrows=arrows),
                          styled=bool(options.style))
        from matplotlib.figure import Figure
        wide, high = options.size
        made = Figure(figsize=(wide / 96, max(high, 0.75 * wide) / 96), dpi=96,
                      layout="constrained")
        if not options.style:
            made.set_facecolor(look["paper"])
        title = options.title or f"{field.name}({field.names[0]}, {field.names[1]})"
        _surface(made, field, way, look)
        made.suptitle(title, x=0.02, ha="left", fontsize=12, color=look["ink"], parse_math=False)
        made.set_label(of_field(field, way, surface=True))       # what `save` says of it
        return made


def _map(look: Look) -> Any:
    """From low to high: the colour of data, paper, the colour of grad."""
    from matplotlib.colors import LinearSegmentedColormap
    return LinearSegmentedColormap.from_list("tinyviz", [look["f"], look["paper"], look["df"]])


def _surface(figure: Any, field: Field, way: Path | None, look: Look) -> None:
    axes = figure.add_subplot(projection="3d", computed_zorder=False)
    axes.set_facecolor(look["paper"])
    steps = levels(field.z)
    low, high = float(steps[0]), float(steps[-1])
    z = np.where(masked(field).mask, np.nan, np.clip(field.z, low, high))
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
