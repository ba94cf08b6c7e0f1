"""Program: a graph as ops in order of creation, to be searched for repeats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Program(NamedTuple):
    """Ops in order of creation. A source is an op's number, or −1 − the number of a leaf.

    Each result of an op with several is one op, right after it: its parts.
    """

    label: list[int]             # op -> its label: equal for equal op, shapes and attributes
    first: list[int]             # op -> its first source in `source`; one more at the end
    source: list[int]
    leaf: list[int]              # leaf -> its label: kind, shape
    passes: list[int]            # op -> the pass of the loop that made it, or 0
    group: list[tuple[str, ...]]  # op -> the path of its scope
    numbers: dict[int, tuple[int, ...]]        # op -> the integers of its attributes, if any
    parts: set[int]              # ops that are a result of the one before, not separable from it


class Parsed(NamedTuple):
    """A graph as a program, and back: the node of each op and leaf of the program."""

    program: Program
    op: list[int]                # op -> its node's index in the graph; -1 of a part
    box: list[int]               # op -> the index of its result; -1 if it has several
    leaf: list[int]              # leaf -> its node's index
    into: list[int]              # index in `source` -> the index of its edge in the graph
    out: list[int]               # op -> the index of the edge to its tensor, or -1
    tail: Sequence[int]          # edge -> the index of its node
    head: Sequence[int]
    outputs: tuple[int, ...]     # the nodes of kind output
    odd: tuple[int, ...] = ()    # other edges: to the tensors of an unusual op
