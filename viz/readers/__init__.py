"""Readers: what a framework recorded becomes a Graph. One file each, named for its package."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

from ..graph import Graph
from ..run import Run


def frameworks() -> tuple[str, ...]:
    """The packages whose values can be read: the files in this folder."""
    return tuple(sorted(name[:-3] for name in os.listdir(os.path.dirname(__file__))
                        if name.endswith(".py") and not name.startswith("_")))


def read(root: Any) -> Graph:
    """The graph that ends at a tensor of any framework. Raises TypeError for anything else."""
    return _reader(root).read(root)


def read_run(run: Run, *, grad: bool = True, order: int = 1) -> Graph:
    """The graph of one run of a function: backward is run, the user's names and lines are known."""
    return _reader(run.result).read_run(run, grad=grad, order=order)


def _reader(root: Any) -> Any:
    for kind in type(root).__mro__:
        package = kind.__module__.partition(".")[0]
        if package in frameworks():
            return import_module(f".{package}", __name__)
    raise TypeError(f"cannot read a graph from {type(root).__name__} {root!r:.60} "
                    f"(must be a tensor of {' or '.join(frameworks())})")
