"""Picture: what a document asks for in the words of the command line, checked, then drawn.

The words are parsed by the very click commands that the command line has, and drawn by them: what
these learn, documents know. Commands are handed in: this file stands above the command line.
"""

from __future__ import annotations

import contextlib
import html
import io
import os
import re
import shlex
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import click

from ..graph.files import dark_path
from ..run.targets import CODE
from . import dependencies
from .dependencies import DocumentError

NAMES = ("graph", "plot")
KINDS = ("svg", "png", "pdf")    # what hosts ask for
REFUSED = {"open_": "--open", "traceback": "--traceback", "both": "--both"}
TARGETS = ("target", "others")   # looked at before they are run
# What may be any text. An option of text that is not listed may name a file: it is refused.
TEXTS = {*TARGETS, "expression", "outputs", "format", "alt", "title", "focus", "start", "end",
         "hidden", "expand", "style", "points", "points_at", "inputs", "families", "mark"}


class Project(NamedTuple):
    """Where documents live, and who draws for them."""

    commands: Mapping[str, click.Command]
    version: str
    root: str                    # targets and outputs lie below it, and are relative to it
    outside: bool = False        # whether targets may lie elsewhere


class Picture(NamedTuple):
    """A picture that was asked for."""

    project: Project
    name: str                    # graph or plot
    words: tuple[str, ...]       # after that
    asked: Mapping[str, Any]     # the command's parameters
    sources: tuple[str, ...]     # the files it is made of, relative to the root
    code: str = ""               # of a function that the document itself holds, as the target

    def themes(self, dark: bool) -> tuple[str, ...]:
        """What to draw for a page that may be dark: both, unless the words ask for one theme."""
        if self.asked["dark"]:
            return ("dark",)
        return ("light", "dark") if dark and not self.asked.get("theme") else ("light",)

    @property
    def key(self) -> str:
        """The hash of all that it is made of."""
        return dependencies.key((self.name, *self.words, self.code), self.sources,
                                self.project.root, self.project.version)


class Drawn(NamedTuple):
    """A picture that was drawn."""

    files: Mapping[tuple[str, str], bytes]     # (light or dark, suffix)
    alt: str                     # a sentence
    notes: tuple[str, ...]       # what the command had to say


def split(line: str) -> list[str]:
    """A line as words, as a shell splits it; nothing is expanded. Raises DocumentError."""
    try:
        return shlex.split(line)
    except ValueError as error:
        raise DocumentError(f"{line!r}: {error}") from None


def parse(words: Sequence[str], project: Project, *, code: str = "") -> Picture:
    """The picture that words such as graph f.py --at 1.2 ask for; with `code` in place of a file.

    Raises DocumentError for what the command would refuse, and for what a document may not do.
    """
    if not words or words[0] not in NAMES:
        raise DocumentError(f"{' '.join(words)!r}: begin with {' or '.join(NAMES)}, as on the "
                            "command line: graph f.py --at 1.2")
    name, rest = words[0], list(words[1:])
    command = project.commands[name]
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            context = command.make_context(name, list(rest))
    except click.exceptions.Exit:                  # --help
        raise DocumentError(f"{shlex.join(words)}: asks for help, not for a picture") from None
    except click.ClickException as error:
        raise DocumentError(error.format_message()) from None
    asked = dict(context.params)
    for parameter in command.params:
        _check(parameter, asked.get(parameter.name or ""), project)
    target = asked.get("target")
    listed: list[str] = []
    with _at(project.root):
        if code:
            if target or asked.get("expression"):
                raise DocumentError("give a target or code, not both")
            listed += dependencies.of_code(code, project.root)
        for option in TARGETS:
            given = asked.get(option) or ()
            for one in (given,) if isinstance(given, str) else given:
                listed += dependencies.files(one, project.root, outside=project.outside)
    return Picture(project, name, tuple(rest), asked, tuple(dict.fromkeys(listed)), code)


