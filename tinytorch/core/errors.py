"""Where in the user's own code something happened, and the sentences that say so."""

from __future__ import annotations

import linecache
import os
import sys
import warnings
from types import FrameType
from typing import Any

import numpy

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_SITE = os.path.dirname(os.path.dirname(numpy.__file__)) + os.sep
_NOT_THE_USERS = (_OURS, *(_SITE + name + os.sep for name in ("numpy", "scipy", "matplotlib")),
                  "<__array_function__")
callers: list[str] = []          # folders of programs that run users' functions: no spot above them


class Place:
    """A spot in the user's code. Written it is `f.py:3`, or nothing where there is no such spot."""

    def __init__(self, file: str = "", line: int = 0, expression: str = "", depth: int = 1) -> None:
        self.file = file
        self.line = line
        self.expression = expression     # the text of the call that was running: math.sin(x)
        self.depth = depth               # frames above the caller: a warning's stacklevel

    def __str__(self) -> str:
        return f"{os.path.basename(self.file)}:{self.line}" if self.file else ""

    @property
    def prefix(self) -> str:
        """`f.py:3: `, to begin a message with."""
        return f"{self}: " if self.file else ""


class EngineWarning(RuntimeWarning):
    """An op left the real numbers: a division by zero, the logarithm of zero ...

    `with numpy.errstate(divide="ignore", invalid="ignore")` silences it.
    """


def place(frame: FrameType | None = None) -> Place:
    """The innermost line of the user's that is running now, with the expression it evaluates.

    The frame to begin at: the caller's, if there is none.
    """
    frame, depth = frame or sys._getframe(1), 1
    ends = tuple(callers)
    while frame is not None and not frame.f_code.co_filename.startswith(ends):
        if not frame.f_code.co_filename.startswith(_NOT_THE_USERS):
            return Place(frame.f_code.co_filename, frame.f_lineno, _expression(frame), depth)
        frame, depth = frame.f_back, depth + 1
    return Place()


def _expression(frame: FrameType) -> str:
    """The source text of the instruction the frame is at (PEP 657), on one line, else ""."""
    positions = list(frame.f_code.co_positions())
    i = frame.f_lasti // 2
    if not 0 <= i < len(positions):
        return ""
    first, last, start, end = positions[i]
    if first is None or last is None or start is None or end is None:
        return ""
    lines = [linecache.getline(frame.f_code.co_filename, n).encode() for n in
             range(first, last + 1)]
    if not lines or not lines[0]:
        return ""
    lines[-1] = lines[-1][:end]
    lines[0] = lines[0][start:]
    return " ".join(line.decode(errors="replace").strip() for line in lines)


def warn(message: str) -> None:
    """Warn at the user's line. Without one (a REPL's frame counts as one) at our caller's."""
    spot = place()
    warnings.warn(spot.prefix + message, EngineWarning, stacklevel=spot.depth)


def misfit(name: str, args: Any, error: Exception) -> Exception:
    """The error for operands that do not fit: op, shapes, the line of f; IndexError stays one."""
    spot = place()
    quoted = f"`{spot.expression}`: " if spot.expression else ""
    listed = " and ".join(str(a.shape) for a in args)
    plain = type(error) is ValueError and len(args) > 1
    message = (f"{name} does not fit the shapes {listed} ({error})" if plain else
               f"{name} of shape {listed}: {error}")
    kinds = (IndexError, numpy.linalg.LinAlgError, numpy.exceptions.AxisError)
    kind = next((k for k in kinds if type(error) is k), ValueError)
    return kind(spot.prefix + quoted + message)
