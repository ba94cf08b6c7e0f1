"""Source positions and variable names of a jaxpr's equations in the user's files."""

from __future__ import annotations

import ast
import os
from collections.abc import Sequence
from itertools import islice
from typing import Any

from ....short_names import places
from ...graph import text
from ...run.targets import Target
from ...run.tracer import Place

Span = tuple[int, int, int, int]                   # line, column, last line, last column
Names = tuple[str, ...]


class Lines:
    """Finds lines in the user's files: those in the target's folder, except libraries."""

    def __init__(self, target: Target) -> None:
        self._root = os.path.dirname(os.path.abspath(target.file)) + os.sep if target.file else ""
        self._file = target.file
        self._named: dict[str, dict[Span, Names]] = {}     # file -> span of an expression -> names
        self._bound: dict[str, dict[int, int]] = {}        # name -> statement -> stamp
        self._given: set[int] = set()              # stamps that have a name
        self._places: list[tuple[int, Place]] = []

    def note(self, equation: Any, stamp: int) -> None:
        """Record that an equation made the tensor of this stamp."""
        place = self.place(equation)
        if place is not None:
            self._places.append((stamp, place))

    def bind(self, equation: Any, stamps: Sequence[int], statement: int) -> None:
        """Name the tensors of these stamps by the variables that the equation's result is assigned
        to, unless they have names; of a statement's tensors the last ones get them."""
        found = self._frame(equation)
        names = self._names(found[0]).get(found[1], ()) if found else ()
        if len(names) == len(stamps):
            for name, stamp in zip(names, stamps):
                if name and name != "_" and stamp and stamp not in self._given:
                    bound = self._bound.setdefault(name, {})
                    self._given.discard(bound.get(statement, 0))
                    self._given.add(stamp)
                    bound[statement] = stamp

    def place(self, equation: Any) -> Place | None:
        """Return the line of an equation in the user's code."""
        found = self._frame(equation)
        return Place(found[0], found[1][0], found[2]) if found else None

    def knows(self, closed: Any) -> bool:
        """Return whether the function of a jaxpr is defined in the user's files. JAX caches its own
        functions, with the lines of their first call."""
        jaxpr = getattr(closed, "jaxpr", closed)
        source = str(getattr(getattr(jaxpr, "debug_info", None), "func_src_info", ""))
        return self.is_users(source.partition(" at ")[2].rpartition(":")[0])

    def origins(self) -> tuple[dict[int, str], tuple[int, ...], tuple[Place | None, ...]]:
        """Return the names by stamp; and the stamps and places of a Run."""
        names = {stamp: name if len(stamps) == 1 else name + text.subscript(i + 1)
                 for name, stamps in self._bound.items() for i, stamp in enumerate(stamps.values())}
        stamps: list[int] = []
        places: list[Place | None] = []
        for stamp, place in sorted(self._places, key=lambda item: item[0]):
            stamps += [stamp, stamp + 1]
            places += [place, None]
        return names, tuple(stamps), tuple(places)

    def _frame(self, equation: Any) -> tuple[str, Span, str] | None:
        """Return the innermost frame in the user's code: its file, its span, its function."""
        traceback = equation.source_info.traceback
        if traceback is None:
            return None
        for code, offset in zip(*traceback.raw_frames()):        # the innermost first
            if self.is_users(code.co_filename):
                line, last, column, end = next(islice(code.co_positions(), offset // 2, None))
                span = (line or code.co_firstlineno, column or 0, last or 0, end or 0)
                return code.co_filename, span, code.co_name
        return None

    def is_users(self, file: str) -> bool:
        """Return whether a file is the user's."""
        return bool(self._root) and (file == self._file or (
            file.startswith(self._root) and "site-packages" not in file
            and not file.startswith(places())))

    def _names(self, file: str) -> dict[Span, Names]:
        """Return the assigned expressions of a file, by position."""
        if file not in self._named:
            named: dict[Span, Names] = {}
            try:
                with open(file, encoding="utf-8") as source:
                    tree = ast.parse(source.read())
            except (OSError, SyntaxError, ValueError):
                tree = ast.Module([], [])
            for node in ast.walk(tree):
                if isinstance(node, ast.Assign):
                    to = node.targets[0]
                    named[_span(node.value)] = tuple(
                        one.id if isinstance(one, ast.Name) else ""
                        for one in (to.elts if isinstance(to, ast.Tuple) else [to]))
                elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                    named[_span(node)] = node.target.id,
            self._named[file] = named
        return self._named[file]


def _span(node: ast.expr | ast.stmt) -> Span:
    return node.lineno, node.col_offset, node.end_lineno or 0, node.end_col_offset or 0
