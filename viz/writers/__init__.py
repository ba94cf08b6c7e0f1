"""Writers: one file per format, named for its suffix. Each has write(graph, options) -> bytes."""

from __future__ import annotations

import os
from importlib import import_module

from ..graph import Graph
from ..layout.compose import Options


ALIASES = {"mmd": "mermaid", "tex": "tikz", "text": "txt"}       # other suffixes of a format


class FormatError(ValueError):
    """A format there is no writer for."""

    status = 2                   # what the command line exits with


def formats() -> tuple[str, ...]:
    """The names of all formats, in order: the files in this folder."""
    return tuple(sorted(name[:-3] for name in os.listdir(os.path.dirname(__file__))
                        if name.endswith(".py") and not name.startswith("_")))


def write(graph: Graph, format: str, options: Options = Options()) -> bytes:
    """The graph in a format. Raises FormatError, and what the layout and the writer raise."""
    return import_module(f".{known(format)}", __name__).write(graph, options)


def known(format: str) -> str:
    """The format that a name or suffix stands for. Raises FormatError, which lists all."""
    format = ALIASES.get(format, format)
    if format not in formats():
        raise FormatError(f"unknown format: {format!r} (must be one of {', '.join(formats())})")
    return format
