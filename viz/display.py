"""Display: a Tensor, a Graph or a Sweep as a picture, for hosts that hold the object itself.

In a notebook each of them shows itself: viz registers `show` for it.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Collection
from typing import Any

from ..notebook import Bundle
from .graph import Graph
from .graph.size_limits import NOTEBOOK_ITEMS, NOTEBOOK_TENSORS
from .layout import cost
from .request import draw
from .request.common import Drawn, File
from .request.graph_request import GraphRequest
from .request.view import view

MIME = {"svg": "image/svg+xml", "png": "image/png"}


class TooLarge(ValueError):
    """A picture that is too large to be drawn without a request."""


def show(thing: Any, include: Collection[str] | None = None,
         exclude: Collection[str] | None = None) -> Bundle:
    """Return a Tensor, a Graph or a Sweep as SVG, PNG and text, by MIME type. Never raises.

    include, exclude: the MIME types that are wanted, if any are given, and those that are not.
    A leaf tensor is text only; so is what cannot be drawn, with the reason.
    """
    def wanted(mime: str) -> bool:
        return (not include or mime in include) and mime not in (exclude or ())

    text, found = "", Drawn((), "", ())
    try:
        text = summary(thing)
        kinds = [kind for kind, mime in MIME.items() if wanted(mime)]
        if kinds and getattr(thing, "_ctx", True) is not None:
            found = draw_thing(thing, kinds)
    except TooLarge as error:
        text += f"\n{error}"
    except Exception as error:                     # a thing that is shown must not fail its cell
        text = f"{text or type(thing).__name__}\n(no picture: {type(error).__name__}: {error})"
    data, metadata = mime_bundle(found, text)
    return ({kind: content for kind, content in data.items() if wanted(kind)},
            {kind: content for kind, content in metadata.items() if wanted(kind)})


def mime_bundle(drawn: Drawn, text: str) -> Bundle:
    """Return a picture as a notebook takes it; a PNG has 192 dpi and is as large as the SVG."""
    data: dict[str, Any] = {}
    metadata: dict[str, Any] = {}
    for file in drawn.files:
        kind, content = file.format, file.content
        data[MIME[kind]] = with_unique_ids(content.decode()) if kind == "svg" else content
        metadata[MIME[kind]] = {"alt": drawn.alt}
        if kind == "png":
            metadata[MIME[kind]] |= {name: int.from_bytes(content[i:i + 4], "big") // 2
                                     for name, i in (("width", 16), ("height", 20))}
    return {**data, "text/plain": text}, metadata


def draw_thing(thing: Any, kinds: Collection[str], *, dark: bool = False) -> Drawn:
    """A Tensor, a Graph or a Sweep, drawn once, in formats of MIME. A large graph is folded.

    Raises TooLarge where that does not help, TypeError for what no reader knows.
    """
    theme = "dark" if dark else "light"
    if _is_sweep(thing):
        from . import plot as plots
        chart, made = plots.chart(thing, dark=dark), []
        for kind in kinds:
            content = io.BytesIO()
            plots.save(chart, content, format=kind, dpi=192)
            made.append(File("", kind, theme, content.getvalue()))
        return Drawn(tuple(made), chart.description, ())
    return draw(GraphRequest(target=_small(thing), theme=theme,
                             outputs=tuple(f"graph.{kind}" for kind in kinds), time_limit=None))


def summary(thing: Any) -> str:
    """A Tensor, a Graph or a Sweep in a line."""
    if _is_sweep(thing):
        from .plot.description import describe_sweeps
        return describe_sweeps([thing])
    if isinstance(thing, Graph):
        return f"Graph {thing.name}: {len(thing.nodes):,} nodes, {len(thing.edges):,} edges"
    return repr(thing)


def with_unique_ids(svg: str) -> str:
    """An SVG whose ids begin with a hash of it, so that two of them may stand in one page."""
    key = "tv" + hashlib.sha256(svg.encode()).hexdigest()[:10] + "-"

    def tag(found: re.Match[str]) -> str:
        inside = re.sub(r'(\sid=")', rf"\g<1>{key}", found[0])
        inside = re.sub(r'(href="#)', rf"\g<1>{key}", inside)
        return re.sub(r"(url\(#)", rf"\g<1>{key}", inside)

    svg = re.sub(r"<[^!?/][^>]*>", tag, svg)
    svg = svg.replace("<svg ", f'<svg id="{key}svg" style="max-width:100%;height:auto" ', 1)
    return svg.replace('<style type="text/css">*{', f'<style type="text/css">#{key}svg *{{')


def _small(thing: Any) -> Graph:
    """The graph of a thing, its repeats folded, as many folds closed as it takes."""
    hint = 'viz.render(it, "it.svg") draws it'
    if not isinstance(thing, Graph):
        from .. import tinytorch
        count = len(tinytorch.topological(thing))
        if count > NOTEBOOK_TENSORS:
            raise TooLarge(f"({count:,} tensors: {hint})")
        from .readers import read
        thing = read(thing)
    small = cost.close_folds(view(thing, GraphRequest()), NOTEBOOK_ITEMS)
    if cost.cost(small).items > NOTEBOOK_ITEMS:
        raise TooLarge(f"({len(thing.nodes):,} nodes: {hint})")
    return small


def _is_sweep(thing: Any) -> bool:
    return type(thing).__name__ == "Sweep" and type(thing).__module__.startswith(f"{__package__}.")
