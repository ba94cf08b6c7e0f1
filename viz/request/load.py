"""Load: the function that a request names, in the folder it is seen from."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import tempfile
from collections.abc import Iterator
from typing import Any, TypeVar

from ..options.fields import OptionError
from ..options.message import Message, Option
from ..run import targets
from ..run.targets import Target, TargetError
from .common import TARGET, Request

R = TypeVar("R", bound=Request)


def load(request: Request, target: Any = None) -> Target:
    """Return the target of a request, or another target in its place.

    Raises TargetError where it names none, RunError where its file raises, OptionError for two.
    """
    if target is None:
        target = request.target
        if (target is None) == (request.expression is None):
            either = (", or ", Option("expression"), ", not both") if target is not None else ()
            raise OptionError(Message(f"give one TARGET: {TARGET}", *either))
        if request.expression is not None:
            return targets.expression(request.expression)
    if not (isinstance(target, str) or callable(target)):
        raise TargetError(f"{target!r:.60} is not a function, nor a text that names one")
    return targets.load(target) if isinstance(target, str) else targets.from_function(target)


@contextlib.contextmanager
def at_root(request: R) -> Iterator[R]:
    """Work in the root of a request, if it has one, and forget its modules afterwards.

    Code becomes a file while it is drawn: its lines are read, traced and reported as those of any.
    """
    with contextlib.ExitStack() as stack:
        if request.root:
            stack.enter_context(contextlib.chdir(request.root))
            stack.enter_context(targets.isolated(request.root))
        if request.code:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix=targets.CODE))
            path = os.path.join(folder, "f.py")
            with open(path, "w", encoding="utf-8") as file:
                file.write(request.code + "\n")
            request = dataclasses.replace(request, target=path, code="")
        yield request
