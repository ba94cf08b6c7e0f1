"""Contrast: every text at 4.5:1 on what it stands on, every line at 3:1 (WCAG 2.2, AA)."""

import pytest

from viz.theme import THEMES


def luminance(color: str) -> float:
    parts = [int(color[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


BOXES = ["input", "parameter", "constant", "value", "output"]


@pytest.mark.parametrize("name", THEMES)
def test_text_is_readable(name):
    theme = THEMES[name]
    for role in ("name", "tag", "key", "data", "grad", "sum", "constant", "chip"):
        for box in BOXES:
            ratio = contrast(theme.texts[role].color, theme.shapes[box].fill)
            assert ratio >= 4.5, f"{name}: {role} on {box}: {ratio:.2f}"
    for role in ("local", "contribution", "title", "result"):
        ratio = contrast(theme.texts[role].color, theme.paper)
        assert ratio >= 4.5, f"{name}: {role} on paper: {ratio:.2f}"
    for role in ("symbol", "word"):
        assert contrast(theme.texts[role].color, theme.shapes["op"].fill) >= 4.5
    for role in ("head", "note", "local", "contribution"):
        assert contrast(theme.texts[role].color, theme.shapes["frame"].fill) >= 4.5
    for box in ("port", "through"):
        assert contrast(theme.texts["port"].color, theme.shapes[box].fill) >= 4.5
    assert contrast(theme.texts["times"].color, theme.shapes["pill"].fill) >= 4.5


@pytest.mark.parametrize("name", THEMES)
def test_lines_are_visible(name):
    theme = THEMES[name]
    for role, shape in theme.shapes.items():
        if shape.stroke:
            ratio = contrast(shape.stroke, theme.paper)
            assert ratio >= 3, f"{name}: {role}: {ratio:.2f}"
            ratio = contrast(shape.stroke, theme.shapes["frame"].fill)
            assert ratio >= 3, f"{name}: {role} on a frame: {ratio:.2f}"
    for role in ("f", "df", "d2f"):
        assert contrast(theme.plot[role], theme.paper) >= 3


def test_high_contrast_is_higher():
    """AAA: 7:1 for all text."""
    theme = THEMES["contrast"]
    for role, look in theme.texts.items():
        if role not in ("symbol", "word", "times"):            # light on an op's dark
            assert contrast(look.color, theme.paper) >= 7, role


def test_print_has_no_colour():
    theme = THEMES["print"]
    colors = [theme.paper, *(look.color for look in theme.texts.values()),
              *(c for shape in theme.shapes.values() for c in shape[:2] if c)]
    assert all(c[1:3] == c[3:5] == c[5:7] for c in colors)


def test_themes_have_the_same_roles():
    light, *others = THEMES.values()
    for theme in others:
        assert theme.shapes.keys() == light.shapes.keys()
        assert theme.texts.keys() == light.texts.keys()
        for role in light.texts:                 # a layout holds in every theme
            assert theme.texts[role][1:] == light.texts[role][1:]


def test_kinds_differ_without_colour():
    """In black and white, kinds differ in the line: its width, its dashes or a second border."""
    shapes = THEMES["light"].shapes
    looks = {kind: (shapes[kind].width, shapes[kind].dash, kind == "output") for kind in BOXES}
    assert len(set(looks.values())) == len(BOXES)
