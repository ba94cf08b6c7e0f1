"""Jupyter: the command line as magics, after `%load_ext viz.hosts.jupyter`.

    %tinyviz graph f --at 1.2           a function, a tensor or a graph of the notebook by its name,
                                        or any target of the command line
    %%tinyviz plot --range -2 2         the cell's last function
    def f(x):
        return x*x*x + x
"""

from __future__ import annotations

import ast
import os
import tempfile
from collections.abc import Mapping
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class
from IPython.display import display

from ... import cli
from ...tinytorch import Tensor

from .. import read, display as shown
from ..documents import picture as pictures
from ..documents.dependencies import DocumentError
from ..documents.picture import Picture, Project
from ..graph import Graph
from ..graph.json import to_json


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
            project = Project(cli.commands.commands, cli.VERSION, os.getcwd(), outside=True)
            if cell is not None:
                words = [*words, "--", self._defined(cell)]
            picture = pictures.parse(words, project)
            with tempfile.TemporaryDirectory(prefix="tinyviz-") as folder:
                self._draw(self._resolved(picture, folder))
        except DocumentError as error:
            raise UsageError(str(error)) from None

    def _draw(self, picture: Picture) -> None:
        if picture.asked["outputs"]:
            for note in pictures.run(picture, picture.asked["outputs"],
                                     dark=picture.asked["dark"]):
                print(note)
            return
        theme = "dark" if picture.asked["dark"] else "light"
        drawn = pictures.draw(picture._replace(asked={**picture.asked, "dpi": 192}),
                              ("svg", "png"), (theme,))
        for note in drawn.notes:
            print(note)
        data, metadata = shown.mime(shown.Picture(
            {kind: drawn.files[theme, kind] for kind in shown.MIME}, drawn.alt), drawn.alt)
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

    def _resolved(self, picture: Picture, folder: str) -> Picture:
        """The picture, its target what the notebook knows by that name."""
        names: Mapping[str, Any] = self._notebook().user_ns
        target = picture.asked["target"]
        thing = names.get(target)
        if isinstance(thing, (Tensor, Graph)):
            path = os.path.join(folder, f"{target}.json")
            with open(path, "w", encoding="utf-8") as file:
                file.write(to_json(read(thing)))
            return picture._replace(asked={**picture.asked, "target": path})
        if callable(thing):
            return picture._replace(asked={**picture.asked, "target": f"__main__:{target}"})
        return picture

    def _notebook(self) -> Any:
        return self.shell        # typed as one that may be missing

    def _help(self, words: list[str]) -> str:
        import click
        name = next((word for word in words if word in pictures.NAMES), "")
        if not name:
            return "%tinyviz graph TARGET or %tinyviz plot TARGET; %tinyviz graph --help says more"
        command = cli.commands.commands[name]
        return command.get_help(click.Context(command, info_name=f"%tinyviz {name}"))
