"""All ops, one block each, in a file per kind. The package is the registry: ops["sin"] -> Sin."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

from ..core.op import Op, registry
from . import arithmetic, elementwise, norm, product, reduce, select, shape  # noqa: F401  the usual

_loaded = False


def load() -> None:
    """Import the files of ops that are not loaded yet."""
    global _loaded
    if not _loaded:
        _loaded = True
        for file in sorted(os.listdir(os.path.dirname(__file__))):
            if file.endswith(".py") and file[0] != "_":
                import_module(f"{__name__}.{file[:-3]}")


def keys() -> list[str]:
    """Return the public names of all ops, sorted."""
    load()
    return sorted(registry)


def values() -> list[type[Op]]:
    """Return all ops, in the order of their names."""
    return [registry[name] for name in keys()]


def items() -> list[tuple[str, type[Op]]]:
    """Return names and ops."""
    return [(name, registry[name]) for name in keys()]


def get(name: str, default: Any = None) -> Any:
    """Return the op of that name, else the default."""
    if name not in registry:
        load()
    return registry.get(name, default)


class _Mapping(ModuleType):
    """The module as a mapping from names to ops."""

    def __getitem__(self, name: str) -> type[Op]:
        op: type[Op] | None = get(name)
        if op is None:
            raise KeyError(name)
        return op

    def __iter__(self) -> Iterator[str]:
        return iter(keys())

    def __len__(self) -> int:
        return len(keys())

    def __contains__(self, name: object) -> bool:
        return name in keys()


sys.modules[__name__].__class__ = _Mapping
