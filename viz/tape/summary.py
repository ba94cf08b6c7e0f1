"""Summary: the title of a picture, its derivatives, the place where a tensor was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..graph import Value, text
from ..graph.text import plus
from ..run.branches import Branch
from ..run.execute import Run
from ..run.targets import Target
from ..run.tracer import Place

TITLE = 60                       # longer expressions are left out of a title
TERMS = 6                        # terms of a sum that are written out
PRIMES = "′" * 12
RESULTS = 3                      # arguments with derivatives under the picture
SUMMED = "grad is that of the sum of the output's elements"


def place_facts(place: Place, run: Run, ways: Sequence[Branch]) -> dict[str, Any]:
    """Return where a tensor was made: its line, the pass of the loop, the branch."""
    about: dict[str, Any] = {"line": str(place)}
    if run.lines.get((place.file, place.line), 1) > 1:
        about["pass"] = place.nth
    inside = [way for way in ways if way.file == place.file and way.first <= place.line <= way.last]
    if inside:                   # the innermost
        way = max(inside, key=lambda way: way.first)
        about["branch"] = way.test if way.taken else f"not ({way.test})"
    return about


def _function_name(target: Target) -> str:
    """Return the name of a function in a picture; f if it has none."""
    return target.name if target.file and target.name != "<lambda>" else "f"


def title(target: Target, inputs: Mapping[str, Value], written: str, order: int = 1) -> str:
    """Return the title of a picture: f(x) = x³ + x at x = 1.2; net(params) of params.w."""
    name = _function_name(target)
    arguments = dict.fromkeys(n.partition(".")[0] for n in inputs)
    head = (f"{name}{PRIMES[:order - 1]}({', '.join(arguments)})"
            + (f" = {written}" if written and len(written) <= TITLE and "…" not in written else ""))
    at = ", ".join(f"{n} = {text.input_number(v)}" for n, v in inputs.items())
    return head + (f" at {at}" if at and all(v.size == 1 for v in inputs.values()) else "")


def derivatives(target: Target, found: Mapping[str, tuple[Sequence[float], float]], order: int = 1
                ) -> tuple[str, ...]:
    """Return a scalar function's derivatives as text: df/dx = 1.44 + 1 = 2.44.

    found: argument -> contributions of its uses, and their sum.
    """
    name = _function_name(target)
    d, short = "∂" if len(found) > 1 else "d", name if len(name) <= 3 else "f"
    up = "" if order == 1 else text.superscript(order)
    if order > 1 and len(found) > 1:               # a mixed derivative, named for its variables
        short, up = f"({d}{short}/{d}{next(iter(found))})", ""
    return tuple(f"{d}{up}{short}/{d}{argument}{up}{chain(terms)} = {text.number(total)}"
                 for argument, (terms, total) in list(found.items())[:RESULTS])


def chain(terms: Sequence[float]) -> str:
    """Return the chain rule's sum, written out if it is short: = 1.44 + 1.44 + 1.44 + 1."""
    return f" = {plus(terms)}" if 2 <= len(terms) <= TERMS else ""
