"""Markdown and reStructuredText: pictures between two comments, made anew where they are stale.

    <!-- tinyviz: graph examples/cubic.py --at 1.2 -o docs/img/cubic.svg --dark -->
    ... made here: nothing else in the file is touched ...
    <!-- /tinyviz -->

The words are the command line's, given at the root of the project. --dark makes a second file for
dark pages; --alt says what the picture shows, in place of the sentence that is made.
"""

from __future__ import annotations

import hashlib
import html
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ..graph import files
from ..run.targets import inside
from . import provenance
from .dependencies import DocumentError
from .picture import DrawnPicture, Picture, Project, draw, parse, split

SUFFIXES = (".md", ".markdown", ".rst")
SHOWN = ("svg", "png")           # formats that a page can show
_MADE = re.compile(r"made by tinyviz docs, do not edit: (\w{16}) (\w{16}) (\w{16})")
_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})(.*)$")


class Block(NamedTuple):
    """A picture's place in a document."""

    document: str                # its path
    line: int                    # of the opening marker, from 1
    command: str                 # the words
    first: int                   # lines[first:last] are what is made
    last: int
    body: str                    # what stands there now


class Page(NamedTuple):
    """A document, as read."""

    path: str
    lines: tuple[str, ...]       # without their ends
    newline: str
    blocks: tuple[Block, ...]

    @property
    def rst(self) -> bool:
        return self.path.endswith(".rst")


class Job(NamedTuple):
    """A picture of a block, and where it goes."""

    block: Block
    picture: Picture
    output: str                  # relative to the root
    dark: str                    # of the dark one, or ""
    why: str                     # it must be made; "" where it is current


class Rendered(NamedTuple):
    """The result of a job."""

    body: str
    files: Mapping[str, bytes]   # path -> content
    notes: tuple[str, ...]


def documents(paths: Sequence[str]) -> list[str]:
    """The documents among paths: files as they are given, folders with all in them, in order.

    Hidden folders, virtual environments and node_modules are left out.
    """
    found: list[str] = []
    for path in paths:
        if not os.path.isdir(path):
            if not os.path.isfile(path):
                raise DocumentError(f"no such file: {path!r}")
            if not path.endswith(SUFFIXES):
                raise DocumentError(f"{path!r} is no document: it must end in "
                                    f"{', '.join(SUFFIXES)}")
            found.append(path)
            continue
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(name for name in folders if not name.startswith(".")
                                and name != "node_modules" and not
                                os.path.exists(os.path.join(folder, name, "pyvenv.cfg")))
            found += [os.path.join(folder, name) for name in sorted(names)
                      if name.endswith(SUFFIXES)]
    return list(dict.fromkeys(os.path.normpath(path) for path in found))


