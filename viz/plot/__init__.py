"""Plot sweeps as charts: painted as SVG and PNG by us, or by matplotlib."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from functools import partial
from typing import Any

from ..callable_module import make_callable
from ..graph import theme
from ..sweep import Sweep
from . import layout
from ..options.plotting import PlotError, PlotOptions
from .chart import Chart, PanelFrame, Palette

__all__ = ["Chart", "PlotError", "PlotOptions", "chart", "palette", "plot", "save"]

FORMATS = ("svg", "png", "pdf")
FIXED: dict[str, Any] = {        # settings independent of the user's matplotlibrc and the clock
    "font.family": ["DejaVu Sans"], "mathtext.fontset": "dejavusans", "axes.unicode_minus": True,
    "svg.fonttype": "path", "svg.hashsalt": "tinyviz", "pdf.fonttype": 42, "hatch.linewidth": 0.6,
    "path.simplify": True, "path.simplify_threshold": 0.1, "text.usetex": False,
}


def plot(sweeps: Sweep | Sequence[Sweep], axes: Any = None, *,
         options: PlotOptions | None = None, **given: Any) -> Any:
    """Draw one or more sweeps; return the Figure.

    Without axes a Figure is made. The user's own Axes get all curves, and no other Axes are
    touched. Options are those of `PlotOptions`. Raises PlotError.
    """
    from . import panels
    from .matplotlib_painter import paint
    options, listed = options or plot_options(given), sweep_list(sweeps)
    if axes is None:
        return styled_figure(partial(panels.curve_chart, listed, options), options)
    draft = panels.single_panel(listed, options)
    box, zoom = axes.get_window_extent(), 96 / axes.figure.dpi
    high = axes.figure.bbox.height
    frame = PanelFrame(box.x0 * zoom, (high - box.y1) * zoom, box.width * zoom, box.height * zoom)
    panel = layout.with_x_ticks(replace(draft.panel, frame=frame), frame.width, options.pi)
    paint(axes, panels.finish_panel(draft._replace(panel=panel)), palette(options),
          styled=bool(options.style))
    return axes.figure


def chart(sweeps: Sweep | Sequence[Sweep], *, options: PlotOptions | None = None, **given: Any
          ) -> Chart:
    """Return the chart of one or more sweeps, to be saved: as SVG and PNG without matplotlib.

    `chart._replace(palette=palette(PlotOptions(dark=True)))` is its dark version. Options are those
    of `PlotOptions`. Raises PlotError.
    """
    from .panels import curve_chart
    options = options or plot_options(given)
    return curve_chart(sweep_list(sweeps), options, palette(options))


def plot_options(given: dict[str, Any]) -> PlotOptions:
    """Return the options by their names. Raises PlotError for an unknown name."""
    names = [field.name for field in fields(PlotOptions)]
    for name in given:
        if name not in names:
            raise PlotError(f"unknown option: {name!r} (must be one of {', '.join(names)})")
    return PlotOptions(**given)


def styled_figure(build: Callable[[Palette], Chart], options: PlotOptions) -> Any:
    """Return the Figure of a chart, under the settings of the requested style, or under ours."""
    from .matplotlib_painter import figure
    with _matplotlib().rc_context(_settings(options)):
        return figure(build(palette(options)), styled=bool(options.style))


def sweep_list(sweeps: Sweep | Sequence[Sweep]) -> list[Sweep]:
    """Return one or more sweeps as a list. Raises PlotError if there are none."""
    listed = [sweeps] if isinstance(sweeps, Sweep) else list(sweeps)
    if not listed:
        raise PlotError("there is no sweep to draw")
    return listed


def palette(options: PlotOptions) -> Palette:
    """Return the colours by role, of a theme or of the current style of matplotlib."""
    colors = dict(theme.THEMES[options.theme or ("dark" if options.dark else "light")].plot)
    if options.style:
        rc = _matplotlib().rcParams
        cycle = rc["axes.prop_cycle"].by_key().get("color", ["C0"])
        found = {"paper": rc["axes.facecolor"], "ink": rc["text.color"], "muted": rc["xtick.color"],
                 "line": rc["axes.edgecolor"]}
        found |= {role: cycle[i % len(cycle)] for i, role in enumerate(("f", "df", "d2f"))}
        colors |= {role: _matplotlib().colors.to_hex(color) for role, color in found.items()}
    return colors


def _matplotlib() -> Any:
    import matplotlib
    import matplotlib.colors
    import matplotlib.style
    return matplotlib


def _settings(options: PlotOptions) -> dict[str, Any]:
    """Return matplotlib's settings for a figure: its defaults, the requested style, ours."""
    matplotlib = _matplotlib()
    settings = dict(matplotlib.rcParamsDefault)
    settings.pop("backend", None)
    if options.style:
        try:
            settings.update(matplotlib.style.library[options.style]
                            if options.style in matplotlib.style.library
                            else matplotlib.rc_params_from_file(options.style,
                                                                use_default_template=False))
        except OSError:
            raise PlotError(f"unknown style: {options.style!r} (must be a file, or one of "
                            f"{', '.join(sorted(matplotlib.style.library))})") from None
        return {**settings, **{k: v for k, v in FIXED.items() if k != "font.family"}}
    return {**settings, **FIXED}


def save(picture: Any, path: Any, *, format: str | None = None, dpi: float = 144.0,
         alt: str | None = None) -> None:
    """Write a Chart or a Figure to a path or a binary file. The same input makes the same bytes.

    format: svg, png or pdf; by default the suffix of the path. alt: the alternative text of an SVG;
    by default its description. Raises PlotError for any other format.
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
        picture = picture._replace(description=picture.description if alt is None else alt)
        if kind == "svg":
            from . import svg
            return svg.write(picture)
        if kind == "png":
            from . import png
            return png.write(picture, dpi)
        from .matplotlib_painter import figure
        with _matplotlib().rc_context(_settings(PlotOptions())):
            picture = figure(picture)
    description = alt_text(picture) if alt is None else alt
    metadata: dict[str, dict[str, Any]] = {
        "svg": {"Date": None, "Creator": None}, "png": {"Software": None},
        "pdf": {"CreationDate": None, "Creator": None, "Producer": None}}
    file = io.BytesIO()
    with _matplotlib().rc_context(FIXED):
        picture.savefig(file, format=kind, dpi=dpi, metadata=metadata[kind],
                        facecolor=picture.get_facecolor())
    if kind == "svg" and description:
        from .description import add_description
        title = description.partition(": ")[0].rstrip(".")
        return add_description(file.getvalue(), title, description)
    return file.getvalue()


def alt_text(picture: Any) -> str:
    """Return what a Chart or a Figure shows, in a sentence."""
    return picture.description if isinstance(picture, Chart) else str(picture.get_label())


make_callable(__name__)
