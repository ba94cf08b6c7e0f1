"""Timeline: a scene in time. Unknown parts are hidden, unreached ones dim, active ones lit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import hypot
from typing import NamedTuple

from ..graph import KINDS, Graph, Value, text
from ..graph.theme import Shape, Theme
from ..graph.size_limits import ANIMATION_STEPS
from ..layout.boxes import text_width
from ..layout.build_scene import MARGIN, build_scene, edge_id
from ..options.drawing import DrawOptions
from ..layout.placement import Point, Size
from ..layout.scene import Group, Mark, Path, Polygon, Rect, Scene, Text
from .steps import Step, StepError, steps

WIDEST = 640.0                   # minimum width of the captions, in px
LINES = 2                        # their maximum number of lines
DIM = 0.3                        # opacity of unreached parts
LATE = ("result", "flag")        # lines below the picture that appear at the end
HEAD = (9.0, 4.2)                # length and half width of the head of a lit edge


class TimedMark(NamedTuple):
    """A mark that is visible from the step `first` until before the step `last`."""

    mark: Mark
    first: int
    last: int


class Track(NamedTuple):
    """A group in time."""

    group: Group
    reached: int                 # it is dim before this step
    marks: tuple[TimedMark, ...]
    shows: str = ""              # node, edge, rail or chip
    of: int = -1                 # index of the node or edge that it shows


class Timeline(NamedTuple):
    """A scene in time; the last step is the whole picture."""

    scene: Scene                 # the whole picture
    size: Size                   # of a frame: the picture with room for the captions below it
    steps: tuple[Step, ...]
    tracks: tuple[Track, ...]
    captions: tuple[TimedMark, ...]  # the steps' sentences


def build_timeline(graph: Graph, options: DrawOptions = DrawOptions()) -> Timeline:
    """Return the timeline of a graph, with one layout for all frames. Linear in marks and steps.

    Raises StepError for a graph of more than ANIMATION_STEPS steps.
    """
    taken = steps(graph)
    if len(taken) > ANIMATION_STEPS:
        raise StepError(f"{graph.name} takes {len(taken)} steps (at most {ANIMATION_STEPS} can be "
                        "shown): draw a smaller part of it")
    scene = build_scene(graph, options)
    times = _Times(graph, taken)
    whole = tracks(graph, scene)
    index = {node.id: i for i, node in enumerate(graph.nodes)}
    boxes = {track.of: track.group.marks[0] for track in whole if track.shows == "node"}
    lines = {track.of: track.group.marks[0] for track in whole if track.shows == "rail"}
    branches: dict[int, list[TimedMark]] = {}          # node -> its rail up to lit edges
    made = []
    for track in whole:
        group = track.group
        if track.shows == "edge":
            track = _edge(track, times)
            tail = index[graph.edges[track.of].tail]
            line = lines.get(tail)
            if isinstance(line, Path) and not _touches(group, boxes.get(tail)):
                part = group._replace(role="rail", marks=(_cut(line, _start(group)),))
                branches.setdefault(tail, []).extend(
                    _highlight(part, times.edges.get(track.of, ())))
        elif track.shows == "node":
            track = _node(track, times)
        else:
            last = group.role == "caption"
            track = track._replace(marks=tuple(
                TimedMark(mark, times.end if last and mark.role in LATE else 0, times.end + 1)
                for mark in group.marks))
        made.append(track)
    made = [track._replace(marks=(*track.marks, *branches.get(track.of, ())))
            if track.shows == "rail" else track for track in made]
    size, captions = _captions(scene, taken)
    return Timeline(scene, size, taken, tuple(made), captions)


def tracks(graph: Graph, scene: Scene) -> tuple[Track, ...]:
    """Return the groups of a graph's scene as tracks of one step, with the parts they show."""
    nodes = {node.id: i for i, node in enumerate(graph.nodes)}
    edges: dict[str, list[int]] = {}               # parallel edges without a position share an id
    for e, edge in reversed(list(enumerate(graph.edges))):
        edges.setdefault(edge_id(edge), []).append(e)
    tails = {id: nodes[graph.edges[found[-1]].tail] for id, found in edges.items()}
    found = []
    for group in scene.groups:
        shows, of = "", -1
        if group.role in KINDS and group.id in nodes:
            shows, of = "node", nodes[group.id]
        elif group.role == "edge" and edges.get(group.id):
            shows, of = "edge", edges[group.id].pop()
        elif group.role == "rail" and group.id.removesuffix("--rail") in nodes:
            shows, of = "rail", nodes[group.id.removesuffix("--rail")]
        elif group.role == "chip" and group.id.removesuffix("--chip") in tails:
            shows, of = "chip", tails[group.id.removesuffix("--chip")]
        marks = tuple(TimedMark(mark, 0, 1) for mark in group.marks)
        found.append(Track(group, 0, marks, shows, of))
    return tuple(found)


