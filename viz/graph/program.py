"""Program: a graph as ops in order of creation, which is what is looked at for what repeats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Program(NamedTuple):
    """Ops in order of creation. A source is an op's number, or −1 − the number of a leaf.

    What an op of several outputs made is one op each, right after it: its parts.
    """

    label: list[int]             # op -> what it is: equal where op, shapes and attributes are
    first: list[int]             # op -> its first source in `source`; one more at the end
    source: list[int]
    leaf: list[int]              # leaf -> what it is: kind, shape
    passes: list[int]            # op -> the pass of the loop that made it, or 0
    group: list[tuple[str, ...]]  # op -> the path of its scope
    numbers: dict[int, tuple[int, ...]]        # op -> the integers of its attributes, if any
    parts: set[int]              # ops that are an output of the one before: not apart from it


class Parsed(NamedTuple):
    """A graph as a program, and back: which node each op and leaf of the program is."""

    program: Program
    op: list[int]                # op -> its node's index in the graph; -1 of a part
    box: list[int]               # op -> the index of the tensor it made; -1 where it made several
    leaf: list[int]              # leaf -> its node's index
    into: list[int]              # source's place -> the index of its edge in the graph
    out: list[int]               # op -> the index of the edge to its tensor, or -1
    tail: Sequence[int]          # edge -> the index of its node
    head: Sequence[int]
    outputs: tuple[int, ...]     # the nodes of kind output
    odd: tuple[int, ...] = ()    # edges that are none of those: to the tensors of an odd op
