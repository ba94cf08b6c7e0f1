"""Plot: sweeps drawn on matplotlib's Axes, without pyplot; and written to files, always alike."""

from __future__ import annotations

import io
import math
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from .. import theme
from ..sweep import Sweep
from .options import PlotError, PlotOptions, options

__all__ = ["PlotError", "PlotOptions", "plot", "save"]

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
    from .description import description
    from .panels import compose
    asked = options(given)
    listed = [sweeps] if isinstance(sweeps, Sweep) else list(sweeps)
    if not listed:
        raise PlotError("there is no sweep to draw")
    if axes is not None:
        return compose(listed, asked, colors(asked), axes)
    with _matplotlib().rc_context(_settings(asked)):
        figure = compose(listed, asked, colors(asked), None)
    figure.set_label(description(listed))          # what `save` says of it
    return figure


def colors(asked: PlotOptions) -> dict[str, str]:
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


def save(figure: Any, path: Any, *, format: str | None = None, dpi: float = 144.0) -> None:
    """Write a figure to a path or a binary file. Same figure, same matplotlib: same bytes.

    format: svg, png or pdf; None: by the suffix of the path. Raises PlotError for any other.
    """
    kind = (format or os.path.splitext(os.fspath(path))[1][1:]).lower()
    metadata: dict[str, dict[str, Any]] = {
        "svg": {"Date": None, "Creator": None}, "png": {"Software": None},
        "pdf": {"CreationDate": None, "Creator": None, "Producer": None}}
    if kind not in FORMATS:
        raise PlotError(f"unknown format: {kind!r} (must be one of {', '.join(FORMATS)})")
    if not (math.isfinite(dpi) and 10 <= dpi <= 2400):
        raise PlotError(f"dpi is {dpi:g}: it must be from 10 to 2400")
    said = str(figure.get_label())
    file: Any = io.BytesIO() if kind == "svg" and said else path
    with _matplotlib().rc_context(FIXED):
        figure.savefig(file, format=kind, dpi=dpi, metadata=metadata[kind],
                       facecolor=figure.get_facecolor())
    if file is not path:
        from .description import titled
        content = titled(file.getvalue(), said.partition(": ")[0].rstrip("."), said)
        if hasattr(path, "write"):
            path.write(content)
        else:
            with open(path, "wb") as written:
                written.write(content)


class _Callable(ModuleType):
    """viz.plot is this module and the function: viz.plot(sweep)."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        return plot(*args, **options)


sys.modules[__name__].__class__ = _Callable
