"""Scene geometry: the scene of a graph as columns, for the page that paints it on a canvas."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..animation.timeline import tracks
from ..graph import Graph
from ..layout.build_scene import build_scene
from ..options.drawing import DrawOptions
from ..layout.scene import Path, Polygon, Rect, Scene, Text
from .scope_boxes import SCALE, rows, scopes

KINDS: dict[type, int] = {Rect: 0, Path: 1, Polygon: 2, Text: 3}
OWNERS = ("", "edge", "rail", "chip", "fold", "head", "port")


def scene_columns(graph: Graph, options: DrawOptions = DrawOptions()
                  ) -> tuple[Scene, dict[str, Any]]:
    """Return the scene with all folds open, and its columns: boxes of nodes, then other marks."""
    facts = dict(graph.facts)
    if "folds" in facts:
        facts["folds"] = tuple([{**fold, "closed": False} for fold in facts["folds"]])
    graph = Graph(graph.name, graph.nodes, graph.edges, facts)
    scene = build_scene(graph, options)
    places = {f"fold-{fold['path'].replace('/', '-')}": i
              for i, fold in enumerate(facts.get("folds", ()))}
    boxes = [(0.0, 0.0, 0.0, 0.0)] * len(graph.nodes)
    look = [""] * len(graph.nodes)
    said = {role: [""] * len(graph.nodes) for role in ("name", "sum")}     # texts as in the picture
    marks: list[tuple[Any, int, int]] = []         # mark, kind of its owner, index of its owner
    for track in tracks(graph, scene):
        id, role = track.group.id, track.group.role
        if track.shows == "node":
            box = next(mark for mark in track.group.marks if isinstance(mark, Rect))
            boxes[track.of], look[track.of] = box[:4], box.role
            for mark in track.group.marks:
                if isinstance(mark, Text) and mark.role in said:
                    said[mark.role][track.of] = mark.text
            continue
        owner, of = track.shows, track.of
        if role == "fold":
            owner, of = ("head" if id.endswith("--head") else "fold",
                         places[id.removesuffix("--head")])
        elif role == "port":
            owner, of = "port", 0
        marks += [(mark, OWNERS.index(owner), max(of, 0)) for mark in track.group.marks]
    roles: dict[str, int] = {}
    texts: dict[str, int] = {"": 0}
    columns: dict[str, list[Any]] = {name: [] for name in (
        "mark_kind", "mark_role", "mark_owner", "mark_of", "mark_count", "mark_x", "mark_y",
        "mark_width", "mark_height", "mark_radius", "mark_text", "mark_anchor",
        "look", "name", "sum")}
    for mark, owner_kind, of in marks:
        points: Any = mark.points if isinstance(mark, (Path, Polygon)) else ((mark.x, mark.y),)
        columns["mark_kind"].append(KINDS[type(mark)])
        columns["mark_role"].append(roles.setdefault(mark.role, len(roles)))
        columns["mark_owner"].append(owner_kind)
        columns["mark_of"].append(of)
        columns["mark_count"].append(len(points))
        columns["mark_x"] += [round(x * SCALE) for x, _ in points]
        columns["mark_y"] += [round(y * SCALE) for _, y in points]
        if isinstance(mark, Rect):
            columns["mark_width"].append(round(mark.width * SCALE))
            columns["mark_height"].append(round(mark.height * SCALE))
            columns["mark_radius"].append(round(mark.radius * SCALE))
        elif isinstance(mark, Text):
            columns["mark_text"].append(texts.setdefault(mark.text, len(texts)))
            columns["mark_anchor"].append(("start", "middle", "end").index(mark.anchor))
    columns["look"] = [roles.setdefault(role, len(roles)) for role in look]
    for role, strings in said.items():
        columns[role] = [texts.setdefault(string, len(texts)) for string in strings]
    around = {fold["path"]: i + 1 for i, fold in enumerate(facts.get("folds", ()))}
    sides = np.array(boxes, float).reshape(-1, 4)
    found: dict[str, Any] = {name: np.array(column, np.int64) for name, column in columns.items()}
    found |= {name: np.round(sides[:, k] * SCALE).astype(np.int64) for k, name in enumerate(
        ("x", "y", "width", "height"))}
    found["fold"] = np.array([around.get(node.facts.get("fold", ""), 0) for node in graph.nodes],
                             np.int64)
    return scene, found | {"roles": list(roles), "texts": list(texts)} | scopes(
        graph, sides, rows(sides, [np.array(mark.points) for mark, owner_kind, _ in marks
                                   if isinstance(mark, Path) and owner_kind]))
