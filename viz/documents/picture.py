"""Picture: what a document asks for in the words of the command line, checked, then drawn."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
import re
import shlex
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import click

from ...version import __version__
from .. import request as requests
from ..options.fields import OptionError, Spec, specs
from ..request import common
from ..request.named_options import parsed
from ..request.words import Command, request_class, spelled
from ..request.words import request as request_of
from . import dependencies
from .dependencies import DocumentError

NAMES = ("graph", "plot")
KINDS = ("svg", "png", "pdf")    # what hosts ask for
TARGETS = ("target", "others")   # looked at before they are run


class Project(NamedTuple):
    """The project that documents belong to."""

    root: str                    # targets and outputs lie below it, and are relative to it
    outside: bool = False        # whether targets may lie elsewhere
    version: str = __version__


class Picture(NamedTuple):
    """A picture that was asked for."""

    project: Project
    name: str                    # graph or plot
    words: tuple[str, ...]       # all that was written after that
    request: Any                 # GraphRequest or PlotRequest
    sources: tuple[str, ...]     # the files it is made of, relative to the root

    def themes(self, dark: bool) -> tuple[str, ...]:
        """The themes for a page that may be dark: both, unless the words ask for one."""
        if self.request.dark:
            return ("dark",)
        return ("light", "dark") if dark and not self.request.theme else ("light",)

    @property
    def key(self) -> str:
        """The hash of all that it is made of."""
        return dependencies.key((self.name, *self.words, self.request.code), self.sources,
                                self.project.root, self.project.version)


class DrawnPicture(NamedTuple):
    """A picture that was drawn."""

    files: Mapping[tuple[str, str], bytes]     # (light or dark, suffix)
    alt: str                     # a sentence
    notes: tuple[str, ...]       # what a reader of the log should know


def split(line: str) -> list[str]:
    """A line as words, as a shell splits it; nothing is expanded. Raises DocumentError."""
    try:
        return shlex.split(line)
    except ValueError as error:
        raise DocumentError(f"{line!r}: {error}") from None


def command(name: str) -> Command:
    """The command whose words a document uses, graph or plot. Raises DocumentError for another."""
    if name not in NAMES:
        raise DocumentError(f"unknown picture: {name!r} (must be one of {', '.join(NAMES)})")
    return Command(name, more=(click.Option(["--open"], is_flag=True),
                               click.Option(["--traceback"], is_flag=True)))


def parse(words: Sequence[str], project: Project, *, code: str = "",
          options: Mapping[str, str | None] = {}) -> Picture:
    """The picture that words such as graph f.py --at 1.2 ask for; with `code` in place of a file.

    options: further ones by name, as a directive or a fence has them. Raises DocumentError for what
    the command would refuse, and for what a document may not do.
    """
    if not words or words[0] not in NAMES:
        raise DocumentError(f"{' '.join(words)!r}: begin with {' or '.join(NAMES)}, as on the "
                            "command line: graph f.py --at 1.2")
    name, rest = words[0], list(words[1:])
    asked = command(name)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            given = asked.make_context(name, list(rest)).params | parsed(asked, options)
        for option in ("open", "traceback"):
            if given.pop(option):
                raise DocumentError(f"--{option} is for the command line, not for a document")
        if code and (given["target"] or given["expression"]):
            raise DocumentError("give a target or code, not both")
        for field, spec, _ in specs(request_class(name)):
            _check(field, spec, given.get(field), project)
        request = request_of(name, given, code=code, root=project.root)
    except click.exceptions.Exit:                  # --help
        raise DocumentError(f"{shlex.join(words)}: asks for help, not for a picture") from None
    except click.ClickException as error:
        raise DocumentError(error.format_message()) from None
    except OptionError as error:
        raise DocumentError(spelled(error)) from None
    listed = list(dependencies.of_code(code, project.root)) if code else []
    for option in TARGETS:
        targets = getattr(request, option, None) or ()
        for one in (targets,) if isinstance(targets, str) else targets:
            listed += dependencies.files(one, project.root, outside=project.outside)
    written = [word for option in sorted(options) for word in (option, options[option] or "")]
    return Picture(project, name, (*rest, *written), request, tuple(dict.fromkeys(listed)))


def parse_block(name: str, text: str, project: Project, *,
                options: Mapping[str, str | None] = {}) -> Picture:
    """Return the picture that a block of text asks for: words, the code of a function, or a bare
    expression such as x**3 - x, which needs no quotes. Raises DocumentError as `parse` does.
    """
    if re.search(r"^\s*(def|class|import|from|@)\b", text, re.MULTILINE):
        return parse([name], project, code=text.strip("\n"), options=options)
    line = " ".join(text.split())
    if not re.search(r"""["']|(^|\s)--?[A-Za-z]{2}""", line):
        return parse([name, *(["--", line] if line else [])], project, options=options)
    return parse([name, *split(line)], project, options=options)


def _check(name: str, spec: Spec, given: Any, project: Project) -> None:
    """Raise DocumentError where an option is not one for documents."""
    if not given or name == "outputs":
        return
    flag = f"--{name.replace('_', '-')}"
    if not spec.documents:
        raise DocumentError(f"{flag} is for the command line, not for a document")
    if spec.kind == "file":
        raise DocumentError(f"{flag} takes any text, which may name a file: a document may not "
                            "use it")
    if spec.kind == "style" and (os.path.exists(os.path.join(project.root, given))
                                 or not re.fullmatch(r"[\w.-]+", given)):
        raise DocumentError(f"{flag} {given}: a document names one of matplotlib's styles, not a "
                            "file")


def draw(picture: Picture, kinds: Sequence[str] = ("svg",), themes: Sequence[str] = ("light",),
         ) -> DrawnPicture:
    """Draw a picture, light, dark or both, in all formats at once.

    Raises DocumentError with what the command line would say.
    """
    drawn = draw_request(dataclasses.replace(
        picture.request, outputs=tuple(f"f.{kind}" for kind in kinds), format=None,
        dark="light" not in themes, both=len(themes) > 1))
    looks = dict(zip(dict.fromkeys(file.theme for file in drawn.files if file.theme), themes))
    files = {(looks[file.theme], file.format): file.content for file in drawn.files if file.theme}
    if not all((theme, kind) in files for theme in themes for kind in kinds):
        raise DocumentError("\n".join(drawn.notes))           # it is too large for a picture
    return DrawnPicture(files, drawn.alt, drawn.notes)


def draw_request(request: Any) -> common.Drawn:
    """Draw a request for a reader of documents: warnings are notes, errors are DocumentErrors."""
    try:
        with (warnings.catch_warnings(record=True) as seen,
              contextlib.redirect_stdout(io.StringIO())):
            warnings.simplefilter("always")
            drawn = requests.draw(request)
            if drawn.error is not None:
                raise drawn.error
    except Exception as error:
        kind = "" if hasattr(error, "status") else f"{type(error).__name__}: "
        raise DocumentError(kind + spelled(error)) from error
    if drawn.flags and request.strict:
        raise DocumentError("\n".join(drawn.flags))
    return drawn._replace(notes=(*map(spelled, (*drawn.notes, *drawn.flags)),
                                 *(str(warning.message) for warning in seen)))
