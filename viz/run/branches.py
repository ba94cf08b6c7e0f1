"""Branches: the path through the `if`s of the user's code in a run, and the parts left out."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from .execute import Run
from .targets import display_path
from .tracer import syntax


class Branch(NamedTuple):
    """An `if`, or a conditional expression, of which only one branch ran."""

    file: str
    line: int
    test: str                    # its condition: x > 0
    taken: bool                  # whether the condition was true
    first: int                   # lines of the branch that was taken (0, 0 if it is empty,
    last: int                    # or is part of a line)
    other: str                   # the other branch: line 4, lines 8–9, 0.01 * x; "" for none

    def __str__(self) -> str:
        verb = "were" if self.other.startswith("lines ") else "was"
        skipped = f": {self.other} {verb} not taken" if self.other else ""
        return f"{display_path(self.file)}:{self.line}: {self.test} was {self.taken}{skipped}"


def branches(run: Run) -> tuple[Branch, ...]:
    """Return the conditionals of which only one branch ran, in order of file and line."""
    found: list[Branch] = []
    for file in sorted({file for file, _ in run.lines}):
        for node in syntax(file, "if"):
            if isinstance(node, ast.If):
                found += _statement(file, node, run)
            elif isinstance(node, ast.IfExp):
                found += _expression(file, node, run)
    return tuple(sorted(found))


def _statement(file: str, node: ast.If, run: Run) -> Iterator[Branch]:
    if (file, node.lineno) not in run.lines:
        return
    body, other = _span(node.body), _span(node.orelse)
    taken = (file, body[0]) in run.lines
    if taken and ((file, other[0]) in run.lines
                  or run.lines[file, body[0]] < run.lines[file, node.lineno]):
        return                   # both, in passes of a loop
    first, second = (body, other) if taken else (other, body)
    lines = "" if not second[0] else f"line {second[0]}" if second[0] == second[1] else \
        f"lines {second[0]}–{second[1]}"
    yield Branch(file, node.lineno, ast.unparse(node.test), taken, *first, lines)


def _expression(file: str, node: ast.IfExp, run: Run) -> Iterator[Branch]:
    """Yield `a if test else b` if one part ran: the parts have instructions of their own."""
    taken, skipped = (_ran(file, part, run) for part in (node.body, node.orelse))
    if taken != skipped:         # otherwise both ran, or neither
        yield Branch(file, node.lineno, ast.unparse(node.test), taken, 0, 0,
                     ast.unparse(node.orelse if taken else node.body))


def _ran(file: str, part: ast.expr, run: Run) -> bool:
    """Return whether an instruction of this part of an expression ran."""
    start, end = (part.lineno, part.col_offset), (part.end_lineno, part.end_col_offset)
    return any(start <= (line, column) and (last, stop) <= end
               for line, last, column, stop in run.parts.get(file, ()))


def _span(statements: list[ast.stmt]) -> tuple[int, int]:
    if not statements:
        return 0, 0
    return statements[0].lineno, statements[-1].end_lineno or statements[-1].lineno
