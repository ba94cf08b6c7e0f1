"""The modules beside a target, importable by the files beside it and by no others.

A target is loaded like a script: it imports modules from its folder first. Python would let these
files replace the standard library's, or another target's, for every importer. Here the importing
file decides: a user's f.py gets the random.py beside it, and NumPy and we get the standard
library's.
"""

from __future__ import annotations

import builtins
import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib.machinery import BuiltinImporter, FrozenImporter, PathFinder
from types import ModuleType
from typing import Any

from ... import short_names

_folders: dict[str, Folder] = {}
_owners: dict[str, list[Folder]] = {}          # file -> the folders whose modules it imports first
_projects: list[Folder] = []     # roots of projects, whose modules all files of the user may import
_lock = threading.Lock()
_open = 0                        # how many `importable` are open


class Folder:
    """A folder of the user's, and the modules imported from it."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._inside = os.path.join(path, "")
        self._holds: dict[str, bool] = {}
        self._tops: set[str] = set()           # top-level modules that were imported here
        self._kept: dict[str, ModuleType] = {}             # modules not in sys.modules, by name

    def holds(self, top: str) -> bool:
        """Return whether a file in this folder that imports `top` gets a module from it."""
        found = self._holds.get(top)
        if found is None:
            found = self._holds[top] = self._find(top)
        return found

    def _find(self, top: str) -> bool:
        if BuiltinImporter.find_spec(top) or FrozenImporter.find_spec(top):
            return False         # not even a script can replace these
        spec = PathFinder.find_spec(top, [self.path])
        if spec is None or spec.origin is not None:
            return spec is not None
        other = PathFinder.find_spec(top)      # a package anywhere precedes a folder without init
        return other is None or other.origin is None

    def contains(self, module: ModuleType | None) -> bool:
        file = getattr(module, "__file__", None)
        return any(place.startswith(self._inside) for place in
                   ([file] if file else getattr(module, "__path__", ())))

    @contextlib.contextmanager
    def preferred(self, name: str) -> Iterator[None]:
        """Import `name` from this folder inside, if it is there, whatever has been imported."""
        top = name.partition(".")[0]
        if not top or not self.holds(top) or self.contains(sys.modules.get(top)):
            yield
            return
        hidden = _remove(top)
        sys.modules.update(_below(top, self._kept))
        sys.path.insert(0, self.path)
        try:
            yield
        finally:
            sys.path.remove(self.path)
            self._tops.add(top)
            if hidden:
                self._kept |= _remove(top)
                sys.modules.update(hidden)

    def forget(self) -> None:
        """Remove the modules imported here from sys.modules: others may have their own."""
        for top in self._tops:
            if self.contains(sys.modules.get(top)):
                self._kept |= _remove(top)


def enter(path: str) -> Folder:
    """Return the folder of a target that is about to be loaded."""
    for folder in _folders.values():
        if folder.path != path:
            folder.forget()
    _folders.pop(path, None)     # to the end; modules that are not in sys.modules are loaded anew
    _folders[path] = Folder(path)
    _owners.clear()
    return _folders[path]


@contextlib.contextmanager
def importable() -> Iterator[None]:
    """Run a user's code inside: it can import the modules of its folder.

    For importlib.import_module, whose importer is unknown, the folder of the last target comes last
    on the path.
    """
    global _open
    added = [path for path in [*_folders][-1:] if path not in sys.path]
    sys.path += added
    with _lock:
        if not _open:
            builtins.__import__ = partial(_import, builtins.__import__)
        _open += 1
    try:
        yield
    finally:
        with _lock:
            _open -= 1
            if not _open and isinstance(builtins.__import__, partial):
                builtins.__import__ = builtins.__import__.args[0]
        for path in added:
            for i in reversed(range(len(sys.path))):
                if sys.path[i] == path:        # the last: the user's code may have added it too
                    del sys.path[i]
                    break


def _import(python: Callable[..., Any], name: str, globals: Mapping[str, Any] | None = None,
            locals: Mapping[str, Any] | None = None, fromlist: Sequence[str] | None = (),
            level: int = 0) -> Any:
    """Replace `__import__`, which an import statement calls."""
    folders = _owner(globals.get("__file__")) if globals else []
    if not folders or globals is None:
        return python(name, globals, locals, fromlist, level)
    wanted = globals.get("__package__") or "" if level else name
    top = wanted.partition(".")[0]
    folder = next((folder for folder in folders if top and folder.holds(top)), folders[0])
    with folder.preferred(wanted):
        return python(name, globals, locals, fromlist, level)


def _owner(file: Any) -> list[Folder]:
    """Return the innermost folder that a user's file lies in, then projects; none for others."""
    if file not in _owners:
        theirs = isinstance(file, str) and "site-packages" not in file and \
            not file.startswith((*short_names.places(), os.path.dirname(os.__file__) + os.sep))
        inside = [path for path in _folders if theirs and file.startswith(os.path.join(path, ""))]
        _owners[file] = [_folders[max(inside, key=len)], *_projects] if inside else []
    return _owners[file]


@contextlib.contextmanager
def project(root: str) -> Iterator[None]:
    """Let the user's files import a project's modules inside, and forget these afterwards."""
    folder = Folder(root)
    _projects.insert(0, folder)
    _owners.clear()
    try:
        yield
    finally:
        folder.forget()
        _projects.remove(folder)
        _owners.clear()


def _below(top: str, modules: Mapping[str, ModuleType]) -> dict[str, ModuleType]:
    """Return a top-level module and its submodules, by name."""
    return {name: module for name, module in modules.items()
            if name == top or name.startswith(top + ".")}


def _remove(top: str) -> dict[str, ModuleType]:
    """Remove a module and its submodules from sys.modules; return them."""
    found = _below(top, sys.modules)
    for name in found:
        del sys.modules[name]
    return found
