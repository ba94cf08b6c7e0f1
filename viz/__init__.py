"""viz: computation graphs and functions with their derivatives, as pictures.

    z = f(x); z.backward()
    viz.render(z, "z.svg")                     # a Tensor, or a Graph
    viz.read(z)                                # -> Graph
    viz.trace(f, 1.2)                          # -> Graph, with the names and lines of f
    viz.digraph(z)                             # -> graphviz.Digraph
    viz.draw(viz.GraphRequest(target=f, at=1.2, outputs=("f.svg",)))     # -> Drawn, in memory
    viz.plot(viz.sweep(f, -3, 3))              # -> matplotlib Figure: f and f'

In a notebook a Tensor, a Graph and a Sweep show themselves as soon as viz is imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if __name__ == "viz":            # found on the path by its short name, in a checkout
    import tinyviz
    tinyviz.short_names.lend(__name__)

if TYPE_CHECKING:
    import graphviz

    from ..notebook import Bundle
    from .graph import Graph


def trace(f: Any, *point: Any, grad: bool = True, order: int = 1, **named: Any) -> Graph:
    """Run f at a point and backward from its result: the graph, with the names and lines of f.

    The point is a number or an array per argument, by place or by name; what is left out takes its
    default. order: 2 gives the graph of the derivative of f, and so on.
    Raises TargetError where the point does not fit f, RunError where f raises.
    """
    from .readers import trace
    from .run import targets
    target = targets.from_function(f)
    if len(point) > len(target.names):
        raise targets.TargetError(f"{target.name} takes {len(target.names)} arguments "
                                  f"({', '.join(target.names)}), not {len(point)}")
    return trace(target, dict(zip(target.names, point)) | named, grad=grad, order=order)


def read(root: Any) -> Graph:
    """The graph that ends at a tensor, with the gradients its tensors have now.

    Raises TypeError for what no reader knows.
    """
    from .graph import Graph
    if isinstance(root, Graph):
        return root
    from .readers import read as reader
    return reader(root)


def digraph(root: Any, **options: Any) -> graphviz.Digraph:
    """A tensor or a graph as a graphviz.Digraph, annotated with data and grad.

    Options are those of `request.GraphRequest`; what is repeated stays whole unless fold="auto" or
    "all" is given.
    """
    from .request.view import view
    from .writers import dot
    asked = _request(root, {"fold": "none", "theme": "light", **options})
    return dot.digraph(view(read(root), asked), asked)


def render(root: Any, path: str, **options: Any) -> str:
    """Draw a tensor or a graph into a file, in the format that its suffix names; returns the path.

    Options are those of `request.GraphRequest`: theme, rankdir, focus, heat, flag, backward, fold
    ... as on the command line.  Raises FormatError for a suffix of no writer, OptionError for an
    option that cannot be, FileError where the file cannot be written: an old one is left as it was.
    """
    import os
    import warnings

    from . import writers
    from .graph import files
    from .request import draw
    path = os.fspath(path)
    writers.resolve(os.path.splitext(path)[1][1:].lower())
    drawn = draw(_request(read(root), {"outputs": (path,), "time_limit": None, **options}))
    (file,) = drawn.files
    files.save(file.path, file.content)
    if file.path != path:        # it is too large for a picture
        warnings.warn(drawn.notes[-1], stacklevel=2)
    return file.path


def __getattr__(name: str) -> Any:
    """Import on use: viz.sweep and viz.plot, modules that are called like their function, and what
    draws a request."""
    from importlib import import_module
    if name in ("sweep", "plot"):
        return import_module(f".{name}", __name__)
    if name in ("draw", "GraphRequest", "PlotRequest"):
        return getattr(import_module(".request", __name__), name)
    raise AttributeError(f"viz has no {name!r}")


def _request(target: Any, options: dict[str, Any]) -> Any:
    """A request for a graph. Raises TypeError for an option that there is not."""
    from .options.fields import specs
    from .request.graph_request import GraphRequest
    names = [name for name, _, _ in specs(GraphRequest)]
    unknown = options.keys() - set(names)
    if unknown:
        raise TypeError(f"unknown option: {min(unknown)!r} (must be one of "
                        f"{', '.join(sorted(names))})")
    return GraphRequest(target=target, **options)


def _bundle(thing: Any, include: Any, exclude: Any) -> Bundle:
    from .display import show
    return show(thing, include, exclude)


if __name__ != "viz":            # the copy that lends the name registers nothing
    from ..notebook import register
    register(_bundle)
