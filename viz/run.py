"""One run of a function: its result, and which name and line of the user's made each tensor."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from operator import attrgetter
from types import FrameType
from typing import Any, NamedTuple

from tinytorch import errors

from . import text
from .source import RunError, Target, TargetError, TooLong, display, users

errors.callers.append(os.path.dirname(os.path.abspath(__file__)) + os.sep)

_until: ContextVar[float] = ContextVar("until", default=float("inf"))      # an outer deadline
SECONDS = 60.0                   # a function that runs longer is stopped, and told where it was
MANY = 32                        # of a list of tensors so many are named: w[0], w[1] ...


class Place(NamedTuple):
    """Where a tensor was made."""

    file: str
    line: int
    function: str
    nth: int = 1                 # the line ran for the so-manieth time: the pass of a loop


class Run(NamedTuple):
    """What a function did at a point."""

    target: Target
    inputs: Mapping[str, Any]    # argument -> Tensor
    result: Any                  # what the function returned: a Tensor
    names: Mapping[int, str]     # stamp -> the name the user gave
    lines: Mapping[tuple[str, int], int]       # (file, line) -> how often it ran
    stamps: tuple[int, ...]      # places[i] made the tensors from stamps[i] until stamps[i + 1]
    places: tuple[Place | None, ...]

    def place(self, stamp: int) -> Place | None:
        """Where the tensor of this stamp was made, where that is known."""
        i = bisect_right(self.stamps, stamp) - 1
        return self.places[i] if i >= 0 else None


class Clock(NamedTuple):
    """How a framework's tensors are told apart by when they were made."""

    tensor: type                 # its class of tensors
    stamp: Callable[[], int]     # the next stamp to be given out; asking takes one
    of: Callable[[Any], int]     # the stamp of a tensor; less than 0 of one that was not recorded
    folder: str                  # where the framework's own files lie: no lines of the user's


def run(target: Target, point: Mapping[str, Any], *, seconds: float = SECONDS) -> Run:
    """Run a function at a point: argument -> number or array; what is missing takes its default.

    Raises TargetError where arguments are missing or unknown, RunError where the function raises,
    runs for more than `seconds`, or returns what is not one Tensor.
    """
    import tinytorch
    from tinytorch import Tensor
    inputs: dict[str, Any] = {}
    passed = arguments(target, point)              # what is no number is no input: flip=True
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
    ran = follow(target, passed | inputs, inputs, clock, seconds=seconds)
    return ran._replace(result=_tensor(ran.result, target))


def is_option(name: str, given: Any, point: Mapping[str, Any]) -> bool:
    """Whether an argument is no input, but a default that is no number: flip=True, kind="relu"."""
    return name not in point and (given is None or isinstance(given, (bool, str, dict))
                                  or callable(given))


def follow(target: Target, passed: Mapping[str, Any], inputs: Mapping[str, Any], clock: Clock, *,
           seconds: float = SECONDS) -> Run:
    """Call a function: its result, whatever it is, with the names and lines of the tensors it made.

    passed: argument -> what it is given; inputs: those of them that are tensors.
    Raises RunError where the function raises or runs for more than `seconds`; its `run` is the run
    up to there.
    """
    tracer = _Tracer(target, {clock.of(tensor): name for name, tensor in inputs.items()}, clock,
                     seconds)
    result, failed = None, None
    try:
        with users(target.name):
            result = tracer.run(target.function, passed)
    except RunError as error:
        failed = error
    ran = Run(target, inputs, result, tracer.names, tracer.lines, tuple(tracer.stamps),
              tuple(tracer.places))
    if failed is not None:
        failed.run = ran
        raise failed
    return ran


