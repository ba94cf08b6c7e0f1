"""The location in the user's code that is running, and the messages that name it."""

from __future__ import annotations

import linecache
import os
import sys
import warnings
from collections.abc import Sequence
from types import FrameType
from typing import Any

import numpy

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_SITE = os.path.dirname(os.path.dirname(numpy.__file__)) + os.sep
_NOT_THE_USERS = (_OURS, *(_SITE + name + os.sep for name in ("numpy", "scipy", "matplotlib")),
                  "<__array_function__")
runner_folders: list[str] = []   # of programs that run user code: frames above are not the user's


class Location:
    """A line of the user's code; as text `f.py:3`, or empty where there is none."""

    def __init__(self, file: str = "", line: int = 0, expression: str = "", depth: int = 1) -> None:
        self.file = file
        self.line = line
        self.expression = expression     # the source text of the running call: math.sin(x)
        self.depth = depth               # frames above the caller: a warning's stacklevel

    def __str__(self) -> str:
        return f"{os.path.basename(self.file)}:{self.line}" if self.file else ""

    @property
    def prefix(self) -> str:
        """The start of a message: `f.py:3: `."""
        return f"{self}: " if self.file else ""

    def quoted(self, default: str = "") -> str:
        """Return the running expression in backticks, or the default if it is unknown."""
        return f"`{self.expression}`" if self.expression else default


class EngineWarning(RuntimeWarning):
    """An op left the real numbers: a division by zero, the logarithm of zero ...

    `with numpy.errstate(divide="ignore", invalid="ignore")` silences it.
    """


def location(frame: FrameType | None = None) -> Location:
    """Return the innermost line of the user's code that is running, with its expression.

    The search starts at `frame`, by default the caller's, and goes outwards.
    """
    frame, depth = frame or sys._getframe(1), 1
    ends = tuple(runner_folders)
    while frame is not None and not frame.f_code.co_filename.startswith(ends):
        if not frame.f_code.co_filename.startswith(_NOT_THE_USERS):
            return Location(frame.f_code.co_filename, frame.f_lineno, _expression(frame), depth)
        frame, depth = frame.f_back, depth + 1
    return Location()


def _expression(frame: FrameType) -> str:
    """Return the source text of the running instruction (PEP 657) on one line, else ""."""
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


def prefix() -> str:
    """Return the start of a message, with the user's running line: `f.py:3: `."""
    return location().prefix


def warn(message: str) -> None:
    """Warn at the user's line, or at our caller's if there is none (as in a REPL)."""
    at = location()
    warnings.warn(at.prefix + message, EngineWarning, stacklevel=at.depth)


def shape_error(name: str, args: Sequence[Any], error: Exception) -> Exception:
    """Return the error for operands that do not fit an op, with their shapes and the user's line.

    An IndexError, LinAlgError or AxisError keeps its type; anything else becomes a ValueError.
    """
    at = location()
    quoted = f"{at.quoted()}: " if at.expression else ""
    listed = " and ".join(str(a.shape) for a in args)
    plain = type(error) is ValueError and len(args) > 1
    message = (f"{name} does not fit the shapes {listed} ({error})" if plain else
               f"{name} of shape {listed}: {error}")
    kinds = (IndexError, numpy.linalg.LinAlgError, numpy.exceptions.AxisError)
    kind = next((k for k in kinds if type(error) is k), ValueError)
    return kind(at.prefix + quoted + message)
