"""Destinations: the path, format and theme of each file that is requested."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from ..graph.files import dark_path
from ..options.fields import OptionError
from ..options.message import Message, Option
from .common import Request


class Destination(NamedTuple):
    """A file to be made."""

    path: str                    # "-": standard output; "": to be named after the target
    format: str


def destinations(request: Request, formats: Collection[str], aliases: Mapping[str, str], *,
                 folder: bool = False) -> list[Destination]:
    """Return the requested files, in formats among `formats`.

    folder: a path that ends in a slash is a folder of frames. Raises OptionError.
    """
    def listed() -> str:         # reads entry points, which takes 50 ms: for errors only
        return ", ".join(formats) + (", or a folder: frames/" if folder else "")

    format = aliases.get(request.format, request.format) if request.format else None
    if format is not None and format not in formats:
        raise OptionError(f"unknown format: {format!r} (must be one of {listed()})")
    wanted = []
    for path in request.outputs or ("",):
        suffix = os.path.splitext(path)[1][1:].lower()
        kind = format or aliases.get(suffix, suffix)
        if not kind:
            kind = "html" if folder and not path else "svg" if path in ("", "-") else \
                "frames" if folder and path.endswith(("/", os.sep)) else ""
        if kind not in formats and kind != "frames":
            raise OptionError(
                f"unknown format: {suffix!r} of {path!r} (must be one of {listed()})" if suffix else
                Message(f"{path!r} has no suffix to name its format: add one of {listed()}, or ",
                        Option("format")))
        wanted.append(Destination(path, kind))
    return wanted


def themes(request: Request, theme: str = "light") -> tuple[str, ...]:
    """Return the themes of each file: the dark one second. Raises OptionError."""
    first = "dark" if theme in ("", "light") and request.dark else theme or "light"
    if not request.both:
        return (first,)
    if first == "dark":
        raise OptionError(Message(Option("both"), " adds a dark picture to a light one: leave the "
                                                  "dark theme out"))
    if "-" in request.outputs:
        raise OptionError(Message(Option("both"), " writes two files, and - is one stream: name "
                                                  "a file after -o"))
    return (first, "dark")


def named(wanted: Sequence[Destination], stem: str, themes: Sequence[str]
          ) -> list[tuple[str, str, str]]:
    """Return (path, format, theme) for each file; without a path output/STEM.FORMAT."""
    placed = [(path or os.path.join("output", f"{stem}.{kind}"), kind) for path, kind in wanted]
    return [(dark_path(path) if i else path, kind, theme)
            for path, kind in placed for i, theme in enumerate(themes)]
