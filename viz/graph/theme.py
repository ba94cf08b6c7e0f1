"""The look: colours, strokes and type by role. A role is a node kind or a part of the picture.

Every text keeps a contrast of 4.5:1 or more on its background, every line 3:1 (WCAG 2.2, AA:
tests/test_theme.py). Kinds differ in stroke and in a word as well, never in colour alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

FAMILY = {                       # Verdana and Menlo have DejaVu's widths, for pages without it
    "sans": "DejaVu Sans,Verdana,sans-serif",
    "bold": "DejaVu Sans,Verdana,sans-serif",
    "mono": "DejaVu Sans Mono,Menlo,monospace",
}


class Shape(NamedTuple):
    """The paint of an outline. None means unpainted; dash is in px, stroke and gap."""

    fill: str | None
    stroke: str | None
    width: float = 1.0
    dash: tuple[float, ...] = ()


class Type(NamedTuple):
    """The type of a text: colour, size in px, font (sans, bold or mono)."""

    color: str
    size: float
    font: str = "sans"


class Theme(NamedTuple):
    """A look: the paper, and by role the shapes and the type; `plot` holds curves' colours."""

    name: str
    paper: str
    shapes: Mapping[str, Shape]
    texts: Mapping[str, Type]
    plot: Mapping[str, str]

    def __hash__(self) -> int:
        return hash(self.name)


class Palette(NamedTuple):
    """The colours of a theme."""

    paper: str
    ink: str
    muted: str
    line: str                    # edges, the borders of values
    data: str
    grad: str
    op: str
    op_ink: str
    fills: Mapping[str, str]     # by kind
    strokes: Mapping[str, str]
    third: str                   # a third curve: f''
    flag: str                    # problems, on any fill
    frame: str                   # the background of a folded body
    cold: tuple[str, ...]        # heat, from close to zero to far below it
    warm: tuple[str, ...]        # and far above it


# One row per role.           fill from      stroke from    width  dash
_SHAPES: dict[str, tuple[str | None, str | None, float, tuple[float, ...]]] = {
    "input":                  ("fill",        "stroke",      2.0,  ()),
    "parameter":              ("fill",        "stroke",      2.0,  (7, 2)),
    "constant":               ("fill",        "stroke",      1.2,  (3, 3)),
    "value":                  ("fill",        "stroke",      1.2,  ()),
    "output":                 ("fill",        "stroke",      2.0,  ()),
}

# One row per role.  colour of the palette, size, font
_TEXTS: dict[str, tuple[str, float, str]] = {
    "name":          ("ink",    14.0, "bold"),
    "tag":           ("muted",  11.0, "sans"),
    "key":           ("muted",  12.0, "sans"),
    "data":          ("data",   13.0, "mono"),
    "grad":          ("grad",   13.0, "mono"),
    "sum":           ("grad",   11.0, "mono"),
    "constant":      ("ink",    13.0, "mono"),
    "chip":          ("ink",    12.0, "sans"),
    "symbol":        ("op_ink", 17.0, "sans"),
    "word":          ("op_ink", 12.0, "sans"),
    "local":         ("grad",   12.0, "mono"),
    "contribution":  ("muted",  11.0, "mono"),
    "title":         ("muted",  13.0, "sans"),
    "result":        ("grad",   13.0, "sans"),
    "flag":          ("flag",   12.0, "bold"),
    "change":        ("ink",    12.0, "bold"),
    "head":          ("ink",    14.0, "bold"),
    "note":          ("muted",  12.0, "sans"),
    "times":         ("op_ink", 13.0, "bold"),
    "port":          ("ink",    12.0, "sans"),
}


