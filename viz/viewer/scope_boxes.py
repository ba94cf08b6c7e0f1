"""Scope boxes: the bounds of a program's scopes, for titles on a zoomed-out picture."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..graph import Graph
from .codec import Array

SCALE = 10                       # coordinates are whole tenths of a px


def scopes(graph: Graph, boxes: Array, row: Array) -> dict[str, Any]:
    """Return the scopes of a graph, outer ones first, and frames around their nodes, one per row.

    boxes: left, top, width and height by node.
    row: the row by node.
    """
    framed = any(fold["count"] == 1 for fold in graph.facts.get("folds", ()))
    names: dict[str, int] = {}   # empty if scopes or folds have frames of their own
    of = np.fromiter((names.setdefault("" if framed or "fold" in node.facts else node.group,
                                       len(names)) for node in graph.nodes), np.int64)
    keys, which, counts = np.unique(of * (row.max(initial=0) + 1) + row, return_inverse=True,
                                    return_counts=True)
    low, high = np.full((len(keys), 2), np.inf), np.full((len(keys), 2), -np.inf)
    for k in (0, 1):
        np.minimum.at(low[:, k], which, boxes[:, k])
        np.maximum.at(high[:, k], which, boxes[:, k] + boxes[:, k + 2])
    words = [name.split("/") if name else [] for name in names]
    found: dict[tuple[str, int], list[float]] = {}
    for key, (x0, y0), (x1, y1), count in zip(keys.tolist(), low.tolist(), high.tolist(),
                                              counts.tolist()):
        if count == 1:           # a single box has its own name
            continue
        name, at = divmod(key, int(row.max(initial=0)) + 1)
        for n in range(1, len(words[name]) + 1):
            box = found.setdefault(("/".join(words[name][:n]), at), [x0, y0, x1, y1])
            box[:] = min(box[0], x0), min(box[1], y0), max(box[2], x1), max(box[3], y1)
    paths = {path: i for i, path in enumerate(sorted(
        dict.fromkeys(path for path, _ in found), key=lambda path: path.count("/")))}
    frames = sorted((paths[path], at, *box) for (path, at), box in found.items())
    sides = np.array(frames, float).reshape(-1, 6)
    return {"scopes": list(paths), "scope_of": sides[:, 0].astype(np.int64),
            **{f"scope_{name}": np.round(sides[:, k + 2] * SCALE).astype(np.int64)
               for k, name in enumerate(("left", "top", "right", "bottom"))}}


def rows(boxes: Array, lines: list[Array]) -> Array:
    """Return, by box, its row in a picture set in rows; between rows some lines run backwards.

    lines: points, x and y: a start, then three per cubic Bézier.
    """
    top, bottom = boxes[:, 1], boxes[:, 1] + boxes[:, 3]
    order = np.argsort(top, kind="stable")
    reach = np.maximum.accumulate(bottom[order])
    gaps = np.flatnonzero(top[order][1:] > reach[:-1])       # boxes followed by free space
    ahead = np.zeros(len(gaps) + 1, np.int64)      # gap -> lines across it that never run back
    above, below = reach[gaps], top[order][gaps + 1]
    for line in lines:
        line = line[::3]         # control points overshoot
        first = np.searchsorted(above, line[:, 1].min())
        last = np.searchsorted(below, line[:, 1].max(), "right")
        if first < last and (np.diff(line[:, 0]) > -1.0).all():
            ahead[first] += 1
            ahead[last] -= 1
    cuts = gaps[np.cumsum(ahead)[:-1] == 0] + 1
    row = np.empty(len(boxes), np.int64)
    row[order] = np.searchsorted(cuts, np.arange(len(order)), "right")
    return row
