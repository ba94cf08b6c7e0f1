"""Plot: sweeps as a chart, which we paint, or matplotlib; written to files, always alike."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ..callable_module import make_callable
from ..graph import theme
from ..sweep import Sweep
from . import layout
from .chart import Chart, PanelFrame, Palette
from .options import PlotError, PlotOptions, plot_options

__all__ = ["Chart", "PlotError", "PlotOptions", "chart", "palette", "plot", "save"]

FORMATS = ("svg", "png", "pdf")
FIXED: dict[str, Any] = {        # what would otherwise follow the user's matplotlibrc, or the clock
    "font.family": ["DejaVu Sans"], "mathtext.fontset": "dejavusans", "axes.unicode_minus": True,
    "svg.fonttype": "path", "svg.hashsalt": "tinyviz", "pdf.fonttype": 42, "hatch.linewidth": 0.6,
    "path.simplify": True, "path.simplify_threshold": 0.1, "text.usetex": False,
}


def plot(sweeps: Sweep | Sequence[Sweep], axes: Any = None, **given: Any) -> Any:
    """Draw a sweep, or several in one picture; returns the Figure.

    Without axes a Figure is made; with the user's own Axes all curves go there, and no other is
    touched. Options are those of `PlotOptions`. Raises PlotError.
    """
    from . import panels
    from .matplotlib_painter import paint
    if axes is None:
        asked = plot_options(given)
        return styled_figure(lambda look: panels.curve_chart(sweep_list(sweeps), asked, look),
                             asked)
    asked, listed = plot_options(given), sweep_list(sweeps)
    draft = panels.single_panel(listed, asked)
    box, zoom = axes.get_window_extent(), 96 / axes.figure.dpi
    high = axes.figure.bbox.height
    frame = PanelFrame(box.x0 * zoom, (high - box.y1) * zoom, box.width * zoom, box.height * zoom)
    panel = layout.with_x_ticks(replace(draft.panel, frame=frame), frame.width, asked.pi)
    paint(axes, panels.finish_panel(draft._replace(panel=panel)), palette(asked),
          styled=bool(asked.style))
    return axes.figure


def chart(sweeps: Sweep | Sequence[Sweep], **given: Any) -> Chart:
    """What a plot of sweeps shows, to be saved: without matplotlib as SVG and PNG.

    `chart._replace(look=colors(PlotOptions(dark=True)))` is the same in the dark. Options are those
    of `PlotOptions`. Raises PlotError.
    """
    from .panels import curve_chart
    asked = plot_options(given)
    return curve_chart(sweep_list(sweeps), asked, palette(asked))


def styled_figure(compose: Callable[[Palette], Chart], asked: PlotOptions) -> Any:
    """The Figure of a chart, under the settings of the style that was asked for, or under ours."""
    from .matplotlib_painter import figure
    with _matplotlib().rc_context(_settings(asked)):
        return figure(compose(palette(asked)), styled=bool(asked.style))


def sweep_list(sweeps: Sweep | Sequence[Sweep]) -> list[Sweep]:
    """One or more sweeps, as a list. Raises PlotError where there are none."""
    listed = [sweeps] if isinstance(sweeps, Sweep) else list(sweeps)
    if not listed:
        raise PlotError("there is no sweep to draw")
    return listed


def palette(asked: PlotOptions) -> Palette:
    """The colours by role: of our theme, or, under its rc_context, of the style asked for."""
    look = dict(theme.THEMES[asked.theme or ("dark" if asked.dark else "light")].plot)
    if asked.style:
        rc = _matplotlib().rcParams
        cycle = rc["axes.prop_cycle"].by_key().get("color", ["C0"])
        found = {"paper": rc["axes.facecolor"], "ink": rc["text.color"], "muted": rc["xtick.color"],
                 "line": rc["axes.edgecolor"]}
        found |= {role: cycle[i % len(cycle)] for i, role in enumerate(("f", "df", "d2f"))}
        look |= {role: _matplotlib().colors.to_hex(color) for role, color in found.items()}
    return look


def _matplotlib() -> Any:
    import matplotlib
    import matplotlib.colors
    import matplotlib.style
    return matplotlib


def _settings(asked: PlotOptions) -> dict[str, Any]:
    """matplotlib's settings for a figure: its own defaults, the style that was asked for, ours."""
    matplotlib = _matplotlib()
    settings = dict(matplotlib.rcParamsDefault)
    settings.pop("backend", None)
    if asked.style:
        try:
            settings.update(matplotlib.style.library[asked.style]
                            if asked.style in matplotlib.style.library
                            else matplotlib.rc_params_from_file(asked.style,
                                                                use_default_template=False))
        except OSError:
            raise PlotError(f"unknown style: {asked.style!r} (must be a file, or one of "
                            f"{', '.join(sorted(matplotlib.style.library))})") from None
        return {**settings, **{k: v for k, v in FIXED.items() if k != "font.family"}}
    return {**settings, **FIXED}


def save(picture: Any, path: Any, *, format: str | None = None, dpi: float = 144.0,
         alt: str | None = None) -> None:
    """Write a Chart or a Figure to a path or a binary file. Same picture and versions: same bytes.

    format: svg, png or pdf; None: by the suffix of the path. alt: what an SVG says of itself; None:
    its description. Raises PlotError for any other format.
    """
    kind = (format or os.path.splitext(os.fspath(path))[1][1:]).lower()
    if kind not in FORMATS:
        raise PlotError(f"unknown format: {kind!r} (must be one of {', '.join(FORMATS)})")
    if not (math.isfinite(dpi) and 10 <= dpi <= 2400):
        raise PlotError(f"dpi is {dpi:g}: it must be from 10 to 2400")
    content = _content(picture, kind, dpi, alt)
    if hasattr(path, "write"):
        path.write(content)
        return
    with open(path, "wb") as written:
        written.write(content)


def _content(picture: Any, kind: str, dpi: float, alt: str | None) -> bytes:
    if isinstance(picture, Chart):
        picture = picture._replace(said=picture.said if alt is None else alt)
        if kind == "svg":
            from . import svg
            return svg.write(picture)
        if kind == "png":
            from . import png
            return png.write(picture, dpi)
        from .matplotlib_painter import figure
        with _matplotlib().rc_context(_settings(PlotOptions())):
            picture = figure(picture)
    said = str(picture.get_label()) if alt is None else alt
    metadata: dict[str, dict[str, Any]] = {
        "svg": {"Date": None, "Creator": None}, "png": {"Software": None},
        "pdf": {"CreationDate": None, "Creator": None, "Producer": None}}
    file = io.BytesIO()
    with _matplotlib().rc_context(FIXED):
        picture.savefig(file, format=kind, dpi=dpi, metadata=metadata[kind],
                        facecolor=picture.get_facecolor())
    if kind == "svg" and said:
        from .description import add_description
        return add_description(file.getvalue(), said.partition(": ")[0].rstrip("."), said)
    return file.getvalue()


make_callable(__name__)