def scene_at(timeline: Timeline, step: int) -> Scene:
    """Return the scene at a step: without hidden marks, and with dim roles for unreached parts."""
    groups = []
    for group, reached, marks, *_ in timeline.tracks:
        seen = tuple(timed.mark for timed in marks if timed.first <= step < timed.last)
        if step < reached:
            seen = tuple(mark._replace(role="dim-" + mark.role) for mark in seen)
        groups.append(group._replace(marks=seen))
    said = tuple(timed.mark for timed in timeline.captions if timed.first <= step < timed.last)
    return Scene(*timeline.size, timeline.scene.title, timeline.steps[step].text,
                 (*groups, Group("step", "caption", "", said)))


def animation_theme(theme: Theme) -> Theme:
    """Return the theme with the roles of an animation: dim-..., lit-... and head-..."""
    shapes, texts = dict(theme.shapes), dict(theme.texts)
    for phase, color in ("forward", theme.plot["f"]), ("backward", theme.plot["df"]):
        shapes["lit-" + phase] = Shape(None, color, 3.0)
        shapes["head-" + phase] = Shape(color, None)
    shapes |= {"dim-" + role: shape._replace(fill=_dim(shape.fill, theme.paper),
                                             stroke=_dim(shape.stroke, theme.paper))
               for role, shape in theme.shapes.items()}
    texts |= {"dim-" + role: type._replace(color=_dim(type.color, theme.paper) or "")
              for role, type in theme.texts.items()}
    return theme._replace(shapes=shapes, texts=texts)


