"""tinyviz: computation graphs and functions with their derivatives, as pictures.

The only package: `tinyviz.viz`, `tinyviz.tinytorch` and `tinyviz.cli` are the folders and the file
of these names, which are beside this folder in a checkout. The functions of viz are available here
too: tinyviz.render.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from . import short_names
from .version import __version__  # noqa: F401

if TYPE_CHECKING:
    from .viz import digraph, plot, read, render, sweep, trace  # noqa: F401
    from .viz.request import GraphRequest, PlotRequest, draw  # noqa: F401

__all__ = ["GraphRequest", "PlotRequest", "digraph", "draw", "plot", "read", "render", "sweep",
           "trace"]
__path__.append(short_names.root(os.path.dirname(os.path.abspath(__file__))))
short_names.install()


def __getattr__(name: str) -> Any:
    if name in __all__:
        from . import viz
        return getattr(viz, name)
    raise AttributeError(f"tinyviz has no {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


def load_ipython_extension(ipython: Any) -> None:
    """Set up a notebook: %load_ext tinyviz."""
    from .jupyter import load_ipython_extension
    load_ipython_extension(ipython)