def _check(parameter: click.Parameter, given: Any, project: Project) -> None:
    """Raises DocumentError where an option is not one for documents."""
    name = parameter.name or ""
    if not given:
        return
    if name in REFUSED:
        raise DocumentError(f"{REFUSED[name]} is for the command line, not for a document")
    if _text(given) and name not in TEXTS and not isinstance(parameter.type, click.Choice):
        raise DocumentError(f"{parameter.opts[-1]} takes any text, which may name a file: a "
                            "document may not use it")
    if name == "style" and (os.path.exists(os.path.join(project.root, given))
                            or not re.fullmatch(r"[\w.-]+", given)):
        raise DocumentError(f"--style {given}: a document names one of matplotlib's styles, "
                            "not a file")


def _text(given: Any) -> bool:
    """Whether there is any text in a parsed value."""
    return isinstance(given, str) or isinstance(given, (tuple, list)) and any(map(_text, given))


def draw(picture: Picture, kinds: Sequence[str] = ("svg",), themes: Sequence[str] = ("light",),
         ) -> Drawn:
    """Draw a picture, light, dark or both: one run of its command, which writes all formats.

    Raises DocumentError with what the command says.
    """
    drawn: dict[tuple[str, str], bytes] = {}
    wanted = ["svg", *(kind for kind in kinds if kind != "svg")]       # the SVG says what it shows
    with tempfile.TemporaryDirectory(prefix=CODE if picture.code else "tinyviz-") as folder:
        paths = [os.path.join(folder, f"f.{kind}") for kind in wanted]
        notes = run(picture, paths, dark="light" not in themes, both=len(themes) > 1)
        for i, theme in enumerate(themes):
            for kind, path in zip(wanted, paths):
                with open(dark_path(path) if i else path, "rb") as file:
                    drawn[theme, kind] = file.read()
    alt = picture.asked.get("alt") or described(drawn[themes[0], "svg"])
    return Drawn({at: content for at, content in drawn.items() if at[1] in kinds}, alt,
                 tuple(notes))


def run(picture: Picture, paths: Sequence[str], *, dark: bool, both: bool = False) -> list[str]:
    """Run the command; it writes the files. Returns the lines that it has said."""
    project = picture.project
    command = project.commands[picture.name]
    asked = dict(picture.asked) | {"outputs": tuple(paths), "format": None, "dark": dark,
                                   "both": both}
    folder = os.path.dirname(paths[0]) + os.sep
    if picture.code:
        asked["target"] = folder + "f.py"
        with open(folder + "f.py", "w", encoding="utf-8") as file:
            file.write(picture.code + "\n")
    said = io.StringIO()
    context = click.Context(command, info_name=picture.name)
    try:
        with (_at(project.root), _alone(project.root), warnings.catch_warnings(record=True) as seen,
              contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said)):
            warnings.simplefilter("always")
            context.invoke(command, **asked)
    except click.ClickException as error:
        raise DocumentError(error.format_message()) from None
    except SystemExit:                             # --strict
        raise DocumentError(said.getvalue().strip() or "the command failed") from None
    except Exception as error:
        kind = "" if hasattr(error, "status") else f"{type(error).__name__}: "
        raise DocumentError(f"{kind}{error}".replace(folder, "")) from error
    lines = said.getvalue().replace(folder, "").splitlines()
    return [*(line for line in lines if line),
            *(str(warning.message) for warning in seen)]


@contextlib.contextmanager
def _at(root: str) -> Iterator[None]:
    """In the root, as if the command were given there."""
    before = os.getcwd()
    os.chdir(root)
    try:
        yield
    finally:
        os.chdir(before)


@contextlib.contextmanager
def _alone(root: str) -> Iterator[None]:
    """What a target imports from the project is forgotten again: the next may have its own."""
    path, known = list(sys.path), set(sys.modules)
    sys.path.insert(0, root)
    try:
        yield
    finally:
        sys.path[:] = path
        for name in set(sys.modules) - known:
            file = getattr(sys.modules[name], "__file__", None)
            if file and dependencies.inside(file, root) and not dependencies.apart(file):
                del sys.modules[name]


def described(svg: bytes) -> str:
    """What an SVG says of itself in its <desc>, else in its <title>."""
    head = svg[:20_000].decode("utf-8", "replace")
    for tag in ("desc", "title"):
        found = re.search(rf"<{tag}>(.*?)</{tag}>", head, re.DOTALL)
        if found and found[1].strip():
            return " ".join(html.unescape(found[1]).split())
    return ""
