"""Text, numbers and colours in the form of SVG, for pictures of graphs and for plots."""

from __future__ import annotations

from functools import lru_cache


def escape(string: str) -> str:
    """Return a text escaped for an SVG's content or attribute; the only place that escapes."""
    if not (string.isprintable() or string.replace("\n", "").isprintable()):
        string = "".join(c if c.isprintable() or c in "\n\u200c\u200d\ufe0f" else "�"
                         for c in string)
    return string.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace(
        '"', "&quot;").replace("'", "&#39;")


def short(color: str) -> str:
    """Return a colour in as few characters as possible: #fff for #ffffff."""
    return "#" + color[1::2] if color[1::2] == color[2::2] else color


@lru_cache(1 << 16)              # most coordinates are whole pixels: few numbers, many times
def number(x: float) -> str:
    """Return a coordinate, to a tenth of a pixel: 12, 12.5."""
    return f"{x + 0.0:.1f}".removesuffix(".0")     # -0.0 equals 0.0: the same text for both
