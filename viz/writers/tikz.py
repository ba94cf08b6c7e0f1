"""TikZ: the scene at its exact positions, for papers; compiles on its own too, with any LaTeX.

The file is plain ASCII. In a document with \\usepackage{tikz}: \\input{f.tikz}.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from math import ceil

from ..graph import Graph, text
from ..graph.theme import THEMES, Shape, Theme, Type
from ..graph.size_limits import PICTURE_NODES
from ..layout.build_scene import build_scene
from ..options.drawing import DrawOptions
from ..layout.scene import Mark, Path, Polygon, Rect, Scene, Text

BYTES_PER_NODE = 620
MAX_NODES = PICTURE_NODES
PX = 0.75                        # bp in a px
LARGEST = 14_000.0               # bp on a side: TeX's longest length is 16,383 pt
FAMILIES = {"sans": r"\sffamily", "bold": r"\sffamily\bfseries", "mono": r"\ttfamily"}
ANCHORS = {"start": "base west", "middle": "base", "end": "base east"}

# Compiled on its own, the file is a document of its own size; with \input, only the drawing.
_HEAD = r"""%% In a document with \usepackage{tikz}: \input this file. It compiles alone as well.
%% A character that TeX's fonts lack is a small box with its code, 540D in two rows; LuaLaTeX
%% sets it in a document whose \setsansfont and \setmonofont have it.
\ifdefined\tikzpicture\def\tvend{}\else
\documentclass{article}
\usepackage[T1]{fontenc}
\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}
\usepackage{textcomp}
\usepackage{tikz}
\usepackage[paperwidth=%(width)sbp,paperheight=%(height)sbp,margin=0pt]{geometry}
\pagestyle{empty}\parindent=0pt\topskip=0pt\parskip=0pt
\def\tvend{\end{document}}
\begin{document}\fi
\def\tvfit#1#2{\setbox0\hbox{#2}\ifdim\wd0>#1bp\resizebox{#1bp}{!}{\box0}\else\box0\fi}%%
\def\tvchar#1#2{\ifdefined\Umathchar\iffontchar\font"#1#2 \char"#1#2\relax\else\tvcode{#1}{#2}\fi%%
\else\tvcode{#1}{#2}\fi}%%
\def\tvcode#1#2{{\fboxsep=.06em\fboxrule=.03em\fbox{\scalebox{.44}{\ttfamily\shortstack{#1\\#2}}}}}%%
"""

_ASCII = {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
          "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\char34{}",
          "'": r"\textquotesingle{}", "`": r"\textasciigrave{}", " ": r"\ ",
          **{c: "\\" + c for c in "{}$&#%_"},
          **{c: rf"{{{c}\kern0pt}}" for c in "-,?!"}}   # no ligatures; LuaTeX ignores plain braces
_MATHS = {"×": r"\times", "−": "-", "·": r"\cdot", "÷": r"\div", "∂": r"\partial", "√": r"\surd",
          "∛": r"\sqrt[3]{\ }", "∞": r"\infty", "≤": r"\leq", "≥": r"\geq", "≠": r"\neq",
          "≈": r"\approx", "±": r"\pm", "→": r"\to", "←": r"\leftarrow", "↑": r"\uparrow",
          "↓": r"\downarrow", "⌊": r"\lfloor", "⌋": r"\rfloor", "⌈": r"\lceil", "⌉": r"\rceil",
          "∇": r"\nabla", "∑": r"\sum", "∏": r"\prod", "∫": r"\int", "∈": r"\in", "⊙": r"\odot",
          "⊗": r"\otimes", "⊕": r"\oplus", "∘": r"\circ", "∧": r"\wedge", "∨": r"\vee",
          "¬": r"\neg", "⏎": r"\hookleftarrow", "⇥": r"\mapsto", "ᵀ": r"^{\mathsf{T}}", "µ": r"\mu"}
_WORDS = {"…": r"\dots{}", "ø": r"\o{}", "Ø": r"\O{}", "ß": r"\ss{}", "æ": r"\ae{}", "Æ": r"\AE{}",
          "œ": r"\oe{}", "Œ": r"\OE{}", "ł": r"\l{}", "Ł": r"\L{}", "ı": r"\i{}", "§": r"\S{}",
          "¶": r"\P{}", "©": r"\textcopyright{}", "°": r"\textdegree{}", "–": r"\textendash{}",
          "—": r"\textemdash{}", "‘": r"\textquoteleft{}", "’": r"\textquoteright{}",
          "“": r"\textquotedblleft{}", "”": r"\textquotedblright{}", "•": r"\textbullet{}",
          "\u00a0": "~", "�": r"\fbox{?}"}
_ACCENTS = {"\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=",
            "\u0306": "u", "\u0307": ".", "\u0308": '"', "\u030a": "r", "\u030b": "H",
            "\u030c": "v", "\u0327": "c"}
_GREEK = ("alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi o pi rho "
          "varsigma sigma tau upsilon phi chi psi omega").split()
_CAPITALS = {"Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi",
             "Σ": "Sigma", "Υ": "Upsilon", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega"}
_MATHS |= {chr(0x3b1 + i): name if name == "o" else "\\" + name for i, name in enumerate(_GREEK)}
_MATHS |= {letter: "\\" + name for letter, name in _CAPITALS.items()}
_SCRIPTS = {c: ("superscript", d) for c, d in zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "0123456789+-n")} | \
           {c: ("subscript", d) for c, d in zip("₀₁₂₃₄₅₆₇₈₉₊₋", "0123456789+-")}


def write(graph: Graph, options: DrawOptions = DrawOptions()) -> bytes:
    """Return the picture of a graph as TikZ."""
    return draw(build_scene(graph, options), options)


def draw(scene: Scene, options: DrawOptions = DrawOptions()) -> bytes:
    """Return a scene as TikZ."""
    return paint(scene, THEMES[options.theme]).encode("ascii")


def paint(scene: Scene, theme: Theme) -> str:
    """Return a scene as a LaTeX file with one tikzpicture, in px times a unit."""
    unit = min(PX, LARGEST / max(scene.width, scene.height, 1))
    marks = [mark for group in scene.groups for mark in group.marks]
    roles = dict.fromkeys((isinstance(mark, Text), mark.role) for mark in marks)
    used = [color for is_text, role in roles for color in (
        [theme.texts[role].color] if is_text else theme.shapes[role][:2]) if color]
    colors = dict.fromkeys([theme.paper, *used])
    w, h = ceil(scene.width), ceil(scene.height)
    lines = [_HEAD % {"width": _n(w * unit), "height": _n(h * unit)} + r"\begin{tikzpicture}"
             f"[x={unit:.4g}bp,y=-{unit:.4g}bp,inner sep=0pt,outer sep=0pt]"]
    lines += [rf"\definecolor{{{_name(color)}}}{{HTML}}{{{color[1:].upper()}}}" for color in colors]
    lines += [rf"\tikzset{{{_style(is_text, role, theme, unit)}}}" for is_text, role in roles]
    lines.append(rf"\fill[{_name(theme.paper)}] (0,0) rectangle ({w},{h});")
    for mark in marks:
        lines += _mark(mark, theme, unit)
    return "\n".join([*lines, r"\end{tikzpicture}\tvend", ""])


def _style(is_text: bool, role: str, theme: Theme, unit: float) -> str:
    if is_text:
        type: Type = theme.texts[role]
        family = FAMILIES[type.font]
        size = _n(type.size * unit)
        return (f"tv text {role}/.style={{text={_name(type.color)},"
                rf"font=\fontsize{{{size}bp}}{{{size}bp}}{family}\selectfont}}")
    shape: Shape = theme.shapes[role]
    keys = [f"fill={_name(shape.fill)}"] if shape.fill else []
    if shape.stroke:
        keys += [f"draw={_name(shape.stroke)}", f"line width={_n(shape.width * unit)}bp"]
    if shape.dash:
        on, off = (_n(d * unit) for d in shape.dash[:2])
        keys.append(f"dash pattern=on {on}bp off {off}bp")
    return f"tv {role}/.style={{{','.join(keys)}}}"


def _mark(mark: Mark, theme: Theme, unit: float) -> Iterator[str]:
    if isinstance(mark, Text):
        type = theme.texts[mark.role]
        width = _n(text.width(mark.text, type.size, type.font) * unit)
        yield (rf"\node[tv text {mark.role},anchor={ANCHORS[mark.anchor]}] at "
               f"{_at(mark.x, mark.y)} "
               rf"{{\tvfit{{{width}}}{{{escape(mark.text)}}}}};")
    elif isinstance(mark, Rect):
        radius = min(mark.radius, mark.width / 2, mark.height / 2)
        if abs(mark.width - mark.height) < 0.1 and radius > mark.width / 2 - 0.1:
            center = _at(mark.x + radius, mark.y + radius)
            yield rf"\path[tv {mark.role}] {center} circle[radius={_n(radius * unit)}bp];"
            return
        radius = min(radius, mark.height / 2 - 0.1)
        corners = f",rounded corners={_n(radius * unit)}bp" if radius > 0 else ""
        yield (rf"\path[tv {mark.role}{corners}] {_at(mark.x, mark.y)} rectangle "
               f"{_at(mark.x + mark.width, mark.y + mark.height)};")
    elif isinstance(mark, Polygon):
        yield rf"\path[tv {mark.role}] {' -- '.join(_at(x, y) for x, y in mark.points)} -- cycle;"
    else:
        yield rf"\path[tv {mark.role}] {_curve(mark)};"


def _curve(path: Path) -> str:
    start, *rest = path.points
    parts = [_at(*start)]
    for a, b, end in zip(rest[0::3], rest[1::3], rest[2::3], strict=True):
        straight = a == start and b == end
        parts.append(f"-- {_at(*end)}" if straight else
                     f".. controls {_at(*a)} and {_at(*b)} .. {_at(*end)}")
        start = end
    return " ".join(parts)


def escape(string: str) -> str:
    """Return the text for LaTeX, in ASCII: the only place where this format escapes.

    Characters without a TeX command become a small box with their code, unless the font has them.
    """
    written = []
    for c in text.literal(string):
        c = unicodedata.normalize("NFKC", c) if c not in _SCRIPTS and c not in _WORDS and \
            c not in _MATHS else c
        written += [_escaped(part) for part in c]
    return "".join(written)


def _escaped(c: str) -> str:
    if c in _ASCII:
        return _ASCII[c]
    if c.isascii():
        return c
    if c in _MATHS:
        return f"${_MATHS[c]}$"
    if c in _SCRIPTS:
        script, sign = _SCRIPTS[c]
        return rf"\text{script}{{{'$-$' if sign == '-' else sign}}}"
    if c in _WORDS:
        return _WORDS[c]
    base, *marks = tuple(unicodedata.normalize("NFD", c))
    if len(marks) == 1 and marks[0] in _ACCENTS and base.isascii() and base.isalpha():
        letter = {"i": r"\i", "j": r"\j"}.get(base, base)
        return rf"\{_ACCENTS[marks[0]]}{{{letter}}}"
    code = f"{ord(c):X}"
    code = code.zfill(len(code) + len(code) % 2)
    return rf"\tvchar{{{code[:len(code) // 2]}}}{{{code[len(code) // 2:]}}}"


def _name(color: str) -> str:
    return "tv" + color[1:]


def _at(x: float, y: float) -> str:
    return f"({_n(x)},{_n(y)})"


def _n(x: float) -> str:
    """Return a length to two decimals: 12, 12.5."""
    return f"{x:.2f}".rstrip("0").rstrip(".")
