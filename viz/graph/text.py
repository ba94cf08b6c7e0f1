"""The text of numbers, arrays and shapes everywhere; the width of texts."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from bisect import bisect
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from .value import Value, is_rounding_error, statistics

DIGITS = 5                       # significant digits in pictures; data files keep all
SHORT = 10                       # characters up to which input numbers are shown in full
_SURE = ".14g"                   # digits that no rounding error reaches: the others are cut first
FEW = 3                          # larger arrays are not written out

_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_SUBSCRIPT = str.maketrans("0123456789-", "₀₁₂₃₄₅₆₇₈₉₋")


def superscript(n: int) -> str:
    return str(n).translate(_SUPERSCRIPT)


def subscript(n: int) -> str:
    return str(n).translate(_SUBSCRIPT)


def number(x: Any, digits: int = DIGITS) -> str:
    """Return a number as text: 5.32, −0.5, 123460, 1.2e−7, 1000000000, nan, −inf, True.

    A last digit that differs between processors has no effect, either next to a tie, such as
    10.0625, or to a whole number.
    """
    if not isinstance(x, float):                   # most are
        if isinstance(x, (bool, str)):
            return str(x)
        if isinstance(x, int):
            return _short(str(x) if abs(x) < 10**12 else f"{x:.{digits - 1}e}")
        if isinstance(x, complex):
            sign = "+" if x.imag >= 0 or x.imag != x.imag else ""
            return f"{number(x.real, digits)}{sign}{number(x.imag, digits)}i"
    return _decimal(float(x), digits) if x else "−0" if str(x).startswith("-") else "0"


@lru_cache(1 << 12)              # in a box, its tooltip, beside the edges that lead there
def _decimal(x: float, digits: int) -> str:
    """Format a number that is not zero: 0.0 and −0.0 would share a cache entry."""
    x = float(f"{x:{_SURE}}")
    if x - x == 0 and x == int(x):                 # whole: 10**9 is not 1e+09
        return _short(repr(int(x)) if abs(x) < 10**10 else f"{x:.{digits}g}")
    text = f"{x:.{digits}g}"
    if "e+" in text and abs(x) < 10**6:
        text = f"{float(text):.0f}"                # 130, not 1.3e2
    return _short(text)


def _short(text: str) -> str:
    """Shorten an exponent; make a minus as wide as a +, and read aloud as "minus"."""
    if "e" in text:
        mantissa, exponent = text.split("e")
        if "." in mantissa:
            mantissa = mantissa.rstrip("0").rstrip(".")
        text = f"{mantissa}e{int(exponent)}"
    return text.replace("-", "−")


def quantity(n: int, what: str) -> str:
    """Return a number with a unit or a noun: 26 MB, 11.2M parameters."""
    scale, unit = next(((10.0**e, unit) for e, unit in ((12, "T"), (9, "G"), (6, "M"), (3, "k"))
                        if n >= 10**e), (1.0, ""))
    written = number(float(f"{n / scale:.3g}"))
    return f"{written} {unit}{what}" if what[0].isupper() else f"{written}{unit} {what}"


@lru_cache(1 << 10)              # a graph's values have few
def shape(sizes: tuple[int, ...]) -> str:
    """Return a shape as text: 32×10, (3,), () for a number."""
    return "×".join(map(str, sizes)) if len(sizes) > 1 else str(tuple(sizes))


def plus(xs: Sequence[float]) -> str:
    """Join numbers with plus and minus: 1.44 + 1 − 0.5."""
    first, *rest = [number(x) for x in xs]
    return first + "".join(f" − {x[1:]}" if x.startswith("−") else f" + {x}" for x in rest)


def input_number(value: Value | None) -> str:
    """Return the numbers of an input in full: 1.0000001, where a computed value is shown as 1."""
    x = None if value is None else value.number
    if isinstance(x, float) and len(str(abs(x))) <= SHORT:
        return number(x, SHORT)
    return numbers(value)


def numbers(value: Value | None, digits: int = DIGITS) -> str:
    """Return the numbers of a value on one line: 1.2, [1, 2, 3], all 0, or min … mean … max.

    For a folded node, the median over its repeats takes the place of the mean.
    """
    if value is None:
        return "none"
    items, stats = value.items, value.stats
    if items is not None and len(items) == 1:      # Tensor([1.2]) reads as 1.2: its shape is shown
        return number(items[0], digits)            # elsewhere
    if 0 in value.shape:
        return "empty"
    if items is None and stats is None:            # unknown numbers
        return value.dtype
    if items is not None and len(items) <= FEW:
        if not value.shape:
            return number(items[0], digits)
        if len(value.shape) == 1:
            return f"[{', '.join([number(x, digits) for x in items])}]"
    median = stats and stats.median
    if stats is None or median is None:
        low, middle, high, nan, inf = statistics(value)
    else:
        low, _, high, nan, inf = stats[:5]
        middle = 0.0 if is_rounding_error(median, low, high, value.dtype) else median
    small = min(digits, 3)
    first, last = number(low, small), number(high, small)
    if nan + inf and median is None and nan + inf == value.size:
        text = ""
    elif first == last or low == high:
        word = "all" if median is None else "each"
        text = f"{word} {number(low, digits if written_alike(low, high, digits) else small)}"
    else:
        text = f"{first} … {number(middle, small)} … {last}"
    return ", ".join(filter(None, [text, *_nonfinite_counts(value, nan, inf)])) \
        if nan + inf else text


def nonfinite_counts(value: Value) -> list[str]:
    """Return the counts of nan and infinite numbers: nan ×1, −inf ×2; ±inf ×3 for a large value."""
    *_, nan, inf = statistics(value)
    return _nonfinite_counts(value, nan, inf)


def _nonfinite_counts(value: Value, nan: int, inf: int) -> list[str]:
    counts = [(nan, "nan"), (inf, "±inf")]
    if inf and value.items is not None:
        counts[1:] = [(sum(x == sign for x in value.items), number(sign))
                      for sign in (float("inf"), -float("inf"))]
    return [f"{word} ×{n}" for n, word in counts if n]


def written_alike(low: float, high: float, digits: int) -> bool:
    """Return whether two numbers have the same text."""
    return low == high or number(low, digits) == number(high, digits)


@lru_cache(1 << 10)              # of all its uses
def word(name: str) -> str:
    """Return a name as an operand: h, layer1.weight, y₁; in brackets if not a plain name: (x²)."""
    plain = re.fullmatch(r"[\w.\[\]₀-₉]+", name) and not re.search("[²³¹⁰-⁹]", name)
    return name if plain else f"({name})"


@lru_cache(1 << 12)              # in a box, in the title of a frame, of all repeats
def shorten(text: str, most: int) -> str:
    """Shorten the text to `most` characters, with an ellipsis in place of what is cut.

    A path loses its first words: …query.weight; an expression as few operands as possible:
    view(linear(…), 2, −1), or all of an expression with a name; any other text its middle.
    """
    if len(text) <= most:
        return text
    words = paths = 5
    while words and paths and len(text) > most:
        text, paths = _PATH.subn(lambda found: _ending(found[0], words), text)
        words -= 1
    operands = False
    while len(text) > most:
        spans = sorted(_operands(text), key=lambda span: (span[1] - span[0], span))
        if not spans:
            break
        spare = len(text) - most + 1
        start, end = next((span for span in spans if span[1] - span[0] >= spare), spans[-1])
        text, operands = f"{text[:start]}…{text[end:]}", True
    if len(text) <= most:
        return text
    name, equals, expression = text.partition(" = ")
    cut = text.rfind(" ", 0, most - 1) + 1         # the first operands before it are whole
    if cut > (len(name) + 3 if equals else most // 2 if operands else most):
        return text[:cut] + "…"
    if equals and len(name) <= most and (" " in expression or len(name) > most // 3):
        return name
    head = most // 2
    return text[:head] + "…" + text[len(text) - (most - 1 - head):]


_PATH = re.compile(r"…?(?:[^\W\d]|[\[{](?=\w*[^\W\d]))[\w\[\],{}…+−]*"
                   r"(?:\.[\w\[\],{}…+−]*\w[\w\[\]{}]*)+(?![\w:])")


def _ending(path: str, words: int) -> str:
    """Return the last words of a path: …query.weight."""
    kept = ".".join(path.split(".")[-words:])
    return f"…{kept}" if len(kept) + 1 < len(path) else path


def _operands(text: str) -> list[tuple[int, int]]:
    """Return the spans in round brackets: each whole one, and its parts between commas."""
    found: list[tuple[int, int]] = []
    starts: list[list[int]] = []                   # of the open brackets
    for i, c in enumerate(text):
        if c == "(":
            starts.append([i + 1])
        elif c == "," and starts:
            found.append((starts[-1][-1], i))
            starts[-1].append(i + 1 + (text[i + 1:i + 2] == " "))
        elif c == ")" and starts:
            parts = starts.pop()
            found += [(parts[-1], i), (parts[0], i)]
    return [(start, end) for start, end in found if end - start > 1]


def literal(text: str) -> str:
    """Return the text on one line, with visible control characters: a newline is shown as ⏎."""
    if text.isprintable():
        return text
    return "".join(_visible(c) for c in text)


def _visible(c: str) -> str:
    if c in "\n\r\u2028\u2029":
        return "⏎"
    if c == "\t":
        return "⇥"
    if unicodedata.category(c) in ("Cc", "Cs", "Cn", "Co") or c in _BIDI:
        return "�"
    return c if c.isprintable() or unicodedata.category(c) == "Cf" else " "


# Could reorder a label
_BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"


# ---- Widths: DejaVu's advance widths in 1/2048 of the size, as runs [first, last, width], or of
# ---- several widths four hexadecimal digits each; tests/test_text.py makes it from the fonts

@lru_cache(maxsize=None)
def _runs() -> dict[str, list[list[Any]]]:
    path = os.path.join(os.path.dirname(__file__), "widths.json")
    with open(path, encoding="ascii") as file:
        runs: dict[str, list[list[Any]]] = json.load(file)
    return runs


def _glyph(font: str, code: int) -> int | None:
    runs = _runs()[font]
    i = bisect(runs, code, key=lambda run: run[0]) - 1
    if i < 0 or code > runs[i][1]:
        return None
    first, _, widths = runs[i]
    at = 4 * (code - first)
    return int(widths[at:at + 4], 16) if isinstance(widths, str) else widths


@lru_cache(maxsize=None)
def _advance(font: str, c: str) -> int:
    width = _glyph(font, ord(c))
    if width is not None:
        return width
    category = unicodedata.category(c)
    if category in ("Mn", "Me", "Cf"):
        return 0
    wide = category == "So" and unicodedata.east_asian_width(c) in "WF"
    return 2662 if wide else 2048                  # an emoji is wider than an em


@lru_cache(1 << 14)              # called when a box is measured, and when its text is written
def width(text: str, size: float, font: str = "sans") -> float:
    """Return the width of a text, in the unit of its size. Font is sans, bold or mono."""
    return sum([_advance(font, c) for c in text]) * size / 2048


@lru_cache(maxsize=None)
def covered(text: str, font: str = "sans") -> bool:
    """Return whether DejaVu has a glyph for every character of the text."""
    return all(_glyph(font, ord(c)) is not None for c in text)
