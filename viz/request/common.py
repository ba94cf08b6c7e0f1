"""Common parts of requests: a target, files, a time limit; and the result of one."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..options.fields import option

TARGET = "f.py, f.py:g, package.module:g or an expression such as \"x**3 + x\""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Request:
    """A target and the files to draw it into."""

    target: Any = option(None, f"{TARGET}. In Python also a function.", flags=("target",))
    expression: str | None = option(
        None, "An expression to draw, such as \"-x**2\", in place of TARGET.", metavar="EXPR",
        flags=("-e", "--expression"))
    outputs: tuple[str, ...] = option(
        (), "Output file; its suffix sets the format. Repeatable. - is standard output.",
        kind="file", many=True, metavar="FILE", flags=("-o", "--output"),
        default_help="output/NAME.svg")
    format: str | None = option(None, "The format, where no suffix sets it.", metavar="FORMAT")
    dark: bool = option(False, "Use the dark theme.", kind="flag")
    both: bool = option(False, "Also write a dark version of each FILE (f-dark.svg).", kind="flag",
                        documents=False)
    alt: str = option("", "Alternative text.", metavar="TEXT", default_help="generated")
    dpi: float = option(192.0, "Resolution of a PNG: 96 is one pixel per px of the SVG.",
                        kind="number", low=10, high=2400)
    time_limit: float | None = option(60.0, "Abort after this many seconds.", kind="number",
                                      low=0.001, metavar="SECONDS")
    code: str = option("", "The source code of a function, in place of a file.",
                       command_line=False)
    root: str = option("", "The folder that targets are seen from and run in.", default_help="the "
                       "current one", command_line=False)

    @property
    def seconds(self) -> float:
        """The time limit, infinite if there is none."""
        return math.inf if self.time_limit is None else self.time_limit


class File(NamedTuple):
    """A requested picture, or data, in memory."""

    path: str                    # where it goes
    format: str
    theme: str                   # light, dark ...; "" of data
    content: bytes


class Drawn(NamedTuple):
    """The result of a request."""

    files: tuple[File, ...]
    alt: str                     # what the picture shows, in a sentence
    notes: tuple[str, ...]       # what its reader should know: a str, or a Message
    flags: tuple[str, ...] = ()  # what --flag found
    error: Exception | None = None           # what f raised: the files show what ran before
    graph: Any = None            # the Graph that was drawn; None of a plot


def pairs(given: Any) -> tuple[tuple[str, Any], ...]:
    """Return values of arguments as (name, value), "" for one by place.

    given: a mapping, pairs, or one or more values.
    """
    if isinstance(given, Mapping):
        return tuple(given.items())
    if not isinstance(given, (tuple, list)):
        return (("", given),)
    return tuple(one if isinstance(one, tuple) and len(one) == 2 and isinstance(one[0], str)
                 else ("", one) for one in given)
