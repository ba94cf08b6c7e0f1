"""PDF: the scene, painted by matplotlib's PDF backend, fonts embedded."""

from __future__ import annotations

import io
import os
from typing import Any

from ..graph import Graph
from ..layout.compose import Options, compose
from ..layout.scene import Path, Polygon, Rect, Scene, Text
from ..text import covered, literal
from ..theme import THEMES

PT = 72 / 96                     # points in a px


def write(graph: Graph, options: Options = Options()) -> bytes:
    """The picture of a graph as PDF, 96 px to the inch."""
    return paint(compose(graph, options), options.theme)


def paint(scene: Scene, theme: str = "light") -> bytes:
    """A scene as PDF: the same bytes for the same scene and version of matplotlib."""
    import matplotlib
    from matplotlib.figure import Figure
    from matplotlib.patches import FancyBboxPatch, PathPatch
    from matplotlib.patches import Polygon as Patch
    from matplotlib.path import Path as Curve

    look = THEMES[theme]
    with matplotlib.rc_context({"pdf.fonttype": 42, "font.family": ["DejaVu Sans"],
                                "text.usetex": False, "text.parse_math": False,
                                "axes.unicode_minus": False, "path.simplify": False}):
        figure = Figure(figsize=(scene.width / 96, scene.height / 96), facecolor=look.paper)
        axes = figure.add_axes((0, 0, 1, 1), xlim=(0, scene.width), ylim=(scene.height, 0))
        axes.set_axis_off()
        z = 0
        for group in scene.groups:
            for mark in group.marks:
                z += 1
                if isinstance(mark, Text):
                    color, size, font = look.texts[mark.role]
                    axes.text(mark.x, mark.y, _drawable(mark.text), color=color, fontsize=size * PT,
                              family=_families(mark.text, font), zorder=z, va="baseline",
                              weight="bold" if font == "bold" else "normal",
                              ha={"start": "left", "middle": "center", "end": "right"}[mark.anchor])
                    continue
                fill, stroke, width, dash = look.shapes[mark.role]
                style: dict[str, Any] = {
                    "facecolor": fill or "none", "edgecolor": stroke or "none", "zorder": z,
                    "linewidth": width * PT if stroke else 0, "capstyle": "butt",
                    "linestyle": (0, tuple(d / width for d in dash)) if dash else "solid"}
                if isinstance(mark, Rect):
                    radius = min(mark.radius, mark.width / 2, mark.height / 2)
                    axes.add_patch(FancyBboxPatch(
                        (mark.x, mark.y), mark.width, mark.height, mutation_aspect=1,
                        boxstyle=f"round,pad=0,rounding_size={radius}", **style))
                elif isinstance(mark, Polygon):
                    axes.add_patch(Patch(mark.points, closed=True, **style))
                elif isinstance(mark, Path):
                    codes = [Curve.MOVETO] + [Curve.CURVE4] * (len(mark.points) - 1)
                    axes.add_patch(PathPatch(Curve(mark.points, codes), fill=False, **style))
        file = io.BytesIO()
        figure.savefig(file, format="pdf", facecolor=look.paper, metadata={
            "Title": scene.title.encode("utf-8", "replace").decode(),
            "Creator": None, "Producer": None, "CreationDate": None})
    return file.getvalue()


def _families(string: str, font: str) -> list[str]:
    """DejaVu, and behind it a font of the system's that has the glyphs which DejaVu lacks."""
    own = "DejaVu Sans Mono" if font == "mono" else "DejaVu Sans"
    if covered(string, font):
        return [own]
    from matplotlib import font_manager
    from matplotlib.ft2font import FT2Font
    missing = {ord(c) for c in string if not covered(c, font)}
    for entry in sorted(font_manager.fontManager.ttflist, key=lambda font: (font.name, font.fname)):
        if "Color" in entry.name or not os.path.isfile(entry.fname):
            continue
        if missing <= set(FT2Font(entry.fname).get_charmap()):
            return [own, entry.name]
    return [own]


def _drawable(string: str) -> str:
    """The text; a character that no installed font has is written as its code: U+1F642."""
    import matplotlib.font_manager as manager
    from matplotlib.ft2font import FT2Font
    if covered(string):
        return string
    have: set[int] = set()
    for family in _families(string, "sans"):
        have |= set(FT2Font(manager.findfont(family)).get_charmap())
    return "".join(c if ord(c) in have else f"U+{ord(c):04X}" for c in literal(string))
