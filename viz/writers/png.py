"""PNG: the SVG, painted by resvg with the DejaVu fonts that come with matplotlib."""

from __future__ import annotations

import os
import struct
import warnings
import zlib
from importlib.util import find_spec

from ..graph import Graph
from ..layout.compose import Options, compose
from ..layout.scene import Scene, Text
from ..text import covered
from ..theme import THEMES, Theme
from . import svg

LARGEST = 32_000                 # pixels on a side: more is more than viewers open
LEAST = 24                       # dpi below which nothing can be read


class SizeError(ValueError):
    """A picture of more pixels than viewers open."""

    status = 2                   # what the command line exits with


def write(graph: Graph, options: Options = Options()) -> bytes:
    """The picture of a graph as PNG, at `options.dpi`. Raises SizeError where it is too large."""
    return draw(compose(graph, options), options)


def draw(scene: Scene, options: Options = Options()) -> bytes:
    """A scene as PNG."""
    return raster(scene, THEMES[options.theme], options.dpi)


def raster(scene: Scene, theme: Theme, dpi: float) -> bytes:
    """A scene as PNG, in a theme of any roles. Raises SizeError where it would be too large."""
    import resvg_py
    most = 96 * LARGEST / max(scene.width, scene.height)
    if most < LEAST:
        raise SizeError(f"a PNG of {max(scene.width, scene.height):.0f} px on a side is too large: "
                        "use svg or html")
    if dpi > most:
        warnings.warn(f"{int(most)} dpi, not {dpi:g}: a PNG has at most {LARGEST:,} pixels on a "
                      "side", stacklevel=2)
        dpi = int(most)
    zoom = dpi / 96
    drawn = resvg_py.svg_to_bytes(
        svg_string=svg.paint(scene, theme), zoom=zoom,
        dpi=96,                  # its default of 0 makes "an invalid size" of sizes in pt
        font_dirs=[fonts()],
        skip_system_fonts=_plain(scene),           # searched only where DejaVu lacks a glyph
        font_family="DejaVu Sans", sans_serif_family="DejaVu Sans", serif_family="DejaVu Sans",
        cursive_family="DejaVu Sans", fantasy_family="DejaVu Sans",
        monospace_family="DejaVu Sans Mono")
    return _sized(bytes(drawn), dpi)


def fonts() -> str:
    """The folder of matplotlib's fonts; matplotlib is found, not imported."""
    spec = find_spec("matplotlib")
    assert spec is not None and spec.origin is not None, "matplotlib is a dependency"
    return os.path.join(os.path.dirname(spec.origin), "mpl-data", "fonts", "ttf")


def _plain(scene: Scene) -> bool:
    return all(covered(mark.text) for group in scene.groups for mark in group.marks
               if isinstance(mark, Text))


def _sized(png: bytes, dpi: float) -> bytes:
    """The PNG with its resolution: a document shows it as large as the SVG."""
    dots = round(dpi / 0.0254)
    chunk = b"pHYs" + struct.pack(">IIB", dots, dots, 1)
    return png[:33] + struct.pack(">I", 9) + chunk + struct.pack(">I", zlib.crc32(chunk)) + png[33:]
