"""The scene: the marks of a picture, in px. Every writer of pictures paints the same scene."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from .placement import Point


class Rect(NamedTuple):
    """A rectangle with round corners; a radius of half its side makes it a circle."""

    x: float
    y: float
    width: float
    height: float
    radius: float
    role: str


class Path(NamedTuple):
    """A chain of cubic Béziers: a start, then three points each: control, control, end."""

    points: tuple[Point, ...]
    role: str


class Polygon(NamedTuple):
    """A filled polygon: the head of an arrow."""

    points: tuple[Point, ...]
    role: str


class Text(NamedTuple):
    """One line of text on its baseline. The anchor is start, middle or end."""

    x: float
    y: float
    text: str
    role: str
    anchor: str = "start"


Mark = Rect | Path | Polygon | Text


class Group(NamedTuple):
    """The marks of one node, edge or rail, with its tooltip."""

    id: str
    role: str                    # a node's kind, edge, rail, chip or caption
    tip: str
    marks: tuple[Mark, ...]


class Scene(NamedTuple):
    """A picture: groups are painted in order, the first lowest."""

    width: float
    height: float
    title: str
    description: str
    groups: tuple[Group, ...]


_MARKS: dict[str, Any] = {"rect": Rect, "path": Path, "polygon": Polygon, "text": Text}
_NAMES = {mark: name for name, mark in _MARKS.items()}


def to_json(scene: Scene) -> str:
    """Return the scene as JSON: a mark is a list of its name and its fields."""
    groups = [[g.id, g.role, g.tip, [[_NAMES[type(m)], *m] for m in g.marks]] for g in scene.groups]
    return json.dumps([*scene[:4], groups], ensure_ascii=False)


def from_json(text: str) -> Scene:
    """Return the scene that `to_json` wrote."""
    width, height, title, description, groups = json.loads(text)
    return Scene(width, height, title, description,
                 tuple(Group(id, role, tip, tuple(_mark(*m) for m in marks))
                       for id, role, tip, marks in groups))


def _mark(name: str, *fields: Any) -> Mark:
    first = tuple(map(tuple, fields[0])) if name in ("path", "polygon") else fields[0]
    mark: Mark = _MARKS[name](first, *fields[1:])
    return mark