def _dim(color: str | None, paper: str) -> str | None:
    if color is None:
        return None
    pairs = [(int(color[i:i + 2], 16), int(paper[i:i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a * DIM + b * (1 - DIM)):02x}" for a, b in pairs)


class _Times:
    """The steps at which each node and edge is known, reached and active."""

    def __init__(self, graph: Graph, taken: Sequence[Step]) -> None:
        self.end = len(taken) - 1
        self.data: dict[str, int] = {}
        self.grad: dict[str, list[tuple[int, Value | None]]] = {}
        self.nodes: dict[str, list[tuple[int, str]]] = {}
        self.edges: dict[int, list[tuple[int, str]]] = {}
        self.sent: dict[int, int] = {}             # edge -> the step at which its label is known
        for i, step in enumerate(taken):
            for id in step.data:
                self.data.setdefault(id, i)
            for id, value in step.grad.items():
                was = self.grad.setdefault(id, [])
                if not was or was[-1][1] != value:
                    was.append((i, value))
            for id in step.nodes:
                self.nodes.setdefault(id, []).append((i, step.phase))
            for e in step.edges:
                self.edges.setdefault(e, []).append((i, step.phase))
                if step.phase == "backward" or "contribution" not in graph.edges[e].facts:
                    self.sent.setdefault(e, i)

    def reached(self, id: str) -> int:
        """Return the first step at which a node is active or known."""
        at = self.nodes.get(id)
        return min(at[0][0] if at else self.end, self.data.get(id, self.end))


def _node(track: Track, times: _Times) -> Track:
    group, end = track.group, times.end + 1
    marks: list[TimedMark] = []
    grads = times.grad.get(group.id, [])
    done = grads[-1][0] if grads else times.end
    for mark in group.marks:
        if mark.role == "data":
            marks.append(TimedMark(mark, times.data.get(group.id, times.end), end))
        elif mark.role == "flag" or mark.role.startswith("heat"):
            marks.append(TimedMark(mark, max(done, times.data.get(group.id, 0)), end))
        elif not isinstance(mark, Text) or mark.role not in ("grad", "sum"):
            marks.append(TimedMark(mark, 0, end))
        else:
            marks.append(TimedMark(mark, done, end))
            if mark.role == "grad":
                for (first, value), (last, _) in zip(grads, grads[1:]):
                    so_far = text.numbers(value) if value is not None else "…"
                    marks.append(TimedMark(mark._replace(text=so_far), first, last))
    lit = _runs(times.nodes.get(group.id, ()))
    outline = next((mark for mark in group.marks if isinstance(mark, Rect)), None)
    if outline is not None:
        at = 1 + group.marks.index(outline)
        ring = outline._replace(x=outline.x - 3, y=outline.y - 3, width=outline.width + 6,
                                height=outline.height + 6, radius=outline.radius + 3)
        marks[at:at] = [TimedMark(ring._replace(role="lit-" + phase), first, last)
                        for first, last, phase in lit]
    return track._replace(reached=times.reached(group.id), marks=tuple(marks))


def _edge(track: Track, times: _Times) -> Track:
    group, end = track.group, times.end + 1
    lit = times.edges.get(track.of, [])
    sent = times.sent.get(track.of, times.end)
    marks = [TimedMark(mark, sent if isinstance(mark, Text) else 0, end) for mark in group.marks]
    at = next((i for i, mark in enumerate(group.marks) if isinstance(mark, Text)), len(marks))
    marks[at:at] = _highlight(group, lit)
    return track._replace(reached=lit[0][0] if lit else times.end, marks=tuple(marks))


def _highlight(group: Group, lit: Iterable[tuple[int, str]]) -> list[TimedMark]:
    """Return the group's lines, lit; in backward the arrow is at the other end."""
    glow: list[TimedMark] = []
    for first, last, phase in _runs(lit):
        for mark in group.marks:
            if isinstance(mark, Path):
                glow.append(TimedMark(mark._replace(role="lit-" + phase), first, last))
                if phase == "backward" and group.role == "edge":
                    glow.append(TimedMark(_head(mark.points), first, last))
            elif isinstance(mark, Polygon) and phase == "forward":
                glow.append(TimedMark(mark._replace(role="head-" + phase), first, last))
    return glow


def _head(points: Sequence[Point]) -> Polygon:
    """Return an arrowhead at the start of a path, pointing out of it."""
    (x, y), (length, half) = points[0], HEAD
    fx, fy = next((p for p in points[1:] if p != (x, y)), (x + 1, y))
    d = hypot(x - fx, y - fy)
    ux, uy = (x - fx) / d, (y - fy) / d
    bx, by = x - ux * length, y - uy * length
    return Polygon(((x, y), (bx - uy * half, by + ux * half), (bx + uy * half, by - ux * half)),
                   "head-backward")


def _runs(lit: Iterable[tuple[int, str]]) -> Iterator[tuple[int, int, str]]:
    """Yield runs of steps (first, one past the last, phase): 3, 4, 6 -> 3 to 5, 6 to 7."""
    first = last = -1
    running = ""
    for i, phase in sorted(set(lit)):
        phase = "backward" if phase == "backward" else "forward"
        if i == last and phase == running:
            last += 1
            continue
        if running:
            yield first, last, running
        first, last, running = i, i + 1, phase
    if running:
        yield first, last, running


def _start(group: Group) -> Point | None:
    path = next((mark for mark in group.marks if isinstance(mark, Path)), None)
    return path.points[0] if path else None


def _touches(group: Group, box: Mark | None) -> bool:
    """Return whether an edge starts at its box, not on a rail or a chip."""
    start = _start(group)
    if start is None or not isinstance(box, Rect):
        return True
    x, y = start
    return box.x - 2 <= x <= box.x + box.width + 2 and box.y - 2 <= y <= box.y + box.height + 2


def _cut(line: Path, at: Point | None) -> Path:
    """Return a line cut at a point on one of its straight parts, or all of it if it is on none."""
    if at is None:
        return line
    px, py = at
    (x, y), *rest = line.points
    for i in range(0, len(rest), 3):
        cx, cy = rest[i + 2]
        along = max(hypot(cx - x, cy - y), 1e-9)
        near = abs((px - x) * (cy - y) - (py - y) * (cx - x)) / along < 1
        if near and -1 <= ((px - x) * (cx - x) + (py - y) * (cy - y)) / along <= along + 1:
            return line._replace(points=(*line.points[:i + 1], (x, y), at, at))
        x, y = cx, cy
    return line


def _captions(scene: Scene, taken: Sequence[Step]) -> tuple[Size, tuple[TimedMark, ...]]:
    """Return the size of the picture with captions, and the captions, wrapped to its width."""
    width = max(scene.width, WIDEST)
    n = len(taken)
    indent = MARGIN + text_width(f"{n}/{n}", "tag") + 12
    written = [_wrapped(step.text, width - indent - MARGIN) for step in taken]
    y, step_height = scene.height + 10.0, 20.0
    marks = []
    for i, lines in enumerate(written):
        marks.append(TimedMark(Text(MARGIN, y, f"{i + 1}/{n}", "tag"), i, i + 1))
        marks += [TimedMark(Text(indent, y + k * step_height, line, "name"), i, i + 1)
                  for k, line in enumerate(lines)]
    height = y + step_height * max(map(len, written)) - step_height + 16
    return Size(width, height), tuple(marks)


def _wrapped(string: str, room: float) -> list[str]:
    """Return the text in at most LINES lines of this width; long texts are cut in the middle."""
    lines = [""]
    for word in text.literal(string).split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if text_width(longer, "name") <= room or len(lines) == LINES or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return [_fitted(line, room) for line in lines]


def _fitted(line: str, room: float) -> str:
    while text_width(line, "name") > room and len(line) > 1:
        fitting = int(len(line) * room / text_width(line, "name"))
        line = text.shorten(line, min(len(line) - 1, max(1, fitting)))
    return line
