"""Trace the user's code: the line, and the part of it, that made each tensor."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from functools import lru_cache
from types import CodeType, FrameType
from typing import Any, NamedTuple

from ...tinytorch.core import errors

from ..graph import text
from ..options.message import Message, Option
from .targets import Target, TooLong, is_anonymous

_ENGINE = os.path.dirname(os.path.dirname(os.path.abspath(errors.__file__))) + os.sep
_VIZ = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
errors.runner_folders.append(_VIZ)

_until: ContextVar[float] = ContextVar("until", default=float("inf"))      # an outer deadline
SECONDS = 60.0                   # after which a function is stopped
MANY = 32                        # elements of a list of tensors that are named: w[0], w[1] ...
Part = tuple[int, int, int, int]               # of a source: line, last line, column, last column


class Place(NamedTuple):
    """The place where a tensor was made."""

    file: str
    line: int
    function: str
    nth: int = 1                 # the line's nth run: the pass of a loop, from 1

    def __str__(self) -> str:
        """Return the text in a picture: f.py:3, or line 3 if there is no file name."""
        return _line(self.file, self.line)


@lru_cache(maxsize=4096)
def _line(file: str, line: int) -> str:
    return f"line {line}" if is_anonymous(file) else f"{os.path.basename(file)}:{line}"


class Clock(NamedTuple):
    """The creation order of a framework's tensors."""

    tensor: type                 # its class of tensors
    stamp: Callable[[], int]     # the next stamp; reading it uses one up
    of: Callable[[Any], int]     # the stamp of a tensor; negative if not recorded
    folder: str                  # the framework's own files, which are not traced


def syntax(file: str, *words: str) -> Iterator[Any]:
    """Return the nodes of a source file's syntax tree; none if unavailable, or without such words.
    """
    import ast
    try:
        with open(file, encoding="utf-8") as source:
            written = source.read()
        yield from ast.walk(ast.parse(written if any(word in written for word in words)
                                      else ""))
    except (OSError, SyntaxError, ValueError):         # a notebook's cell, a generated file
        return


def conditional_lines(file: str) -> frozenset[int]:
    """Return the lines of a source file with an `a if test else b`, or a whole `while` loop: for
    these the line alone does not show what ran."""
    found: list[int] = []
    for node in syntax(file, "else", "while"):
        last = getattr(node, "end_lineno", 0)
        if type(node).__name__ == "IfExp" or type(node).__name__ == "While" and last == node.lineno:
            found += range(node.lineno, last + 1)
    return frozenset(found)


def _time_exceeded(seconds: float) -> TooLong:
    return TooLong(Message(f"still running after {seconds:g} s: does a loop never end? (",
                           Option("time_limit"), " allows more)"))


@contextlib.contextmanager
def deadline(target: Target, seconds: float) -> Iterator[None]:
    """Stop the user's code in the context after `seconds`, by raising TooLong in it.

    Lines are traced only after the time is over: a second thread then enables it for the running
    frames of the user. Until then a line costs nothing, a call next to nothing.
    """
    until = min(time.monotonic() + seconds, _until.get())
    token = _until.set(until)
    folder = os.path.dirname(os.path.abspath(target.file)) if target.file else None
    over = threading.Event()     # the time is over, or the work done

    def lines(frame: FrameType, event: str, _: Any) -> Any:
        raise _time_exceeded(seconds)

    def calls(frame: FrameType, event: str, _: Any) -> Any:
        late = folder and time.monotonic() > until and frame.f_code.co_filename.startswith(folder)
        return lines if late else None

    def watch(thread: int) -> None:
        if folder is None or over.wait(
                min(max(0.0, until - time.monotonic()), threading.TIMEOUT_MAX)):
            return
        while not over.wait(0.01):                 # a frame may have just started
            frame = sys._current_frames().get(thread)
            while frame is not None:
                if frame.f_code.co_filename.startswith(folder):
                    frame.f_trace, frame.f_trace_opcodes = lines, True     # `while True: pass`
                frame = frame.f_back

    before = sys.gettrace()
    if folder:
        sys.settrace(calls)
        threading.Thread(target=watch, args=(threading.get_ident(),), daemon=True).start()
    try:
        yield
    finally:
        over.set()
        sys.settrace(before)
        _until.reset(token)


def named_tensors(name: str, thing: Any, kind: type) -> list[tuple[str, Any]]:
    """Return the tensors of a variable with their names: w, w[0], w['bias']. kind: their class."""
    if isinstance(thing, kind):
        return [(name, thing)]
    if not isinstance(thing, (list, tuple, dict)) or not 0 < len(thing) <= MANY:
        return []
    items = thing.items() if isinstance(thing, dict) else enumerate(thing)
    return [(f"{name}[{i!r}]", t) for i, t in items if isinstance(t, kind)]


