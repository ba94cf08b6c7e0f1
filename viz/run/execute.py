"""One run of a function: its result, with the name, line and branch that made each tensor."""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections.abc import Mapping
from operator import attrgetter
from types import MappingProxyType
from typing import Any, NamedTuple

from ..graph import text
from ..options.message import Message, Option
from .targets import RunError, Target, TargetError, display_path, user_code
from .tracer import SECONDS, Clock, Part, Place, Tracer


class Run(NamedTuple):
    """The run of a function at a point."""

    target: Target
    inputs: Mapping[str, Any]    # argument -> Tensor
    result: Any                  # the function's result: a Tensor
    names: Mapping[int, str]     # stamp -> the user's name
    lines: Mapping[tuple[str, int], int]       # (file, line) -> number of times it ran
    stamps: tuple[int, ...]      # places[i] made the tensors from stamps[i] until stamps[i + 1]
    places: tuple[Place | None, ...]
    parts: Mapping[str, frozenset[Part]] = MappingProxyType({})    # file -> of each `a if b else c`

    def place(self, stamp: int) -> Place | None:
        """Return where the tensor of this stamp was made, if known."""
        i = bisect_right(self.stamps, stamp) - 1
        return self.places[i] if i >= 0 else None


def run(target: Target, point: Mapping[str, Any], *, seconds: float = SECONDS) -> Run:
    """Run a function at a point: argument -> number or array; missing ones take their defaults.

    Raises TargetError if arguments are missing or unknown, RunError if the function raises, runs
    for more than `seconds`, or does not return exactly one Tensor.
    """
    from ... import tinytorch
    from ...tinytorch import Tensor
    inputs: dict[str, Any] = {}
    passed = arguments(target, point)              # options are not inputs: flip=True
    for name, given in passed.items():
        if is_option(name, given, point):
            continue
        try:
            inputs[name] = given if isinstance(given, Tensor) else Tensor(given)
        except (TypeError, ValueError) as error:
            raise TargetError(f"{name} = {given!r:.60} is no number and no array: "
                              f"{error}") from None
    clock = Clock(Tensor, tinytorch.stamp, attrgetter("stamp"),
                  os.path.dirname(os.path.abspath(tinytorch.__file__ or "")) + os.sep)
    ran = run_traced(target, passed | inputs, inputs, clock, seconds=seconds)
    return ran._replace(result=_tensor(ran.result, target))


class Integer(int):
    """A number that stays an integer, because the function requires one: range(n)."""


def is_option(name: str, given: Any, point: Mapping[str, Any]) -> bool:
    """Return whether an argument is an option, not a number: flip=True, kind="relu"."""
    return given is None or isinstance(given, (bool, str, Integer)) \
        or name not in point and (isinstance(given, dict) or callable(given))


def with_integers(target: Target, point: Mapping[str, Any], error: RunError
                  ) -> tuple[Target, dict[str, Any]] | None:
    """Return the target and the point with integers kept as such, if the error shows that the
    function needs one and was given a tensor: range(n), torch.zeros(n). Else None."""
    def kept(given: Mapping[str, Any]) -> dict[str, Any]:
        return {name: Integer(n) if type(n) is int else n for name, n in given.items()}

    cause = error.__cause__
    if int not in map(type, [*(dict(target.defaults) | dict(point)).values()]) \
            or not isinstance(cause, (TypeError, IndexError)) \
            or not re.search(r"\bint|index", str(cause)):
        return None
    return target._replace(defaults=kept(target.defaults)), kept(point)


def run_traced(target: Target, passed: Mapping[str, Any], inputs: Mapping[str, Any],
               clock: Clock, *, seconds: float = SECONDS) -> Run:
    """Call a function; return any result, with the names and lines of the tensors it made.

    passed: argument -> its value; inputs: those that are tensors.
    Raises RunError if the function raises or runs for more than `seconds`; its `run` is the run up
    to that point.
    """
    tracer = Tracer(target, {clock.of(tensor): name for name, tensor in inputs.items()}, clock,
                    seconds)
    result, failed = None, None
    try:
        with user_code(target.name):
            result = tracer.run(target.function, passed)
    except RunError as error:
        failed = error
    ran = Run(target, inputs, result, tracer.names, tracer.lines, tuple(tracer.stamps),
              tuple(tracer.places), tracer.parts())
    if failed is not None:
        failed.run = ran
        raise failed
    return ran


def arguments(target: Target, point: Mapping[str, Any], *, example: Any = None) -> dict[str, Any]:
    """Return the value of each argument at a point, or its default.

    example: the text of an input that an error suggests for a missing one; None: a number.
    Raises TargetError if arguments are missing or unknown, or if there are none.
    """
    values = dict(zip(target.names, [_MISSING] * len(target.names))) | dict(target.defaults)
    for name, given in point.items():
        if name not in values:
            raise TargetError(f"{target.name} has no argument {name!r} "
                              f"(it has {', '.join(target.names) or 'none'})")
        values[name] = given
    missing = [name for name, given in values.items() if given is _MISSING]
    place = f"{display_path(target.file)}:{target.line}: " if target.file else ""
    if missing:
        default = f", or write a default: def {target.name}({missing[0]}=1.2)" if place else ""
        given = Option("at", 1.2 if len(values) == 1 else dict.fromkeys(missing, 1.2))
        if example is not None:
            given = Option("inputs", dict.fromkeys(missing, example))
            default = ", or write example_inputs() in its file: it returns the inputs"
        raise TargetError(Message(f"{place}{target.name} needs a value for {', '.join(missing)}: "
                                  "give ", given, default))
    if not values:
        raise TargetError(f"{place}{target.name} takes no argument: "
                          "what it computes has no input to differentiate by")
    return values


_MISSING = object()


def _tensor(result: Any, target: Target) -> Any:
    """Return the result, if it is one Tensor. Raises RunError with what would be right."""
    from ...tinytorch import Tensor
    if isinstance(result, Tensor):
        return result
    place = f"{display_path(target.file)}:{target.line}: " if target.file else ""
    said = f"{place}{target.name} returned "
    if result is None:
        raise RunError(f"{said}None: does it end in a return statement?")
    if isinstance(result, (tuple, list, dict)):
        raise RunError(f"{said}a {type(result).__name__} of {len(result)}: return one Tensor, "
                       "such as one of them or their sum")
    if hasattr(result, "dtype") or isinstance(result, (int, float, complex)):
        shown = text.number(result) if isinstance(result, (int, float)) else f"{result!s:.40}"
        raise RunError(f"{said}the number {shown} ({type(result).__name__}), not a Tensor: nothing "
                       "leads from its arguments to it, so there is no graph to draw. Compute it "
                       "from them, without float() or .data")
    raise RunError(f"{said}{type(result).__name__} {result!r:.60}: it must return a Tensor")