def _theme(name: str, palette: Palette) -> Theme:
    fill, stroke = palette.fills, palette.strokes
    shapes = {role: Shape(fill[role], stroke[role], width, dash)
              for role, (_, _, width, dash) in _SHAPES.items()}
    shapes |= {
        "inner":  Shape(None, stroke["output"], 1.0),          # an output's second border
        "op":     Shape(palette.op, None),
        "edge":   Shape(None, palette.line, 1.5),
        "cut":    Shape(None, palette.line, 1.5, (2, 5)),      # no gradient flows back
        "arrow":  Shape(palette.line, None),
        "rail":   Shape(None, stroke["input"], 2.0),
        "bus":    Shape(None, palette.line, 1.5),              # the rail of a computed value
    }
    shapes["flag"] = Shape(None, palette.flag, 2.5)
    shapes |= {                  # for differences between graphs
        "added":        Shape(None, stroke["input"], 2.5),
        "removed":      Shape(None, palette.flag, 2.5, (6, 3)),
        "changed":      Shape(None, stroke["output"], 1.5),
        "edge added":   Shape(None, stroke["input"], 2.5),
        "edge removed": Shape(None, palette.flag, 1.5, (6, 3)),
    }
    shapes |= {                  # for folds
        "frame":   Shape(palette.frame, palette.line, 1.4),
        "veil":    Shape(palette.frame, None),
        "sheet":   Shape(palette.paper, palette.line, 1.2),
        "pill":    Shape(palette.op, None),
        "port":    Shape(fill["input"], stroke["input"], 1.6),
        "through": Shape(fill["value"], stroke["value"], 1.4, (4, 3)),
        "carried": Shape(None, stroke["input"], 2.0),
    }
    for i, (cold, warm) in enumerate(zip(palette.cold, palette.warm, strict=True), 1):
        shapes[f"heat-{i}"] = Shape(None, cold, 1.5)                       # negative: hollow
        shapes[f"heat+{i}"] = Shape(warm, None)
        shapes[f"line-{i}"] = Shape(None, cold, 1 + 0.75 * i, (6, 3))      # negative: dashed
        shapes[f"line+{i}"] = Shape(None, warm, 1 + 0.75 * i)
    shapes["heat+0"] = Shape(None, palette.line, 1.0)
    shapes["line+0"] = Shape(None, palette.line, 1.0, (1, 3))
    for kind in ("input", "parameter", "constant"):
        shapes["shared-" + kind] = Shape(fill[kind], stroke[kind], 1.6, (4, 3))
        shapes["chip-" + kind] = Shape(fill[kind], stroke[kind], 1.2, shapes[kind].dash)
    texts = {role: Type(getattr(palette, color), size, font)
             for role, (color, size, font) in _TEXTS.items()}
    plot = {"f": palette.data, "df": palette.grad, "d2f": palette.third, "ink": palette.ink,
            "muted": palette.muted, "line": palette.line, "paper": palette.paper}
    return Theme(name, palette.paper, shapes, texts, plot)


THEMES: dict[str, Theme] = {
    "light": _theme("light", Palette(
        paper="#ffffff", ink="#1f2933", muted="#5c6873", line="#7d8b99",
        data="#0b6b78", grad="#b23a08", op="#1f2933", op_ink="#ffffff",
        fills={"input": "#e3f6ef", "parameter": "#eaf0fd", "constant": "#f5f6f8",
               "value": "#ffffff", "output": "#fff3e2"},
        strokes={"input": "#1f9d78", "parameter": "#5b7fd9", "constant": "#7d8b99",
                 "value": "#7d8b99", "output": "#c97a12"},
        third="#6d4bb8", flag="#b3001b", frame="#f6f9fc",
        cold=("#7688c8", "#5a70c4", "#3d55bd", "#1b2f9a"),
        warm=("#c07a3c", "#b8601f", "#b04510", "#8a2a00"))),
    "dark": _theme("dark", Palette(
        paper="#12181f", ink="#eef2f6", muted="#a3b0bd", line="#708396",
        data="#5fd0d9", grad="#ff9d6b", op="#dbe4ec", op_ink="#12181f",
        fills={"input": "#123029", "parameter": "#1a2745", "constant": "#1c242d",
               "value": "#171f27", "output": "#33260f"},
        strokes={"input": "#35b68f", "parameter": "#6f93ee", "constant": "#708396",
                 "value": "#708396", "output": "#d8932f"},
        third="#b79df5", flag="#ff8fa0", frame="#161e27",
        cold=("#5b74c0", "#7890e0", "#9db2f5", "#c9d6ff"),
        warm=("#b0703a", "#d98a48", "#f5ab70", "#ffd3b0"))),
    "contrast": _theme("contrast", Palette(        # every text at 7:1 or more (AAA)
        paper="#ffffff", ink="#000000", muted="#333333", line="#333333",
        data="#003f6b", grad="#8a1500", op="#000000", op_ink="#ffffff",
        fills={"input": "#ffffff", "parameter": "#ffffff", "constant": "#ffffff",
               "value": "#ffffff", "output": "#ffffff"},
        strokes={"input": "#00593c", "parameter": "#1a2f9a", "constant": "#333333",
                 "value": "#000000", "output": "#7a3d00"},
        third="#4b148c", flag="#a00000", frame="#ffffff",
        cold=("#5566cc", "#3344bb", "#1a2799", "#000d66"),
        warm=("#b35a00", "#994400", "#7a2d00", "#591800"))),
    "print": _theme("print", Palette(              # black, white and greys: photocopies well
        paper="#ffffff", ink="#000000", muted="#444444", line="#555555",
        data="#000000", grad="#000000", op="#000000", op_ink="#ffffff",
        fills={"input": "#eeeeee", "parameter": "#f6f6f6", "constant": "#ffffff",
               "value": "#ffffff", "output": "#ffffff"},
        strokes={"input": "#000000", "parameter": "#000000", "constant": "#555555",
                 "value": "#555555", "output": "#000000"},
        third="#000000", flag="#000000", frame="#ffffff",
        cold=("#868686", "#6a6a6a", "#444444", "#000000"),
        warm=("#868686", "#6a6a6a", "#444444", "#000000"))),
}
