"""PDF: the scene, painted by matplotlib's PDF backend, fonts embedded."""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from ..graph import Graph, text
from ..graph.text import covered, literal
from ..graph.theme import THEMES
from ..graph.size_limits import PICTURE_NODES
from ..layout.build_scene import build_scene
from ..options.drawing import DrawOptions
from ..layout.scene import Path, Polygon, Rect, Scene, Text

BYTES_PER_NODE = 200
MAX_NODES = PICTURE_NODES
PT = 72 / 96                     # points in a px
QUARTER = 0.5522847498           # in radii: the handle of a cubic for a quarter circle
ANCHORS = {"start": 0.0, "middle": 0.5, "end": 1.0}


def write(graph: Graph, options: DrawOptions = DrawOptions()) -> bytes:
    """Return the picture of a graph as PDF, at 96 px per inch."""
    return draw(build_scene(graph, options), options)


def draw(scene: Scene, options: DrawOptions = DrawOptions()) -> bytes:
    """Return a scene as PDF: the same bytes for the same scene and version of matplotlib.

    The renderer is used without a Figure, whose artists would take three quarters of the time.
    """
    import matplotlib
    from matplotlib.backends import backend_pdf
    from matplotlib.transforms import Affine2D

    backend: Any = backend_pdf   # untyped
    look = THEMES[options.theme]
    file = io.BytesIO()
    with _quiet(), matplotlib.rc_context({"pdf.fonttype": 42, "font.family": ["DejaVu Sans"],
                                          "text.usetex": False, "path.simplify": False}):
        page = backend.PdfFile(file, metadata={
            "Title": literal(scene.title), "Creator": None, "Producer": None, "CreationDate": None})
        width, height = scene.width * PT, scene.height * PT
        page.newPage(width / 72, height / 72)
        renderer = backend.RendererPdf(page, 72, height / 72, width / 72)
        place = Affine2D().scale(PT, -PT).translate(0, height)       # from px, y down, to points
        pens: dict[str, tuple[Any, Any]] = {}      # role -> graphics context, fill colour

        def shape(path: Any, role: str, paint: tuple[Any, ...], filled: bool = True) -> None:
            if role not in pens:
                pens[role] = _pen(renderer, *paint)
            pen, fill = pens[role]
            renderer.draw_path(pen, path, place, fill if filled else None)

        shape(_rect(0, 0, scene.width, scene.height, 0), "", (look.paper, None, 0, ()))
        for group in scene.groups:
            for mark in group.marks:
                if isinstance(mark, Text):
                    color, size, font = look.texts[mark.role]
                    string, families = _drawable(literal(mark.text), font)
                    if string != mark.text:        # a code is wider than its character
                        size *= min(1.0, text.width(mark.text, 1, font)
                                    / text.width(string, 1, font))
                    if color not in pens:
                        pens[color] = _pen(renderer, None, color, 1, ())
                    x = mark.x - ANCHORS[mark.anchor] * text.width(string, size, font)
                    renderer.draw_text(
                        pens[color][0], x * PT, height - mark.y * PT, string,
                        _font(tuple(families), "bold" if font == "bold" else "normal", size * PT),
                        0)
                elif isinstance(mark, Rect):
                    radius = min(mark.radius, mark.width / 2, mark.height / 2)
                    shape(_rect(mark.x, mark.y, mark.width, mark.height, radius), mark.role,
                          look.shapes[mark.role])
                elif isinstance(mark, Polygon):
                    shape(_polygon(mark.points), mark.role, look.shapes[mark.role])
                elif isinstance(mark, Path):
                    shape(_curve(mark.points), mark.role, look.shapes[mark.role], filled=False)
        renderer.finalize()
        page.finalize()
        page.close()
    return file.getvalue()


def _pen(renderer: Any, fill: str | None, stroke: str | None, width: float,
         dash: Sequence[float]) -> tuple[Any, Any]:
    """Return the renderer's graphics context and the fill colour of a role."""
    from matplotlib.colors import to_rgba
    pen = renderer.new_gc()
    pen.set_foreground(to_rgba(stroke) if stroke else (0, 0, 0, 0), isRGBA=True)
    pen.set_linewidth(width * PT if stroke else 0)
    pen.set_capstyle("butt")
    pen.set_joinstyle("miter")
    if dash:
        pen.set_dashes(0, [d * PT for d in dash])
    return pen, to_rgba(fill) if fill else None


@lru_cache(maxsize=None)
def _font(families: tuple[str, ...], weight: str, points: float) -> Any:
    from matplotlib.font_manager import FontProperties
    return FontProperties(family=list(families), weight=weight, size=points)


def _rect(x: float, y: float, width: float, height: float, radius: float) -> Any:
    """Return a rectangle whose corners are quarter circles, approximated by cubics."""
    if not radius:
        return _polygon(((x, y), (x + width, y), (x + width, y + height), (x, y + height)))
    from matplotlib.path import Path as Curve
    right, bottom, r, k = x + width, y + height, radius, radius * (1 - QUARTER)
    points = [(x + r, y), (right - r, y), (right - k, y), (right, y + k), (right, y + r),
              (right, bottom - r), (right, bottom - k), (right - k, bottom), (right - r, bottom),
              (x + r, bottom), (x + k, bottom), (x, bottom - k), (x, bottom - r),
              (x, y + r), (x, y + k), (x + k, y), (x + r, y), (x + r, y)]
    corner = [Curve.LINETO] + [Curve.CURVE4] * 3
    return Curve(points, [Curve.MOVETO, *corner * 4, Curve.CLOSEPOLY])


def _polygon(points: Sequence[tuple[float, float]]) -> Any:
    from matplotlib.path import Path as Curve
    return Curve([*points, points[0]],
                 [Curve.MOVETO, *[Curve.LINETO] * (len(points) - 1), Curve.CLOSEPOLY])


def _curve(points: Sequence[tuple[float, float]]) -> Any:
    """Return a path of consecutive cubics."""
    from matplotlib.path import Path as Curve
    return Curve(points, [Curve.MOVETO] + [Curve.CURVE4] * (len(points) - 1))


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence matplotlib's warning that a system font has no bold face."""
    log = logging.getLogger("matplotlib.font_manager")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


@lru_cache(maxsize=None)
def _families(missing: frozenset[str]) -> list[str]:
    """Return a system font with the characters that DejaVu lacks, or with the most of them."""
    from matplotlib import font_manager
    best, most = "", 0
    for entry in sorted(font_manager.fontManager.ttflist, key=lambda font: (font.name, font.fname)):
        if "Color" in entry.name or "Last Resort" in entry.name or not os.path.isfile(entry.fname):
            continue
        has = len(missing & _characters(entry.fname))
        if has > most:
            best, most = entry.name, has
    return [best] if best else []


@lru_cache(maxsize=None)
def _characters(path: str) -> frozenset[str]:
    from matplotlib.ft2font import FT2Font
    return frozenset(map(chr, FT2Font(path).get_charmap()))


def _drawable(string: str, font: str) -> tuple[str, list[str]]:
    """Return the text and its fonts; characters in none of them become their codes: U+1F642."""
    own = "DejaVu Sans Mono" if font == "mono" else "DejaVu Sans"
    missing = frozenset(c for c in string if not covered(c, font))
    if not missing:
        return string, [own]
    from matplotlib import font_manager
    families = _families(missing)
    have = frozenset().union(*(
        _characters(font_manager.findfont(font_manager.FontProperties(family=[family])))
        for family in families))
    drawn = "".join(c if c not in missing or c in have else f"U+{ord(c):04X}" for c in string)
    return drawn, [own, *families]
