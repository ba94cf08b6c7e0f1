"""Writers: one file per format, named for its suffix. Each has write(graph, options) -> bytes.

Those that paint a scene have draw(scene, options) -> bytes as well.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from importlib import import_module

from ..graph import Graph
from ..layout.build_scene import Options, compose


ALIASES = {"mmd": "mermaid", "tex": "tikz", "text": "txt"}       # other suffixes of a format


class FormatError(ValueError):
    """A format there is no writer for."""

    status = 2                   # what the command line exits with


@cache
def formats() -> tuple[str, ...]:
    """The names of all formats, in order: the files in this folder."""
    return tuple(sorted(name[:-3] for name in os.listdir(os.path.dirname(__file__))
                        if name.endswith(".py") and not name.startswith("_")))


def write(graph: Graph, format: str, options: Options = Options()) -> bytes:
    """The graph in a format. Raises FormatError, and what the layout and the writer raise."""
    return import_module(f".{known(format)}", __name__).write(graph, options)


def pictures(graph: Graph, wanted: Sequence[tuple[str, str]], options: Options = Options()
             ) -> list[bytes]:
    """The graph in several (format, theme), laid out once for all that paint it. Raises as `write`.

    What is asked for twice is made once.
    """
    scene = None
    made: dict[tuple[str, str], bytes] = {}
    for format, theme in dict.fromkeys(wanted):
        writer, look = import_module(f".{known(format)}", __name__), options._replace(theme=theme)
        if hasattr(writer, "draw"):
            scene = scene or compose(graph, options)
            made[format, theme] = writer.draw(scene, look)
        else:
            made[format, theme] = writer.write(graph, look)
    return [made[at] for at in wanted]


def known(format: str) -> str:
    """The format that a name or suffix stands for. Raises FormatError, which lists all."""
    format = ALIASES.get(format, format)
    if format not in formats():
        raise FormatError(f"unknown format: {format!r} (must be one of {', '.join(formats())})")
    return format
