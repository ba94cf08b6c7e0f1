"""HTML: one page with the picture as inline SVG, and all facts, search, zoom, light and dark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil
from typing import Any

from .. import page, text
from ..film import Track, film, lit, tracks
from ..graph import Edge, Graph, Node, Value, topological
from ..layout.compose import Options, compose
from ..layout.scene import Group, Rect, Scene
from ..text import literal
from ..theme import FAMILY, THEMES, Shape, Theme, Type
from . import svg

FOCUS = ("#1a56c4", "#8ab4ff")   # what is selected, in light and dark


def write(graph: Graph, options: Options = Options()) -> bytes:
    """The page of a graph: one file, no network."""
    scene = compose(graph, options)
    return _page(graph, options, scene, tracks(graph, scene), ())


def play(graph: Graph, options: Options = Options()) -> bytes:
    """The page of a graph, with its steps: forward and backward, each with its sentence.

    Raises StepError where there are too many.
    """
    made = film(graph, options)
    places = {node.id: i for i, node in enumerate(graph.nodes)}
    said = tuple((step.text, places[step.nodes[-1]] if step.nodes else -1) for step in made.steps)
    return _page(graph, options, made.scene, made.tracks, said)


def _page(graph: Graph, options: Options, scene: Scene, shown: tuple[Track, ...],
          steps: tuple[tuple[str, int], ...]) -> bytes:
    pair = THEMES["light"], THEMES["dark"]
    if options.theme not in ("light", "dark"):     # one of its own: there is nothing to switch
        pair = THEMES[options.theme], THEMES[options.theme]
    begin = {"light": "", "dark": ' data-theme="dark"'}.get(
        options.theme, ' data-theme="light" data-fixed')
    data: dict[str, Any] = {"nodes": [_node(node) for node in graph.nodes], "edges": _edges(graph)}
    if steps:
        data["steps"] = steps
    return page.fill(
        title=literal(scene.title), start=begin, style=_style(*pair),
        picture="\n".join(_picture(graph, scene, shown, len(steps) or 1)), data=data,
        player=bool(steps))


# ---- The picture: the same marks and ids as in an SVG, with classes in place of colours

def _picture(graph: Graph, scene: Scene, shown: tuple[Track, ...], n: int) -> Iterator[str]:
    theme = lit(THEMES["light"])
    look = svg.Look({role: f' class="s-{role}"' for role in theme.shapes},
                    {role: f' class="t-{role}"' for role in theme.texts},
                    {role: "" for role in theme.texts}, theme.texts)
    order = list(range(len(graph.nodes)))          # of computation, where readers wrote it
    places = {node.id: i for i, node in enumerate(graph.nodes)}
    if any(places[edge.tail] > places[edge.head] for edge in graph.edges):
        for i, node in enumerate(topological(graph)):
            order[places[node.id]] = i
    below = [track for track in shown if track.shows != "node"]
    boxes = sorted((track for track in shown if track.shows == "node"), key=lambda t: order[t.of])
    w, h = ceil(scene.width), ceil(scene.height)
    yield (f'<svg class="picture" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" '
           f'role="group" aria-label="{svg.escape(scene.description)}">')
    yield '<g class="world">'
    for track in (*below, *boxes):
        yield _opening(track, graph)
        if track.group.tip:
            yield f"<title>{svg.escape(track.group.tip)}</title>"
        if track.shows == "node":
            yield _ring(track.group)
        for mark, first, last in track.marks:
            when = "" if first == 0 and last == n else f' data-on="{first} {last}"'
            drawn = svg.element(mark, look, more=when)
            yield drawn if last == n else drawn.replace('class="', 'class="off ', 1)
        yield "</g>"
    yield "</g>"
    yield "</svg>"


def _opening(track: Track, graph: Graph) -> str:
    """The tag of a group: what a screen reader is told of it, and what a script finds it by."""
    group, name = track.group, track.group.role
    more = f' data-reached="{track.reached}"' if track.reached else ""
    if track.shows == "node":
        name = f"node {name}"
        more += (f' data-node="{track.of}" tabindex="0" role="button" '
                 f'aria-label="{_spoken(graph.nodes[track.of])}"')
    elif track.shows:            # lines and copies: the list of nodes tells the same in words
        what = "edge" if track.shows == "edge" else "node"
        more += f' data-{what}="{track.of}" aria-hidden="true"'
    return f'<g id="{svg.escape(group.id)}" class="{name}"{more}>'


def _ring(group: Group) -> str:
    """The outline that shows what is selected."""
    box = next(mark for mark in group.marks if isinstance(mark, Rect))
    n = svg.number
    return (f'<rect class="ring" x="{n(box.x - 4)}" y="{n(box.y - 4)}" width="{n(box.width + 8)}" '
            f'height="{n(box.height + 8)}" rx="{n(box.radius + 4)}"/>')


def _spoken(node: Node) -> str:
    """What a screen reader says of a node."""
    said = [literal(node.label) or node.id, node.kind]
    said += [f"{key} {text.numbers(node.facts[key])}" for key in ("data", "grad")
             if node.facts.get(key) is not None]
    return svg.escape(", ".join(said))


# ---- The data that the page shows: text, every word of it

def _node(node: Node) -> dict[str, Any]:
    rows = []
    for key, fact in node.facts.items():
        rows += [[literal(key), line] for line in _fact(fact)]
    if node.group:
        rows.append(["group", literal(node.group)])
    return {"id": node.id, "kind": node.kind, "name": literal(node.label) or literal(node.id),
            "facts": rows, "brief": {key: text.numbers(node.facts[key]) for key in ("data", "grad")
                                     if node.facts.get(key) is not None}}


def _fact(fact: Any) -> list[str]:
    """A fact as text: of an array its numbers, or their spread, its shape and type."""
    if isinstance(fact, Value):
        about = f" ({text.shape(fact.shape)} {fact.dtype})" if fact.shape else f" ({fact.dtype})"
        if fact.items is not None and fact.size > text.FEW:
            return [text.numbers(fact) + about + "\n" + _rows(fact)]
        return [text.numbers(fact, 12) + about]
    if isinstance(fact, (list, tuple)):
        return [", ".join(line for item in fact for line in _fact(item))] if fact else []
    if isinstance(fact, Mapping):
        return [f"{literal(str(key))}: {line}" for key, item in fact.items()
                for line in _fact(item)]
    return [] if fact is None or fact == "" else [
        text.number(fact, 12) if isinstance(fact, (int, float)) else literal(str(fact))]


def _rows(value: Value) -> str:
    """The numbers of an array, a row a line."""
    across = value.shape[-1]
    numbers = [text.number(x) for x in value.items or ()]
    return "\n".join("  ".join(numbers[i:i + across]) for i in range(0, len(numbers), across))


def _edges(graph: Graph) -> list[dict[str, Any]]:
    places = {node.id: i for i, node in enumerate(graph.nodes)}
    return [{"tail": places[edge.tail], "head": places[edge.head]} | _carried(edge)
            for edge in graph.edges]


def _carried(edge: Edge) -> dict[str, str]:
    shown = {"local": edge.facts.get("local"), "sent": edge.facts.get("contribution")}
    carried = {key: text.numbers(value) for key, value in shown.items() if value is not None}
    if edge.facts.get("formula"):
        carried["formula"] = literal(str(edge.facts["formula"]))
    return carried


# ---- The style: each role once, with its colour in light and in dark

def _style(light: Theme, dark: Theme) -> str:
    a, b = lit(light), lit(dark)
    page_colors = {
        "paper": (a.paper, b.paper), "ink": (a.texts["name"].color, b.texts["name"].color),
        "muted": (a.texts["tag"].color, b.texts["tag"].color),
        "line": (a.shapes["edge"].stroke, b.shapes["edge"].stroke),
        "tint": (a.shapes["constant"].fill, b.shapes["constant"].fill),
        "data": (a.texts["data"].color, b.texts["data"].color),
        "grad": (a.texts["grad"].color, b.texts["grad"].color), "focus": FOCUS}
    lines = [":root { " + "; ".join(f"--{name}: light-dark({one}, {two})"
                                    for name, (one, two) in page_colors.items()) + " }"]
    lines += [f".t-{role} {{ {_type(a.texts[role], b.texts[role])} }}" for role in light.texts]
    for role, shape in a.shapes.items():
        if not role.startswith("dim-"):            # a + would be a combinator: heat+1
            name = role.replace("+", "\\+")
            lines.append(f".s-{name} {{ {_shape(shape, b.shapes[role])} }}")
    return "\n".join(lines) + "\n"


def _type(one: Type, two: Type) -> str:
    weight = "bold " if one.font == "bold" else ""
    return f"{_both('fill', one.color, two.color)}; font: {weight}{one.size:g}px {FAMILY[one.font]}"


def _shape(one: Shape, two: Shape) -> str:
    paint = [_both("fill", one.fill or "none", two.fill or "none")]
    if one.stroke and two.stroke:
        paint += [_both("stroke", one.stroke, two.stroke), f"stroke-width: {one.width:g}"]
    if one.dash:
        paint.append(f"stroke-dasharray: {' '.join(f'{d:g}' for d in one.dash)}")
    return "; ".join(paint)


def _both(name: str, one: str, two: str) -> str:
    """A property in light and dark; what does not know light-dark() paints the light one."""
    return f"{name}: {one}" if one == two else f"{name}: {one}; {name}: light-dark({one}, {two})"
