"""Grad mode: recording of results and their scope; the clock of creation stamps."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextvars import ContextVar, Token
from typing import Any


class GradMode:
    """Options for recording results. The default, recording without a scope, is None instead."""

    __slots__ = ("recording", "scope")

    def __init__(self, recording: bool = True, scope: str = "") -> None:
        self.recording = recording
        self.scope = scope       # a path: mlp/layer1


_mode: ContextVar[GradMode | None] = ContextVar("mode", default=None)
current_mode = _mode.get                       # the mode of the calling context
tick = itertools.count(1).__next__             # the only counter of creation stamps


def stamp() -> int:
    """Return the next stamp: later tensors have at least this one, all others a smaller one."""
    return tick()


class no_grad:
    """Switch recording off: `with no_grad(): ...` or `@no_grad()`. Nests; per thread."""

    recording = False

    def __init__(self) -> None:
        self.tokens: list[Token[GradMode | None]] = []

    def __enter__(self) -> no_grad:
        old = current_mode() or GradMode()
        usual = self.recording and not old.scope
        self.tokens.append(_mode.set(None if usual else GradMode(self.recording, old.scope)))
        return self

    def __exit__(self, *_: Any) -> None:
        _mode.reset(self.tokens.pop())

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **options: Any) -> Any:
            with type(self)():
                return function(*args, **options)
        wrapper.__name__, wrapper.__doc__ = function.__name__, function.__doc__
        return wrapper


class enable_grad(no_grad):
    """Switch recording on again within a `no_grad`."""

    recording = True


class scope:
    """Put results in the group `name`; nested scopes give a path, `mlp/softmax`."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> scope:
        old = current_mode() or GradMode()
        path = f"{old.scope}/{self.name}" if old.scope else self.name
        self.token = _mode.set(GradMode(old.recording, path))
        return self

    def __exit__(self, *_: Any) -> None:
        _mode.reset(self.token)
