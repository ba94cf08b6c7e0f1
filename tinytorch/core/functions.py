"""The public functions by name: sin, reshape, softmax, and their aliases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

loaders: list[Callable[[], Any]] = []          # import the remaining files of functions


class _Functions(dict[str, Callable[..., Any]]):
    """Name -> function; the first missing name imports all files of functions."""

    def __missing__(self, name: str) -> Callable[..., Any]:
        for load in loaders:
            load()
        if name not in self:
            raise KeyError(name)
        return self[name]


functions = _Functions()


def find_function(name: str) -> Callable[..., Any] | None:
    """Return the function of that name or alias, or None."""
    try:
        return functions[name]
    except KeyError:
        return None
