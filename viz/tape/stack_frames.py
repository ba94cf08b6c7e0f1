"""Caller frames: the running line outside a framework, and the variables its result goes to."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Sequence
from dis import Instruction, get_instructions
from functools import lru_cache
from types import CodeType, FrameType

from ..run.tracer import Place

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
BETWEEN = ("COPY", "NOP", "EXTENDED_ARG")          # a = b = f(): allowed before a name
RETURNS = ("RETURN_VALUE",)


class CallerFrames:
    """The frames of the code that calls a framework, without the framework's own and ours.

    folder: the folder of the framework's files; wrappers: those of its files whose functions
    directly return another one's result.
    """

    def __init__(self, folder: str, wrappers: tuple[str, ...]) -> None:
        self.folder = folder
        self.inner = folder, _OURS
        self.wrappers = frozenset(folder + name for name in wrappers)

    def place(self, frame: FrameType | None) -> Place | None:
        """Return the innermost place outside the framework, from a frame outwards; None if there is
        none."""
        while frame is not None and frame.f_code.co_filename.startswith(self.folder):
            frame = frame.f_back
        if frame is None or frame.f_code.co_filename.startswith(_OURS):
            return None
        return Place(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)

    def variables(self, frame: FrameType | None) -> tuple[str, ...]:
        """Return the variables that the result of some wrappers is assigned to; () inside."""
        while frame is not None and frame.f_code.co_filename in self.wrappers:
            frame = frame.f_back
        return variables(frame, self.inner)


def variables(frame: FrameType | None, folders: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the variables that a frame's pending result is assigned to; () if not directly.

    If the result is returned, those of the caller, or none if that lies in one of the folders. `h =
    f(x)` gives h, `q, k, v = f(x)` gives q, k and v.
    """
    while frame is not None and not (folders and frame.f_code.co_filename.startswith(folders)):
        offsets, takers = _assignments(frame.f_code)
        found = takers[bisect_right(offsets, frame.f_lasti) - 1]
        if found is not None:
            return found
        frame = frame.f_back
    return ()


@lru_cache(maxsize=1024)
def _assignments(code: CodeType) -> tuple[list[int], list[tuple[str, ...] | None]]:
    """Return the offsets of instructions, and for each the variables that its result is assigned
    to; None if it is returned."""
    steps = [step for step in get_instructions(code) if step.opname not in BETWEEN]
    return [step.offset for step in steps], [_assigned(steps, i + 1) for i in range(len(steps))]


def _assigned(steps: Sequence[Instruction], i: int) -> tuple[str, ...] | None:
    if i >= len(steps):
        return ()
    step = steps[i]
    if step.opname in RETURNS:
        return None
    if step.opname != "UNPACK_SEQUENCE":
        return _stored(step)[:1]
    found: tuple[str, ...] = ()
    for after in steps[i + 1:]:
        if len(found) >= step.argval or not _stored(after):
            break
        found += _stored(after)
    return found[:step.argval] if len(found) >= step.argval else ()    # self.a, b = f(): neither


def _stored(step: Instruction) -> tuple[str, ...]:
    """Return the variables that an instruction writes: two if it combines two writes."""
    if not step.opname.startswith(("STORE_FAST", "STORE_NAME", "STORE_DEREF", "STORE_GLOBAL")):
        return ()
    if isinstance(step.argval, str):
        return (step.argval,)
    return tuple(step.argval)[:1 + step.opname.endswith("STORE_FAST")]