def captured_tensors(function: Callable[..., Any], kind: type) -> list[tuple[str, Any]]:
    """Return the tensors of a function's module and closure, with their names."""
    found = dict(getattr(function, "__globals__", {}))
    code = getattr(function, "__code__", None)
    for name, cell in zip(code.co_freevars if code else (),
                          getattr(function, "__closure__", None) or ()):
        with contextlib.suppress(ValueError):      # an empty cell
            found[name] = cell.cell_contents
    return [pair for name, thing in found.items() for pair in named_tensors(name, thing, kind)]


class Tracer:
    """Traces the user's frames line by line: stamps show which tensors a line has made."""

    def __init__(self, target: Target, names: dict[int, str], clock: Clock, seconds: float
                 ) -> None:
        self.names = names
        self.stamps: list[int] = [0]
        self.places: list[Place | None] = [None]
        self.lines: dict[tuple[str, int], int] = {}
        self._stamp = clock.stamp
        self._tensor = clock.tensor
        self._stamp_of = clock.of
        self._ours = (clock.folder, _ENGINE, _VIZ)
        self._file = target.file
        self._root = os.path.dirname(os.path.abspath(target.file)) + os.sep if target.file else ""
        self._users: dict[str, bool] = {}
        self._forks: dict[str, frozenset[int]] = {}          # file -> its lines with a conditional
        self._ran: dict[CodeType, set[int]] = {}             # code -> its instructions that ran
        self._here: Place | None = None
        self._last = self._first = clock.stamp()
        self._bound: dict[str, list[int]] = {}     # name -> the stamps it was bound to
        self._spare: dict[int, str] = {}           # stamp -> a name used if there is no better one
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
            self.stamps.append(self._last)         # later tensors have no place here
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
        """Assign the tensors made so far to the previous place."""
        now = self._stamp()
        if now > self._last + 1:                   # reading a stamp uses one up
            self.stamps.append(self._last)
            self.places.append(self._here)
        self._last = now
        self._here = place
        self._in_time()

    def _in_time(self) -> None:
        if time.monotonic() > self._until:
            self._until = float("inf")
            raise _time_exceeded(self._seconds)

    def _call(self, frame: FrameType, event: str, _: Any) -> Any:
        code = frame.f_code
        if not self._is_users(code.co_filename):
            return None
        self._flush(self._place(frame))
        seen = self._last        # tensors up to this stamp are named or were made elsewhere
        ran = self._watched(code)
        frame.f_trace_opcodes = ran is not None

        def local(frame: FrameType, event: str, _: Any) -> Any:
            nonlocal seen
            if event == "opcode":
                if ran is not None:
                    ran.add(frame.f_lasti)
                self._in_time()
                return local
            if event == "line":
                spot = code.co_filename, frame.f_lineno
                self.lines[spot] = self.lines.get(spot, 0) + 1
                self._flush(self._place(frame))
            elif event == "return":
                back = frame.f_back              # a library may be between two of the user's
                while back and not self._is_users(back.f_code.co_filename):
                    back = back.f_back
                self._flush(self._place(back) if back else None)
            if self.stamps[-1] >= seen:            # something was made since the last check
                seen = self._name(frame, seen)
            return local
        return local

    def _watched(self, code: CodeType) -> set[int] | None:
        """Return the set of executed instructions, for code with lines of `conditional_lines`."""
        ran = self._ran.get(code)
        if ran is None:
            file = code.co_filename
            if file not in self._forks:
                self._forks[file] = conditional_lines(file)
            if self._forks[file].isdisjoint(line for _, _, line in code.co_lines()):
                return None
            ran = self._ran[code] = set()
        return ran

    def parts(self) -> dict[str, frozenset[Part]]:
        """Return the parts of lines that ran, by file, for the code with such lines."""
        found: dict[str, set[Part]] = {}
        for code, ran in self._ran.items():
            parts = found.setdefault(code.co_filename, set())
            for at, (line, last, column, stop) in enumerate(code.co_positions()):
                if 2*at in ran and None not in (line, last, column, stop):
                    parts.add((line, last, column, stop))      # type: ignore[arg-type]
        return {file: frozenset(parts) for file, parts in found.items()}

    def _held(self, function: Callable[..., Any]) -> None:
        """Name the tensors of a function's module and closure by their variables."""
        for called, tensor in captured_tensors(function, self._tensor):
            stamp = self._stamp_of(tensor)
            if 0 <= stamp < self._first:
                self.names.setdefault(stamp, tensor.name or called)

    def _name(self, frame: FrameType, seen: int) -> int:
        """Name the tensors bound since `seen`, or made before the run, by their variables."""
        last, first, of, Tensor = self._last, self._first, self._stamp_of, self._tensor
        for name, thing in frame.f_locals.items():
            if not isinstance(thing, (Tensor, list, tuple, dict)):
                continue
            for called, tensor in named_tensors(name, thing, Tensor):
                stamp = of(tensor)
                if stamp in self.names or not (stamp >= seen or 0 <= stamp < first):
                    continue
                if stamp < first and tensor.name:
                    called = tensor.name
                elif stamp < first and tensor is not thing:
                    self._spare.setdefault(stamp, called)      # `w` is better than row[3]
                    continue
                else:
                    self._bound.setdefault(called, []).append(stamp)
                self.names[stamp] = called
        return last
