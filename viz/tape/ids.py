"""Ids: the names of tensors and ops as stable, unique words."""

from __future__ import annotations

import re
from functools import lru_cache


class Ids:
    """Stable, unique words: x, mul_1, mul_2, y_1. The user's names come first."""

    def __init__(self, reserved: list[str]) -> None:
        self._given: set[str] = set()
        self._last: dict[str, int] = {}
        self._reserved = {word(name) for name in reserved}

    def new(self, name: str) -> str:
        """Return a name as an id, numbered if taken: x, then x_2; x_1 becomes x_1, x_2 ..."""
        id = word(name)
        stem, _, count = id.rpartition("_")
        if id not in self._given and (id in self._reserved or count != "1"):
            self._given.add(id)
            return id
        if count != "1":
            stem = id
        n = self._last.get(stem, 0 if count == "1" else 1)
        while True:
            n += 1
            id = f"{stem}_{n}"
            if id not in self._given and id not in self._reserved:
                break
        self._last[stem] = n
        self._given.add(id)
        return id


_SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉"
_DIGITS = str.maketrans(_SUBSCRIPTS, "0123456789")


@lru_cache(maxsize=4096)
def word(name: str) -> str:
    """Return a name as an id: y₁ is y_1, layer1.weight stays, all other characters become _."""
    base = name.rstrip(_SUBSCRIPTS)
    count = name[len(base):].translate(_DIGITS)
    return (f"{_plain(base)}_{count}" if count else _plain(base)).strip("_") or "n_1"


def _plain(name: str) -> str:
    name = re.sub(r"([₀-₉]+)", r"_\1", name).translate(_DIGITS)
    return re.sub(r"[^\w.]+", "_", name)
