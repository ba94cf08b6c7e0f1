"""Fields: the options of a dataclass, with help, choices, limits and what they exclude."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from .message import Message, Option


NUMBERS = {                      # kinds of options that are numbers -> their method, in words
    "integer": ("__index__", "a whole number"), "number": ("__float__", "a number"),
    "width": ("__float__", "a number")}


class OptionError(ValueError):
    """An option with an invalid value, or together with one that excludes it."""

    status = 2                   # what the command line exits with


class Spec(NamedTuple):
    """A description of an option. Its name is that of the field."""

    help: str
    kind: str = "text"           # text, file, flag, integer, number, point, values, width
    flags: tuple[str, ...] = ()  # on the command line; (): --NAME. An argument has no dashes
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    nargs: int = 1               # how many values it takes each time
    many: bool = False           # whether it may be given several times
    metavar: str = ""
    default_help: str = ""       # the default in words, where its value does not say it
    needs: tuple[str, ...] = ()  # options without which it has no meaning
    excludes: tuple[str, ...] = ()           # options that it cannot stand beside
    command_line: bool = True    # False: in Python only
    documents: bool = True       # False: not for a picture in a document


def option(default: Any, help: str, **stated: Any) -> Any:
    """Return a field of a dataclass of options. `stated` are the other fields of `Spec`."""
    return dataclasses.field(default=default, metadata={"spec": Spec(help, **stated)})


def specs(options: Any) -> Iterator[tuple[str, Spec, Any]]:
    """Yield (name, spec, default) of each option of a dataclass, in order."""
    for field in dataclasses.fields(options):
        if "spec" in field.metadata:
            yield field.name, field.metadata["spec"], field.default


def check(options: Any, error: type[OptionError] = OptionError) -> None:
    """Raise an error if an option has an invalid value, or needs or excludes another.

    Called by a dataclass of options once it is made.
    """
    default = {name: value for name, _, value in specs(options)}

    def given(name: str) -> bool:
        return bool(getattr(options, name) != default[name])

    for name, spec, _ in specs(options):
        if spec.choices or spec.kind in NUMBERS:
            value = getattr(options, name)
            for one in value if spec.many else () if value is None else (value,):
                problem = _problem(name, spec, one)
                if problem:
                    raise error(problem)
        for other in spec.needs if spec.needs and given(name) else ():
            if not given(other):
                raise error(Message(Option(name), " needs ", Option(other)))
        for other in spec.excludes if spec.excludes and given(name) else ():
            if given(other):
                raise error(Message(Option(name), " and ", Option(other),
                                    " exclude each other: leave one out"))


def _problem(name: str, spec: Spec, value: Any) -> str:
    """Return what is wrong with a value; empty if nothing is."""
    if spec.choices and value not in spec.choices and value:
        return f"unknown {name}: {value!r} (must be one of {', '.join(spec.choices)})"
    if spec.kind not in NUMBERS or spec.kind == "width" and not value:
        return ""
    method, noun = NUMBERS[spec.kind]
    for number in value if spec.nargs > 1 else (value,):
        if not hasattr(number, method) or isinstance(number, bool):
            return Message(Option(name), f" must be {noun}, not {number!r}")
        low, high = spec.low, math.inf if spec.high is None else spec.high
        if low is not None and not low <= number <= high:
            limits = f"at least {low:g}" if spec.high is None else f"from {low:g} to {high:g}"
            return Message(Option(name), f" must be {limits}, not {number:g}")
    return ""
