"""SVG to PNG: painted by resvg with the DejaVu fonts that come with matplotlib."""

from __future__ import annotations

import os
import re
import struct
import sys
import warnings
import zlib
from collections.abc import Iterable, Sequence
from importlib.util import find_spec

from . import size_limits
from .text import covered

LEAST = 24                       # dpi below which text is illegible
CODE = 5.5                       # px: the size of a code that replaces a character


class SizeError(ValueError):
    """A picture with more pixels than viewers can open."""

    status = 2                   # exit status of the command line


def pixels(drawn: str, size: float, dpi: float, words: Iterable[str]) -> bytes:
    """Return an SVG of ours as PNG; size: px of its longer side, words: its texts. Raises SizeError
    if it would be too large."""
    import resvg_py
    most = 96 * size_limits.SIDE_PIXELS / size
    if most < LEAST:
        raise SizeError(f"a PNG of {size:.0f} px on a side is too large: use svg or html")
    if dpi > most:
        warnings.warn(f"{int(most)} dpi, not {dpi:g}: a PNG has at most "
                      f"{size_limits.SIDE_PIXELS:,} pixels on a side", stacklevel=2)
        dpi = int(most)
    zoom = dpi / 96
    odd = sorted({c for string in words for c in string if not covered(c)})
    made = resvg_py.svg_to_bytes(
        svg_string=_coded(drawn, absent(odd)), zoom=zoom,
        dpi=96,                  # its default of 0 makes "an invalid size" of sizes in pt
        font_dirs=[fonts()],
        skip_system_fonts=not odd,                 # searched only where DejaVu lacks a glyph
        font_family="DejaVu Sans", sans_serif_family="DejaVu Sans", serif_family="DejaVu Sans",
        cursive_family="DejaVu Sans", fantasy_family="DejaVu Sans",
        monospace_family="DejaVu Sans Mono")
    return _sized(bytes(made), dpi)


def fonts() -> str:
    """Return the folder of matplotlib's fonts; matplotlib is located, not imported."""
    spec = find_spec("matplotlib")
    assert spec is not None and spec.origin is not None, "matplotlib is a dependency"
    return os.path.join(os.path.dirname(spec.origin), "mpl-data", "fonts", "ttf")


def absent(characters: Sequence[str]) -> str:
    """Return the characters that no system font has either, as far as fontconfig knows."""
    if not characters or sys.platform != "linux":
        return ""
    import subprocess
    from shutil import which
    asked = which("fc-list")
    return "".join(c for c in characters if asked is None or not subprocess.run(
        [asked, f":charset={ord(c):x}", "file"], capture_output=True, check=False).stdout)


def _coded(drawn: str, missing: str) -> str:
    """Return the SVG with small codes for characters that would be empty boxes: U+1F642."""
    if not missing:
        return drawn

    def coded(found: re.Match[str]) -> str:
        if not set(missing) & set(found[2]):
            return found[0]
        start = re.sub(r' textLength="[^"]*"', "", found[1])           # resvg would spread the rest
        return start + "".join(f'<tspan font-size="{CODE}">U+{ord(c):04X}</tspan>'
                               if c in missing else c for c in found[2]) + found[3]

    return re.sub(r"(<text\b[^>]*>)([^<]*)(</text>)", coded, drawn)


def _sized(png: bytes, dpi: float) -> bytes:
    """Return the PNG with its resolution: a document shows it as large as the SVG."""
    dots = round(dpi / 0.0254)
    chunk = b"pHYs" + struct.pack(">IIB", dots, dots, 1)
    return png[:33] + struct.pack(">I", 9) + chunk + struct.pack(">I", zlib.crc32(chunk)) + png[33:]
