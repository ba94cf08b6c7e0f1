"""Branches: which of the `if`s of the user's code were taken in a run, and which were not."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from .run import Run
from .source import display


class Branch(NamedTuple):
    """An `if` that ran one way only."""

    file: str
    line: int
    test: str                    # its condition: x > 0
    taken: bool                  # whether the condition held
    first: int                   # the lines of the branch that was taken (0, 0 where it is empty)
    last: int
    other: tuple[int, int]       # and of the one that was not; (0, 0) where there is none

    def __str__(self) -> str:
        first, last = self.other
        skipped = "" if not first else f": line {first} was not taken" if first == last else \
            f": lines {first}–{last} were not taken"
        return f"{display(self.file)}:{self.line}: {self.test} was {self.taken}{skipped}"


def branches(run: Run) -> tuple[Branch, ...]:
    """The `if`s that ran one way only, in order of file and line."""
    found = []
    for file in sorted({file for file, _ in run.lines}):
        try:
            with open(file, encoding="utf-8") as source:
                tree = ast.parse(source.read())
        except (OSError, SyntaxError, ValueError):     # a notebook's cell, a generated file
            continue
        ran = {line: count for (name, line), count in run.lines.items() if name == file}
        found += [branch for node in ast.walk(tree) if isinstance(node, ast.If)
                  for branch in _branch(file, node, ran)]
    return tuple(sorted(found))


def _branch(file: str, node: ast.If, ran: Mapping[int, int]) -> Iterator[Branch]:
    if node.lineno not in ran:
        return
    body, other = _span(node.body), _span(node.orelse)
    taken = body[0] in ran
    if taken and (other[0] in ran or ran[body[0]] < ran[node.lineno]):
        return                   # both ways, in passes of a loop
    first, second = (body, other) if taken else (other, body)
    yield Branch(file, node.lineno, ast.unparse(node.test), taken, *first, second)


def _span(statements: list[ast.stmt]) -> tuple[int, int]:
    if not statements:
        return 0, 0
    return statements[0].lineno, statements[-1].end_lineno or statements[-1].lineno
