"""Animation: the film of a graph as frames, GIF, SVG that plays by itself, or a page of steps."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator

from . import writers
from .animation.timeline import DIM, Film, Timed, film, lit, still
from .graph import Graph
from .graph.theme import THEMES
from .layout.build_scene import Options
from .writers import FormatError, html, svg

FORMATS = ("frames", "gif", "html", "svg")  # frames: a folder of SVGs
LASTS, ENDS = 1.6, 5.0                     # s that a step is seen, and the whole picture


def files(graph: Graph, path: str, format: str, options: Options = Options()
          ) -> Iterator[tuple[str, bytes]]:
    """The steps of a graph as files, each with its path: one, or of frames all in a folder.

    Raises FormatError for a format that cannot move, StepError for a graph of too many steps.
    """
    if format != "frames":
        yield path, write(graph, format, options)
        return
    for name, content in frames(graph, options):
        yield os.path.join(path, name), content


def write(graph: Graph, format: str, options: Options = Options()) -> bytes:
    """The steps of a graph in one file. Raises as `files` does."""
    if format not in FORMATS or format == "frames":
        raise FormatError(f"steps cannot be shown in one file of {format!r} "
                          f"(must be one of {', '.join(FORMATS[1:])}, or a folder: frames/)")
    if format == "svg":
        return _svg(film(graph, options), options).encode()
    return html.play(graph, options) if format == "html" else writers.write(graph, format, options)


def frames(graph: Graph, options: Options = Options()) -> Iterator[tuple[str, bytes]]:
    """The frames as (name, SVG): 01.svg, 02.svg ... Raises StepError where there are too many."""
    made, theme = film(graph, options), lit(THEMES[options.theme])
    digits = len(str(len(made.steps)))
    for i in range(len(made.steps)):
        yield f"{i + 1:0{digits}}.svg", svg.paint(still(made, i), theme).encode()


def _svg(made: Film, options: Options) -> str:
    """An SVG that plays for ever, without script; where motion is unwelcome it is the picture.

    Names of rules begin with a hash of the picture: two of them may stand in one page.
    """
    theme = lit(THEMES[options.theme])
    look, n = svg.attributes(theme), len(made.steps)
    key = "tv" + hashlib.sha256(svg.paint(still(made, n - 1), theme).encode()).hexdigest()[:8]
    rules: dict[str, str] = {}   # name -> keyframes

    def rule(seen: str, hidden: str, first: int, last: int) -> str:
        """The name of a rule: `seen` from a step until before another, else `hidden`."""
        name = f"{key}{seen[0]}{first}-{last}"
        before = "" if first == 0 else f"0%{{{hidden}}}"
        after = "" if last == n else f"{_percent(last, n)}{{{hidden}}}"
        rules[name] = f"{before}{_percent(first, n)}{{{seen}}}{after}"
        return name

    def element(timed: Timed) -> str:
        mark, first, last = timed
        if first == 0 and last == n:
            return svg.element(mark, look)
        name = rule("visibility:visible", "visibility:hidden", first, last)
        now = "" if last == n else ' visibility="hidden"'
        return svg.element(mark, look, more=f' class="{name}"{now}')

    lines = []
    for group, reached, marks, *_ in made.tracks:
        dim = " " + rule("opacity:1", f"opacity:{DIM}", reached, n) if reached else ""
        lines.append(f'<g id="{svg.escape(group.id)}" class="{group.role}{dim}">')
        if group.tip:
            lines.append(f"<title>{svg.escape(group.tip)}</title>")
        lines += [*map(element, marks), "</g>"]
    lines += ['<g class="caption">', *map(element, made.captions), "</g>"]
    length = f"{LASTS * (n - 1) + ENDS:g}s"
    style = ["<style>@media (prefers-reduced-motion:no-preference){", *(
        f".{name}{{animation:{name} {length} step-end infinite}}@keyframes {name}{{{frames}}}"
        for name, frames in rules.items()), "}</style>"]
    scene = made.scene._replace(width=made.size.width, height=made.size.height)
    return svg.document(scene, theme, [*style, *lines])


def _percent(step: int, n: int) -> str:
    return f"{100 * LASTS * step / (LASTS * (n - 1) + ENDS):.3f}".rstrip("0").rstrip(".") + "%"
