"""Update: all documents of a set, planned, drawn in one process, written where they changed."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ..graph import files
from ..run.targets import display_path
from . import markdown
from .dependencies import DocumentError
from .markdown import Block, Job, Page
from .picture import DrawnPicture, Project


class Plan(NamedTuple):
    """The pictures to draw."""

    project: Project
    pages: tuple[Page, ...]
    jobs: tuple[Job, ...]
    stale: tuple[Job, ...]       # of them, those that must be drawn
    errors: tuple[str, ...]


class Result(NamedTuple):
    """The outcome, in lines for people."""

    said: tuple[str, ...]        # the files that were written or removed; or the differences
    drift: tuple[str, ...]       # what was not current, each with its place
    notes: tuple[str, ...]       # what the commands have said
    errors: tuple[str, ...]


def plan(documents: Sequence[str], project: Project, *, base_url: str = "", force: bool = False
         ) -> Plan:
    """Return what must be drawn for documents. Nothing is run and nothing written."""
    pages, found, errors = [], [], []
    owners: dict[str, Block] = {}
    for path in documents:
        try:
            page = markdown.read(path)
        except DocumentError as error:
            errors.append(str(error))
            continue
        pages.append(page)
        for job in markdown.jobs(page, project, base_url=base_url, force=force):
            if isinstance(job, DocumentError):
                errors.append(str(job))
                continue
            clash = [owners.setdefault(os.path.normpath(name), job.block)
                     for name in (job.output, job.dark) if name]
            other = next((block for block in clash if block != job.block), None)
            if other is not None:
                errors.append(f"{job.block.document}:{job.block.line}: {other.document}:"
                              f"{other.line} writes the same file: name another after -o")
                continue
            found.append(job)
    return Plan(project, tuple(pages), tuple(found), tuple(job for job in found if job.why),
                tuple(errors))


def apply(plan: Plan, drawn: Iterable[DrawnPicture | DocumentError], *, base_url: str = "",
          write: bool = True, prune: bool = False) -> Result:
    """Write the pictures and documents that changed; with `write` false report the changes only.

    A picture that cannot be drawn leaves its block and its files as they were.
    """
    errors, said, notes = list(plan.errors), [], []
    by_path = {page.path: page for page in plan.pages}
    bodies: dict[str, dict[Block, str]] = {}
    for job, picture in zip(plan.stale, drawn):
        page = by_path[job.block.document]
        if isinstance(picture, DocumentError):
            errors.append(str(picture))
            continue
        made = markdown.render(job, page, picture, base_url=base_url)
        place = f"{job.block.document}:{job.block.line}"
        notes += [f"{place}: {note}" for note in made.notes]
        for path, content in made.files.items():
            if not os.path.isfile(path) or markdown.read_bytes(path) != content:
                shown = display_path(path)
                said.append(shown if write else f"{place}: {shown} changes")
                if write:
                    files.save(path, content)
        bodies.setdefault(page.path, {})[job.block] = made.body
    for path, new in bodies.items():
        page = by_path[path]
        old, text = page.newline.join(page.lines), markdown.with_bodies(page, new)
        if text == old:
            continue
        if write:
            markdown.save(page, text)
            said.append(path)
        else:
            said += difflib.unified_diff(old.splitlines(), text.splitlines(), path, path,
                                         lineterm="")
    drift = [f"{job.block.document}:{job.block.line}: {job.output} is not current: {job.why}"
             for job in plan.stale]
    if prune and not errors:
        used = [os.path.join(plan.project.root, name) for job in plan.jobs
                for name in (job.output, job.dark) if name]
        for path in markdown.unused_pictures(plan.project.root, by_path, used):
            drift.append(f"{display_path(path)}: no document shows it any more")
            if write:
                os.remove(path)
                said.append(f"removed {display_path(path)}")
    return Result(tuple(said), tuple(drift), tuple(notes), tuple(errors))
