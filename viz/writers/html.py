"""HTML: one page with the picture, as inline SVG or on a canvas, and all facts, search, zoom."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Any

from .. import viewer
from ..animation.timeline import Track, build_timeline, animation_theme, tracks
from ..graph import Graph, Node, text, topological
from ..graph.svg_text import escape, number
from ..graph.text import literal
from ..graph.theme import FAMILY, THEMES, Shape, Theme, Type
from ..graph.size_limits import ARRAY_NODES, CANVAS_NODES
from ..layout.build_scene import build_scene, description
from ..options.drawing import DrawOptions
from ..layout.scene import Group, Rect, Scene
from ..viewer import fact_texts
from . import svg

BYTES_PER_NODE = 130

FOCUS = ("#1a56c4", "#8ab4ff")   # colour of the selection, in light and dark


def write(graph: Graph, options: DrawOptions = DrawOptions()) -> bytes:
    """Return the page of a graph: one file, no network."""
    if len(graph.nodes) > CANVAS_NODES or "folds" in graph.facts:
        return _large(graph, options)
    scene = build_scene(graph, options)
    return _page(graph, options, scene, tracks(graph, scene), ())


def play(graph: Graph, options: DrawOptions = DrawOptions()) -> bytes:
    """Return the page of a graph, with its steps: forward and backward, each with its sentence.

    Raises StepError if there are too many.
    """
    made = build_timeline(graph, options)
    places = {node.id: i for i, node in enumerate(graph.nodes)}
    said = tuple((step.text, places[step.nodes[-1]] if step.nodes else -1) for step in made.steps)
    return _page(graph, options, made.scene, made.tracks, said)


def _page(graph: Graph, options: DrawOptions, scene: Scene, shown: tuple[Track, ...],
          steps: tuple[tuple[str, int], ...]) -> bytes:
    pair, start = _themes(options)
    places = {node.id: i for i, node in enumerate(graph.nodes)}
    data: dict[str, Any] = {
        "nodes": [fact_texts.node(node) for node in graph.nodes],
        "edges": [{"tail": places[edge.tail], "head": places[edge.head]} | fact_texts.edge(edge)
                  for edge in graph.edges]}
    if steps:
        data["steps"] = steps
    return viewer.fill(
        title=literal(scene.title), start=start, style=_style(*pair),
        picture="\n".join(_picture(graph, scene, shown, len(steps) or 1)), data=data,
        player=bool(steps))


def _themes(options: DrawOptions) -> tuple[tuple[Theme, Theme], str]:
    """Return the light and the dark theme, and the root's attributes that select the first."""
    start = {"light": "", "dark": ' data-theme="dark"'}
    if options.theme in start:
        return (THEMES["light"], THEMES["dark"]), start[options.theme]
    own = THEMES[options.theme]  # a single theme: there is nothing to switch
    return (own, own), ' data-theme="light" data-fixed'


# ---- A large picture: positions, facts and the look, for a canvas

def _large(graph: Graph, options: DrawOptions) -> bytes:
    from ..fold import summary
    from ..viewer.codec import pack  # only these need numpy
    from ..viewer.facts_table import edge_columns, fact_columns
    from ..viewer.large_geometry import layout_columns
    from ..viewer.scene_geometry import scene_columns
    by = graph.facts.get("heat", {}).get("by", "")
    plain = not {"folds", "paired"} & set(graph.facts) and by != "contribution"
    if len(graph.nodes) > ARRAY_NODES and plain and options.engine == "layered" \
            and options.rankdir == "LR" and not options.wrap and options.edges in ("auto", "none"):
        graph, drawing, width, height = layout_columns(graph)
    else:
        places = {node.id: i for i, node in enumerate(graph.nodes)}
        if any(places[edge.tail] > places[edge.head] for edge in graph.edges):
            graph = Graph(graph.name, tuple(topological(graph)), graph.edges, graph.facts)
        scene, drawing = scene_columns(graph, options)
        drawing = edge_columns(graph) | drawing
        width, height = scene.width, scene.height
    pair, start = _themes(options)
    told = " ".join(filter(None, [description(graph), literal(summary(graph))]))
    folds = [{key: literal(value) if isinstance(value, str) else
              [*map(literal, value)] if key == "names" else value
              for key, value in fold.items() if key != "carried"}
             for fold in graph.facts.get("folds", ())]
    data = {"width": width, "height": height, "folds": folds, "look": _look(*pair),
            "heat": by if by in ("grad", "data") else ""}
    picture = (f'<canvas class="picture" role="img" aria-label="{escape(told)}">'
               f"{escape(told)}</canvas>\n"
               '<div class="cursor" data-part="cursor" role="button" tabindex="-1" hidden></div>')
    return viewer.fill(
        title=literal(str(graph.facts.get("title") or graph.name)), start=start,
        style=_style(*pair), picture=picture, data=data,
        packs={"drawing": pack(drawing), "facts": pack(fact_columns(graph))})