def arguments(target: Target, point: Mapping[str, Any]) -> dict[str, Any]:
    """Argument -> what it is given at a point, or its default.

    Raises TargetError where arguments are missing or unknown, or where there are none.
    """
    values = dict(zip(target.names, [_missing] * len(target.names))) | dict(target.defaults)
    for name, given in point.items():
        if name not in values:
            raise TargetError(f"{target.name} has no argument {name!r} "
                              f"(it has {', '.join(target.names) or 'none'})")
        values[name] = given
    missing = [name for name, given in values.items() if given is _missing]
    place = f"{display(target.file)}:{target.line}: " if target.file else ""
    if missing:
        example = ("--at 1.2" if len(values) == 1 else
                   " ".join(f"--at {name}=1.2" for name in missing))
        default = f", or write a default: def {target.name}({missing[0]}=1.2)" if place else ""
        raise TargetError(f"{place}{target.name} needs a value for {', '.join(missing)}: "
                          f"give {example}{default}")
    if not values:
        raise TargetError(f"{place}{target.name} takes no argument: "
                          "what it computes has no input to differentiate by")
    return values


_missing = object()


def _tensor(result: Any, target: Target) -> Any:
    """The result, if it is one Tensor. Raises RunError with what would be right."""
    from tinytorch import Tensor
    if isinstance(result, Tensor):
        return result
    place = f"{display(target.file)}:{target.line}: " if target.file else ""
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


@contextlib.contextmanager
def deadline(target: Target, seconds: float) -> Iterator[None]:
    """Inside, the user's code is stopped when this much time has passed. Raises TooLong in it."""
    until = min(time.monotonic() + seconds, _until.get())
    token = _until.set(until)
    folder = os.path.dirname(os.path.abspath(target.file)) if target.file else None

    def lines(frame: FrameType, event: str, _: Any) -> Any:
        if time.monotonic() > until:
            raise TooLong(f"still running after {seconds:g} s: does a loop never end? "
                          "(--time-limit SECONDS allows more)")
        return lines

    def calls(frame: FrameType, event: str, _: Any) -> Any:
        return lines if folder and frame.f_code.co_filename.startswith(folder) else None

    before = sys.gettrace()
    if folder:
        sys.settrace(calls)
    try:
        yield
    finally:
        sys.settrace(before)
        _until.reset(token)


