"""Merge the paths of all repeats: blocks.[t].{q,k,v}.weight; find the values of t."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from .merge_labels import RepeatGrid

FEW = 4                          # names of repeats that are written out

_LAST = re.compile("(.*?)([0-9]+)([^0-9]*)", re.DOTALL)


class Indexing(NamedTuple):
    """The names of the repeats of a frame: numbers from the first on, or words."""

    first: int = 0
    names: tuple[str, ...] = ()  # q, k, v


def find_steps(columns: Iterable[Sequence[str]]) -> Indexing | None:
    """Return the names of repeats from the words of paths; None if there are none.

    columns: the words at one position of a path, one per repeat. layers.0, layers.2, layers.4 are
    layers.[2t] from t = 0 on.
    """
    lines: list[tuple[int, int]] = []
    words: Sequence[str] = ()
    for column in columns:
        line = _word_progression(column)
        if line is not None:
            lines.append(line)
        elif not words and len(set(column)) == len(column):
            words = column
    if lines:
        by = min(by for _, by in lines)
        return Indexing(min(start for start, each in lines if each == by) // by)
    return Indexing(0, tuple(words)) if words else None


def merge_paths(paths: Sequence[Sequence[str]], repeats: RepeatGrid, known: Sequence[Indexing]
                ) -> list[str]:
    """Merge the paths of the sampled repeats word by word; return none if they differ too much.

    known: the names of the repeats of each frame, from the outermost.
    """
    if len(set(map(len, paths))) > 1:
        return []
    words = [_word(column, repeats, tuple(known)) for column in zip(*paths)]
    return words if all(words) else []


def merge_words(column: Sequence[str], repeats: RepeatGrid, known: Sequence[Indexing]) -> str:
    """Merge a word of all repeats: blocks; block[t], [2t+1] if it grows; {q,k,v}; else empty."""
    if len(set(column)) == 1:
        return column[0]
    axes = range(len(repeats.counts) - 1, -1, -1)
    parts = [_LAST.fullmatch(one) for one in column]
    ends = {(part[1], part[3]) if part else None for part in parts}
    if len(ends) == 1 and parts[0]:
        numbers = [int(part[2]) for part in parts if part]
        written = next(filter(None, (_index_text(numbers, repeats, axis, known[axis])
                                     for axis in axes)), repeats.letter(numbers))
        return f"{parts[0][1]}[{written}]{parts[0][3]}"
    for axis in axes:
        seen: dict[int, str] = {}
        if all(seen.setdefault(place[axis], one) == one for place, one in zip(repeats.at, column)):
            return list_words(list(dict.fromkeys(seen.values())))
    return ""


_word = lru_cache(1 << 10)(merge_words)  # most paths have the same first words


def list_words(words: Sequence[str]) -> str:
    """Return alternative words, one per repeat: {q,k,v}_proj, {a,b,…}."""
    parts = [one.split("_") for one in words]
    least = min(map(len, parts))
    same = [len({tuple(part[k:]) for part in parts}) == 1 for k in range(-least + 1, 0)]
    end = sum(same)              # number of equal parts at the end of each
    last = "".join(f"_{part}" for part in parts[0][len(parts[0]) - end:])
    words = ["_".join(part[:len(part) - end]) for part in parts]
    return f"{{{','.join(words)}}}{last}" if len(words) <= FEW else \
        f"{{{','.join(words[:2])},…}}{last}"


def _word_progression(column: Sequence[str]) -> tuple[int, int] | None:
    """Return the start and the step of the numbers in words: layers2, layers4 is (2, 2)."""
    parts = [_LAST.fullmatch(one) for one in column]
    if len({(part[1], part[3]) if part else None for part in parts}) != 1 or not parts[0]:
        return None
    return _progression([int(part[2]) for part in parts if part])


def _progression(numbers: Sequence[int]) -> tuple[int, int] | None:
    """Return the start and the step of an arithmetic progression."""
    first, by = numbers[0], numbers[1] - numbers[0]
    fits = by > 0 and all(n == first + k * by for k, n in enumerate(numbers))
    return (first, by) if fits else None


def _index_text(numbers: Sequence[int], repeats: RepeatGrid, axis: int, known: Indexing) -> str:
    """Return a progression over the repeats of a frame as text: t, t+1, 2t; else empty."""
    found: dict[int, int] = {}
    if not all(found.setdefault(place[axis], n) == n for place, n in zip(repeats.at, numbers)):
        return ""
    line = _progression([found[k] for k in sorted(found)]) if len(found) > 1 else None
    if line is None or known.names:
        return ""
    rest = line[0] - line[1] * known.first
    each = repeats.letters[axis] if line[1] == 1 else f"{line[1]}{repeats.letters[axis]}"
    return f"{each}{'+' if rest > 0 else '−'}{abs(rest)}" if rest else each
