"""Short names: `viz` and `tinytorch` are ours only where the user has nothing of that name.

Our code knows itself as tinyviz.viz and tinyviz.tinytorch and never imports the short names. Who
finds ours under one of them, by Python's own search of the path, is handed out the same modules.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec, spec_from_loader
from types import ModuleType
from typing import Any

HOME = __name__.partition(".")[0]
SHORT = ("tinytorch", "viz")


def root(home: str) -> str:
    """The folder that holds cli.py: in an installed package its own, else the checkout's."""
    installed = os.path.join(home, "command")
    return installed if os.path.isdir(installed) else os.path.dirname(home)


def places() -> tuple[str, ...]:
    """Where our code lies: folders, which end in a separator, and the command line's file."""
    home = sys.modules[HOME].__path__
    return (os.path.join(home[0], ""), os.path.join(home[-1], "cli.py"),
            *(os.path.join(home[-1], name, "") for name in SHORT))


def lend(name: str) -> None:
    """Called by the file of ours that the path has under a short name: it becomes the one we have.

    A user's folder of that name without __init__.py comes first, as it would without us.
    """
    ours = import_module(f"{HOME}.{name}")
    found = [PathFinder.find_spec(name, [path]) for path in sys.path]
    folders = [folder for spec in found if spec and spec.origin is None
               for folder in spec.submodule_search_locations or ()]
    if folders:
        sys.modules[name] = _Shared(sys.modules[name], folders, ours)
    else:
        _hand_out(name)


def recall() -> None:
    """Take the short names back: the next who asks may have its own. Asking anew gives the same."""
    lent = [name for name in SHORT if _lent(name)]
    for name in list(sys.modules):
        if name.partition(".")[0] in lent:
            del sys.modules[name]


def install() -> None:
    """Find submodules under the short names from here on."""
    sys.meta_path.insert(0, _Finder())


def _hand_out(name: str) -> None:
    """Our module under its short name, and with it what it has loaded below it.

    Imported later these would be set in it anew: viz.plot.chart, a function, would be its file.
    """
    ours = f"{HOME}.{name}"
    import_module(ours)
    for full in list(sys.modules):
        if full == ours or full.startswith(ours + "."):      # another thread may be loading it
            sys.modules[full[len(HOME) + 1:]] = import_module(full)


def _lent(name: str) -> bool:
    module = sys.modules.get(name)
    return isinstance(module, _Shared) or (
        module is not None and module is sys.modules.get(f"{HOME}.{name}"))


class _Shared(ModuleType):
    """A user's folder without __init__.py; what is not in it is ours."""

    def __init__(self, found: ModuleType, folders: list[str], ours: ModuleType) -> None:
        super().__init__(found.__name__, ours.__doc__)
        self.__spec__, self.__path__, self._ours = found.__spec__, folders, ours

    def __getattr__(self, name: str) -> Any:
        full = f"{self.__name__}.{name}"
        if name[:2] != "__" and PathFinder.find_spec(full, self.__path__):
            return import_module(full)
        return getattr(self._ours, name)

    def __dir__(self) -> list[str]:
        return dir(self._ours)


class _Finder:
    """`viz.graph` is `tinyviz.viz.graph`, where `viz` is ours."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        top, dot, _ = name.partition(".")
        if not dot or top not in SHORT or not _lent(top):
            return None
        if isinstance(sys.modules[top], _Shared) and PathFinder.find_spec(name, path):
            return None
        try:
            known = find_spec(f"{HOME}.{name}")
        except ModuleNotFoundError:
            return None
        return known and spec_from_loader(
            name, self,                            # type: ignore[arg-type]
            origin=known.origin, is_package=known.submodule_search_locations is not None)

    def create_module(self, spec: ModuleSpec) -> None:
        """A module that exec_module replaces."""

    def exec_module(self, module: ModuleType) -> None:
        _hand_out(module.__name__)
