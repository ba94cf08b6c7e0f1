"""What those of all repeats have in common, as one: w[3], w[4] is w[t], 0.3·x is c[t]·x."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

from ..graph import text

SEEN = 100                       # the labels of so many repeats are looked at
LETTERS = "tijkl"                # what a repeat is called, by depth
SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉"

_PRIVATE, _MOST = 0xF0000, 0xFFFD  # where numbers of values wait to be written
_TOKEN = re.compile(f"[{chr(_PRIVATE)}-{chr(_PRIVATE + _MOST - 1)}]")
_LOW = re.compile("[₀-₉]+")
_N = r"\d+(?:\.\d+)?(?:e−?\d+)?(?![A-Za-z_0-9]|\.\w)"
_PART = re.compile(
    "(?P<index>(?<=[\\w\\])\U000f0000-\U000ffffd])"      # h[3], z[:, 0:4]: the numbers are steps
    r"\[[^\[\]]*\])"
    r"|(?P<number>\[[^\[\]]*\]"                    # [1, 2]: a constant
    rf"|(?<![\w\])])\(−{_N}\)|(?<![\w.)\]])−{_N}|(?<![\w.]){_N})"      # 0.3, −1e−6, (−2)
    "|(?P<power>[⁰¹²³⁴⁵⁶⁷⁸⁹]+)"
    "|(?P<step>[0-9]+|[₀-₉]+)")                    # w_3, block1, 0.norm.weight, w₁
_INTEGER = re.compile("[0-9]+")
_DIGITS = str.maketrans(SUBSCRIPTS, "0123456789")


class RepeatGrid(NamedTuple):
    """The repeats that are looked at. Those of nested frames count on: t first, then i."""

    counts: tuple[int, ...]      # how often each frame is repeated, from the outermost
    letters: str                 # what a repeat of each is called
    seen: tuple[int, ...]        # numbers of repeats, from 0
    at: tuple[tuple[int, ...], ...]    # the same as numbers in each frame

    def letter(self, column: Sequence[Any]) -> str:
        """Which repeats a thing depends on that differs: t, or i, or both: t,i."""
        for axis in reversed(range(len(self.counts))):
            by: dict[int, Any] = {}
            if all(by.setdefault(place[axis], one) == one
                   for place, one in zip(self.at, column)):
                return self.letters[axis]
        return ",".join(self.letters)

    def steps(self, column: Sequence[int]) -> tuple[str, int]:
        """What counts on from repeat to repeat: its letter, and where it starts; or an ellipsis."""
        for axis in reversed(range(len(self.counts))):
            starts = {n - place[axis] for place, n in zip(self.at, column)}
            if len(starts) == 1:
                return self.letters[axis], starts.pop()
        starts = {n - k for k, n in zip(self.seen, column)}
        return (",".join(self.letters), starts.pop()) if len(starts) == 1 else ("…", 0)


def make_grid(counts: Sequence[int], letters: str = LETTERS) -> RepeatGrid:
    """The repeats to look at, at most SEEN: the first ones of each frame."""
    side = max(2, int(SEEN ** (1 / len(counts)) + 1e-9))
    at = tuple(product(*[range(min(n, side)) for n in counts]))
    seen = []
    for place in at:
        k = 0
        for n, i in zip(counts, place):
            k = k * n + i
        seen.append(k)
    depth = len(letters) - 1
    return RepeatGrid(tuple(counts), "".join(letters[min(a, depth)] for a in range(len(counts))),
                      tuple(seen), at)


def single_axis(count: int, letter: str) -> RepeatGrid:
    """All of so many repeats, one after another."""
    return RepeatGrid((count,), letter, tuple(range(count)), tuple([(k,) for k in range(count)]))


@lru_cache(1 << 12)              # of an op, of what it made, of the label of that
def without_subscripts(string: str) -> str:
    """A label without the numbers of passes: y₂ = y₁·x is y = y·x."""
    return _LOW.sub("", string)


def generated_name(label: str, letter: str = "v") -> str:
    """The name that only the reader gave: v₇ of v₇ = sin(x); else empty.

    letter: what such names begin with; names of the user's do not.
    """
    found = _generated_pattern(letter).match(label) if label.startswith(letter) else None
    return found.group()[:-3] if found else ""


def renumber(label: str, tokens: Mapping[str, str], letter: str = "v") -> str:
    """A label in which names of the reader's have other numbers, as private characters that no
    rule for numbers touches: see `expand_tokens`."""
    if not tokens or letter not in label:
        return label
    return _name_pattern(letter).sub(lambda found: tokens.get(found[0], found[0]), label)


def token(letter: str, n: int) -> str:
    """The name of a value of the reader's in a label that is not written out yet."""
    return f"{letter}{chr(_PRIVATE + n)}" if 0 < n < _MOST else letter