class _Tracer:
    """Follows the user's own frames line by line: stamps say which tensors a line has made."""

    def __init__(self, target: Target, names: dict[int, str], clock: Clock, seconds: float
                 ) -> None:
        self.names = names
        self.stamps: list[int] = [0]
        self.places: list[Place | None] = [None]
        self.lines: dict[tuple[str, int], int] = {}
        self._stamp = clock.stamp
        self._tensor = clock.tensor
        self._stamp_of = clock.of
        self._ours = (clock.folder, os.path.dirname(os.path.abspath(__file__)) + os.sep)
        self._file = target.file
        self._root = os.path.dirname(os.path.abspath(target.file)) + os.sep if target.file else ""
        self._users: dict[str, bool] = {}
        self._here: Place | None = None
        self._last = self._first = clock.stamp()
        self._bound: dict[str, list[int]] = {}     # name -> the stamps it was given to
        self._spare: dict[int, str] = {}           # stamp -> a name it has where it has no better
        self._seconds = seconds
        self._until = min(time.monotonic() + seconds, _until.get())

    def run(self, function: Callable[..., Any], inputs: Mapping[str, Any]) -> Any:
        if not self._file:
            return function(*inputs.values())
        self._held(function)
        before = sys.gettrace()
        sys.settrace(self._call)
        try:
            result = function(*inputs.values())
        finally:
            sys.settrace(before)
            self._until = float("inf")
            self._flush(None)
            self.stamps.append(self._last)         # what is made later was made nowhere here
            self.places.append(None)
            for stamp, name in self._spare.items():
                if stamp not in self.names:
                    self._bound.setdefault(name, []).append(stamp)
            for name, stamps in self._bound.items():
                for i, stamp in enumerate(stamps):
                    self.names[stamp] = name if len(stamps) == 1 else name + text.subscript(i + 1)
        return result

    def _is_users(self, file: str) -> bool:
        known = self._users.get(file)
        if known is None:
            full = os.path.abspath(file)
            known = self._users[file] = file == self._file or (
                full.startswith(self._root) and not full.startswith(self._ours)
                and "site-packages" not in full and os.path.isfile(full))
        return known

    def _place(self, frame: FrameType) -> Place:
        file, line = frame.f_code.co_filename, frame.f_lineno
        return Place(file, line, frame.f_code.co_name, self.lines.get((file, line), 1))

    def _flush(self, place: Place | None) -> None:
        """What was made until now belongs to the place we come from."""
        now = self._stamp()
        if now > self._last + 1:                   # asking for a stamp takes one
            self.stamps.append(self._last)
            self.places.append(self._here)
        self._last = now
        self._here = place
        if time.monotonic() > self._until:
            self._until = float("inf")
            raise TooLong(f"still running after {self._seconds:g} s: does a loop never end? "
                          "(--time-limit SECONDS allows more)")

    def _call(self, frame: FrameType, event: str, _: Any) -> Any:
        code = frame.f_code
        if not self._is_users(code.co_filename):
            return None
        self._flush(self._place(frame))
        seen = self._last        # tensors up to this stamp are named or were made elsewhere

        def local(frame: FrameType, event: str, _: Any) -> Any:
            nonlocal seen
            if event == "line":
                spot = code.co_filename, frame.f_lineno
                self.lines[spot] = self.lines.get(spot, 0) + 1
                self._flush(self._place(frame))
            elif event == "return":
                back = frame.f_back              # a library may stand between two of the user's
                while back and not self._is_users(back.f_code.co_filename):
                    back = back.f_back
                self._flush(self._place(back) if back else None)
            if self.stamps[-1] >= seen:            # something was made since the last look
                seen = self._name(frame, seen)
            return local
        return local

    def _held(self, function: Callable[..., Any]) -> None:
        """The tensors that a function's module and closure hold have the names of its variables."""
        held = dict(getattr(function, "__globals__", {}))
        code = getattr(function, "__code__", None)
        for name, cell in zip(code.co_freevars if code else (),
                              getattr(function, "__closure__", None) or ()):
            with contextlib.suppress(ValueError):  # an empty cell
                held[name] = cell.cell_contents
        for name, thing in held.items():
            for called, tensor in self._things(name, thing):
                stamp = self._stamp_of(tensor)
                if 0 <= stamp < self._first:
                    self.names.setdefault(stamp, tensor.name or called)

    def _things(self, name: str, thing: Any) -> list[tuple[str, Any]]:
        """The tensors of a variable, each with its name: w, w[0], w['bias']."""
        if isinstance(thing, self._tensor):
            return [(name, thing)]
        if not isinstance(thing, (list, tuple, dict)) or not 0 < len(thing) <= MANY:
            return []
        items = thing.items() if isinstance(thing, dict) else enumerate(thing)
        return [(f"{name}[{i!r}]", t) for i, t in items if isinstance(t, self._tensor)]

    def _name(self, frame: FrameType, seen: int) -> int:
        """Give the tensors bound since `seen`, or made before all, the names of their variables."""
        last, first, of, Tensor = self._last, self._first, self._stamp_of, self._tensor
        for name, thing in frame.f_locals.items():
            if not isinstance(thing, (Tensor, list, tuple, dict)):
                continue
            for called, tensor in self._things(name, thing):
                stamp = of(tensor)
                if stamp in self.names or not (stamp >= seen or 0 <= stamp < first):
                    continue
                if stamp < first and tensor.name:
                    called = tensor.name
                elif stamp < first and tensor is not thing:
                    self._spare.setdefault(stamp, called)      # `w` will be better than row[3]
                    continue
                else:
                    self._bound.setdefault(called, []).append(stamp)
                self.names[stamp] = called
        return last
