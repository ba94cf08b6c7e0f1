"""Short names: `viz` and `tinytorch` are ours only if the user has no modules of these names.

Our code uses tinyviz.viz and tinyviz.tinytorch and never imports the short names. If Python's
search of the path finds our files under a short name, the import returns the same modules.
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
    """Return the folder of cli.py: `command` in an installed package, else the checkout."""
    installed = os.path.join(home, "command")
    return installed if os.path.isdir(installed) else os.path.dirname(home)


def places() -> tuple[str, ...]:
    """Return the locations of our code: folders, ending in a separator, and the file cli.py."""
    home = sys.modules[HOME].__path__
    return (os.path.join(home[0], ""), os.path.join(home[-1], "cli.py"),
            *(os.path.join(home[-1], name, "") for name in SHORT))


def lend(name: str) -> None:
    """Replace the module of a short name by ours; called by our stand-in file of that name.

    A user's folder of that name without __init__.py takes precedence, as without tinyviz.
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
    """Remove the short names from sys.modules, so that the next import may find the user's."""
    lent = [name for name in SHORT if _lent(name)]
    for name in list(sys.modules):
        if name.partition(".")[0] in lent:
            del sys.modules[name]


def install() -> None:
    """Find submodules under the short names from here on."""
    sys.meta_path.insert(0, _Finder())


def _hand_out(name: str) -> None:
    """Enter our module under its short name, and its loaded submodules with it.

    A later import would set them as attributes again: viz.plot.chart, a function, would become
    the module of that name.
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
    """A user's folder without __init__.py; names that it lacks come from our module."""

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
    """A finder of `viz.graph` as `tinyviz.viz.graph`, if `viz` is ours."""

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
        """Create a default module, which exec_module replaces."""

    def exec_module(self, module: ModuleType) -> None:
        _hand_out(module.__name__)
