"""PNG without a system: the traps of fonts and of dpi, each by the bug it was."""

import io
import struct
import sys
from xml.etree import ElementTree

import pytest
from PIL import Image

import viz
from viz.graph import size_limits
from viz.layout.build_scene import build_scene
from viz.options.drawing import DrawOptions
from viz.layout.scene import Group, Rect, Scene, Text
from viz.graph import rasterize
from viz.writers import png, svg
from viz.graph.theme import THEMES


def scene(*texts):
    marks = tuple(Text(10, 30 + 30 * i, text, role) for i, (text, role) in enumerate(texts))
    return Scene(300, 100, "t", "d", (Group("g", "caption", "", marks),))


def ink(content):
    """How many pixels differ from the paper."""
    image = Image.open(io.BytesIO(content)).convert("L")
    return sum(image.histogram()[:200])


def test_text_vanished_silently_without_a_font():
    """resvg draws no text where it finds no font: ours come with matplotlib."""
    assert ink(png.draw(scene(("tinyviz", "name")))) > 200
    assert ink(png.draw(scene(("5.32", "data")))) > 100
    assert ink(png.draw(scene(("", "name")))) == 0


def test_bold_and_mono_are_fonts_of_their_own():
    regular, bold, mono = (png.draw(scene(("iiWW", role))) for role in ("title", "name", "data"))
    assert len({regular, bold, mono}) == 3


def test_the_fonts_are_found_without_matplotlib_or_a_system():
    from pathlib import Path
    names = {path.name for path in Path(rasterize.fonts()).glob("*.ttf")}
    assert {"DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSansMono.ttf"} <= names


@pytest.mark.parametrize("dpi", [48, 96, 192, 300])
def test_an_svg_had_an_invalid_size(dpi):
    """resvg's dpi of 0 made sizes invalid: the size in pixels is that of the SVG times dpi/96."""
    content = png.draw(scene(("x", "name")), DrawOptions(dpi=dpi))
    width, height = struct.unpack(">II", content[16:24])
    assert width == pytest.approx(300 * dpi / 96, abs=1)
    assert height == pytest.approx(100 * dpi / 96, abs=1)
    assert Image.open(io.BytesIO(content)).info["dpi"][0] == pytest.approx(dpi, abs=0.1)


def test_a_png_that_would_be_too_large_says_so():
    with pytest.warns(UserWarning, match="76 dpi, not 96: a PNG has at most 32,000 pixels"):
        drawn = png.draw(Scene(40_000, 10, "", "", ()), DrawOptions(dpi=96))
    assert int.from_bytes(drawn[16:20], "big") <= size_limits.SIDE_PIXELS
    with pytest.raises(rasterize.SizeError, match="400000 px on a side is too large: use svg or "
                       "html"):
        png.draw(Scene(400_000, 10, "", "", ()), DrawOptions(dpi=96))


def test_no_variable_colours():
    """var(--x) is painted black by resvg: the SVG holds plain colours."""
    text = svg.paint(build_scene(viz.trace(lambda x: x * x, 1.0)), THEMES["light"])
    assert "var(" not in text and "foreignObject" not in text and "<style" not in text


def boxes_and_texts(group):
    rects = [m for m in group.marks if isinstance(m, Rect)]
    return rects, [m for m in group.marks if isinstance(m, Text)]


@pytest.mark.parametrize("label", ["x", "W" * 200, "名前" * 20, "🙂" * 30, "i" * 100, "𝛼" * 40])
def test_a_label_never_leaves_its_box(label):
    from viz.graph import Graph, Node, Value
    from viz.layout import boxes
    from viz.graph.text import width
    value = Value((), "float64", (-1.23456e-100,))
    for kind in ("input", "constant", "value", "output", "op", "parameter"):
        node = Node("n", kind, label, {"data": value, "grad": value,
                                       "line": "long_name_of_a_file.py:123"})
        group, *_ = build_scene(Graph("g", (node,), ())).groups
        (box, *_), texts = boxes_and_texts(group)
        for text in texts:
            look = boxes.TYPES[text.role]
            w = width(text.text, look.size, look.font)
            left = text.x - {"start": 0, "middle": w / 2, "end": w}[text.anchor]
            assert box.x < left and left + w < box.x + box.width, (kind, text)
            assert box.y < text.y - look.size * 0.75 and text.y < box.y + box.height


def test_a_character_that_no_font_has_was_an_empty_box(monkeypatch):
    odd = "".join(map(chr, (0x1F642, 0x540D)))
    monkeypatch.setattr("shutil.which", lambda name: None)             # no fontconfig to ask
    assert rasterize.absent([*odd]) == (odd if sys.platform == "linux" else "")
    assert rasterize.absent([]) == ""
    drawn = svg.paint(scene((odd, "name")), THEMES["light"])
    root = ElementTree.fromstring(rasterize._coded(drawn, odd[0]))
    (text,) = root.iter("{http://www.w3.org/2000/svg}text")
    assert "".join(text.itertext()) == "U+1F642" + odd[1]
    monkeypatch.setattr(rasterize, "absent", lambda characters: odd)
    assert ink(png.draw(scene((odd, "name")))) > 0
