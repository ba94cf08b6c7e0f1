"""Writers: one file per format, named after its suffix.

A writer has

    write(graph, options) -> bytes     the graph in its format

and may also have

    draw(scene, options) -> bytes      the same from a scene: one layout serves several pictures
    play(graph, options) -> bytes      the steps of the graph, forward and backward, in one file
    BYTES_PER_NODE                     the size of its files, roughly
    MAX_NODES                          more nodes than this make the file too large to view

Other distributions add formats by the entry point group tinyviz.writers: `csv = package.module`.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..graph import Graph
from ..graph.size_limits import PICTURE_NODES
from ..layout.build_scene import build_scene
from ..layout.cost import cost
from ..layout.placement import LayoutError
from ..options.drawing import DrawOptions

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "tinyviz.writers"        # of the entry points
ALIASES = {"mmd": "mermaid", "tex": "tikz", "text": "txt"}       # other suffixes of formats


class FormatError(ValueError):
    """No writer exists for a format."""

    status = 2                   # exit status of the command line


class Formats(Collection[str]):
    """The names of all formats, in order.

    Entry points, which take 50 ms to read, are read only when needed: to list all formats, or to
    find one that is not built in.
    """

    def __contains__(self, name: object) -> bool:
        return name in _built_in() or name in _added()

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*_built_in(), *_added()}))

    def __len__(self) -> int:
        return len({*_built_in(), *_added()})


def formats() -> Formats:
    """Return the names of all formats: the files in this folder, and those of entry points."""
    return Formats()


def moving() -> tuple[str, ...]:
    """Return the formats that can show steps: those whose writer has `play`."""
    return tuple(format for format in formats() if _moves(format))


def resolve(format: str) -> str:
    """Return the format of a name or suffix. Raises FormatError, which lists all formats."""
    format = ALIASES.get(format, format)
    if format not in formats():
        raise FormatError(f"unknown format: {format!r} (must be one of {', '.join(formats())})")
    return format


def writer(format: str) -> Any:
    """Return the module that writes a format. Raises FormatError."""
    format = resolve(format)
    if format in _built_in():
        return import_module(f".{format}", __name__)
    point = _added()[format]
    try:
        return point.load()
    except ImportError as error:
        raise FormatError(f"the writer of {format!r} cannot be imported: {error} "
                          f"(entry point {point.value} of {GROUP})") from error


def write(graph: Graph, format: str, options: DrawOptions = DrawOptions()) -> bytes:
    """Return the graph in a format.

    Raises FormatError, LayoutError for a graph too large for a picture, and the errors of the
    layout and the writer.
    """
    module = writer(format)
    _check_size(graph, module, format)
    content: bytes = module.write(graph, options)
    return content


def pictures(graph: Graph, wanted: Sequence[tuple[str, str]], options: DrawOptions = DrawOptions()
             ) -> list[bytes]:
    """Return the graph in several (format, theme), with one layout for all pictures.

    Repeated pairs are written once. Raises as `write`.
    """
    scene = None
    made: dict[tuple[str, str], bytes] = {}
    for format, theme in dict.fromkeys(wanted):
        module, look = writer(format), replace(options, theme=theme)
        _check_size(graph, module, format)
        if hasattr(module, "draw"):
            scene = scene or build_scene(graph, options)
            made[format, theme] = module.draw(scene, look)
        else:
            made[format, theme] = module.write(graph, look)
    return [made[at] for at in wanted]


def _check_size(graph: Graph, module: Any, format: str) -> None:
    if len(graph.nodes) > PICTURE_NODES and hasattr(module, "MAX_NODES") and \
            (nodes := cost(graph).nodes) > PICTURE_NODES:    # closed folds hide nodes
        raise LayoutError(f"{nodes:,} nodes are too many for {format} (at most {PICTURE_NODES:,}): "
                          "write html, the viewer, or draw less: fold it, or focus on a node")


def play(graph: Graph, format: str, options: DrawOptions = DrawOptions()) -> bytes:
    """Return the steps of a graph in one file.

    Raises FormatError for a format that cannot show steps, StepError for too many steps.
    """
    if format not in formats() or not _moves(format):
        raise FormatError(f"steps cannot be shown in one file of {format!r} "
                          f"(must be one of {', '.join(moving())}, or a folder: frames/)")
    content: bytes = writer(format).play(graph, options)
    return content


def steps(graph: Graph, path: str, format: str, options: DrawOptions = DrawOptions()
          ) -> list[tuple[str, bytes]]:
    """Return the steps of a graph as files (path, content): one, or a folder of SVGs ("frames").

    Raises as `play`.
    """
    if format != "frames":
        return [(path, play(graph, format, options))]
    from .svg import frames
    return [(os.path.join(path, name), content) for name, content in frames(graph, options)]


def _moves(format: str) -> bool:
    try:
        return hasattr(writer(format), "play")
    except FormatError:          # the other formats still work
        return False


@cache
def _built_in() -> frozenset[str]:
    return frozenset(name[:-3] for name in os.listdir(os.path.dirname(__file__))
                     if name.endswith(".py") and not name.startswith("_"))


@cache
def _added() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points
    return {point.name: point for point in entry_points(group=GROUP)}
