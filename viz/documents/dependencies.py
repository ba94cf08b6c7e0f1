"""The files a target is made of, inside a project, and their hash. Nothing is run."""

from __future__ import annotations

import ast
import hashlib
import os
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import PathFinder

from ..run.targets import inside, installed, split_target

MARKS = (".git", "pyproject.toml", "setup.cfg", "setup.py", "mkdocs.yml")


class DocumentError(ValueError):
    """A picture that a document cannot have: the place, the reason, and what would be right."""

    status = 1                   # what the command line exits with


def root_of(path: str) -> str:
    """The project a file belongs to: the nearest folder above with a mark of one, else its own."""
    start = folder = os.path.realpath(path if os.path.isdir(path) else os.path.dirname(path) or ".")
    while True:
        if any(os.path.exists(os.path.join(folder, mark)) for mark in MARKS):
            return folder
        folder, last = os.path.dirname(folder), folder
        if folder == last:
            return start


def files(target: str, root: str, *, outside: bool = False) -> tuple[str, ...]:
    """The files that a target runs: its own, then what it imports from the project. () for an
    expression. Paths are relative to the root where they lie in it.

    Raises DocumentError where the target lies outside the root, unless that is allowed.
    """
    path, _ = split_target(target)
    if not path:
        return ()
    module = not path.endswith(".py") and not os.path.isfile(path)
    found = _module(path, root) if module else os.path.join(root, path)
    if module and found is None:
        if not outside:
            raise DocumentError(f"{target!r}: there is no module {path!r} in {root}, and a "
                                "document draws only what its own project holds "
                                "(--allow-outside lifts that)")
        return ()
    assert found is not None
    if not outside and not inside(found, root):
        raise DocumentError(f"{target!r} lies outside the project {root}, and a document draws "
                            "only what its own project holds (--allow-outside lifts that)")
    if not os.path.isfile(found):
        raise DocumentError(f"no such file: {path!r} (seen from {root})")
    listed = imported(found, root) if found.endswith(".py") else [found]
    return tuple(os.path.relpath(file, root).replace(os.sep, "/") for file in listed)


def of_code(code: str, root: str) -> tuple[str, ...]:
    """The files that code imports from the root, all that these import included."""
    listed: list[str] = []
    for file in _imports(code.encode("utf-8", "replace"), "", [root]):
        if inside(file, root) and not installed(file):
            listed += [path for path in imported(file, root) if path not in listed]
    return tuple(os.path.relpath(file, root).replace(os.sep, "/") for file in listed)


def imported(file: str, root: str) -> list[str]:
    """The file, and all it imports from its folder or the root, once each, in order of import."""
    bases = [os.path.dirname(os.path.abspath(file)), os.path.abspath(root)]
    listed = [os.path.abspath(file)]
    for path in listed:          # grows while it is walked
        with open(path, "rb") as source:
            content = source.read()
        for new in _imports(content, path, bases):
            if new not in listed and inside(new, root) and not installed(new):
                listed.append(new)
    return listed


def _imports(content: bytes, path: str, bases: Sequence[str]) -> Iterator[str]:
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError):              # running it will say so
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _found(alias.name.split("."), bases)
        elif isinstance(node, ast.ImportFrom):
            start = list(bases)
            if node.level:
                start = [path]
                for _ in range(node.level):
                    start = [os.path.dirname(start[0])]
            for alias in node.names:
                yield from _found([*(node.module or "").split("."), alias.name], start)


def _found(names: Sequence[str], bases: Sequence[str]) -> Iterator[str]:
    """The files on the way of a dotted name, from the first base that has its first part."""
    names = [name for name in names if name]
    for base in bases:
        hits = []
        for n in range(len(names) + 1):
            stem = os.path.join(base, *names[:n])
            hits += [file for file in (stem + ".py", os.path.join(stem, "__init__.py"))
                     if n and os.path.isfile(file)]
        if hits:
            yield from hits
            return


def _module(name: str, root: str) -> str | None:
    """The file of a module where its top package is one of the project's; else None."""
    top = name.split(".")[0]
    if top in sys.builtin_module_names:
        return None
    known = getattr(sys.modules.get(top), "__file__", None)
    if top in sys.modules and (known is None or not inside(known, root)):
        return None
    spec = PathFinder.find_spec(top, [root, *sys.path])
    if spec is None:
        return None
    places = list(spec.submodule_search_locations or [spec.origin or ""])      # of a package
    if not all(place and inside(place, root) and not installed(place) for place in places):
        return None
    first = places[0] if spec.submodule_search_locations else str(spec.origin)
    stem = os.path.join(os.path.dirname(first), *name.split("."))
    return next((file for file in (stem + ".py", os.path.join(stem, "__init__.py"))
                 if os.path.isfile(file)), None)


def key(words: Sequence[str], listed: Sequence[str], root: str, version: str) -> str:
    """The hash of a picture: its command, the sources it is made of, our version. 16 letters."""
    digest = hashlib.sha256("\0".join([version, *words]).encode("utf-8", "replace"))
    for name in listed:
        with open(os.path.join(root, name), "rb") as file:
            content = file.read().replace(b"\r\n", b"\n")
        digest.update(b"\0\0" + name.encode("utf-8", "surrogateescape") + b"\0" + content)
    return digest.hexdigest()[:16]
