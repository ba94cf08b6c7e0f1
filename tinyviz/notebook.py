"""Pictures in notebooks: Tensor, Graph and Sweep request them, viz draws them.

These classes cannot import their renderer, so viz registers it when it is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

Bundle = tuple[dict[str, Any], dict[str, Any]]     # data and metadata by MIME type
Renderer = Callable[[Any, Collection[str] | None, Collection[str] | None], Bundle]

_renderers: list[Renderer] = []


def register(renderer: Renderer) -> None:
    """Register `renderer(thing, include, exclude)` for the pictures in notebooks."""
    _renderers[:] = [renderer]


def mimebundle(thing: Any, include: Collection[str] | None = None,
               exclude: Collection[str] | None = None) -> Bundle | None:
    """Return a picture for a notebook, None without viz; `_repr_mimebundle_` of our classes."""
    return _renderers[0](thing, include, exclude) if _renderers else None