def replace_name(label: str, name: str, other: str) -> str:
    """A label in which a name stands for another: for layers.1.w, not for the end of a.layers.1.w.
    """
    return re.sub(rf"(?<![\w.]){re.escape(name)}(?![\w\[]|\.\w)", other, label)


def replace_formula(label: str, formula: str, name: str) -> str:
    """A label in which a name stands for a formula, wherever that is a whole operand."""
    call = _is_call(formula)
    shown, end = "", 0
    while (at := label.find(formula, end)) >= 0:
        before, after = label[end:at], label[at + len(formula):]
        left = (shown + before)[-1:]
        if call:                 # relu(x): binds closer than all else
            whole = not (left.isalnum() or left in tuple("_.]"))
        else:                    # x + y: an argument, the first of a sum, or in brackets
            whole = (not left or (shown + before).endswith(("(", ", ", " = "))) and (
                not after or after[0] in "),"
                or after.startswith((" + ", " − ")) and not set(formula) & set("<>=≠≤≥"))
        inner = (shown + before)[-2:-1]
        if whole and not call and left == "(" and after[:1] == ")" and not (
                inner.isalnum() or inner in tuple("_])")):
            shown, end = f"{(shown + before)[:-1]}{name}", at + len(formula) + 1
        else:
            shown, end = f"{shown}{before}{name if whole else formula}", at + len(formula)
    return shown + label[end:]


@lru_cache(maxsize=1 << 10)
def _is_call(formula: str) -> bool:
    """Whether a formula is the call of one function: relu(x + y), not sin(x) + sin(y)."""
    depth = 0
    for i, c in enumerate(formula):
        depth += (c == "(") - (c == ")")
        if c == ")" and not depth:
            return i == len(formula) - 1 and formula.partition("(")[0].isidentifier()
    return False


@lru_cache(maxsize=None)
def _generated_pattern(letter: str) -> re.Pattern[str]:
    return re.compile(f"{re.escape(letter)}[₀-₉]+ = ")


@lru_cache(maxsize=None)
def _name_pattern(letter: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(letter)}[₀-₉]+")


def expand_tokens(label: str) -> str:
    """The numbers of `renumber` as subscripts."""
    return _TOKEN.sub(lambda found: text.subscript(ord(found[0]) - _PRIVATE), label)


LeafLabels = Mapping[str, Sequence[str]]            # a leaf's name -> its label in each repeat seen


def merge_labels(labels: Sequence[str], repeats: RepeatGrid, leaves: LeafLabels = {}) -> str:
    """One label for those of the repeats seen: y = y·x. The first repeat may begin otherwise.

    Where expressions differ in more than their numbers, that of most repeats says it for all. A
    constant that differs is written by the name of the leaf it is, or c.
    """
    shown = [without_subscripts(label) for label in labels]
    sized = any(["×" in column[0] for column in leaves.values()])    # an array that has no name
    if not sized and (len(set(shown)) == 1 or len(set(shown[1:])) == 1 and all(
            len(set(column)) == 1 for column in leaves.values())):
        return shown[-1]
    alike: dict[tuple[str, ...], list[int]] = {}
    for k, label in enumerate(shown):
        alike.setdefault(tuple([text if kind == "" else kind for kind, text in _parts(label)]),
                         []).append(k)
    most = max(alike.values(), key=lambda ks: (len(ks), ks[-1]))
    return _merge_alike([shown[k] for k in most], most, repeats, leaves)