def read(path: str) -> Page:
    """A document and its blocks. Raises DocumentError for a marker that is not closed."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            text = file.read()
    except UnicodeDecodeError as error:
        raise DocumentError(f"{path}: it is not UTF-8: {error.reason} at byte {error.start}"
                            ) from None
    lines = tuple(text.replace("\r\n", "\n").split("\n"))
    return Page(path, lines, "\r\n" if "\r\n" in text else "\n", tuple(_blocks(path, lines)))


def _blocks(path: str, lines: Sequence[str]) -> Iterator[Block]:
    """The blocks of a document; markers inside fenced code are code."""
    rst = path.endswith(".rst")
    opens = re.compile(r"\.\. tinyviz:(?!:)(.*)$" if rst else r" {0,3}<!-- *tinyviz:(.*)$")
    closes = re.compile(r"\.\. /tinyviz *$" if rst else r" {0,3}<!-- */tinyviz *--> *$")
    fence, i = "", 0
    while i < len(lines):
        line, i = lines[i], i + 1
        mark = None if rst else _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not mark[2].strip():
                fence = ""
            continue
        if mark:
            fence = mark[1]
            continue
        opened = opens.match(line)
        if not opened:
            if closes.match(line):
                raise DocumentError(f"{path}:{i}: this closes a picture that was not opened")
            continue
        start, words = i, opened[1]
        if rst:
            while i < len(lines) and re.match(r" +\S", lines[i]):
                words, i = f"{words} {lines[i].strip()}", i + 1
        else:
            while "-->" not in words and i < len(lines):
                words, i = f"{words} {lines[i].strip()}", i + 1
            words, end, rest = words.partition("-->")
            if not end or rest.strip():
                raise DocumentError(f"{path}:{start}: the comment must end in --> and stand alone")
        close = next((j for j in range(i, len(lines)) if closes.match(lines[j])), len(lines))
        if close == len(lines) or any(opens.match(line) for line in lines[i:close]):
            raise DocumentError(f"{path}:{start}: the picture is not closed: write "
                                f"{'.. /tinyviz' if rst else '<!-- /tinyviz -->'} below it")
        yield Block(path, start, words.strip(), i, close, "\n".join(lines[i:close]))
        i = close + 1


def jobs(page: Page, project: Project, *, base_url: str = "", force: bool = False
         ) -> Iterator[Job | DocumentError]:
    """Yield the jobs of a document, current or not; an error in place of one that cannot be drawn.

    A job is current where neither its command, nor its sources, nor our version, nor the block, nor
    the files have changed since they were made.
    """
    for block in page.blocks:
        try:
            yield _job(block, page, project, base_url, force)
        except DocumentError as error:
            yield DocumentError(f"{block.document}:{block.line}: {error}")


def _job(block: Block, page: Page, project: Project, base_url: str, force: bool) -> Job:
    picture = parse(split(block.command), project)
    outputs = picture.request.outputs
    kind = os.path.splitext(outputs[0])[1][1:].lower() if len(outputs) == 1 else ""
    if kind not in SHOWN or picture.request.format:
        raise DocumentError("say once where the picture goes, as -o FILE.svg or -o FILE.png")
    output = outputs[0].replace(os.sep, "/")
    if not inside(os.path.join(project.root, output), project.root) or os.path.isabs(output):
        raise DocumentError(f"-o {output}: a picture must stay in the project {project.root}")
    dark = files.dark_path(output) if picture.request.dark else ""
    if dark and page.rst:
        raise DocumentError("reStructuredText knows one picture for all pages: leave --dark away")
    made = _MADE.search(block.body)
    own = block.body.strip() == "" or made is not None and made[3] == _checksum(block.body)
    if not own and not force:
        raise DocumentError("what stands between the markers was written by hand: put it "
                            "elsewhere, or give --force to lose it")
    key = picture.key if not base_url else _hash(picture.key, base_url)
    paths = [os.path.join(project.root, path) for path in (output, dark) if path]
    missing = [path for path in paths if not os.path.isfile(path)]
    if made is None:
        why = "it was never made"
    elif made[1] != key:
        why = "its command, its sources or the version of tinyviz have changed"
    elif missing:
        why = f"there is no {os.path.relpath(missing[0], project.root)}"
    elif made[2] != _hash(*map(read_bytes, paths)):
        why = "its file has changed"
    elif not own:
        why = "it was edited by hand"
    else:
        why = "--force" if force else ""
    if why:
        for path in paths:
            shown = made is not None and os.path.basename(path) in block.body
            if os.path.isfile(path) and not (force or shown or provenance.owner(read_bytes(path))):
                raise DocumentError(f"-o {output}: there is a file {os.path.basename(path)} that "
                                    "tinyviz docs did not make: name another, or give --force")
    return Job(block, picture, output, dark, why)


def render(job: Job, page: Page, drawn: DrawnPicture, *, base_url: str = "") -> Rendered:
    """The files of a job that was drawn, and the lines that show them."""
    root = job.picture.project.root
    kind = os.path.splitext(job.output)[1][1:].lower()
    owner = os.path.relpath(os.path.realpath(page.path), root).replace(os.sep, "/")
    contents = {os.path.join(root, path): provenance.with_owner(drawn.files[theme, kind], owner)
                for theme, path in (("light", job.output), ("dark", job.dark)) if path}

    def url(path: str) -> str:
        if base_url:
            return base_url.rstrip("/") + "/" + path
        here = os.path.dirname(os.path.realpath(page.path))
        return os.path.relpath(os.path.join(root, path), here).replace(os.sep, "/")

    key = job.picture.key if not base_url else _hash(job.picture.key, base_url)
    shown = (_rst if page.rst else _html)(url(job.output), url(job.dark) if job.dark else "",
                                          drawn.alt)
    line = f"made by tinyviz docs, do not edit: {key} {_hash(*contents.values())} "
    line += _checksum(shown)
    body = f"\n.. {line}\n\n{shown}\n" if page.rst else f"<!-- {line} -->\n{shown}"
    return Rendered(body, contents, drawn.notes)


def _html(light: str, dark: str, alt: str) -> str:
    image = f'<img alt="{_attribute(alt)}" src="{_attribute(light)}">'
    if not dark:
        return image
    return (f'<picture>\n  <source media="(prefers-color-scheme: dark)" '
            f'srcset="{_attribute(dark)}">\n  {image}\n</picture>')


def _attribute(text: str) -> str:
    return html.escape(" ".join(text.split()))


def _rst(light: str, dark: str, alt: str) -> str:
    alt = " ".join(alt.split()).replace("\\", "\\\\")
    return f".. image:: {light}\n   :alt: {alt}"


def with_bodies(page: Page, bodies: Mapping[Block, str]) -> str:
    """The document with new bodies in its blocks."""
    lines = list(page.lines)
    for block in reversed(page.blocks):
        if block in bodies:
            lines[block.first:block.last] = bodies[block].split("\n")
    return page.newline.join(lines)


def draw_jobs(jobs: Sequence[Job], processes: int = 1) -> Iterator[DrawnPicture | DocumentError]:
    """Draw jobs, in order; in several processes where the system can fork, else in one."""
    if processes < 2 or len(jobs) < 2 or not hasattr(os, "fork"):
        yield from map(_draw, jobs)
        return
    import multiprocessing
    global _waiting
    _waiting = jobs              # forked processes have it: commands cannot be sent
    with multiprocessing.get_context("fork").Pool(min(processes, len(jobs))) as pool:
        yield from pool.imap(_nth, range(len(jobs)))


_waiting: Sequence[Job] = ()


def _nth(i: int) -> DrawnPicture | DocumentError:
    return _draw(_waiting[i])


def _draw(job: Job) -> DrawnPicture | DocumentError:
    kind = os.path.splitext(job.output)[1][1:].lower()
    try:
        return draw(job.picture, (kind,), ("light", "dark") if job.dark else ("light",))
    except DocumentError as error:
        return DocumentError(f"{job.block.document}:{job.block.line}: {error}")


def save(page: Page, text: str) -> None:
    """Write a document whole, or not at all."""
    files.save(os.path.realpath(page.path), text.encode("utf-8"))


def _checksum(body: str) -> str:
    """Of the lines that were made, without the one that says so."""
    lines = [line for line in body.split("\n") if line.strip() and not _MADE.search(line)]
    return _hash("\n".join(lines))


def _hash(*parts: str | bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode("utf-8", "replace") if isinstance(part, str) else part
        digest.update(b"%d\0" % len(content) + content)
    return digest.hexdigest()[:16]


def read_bytes(path: str) -> bytes:
    """Return the bytes of a file."""
    with open(path, "rb") as file:
        return file.read()


def unused_pictures(root: str, documents: Iterable[str], used: Iterable[str]) -> list[str]:
    """The pictures below the root that were made for one of the documents, or for one that is gone,
    and that none of them shows any more."""
    known = {os.path.relpath(os.path.realpath(path), root).replace(os.sep, "/")
             for path in documents}
    kept = {os.path.realpath(path) for path in used}
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = os.path.join(folder, name)
            if not name.endswith(tuple("." + kind for kind in SHOWN)) or \
                    os.path.realpath(path) in kept:
                continue
            owner = provenance.owner(read_bytes(path))
            if owner and (owner in known or not os.path.exists(os.path.join(root, owner))):
                found.append(path)
    return found
