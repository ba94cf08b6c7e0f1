"""PNG: the SVG, rasterised."""

from __future__ import annotations

from ..graph import Graph
from ..graph.rasterize import pixels
from ..graph.theme import THEMES, Theme
from ..graph.size_limits import PIXEL_NODES
from ..layout.build_scene import build_scene
from ..options.drawing import DrawOptions
from ..layout.scene import Scene, Text
from . import svg

BYTES_PER_NODE = 400
MAX_NODES = PIXEL_NODES


def write(graph: Graph, options: DrawOptions = DrawOptions()) -> bytes:
    """Return the picture of a graph as PNG, at `options.dpi`. Raises SizeError if too large."""
    return draw(build_scene(graph, options), options)


def draw(scene: Scene, options: DrawOptions = DrawOptions()) -> bytes:
    """Return a scene as PNG."""
    return raster(scene, THEMES[options.theme], options.dpi)


def raster(scene: Scene, theme: Theme, dpi: float) -> bytes:
    """Return a scene as PNG, in a theme of any roles. Raises SizeError if it is too large."""
    words = {mark.text for group in scene.groups for mark in group.marks if isinstance(mark, Text)}
    return pixels(svg.paint(scene, theme), max(scene.width, scene.height), dpi, words)
