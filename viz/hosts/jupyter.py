"""Jupyter: the command line as magics, after `%load_ext viz.hosts.jupyter`.

    %tinyviz graph f --at 1.2           a function, a tensor or a graph of the notebook by its name,
                                        or any target of the command line
    %%tinyviz plot --range -2 2         the cell's last function
    def f(x):
        return x*x*x + x
"""

from __future__ import annotations

import ast
import dataclasses
import os
from collections.abc import Mapping
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class
from IPython.display import display

from ...tinytorch import Tensor
from ..display import mime_bundle
from ..documents import picture as pictures
from ..documents.dependencies import DocumentError
from ..documents.picture import Project
from ..graph import Graph
from ..graph.files import save


def load_ipython_extension(ipython: Any) -> None:
    """Called by %load_ext."""
    ipython.register_magics(Tinyviz)


def unload_ipython_extension(ipython: Any) -> None:
    """Called by %unload_ext."""
    ipython.magics_manager.magics["line"].pop("tinyviz", None)
    ipython.magics_manager.magics["cell"].pop("tinyviz", None)


@magics_class
class Tinyviz(Magics):
    """%tinyviz and %%tinyviz."""

    @line_cell_magic
    def tinyviz(self, line: str, cell: str | None = None) -> None:
        """Draw what the words of the command line ask for."""
        try:
            words = pictures.split(line)
            if {"-h", "--help"} & set(words) or not words:
                print(self._help(words))
                return
            project = Project(os.getcwd(), outside=True)
            if cell is not None:
                words = [*words, "--", self._defined(cell)]
            self._draw(self._resolved(pictures.parse(words, project).request))
        except DocumentError as error:
            raise UsageError(str(error)) from None

    def _draw(self, request: Any) -> None:
        """Show the picture of a request, or write it where files are named."""
        written = bool(request.outputs)
        if not written:
            request = dataclasses.replace(request, outputs=("f.svg", "f.png"), both=False,
                                          dpi=192.0)
        drawn = pictures.draw_request(request)
        for note in drawn.notes:
            print(note)
        if written:
            for file in drawn.files:
                save(file.path, file.content)
            return
        data, metadata = mime_bundle(drawn, drawn.alt)
        display(data, metadata=metadata, raw=True)

    def _defined(self, cell: str) -> str:
        """Run a cell; the name of the last function in it."""
        names = [node.name for node in ast.parse(cell).body if isinstance(node, ast.FunctionDef)]
        if not names:
            raise DocumentError("the cell defines no function: write one, such as "
                                "def f(x): return x*x")
        result = self._notebook().run_cell(cell)
        if not result.success:
            raise DocumentError("the cell has failed: there is nothing to draw")
        return names[-1]

    def _resolved(self, request: Any) -> Any:
        """The request, its target the thing that the notebook knows by that name."""
        names: Mapping[str, Any] = self._notebook().user_ns
        thing = names.get(request.target)
        known = callable(thing) or isinstance(thing, (Tensor, Graph))
        return dataclasses.replace(request, target=thing) if known else request

    def _notebook(self) -> Any:
        return self.shell        # typed as one that may be missing

    def _help(self, words: list[str]) -> str:
        import click
        name = next((word for word in words if word in pictures.NAMES), "")
        if not name:
            return "%tinyviz graph TARGET or %tinyviz plot TARGET; see also %tinyviz graph --help"
        command = pictures.command(name)
        return command.get_help(click.Context(command, info_name=f"%tinyviz {name}"))