def merge_steps(labels: Sequence[str], repeats: RepeatGrid) -> str:
    """Labels that differ in the numbers of steps alone as one: w[3], w[4] is w[t]. Else empty."""
    parts = [_parts(label) for label in labels]
    if len({tuple([text if kind in ("", "number") else kind for kind, text in part])
            for part in parts}) > 1 or not any(kind in ("step", "place") for kind, _ in parts[0]):
        return ""
    return _merge_alike(labels, range(len(labels)), repeats, {})


@lru_cache(1 << 10)              # most repeats have the same
def _parts(label: str) -> Sequence[tuple[str, str]]:
    """A label as texts (of kind ""), steps, places (steps in brackets), powers and numbers."""
    found: list[tuple[str, str]] = []
    end = 0

    def steps(string: str, kind: str) -> None:
        last = 0
        for match in _INTEGER.finditer(string):
            found.extend([("", string[last:match.start()]), (kind, match.group())])
            last = match.end()
        found.append(("", string[last:]))

    for match in _PART.finditer(label):
        found.append(("", label[end:match.start()]))
        if match.lastgroup == "index":
            steps(match.group(), "place")
        else:
            found.append((str(match.lastgroup), match.group()))
        end = match.end()
    found.append(("", label[end:]))
    return found


def _merge_alike(labels: Sequence[str], ks: Sequence[int], repeats: RepeatGrid, leaves: LeafLabels
                 ) -> str:
    """Labels of one form as one; ks: which of the repeats seen they are of."""
    parts = [_parts(label) for label in labels]
    here = repeats._replace(seen=tuple([repeats.seen[k] for k in ks]),
                            at=tuple([repeats.at[k] for k in ks]))
    starts: dict[str, int] = {}
    out: list[Callable[[], str]] = []
    stem = ""
    for column in zip(*parts):
        kind, first = column[0]
        texts = [text for _, text in column]
        if kind == "number":
            out.append(lambda texts=texts: _number(texts, ks, leaves))    # type: ignore[misc]
        elif len(set(texts)) == 1:
            out.append(lambda first=first: first)                         # type: ignore[misc]
        elif kind == "power":
            out.append(lambda: "ⁿ")
        else:
            numbers = [int(text.translate(_DIGITS)) for text in texts]
            letter, start = here.steps(numbers)
            if letter == "…" and kind == "step":   # w₃, w₅ ...: another one each time
                letter = here.letter(numbers)
            starts[stem] = max(starts.get(stem, start), start)
            out.append(lambda stem=stem, letter=letter, start=start, kind=kind:    # type: ignore
                       _step(letter, starts[stem] - start, kind))
        stem = (re.search(r"[^\s·+/(@]*$", stem + first) or [""])[0] if kind == "" else stem
    return "".join([write() for write in out])


def _step(letter: str, behind: int, kind: str) -> str:
    written = f"{letter}−{behind}" if behind and letter != "…" and kind == "place" else letter
    return written if kind == "place" else f"[{written}]"


def _number(texts: Sequence[str], ks: Sequence[int], leaves: LeafLabels) -> str:
    """A constant: itself where all repeats have it, else the name of the leaf, else c."""
    values = [text.strip("()") for text in texts]
    same = len(set(values)) == 1
    found = [name for name, column in leaves.items()
             if all(column[k] == value for k, value in zip(ks, values))]
    alike = [name for name in found if len(set(leaves[name])) == 1 and "×" not in values[0]]
    if same and (alike or not found):
        return texts[0] if len(set(texts)) == 1 else values[0]
    return found[0] if found else "c"
