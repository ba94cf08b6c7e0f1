"""Modules that can be called like their function: viz.sweep(f, -3, 3), and viz.sweep.family."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class CallableModule(ModuleType):
    """A module that calls the function of its own name."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        return getattr(self, self.__name__.rpartition(".")[2])(*args, **options)


def make_callable(name: str) -> None:
    """Let the module of this name be called like the function that it is named for."""
    sys.modules[name].__class__ = CallableModule
