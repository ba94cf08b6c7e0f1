"""Contact sheets: many small plots, each of f above f'."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from ..options.plotting import PlotOptions
from ..sweep import SweepError, sweep
from . import _matplotlib, _settings, palette
from .chart import PanelFrame
from .layout import with_x_ticks
from .matplotlib_painter import paint
from .panels import draft_panel, finish_panel
from .y_limits import Curve, value_span, y_window

CELL = (330, 300)                # pixels
HEAD = 26                        # pixels for the title
GAP = (44, 12, 16, 20)           # left and right of the axes, between them, below


def contact_sheet(functions: Iterable[tuple[str, Callable[..., Any]]], *, columns: int = 5,
                  low: float = -3.0, high: float = 3.0, dark: bool = False) -> Any:
    """Return a Figure with a cell per (title, function): f above f', or the reason why not."""
    listed = list(functions)
    options = PlotOptions(dark=dark)
    colors = palette(options)
    rows = -(-len(listed) // columns)
    wide, tall = columns * CELL[0], rows * CELL[1]
    with _matplotlib().rc_context(_settings(options)):
        from matplotlib.figure import Figure
        figure = Figure(figsize=(wide / 100, tall / 100), dpi=100, facecolor=colors["paper"])
        left, right, between, below = GAP
        height = (CELL[1] - HEAD - between - below) / 2
        for i, (title, f) in enumerate(listed):
            x, y = i % columns * CELL[0], tall - i // columns * CELL[1]
            figure.text((x + left) / wide, (y - HEAD + 6) / tall, title, fontsize=10,
                        color=colors["ink"], parse_math=False)
            try:
                swept = sweep(f, low, high)
            except SweepError as error:
                figure.text((x + left) / wide, (y - CELL[1] / 2) / tall, _folded(str(error), 44),
                            fontsize=8, color=colors["muted"], va="center", parse_math=False)
                continue
            for order in range(2):
                bottom = y - HEAD - height - order * (height + between)
                frame = PanelFrame(x + left, tall - bottom - height, CELL[0] - left - right, height)
                axes = figure.add_axes((frame.left / wide, bottom / tall, frame.width / wide,
                                        height / tall))
                curve = Curve(swept, order)
                made = draft_panel([curve], [curve], options, y_window([value_span(curve)]))
                panel = with_x_ticks(replace(made.panel, frame=frame), frame.width, None)
                paint(axes, finish_panel(made._replace(panel=panel)), colors)
                _shrink(axes, last=order == 1)
    return figure


def _shrink(axes: Any, *, last: bool) -> None:
    """Shrink the type, thin out the ticks, and drop what a thumbnail has no room for."""
    if axes.get_legend():
        axes.get_legend().remove()
    axes.set_xlabel("")
    axes.tick_params(labelsize=7, labelbottom=last, pad=2)
    axes.locator_params(axis="y", nbins=4)
    for words in axes.texts:
        words.set_fontsize(7)
    for line in axes.lines:
        if line.get_marker() == "o":
            line.set_markersize(4)
            line.set_markeredgewidth(1.1)


def _folded(words: str, width: int) -> str:
    """Wrap the words at so many characters."""
    import textwrap
    return "\n".join(textwrap.wrap(words, width))
