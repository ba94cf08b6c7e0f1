"""Request: all that can be asked for, and its one way to pictures: draw(request) -> Drawn.

The command line, viz.render, notebooks and documents each make a request and draw it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .common import Drawn, File
    from .graph_request import GraphRequest
    from .plot_request import PlotRequest

__all__ = ["Drawn", "File", "GraphRequest", "PlotRequest", "draw"]
_LAZY = {"GraphRequest": "graph_request", "PlotRequest": "plot_request", "Drawn": "common",
         "File": "common"}


def draw(request: GraphRequest | PlotRequest) -> Drawn:
    """Draw what is requested, in all its formats and themes; no file is written.

    Raises OptionError, TargetError, RunError and what transforms, layouts and writers raise.
    """
    from .graph_request import GraphRequest
    if isinstance(request, GraphRequest):
        from .draw_graph import draw_graph
        return draw_graph(request)
    from .draw_plot import draw_plot
    return draw_plot(request)


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        from importlib import import_module
        return getattr(import_module(f".{_LAZY[name]}", __name__), name)
    raise AttributeError(f"{__name__} has no {name!r}")