def _look(light: Theme, dark: Theme) -> dict[str, Any]:
    """Return the roles of a canvas, each with its colours in light and dark."""
    def both(one: str | None, two: str | None) -> tuple[str, str] | None:
        return (one, two) if one is not None and two is not None else None

    return {
        "shapes": {role: (both(shape.fill, dark.shapes[role].fill),
                          both(shape.stroke, dark.shapes[role].stroke), shape.width, shape.dash)
                   for role, shape in light.shapes.items()},
        "texts": {role: (both(type.color, dark.texts[role].color), type.size,
                         ("bold " if type.font == "bold" else "") + f"%px {FAMILY[type.font]}")
                  for role, type in light.texts.items()},
        "page": _colors(light, dark)}


# ---- The picture: the same marks and ids as in an SVG, with classes in place of colours

def _picture(graph: Graph, scene: Scene, shown: tuple[Track, ...], n: int) -> Iterator[str]:
    theme = animation_theme(THEMES["light"])
    look = svg.Attributes({role: f' class="s-{role}"' for role in theme.shapes},
                          {role: f' class="t-{role}"' for role in theme.texts},
                          {role: "" for role in theme.texts}, theme.texts)
    order = list(range(len(graph.nodes)))          # of computation, if readers recorded it
    places = {node.id: i for i, node in enumerate(graph.nodes)}
    if any(places[edge.tail] > places[edge.head] for edge in graph.edges):
        for i, node in enumerate(topological(graph)):
            order[places[node.id]] = i
    below = [track for track in shown if track.shows != "node"]
    boxes = sorted((track for track in shown if track.shows == "node"), key=lambda t: order[t.of])
    w, h = ceil(scene.width), ceil(scene.height)
    yield (f'<svg class="picture" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" '
           f'role="group" aria-label="{escape(scene.description)}">')
    yield '<g class="world">'
    for track in (*below, *boxes):
        yield _opening(track, graph)
        if track.group.tip:
            yield f"<title>{escape(track.group.tip)}</title>"
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
    """Return the tag of a group, with its attributes for screen readers and scripts."""
    group, name = track.group, track.group.role
    more = f' data-reached="{track.reached}"' if track.reached else ""
    if track.shows == "node":
        name = f"node {name}"
        more += (f' data-node="{track.of}" tabindex="0" role="button" '
                 f'aria-label="{_spoken(graph.nodes[track.of])}"')
    elif track.shows:            # lines and copies: the list of nodes has the same in words
        what = "edge" if track.shows == "edge" else "node"
        more += f' data-{what}="{track.of}" aria-hidden="true"'
    return f'<g id="{escape(group.id)}" class="{name}"{more}>'


def _ring(group: Group) -> str:
    """Return the outline of a selected node."""
    box = next(mark for mark in group.marks if isinstance(mark, Rect))
    n = number
    return (f'<rect class="ring" x="{n(box.x - 4)}" y="{n(box.y - 4)}" width="{n(box.width + 8)}" '
            f'height="{n(box.height + 8)}" rx="{n(box.radius + 4)}"/>')


def _spoken(node: Node) -> str:
    """Return the label of a node for screen readers."""
    said = [literal(node.label) or node.id, node.kind]
    said += [f"{key} {text.numbers(node.facts[key])}" for key in ("data", "grad")
             if node.facts.get(key) is not None]
    return escape(", ".join(said))


# ---- The style: each role once, with its colour in light and in dark

def _style(light: Theme, dark: Theme) -> str:
    a, b = animation_theme(light), animation_theme(dark)
    lines = [":root { " + "; ".join(f"--{name}: light-dark({one}, {two})"
                                    for name, (one, two) in _colors(light, dark).items()) + " }"]
    lines += [f".t-{role} {{ {_type(a.texts[role], b.texts[role])} }}" for role in light.texts]
    for role, shape in a.shapes.items():
        if not role.startswith("dim-"):            # a + would be a combinator: heat+1
            name = role.replace("+", "\\+")
            lines.append(f".s-{name} {{ {_shape(shape, b.shapes[role])} }}")
        if role.startswith("heat"):
            one, two = (look.fill or look.stroke or "" for look in (shape, b.shapes[role]))
            bin = role[4:].replace("+", "")
            dash = "6 3" if bin.startswith("-") else "none"          # its sign in grey, too
            lines += [f'[data-heat="{bin}"] > .ring + rect {{ {_both("stroke", one, two)}; '
                      f'stroke-width: 5; stroke-dasharray: {dash} }}',
                      f'[data-heat="{bin}"] > i {{ {_both("background", one, two)}; '
                      f'{_both("border-color", one, two)} }}']
    return "\n".join(lines) + "\n"


def _colors(light: Theme, dark: Theme) -> dict[str, tuple[str, str]]:
    """Return the colours of the page itself, in light and dark."""
    found = {"paper": (light.paper, dark.paper), "focus": FOCUS}
    for name, role in ("ink", "name"), ("muted", "tag"), ("data", "data"), ("grad", "grad"):
        found[name] = light.texts[role].color, dark.texts[role].color
    line, tint = (light.shapes["edge"], dark.shapes["edge"]), (
        light.shapes["constant"], dark.shapes["constant"])
    return found | {"line": (line[0].stroke or "", line[1].stroke or ""),
                    "tint": (tint[0].fill or "", tint[1].fill or "")}


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
    """Return a property in light and dark; browsers without light-dark() use the light one."""
    return f"{name}: {one}" if one == two else f"{name}: {one}; {name}: light-dark({one}, {two})"
