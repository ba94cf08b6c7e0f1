"""Frame: a run that is drawn, with its position; and the representative of each op."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..graph.program import Program
from .find_repeats import Repetition, Slot


class Frame(NamedTuple):
    """A run that is drawn: its place among the others, and the sources of its segment's inputs."""

    path: str                    # "2/1": the first run within the second
    parent: int                  # the frame around it; -1 at the top level
    run: Repetition
    starts: tuple[int, ...]      # its start in each repeat of the frames around it
    slots: tuple[Slot, ...]      # of the inputs of the first repeat's ops, in order


def representatives(program: Program, frames: Sequence[Frame]) -> tuple[list[int], list[int]]:
    """Return op -> its representative in the first repeats; representative -> its frame, or -1."""
    stands = list(range(len(program.label)))
    inside = [-1] * len(stands)
    for i, frame in enumerate(frames):
        s, p = frame.run.start, frame.run.period
        inside[s:s + p] = [i] * p                  # inner frames come later and overwrite it
    for frame in reversed(frames):
        s, p = frame.run.start, frame.run.period
        for start in frame.starts[:1]:
            stands[start:start + p * frame.run.times] = stands[s:s + p] * frame.run.times
    return stands, inside
