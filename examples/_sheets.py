"""The contact sheets of the gallery: graphs.png, folds.png, torture.png."""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import Image

import viz
from viz import run, source
from viz.layout.compose import Options
from viz.readers import read_run
from viz.transforms.flags import flag
from viz.writers import png

WIDTH = 1800                     # px; a wider picture is made smaller
GAP = 24
FOLDER = Path(__file__).parent


def graphs(names: list[str]) -> bytes:
    """All examples below each other, as PNG."""
    pictures = []
    for name in names:
        target = source.load(str(FOLDER / f"{name}.py"))
        graph = read_run(run.run(target, {}))
        drawn = png.write(flag(graph) if name == "trouble" else graph,
                          Options(dpi=96))
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


def torture() -> bytes:
    """Every function that plotters draw wrong, with f and f'."""
    sys.path.insert(0, str(FOLDER.parent / "tests"))
    from torture_functions import contact_sheet
    file = io.BytesIO()
    viz.plot.save(contact_sheet(), file, format="png", dpi=100)
    return file.getvalue()
