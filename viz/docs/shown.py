"""Shown: what a Tensor, a Graph or a Sweep is as a picture, for hosts that hold the object."""

from __future__ import annotations

import hashlib
import io
import re
from typing import Any

from .. import read
from ..graph import Graph
from ..layout.compose import Options, compose
from ..theme import THEMES
from ..writers import png as pngs
from ..writers import svg as svgs

NODES = 400                      # a graph of more nodes shows itself as text


def svg(thing: Any, *, dark: bool = False) -> str:
    """A Tensor, a Graph or a Sweep as SVG that may stand in any page: its ids are its own."""
    if _is_sweep(thing):
        return apart(_plot(thing, "svg", dark).decode())
    options = Options(theme="dark" if dark else "light")
    scene = compose(read(thing), options)
    return apart(svgs.paint(scene, THEMES[options.theme]))


def png(thing: Any, *, dark: bool = False) -> bytes:
    """A Tensor, a Graph or a Sweep as PNG."""
    if _is_sweep(thing):
        return _plot(thing, "png", dark)
    return pngs.write(read(thing), Options(theme="dark" if dark else "light"))


def small(thing: Any) -> bool:
    """Whether a thing is worth a picture that nobody asked for: a result, of not too many nodes."""
    if _is_sweep(thing):
        return True
    if not isinstance(thing, Graph):
        import tinytorch
        if thing._ctx is None or len(tinytorch.topological(thing)) > NODES:
            return False
    return len(read(thing).nodes) <= NODES


def apart(svg: str) -> str:
    """An SVG whose ids begin with a hash of it, so that two of them may stand in one page."""
    key = "tv" + hashlib.sha256(svg.encode()).hexdigest()[:10] + "-"

    def tag(found: re.Match[str]) -> str:
        inside = re.sub(r'(\sid=")', rf"\g<1>{key}", found[0])
        inside = re.sub(r'(href="#)', rf"\g<1>{key}", inside)
        return re.sub(r"(url\(#)", rf"\g<1>{key}", inside)

    svg = re.sub(r"<[^!?/][^>]*>", tag, svg)
    svg = svg.replace("<svg ", f'<svg id="{key}svg" style="max-width:100%;height:auto" ', 1)
    return svg.replace('<style type="text/css">*{', f'<style type="text/css">#{key}svg *{{')


def _is_sweep(thing: Any) -> bool:
    return type(thing).__name__ == "Sweep" and type(thing).__module__.startswith("viz.")


def _plot(sweep: Any, kind: str, dark: bool) -> bytes:
    from .. import plot as plots
    file = io.BytesIO()
    plots.save(plots.plot(sweep, dark=dark), file, format=kind)
    return file.getvalue()
