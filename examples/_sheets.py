"""The contact sheets of the gallery: graphs.png, torture.png, torture-graphs.png."""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import Image

import viz
from viz.graph.text import covered
from viz.graph.theme import THEMES
from viz.layout.build_scene import build_scene
from viz.options.drawing import DrawOptions
from viz.layout.scene import Group, Mark, Scene, Text
from viz.readers import read_run
from viz.run import execute, targets
from viz.transforms.diagnose import flag
from viz.writers import png

from . import _folds

SHEET = 4200.0                   # px: width of a sheet of graphs
WIDTH = 1800                     # px: wider pictures are scaled down
GAP = 24
FOLDER = Path(__file__).parent


def graphs(names: list[str]) -> bytes:
    """Return all examples below each other, as PNG."""
    pictures = []
    for name in names:
        target = targets.load(str(FOLDER / f"{name}.py"))
        graph = read_run(execute.run(target, {}))
        drawn = png.write(flag(graph) if name == "trouble" else graph,
                          DrawOptions(dpi=96))
        pictures.append(Image.open(io.BytesIO(drawn)).convert("RGB"))
    scaled = [p if p.width <= WIDTH else p.resize((WIDTH, round(p.height * WIDTH / p.width)),
                                                  Image.Resampling.LANCZOS) for p in pictures]
    sheet = Image.new("RGB", (max(p.width for p in scaled) + 2 * GAP,
                              sum(p.height + GAP for p in scaled) + GAP), "white")
    y = GAP
    for picture in scaled:
        sheet.paste(picture, (GAP, y))
        y += picture.height + GAP
    file = io.BytesIO()
    sheet.save(file, "PNG", optimize=True)
    return file.getvalue()


def torture_graphs() -> bytes:
    """Return every graph that is hard to draw, at half its size."""
    sys.path.insert(0, str(FOLDER.parent / "tests"))
    from torture_graphs import ROWS
    groups: list[Group] = []
    x = y = low = wide = 0.0
    for row in ROWS:
        scene = build_scene(row.graph())
        if x and x + scene.width > SHEET:
            x, y = 0.0, low
        groups.append(Group(f"{row.name} name", "caption", "", (Text(x + GAP, y + 40, row.name,
                                                                     "head"),)))
        groups += [group._replace(marks=tuple([_folds.moved(plain(mark), x, y + 40)
                                               for mark in group.marks])) for group in scene.groups]
        x += scene.width + GAP
        low, wide = max(low, y + scene.height + 60), max(wide, x)
    return png.raster(Scene(wide, low, "hard graphs", "A contact sheet of graphs that are hard to "
                            "draw.", tuple(groups)), THEMES["light"], _folds.DPI)


def plain(mark: Mark) -> Mark:
    """Replace the characters that only some systems have a font for."""
    if not isinstance(mark, Text):
        return mark
    return mark._replace(text="".join(c if covered(c) else "□" for c in mark.text))


def torture() -> bytes:
    """Return every function that plotters draw wrong, with f and f'."""
    sys.path.insert(0, str(FOLDER.parent / "tests"))
    from torture_functions import contact_sheet
    file = io.BytesIO()
    viz.plot.save(contact_sheet(), file, format="png", dpi=100)
    return file.getvalue()
