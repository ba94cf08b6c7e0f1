"""Draw a graph: f.py -> function -> Graph -> Graph -> pictures."""

from __future__ import annotations

import dataclasses
import os
from typing import Any

from .. import readers, writers
from ..graph import Graph
from ..graph.json import from_json
from ..layout.build_scene import description
from ..options.message import Message, Option
from ..options.fields import OptionError
from ..run.progress import abort_after, show_progress
from ..run.targets import RunError
from .common import Drawn, File
from .destinations import destinations, named, themes
from .graph_request import GraphRequest
from .load import at_root, load
from .view import choose_formats, fold_note, view


def draw_graph(request: GraphRequest) -> Drawn:
    """Draw a graph. Where its function raises, what ran before is drawn, and `error` is set.

    Raises OptionError, TargetError, RunError where nothing ran, TransformError, Overtime, and what
    layouts and writers raise.
    """
    with at_root(request) as request:
        formats = writers.moving() if request.steps else writers.formats()
        wanted = destinations(request, formats, writers.ALIASES, folder=request.steps)
        looks = themes(request, request.theme)
        error = None
        try:
            graph = read(request)
        except RunError as raised:
            if raised.graph is None:
                raise
            error, graph = raised, raised.graph
        with abort_after(request.time_limit, f"folding {len(graph.nodes):,} nodes"):
            shown = view(graph, request)
        notes = list(filter(None, [fold_note(graph, shown)]))
        if not (request.steps or request.engine == "dot"):
            wanted, more = choose_formats(shown, wanted)
            notes += more
        placed = named(wanted, shown.name + ".steps" * request.steps, looks)
        with abort_after(request.time_limit, f"drawing {len(shown.nodes):,} nodes"):
            files = _files(shown, placed, request)
        return Drawn(tuple(files), request.alt or description(shown), tuple(notes),
                     tuple(shown.facts.get("flags", ())), error, shown)


def read(request: GraphRequest) -> Graph:
    """Return the graph of a request: of its target at its point, of a tensor, or from JSON.

    Raises as `draw_graph` does, GraphError for JSON of another shape, TypeError for what no reader
    knows.
    """
    target = request.target
    if isinstance(target, Graph):
        return target
    if isinstance(target, str) and target.endswith(".json") and os.path.isfile(target):
        with open(target, encoding="utf-8") as file:
            return from_json(file.read())
    if target is not None and not isinstance(target, str) and not callable(target):
        return readers.read(target)
    with readers.prepared(meta=request.meta):
        loaded = load(request)
        options: dict[str, Any] = {"level": request.level} if request.level else {}
        if request.meta:
            options["meta"] = True
        with show_progress(f"running {loaded.name}"):
            return readers.trace(loaded, point(request.at, loaded.names), request.inputs,
                                 seconds=request.seconds, grad=request.grad, order=request.order,
                                 **options)


def point(given: tuple[tuple[str, Any], ...], names: tuple[str, ...]) -> dict[str, Any]:
    """Return values as argument -> value: those without a name go to the arguments in order.

    Raises OptionError for more values than arguments.
    """
    by_name = {name: value for name, value in given if name}
    free = [name for name in names if name not in by_name]
    bare = [value for name, value in given if not name]
    if len(bare) > len(free):
        raise OptionError(Message(Option("at"), f" is given {len(given)} times for {len(names)} "
                                  f"argument{'s' * (len(names) != 1)} ({', '.join(names)})"))
    return by_name | dict(zip(free, bare))


def _files(graph: Graph, placed: list[tuple[str, str, str]], request: GraphRequest) -> list[File]:
    """Return the pictures, laid out once for all that are painted."""
    if request.steps:
        return [File(name, kind, theme, content) for path, kind, theme in placed
                for name, content in writers.steps(graph, path, kind,
                                                   dataclasses.replace(request, theme=theme))]
    made = writers.pictures(graph, [(kind, theme) for _, kind, theme in placed], request)
    return [File(*place, content) for place, content in zip(placed, made)]
