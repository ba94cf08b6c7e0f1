"""PDF: the scene, painted by matplotlib's PDF backend, fonts embedded."""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from .. import text
from ..graph import Graph
from ..layout.compose import Options, compose
from ..layout.scene import Path, Polygon, Rect, Scene, Text
from ..text import covered, literal
from ..theme import THEMES

PT = 72 / 96                     # points in a px


def write(graph: Graph, options: Options = Options()) -> bytes:
    """The picture of a graph as PDF, 96 px to the inch."""
    return draw(compose(graph, options), options)


def draw(scene: Scene, options: Options = Options()) -> bytes:
    """A scene as PDF: the same bytes for the same scene and version of matplotlib."""
    import matplotlib
    from matplotlib.figure import Figure
    from matplotlib.patches import FancyBboxPatch, PathPatch
    from matplotlib.patches import Polygon as Patch
    from matplotlib.path import Path as Curve

    look = THEMES[options.theme]
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
                    string, families = _drawable(literal(mark.text), font)
                    if string != mark.text:        # a code is wider than what it stands for
                        size *= min(1.0, text.width(mark.text, 1, font) / text.width(string, 1, font))
                    axes.text(mark.x, mark.y, string, color=color, fontsize=size * PT,
                              family=families, zorder=z, va="baseline",
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
        with _quiet():
            figure.savefig(file, format="pdf", facecolor=look.paper, metadata={
                "Title": literal(scene.title), "Creator": None, "Producer": None,
                "CreationDate": None})
    return file.getvalue()


@contextmanager
def _quiet() -> Iterator[None]:
    """Without matplotlib's warning that a font of the system's has no bold face."""
    log = logging.getLogger("matplotlib.font_manager")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


@lru_cache(maxsize=None)
def _families(missing: frozenset[str]) -> list[str]:
    """A font of the system's that has the characters which DejaVu lacks, or as many as one has."""
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
    """The text and its fonts; a character that none of them has is written as its code: U+1F642."""
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
