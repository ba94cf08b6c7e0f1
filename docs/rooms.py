"""Draw the rooms of the source code and the imports between them: `python docs/rooms.py`.

--check writes nothing and exits with 1 if docs/img/rooms.svg is out of date.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT)]

from tests.test_architecture import FILES, ROOMS, room, targets  # noqa: E402
from tinyviz.viz.graph import Edge, Graph, Node  # noqa: E402
from tinyviz.viz.graph.theme import THEMES  # noqa: E402
from tinyviz.viz.layout.build_scene import build_scene  # noqa: E402
from tinyviz.viz.options.drawing import DrawOptions  # noqa: E402
from tinyviz.viz.layout.scene import Rect, Scene  # noqa: E402
from tinyviz.viz.writers.svg import paint  # noqa: E402

# The plumbing of the front door, and what is imported everywhere.
HIDDEN = {name for name in ROOMS if name.startswith("tinyviz/")} | {"viz/options"}
COLORS = {"tinytorch": "input", "viz": "value", "cli.py": "output", "tinyviz": "output"}
IMAGES = {"light": ROOT / "docs/img/rooms.svg", "dark": ROOT / "docs/img/rooms-dark.svg"}


def used() -> dict[str, set[str]]:
    """Map each room, in order, to the rooms that it imports from."""
    rooms: dict[str, set[str]] = {name: set() for name in ROOMS}
    for file in FILES:
        rooms[room(file)] |= {room(target) for target in targets(file)}
    return {name: others - {name} for name, others in rooms.items()}


def reduced(rooms: dict[str, set[str]]) -> dict[str, set[str]]:
    """Drop the imports that are implied by a longer path (the transitive reduction)."""
    above: dict[str, set[str]] = {}                # every room that one depends on, at any distance
    for name, others in rooms.items():
        above[name] = others.union(*(above[other] for other in others))
    return {name: {one for one in others if not any(one in above[other] for other in others)}
            for name, others in rooms.items()}


def label(name: str) -> str:
    """Return the name of a room as the picture has it: viz/graph -> graph."""
    return name.removeprefix("viz/").removesuffix(".py").replace("__init__", "viz")


def graph() -> Graph:
    """Return the rooms as a graph whose edges lead from a room to those that use it."""
    rooms = used()
    nodes = [Node(name, "value", label(name)) for name in rooms if name not in HIDDEN]
    edges = [Edge(tail, head) for head, tails in reduced(rooms).items()
             for tail in sorted(tails, key=list(ROOMS).index) if not {tail, head} & HIDDEN]
    return Graph("rooms", nodes, edges, {
        "title": "Each room uses only the rooms above it; most also use options. Lines implied by "
                 "others are left out."})


def scene() -> Scene:
    """Lay out the graph, with the engine, the pictures and the front door in colours of their own.
    """
    drawn = build_scene(graph(), DrawOptions(rankdir="TB"))
    return drawn._replace(description="The rooms of tinyviz and what they import", groups=tuple(
        group._replace(marks=tuple(
            mark._replace(role=COLORS[group.id.partition("/")[0]]) if isinstance(mark, Rect)
            else mark for mark in group.marks)) for group in drawn.groups))


def main() -> None:
    drawn = scene()
    stale = False
    for theme, path in IMAGES.items():
        svg = paint(drawn, THEMES[theme])
        if "--check" not in sys.argv[1:]:
            path.write_text(svg, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != svg:
            print(f"{path.relative_to(ROOT)} is out of date: run python docs/rooms.py",
                  file=sys.stderr)
            stale = True
    sys.exit(stale)


if __name__ == "__main__":
    main()
